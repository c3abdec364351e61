// Keeps what is being written on this device until it is said: through a reload, a lost session, an offline moment.
// One text for each post and each comment that is being answered; data-draft of the form names it.
const PREFIX = "draft:";
const LASTS = 30 * 86_400_000; // ms

function read(name) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name));
  } catch {
    return null;
  }
}

function forget(name) {
  try {
    localStorage.removeItem(PREFIX + name);
  } catch { /* no storage, no drafts */ }
}

// Whether the form holds a comment as it stands. What came back refused, or to be looked at, is said nowhere yet.
function untouched(form) {
  const { value, defaultValue } = form.elements.body;
  return form.id.startsWith("say-e") && value === defaultValue && !form.querySelector("[role=alert], .look > *");
}

function keep(form) {
  const text = form.elements.body.value;
  if (!text.trim() || untouched(form)) return forget(form.dataset.draft);
  try {
    localStorage.setItem(PREFIX + form.dataset.draft, JSON.stringify({ text, at: Date.now(), key: form.elements.key.value }));
  } catch { /* full, or not allowed */ }
}

// What the server sent with the form comes first: it is what was just refused, or the comment that is being changed.
// The key comes back with the text: if it was said, and only the answer got lost, it is not said twice.
function restore(form) {
  const { body, key } = form.elements;
  const kept = read(form.dataset.draft);
  if (!kept?.text || form.querySelector("[role=alert]") || (body.value && !form.id.startsWith("say-e"))) return;
  body.value = kept.text;
  if (kept.key) key.value = kept.key;
}

function forms(root) {
  return root.querySelectorAll("form[data-draft]");
}

function forgetOld() {
  try {
    for (const name of Object.keys(localStorage)) {
      if (!name.startsWith(PREFIX)) continue;
      const kept = read(name.slice(PREFIX.length));
      if (!kept || Date.now() - kept.at > LASTS) localStorage.removeItem(name);
    }
  } catch { /* no storage */ }
}

// Sent without a script's help, the form leads to another page: the page of the comment says what was said, so a draft
// goes when its words stand there. Until then it stays, for the answer may be a sign-in page, or none at all.
function stands(name) {
  const said = document.querySelector(".comment.is-asked .said")?.textContent ?? "";
  const words = read(name)?.text.match(/[\p{L}\p{N}]+/gu) ?? [];
  return said && words.filter((word) => said.includes(word)).length * 2 >= words.length; // links and names read otherwise
}

function settle() {
  let sent;
  try {
    sent = JSON.parse(sessionStorage.getItem("sent"));
    sessionStorage.removeItem("sent");
  } catch { /* no storage */ }
  if (sent && stands(sent)) forget(sent);
}

forgetOld();
settle();
for (const form of forms(document)) restore(form);

document.addEventListener("input", ({ target }) => {
  const form = target.closest?.("form[data-draft]");
  if (form && target === form.elements.body) keep(form);
});

document.addEventListener("submit", ({ target, submitter }) => {
  if (!target.matches("form[data-draft]") || submitter?.name === "look") return;
  keep(target);
  if (window.htmx && target.hasAttribute("hx-post")) return; // X-Said says when it is said
  try {
    sessionStorage.setItem("sent", JSON.stringify(target.dataset.draft));
  } catch { /* no storage */ }
}, true);

// A form that a script has brought
document.addEventListener("htmx:load", ({ target }) => {
  for (const form of target.matches?.("form[data-draft]") ? [target] : forms(target)) restore(form);
});
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const said = detail.xhr.getResponseHeader("X-Said");
  if (said) forget(said);
});

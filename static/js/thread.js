// The conversation: key n and the next new comment, branches that stay folded, and telling the hub what has been read.
// All of it works without this, by links, by <details> and by a button.
const section = document.querySelector(".conversation");
const form = document.getElementById("act");

function fold(details) {
  return `folded:${details.closest(".comment").id}:${section.dataset.post}`;
}

function remember(details) {
  try {
    if (details.open) sessionStorage.removeItem(fold(details));
    else sessionStorage.setItem(fold(details), "1");
  } catch { /* no storage, no memory */ }
}

function foldAgain(root) {
  for (const details of root.querySelectorAll("details.branch")) {
    try {
      if (sessionStorage.getItem(fold(details))) details.open = false;
    } catch { return; }
  }
}

// A link may lead into a folded branch.
function unfold(comment) {
  for (let at = comment.parentElement; at; at = at.parentElement) if (at.matches("details.branch")) at.open = true;
}

function go(comment) {
  unfold(comment);
  comment.querySelector("article").focus({ preventScroll: true });
  comment.scrollIntoView({ block: "start" });
}

function asked() {
  const comment = /^#c\d+$/.test(location.hash) && document.getElementById(location.hash.slice(1));
  if (comment) go(comment);
}

// The next new one below what is being read; after the last one, from the first again.
function next() {
  const fresh = [...section.querySelectorAll(".comment.is-new")];
  const here = document.activeElement.closest?.(".comment.is-new");
  if (!fresh.length) return;
  go(fresh[(fresh.indexOf(here) + 1) % fresh.length]);
}

function typing(target) {
  return target.matches?.("input, textarea, select, [contenteditable]");
}

document.addEventListener("keydown", (event) => {
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.defaultPrevented;
  // Only from within: a key of one letter must not speak for the whole page (WCAG 2.2, 2.1.4)
  if (event.key === "n" && plain && section?.contains(event.target) && !typing(event.target)) next();
});

// One listener for two thousand comments: their links and buttons carry no attributes for a script.
function enhance(event) {
  const plain = !event.defaultPrevented && !event.ctrlKey && !event.metaKey && !event.shiftKey && window.htmx;
  const control = plain && event.target.closest("a[data-answer], button.vote");
  if (!control) return;
  event.preventDefault();
  if (control.matches("button")) {
    window.htmx.ajax("POST", control.formAction, { source: control, target: control, swap: "outerHTML" });
  } else {
    const answer = control.closest(".words").querySelector(":scope > .answer");
    window.htmx.ajax("GET", control.href, { source: control, target: answer, swap: "innerHTML" });
  }
}

// Tells how far the reader has come, once the conversation has been on the screen: to where it went when the page was
// made, and with what was put in since, to where the next question for news begins (live.js).
let onScreen = false;
function haveRead() {
  if (!form || !onScreen || document.visibilityState !== "visible") return;
  const news = document.getElementById("fresh")?.getAttribute("hx-get") ?? "";
  const seen = Math.max(Number(form.elements.seen.value), Number(/after=(\d+)/.exec(news)?.[1] ?? 0));
  if (String(seen) === form.dataset.told) return;
  form.dataset.told = seen;
  const body = new FormData(form);
  body.set("seen", seen);
  fetch(form.action, { method: "POST", body, headers: { "X-Requested-With": "fetch" }, keepalive: true }).catch(() => {
    delete form.dataset.told;
  });
}

if (section) {
  foldAgain(section);
  section.addEventListener("toggle", (event) => {
    if (event.target.matches("details.branch")) remember(event.target);
  }, true);
  section.addEventListener("click", enhance);
  window.addEventListener("hashchange", asked);
  // The browser goes to the fragment by itself while it loads, and takes the focus away from what cannot have it
  if (document.readyState === "complete") asked();
  else window.addEventListener("load", () => setTimeout(asked));
  new IntersectionObserver((entries) => {
    onScreen ||= entries.some((entry) => entry.isIntersecting);
    haveRead();
  }).observe(section);
  document.addEventListener("visibilitychange", haveRead);
  document.addEventListener("conversation:grown", haveRead); // live.js
  // A piece that htmx has brought: no comment stands twice, and what was folded stays so
  section.addEventListener("htmx:afterSettle", () => {
    const seen = new Set();
    for (const comment of section.querySelectorAll(".thread .comment[id]")) {
      if (seen.has(comment.id)) comment.remove();
      seen.add(comment.id);
    }
  });
}

// The place to say something: a look before it is said, quoting what is selected, names while typing, sent once.
// Without it every button still works, by a page of its own.

const NAMED = /(?:^|[^\w@/.+-])@([\p{L}\p{N}_.+-]{1,60})$/u;
const WAIT = 120; // ms after a key, before names are asked for

const forms = "form.say-form[data-draft]";

// --- refusals and answers ---------------------------------------------------------------------------------------

document.addEventListener("htmx:configRequest", ({ target, detail }) => {
  if (!target.matches(forms)) return;
  const fresh = document.getElementById("fresh")?.getAttribute("hx-get");
  if (fresh) detail.parameters.append("after", new URL(fresh, location.href).searchParams.get("after"));
});

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const { xhr, elt } = detail;
  if (!elt.matches?.(forms)) return;
  const path = new URL(xhr.responseURL || location.href, location.href).pathname;
  if (path !== new URL(elt.action).pathname) {
    detail.shouldSwap = false; // the session has ended: the draft is kept, and the way leads back to this form
    const parent = elt.elements.parent ? `?parent=${elt.elements.parent.value}` : "";
    location.assign(elt.getAttribute("action") + parent);
  } else if (xhr.status === 422) {
    detail.shouldSwap = true; // the form again, with the reason
    detail.isError = false;
  } else if (xhr.status >= 400) {
    trouble(elt);
  }
});

document.addEventListener("htmx:sendError", ({ target }) => { if (target.matches(forms)) trouble(target); });
document.addEventListener("htmx:timeout", ({ target }) => { if (target.matches(forms)) trouble(target); });

function trouble(form) {
  let line = form.querySelector(".trouble");
  if (!line) {
    line = document.createElement("p");
    line.className = "trouble";
    line.setAttribute("role", "alert");
    form.elements.body.before(line);
  }
  line.textContent = form.dataset.offline;
}

document.addEventListener("htmx:afterSettle", ({ target }) => {
  const form = target.matches?.(forms) ? target : target.querySelector?.(`:scope > ${forms}`);
  if (form && (form.elements.parent || form.querySelector("[role=alert]"))) form.elements.body.focus();
});

// Without htmx a second press must not send it twice; with it, hx-disabled-elt sees to that.
document.addEventListener("submit", ({ target, submitter }) => {
  if (!target.matches(forms) || (window.htmx && target.hasAttribute("hx-post"))) return;
  if (target.dataset.sent && submitter?.name !== "look") return;
  setTimeout(() => { for (const button of target.querySelectorAll("button")) button.disabled = true; });
});
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll(`${forms} button`)) button.disabled = false;
});

document.addEventListener("click", ({ target }) => {
  const close = target.closest?.("[data-close]");
  if (!close) return;
  const box = close.closest(".answer");
  box?.replaceChildren();
  box?.closest("article")?.focus();
});

// --- quoting ----------------------------------------------------------------------------------------------------

const quote = document.createElement("button");
quote.type = "button";
quote.className = "button quote";
quote.hidden = true;

function selectedWords() {
  const selection = getSelection();
  if (selection.isCollapsed || !selection.rangeCount) return "";
  const range = selection.getRangeAt(0);
  const within = range.commonAncestorContainer;
  const element = within.nodeType === Node.ELEMENT_NODE ? within : within.parentElement;
  return element.closest(".said, .article-body .prose") ? selection.toString().trim() : "";
}

function offer() {
  const words = selectedWords();
  const form = [...document.querySelectorAll(forms)].pop();
  quote.hidden = !words || !form;
  if (quote.hidden) return;
  quote.textContent = form.dataset.quote;
  const box = getSelection().getRangeAt(0).getBoundingClientRect();
  const host = document.querySelector(".page");
  const frame = host.getBoundingClientRect();
  if (quote.parentElement !== host) host.append(quote);
  quote.style.top = `${box.bottom - frame.top + 6}px`;
  quote.style.left = `${Math.min(Math.max(0, box.left - frame.left), frame.width - quote.offsetWidth)}px`;
}

// Into the form of the comment that is being answered, else into that for the post
quote.addEventListener("mousedown", (event) => event.preventDefault());
quote.addEventListener("click", () => {
  const from = getSelection().anchorNode?.parentElement?.closest(".comment");
  const form = from?.querySelector(`:scope > article ${forms}`) ?? [...document.querySelectorAll(forms)].pop();
  const lines = selectedWords().split("\n").map((line) => `> ${line}`.trimEnd()).join("\n");
  const field = form.elements.body;
  const before = field.value.trimEnd();
  field.focus();
  field.setRangeText(`${before ? "\n\n" : ""}${lines}\n\n`, before.length, field.value.length, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  quote.hidden = true;
});
document.addEventListener("selectionchange", () => { if (document.activeElement !== quote) offer(); });

// --- names (a list for a textbox: aria-activedescendant, as a text of many lines may not be a combobox) --------------

const list = document.createElement("ul");
list.className = "names";
list.id = "say-names";
list.setAttribute("role", "listbox");
list.hidden = true;
let field = null;
let timer;
let asked = "";
let chosen = -1;

function started() {
  return NAMED.exec(field.value.slice(0, field.selectionStart))?.[1] ?? "";
}

function close() {
  list.hidden = true;
  chosen = -1;
  field?.removeAttribute("aria-controls");
  field?.removeAttribute("aria-activedescendant");
}

function mark(index) {
  chosen = index;
  for (const [at, option] of [...list.children].entries()) option.setAttribute("aria-selected", String(at === index));
  field.setAttribute("aria-activedescendant", list.children[index].id);
  list.children[index].scrollIntoView({ block: "nearest" });
}

function take(option) {
  const end = field.selectionStart;
  field.setRangeText(`@${option.dataset.username} `, end - started().length - 1, end, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  close();
}

function optionFor(person, index) {
  const option = document.createElement("li");
  const name = document.createElement("bdi");
  const place = document.createElement("span");
  option.id = `say-name-${index}`;
  option.setAttribute("role", "option");
  option.dataset.username = person.username;
  name.textContent = person.name;
  place.textContent = [`@${person.username}`, person.place].filter(Boolean).join(", ");
  option.append(name, " ", place);
  option.addEventListener("mousedown", (event) => {
    event.preventDefault();
    take(option);
  });
  return option;
}

async function suggest() {
  const typed = started();
  if (!typed || typed === asked) return typed ? undefined : close();
  asked = typed;
  const form = field.closest(forms);
  const answer = await fetch(`${form.dataset.people}?q=${encodeURIComponent(typed)}`, { headers: { Accept: "application/json" } });
  if (!answer.ok || answer.redirected || started() !== typed) return undefined;
  const { people } = await answer.json();
  list.replaceChildren(...people.map(optionFor));
  if (!people.length) return close();
  list.setAttribute("aria-label", form.dataset.names);
  field.after(list);
  list.hidden = false;
  field.setAttribute("aria-controls", list.id);
  return mark(0);
}

document.addEventListener("input", ({ target }) => {
  if (!target.matches?.(`${forms} textarea`)) return;
  if (field !== target) {
    field = target;
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-haspopup", "listbox");
  }
  clearTimeout(timer);
  if (!started()) {
    asked = "";
    return close();
  }
  timer = setTimeout(() => suggest().catch(close), WAIT);
  return undefined;
});

document.addEventListener("keydown", (event) => {
  if (list.hidden || event.target !== field) return;
  const count = list.children.length;
  if (event.key === "ArrowDown") mark((chosen + 1) % count);
  else if (event.key === "ArrowUp") mark((chosen + count - 1) % count);
  else if (event.key === "Enter" || event.key === "Tab") take(list.children[chosen]);
  else if (event.key === "Escape") close();
  else return;
  event.preventDefault();
});
document.addEventListener("focusout", ({ target }) => { if (target === field) close(); });

// Quoting: what is selected in the post or in a comment goes into the form as a quotation.
const forms = "form.say-form[data-draft]";

const quote = document.createElement("button");
quote.type = "button";
quote.className = "button quote";
quote.hidden = true;

let words = "";
let unvisited = false; // since something was selected
let from = null; // the comment that is quoted; null is the post

// What holds the whole selection, when it may be quoted
function source(range) {
  const within = range.commonAncestorContainer;
  const element = within.nodeType === Node.ELEMENT_NODE ? within : within.parentElement;
  return element.closest(".said, .article-body .prose");
}

// The button comes right after the paragraph in which the selection ends.
function put(range, whole) {
  let last = range.endContainer === whole ? whole.childNodes[range.endOffset - 1] : range.endContainer;
  while (last && last.parentNode !== whole) last = last.parentNode;
  if (!range.endOffset) last = last?.previousElementSibling ?? last; // a triple click ends where the next one begins
  const element = last?.nodeType === Node.ELEMENT_NODE ? last : (last?.previousElementSibling ?? whole.lastElementChild);
  if (!element) whole.append(quote);
  else if (element !== quote && element.nextElementSibling !== quote) element.after(quote);
  quote.hidden = false;
  const box = range.getBoundingClientRect();
  const frame = (quote.offsetParent ?? document.body).getBoundingClientRect();
  quote.style.top = `${box.bottom - frame.top + 6}px`;
  quote.style.left = `${Math.min(Math.max(0, box.left - frame.left), frame.width - quote.offsetWidth)}px`;
}

function offer() {
  const selection = getSelection();
  const range = !selection.isCollapsed && selection.rangeCount ? selection.getRangeAt(0) : null;
  const whole = range && source(range);
  const form = [...document.querySelectorAll(forms)].pop();
  words = whole && form ? selection.toString().trim() : "";
  quote.hidden = !words;
  if (quote.hidden) return quote.remove();
  unvisited = true;
  from = whole.closest(".comment");
  quote.textContent = form.dataset.quote;
  return put(range, whole);
}

// Into the form of the comment that is being answered, else into that for the post
quote.addEventListener("mousedown", (event) => event.preventDefault());
quote.addEventListener("click", () => {
  const form = from?.querySelector(`:scope > article ${forms}`) ?? [...document.querySelectorAll(forms)].pop();
  const lines = words.split("\n").map((line) => `> ${line}`.trimEnd()).join("\n");
  const field = form.elements.body;
  const before = field.value.trimEnd();
  field.focus();
  field.setRangeText(`${before ? "\n\n" : ""}${lines}\n\n`, before.length, field.value.length, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  quote.remove();
});
// Pressing or selecting leaves the focus elsewhere: the first Tab leads to the button, the next one on from there.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Tab" || event.shiftKey || !unvisited || !quote.isConnected) return;
  unvisited = false;
  quote.focus();
  event.preventDefault();
});
document.addEventListener("selectionchange", () => { if (document.activeElement !== quote) offer(); });

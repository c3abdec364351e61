// Quoting: what is selected in the post or in a comment goes into the form as a quotation.
const forms = "form.say-form[data-draft]";

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

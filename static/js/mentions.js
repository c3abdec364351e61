// Names while typing @: a list below the field. A text of many lines may not be a combobox, so it is a textbox with
// aria-activedescendant; the arrow keys choose, Enter and Tab take, Escape closes.
const NAMED = /(?:^|[^\w@/.+-])@([\p{L}\p{N}_.+-]{1,60})$/u;
const WAIT = 120; // ms after a key, before names are asked for
const forms = "form.say-form[data-draft]";

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
  if (list.hidden || event.target !== field || event.isComposing) return; // Enter may end a composition
  const count = list.children.length;
  if (event.key === "ArrowDown") mark((chosen + 1) % count);
  else if (event.key === "ArrowUp") mark((chosen + count - 1) % count);
  else if (event.key === "Enter" || event.key === "Tab") take(list.children[chosen]);
  else if (event.key === "Escape") close();
  else return;
  event.preventDefault();
});
document.addEventListener("focusout", ({ target }) => { if (target === field) close(); });

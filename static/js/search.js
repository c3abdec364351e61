// The fields of search: "/" goes there, and while somebody types, people, blogs, tags and their own recent searches are
// suggested (ARIA 1.2 combobox with a listbox: arrows choose, Enter takes, Escape closes). Recent searches never leave
// this device. Without this script the fields are plain forms.
const STORE = "searches";
const KEPT = 20;
const SHOWN = 5;
const WAIT = 100; // ms after a key, before the hub is asked

function recent() {
  try {
    const kept = JSON.parse(localStorage.getItem(STORE));
    return Array.isArray(kept) ? kept.filter((text) => typeof text === "string") : [];
  } catch {
    return [];
  }
}

function keep(searches) {
  try {
    if (searches.length) localStorage.setItem(STORE, JSON.stringify(searches.slice(0, KEPT)));
    else localStorage.removeItem(STORE);
  } catch { /* no storage: nothing is suggested from it */ }
}

function suggesting(field) {
  const { suggestions: address, label, recent: searched, forget } = field.dataset;
  const list = document.createElement("ul");
  let timer;
  let asking;

  list.id = `${field.id}-suggestions`;
  list.className = "suggestions";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", label);
  field.after(list);
  const told = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id };
  for (const [name, value] of Object.entries(told)) field.setAttribute(name, value);

  function close() {
    clearTimeout(timer);
    asking?.abort();
    list.hidden = true;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  }

  function mark(option) {
    for (const other of list.children) other.setAttribute("aria-selected", String(other === option));
    if (!option) return field.removeAttribute("aria-activedescendant");
    field.setAttribute("aria-activedescendant", option.id);
    return option.scrollIntoView({ block: "nearest" });
  }

  function option({ words, kind = "", about = "", take, name = "" }, index) {
    const item = document.createElement("li");
    Object.assign(item, { id: `${list.id}-${index}`, className: name, take });
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    for (const [tag, text, part] of [["bdi", words, "words"], ["span", kind, "kind"], ["span", about, "about"]]) {
      if (!text) continue;
      const piece = document.createElement(tag);
      Object.assign(piece, { className: part, textContent: text });
      item.append(piece, " ");
    }
    return item;
  }

  // Searches of this device come first; the hub's names are put behind them when they are there.
  function show(names) {
    const typed = field.value.trim().toLowerCase();
    const searches = recent().filter((text) => text.toLowerCase().startsWith(typed) && text.toLowerCase() !== typed);
    const again = (words) => () => { field.value = words; field.form.requestSubmit(); };
    const all = [
      ...searches.slice(0, SHOWN).map((words) => ({ words, kind: searched, take: again(words) })),
      ...names.map((name) => ({ ...name, take: () => location.assign(name.address) })),
    ];
    if (!typed && all.length) all.push({ words: forget, name: "forget", take: () => { keep([]); close(); } });
    list.replaceChildren(...all.map(option));
    if (!all.length || document.activeElement !== field) return close();
    list.hidden = false;
    field.setAttribute("aria-expanded", "true");
    return mark(null);
  }

  async function ask() {
    asking?.abort();
    asking = new AbortController();
    const typed = field.value.trim();
    const { signal } = asking;
    const answer = await fetch(`${address}?q=${encodeURIComponent(typed)}`, { signal, headers: { Accept: "application/json" } });
    if (answer.ok && !answer.redirected && field.value.trim() === typed) show((await answer.json()).suggestions);
  }

  field.addEventListener("input", () => {
    close();
    if (field.value.trim()) timer = setTimeout(() => ask().catch(() => {}), WAIT);
    else show([]);
  });
  field.addEventListener("click", () => { if (!field.value && list.hidden) show([]); });
  field.addEventListener("blur", close);
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", ({ target }) => target.closest("[role=option]")?.take());
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return; // Enter may end a composition
    const options = [...list.children];
    const at = options.findIndex((each) => each.getAttribute("aria-selected") === "true");
    if (list.hidden) {
      if (event.key !== "ArrowDown") return;
      if (field.value.trim()) ask().catch(() => {});
      else show([]);
    } else if (event.key === "ArrowDown") mark(options[at + 1] ?? null);
    else if (event.key === "ArrowUp") mark(at < 0 ? options.at(-1) : options[at - 1] ?? null);
    else if (event.key === "Enter" && at >= 0) options[at].take();
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
}

const fields = [...document.querySelectorAll("input[data-suggestions]")];
for (const field of fields) {
  suggesting(field);
  const { asked } = field.dataset; // a search that found something
  if (asked) keep([asked, ...recent().filter((text) => text !== asked)]);
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || !fields.length) return;
  if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
  event.preventDefault();
  const field = fields.find((each) => each.checkVisibility());
  if (field) field.select();
  else location.assign(fields[0].form.action);
});

// Who signs out leaves no searches behind.
document.querySelector(".menu-panel form")?.addEventListener("submit", () => keep([]));

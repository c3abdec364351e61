// The switch in the footer: as the system, light or dark. Without a script it stays hidden and the system decides.
const root = document.documentElement;
const group = document.querySelector("[data-themes]");

function show() {
  const now = root.dataset.theme ?? "system";
  for (const button of group.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.value === now));
  }
}

function choose(theme) {
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  try {
    if (theme === "system") localStorage.removeItem("theme");
    else localStorage.setItem("theme", theme);
  } catch {
    // storage is switched off: the choice holds for this page
  }
  show();
}

if (group) {
  group.hidden = false;
  group.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) choose(button.value);
  });
  // another tab of the hub chose
  addEventListener("storage", (event) => {
    if (event.key === "theme") choose(event.newValue ?? "system");
  });
  show();
}

// A post's text: what is wider than the page becomes a named region the keyboard reaches, a picture that does not come
// becomes its words, and a player says no length it does not know. Without a script all of it scrolls and plays.
const body = document.querySelector(".article-body");

function name(element) {
  if (element.matches("pre")) return body.dataset.code;
  return element.querySelector("caption")?.textContent.trim() || body.dataset.table;
}

// A table stays a table: its region is a frame around it.
function frame(table) {
  const region = document.createElement("div");
  region.className = "scroll";
  table.replaceWith(region);
  region.append(table);
  return region;
}

function judge(region, label) {
  if (region.scrollWidth > region.clientWidth + 1) {
    region.tabIndex = 0;
    region.setAttribute("role", "region");
    region.setAttribute("aria-label", label);
  } else {
    for (const attribute of ["tabindex", "role", "aria-label"]) region.removeAttribute(attribute);
  }
}

function watch(element) {
  const label = name(element);
  const region = element.matches("table") ? frame(element) : element;
  new ResizeObserver(() => judge(region, label)).observe(region);
}

function lose(picture) {
  const words = document.createElement("span");
  words.className = "lost";
  words.textContent = picture.alt ? `${body.dataset.lost}: ${picture.alt}` : body.dataset.lost;
  picture.replaceWith(words);
}

function wait(player) {
  player.dataset.length = "unknown";
  player.addEventListener("loadedmetadata", () => delete player.dataset.length, { once: true });
}

if (body) {
  for (const element of body.querySelectorAll("pre, table:not(table table)")) watch(element);
  for (const picture of body.querySelectorAll("img")) {
    picture.addEventListener("error", () => lose(picture), { once: true });
    if (picture.complete && !picture.naturalWidth) picture.decode().catch(() => lose(picture));
  }
  for (const player of body.querySelectorAll("audio")) if (!player.readyState) wait(player);
}

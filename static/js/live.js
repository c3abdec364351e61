// An open conversation hears of new comments: asks every 5 s while somebody speaks, ever more rarely while nobody does,
// not at all while the page is hidden. What has come is only announced; it takes its places when the reader says so,
// and then nothing that is being read or typed moves.

const QUICK = 5_000; // ms
const SLOW = 60_000;
const fresh = document.getElementById("fresh");
const arrivals = document.getElementById("arrivals");
let wait = QUICK;
let timer;

function later() {
  clearTimeout(timer);
  if (document.visibilityState === "visible") timer = setTimeout(ask, wait);
}

function ask() {
  window.htmx.trigger(fresh, "fresh");
}

// The element at the top of the window stays where it is, whatever comes above it.
function still(change) {
  const anchor = document.elementFromPoint(innerWidth / 2, Math.min(120, innerHeight / 3));
  const before = anchor?.getBoundingClientRect().top;
  change();
  if (anchor?.isConnected) scrollBy(0, anchor.getBoundingClientRect().top - before);
}

function into(list) {
  const target = document.getElementById(list.dataset.into);
  if (!target) return null;
  if (list.dataset.into === "thread") return [...target.querySelectorAll(":scope > .thread")].pop();
  const branch = target.querySelector(":scope > details.branch");
  if (!branch) {
    const empty = list.cloneNode(true);
    empty.querySelector(".replies").replaceChildren();
    target.append(empty);
    return empty.querySelector(".replies");
  }
  branch.querySelector("summary").replaceWith(list.querySelector("summary").cloneNode(true));
  return branch.querySelector(":scope > .replies");
}

// Each comment goes to what it answers. One whose place is on another piece stays a link: the announcement remains.
function place() {
  const placed = [];
  for (const list of [...arrivals.children]) {
    const comment = list.querySelector(".comment");
    if (document.querySelector(`.thread-frame #${comment.id}`)) continue;
    const target = into(list);
    if (!target) continue;
    target.append(comment);
    placed.push(comment);
  }
  arrivals.replaceChildren();
  return placed;
}

function arrive() {
  let placed = [];
  still(() => { placed = place(); });
  for (const comment of placed) window.htmx.process(comment);
  const last = Math.max(...placed.map((comment) => Number(comment.id.slice(1))));
  if (placed.length) {
    const address = new URL(fresh.getAttribute("hx-get"), location.href);
    address.searchParams.set("after", last);
    fresh.setAttribute("hx-get", address.pathname + address.search);
    placed[0].querySelector("article").focus({ preventScroll: true });
    placed[0].scrollIntoView({ block: "nearest" });
  }
  fresh.replaceChildren();
  document.dispatchEvent(new Event("conversation:grown"));
}

if (fresh && window.htmx) {
  fresh.addEventListener("htmx:afterRequest", ({ target }) => {
    if (target !== fresh) return;
    wait = fresh.childElementCount ? QUICK : Math.min(wait * 1.5, SLOW);
    later();
  });
  arrivals.addEventListener("htmx:afterSwap", arrive);
  document.addEventListener("visibilitychange", () => {
    wait = QUICK;
    later();
  });
  later();
}

// An open conversation hears of new comments within five seconds: it asks every 4 s (the answer is a 304 nearly always),
// ever more rarely while the hub does not answer, not at all while the page is hidden. What has come is only announced;
// it takes its places when the reader says so, and then nothing that is being read or typed moves.

const QUICK = 4_000; // ms
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

function numberOf(comment) {
  return Number(comment.id.slice(1));
}

// Each comment goes to what it answers. Those whose place is on another piece are left over.
function place() {
  const placed = [];
  const left = [];
  const came = [...arrivals.children].map((list) => [list, list.querySelector(".comment")]);
  for (const [list, comment] of came) {
    if (document.querySelector(`.thread-frame #${comment.id}`)) continue;
    const target = into(list);
    target?.append(comment);
    (target ? placed : left).push(comment);
  }
  arrivals.replaceChildren();
  return { placed, left, came: came.map(([, comment]) => comment) };
}

// What is left over is announced again by itself, and then the announcement leads to it.
function askAfter(came, left) {
  const after = left.length ? Math.min(...left.map(numberOf)) - 1 : Math.max(...came.map(numberOf));
  const address = new URL(fresh.getAttribute("hx-get"), location.href);
  address.searchParams.set("after", after);
  fresh.setAttribute("hx-get", address.pathname + address.search);
  window.htmx.process(fresh); // it keeps the address that it has read
}

function arrive() {
  let found;
  still(() => { found = place(); });
  const { placed, left, came } = found;
  for (const comment of placed) window.htmx.process(comment);
  if (came.length) askAfter(came, left);
  if (placed.length) {
    placed[0].querySelector("article").focus({ preventScroll: true });
    placed[0].scrollIntoView({ block: "nearest" });
  } else if (left.length) {
    location.assign(fresh.querySelector("a").href);
  }
  fresh.replaceChildren();
  document.dispatchEvent(new Event("conversation:grown"));
}

if (fresh && window.htmx) {
  fresh.addEventListener("htmx:afterRequest", ({ target, detail }) => {
    if (target !== fresh) return;
    const answered = detail.successful || detail.xhr?.status === 304;
    wait = answered ? QUICK : Math.min(wait * 2, SLOW);
    later();
  });
  arrivals.addEventListener("htmx:afterSwap", arrive);
  document.addEventListener("visibilitychange", () => {
    wait = QUICK;
    later();
  });
  later();
}

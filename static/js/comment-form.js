// The place to say something: refusals in place, sent once, closed again. Without it every button still works, by a page
// of its own.

const forms = "form.say-form[data-draft]";

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
    detail.shouldSwap = false; // the form stays, with the text
    const reason = xhr.status === 404 && xhr.getResponseHeader("Content-Type")?.startsWith("text/plain");
    const known = xhr.status === 403 ? elt.dataset.stale : elt.dataset.offline; // 403: its token is an older session's
    trouble(elt, reason ? xhr.responseText : known);
  }
});

// What is typed while it is on its way would go with the form that the answer replaces.
document.addEventListener("htmx:beforeSend", ({ detail }) => { if (detail.elt.matches?.(forms)) detail.elt.elements.body.readOnly = true; });
document.addEventListener("htmx:afterRequest", ({ detail }) => { if (detail.elt.matches?.(forms)) detail.elt.elements.body.readOnly = false; });

document.addEventListener("htmx:sendError", ({ target }) => { if (target.matches(forms)) trouble(target, target.dataset.offline); });
document.addEventListener("htmx:timeout", ({ target }) => { if (target.matches(forms)) trouble(target, target.dataset.offline); });

function trouble(form, reason) {
  let line = form.querySelector(".trouble");
  if (!line) {
    line = document.createElement("p");
    line.className = "trouble";
    line.setAttribute("role", "alert");
    form.elements.body.before(line);
  }
  line.textContent = reason;
}

document.addEventListener("htmx:afterSettle", ({ target }) => {
  const form = target.matches?.(forms) ? target : target.querySelector?.(`:scope > ${forms}`);
  if (form && (form.elements.parent || form.querySelector("[role=alert]"))) form.elements.body.focus();
});

// Without htmx a second press must not send it twice; with it, hx-disabled-elt sees to that.
document.addEventListener("submit", ({ target }) => {
  if (!target.matches(forms) || (window.htmx && target.hasAttribute("hx-post"))) return;
  target.elements.body.readOnly = true;
  setTimeout(() => { for (const button of target.querySelectorAll("button")) button.disabled = true; });
});
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll(`${forms} button`)) button.disabled = false;
  for (const field of document.querySelectorAll(`${forms} textarea`)) field.readOnly = false;
});

document.addEventListener("click", ({ target }) => {
  const close = target.closest?.("[data-close]");
  if (!close) return;
  const box = close.closest(".answer");
  box?.replaceChildren();
  box?.closest("article")?.focus();
});

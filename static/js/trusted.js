// Trusted Types for htmx: it hands strings to the parser by itself, which the browser only lets the `default` policy
// allow. This one allows exactly the answer of our own server that htmx is putting into the page at that moment, and
// only to be parsed; anything else (innerHTML, a second parse, another string, script, address of a script) throws.
// Runs before htmx. Where there are no Trusted Types, htmx works as it is.
{
  const parsers = new Set(["Document parseHTMLUnsafe", "DOMParser parseFromString"]);
  let answer = null;

  // How htmx 2 wraps a fragment before it is parsed
  const wrapped = (text) => `<body><template class="internal-htmx-wrapper">${text}</template></body>`;

  window.trustedTypes?.createPolicy("default", {
    createHTML(text, _type, sink) {
      if (answer !== null && parsers.has(sink) && text === wrapped(answer)) return text;
      throw new TypeError(`Refused by BlogHub: ${sink}`);
    },
  });

  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const from = new URL(detail.xhr.responseURL || location.href, location.href);
    const ours = from.origin === location.origin;
    // A whole page is no fragment: an error's is left alone, the sign-in's is gone to
    const page = /^\s*<!doctype/i.test(detail.serverResponse);
    answer = ours && !page ? detail.serverResponse : null;
    if (answer === null) detail.shouldSwap = false;
    if (ours && page && detail.xhr.status === 200) location.assign(from);
  });
  for (const end of ["htmx:afterSwap", "htmx:swapError", "htmx:afterRequest"]) {
    document.addEventListener(end, () => { answer = null; });
  }
}

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
    const ours = new URL(detail.xhr.responseURL || location.href, location.href).origin === location.origin;
    answer = ours ? detail.serverResponse : null;
    if (!ours) detail.shouldSwap = false;
  });
  for (const end of ["htmx:afterSwap", "htmx:swapError", "htmx:afterRequest"]) {
    document.addEventListener(end, () => { answer = null; });
  }
}

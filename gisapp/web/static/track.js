"use strict";

// The QR code of a receipt leads to /track/#code: a fragment is never sent to a server, so no log holds the code.
(() => {
  const form = document.querySelector("[data-track-code]");
  const code = decodeURIComponent(location.hash.slice(1)).trim();
  if (!form || !/^[0-9A-Za-z-]{17,25}$/.test(code)) return;
  form.elements.code.value = code;
  history.replaceState(null, "", location.pathname + location.search);
  form.querySelector("button").focus();
})();

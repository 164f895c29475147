/* Runs before the page is drawn: hides the plain form where the steps can work, and brings it back if they do not come. */
(() => {
  "use strict";
  const able = "noModule" in document.createElement("script") && window.isSecureContext && window.indexedDB && window.crypto && crypto.subtle && window.fetch;
  if (!able) return;
  const root = document.documentElement;
  root.classList.add("dr-js");
  setTimeout(() => { if (!root.dataset.door) root.classList.remove("dr-js"); }, 10000);
})();

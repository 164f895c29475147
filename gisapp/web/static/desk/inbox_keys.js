/* The inbox by keyboard: letters that act only while nobody types, with a dialog that lists them and switches them
   off (WCAG 2.1.4). */
(() => {
  "use strict";

  const KEPT = "dk-keys"; // "off" where somebody has switched the letters off
  const SECOND_MS = 1500; // how long the second letter of "g i" may take

  // acts: {key: function}; "g i" is two keys, one after the other.
  window.gisappKeys = (acts) => {
    const dialog = document.getElementById("dk-keys");
    const on = document.getElementById("dk-keys-on");
    const opener = document.getElementById("dk-keys-open");
    let first = "";
    let timer;

    on.checked = localStorage.getItem(KEPT) !== "off";
    on.addEventListener("change", () => localStorage.setItem(KEPT, on.checked ? "on" : "off"));
    opener.addEventListener("click", () => dialog.showModal());
    dialog.addEventListener("close", () => opener.focus());

    const all = { ...acts, "?": () => dialog.showModal() };
    const starts = new Set(Object.keys(all).filter((keys) => keys.includes(" ")).map((keys) => keys[0]));

    document.addEventListener("keydown", (event) => {
      if (!on.checked || dialog.open || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || busy(event)) return;
      const pressed = first ? `${first} ${event.key}` : event.key;
      const starting = !first && starts.has(event.key);
      clearTimeout(timer);
      first = starting ? event.key : "";
      if (starting) timer = setTimeout(() => { first = ""; }, SECOND_MS);
      else if (all[pressed] && all[pressed](event) !== false) event.preventDefault();
    });
  };

  // Somebody writes, chooses, or moves the map: the key belongs to that.
  function busy({ target, key }) {
    if (!target.closest) return false;
    if (target.closest("textarea, select, [contenteditable], dialog, .leaflet-container")) return true;
    if (target.closest("input:not([type=checkbox])")) return true;
    return key.startsWith("Arrow") && !target.closest(".dk-line");
  }
})();

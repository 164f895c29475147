/* 自治会の要望: rows added and removed without a round trip, places tapped on a map, and a map with numbered pins.
   Everything also works without this script. Words enter the page as text only. */
(() => {
  "use strict";

  const told = JSON.parse(document.getElementById("pt-told-data").textContent);
  const at = (id) => document.getElementById(id);
  const CLOSE = 16;

  function say(key, values = {}) {
    return (told.words[key] || key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  }

  // The town's map without its layers; picked is called with each place that is tapped or searched for.
  function live(box, view, picked) {
    const map = L.map(box, { center: view.center, zoom: view.zoom, zoomControl: false, maxZoom: 20 });
    window.gisapp.start(map, { config: "/live/config.json", reports: false, panel: false, ownBaseOnly: true, view: true, pick: true }, {});
    window.gisapp.map.pick = (lon, lat) => picked({ lat, lng: lon });
    return map;
  }

  function pinIcon(text, kind, aside = 0) {
    const mark = document.createElement("span");
    mark.className = kind;
    mark.textContent = text;
    return L.divIcon({ className: `dk-pt-pin ${kind === "dk-pt-here" ? "dk-pt-target" : ""}`, html: mark, iconSize: [44, 44], iconAnchor: [22 - aside * 36, 22] });
  }

  /* ---- one petition: numbered pins ---- */

  function startBoard() {
    const box = at("pt-board");
    if (!box || !told.pins.length) return;
    const places = told.pins.map((one) => [one.lat, one.lon]);
    const map = live(box, { center: places[0], zoom: CLOSE }, () => {});
    map.fitBounds(L.latLngBounds(places).pad(0.25), { animate: false, maxZoom: 17 });
    const taken = new Map(); // several wishes of one place stand beside each other, so that each can be pressed
    for (const one of told.pins) {
      const spot = `${one.lat.toFixed(4)} ${one.lon.toFixed(4)}`;
      const before = taken.get(spot) || 0;
      taken.set(spot, before + 1);
      const label = say("pin", { n: one.n, answer: one.answer_name });
      // The list beside the map is the way for keys and screen readers; on the map a pin is a picture that may be pressed.
      const options = { icon: pinIcon(String(one.n), `dk-pt-${one.answer}`, before), title: label, interactive: false, keyboard: false, zIndexOffset: 1000 };
      const pin = L.marker([one.lat, one.lon], options).addTo(map);
      for (const [name, value] of [["role", "img"], ["aria-label", label]]) pin.getElement().setAttribute(name, value);
      pin.getElement().addEventListener("click", () => { location.hash = `item-${one.n}`; });
    }
    box.dataset.ready = "yes";
  }

  /* ---- a new petition: its rows ---- */

  function startForm() {
    const items = at("pt-items");
    if (!items) return;
    for (const part of document.querySelectorAll(".dk-pt-js")) part.hidden = false;
    const faults = at("pt-faults");
    if (faults) faults.focus();
    at("pt-more").addEventListener("click", (event) => {
      event.preventDefault();
      const row = addRow(items);
      at("pt-told").textContent = say("added", { n: row.dataset.n });
      row.querySelector("input").focus();
    });
    items.addEventListener("click", (event) => {
      const row = event.target.closest(".dk-pt-item");
      if (!row) return;
      if (event.target.closest("[data-remove]")) removeRow(items, row);
      if (event.target.closest("[data-map]")) openMap(row);
      if (event.target.closest("[data-drop-place]")) setPlace(row, null);
    });
  }

  function addRow(items) {
    const n = Math.max(0, ...[...items.children].map((row) => Number(row.dataset.n))) + 1;
    const row = at("pt-item").content.firstElementChild.cloneNode(true);
    for (const node of [row, ...row.querySelectorAll("*")]) {
      for (const name of ["id", "name", "for"]) {
        const value = node.getAttribute(name);
        if (value && value.startsWith("w0-")) node.setAttribute(name, `w${n}-${value.slice(3)}`);
      }
    }
    for (const part of row.querySelectorAll(".dk-pt-js")) part.hidden = false;
    row.dataset.n = String(n);
    items.append(row);
    row.querySelector("[data-title]").textContent = say("item", { n });
    return row;
  }

  function removeRow(items, row) {
    const next = row.nextElementSibling || row.previousElementSibling;
    at("pt-told").textContent = say("removed", { n: row.dataset.n });
    row.remove();
    const target = next || addRow(items);
    target.querySelector("input").focus();
  }

  /* ---- a place tapped on the map ---- */

  let map = null;
  let pin = null;
  let row = null;

  function setPlace(which, place) {
    which.querySelector("[data-lon]").value = place ? place.lng.toFixed(7) : "";
    which.querySelector("[data-lat]").value = place ? place.lat.toFixed(7) : "";
    which.querySelector("[data-chosen]").hidden = !place;
    which.querySelector("[data-where]").textContent = place ? say("chosen", { lat: place.lat.toFixed(6), lon: place.lng.toFixed(6) }) : "";
  }

  function putPin(latlng) {
    if (pin) pin.setLatLng(latlng);
    else pin = L.marker(latlng, { icon: pinIcon("▼", "dk-pt-here"), keyboard: false, interactive: false, zIndexOffset: 1000 }).addTo(map);
    at("pt-map-use").disabled = false;
  }

  function openMap(which) {
    row = which;
    const dialog = at("pt-map");
    at("pt-map-title").textContent = say("map_title", { n: row.dataset.n });
    dialog.showModal();
    at("pt-map-title").focus();
    if (!window.L || !window.gisapp) {
      at("pt-map-fault").hidden = false;
      return;
    }
    const [lon, lat] = ["[data-lon]", "[data-lat]"].map((name) => Number(row.querySelector(name).value) || 0);
    if (!map) {
      map = live(at("pt-map-box"), { center: [told.center[1], told.center[0]], zoom: 14 }, (place) => {
        map.panTo(place);
        putPin(place);
      });
      at("pt-map-box").dataset.ready = "yes";
    }
    map.invalidateSize();
    if (pin) { pin.remove(); pin = null; }
    at("pt-map-use").disabled = true;
    if (lon && lat) { map.setView([lat, lon], CLOSE, { animate: false }); putPin({ lat, lng: lon }); }
  }

  function startDialog() {
    const dialog = at("pt-map");
    if (!dialog) return;
    at("pt-map-middle").addEventListener("click", () => map && putPin(map.getCenter()));
    at("pt-map-use").addEventListener("click", () => { if (pin) setPlace(row, pin.getLatLng()); dialog.close(); });
    at("pt-map-close").addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => row && row.querySelector("[data-map]").focus());
  }

  startForm();
  startDialog();
  if (window.L && window.gisapp) startBoard();
})();

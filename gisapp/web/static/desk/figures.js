/* The maps of 集計・分析: density in squares, hot spots, and a patrol's round. Each is told on the page in words and tables,
   too; what people and files supplied enters as text only. */
(() => {
  "use strict";

  const WAIT_MS = 250;
  const told = JSON.parse(document.getElementById("dk-told").textContent);
  const place = document.getElementById("dk-map");
  document.documentElement.classList.add("dk-js");
  const print = document.getElementById("dk-print");
  if (print) print.addEventListener("click", () => window.print());
  if (!place) return;

  const CLASSES = ["#fff3c4", "#fdcf7e", "#f59b4c", "#c8502a", "#7a1010"];
  const [lon, lat] = told.center; // far from the town, Leaflet would still be on its way there when the town is fitted in
  const map = L.map(place, { center: [lat, lon], zoom: 12, zoomControl: false, zoomSnap: 0.5, maxZoom: 19 });
  L.control.scale({ imperial: false }).addTo(map);

  function words(key, values = {}) {
    return (told.words[key] || key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  }

  // A small sign with text of its own; Leaflet would read a string as HTML.
  function sign(text, className, size) {
    const node = document.createElement("div");
    node.textContent = text;
    return L.divIcon({ html: node, className, iconSize: size });
  }

  function square(bounds, colour, dashed) {
    return L.rectangle(bounds, { pane: "overlayPane", renderer, interactive: false, color: "#1a1a1c", weight: dashed ? 1 : 2, dashArray: dashed ? "4 3" : null, fillColor: colour, fillOpacity: 0.62 });
  }

  let renderer = null;
  const drawn = L.layerGroup();

  /* ---- density ---- */

  const count = document.getElementById("dk-map-count");
  const legend = document.getElementById("dk-legend");
  const trouble = document.getElementById("dk-map-trouble");
  let asked = null;

  async function loadCells() {
    if (asked) asked.abort();
    const mine = (asked = new AbortController());
    const seen = map.getBounds();
    const box = [seen.getWest(), seen.getSouth(), seen.getEast(), seen.getNorth()].map((side) => side.toFixed(5)).join(",");
    try {
      const answer = await fetch(`/desk/figures/density.json?bbox=${box}&z=${Math.round(map.getZoom())}&${told.query}`, { signal: mine.signal });
      if (!answer.ok) throw new Error(`${answer.status}`);
      showCells(await answer.json());
      trouble.hidden = true;
    } catch (problem) {
      if (problem.name !== "AbortError") trouble.hidden = false;
    }
  }

  function showCells(found) {
    drawn.clearLayers();
    for (const [west, south, east, north, n, level] of found.cells) {
      const bounds = [[south, west], [north, east]];
      square(bounds, CLASSES[level]).addTo(drawn);
      const dark = level > 2 ? " dk-cell-dark" : "";
      L.marker(L.latLngBounds(bounds).getCenter(), { icon: sign(n.toLocaleString(), `dk-cell${dark}`, [56, 24]), interactive: false, keyboard: false }).addTo(drawn);
    }
    count.textContent = words("count", { n: found.total.toLocaleString() });
    legend.replaceChildren(...found.classes.map(([low, high], level) => {
      const item = document.createElement("li");
      const key = document.createElement("span");
      key.className = `dk-key dk-class-${level}`;
      key.textContent = "ABCDE"[level];
      key.setAttribute("aria-hidden", "true");
      item.append(key, low === high ? words("class_one", { low }) : words("class", { low, high }));
      return item;
    }));
    place.dataset.drawn = String(found.cells.length);
  }

  function density() {
    let timer;
    map.on("moveend", () => { clearTimeout(timer); timer = setTimeout(loadCells, WAIT_MS); });
    loadCells();
  }

  /* ---- hot spots ---- */

  function hotspots() {
    const hot = told.cells.filter((one) => one.number);
    for (const one of told.cells) {
      const dark = one.number > 0;
      L.polygon(one.ring, { renderer, interactive: false, color: "#1a1a1c", weight: dark ? 3 : 1, dashArray: dark ? null : "4 3", fillColor: dark ? CLASSES[4] : CLASSES[0], fillOpacity: 0.6 }).addTo(drawn);
      const middle = L.latLngBounds(one.ring).getCenter();
      const text = dark ? String(one.number) : words("cases", { n: one.n });
      L.marker(middle, { icon: sign(text, dark ? "dk-cell dk-cell-dark" : "dk-cell", [56, 24]), interactive: false, keyboard: false }).addTo(drawn);
    }
    for (const one of told.places) {
      const kind = one.letter[0] === "C" ? "c" : "p";
      L.marker([one.lat, one.lon], { icon: sign(one.letter, `dk-pinned dk-pinned-${kind}`, [36, 32]), interactive: false, keyboard: false, zIndexOffset: 500 }).addTo(drawn);
    }
    const near = (hot.length ? hot : told.cells).flatMap((one) => one.ring);
    if (near.length) map.fitBounds(near, { padding: [40, 40], maxZoom: 16, animate: false });
    place.dataset.drawn = String(told.cells.length);
  }

  /* ---- a round ---- */

  function patrol() {
    for (const line of told.lines) {
      L.polyline(line, { renderer, interactive: false, color: "#ffffff", weight: 9, opacity: 0.9 }).addTo(drawn);
    }
    for (const line of told.lines) {
      L.polyline(line, { renderer, interactive: false, color: "#00118f", weight: 5, opacity: 0.85 }).addTo(drawn);
    }
    L.marker([told.start.lat, told.start.lon], { icon: sign(words("start"), "dk-pinned dk-pinned-start", [44, 32]), interactive: false, keyboard: false, zIndexOffset: 900 }).addTo(drawn);
    told.stops.forEach((stop, at) => {
      L.marker([stop.lat, stop.lon], { icon: sign(String(at + 1), "dk-pinned dk-pinned-stop", [34, 34]), interactive: false, keyboard: false, zIndexOffset: 800 - at }).addTo(drawn);
    });
    const near = [[told.start.lat, told.start.lon], ...told.stops.map((stop) => [stop.lat, stop.lon])];
    map.fitBounds(near, { padding: [40, 40], maxZoom: 17, animate: false });
    place.dataset.drawn = String(told.stops.length);
  }

  window.gisapp.parts.push((opened) => {
    for (const layer of opened.config.layers) if (layer.kind !== "road_section") opened.off.add(layer.id);
    renderer = L.canvas({ padding: 0.3 });
    drawn.addTo(map);
    ({ density, hotspots, patrol })[told.kind]();
  });
  window.gisapp.start(map, { config: "/live/config.json", reports: false, panel: false, ownBaseOnly: true, words: { map_label: told.words.map_label } }, {});
})();

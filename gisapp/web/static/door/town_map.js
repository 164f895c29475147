/* A small map to point at a place: the town's own drawing, fetched as far as the window shows. Loaded only when wanted. */
import { element } from "./dom.js";
import { say } from "./words.js";

const LEAFLET = "/assets/leaflet/leaflet";
const LAYERS = ["boundary", "zoning", "river", "road_section", "public_facility"];
const ROADS = { road_national: ["#e2a64a", 5], road_prefectural: ["#e8cf6a", 4], road_municipal: ["#ffffff", 2.4], road_private: ["#e4e0da", 1.6] };
const CLOSE = 17;
const NAMES_FROM = 15;
const PATIENCE_MS = 15000;

let leaflet = null;

function library() {
  leaflet = leaflet || Promise.all([
    new Promise((resolve, reject) => document.head.append(element("link", { rel: "stylesheet", href: `${LEAFLET}.css`, onload: resolve, onerror: reject }))),
    new Promise((resolve, reject) => document.head.append(element("script", { src: `${LEAFLET}.js`, onload: resolve, onerror: reject }))),
  ]);
  leaflet.catch(() => { leaflet = null; });
  return leaflet;
}

async function json(url) {
  const answer = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

/** Draw the map into a box; chosen is called with {lon, lat} on each tap. Raises if it cannot be drawn now. */
export async function townMap(box, place, chosen) {
  const [config] = await Promise.all([json("/live/config.json"), library()]);
  const map = L.map(box, { zoomControl: false, maxZoom: 20, minZoom: 9, keyboard: true, preferCanvas: true });
  map.attributionControl.setPrefix(false);
  L.control.zoom({ position: "bottomright", zoomInTitle: say("map.in"), zoomOutTitle: say("map.out") }).addTo(map);
  const [west, south, east, north] = config.town.bounds;
  map.setMaxBounds([[south - 0.2, west - 0.2], [north + 0.2, east + 0.2]]);
  if (place) map.setView([place.lat, place.lon], CLOSE, { animate: false });
  else map.fitBounds([[south, west], [north, east]], { animate: false });
  startBase(map, config);
  const pin = startPin(map, place);
  map.on("click", ({ latlng }) => { pin(latlng); chosen({ lon: latlng.lng, lat: latlng.lat }); });
  return {
    middle() { const at = map.getCenter(); pin(at); chosen({ lon: at.lng, lat: at.lat }); },
    show(one) { map.setView([one.lat, one.lon], Math.max(map.getZoom(), CLOSE), { animate: false }); pin({ lat: one.lat, lng: one.lon }); },
    end() { map.remove(); },
  };
}

function startPin(map, place) {
  const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  picture.setAttribute("viewBox", "0 0 32 32");
  for (const [name, values] of [["path", { d: "M16 1a11 11 0 0 1 11 11c0 7-11 19-11 19S5 19 5 12A11 11 0 0 1 16 1z", fill: "#b80000", stroke: "#ffffff", "stroke-width": 1.5 }], ["circle", { cx: 16, cy: 12, r: 4.5, fill: "#ffffff" }]]) {
    const part = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(values)) part.setAttribute(key, value);
    picture.append(part);
  }
  const icon = L.divIcon({ className: "dr-map-pin", html: picture, iconSize: [44, 44], iconAnchor: [22, 42] });
  let marker = null;
  const put = (latlng) => {
    if (marker) marker.setLatLng(latlng);
    else marker = L.marker(latlng, { icon, interactive: false, keyboard: false }).addTo(map);
  };
  if (place) put({ lat: place.lat, lng: place.lon });
  return put;
}

/* ---- the ground ---- */

function startBase(map, config) {
  if (config.basemap?.look === "raster") {
    const { url, attribution, least_zoom: minNativeZoom, most_zoom: maxNativeZoom } = config.basemap;
    const credit = element("span", {}, attribution); // a file's words never become markup
    L.tileLayer(url, { attribution: credit.innerHTML, maxZoom: 22, minNativeZoom, maxNativeZoom }).addTo(map);
    return;
  }
  LAYERS.forEach((id, i) => { map.createPane(id).style.zIndex = 200 + i; map.getPane(id).style.pointerEvents = "none"; });
  const drawn = new Map();
  const draw = () => config.layers.filter((layer) => layer.ok && LAYERS.includes(layer.id)).forEach((layer) => drawLayer(map, layer, drawn));
  map.on("moveend", draw);
  draw();
}

async function drawLayer(map, layer, drawn) {
  const zoom = Math.round(map.getZoom());
  if (layer.id === "public_facility" && zoom < NAMES_FROM) return drawn.get(layer.id)?.group.clearLayers();
  const seen = map.getBounds();
  const before = drawn.get(layer.id);
  if (before && before.zoom === zoom && before.bounds.contains(seen)) return undefined;
  const bounds = seen.pad(0.25);
  const group = before?.group || L.layerGroup().addTo(map);
  const mine = { zoom, bounds, group };
  drawn.set(layer.id, mine);
  const box = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()].map((side) => side.toFixed(5)).join(",");
  try {
    const found = await json(`/live/layers/${layer.id}.json?v=${layer.version}&bbox=${box}&z=${zoom}`);
    if (drawn.get(layer.id) !== mine) return undefined;
    group.clearLayers();
    found.features.forEach((feature) => paint(group, layer.id, feature, zoom));
  } catch {
    if (drawn.get(layer.id) === mine) drawn.set(layer.id, { ...mine, zoom: -1 }); // asked for again with the next move
  }
  return undefined;
}

function paint(group, id, { geometry, properties }, zoom) {
  if (properties.cluster) return;
  const add = (style) => group.addLayer(L.geoJSON(geometry, { pane: id, interactive: false, style: { fillOpacity: 1, ...style } }));
  if (id === "boundary") add({ color: "#8a8577", weight: 2, dashArray: "8 5", fillColor: "#f4f1e8" });
  else if (id === "zoning") add({ stroke: false, fillColor: "#e9e4d8", fillOpacity: 0.8 });
  else if (id === "river") add(geometry.type.endsWith("LineString") ? { color: "#8fb9dd", weight: 3, fill: false } : { color: "#8fb9dd", weight: 1, fillColor: "#bcd9f0" });
  else if (id === "road_section") {
    const [color, width] = ROADS[properties.style] || ["#ffffff", 2.4];
    const weight = Math.max(1, width * 2 ** ((zoom - 15) * 0.55));
    add({ color: "#b9b09c", weight: weight + 1.6, fill: false });
    add({ color, weight, fill: false });
  } else if (properties.title && geometry.type === "Point") {
    const [lon, lat] = geometry.coordinates;
    const icon = L.divIcon({ className: "dr-map-name", html: element("span", {}, properties.title), iconSize: null });
    group.addLayer(L.marker([lat, lon], { icon, pane: id, interactive: false, keyboard: false }));
  }
}


/* Where it is: the device's own position, names the town knows, and the words for a place. */
import { element } from "./dom.js";
import { door, tell } from "./words.js";

const PATIENCE_MS = 8000;
const GPS = { enableHighAccuracy: true, timeout: 20000, maximumAge: 0 };
const AREA = "/live/layers/neighbourhood_association/at.json";

/** The device's position; raises the key of a sentence that says why there is none. */
export function devicePlace() {
  return new Promise((resolve, reject) => {
    if (!navigator.geolocation) return reject(new Error("place.gps_none"));
    return navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ lon: coords.longitude, lat: coords.latitude, source: "gps", accuracy_m: Math.round(coords.accuracy * 10) / 10 }),
      ({ code }) => reject(new Error(code === 1 ? "place.gps_refused" : "place.gps_none")), GPS);
  });
}

/** Places in town that a text may mean. Raises if the town does not answer. */
export async function placesNamed(text) {
  const answer = await fetch(`${door.places || "/live/search.json"}?q=${encodeURIComponent(text)}`, { signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.json()).found.map((one) => ({
    lon: one.lon, lat: one.lat, title: one.matched || one.title, layer: one.layer || "", source: one.source || "landmark", accuracy_m: one.accuracy_m ?? 50,
  }));
}

/** The 自治会 of a place, or "" where none is known just now. */
export async function areaOf({ lon, lat }) {
  try {
    const answer = await fetch(`${AREA}?lon=${lon}&lat=${lat}`, { signal: AbortSignal.timeout(PATIENCE_MS) });
    const { features } = await answer.json();
    return features[0]?.title || "";
  } catch {
    return "";
  }
}

export function inTown({ lon, lat }) {
  const [west, south, east, north] = door.bounds || [-180, -90, 180, 90];
  return lon >= west && lon <= east && lat >= south && lat <= north;
}

/** How the draft's place was found and how sure it is; never bare numbers alone. */
export function placeWords({ place, text }) {
  if (!place) return text.trim() ? element("span", {}, tell("place.by_text"), `「${text.trim()}」`) : tell("check.none");
  return element("span", {}, tell(`place.source_${place.source}`), place.title ? `：${place.title}` : "",
    place.accuracy_m ? element("span", {}, " ", tell("place.accuracy", { m: Math.max(1, Math.round(place.accuracy_m)) })) : "",
    place.area ? element("span", {}, " ", tell("place.area", { name: place.area })) : "");
}

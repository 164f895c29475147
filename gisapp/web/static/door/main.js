/* Turns the page into the form in steps; without it the plain form below it stays. */
import { lastingStorage, startSending, startWork, startWorker } from "./background.js";
import { begin, draft, leftDraft } from "./draft.js";
import { inTown } from "./place.js";
import { openDoor } from "./words.js";
import { startSteps } from "./steps.js";

// A link such as /report/?lon=…&lat=… from the map names the place already; one from the card of a street light names it too.
function linkedPlace(plain) {
  const asked = new URLSearchParams(location.search);
  const linked = (name) => asked.get(name) || (asked.has("asset") && plain.querySelector(`input[name=${name}]`)?.value) || "";
  const [lon, lat] = [linked("lon"), linked("lat")].map((text) => (text ? Number(text) : NaN));
  if (!Number.isFinite(lon) || !Number.isFinite(lat) || !inTown({ lon, lat })) return;
  draft.place = { lon, lat, source: "map_tap", accuracy_m: null };
  const title = plain.querySelector("[data-asset]")?.dataset.asset;
  if (asked.has("asset")) Object.assign(draft.place, { asset: asked.get("asset"), ...(title ? { title } : {}) });
}

async function start() {
  const root = document.documentElement;
  const plain = document.querySelector(".dr-plain");
  const opened = await openDoor(root.dataset.lang || root.lang || "ja");
  if (!opened || !plain) {
    root.classList.remove("dr-js");
    return;
  }
  const left = await leftDraft();
  begin(left);
  if (!left) linkedPlace(plain);
  await startSteps(plain, left);
  root.classList.add("dr-js"); // also where the steps came later than was waited for
  root.dataset.door = "ready";
  startWork();
  startSending();
  startWorker();
  lastingStorage(false);
}

start();

/* Turns the page into the form in steps; without it the plain form below it stays. */
import { lastingStorage, startSending, startWork, startWorker } from "./background.js";
import { begin, draft, leftDraft } from "./draft.js";
import { inTown } from "./place.js";
import { openDoor } from "./words.js";
import { startSteps } from "./steps.js";

// A link such as /report/?lon=…&lat=… from the map names the place already.
function linkedPlace() {
  const asked = new URLSearchParams(location.search);
  const [lon, lat] = [Number(asked.get("lon")), Number(asked.get("lat"))];
  if (asked.has("lon") && asked.has("lat") && inTown({ lon, lat })) draft.place = { lon, lat, source: "map_tap", accuracy_m: null };
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
  if (!left) linkedPlace();
  await startSteps(plain, left);
  root.classList.add("dr-js"); // also where the steps came later than was waited for
  root.dataset.door = "ready";
  startWork();
  startSending();
  startWorker();
  lastingStorage(false);
}

start();

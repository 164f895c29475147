/* Sends what waits on this phone: the report first, then each photo; every step may be cut off and done again. No page is
   needed: the service worker runs this too. */
import { noteProgress, pictures, reportOf, reports } from "./store.js";

const FIRST_WAIT_S = 5;
const LONGEST_WAIT_S = 15 * 60;
const ANSWER_MS = 60000;
const PHOTO_MS = 300000;

const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("gisapp-door") : null;
const listeners = new Set();
const underWay = new Map(); // uuid -> hash of the photo under way, or "" for the report itself

/** Call back with a uuid whenever a report has moved on, wherever it is being sent. */
export function onProgress(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

channel?.addEventListener("message", ({ data }) => {
  if (data.under_way == null) underWay.delete(data.uuid);
  else underWay.set(data.uuid, data.under_way);
  for (const listener of listeners) listener(data.uuid);
});

function moved(uuid, now = null) {
  if (now == null) underWay.delete(uuid);
  else underWay.set(uuid, now);
  channel?.postMessage({ uuid, under_way: now });
  for (const listener of listeners) listener(uuid);
}

/** What is being sent just now: the photo's hash, "" for the report, undefined for nothing. */
export const nowSending = (uuid) => underWay.get(uuid);

/** Why a step did not end well: again says whether waiting can help. */
class Trouble extends Error {
  constructor(again, told = {}, wait_s = 0) { super(told.message || "no answer"); Object.assign(this, { again, told, wait_s }); }
}

let busy = false;

/** Send everything that is due; at_once also what was put off. Only one page or worker of this phone sends at a time. */
export async function sendAll({ at_once = false } = {}) {
  if (!navigator.locks) return alone(() => sendDue(at_once));
  return navigator.locks.request("gisapp-door-sending", { ifAvailable: !at_once }, (lock) => (lock ? sendDue(at_once) : undefined));
}

async function alone(work) {
  if (busy) return undefined;
  busy = true;
  try { return await work(); } finally { busy = false; }
}

async function sendDue(at_once) {
  const now = Date.now();
  const due = (report) => at_once || !report.next_try || report.next_try <= now || report.next_try > now + LONGEST_WAIT_S * 1000; // a clock set back
  for (const report of (await reports()).reverse()) {
    if (["waiting", "accepted"].includes(report.state) && due(report)) await sendOne(await reportOf(report.uuid));
  }
}

async function sendOne(report) {
  if (!report) return;
  try {
    if (report.state === "waiting") await sendWords(report);
    for (const photo of report.photos) {
      if (photo.state === "waiting") await sendPhoto(report, photo);
    }
    await finish(report);
  } catch (problem) {
    await putOff(report, problem);
  } finally {
    moved(report.uuid);
  }
}

async function sendWords(report) {
  moved(report.uuid, "");
  const answer = await asked("/api/reports", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(report.payload) });
  Object.assign(report, { state: "accepted", tries: 0, next_try: 0, message: "", number: answer.number, code: answer.code, track: answer.track, next: answer.next || "" });
  take(report, answer);
  await noteProgress(report);
}

async function sendPhoto(report, photo) {
  moved(report.uuid, photo.sha256);
  const kept = await pictures(photo.id);
  if (!kept) {
    photo.state = "lost";
    return noteProgress(report);
  }
  try {
    await asked(`/api/reports/${report.uuid}/photos/${photo.sha256}`, { method: "PUT", headers: { "Content-Type": "application/octet-stream" }, body: kept.sendable }, PHOTO_MS);
    photo.state = "arrived";
    return await noteProgress(report);
  } catch (problem) {
    if (problem.again || !(problem instanceof Trouble)) throw problem;
    Object.assign(photo, { state: "failed", message: problem.told.message || "" });
    return noteProgress(report);
  }
}

// The town says last what it has: a photo that it does not hold is sent again.
async function finish(report) {
  if (report.photos.length) take(report, await asked(`/api/reports/${report.uuid}`, {}));
  if (report.photos.some((photo) => photo.state === "waiting")) throw new Trouble(true);
  const there = report.photos.filter((photo) => ["arrived", "refused"].includes(photo.state));
  Object.assign(report, { state: there.length === report.photos.length ? "complete" : "partial", tries: 0, next_try: 0, message: "" });
  if (report.state === "complete") Object.assign(report, { draft: null, payload: null }); // words and contact stay with the town alone
  await noteProgress(report, there.map((photo) => photo.id)); // only what the town has may go from the phone
}

function take(report, answer) {
  for (const seen of answer.photos || []) {
    const photo = report.photos.find((one) => one.sha256 === seen.sha256);
    if (!photo) continue;
    if (seen.state === "refused") Object.assign(photo, { state: "refused", message: seen.message || seen.fault || "" });
    else if (seen.state !== "awaited") photo.state = "arrived";
    else if (photo.state === "arrived") photo.state = "waiting";
  }
}

async function asked(url, options, patience_ms = ANSWER_MS) {
  let answer;
  try {
    answer = await fetch(url, { ...options, cache: "no-store", signal: AbortSignal.timeout(patience_ms) });
  } catch {
    throw new Trouble(true);
  }
  const told = await answer.json().catch(() => null);
  if (answer.ok && told) return told;
  const later = answer.ok || answer.status >= 500 || [408, 425, 429].includes(answer.status); // 200 without JSON: another network's sign-in page
  throw new Trouble(later, { ...(told || {}), status: answer.status }, Number(answer.headers.get("Retry-After")) || 0);
}

async function putOff(report, problem) {
  const trouble = problem instanceof Trouble ? problem : new Trouble(true);
  report.tries = (report.tries || 0) + 1;
  report.message = trouble.told.message || "";
  if (!trouble.again) {
    Object.assign(report, { state: report.number ? report.state : "stopped", fields: trouble.told.fields || {}, candidates: trouble.told.candidates || [], status: trouble.told.status });
  }
  const wait_s = Math.max(trouble.wait_s, Math.min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (report.tries - 1)));
  report.next_try = Date.now() + Math.min(wait_s, LONGEST_WAIT_S) * 1000 * (0.8 + Math.random() * 0.4); // a thousand phones do not come back in one second
  await noteProgress(report);
}

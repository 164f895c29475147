/* What goes on beside the form: the small proof of work, the service worker, sending when the signal is back. */
import { change, draft } from "./draft.js";
import { sendAll } from "./sending.js";
import { door } from "./words.js";

const LOOK_MS = 20000;

/** Solve the token's work in a thread of its own; the answer goes into the draft when it is there. */
export function startWork() {
  const bits = door.work?.bits || 0;
  if (!draft.token || draft.work || !bits || !window.Worker) return;
  const worker = new Worker(new URL("./work.js", import.meta.url));
  worker.addEventListener("message", ({ data }) => {
    worker.terminate();
    if (data.token === draft.token) change({ work: data.work });
  });
  worker.addEventListener("error", () => worker.terminate());
  worker.postMessage({ token: draft.token, bits });
}

/** Open without a signal from now on. */
export async function startWorker() {
  if (!navigator.serviceWorker) return;
  const options = { scope: "/report/", updateViaCache: "none" };
  // As a module it can also send by itself; browsers that know no module workers take the plain one.
  await navigator.serviceWorker.register("/report/sw.js?sends", { ...options, type: "module" })
    .catch(() => navigator.serviceWorker.register("/report/sw.js", options))
    .catch(() => null);
}

/** Ask the browser to wake the worker when there is a signal, even if this page is closed by then. */
export async function wakeLater() {
  const ready = navigator.serviceWorker?.controller && (await navigator.serviceWorker.ready);
  await ready?.sync?.register("send").catch(() => {});
}

export function startSending() {
  const now = () => { if (!document.hidden) sendAll(); };
  window.addEventListener("online", () => sendAll({ at_once: true }));
  document.addEventListener("visibilitychange", now);
  window.addEventListener("pageshow", now);
  setInterval(now, LOOK_MS);
  now();
}

/** Whether the browser promises to keep what is stored here when the phone runs short of room. */
export async function lastingStorage(ask) {
  if (!navigator.storage?.persisted) return false;
  return (await navigator.storage.persisted()) || (ask && (await navigator.storage.persist()));
}

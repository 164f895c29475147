/* What the phone keeps: the draft, reports that wait, receipts, photos. Everything is on disk before it is said to be kept. */
import { openDB } from "/assets/idb/idb.js";

const STRICT = { durability: "strict" }; // a battery may die the next moment
let opened = null;

function database() {
  opened = opened || openDB("gisapp-door", 1, {
    upgrade(db) {
      for (const name of ["draft", "blobs", "reports", "doors"]) db.createObjectStore(name);
    },
    blocking() { opened?.then((db) => db.close()); opened = null; },
    terminated() { opened = null; },
  });
  opened.catch(() => { opened = null; });
  return opened;
}

async function writing(names, work) {
  const change = (await database()).transaction(names, "readwrite", STRICT);
  const done = change.done;
  done.catch(() => {}); // told by the await below
  await work(Object.fromEntries(names.map((name) => [name, change.objectStore(name)])));
  await done;
}

export const keptDoor = async (lang) => (await database()).get("doors", lang);
export const keepDoor = (lang, door) => writing(["doors"], ({ doors }) => doors.put(door, lang));

export const readDraft = async () => (await database()).get("draft", "now");
export const saveDraft = (draft) => writing(["draft"], (stores) => stores.draft.put(draft, "now"));

/** The pictures of one photo: clean (shrunk, nothing painted over), sendable (exactly the bytes to be sent), thumb. */
export const pictures = async (id) => (await database()).get("blobs", id);

/** A photo and the draft that names it, both or neither. */
export const savePhoto = (draft, id, blobs) => writing(["draft", "blobs"], (stores) => {
  stores.blobs.put(blobs, id);
  return stores.draft.put(draft, "now");
});

export const forgetPhoto = (draft, id) => writing(["draft", "blobs"], (stores) => {
  stores.blobs.delete(id);
  return stores.draft.put(draft, "now");
});

export const dropDraft = (ids) => writing(["draft", "blobs"], (stores) => {
  for (const id of ids) stores.blobs.delete(id);
  return stores.draft.delete("now");
});

/** Turn the draft into a report that waits to be sent, in one step. */
export const queueReport = (report) => writing(["draft", "reports"], (stores) => {
  stores.reports.put(report, report.uuid);
  return stores.draft.delete("now");
});

/** Take a report that could not be accepted back into the draft. */
export const reviseReport = (report, draft) => writing(["draft", "reports"], (stores) => {
  stores.draft.put(draft, "now");
  return stores.reports.delete(report.uuid);
});

export const reports = async () => (await (await database()).getAll("reports")).sort((one, other) => (one.made_at < other.made_at ? 1 : -1));
export const reportOf = async (uuid) => (await database()).get("reports", uuid);

/** Write a report's progress; what has been removed meanwhile stays removed, as do photos that have arrived. */
export const noteProgress = (report, arrived = []) => writing(["reports", "blobs"], async (stores) => {
  if (!(await stores.reports.get(report.uuid))) return;
  for (const id of arrived) stores.blobs.delete(id);
  await stores.reports.put(report, report.uuid);
});

export const forgetReport = (report) => writing(["reports", "blobs"], (stores) => {
  for (const photo of report.photos) stores.blobs.delete(photo.id);
  return stores.reports.delete(report.uuid);
});

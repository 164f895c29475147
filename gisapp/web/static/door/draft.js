/* The report being written. Each change is on the phone's disk before the next screen. */
import { dropDraft, forgetPhoto, readDraft, saveDraft, savePhoto } from "./store.js";
import { door } from "./words.js";

export const draft = {};

const EMPTY = () => ({
  uuid: crypto.randomUUID(), step: "photos", photos: [], place: null, text: "", category: "", answers: {}, body: "",
  contact: { name: "", phone: "", email: "", wants_reply: false }, token: door.token || "", work: "", not_same: "", changed_at: "",
});

/** The draft that was left on this phone, or null. */
export async function leftDraft() {
  const left = await readDraft().catch(() => null);
  return left && touched(left) ? left : null;
}

const touched = (one) => Boolean(one.photos.length || one.place || one.text || one.category || one.body || Object.values(one.contact).some(Boolean));

/** Whether anything of a report is there. */
export const begun = () => touched(draft);

export function begin(kept = null) {
  for (const name of Object.keys(draft)) delete draft[name];
  Object.assign(draft, EMPTY(), kept || {});
  if (!draft.token) Object.assign(draft, { token: door.token || "", work: "" });
}

let line = Promise.resolve(); // one write after the other, in the order of the changes

function inTurn(work) {
  line = line.then(work, work);
  return line;
}

const present = () => structuredClone(draft);
const stamped = (patch) => Object.assign(draft, patch, { changed_at: new Date().toISOString() });

/** Change the draft and keep it. A full disk is not an obstacle to going on: it is said, and the report can still be sent. */
export function change(patch) {
  stamped(patch);
  const now = present();
  return inTurn(() => saveDraft(now)).then(() => true, () => false);
}

export function addPhoto(photo, blobs) {
  stamped({ photos: [...draft.photos.filter((one) => one.id !== photo.id), photo].sort((one, other) => one.turn - other.turn) });
  const now = present();
  return inTurn(() => savePhoto(now, photo.id, blobs));
}

export function removePhoto(id) {
  stamped({ photos: draft.photos.filter((one) => one.id !== id) });
  const now = present();
  return inTurn(() => forgetPhoto(now, id));
}

export function discard(one = draft) {
  const ids = one.photos.map((photo) => photo.id);
  return inTurn(() => dropDraft(ids));
}

export const settled = () => line.catch(() => {});

/* The first question: photos, taken now or chosen. */
import { lastingStorage } from "./background.js";
import { announce, button, element, freshId } from "./dom.js";
import { addPhoto, change, draft, removePhoto } from "./draft.js";
import { PhotoFault, taken } from "./photos.js";
import { inTown } from "./place.js";
import { pictures, reports } from "./store.js";
import { door, say, tell } from "./words.js";
import { again, go } from "./walk.js";

const KINDS = "image/*,.heic,.heif,.avif";

export async function render(box) {
  const pictureUrls = [];
  const faults = element("div", { "aria-live": "assertive" });
  const list = element("ul", { class: "dr-photos", "aria-label": say("photos.list") }, await Promise.all(draft.photos.map((photo, i) => row(photo, i, pictureUrls))));
  const room = door.limits.photos - draft.photos.length;
  const next = button(tell(draft.photos.length ? "step.next" : "photos.without"), () => go("place"), draft.photos.length ? "" : "dr-quiet");
  box.append(
    element("h1", {}, tell("photos.title")),
    element("p", {}, tell("photos.hint", { n: door.limits.photos })),
    faults,
    draft.photos.length ? list : "",
    draft.photos.some((photo) => photo.place) ? element("p", { class: "dr-notice dr-good" }, tell("photos.place_found")) : "",
    room > 0 ? element("div", { class: "dr-buttons" }, pickers(room, faults, next)) : element("p", {}, tell("photos.full", { n: door.limits.photos })),
    element("p", { class: "dr-hint" }, tell("photos.privacy")),
    element("div", { class: "dr-buttons" }, next),
    await beside(),
  );
  return () => pictureUrls.forEach((url) => URL.revokeObjectURL(url));
}

function pickers(room, faults, next) {
  const touches = matchMedia("(any-pointer: coarse)").matches;
  const [first, second] = draft.photos.length ? ["dr-quiet", "dr-quiet"] : touches ? ["", "dr-quiet"] : ["", ""];
  return [
    touches && picker("photos.take", first, { capture: "environment" }, faults, next),
    picker(draft.photos.length ? "photos.more" : "photos.choose", second, { multiple: room > 1 }, faults, next),
  ];
}

async function row(photo, i, pictureUrls) {
  const kept = await pictures(photo.id);
  const name = say("photos.nth", { n: i + 1 });
  const shown = kept?.thumb ? URL.createObjectURL(kept.thumb) : "";
  if (shown) pictureUrls.push(shown);
  return element("li", {},
    shown ? element("img", { src: shown, alt: name }) : element("div", { class: "dr-no-picture" }, tell("photos.no_picture")),
    photo.boxes.length ? element("span", {}, tell("photos.boxes", { n: photo.boxes.length })) : "",
    photo.paintable ? button(tell("photos.paint"), () => go("paint", { id: photo.id }), "dr-quiet dr-small", { "aria-label": `${name} ${say("photos.paint")}` }) : "",
    button(tell("photos.remove"), async () => {
      await removePhoto(photo.id);
      announce(say("photos.removed", { n: i + 1 }));
      await again();
      document.querySelector(".dr-step h1").focus();
    }, "dr-quiet dr-small", { "aria-label": `${name} ${say("photos.remove")}` }),
  );
}

function picker(words, look, more, faults, next) {
  const input = element("input", { type: "file", accept: KINDS, id: freshId("photos"), ...more });
  input.addEventListener("change", () => take([...input.files], faults, next).finally(() => { input.value = ""; }));
  return element("label", { class: `dr-button dr-pick ${look}` }, element("span", {}, tell(words)), input);
}

async function take(files, faults, next) {
  const told = [];
  faults.replaceChildren(element("p", { class: "dr-notice" }, tell("photos.working", { n: files.length })));
  next.disabled = true; // not gone on without the photos that are being read
  for (const file of files) {
    const problem = await takeOne(file);
    if (problem) told.push(files.length > 1 && file.name ? `${file.name}：${problem}` : problem);
  }
  await again();
  const box = document.querySelector(".dr-step [aria-live=assertive]");
  box?.replaceChildren(...told.map((text) => element("p", { class: "dr-fault" }, text)));
  if (told.length < files.length) announce(say("photos.taken", { n: draft.photos.length }));
  lastingStorage(true); // asked for when there is something worth keeping
}

async function takeOne(file) {
  try {
    if (draft.photos.length >= door.limits.photos) throw new PhotoFault("photos.too_many");
    const { facts, blobs } = await taken(file, door.limits);
    if (draft.photos.some((one) => one.sha256 === facts.sha256)) throw new PhotoFault("photos.same");
    await addPhoto({ ...facts, turn: 1 + Math.max(0, ...draft.photos.map((one) => one.turn)) }, blobs);
    if (!draft.place && facts.place && inTown(facts.place)) await change({ place: facts.place });
    return "";
  } catch (problem) {
    const key = problem instanceof PhotoFault ? problem.key : problem.name === "QuotaExceededError" ? "photos.no_room" : "photos.unreadable";
    return say(key, { n: door.limits.photos, mb: Math.round(door.limits.photo_bytes / 1048576) });
  }
}

async function beside() {
  const known = await reports().catch(() => []);
  const waiting = known.filter((one) => ["waiting", "accepted"].includes(one.state)).length;
  return element("div", {},
    navigator.onLine ? "" : element("p", { class: "dr-notice dr-warn" }, tell("offline.go_on")),
    known.length ? element("button", { type: "button", class: "dr-link", onclick: () => go("sent") }, tell(waiting ? "sent.link_waiting" : "sent.link", { n: known.length, waiting })) : "",
    draft.photos.length && !(await lastingStorage(false)) ? element("p", { class: "dr-hint" }, tell("storage.may_go")) : "",
  );
}


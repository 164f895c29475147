/* Black boxes over faces and number plates, painted before anything leaves the phone. */
import { announce, button, element } from "./dom.js";
import { addPhoto, draft } from "./draft.js";
import { BoxesOn } from "./paint.js";
import { painted } from "./photos.js";
import { pictures } from "./store.js";
import { say, tell } from "./words.js";
import { back } from "./walk.js";

export async function render(box, { id }) {
  const photo = draft.photos.find((one) => one.id === id);
  const kept = photo && (await pictures(id));
  if (!kept) {
    box.append(element("h1", {}, tell("paint.title")), element("p", {}, tell("paint.gone")));
    return undefined;
  }
  const url = URL.createObjectURL(kept.clean);
  const image = element("img", { src: url, alt: say("paint.photo", { n: draft.photos.indexOf(photo) + 1 }), draggable: "false" });
  const room = element("div", { class: "dr-paint" }, image);
  const boxes = new BoxesOn(room, photo.boxes, {
    name: (n) => say("paint.box", { n }), added: (n) => announce(say("paint.added", { n })), removed: () => announce(say("paint.removed")),
  });
  const done = button(tell("paint.done"), async () => {
    done.disabled = true;
    try {
      const { facts, blobs } = await painted(photo, kept, boxes.shares());
      await addPhoto(facts, blobs);
      announce(say("paint.kept", { n: facts.boxes.length }));
      back();
    } catch {
      done.disabled = false;
      box.querySelector(".dr-error")?.remove();
      box.querySelector("h1").before(element("p", { class: "dr-error", role: "alert" }, tell("photos.no_room")));
    }
  });
  box.append(
    element("h1", {}, tell("paint.title")),
    element("p", {}, tell("paint.hint")),
    room,
    element("div", { class: "dr-buttons" }, button(tell("paint.add"), () => boxes.add(), "dr-quiet dr-small"), button(tell("paint.remove"), () => boxes.removeChosen(), "dr-quiet dr-small")),
    element("p", { class: "dr-hint" }, tell("paint.keys")),
    element("div", { class: "dr-buttons" }, done),
  );
  return () => URL.revokeObjectURL(url);
}

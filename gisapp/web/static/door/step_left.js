/* A draft that was left on this phone: go on with it, or throw it away. */
import { announce, button, element } from "./dom.js";
import { begin, discard, draft } from "./draft.js";
import { categoryOf, say, tell } from "./words.js";
import { instead } from "./walk.js";

const REAL = ["photos", "place", "category", "questions", "check"];

export function render(box) {
  const found = [
    draft.photos.length && say("left.photos", { n: draft.photos.length }),
    categoryOf(draft.category)?.name, draft.body && `「${draft.body.slice(0, 40)}」`,
  ].filter(Boolean);
  const when = draft.changed_at && new Date(draft.changed_at).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  box.append(
    element("h1", {}, tell("left.title")),
    element("p", {}, tell("left.text", { when: when || "" })),
    found.length ? element("ul", {}, found.map((one) => element("li", {}, one))) : "",
    element("div", { class: "dr-buttons" },
      button(tell("left.go_on"), () => instead(REAL.includes(draft.step) ? draft.step : "photos")),
      button(tell("left.drop"), async () => {
        await discard();
        begin();
        announce(say("left.dropped"));
        await instead("photos");
      }, "dr-danger")),
  );
}

/* Where it is. Four ways lead there - photo, device, map, words - and none of them is the only one. */
import { announce, button, element, field, showFaults } from "./dom.js";
import { change, draft } from "./draft.js";
import { areaOf, devicePlace, inTown, placesNamed, placeWords } from "./place.js";
import { say, tell } from "./words.js";
import { go, instead } from "./walk.js";

const LONGEST = 200;

export function render(box, { edit = false, candidates = [], stopped = "" }) {
  const chosen = element("div", {});
  const about = element("div", { "aria-live": "polite" });
  let map = null;
  const fill = () => {
    const { place, text } = draft;
    chosen.replaceChildren(place || text.trim() ? element("div", { class: "dr-notice dr-good" }, element("p", {}, element("b", {}, tell("place.chosen"))), element("p", {}, placeWords(draft))) : "");
    const known = Boolean(place || text.trim());
    look.classList.toggle("dr-quiet", known); // the one strong button is the one that is wanted next
    next.classList.toggle("dr-quiet", !known);
    if (place && !inTown(place)) chosen.append(element("p", { class: "dr-notice dr-warn" }, tell("place.outside")));
  };
  const choose = async (place, { announced = true } = {}) => {
    change({ place, text: "" });
    fill();
    box.querySelector(".dr-error")?.remove();
    if (announced) announce(chosen.textContent);
    const area = await areaOf(place);
    if (!area || draft.place !== place) return;
    change({ place: { ...place, area } });
    fill();
  };
  const open = button(tell("place.map"), () => showMap(), "dr-quiet");
  const showMap = mapOpener(box, about, () => map, (one) => { map = one; open.remove(); }, (at) => choose({ ...at, source: "map_tap", accuracy_m: null }));
  const look = here((place) => choose(place), about, () => map);
  const next = button(tell("step.next"), () => {
    if (!draft.place && !draft.text.trim()) return showFaults(box, say("fault.title"), [{ text: say("place.missing"), input: box.querySelector("input[type=text]") }]);
    return edit ? instead("check") : go("category");
  });
  box.append(
    element("h1", {}, tell("place.title")), chosen, about,
    element("div", { class: "dr-buttons" }, look, open),
    byName(choose, fill, candidates, () => map),
    element("div", { class: "dr-buttons" }, next),
  );
  fill();
  if (draft.place && !draft.place.area) choose(draft.place, { announced: false });
  if (stopped) setTimeout(() => showFaults(box, say("fault.title"), [{ text: stopped, input: box.querySelector("input[type=text]") }]));
  return () => map?.end();
}

function here(choose, about, map) {
  const look = button(tell("place.here"), async () => {
    look.disabled = true;
    about.replaceChildren(element("p", { class: "dr-notice" }, tell("place.looking")));
    try {
      const place = await devicePlace();
      about.replaceChildren();
      await choose(place);
      map()?.show(place);
    } catch (problem) {
      about.replaceChildren(element("p", { class: "dr-fault" }, tell(problem.message.startsWith("place.") ? problem.message : "place.gps_none")));
    }
    look.disabled = false;
  });
  return look;
}

function mapOpener(box, about, present, keep, chosen) {
  let opening = false;
  return async () => {
    if (present() || opening) return;
    opening = true;
    const room = element("div", { class: "dr-map", role: "application", "aria-label": say("map.label") });
    about.replaceChildren(element("p", { class: "dr-notice" }, tell("map.opening")));
    about.after(room);
    try {
      const { townMap } = await import("./town_map.js");
      const map = await townMap(room, draft.place, chosen);
      keep(map);
      room.after(element("div", { class: "dr-buttons dr-map-more" }, button(tell("map.middle"), () => map.middle(), "dr-quiet dr-small")));
      about.replaceChildren(element("p", { class: "dr-hint" }, tell("map.hint")));
      announce(say("map.hint"));
      room.scrollIntoView({ block: "nearest" });
    } catch {
      room.remove();
      about.replaceChildren(element("p", { class: "dr-fault" }, tell(navigator.onLine ? "map.failed" : "map.offline")));
    }
    opening = false;
  };
}

function byName(choose, fill, candidates, map) {
  const input = element("input", { type: "text", maxlength: LONGEST, value: draft.text, autocomplete: "street-address", enterkeyhint: "search" });
  const found = element("div", { "aria-live": "polite" });
  const offer = (places) => {
    found.replaceChildren(places.length ? element("p", {}, tell("place.which")) : "", element("ul", { class: "dr-suggest" }, places.map((one) => element("li", {},
      element("button", { type: "button", class: "dr-choice", onclick: async () => {
        found.replaceChildren();
        await choose(one);
        map()?.show(one);
      } }, element("span", {}, one.title, one.layer ? element("small", {}, one.layer) : ""))))));
  };
  // The words count as the place until one of the town's places is chosen; the town looks for them when they arrive.
  input.addEventListener("input", () => {
    change(input.value.trim() ? { text: input.value, place: null } : { text: "" });
    fill();
  });
  const search = async () => {
    if (!input.value.trim()) return input.focus();
    found.replaceChildren(element("p", { class: "dr-hint" }, tell("place.searching")));
    try {
      const places = await placesNamed(input.value.trim());
      if (places.length) offer(places);
      else found.replaceChildren(element("p", { class: "dr-notice" }, tell("place.not_found")));
    } catch {
      found.replaceChildren(element("p", { class: "dr-notice" }, tell("place.search_later")));
    }
    return undefined;
  };
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing) { event.preventDefault(); search(); }
  });
  if (candidates.length) offer(candidates.map((one) => ({ ...one, title: one.matched || one.title || "", source: one.source || "landmark", accuracy_m: one.accuracy_m ?? 50 })));
  return element("div", {}, field(tell("place.words"), input, tell("place.words_hint")), element("div", { class: "dr-buttons dr-close" }, button(tell("place.search"), search, "dr-quiet dr-small")), found);
}

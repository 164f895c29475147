/* Going from screen to screen and back; the browser's own history holds the way. */
import { element } from "./dom.js";
import { begun, change } from "./draft.js";
import { tell } from "./words.js";

let screens = {}; // name -> { render(box, values) -> what to end when it is left }
let counted = []; // the screens that are counted; the others are met only where they are wanted
let room = null;
let urgent = null;
let title = "";
let shown = "";
let leave = null; // what the present screen has to end

/** Put the steps in the plain form's place and show the first; left is a draft that was found on the phone. */
export async function startWalk(plain, found, known, order) {
  screens = known;
  counted = order;
  urgent = document.querySelector("[data-dr=urgent]");
  room = element("div", { class: "dr-steps", id: "dr-steps" });
  plain.replaceWith(room);
  title = document.title;
  window.addEventListener("popstate", ({ state }) => show(meant(state?.screen), state || {}));
  const { state } = history;
  if (state?.screen === "sent") return show("sent", state, false);
  if (state?.screen && found) return show(meant(state.screen), state, false); // a reload in the middle
  return enter(found ? "left" : "photos");
}

function enter(screen, values = {}) {
  history.replaceState({ ...values, screen, depth: history.state?.depth || 0 }, "", location.pathname + location.search);
  return show(screen, values, false);
}

const address = (screen) => `${location.pathname}${location.search}#${screen}`;

/** On to a screen, one step deeper in the browser's history. */
export async function go(screen, values = {}) {
  if (counted.includes(screen)) change({ step: screen });
  history.pushState({ ...values, screen, depth: (history.state?.depth || 0) + 1 }, "", address(screen));
  await show(screen, values);
}

/** On to a screen that takes the present one's place. */
export async function instead(screen, values = {}) {
  if (counted.includes(screen)) change({ step: screen });
  history.replaceState({ ...values, screen, depth: history.state?.depth || 0 }, "", address(screen));
  await show(screen, values);
}

/** To the screen before: a step back in the browser's history where this visit has one. */
export function back() {
  if (history.state?.depth) history.back();
  else instead(counted[Math.max(0, counted.indexOf(shown) - 1)] || "photos");
}

// The way back may lead to screens of a report that is sent or thrown away: then a new one begins.
const meant = (screen) => (screen in screens && (begun() || !["place", "category", "questions", "words", "contact", "check", "paint", "left"].includes(screen)) ? screen : "photos");

async function show(screen, values = {}, focus = true) {
  leave?.();
  leave = null;
  shown = screen;
  const step = element("section", { class: "dr-step", "data-screen": screen });
  const parts = [bar(screen), step];
  if (urgent) urgent.hidden = !["photos", "left"].includes(screen);
  const ending = (await screens[screen].render(step, values)) || null;
  if (shown !== screen) return ending?.();
  leave = ending;
  const heading = step.querySelector("h1");
  heading.tabIndex = -1;
  room.replaceChildren(...parts);
  document.title = `${heading.textContent} – ${title}`;
  if (!focus) return undefined;
  window.scrollTo(0, 0);
  heading.focus({ preventScroll: true });
  return undefined;
}

/** Draw the present screen once more, the focus where it was asked for. */
export async function again(values = {}) {
  await show(shown, { ...history.state, ...values }, false);
}

function bar(screen) {
  const at = counted.indexOf(screen);
  const can = !["photos", "left"].includes(screen) && (screen !== "sent" || !history.state?.uuid);
  const progress = at >= 0 && element("p", { class: "dr-progress" }, tell("step.progress", { n: at + 1, of: counted.length }), " ", tell(`step.${counted[at]}`));
  const line = element("div", { class: "dr-bar" }, can && element("button", { type: "button", class: "dr-back", onclick: back }, tell("step.back")), progress);
  const dots = at >= 0 && element("ol", { class: "dr-steps-done", "aria-hidden": "true" }, counted.map((_, i) => element("li", { class: i <= at ? "dr-past" : "" })));
  return element("div", {}, line, dots);
}

/* What it is about: one tap chooses and goes on. */
import { element } from "./dom.js";
import { change, draft } from "./draft.js";
import { door, say, spoken, tell } from "./words.js";
import { go } from "./walk.js";

export function render(box) {
  box.append(
    element("h1", {}, tell("category.title")),
    element("div", { role: "group", "aria-label": say("category.title") }, door.categories.map(choice)),
  );
}

function choice(one) {
  const chosen = draft.category === one.code;
  return element("button", { type: "button", class: "dr-choice", "aria-pressed": String(chosen), "data-category": one.code, onclick: () => choose(one) },
    element("span", { class: "dr-symbol", "aria-hidden": "true" }, one.symbol),
    element("span", {}, spoken(one.name), element("small", {}, spoken(one.hint || ""))));
}

async function choose(one) {
  if (draft.category !== one.code) change({ category: one.code, answers: {}, not_same: "" });
  await go(one.questions.length || one.danger ? "questions" : "check");
}

/* The category's own short questions; when the last of them is answered by a tap, the form goes on by itself. */
import { button, element, field, freshId, rename } from "./dom.js";
import { change, draft } from "./draft.js";
import { categoryOf, spoken, tell } from "./words.js";
import { forward } from "./forward.js";
import { instead } from "./walk.js";

const LONGEST = 200;

export function render(box) {
  const category = categoryOf(draft.category);
  if (!category) { // the town has stopped taking this kind since the draft was written
    box.append(element("h1", {}, tell("category.missing")), element("div", { class: "dr-buttons" }, button(tell("category.title"), () => instead("category"))));
    return;
  }
  const answered = Object.keys(draft.answers).length > 0;
  box.append(
    element("h1", {}, spoken(category.name)),
    category.danger ? element("p", { class: "dr-notice dr-warn" }, spoken(category.danger)) : "",
    ...category.questions.map((question) => (question.choices.length ? tapped(question, category) : typed(question))),
    element("div", { class: "dr-buttons" }, button(tell(answered || !category.questions.length ? "step.next" : "questions.skip"), forward, answered || !category.questions.length ? "" : "dr-quiet")),
  );
}

function tapped(question, category) {
  const id = freshId("question");
  const group = element("div", { class: "dr-field", role: "group", "aria-labelledby": id }, element("h2", { id }, spoken(question.ask)));
  for (const { value, text } of question.choices) {
    const chosen = () => draft.answers[question.id] === value;
    group.append(element("button", {
      type: "button", class: "dr-choice", "aria-pressed": String(chosen()), "data-value": value,
      onclick: () => {
        const { [question.id]: before, ...others } = draft.answers;
        change({ answers: before === value ? others : { ...others, [question.id]: value } });
        group.querySelectorAll(".dr-choice").forEach((one) => one.setAttribute("aria-pressed", String(draft.answers[question.id] === one.dataset.value)));
        const all = category.questions.every((one) => draft.answers[one.id]);
        if (all && before === undefined) forward();
        else relabel(group.parentNode);
      },
    }, element("span", {}, spoken(text))));
  }
  return group;
}

function relabel(box) {
  const last = box.querySelector(".dr-buttons .dr-button");
  const answered = Object.keys(draft.answers).length > 0;
  rename(last, tell(answered ? "step.next" : "questions.skip"));
  last.classList.toggle("dr-quiet", !answered);
}

function typed(question) {
  const input = element("input", { type: "text", maxlength: LONGEST, value: draft.answers[question.id] || "", autocomplete: "off" });
  input.addEventListener("input", () => {
    const { [question.id]: _, ...others } = draft.answers;
    change({ answers: input.value.trim() ? { ...others, [question.id]: input.value } : others });
    relabel(input.closest(".dr-step"));
  });
  return field(spoken(question.ask), input);
}

/* Words of one's own; left out freely unless there is neither a photo nor an answer. */
import { button, element, field, showFaults } from "./dom.js";
import { change, draft } from "./draft.js";
import { say, tell } from "./words.js";
import { forward, worthSending } from "./forward.js";
import { instead } from "./walk.js";

const LONGEST = 4000;

export function render(box, { needed = false, edit = false }) {
  const input = element("textarea", { maxlength: LONGEST, rows: 5 });
  input.value = draft.body;
  input.addEventListener("input", () => change({ body: input.value }));
  const done = () => {
    if (!worthSending()) return showFaults(box, say("fault.title"), [{ text: say("words.missing"), input }]);
    return edit ? instead("check") : forward();
  };
  box.append(
    element("h1", {}, tell("words.title")),
    needed ? element("p", {}, tell("words.needed")) : "",
    field(tell("words.label"), input, tell("words.hint")),
    element("div", { class: "dr-buttons" }, button(tell("step.next"), done)),
  );
}

/* How the town may answer; left out freely. */
import { button, element, field, showFaults } from "./dom.js";
import { change, draft } from "./draft.js";
import { say, tell } from "./words.js";
import { instead } from "./walk.js";

const FIELDS = [
  ["name", { type: "text", autocomplete: "name", maxlength: 100 }],
  ["phone", { type: "tel", autocomplete: "tel", maxlength: 30 }],
  ["email", { type: "email", autocomplete: "email", maxlength: 200 }],
];

export function render(box) {
  const inputs = Object.fromEntries(FIELDS.map(([name, look]) => {
    const input = element("input", { ...look, value: draft.contact[name] });
    input.addEventListener("input", () => change({ contact: { ...draft.contact, [name]: input.value } }));
    return [name, input];
  }));
  const wants = element("input", { type: "checkbox" });
  wants.checked = draft.contact.wants_reply;
  wants.addEventListener("change", () => change({ contact: { ...draft.contact, wants_reply: wants.checked } }));
  box.append(
    element("h1", {}, tell("contact.title")),
    element("p", {}, tell("contact.hint")),
    ...FIELDS.map(([name]) => field(tell(`contact.${name}`), inputs[name])),
    element("label", { class: "dr-choice" }, wants, element("span", {}, tell("contact.wants_reply"))),
    element("div", { class: "dr-buttons" }, button(tell("step.next"), () => {
      const faults = faultsOf(inputs);
      return faults.length ? showFaults(box, say("fault.title"), faults) : instead("check");
    })),
  );
}

function faultsOf({ phone, email }) {
  const faults = [];
  if (email.value.trim() && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email.value.trim())) faults.push({ text: say("contact.bad_email"), input: email });
  if (phone.value.trim() && phone.value.normalize("NFKC").replace(/\D/g, "").length < 9) faults.push({ text: say("contact.bad_phone"), input: phone });
  return faults;
}

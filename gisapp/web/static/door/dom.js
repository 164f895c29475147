/* Small pieces of a page. Whatever a person or a file supplied enters as text, never as markup. */

export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return node;
}

let ticket = 0;

/** An id that no other element of the page has. */
export const freshId = (start) => `dr-${start}-${(ticket += 1)}`;

let voice = null;

/** Say a line to screen readers, without moving anything. */
export function announce(text) {
  if (!voice) {
    voice = element("div", { class: "dr-out", role: "status", "aria-live": "polite" });
    document.body.append(voice);
  }
  voice.textContent = voice.textContent === text ? `${text}\u00a0` : text; // the same words again are news as well
}

/** A button of ours; look is dr-quiet, dr-danger or nothing. */
export const button = (text, onclick, look = "", more = {}) =>
  element("button", { type: "button", class: `dr-button ${look}`.trim(), onclick, ...more }, element("span", {}, text));

/** Give a button other words. */
export const rename = (node, text) => node.replaceChildren(element("span", {}, text));

/** A labelled field with its hint; the fault, if there is one, is tied to it for screen readers. */
export function field(label, input, hint = null) {
  const id = input.id || freshId("field");
  input.id = id;
  const about = hint && element("p", { class: "dr-hint", id: `${id}-hint` }, hint);
  if (about) input.setAttribute("aria-describedby", about.id);
  return element("div", { class: "dr-field" }, element("label", { for: id }, label), about, input);
}

/** Show what is wrong: a summary that takes the focus and leads to each field, and a line at the field itself. */
export function showFaults(box, title, faults) {
  clearFaults(box);
  const rows = faults.map(({ text, input }) => {
    if (input) tie(input, text);
    return element("li", {}, input ? element("a", { href: `#${input.id}`, onclick: (event) => { event.preventDefault(); input.focus(); } }, text) : text);
  });
  const summary = element("div", { class: "dr-error", role: "alert", tabindex: "-1" }, element("h2", {}, title), element("ul", {}, rows));
  box.querySelector("h1").before(summary);
  summary.focus();
  summary.scrollIntoView({ block: "nearest" });
}

export function clearFaults(box) {
  box.querySelectorAll(".dr-error, .dr-fault").forEach((node) => node.remove());
  box.querySelectorAll("[aria-invalid]").forEach((node) => {
    node.removeAttribute("aria-invalid");
    node.removeAttribute("aria-errormessage");
  });
}

function tie(input, text) {
  input.id = input.id || freshId("field");
  const line = element("p", { class: "dr-fault", id: `${input.id}-fault` }, text);
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-describedby", [`${input.id}-hint`, line.id].filter((id) => id === line.id || document.getElementById(id)).join(" "));
  input.before(line);
}

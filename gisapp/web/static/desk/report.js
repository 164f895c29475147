/* A report's page: its two maps, ready words into a reply, and what residents will see of it. The page works without. */
import { announce } from "../door/dom.js";
import { townMap } from "../door/town_map.js";
import { door } from "../door/words.js";

const told = JSON.parse(document.getElementById("dk-told").textContent);
door.words = told.words;

/* ---- maps ---- */

async function draw(box, chosen) {
  box.hidden = false;
  try {
    return await townMap(box, told.place, chosen);
  } catch {
    box.replaceChildren(Object.assign(document.createElement("p"), { className: "dr-hint", textContent: told.words.failed }));
    return null;
  }
}

async function showPlace() {
  const box = document.getElementById("dk-map");
  if (box && (await draw(box, () => {}))) box.dataset.ready = "yes";
}

function pickPlace() {
  const box = document.getElementById("dk-pick");
  const fold = box?.closest("details");
  if (!fold) return;
  let drawn = false;
  const start = async () => {
    if (!fold.open || drawn) return;
    drawn = true;
    const form = box.closest("form");
    const map = await draw(box, ({ lon, lat }) => {
      form.elements.lon.value = lon.toFixed(7);
      form.elements.lat.value = lat.toFixed(7);
      announce(told.words.picked);
    });
    if (map) box.dataset.ready = "yes";
  };
  fold.addEventListener("toggle", start);
  start();
}

/* ---- replies ---- */

const filled = (text) => text.replace(/\{(number|category|town)\}/g, (_, name) => told.fields[name]);

function preview(area) {
  const shown = document.querySelector(`[data-preview="${area.id}"]`);
  if (!shown) return;
  shown.hidden = !area.value.trim();
  shown.querySelector(".dk-words").textContent = filled(area.value.trim());
}

function readyWords(box) {
  const area = document.getElementById(box.dataset.for);
  const select = box.querySelector("select");
  const form = box.closest("form");
  box.hidden = false;
  const choose = () => {
    const status = form.elements.status?.value || "";
    for (const option of select.options) {
      const reply = told.replies.find((one) => one.id === option.value);
      option.hidden = Boolean(reply && status && reply.states.length && !reply.states.includes(status));
    }
  };
  let put = ""; // what we put in: it may be replaced, what a person has typed may not
  select.addEventListener("change", () => {
    const reply = told.replies.find((one) => one.id === select.value);
    if (!reply) return;
    area.value = !area.value.trim() || area.value === put ? reply.text : `${area.value.trimEnd()}\n${reply.text}`;
    put = area.value;
    preview(area);
  });
  form.addEventListener("change", choose);
  choose();
}

/* ---- who can be given the work: those of the department chosen ---- */

function peopleOf() {
  const department = document.getElementById("assign-department");
  const person = document.getElementById("assign-assignee");
  if (!department || !person) return;
  const choose = () => {
    for (const group of person.querySelectorAll("optgroup")) {
      const fits = group.dataset.department === department.value;
      group.hidden = !fits;
      group.disabled = !fits;
      if (!fits && group.contains(person.selectedOptions[0])) person.value = "";
    }
  };
  department.addEventListener("change", choose);
  choose();
}

/* ---- a reason is asked for where the state needs one ---- */

function reasons() {
  const form = document.querySelector('form[data-act="status"]');
  if (!form) return;
  form.addEventListener("change", () => {
    const chosen = form.querySelector("input[name=status]:checked");
    form.elements.public.required = Boolean(chosen?.dataset.public);
  });
}

/* ---- a link such as #do-reply opens its fold ---- */

function openLinked() {
  const fold = location.hash.startsWith("#do-") && document.getElementById(location.hash.slice(1));
  if (fold) fold.open = true;
}

document.querySelectorAll(".dk-ready").forEach(readyWords);
document.querySelectorAll("textarea[name=public]").forEach((area) => {
  area.addEventListener("input", () => preview(area));
  preview(area);
});
peopleOf();
reasons();
openLinked();
window.addEventListener("hashchange", openLinked);
pickPlace();
showPlace();
document.documentElement.dataset.desk = "ready";

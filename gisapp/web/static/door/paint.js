/* Boxes on a picture, drawn and moved by finger, mouse or keys. Places and sizes are shares of the picture's sides. */
import { element } from "./dom.js";
import { withMargin } from "./photos.js";

const LEAST = 0.03;
const FIRST = { x: 0.35, y: 0.4, w: 0.3, h: 0.2 };
const STEP = 0.02;
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const TAP_PX = 8;

export class BoxesOn {
  constructor(room, boxes, tell) {
    Object.assign(this, { room, tell, rows: [], chosen: null });
    for (const box of boxes) this.put({ ...box });
    room.addEventListener("pointerdown", (event) => this.press(event));
  }

  shares() { return this.rows.map(({ box }) => box); }

  /** Add a box in the middle (the way for keys) and give it the focus. */
  add() {
    const shift = (this.rows.length % 5) * 0.04;
    const row = this.put({ ...FIRST, x: FIRST.x + shift, y: FIRST.y + shift });
    row.node.focus();
    this.tell.added(this.rows.length);
  }

  removeChosen() { this.remove(this.chosen || this.rows.at(-1)); }

  put(box) {
    const node = element("button", { type: "button", class: "dr-box" }, element("span", { class: "dr-box-corner", "aria-hidden": "true" }));
    const row = { box, node };
    node.addEventListener("keydown", (event) => this.key(event, row));
    node.addEventListener("focus", () => { this.chosen = row; });
    this.rows.push(row);
    this.room.append(node);
    this.draw(row);
    this.renumber();
    return row;
  }

  remove(row) {
    if (!row) return;
    this.rows.splice(this.rows.indexOf(row), 1);
    row.node.remove();
    this.chosen = null;
    this.renumber();
    (this.rows.at(-1)?.node || this.room.closest(".dr-step").querySelector("h1")).focus();
    this.tell.removed();
  }

  renumber() { this.rows.forEach(({ node }, i) => node.setAttribute("aria-label", this.tell.name(i + 1))); }

  // What is seen is what will be black: the box and its margin.
  draw({ box, node }) {
    const { x, y, w, h } = withMargin(box);
    Object.assign(node.style, { left: `${x * 100}%`, top: `${y * 100}%`, width: `${w * 100}%`, height: `${h * 100}%` });
  }

  set(row, { x, y, w, h }) {
    const size = (value) => Math.min(1, Math.max(LEAST, value));
    const [width, height] = [size(w), size(h)];
    row.box = { x: Math.min(1 - width, Math.max(0, x)), y: Math.min(1 - height, Math.max(0, y)), w: width, h: height };
    this.draw(row);
  }

  key(event, row) {
    const move = MOVES[event.key];
    if (event.key === "Delete" || event.key === "Backspace") this.remove(row);
    else if (move && event.shiftKey) this.set(row, { ...row.box, w: row.box.w + move[0] * STEP, h: row.box.h + move[1] * STEP });
    else if (move) this.set(row, { ...row.box, x: row.box.x + move[0] * STEP, y: row.box.y + move[1] * STEP });
    else return;
    event.preventDefault();
  }

  at({ clientX, clientY }) {
    const { left, top, width, height } = this.room.getBoundingClientRect();
    return [(clientX - left) / width, (clientY - top) / height];
  }

  press(event) {
    if (event.button) return;
    event.preventDefault();
    const [x, y] = this.at(event);
    const old = this.rows.find(({ node }) => node.contains(event.target));
    const corner = event.target.classList.contains("dr-box-corner");
    const row = old || this.put({ x, y, w: LEAST, h: LEAST });
    const from = { ...row.box };
    const pull = (now) => {
      const [px, py] = this.at(now);
      if (old && !corner) this.set(row, { ...from, x: from.x + px - x, y: from.y + py - y });
      else if (old) this.set(row, { ...from, w: from.w + px - x, h: from.h + py - y });
      else this.set(row, { x: Math.min(x, px), y: Math.min(y, py), w: Math.abs(px - x), h: Math.abs(py - y) });
    };
    const stop = (now) => {
      this.room.removeEventListener("pointermove", pull);
      for (const name of ["pointerup", "pointercancel"]) this.room.removeEventListener(name, stop);
      if (!old && Math.hypot(now.clientX - event.clientX, now.clientY - event.clientY) < TAP_PX) return this.remove(row); // a tap draws nothing
      row.node.focus();
      return old ? undefined : this.tell.added(this.rows.length);
    };
    this.room.setPointerCapture(event.pointerId);
    this.room.addEventListener("pointermove", pull);
    for (const name of ["pointerup", "pointercancel"]) this.room.addEventListener(name, stop);
  }
}

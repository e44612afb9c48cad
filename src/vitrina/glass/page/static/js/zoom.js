// A magnifying glass over the network: how much larger it is drawn, and which part of it is then seen.

import { make } from "./dom.js";
import { t } from "./text.js";

const MOST = 16; // times as large
const STEP = 1.6; // of a button or a key
const PINCH = 0.01; // of a wheel's turn
const DRAGGED = 4; // pixels from which on a press is no click

export class Zoom {
  // canvas: what is drawn on, and seen through; bar: for the buttons; changed: called when another part is seen.
  constructor(canvas, bar, changed) {
    Object.assign(this, { canvas, bar, changed, by: 1, left: 0, top: 0, dragged: false });
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("dblclick", (event) => this.to(STEP * STEP, event.offsetX, event.offsetY));
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointermove", (event) => this.drag(event));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (this.from = null));
  }

  // The buttons, in the language of now.
  build() {
    this.bar.setAttribute("aria-label", t("How large the network is drawn"));
    const button = (name, sign, words, work) => make("button", { type: "button", "data-zoom": name, title: words, "aria-label": words, onclick: work }, sign);
    this.bar.replaceChildren(
      button("in", "+", t("Larger: click twice on a place, or press +"), () => this.step(1)),
      button("out", "−", t("Smaller: press −"), () => this.step(-1)),
      button("whole", "⤢", t("The whole network: press 0"), () => this.whole()));
    this.show();
  }

  show() {
    this.canvas.style.touchAction = this.by > 1 ? "none" : ""; // a finger moves what is larger than its window, and else the page
    for (const one of this.bar.children) one.disabled = one.dataset.zoom === "in" ? this.by >= MOST : this.by <= 1;
  }

  step(way) {
    const { clientWidth, clientHeight } = this.canvas;
    this.to(STEP ** way, clientWidth / 2, clientHeight / 2);
  }

  whole() {
    this.to(1 / this.by, 0, 0);
  }

  // So many times as large as now; the place of the canvas that is told stays where it is.
  to(times, x, y) {
    const by = Math.min(MOST, Math.max(1, this.by * times));
    const [across, down] = this.within(x, y);
    Object.assign(this, { by, left: across - x / by, top: down - y / by });
    this.move(0, 0);
    this.show();
  }

  // By so many pixels, as far as there is something to be seen.
  move(x, y) {
    const room = 1 - 1 / this.by;
    this.left = Math.max(0, Math.min(room * this.canvas.clientWidth, this.left + x / this.by));
    this.top = Math.max(0, Math.min(room * this.canvas.clientHeight, this.top + y / this.by));
    this.changed();
  }

  // Moves until a place of the whole can be seen.
  reveal([x, y]) {
    const { clientWidth, clientHeight } = this.canvas;
    const [across, down] = this.seen(x, y);
    const beyond = (at, size) => (at < 0.1 * size || at > 0.9 * size ? at - size / 2 : 0);
    if (this.by > 1) this.move(beyond(across, clientWidth), beyond(down, clientHeight));
  }

  // What is drawn from now on is drawn as large as it is to be seen.
  magnify(pen) {
    pen.scale(this.by, this.by);
    pen.translate(-this.left, -this.top);
  }

  // A place of the canvas as one of the whole, and the other way round.
  within = (x, y) => [this.left + x / this.by, this.top + y / this.by];
  seen = (x, y) => [(x - this.left) * this.by, (y - this.top) * this.by];

  // A pinch comes as a wheel with the control key; a wheel alone is the page's.
  wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.to(Math.exp(-PINCH * event.deltaY), event.offsetX, event.offsetY);
  }

  press({ clientX, clientY, pointerId }) {
    this.dragged = false;
    if (this.by > 1) this.from = { x: clientX, y: clientY, pointerId };
  }

  drag({ clientX, clientY }) {
    if (!this.from) return;
    const [x, y] = [this.from.x - clientX, this.from.y - clientY];
    if (!this.dragged && Math.hypot(x, y) < DRAGGED) return;
    if (!this.dragged) this.canvas.setPointerCapture(this.from.pointerId); // it may leave the canvas meanwhile
    this.dragged = true;
    Object.assign(this.from, { x: clientX, y: clientY });
    this.move(x, y);
  }

  // True if the key was one of its own.
  key(key) {
    const work = { "+": () => this.step(1), "=": () => this.step(1), "-": () => this.step(-1), 0: () => this.whole() }[key];
    work?.();
    return Boolean(work);
  }
}

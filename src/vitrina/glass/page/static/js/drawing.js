// A sheet to draw on, from -1 to 1 both ways: with a mouse, a pen, a finger, or the keys. What a stroke leaves is for others to say.

import { colour, fill, make, radios, sharp } from "./dom.js";
import { t } from "./text.js";

export const SIDE = 236;
const STEP = 0.05; // of the keys

export class Drawing {
  // points: what is drawn; words: what the sheet is for, for those who hear it; tools: those of the last are taken away with;
  // patterns: {name: words}, ready-made; made: the points of a pattern; changed: told of new points.
  constructor({ points, words, tools, patterns, made, changed }) {
    Object.assign(this, { points, changed, tool: 0, at: null });
    this.canvas = make("canvas", { tabindex: 0, role: "application", "aria-label": words });
    this.told = make("p", { class: "quiet small", role: "status" });
    this.tools = tools.map(({ name, ink }, at) => make("button", { type: "button", role: "radio", "data-tool": at, "aria-checked": "false", onclick: () => this.take(at) },
      make("i", { class: "ink", style: ink ? `background:var(${ink})` : "border:1.5px dashed var(--quiet)" }), name));
    const buttons = Object.entries(patterns).map(([of, name]) => make("button", { type: "button", "data-pattern": of, onclick: () => this.put(made(of)) }, name));
    this.choice = make("div", { class: "along", role: "radiogroup", "aria-label": t("What to draw with") }, ...this.tools);
    this.place = make("div", { class: "points" }, this.canvas,
      make("div", { class: "tools" },
        this.choice,
        make("div", { class: "buttons" }, ...buttons, make("button", { type: "button", "data-pattern": "none", onclick: () => this.put([]) }, t("clear"))), this.told));
    this.canvas.addEventListener("pointerdown", (event) => this.press(event));
    this.canvas.addEventListener("pointermove", (event) => event.buttons && this.drag(event));
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    this.canvas.addEventListener("focus", () => { this.at ??= [0, 0]; this.draw(); });
    this.canvas.addEventListener("blur", () => { this.at = null; this.lift(); this.draw(); });
    this.take(0);
  }

  get erasing() {
    return this.tool === this.tools.length - 1;
  }

  take(tool) {
    this.tool = tool;
    this.tools.forEach((one, at) => one.setAttribute("aria-checked", String(at === tool)));
    radios(this.choice);
    this.draw();
  }

  put(points) {
    this.points = points;
    this.changed(points);
    this.draw();
  }

  press(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.lift();
    this.drag(event);
  }

  drag(event) {
    const place = this.under(event);
    this.at = place.map((value) => Math.max(-1, Math.min(1, value))); // the keys go on from there
    this.stroke(place);
  }

  under(event) {
    const edge = this.canvas.getBoundingClientRect();
    return [(event.clientX - edge.left) / SIDE * 2 - 1, 1 - (event.clientY - edge.top) / SIDE * 2];
  }

  key(event) {
    const moves = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };
    this.at ??= [0, 0];
    if (event.key in moves) {
      this.at = this.at.map((value, of) => Math.max(-1, Math.min(1, value + moves[event.key][of])));
      this.moved();
    } else if (event.key === " " || event.key === "Enter") this.set();
    else if (Number(event.key) >= 1 && Number(event.key) < this.tools.length) this.take(Number(event.key) - 1);
    else if (event.key === "Delete" || event.key === "Backspace") this.erase();
    else return;
    event.preventDefault();
    this.draw();
  }

  erase() {
    const { tool } = this;
    this.tool = this.tools.length - 1;
    this.mark(this.at);
    this.tool = tool;
  }

  moved() {} // the keys' place is another

  lift() {} // another stroke begins

  draw() {
    const pen = sharp(this.canvas, SIDE, SIDE);
    pen.fillStyle = colour("--faint");
    pen.fillRect(0, 0, SIDE, SIDE);
    pen.strokeStyle = colour("--edge");
    pen.strokeRect(across(0), -1, 0, SIDE + 2);
    pen.strokeRect(-1, down(0), SIDE + 2, 0);
    fill(this.told, this.paint(pen));
    if (!this.at) return;
    pen.lineWidth = 1;
    pen.strokeStyle = colour("--ink");
    pen.beginPath();
    pen.arc(across(this.at[0]), down(this.at[1]), 6, 0, 2 * Math.PI);
    pen.stroke();
  }
}

export const across = (x) => (x + 1) / 2 * SIDE;
export const down = (y) => (1 - y) / 2 * SIDE;

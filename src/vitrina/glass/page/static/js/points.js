// Points drawn by hand in a plane, of two colours; with the pointer, or with the keys.

import { colour, fill, make, sharp } from "./dom.js";
import { count, t } from "./text.js";

const SIDE = 236;
const APART = 11; // pixels between two points of one stroke
const STEP = 0.05; // of the keys
const RUBBER = 14; // pixels around the eraser
const MANY = 200; // points of a pattern
const NOISE = 0.07;

export class Points {
  constructor(points, most, changed) {
    Object.assign(this, { points, most, changed, tool: 0, at: null, last: null });
    this.canvas = make("canvas", { tabindex: 0, role: "application", "aria-label": t("Draw points. Arrow keys move, space puts a point, 1 and 2 choose its colour, delete takes it away.") });
    this.told = make("p", { class: "quiet small", role: "status" });
    const tools = [t("blue"), t("orange"), t("eraser")];
    this.tools = tools.map((name, at) => make("button", { type: "button", role: "radio", "data-tool": at, "aria-checked": "false", onclick: () => this.take(at) },
      make("i", { class: "ink", style: at < 2 ? `background:var(${at ? "--more" : "--less"})` : "border:1.5px dashed var(--quiet)" }), name));
    const patterns = { moons: t("moons"), circles: t("circles"), spiral: t("spiral"), corners: t("corners") };
    const buttons = Object.entries(patterns).map(([of, name]) => make("button", { type: "button", "data-pattern": of, onclick: () => this.put(pattern(of)) }, name));
    this.place = make("div", { class: "points" }, this.canvas,
      make("div", { class: "tools" },
        make("div", { class: "along", role: "radiogroup", "aria-label": t("What to draw with") }, ...this.tools),
        make("div", { class: "buttons" }, ...buttons, make("button", { type: "button", "data-pattern": "none", onclick: () => this.put([]) }, t("clear"))), this.told));
    this.canvas.addEventListener("pointerdown", (event) => this.press(event));
    this.canvas.addEventListener("pointermove", (event) => event.buttons && this.stroke(event));
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    this.canvas.addEventListener("focus", () => { this.at ??= [0, 0]; this.draw(); });
    this.canvas.addEventListener("blur", () => { this.at = null; this.draw(); });
    this.take(0);
  }

  take(tool) {
    this.tool = tool;
    this.tools.forEach((one, at) => one.setAttribute("aria-checked", String(at === tool)));
    this.draw();
  }

  put(points) {
    this.points = points;
    this.changed(points);
    this.draw();
  }

  press(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.last = null;
    this.stroke(event);
  }

  stroke(event) {
    const edge = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - edge.left, event.clientY - edge.top];
    if (this.last && Math.hypot(x - this.last[0], y - this.last[1]) < APART) return;
    this.last = [x, y];
    this.mark([x / SIDE * 2 - 1, 1 - y / SIDE * 2]);
  }

  mark([x, y]) {
    const near = RUBBER / SIDE * 2;
    if (this.tool === 2) return this.put(this.points.filter(([a, b]) => Math.hypot(a - x, b - y) > near));
    if (this.points.length >= this.most || Math.abs(x) > 1 || Math.abs(y) > 1) return;
    this.put([...this.points, [Number(x.toFixed(4)), Number(y.toFixed(4)), this.tool]]);
  }

  key(event) {
    const moves = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };
    this.at ??= [0, 0];
    if (event.key in moves) this.at = this.at.map((value, of) => Math.max(-1, Math.min(1, value + moves[event.key][of])));
    else if (event.key === " " || event.key === "Enter") this.mark(this.at);
    else if (event.key === "1" || event.key === "2") this.take(Number(event.key) - 1);
    else if (event.key === "Delete" || event.key === "Backspace") this.erase();
    else return;
    event.preventDefault();
    this.draw();
  }

  erase() {
    const { tool } = this;
    this.tool = 2;
    this.mark(this.at);
    this.tool = tool;
  }

  draw() {
    const pen = sharp(this.canvas, SIDE, SIDE);
    const across = (x) => (x + 1) / 2 * SIDE;
    const down = (y) => (1 - y) / 2 * SIDE;
    pen.fillStyle = colour("--faint");
    pen.fillRect(0, 0, SIDE, SIDE);
    pen.strokeStyle = colour("--edge");
    pen.strokeRect(across(0), -1, 0, SIDE + 2);
    pen.strokeRect(-1, down(0), SIDE + 2, 0);
    const inks = [colour("--less"), colour("--more")];
    pen.strokeStyle = colour("--glass");
    for (const [x, y, of] of this.points) {
      pen.beginPath();
      pen.arc(across(x), down(y), 3.4, 0, 2 * Math.PI);
      pen.fillStyle = inks[of];
      pen.fill();
      pen.stroke();
    }
    if (this.at) {
      pen.strokeStyle = colour("--ink");
      pen.beginPath();
      pen.arc(across(this.at[0]), down(this.at[1]), 6, 0, 2 * Math.PI);
      pen.stroke();
    }
    fill(this.told, t("{count} points", { count: count(this.points.length) }));
  }
}

// Points in a pattern that a straight line cannot divide; the same each time.
export function pattern(of) {
  let seed = 7;
  const chance = () => { // mulberry32
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const noise = () => NOISE * (chance() + chance() + chance() - 1.5);
  const shapes = {
    moons: (share, which) => {
      const turn = Math.PI * share;
      return which ? [0.3 - 0.55 * Math.cos(turn) , -0.55 * Math.sin(turn) + 0.2] : [-0.25 + 0.55 * Math.cos(turn), 0.55 * Math.sin(turn) - 0.2];
    },
    circles: (share, which) => [Math.cos(2 * Math.PI * share), Math.sin(2 * Math.PI * share)].map((value) => value * (which ? 0.3 * Math.sqrt(chance()) : 0.72)),
    spiral: (share, which) => {
      const turn = 3.2 * Math.PI * Math.sqrt(share) + (which ? Math.PI : 0);
      return [0.88 * Math.sqrt(share) * Math.cos(turn), 0.88 * Math.sqrt(share) * Math.sin(turn)];
    },
    corners: (share, which) => {
      const [x, y] = [0.12 + 0.75 * chance(), 0.12 + 0.75 * chance()];
      return (share < 0.5) ? [x, which ? -y : y] : [-x, which ? y : -y];
    },
  };
  return Array.from({ length: MANY }, (_, at) => {
    const which = at % 2;
    const [x, y] = shapes[of]((at + 0.5) / MANY, which);
    return [...[x + noise(), y + noise()].map((value) => Number(Math.max(-1, Math.min(1, value)).toFixed(4))), which];
  });
}

// Points drawn by hand in a plane, of two colours.

import { colour } from "./dom.js";
import { across, down, Drawing, SIDE } from "./drawing.js";
import { count, t } from "./text.js";

const APART = 11 / SIDE * 2; // between two points of one stroke: so many pixels
const RUBBER = 14 / SIDE * 2; // around the eraser
const MANY = 200; // points of a pattern
const NOISE = 0.07;

export class Points extends Drawing {
  constructor(points, most, changed) {
    super({
      points, changed, made: pattern,
      words: t("Draw points. Arrow keys move, space puts a point, 1 and 2 choose its colour, delete takes it away."),
      tools: [{ name: t("blue"), ink: "--less" }, { name: t("orange"), ink: "--more" }, { name: t("eraser") }],
      patterns: { moons: t("moons"), circles: t("circles"), spiral: t("spiral"), corners: t("corners") },
    });
    this.most = most;
  }

  lift() {
    this.last = null;
  }

  stroke(at) {
    if (this.last && Math.hypot(at[0] - this.last[0], at[1] - this.last[1]) < APART) return;
    this.last = at;
    this.mark(at);
  }

  set() {
    this.mark(this.at);
  }

  mark([x, y]) {
    if (this.erasing) return this.put(this.points.filter(([a, b]) => Math.hypot(a - x, b - y) > RUBBER));
    if (this.points.length >= this.most || Math.abs(x) > 1 || Math.abs(y) > 1) return;
    this.put([...this.points, [Number(x.toFixed(4)), Number(y.toFixed(4)), this.tool]]);
  }

  paint(pen) {
    const inks = [colour("--less"), colour("--more")];
    pen.strokeStyle = colour("--glass");
    for (const [x, y, of] of this.points) {
      pen.beginPath();
      pen.arc(across(x), down(y), 3.4, 0, 2 * Math.PI);
      pen.fillStyle = inks[of];
      pen.fill();
      pen.stroke();
    }
    return t("{count} points", { count: count(this.points.length) });
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

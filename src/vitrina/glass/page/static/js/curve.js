// A curve drawn by hand, one height for each place across: what a network of one input and one output can learn.

import { colour } from "./dom.js";
import { across, down, Drawing } from "./drawing.js";
import { percent, t } from "./text.js";

const PLACES = 118; // across, two pixels each
const RUBBER = 3; // places on either side of the eraser

export class Curve extends Drawing {
  constructor(points, changed) {
    super({
      points, changed, made: ready,
      words: t("Draw a curve. Arrow keys move the pen, space puts it down or lifts it, delete takes away what is above and below it."),
      tools: [{ name: t("pen"), ink: "--less" }, { name: t("eraser") }],
      patterns: { wave: t("wave"), chirp: t("faster and faster"), steps: t("stairs"), peak: t("peak") },
    });
  }

  lift() {
    this.last = null;
    this.isDown = false;
  }

  // The keys draw while the pen is down.
  set() {
    this.isDown = !this.isDown;
    this.last = null;
    this.moved();
  }

  moved() {
    if (this.isDown) this.stroke(this.at);
  }

  // A stroke goes from where it last was to here, and replaces what stood there.
  stroke(at) {
    const here = [Math.max(-1, Math.min(1, at[0])), Math.max(-1, Math.min(1, at[1]))];
    const [from, to] = [this.last ?? here, here];
    this.last = here;
    if (this.erasing) return this.mark(here);
    const [first, last] = [place(from[0]), place(to[0])];
    const heights = new Map(this.points.map(([x, y]) => [place(x), y]));
    const way = Math.sign(last - first) || 1;
    for (let one = first; one !== last + way; one += way) {
      const share = first === last ? 1 : (one - first) / (last - first);
      heights.set(one, Number((from[1] + share * (to[1] - from[1])).toFixed(4)));
    }
    this.put(sorted(heights));
  }

  // Takes away what stands above and below.
  mark([x]) {
    this.put(this.points.filter(([a]) => Math.abs(place(a) - place(x)) > RUBBER));
  }

  paint(pen) {
    pen.strokeStyle = colour("--less");
    pen.lineWidth = 2.5;
    pen.lineCap = pen.lineJoin = "round";
    pen.beginPath();
    let before = -2;
    for (const [x, y] of this.points) {
      if (place(x) === before + 1) pen.lineTo(across(x), down(y));
      else { pen.moveTo(across(x), down(y)); pen.lineTo(across(x), down(y)); }
      before = place(x);
    }
    pen.stroke();
    const share = this.points.length / (PLACES + 1);
    return this.isDown ? t("the pen is down") : t("drawn over {share} of the width", { share: percent(share, 0) });
  }
}

const place = (x) => Math.round((x + 1) / 2 * PLACES);
const sorted = (heights) => [...heights].sort(([a], [b]) => a - b).map(([at, y]) => [Number((at / PLACES * 2 - 1).toFixed(4)), y]);

// A curve to begin with.
export function ready(of) {
  const shapes = {
    wave: (x) => 0.65 * Math.sin(2 * Math.PI * 1.25 * x),
    chirp: (x) => 0.65 * Math.sin(1.6 * Math.PI * (x + 1.2) ** 2),
    steps: (x) => (x < -0.35 ? -0.5 : x < 0.35 ? 0.55 : -0.1),
    peak: (x) => 1.1 * Math.exp(-((x / 0.28) ** 2)) - 0.5,
  };
  return sorted(new Map(Array.from({ length: PLACES + 1 }, (_, at) => [at, Number(shapes[of](at / PLACES * 2 - 1).toFixed(4))])));
}

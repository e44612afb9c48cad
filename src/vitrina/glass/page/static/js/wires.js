// Where nothing is weighed on the way from one layer to the next, a line says who hands on to whom.

import { css, largest, mix } from "./colours.js";
import { colour } from "./dom.js";
import { unitPlace } from "./places.js";

// from, to: boxes; values: of the neurons of `from`, where each of them has a partner in `to`.
export function wire(pen, from, to, scale, back) {
  pen.lineWidth = 1.6;
  const partners = from.form === "circles" && to.form === "circles" && from.units === to.units;
  if (partners && !to.over.has(from)) {
    const values = back ? to.seen.signal : from.seen.output;
    const most = largest(values ?? []);
    for (let unit = 0; unit < from.units; unit++) {
      pen.strokeStyle = css(mix(values?.[unit] ?? null, most, scale));
      curve(pen, unitPlace(from, unit), unitPlace(to, unit));
    }
    return;
  }
  pen.strokeStyle = colour("--edge");
  const [start, end] = [[from.x + from.w + 3, from.y + from.h / 2], [to.x - 3, to.y + to.h / 2]];
  if (to.over.has(from)) arch(pen, start, end, to.over.get(from));
  else curve(pen, start, end);
}

export function curve(pen, [x, y], [toX, toY]) {
  const bend = (toX - x) * 0.45;
  pen.beginPath();
  pen.moveTo(x, y);
  pen.bezierCurveTo(x + bend, y, toX - bend, toY, toX, toY);
  pen.stroke();
}

// Over what stands in between.
function arch(pen, [x, y], [toX, toY], top) {
  const bend = Math.min(28, (toX - x) / 4);
  pen.beginPath();
  pen.moveTo(x, y);
  pen.bezierCurveTo(x + bend, y, x, top, x + bend, top);
  pen.lineTo(toX - bend, top);
  pen.bezierCurveTo(toX, top, toX - bend, toY, toX, toY);
  pen.stroke();
}

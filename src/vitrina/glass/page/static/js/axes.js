// The axes of a plot: quiet lines, numbers as people of that language write them, and under the lower one what lies along it.

import { colour } from "./dom.js";
import { number } from "./text.js";

const FONT = "11px system-ui, 'DejaVu Sans', sans-serif";

// across, up: how a number is written; label: of the lower axis; space: between its numbers; size: room for those of the other.
export function axes({ across, up, label, space = 60, size = 48 }) {
  const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--faint"), width: 1 }, ticks: { show: false }, font: FONT };
  const told = (write) => (_, marks) => marks.map((mark) => (mark === null ? "" : write(mark)));
  const words = label ? { label, labelFont: FONT, labelSize: 16, labelGap: 0, size: 30 } : { size: 30 };
  return [{ ...axis, ...words, space, values: told(across) }, { ...axis, size, values: told(up) }];
}

// Round numbers between two, about so many.
export function marks(low, high, about) {
  const rough = (high - low) / about;
  if (!(rough > 0) || !Number.isFinite(rough)) return [];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((one) => one * power >= rough * 0.999);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, at) => Number(((first + at) * step).toPrecision(12)));
}

// The same two axes on a canvas of one's own: where each value comes to lie on it, and their numbers written beside.
export function rulers(pen, { x, y, left, top, width, height }) {
  const across = (value) => left + (value - x[0]) / (x[1] - x[0] || 1) * width;
  const down = (value) => top + height - (value - y[0]) / (y[1] - y[0] || 1) * height;
  Object.assign(pen, { font: FONT, fillStyle: colour("--quiet"), textAlign: "center", textBaseline: "top" });
  for (const value of marks(...x, width / 70)) pen.fillText(number(value, 4), across(value), top + height + 5);
  Object.assign(pen, { textAlign: "right", textBaseline: "middle" });
  for (const value of marks(...y, height / 45)) pen.fillText(number(value, 4), left - 6, down(value));
  return [across, down];
}

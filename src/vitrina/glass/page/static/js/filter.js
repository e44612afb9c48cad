// A filter of a convolution beside the patch of the image that is under it: where they are alike, their product is large.

import { css, largest, mix, scales } from "./colours.js";
import { make, sharp } from "./dom.js";
import { t } from "./text.js";

const MOST = 8; // channels that are drawn: those that count most
const ROOM = 300;

// null where a neuron is no filter, or not all of it is told.
export function filterView({ patch, count, terms }) {
  if (!patch || count !== terms.length) return null;
  const [rows, columns, channels] = patch;
  const grid = (of, channel) => Array.from({ length: rows * columns }, (_, at) => of[at * channels + channel]);
  const all = (what) => terms.reduce((values, term) => { values[term.input] = term[what]; return values; }, []);
  const [seen, weights] = [all("value"), all("weight")];
  const weighs = (channel) => grid(seen.map((value, at) => value * weights[at]), channel).reduce((sum, one) => sum + Math.abs(one), 0);
  const shown = Array.from({ length: channels }, (_, at) => at).sort((a, b) => weighs(b) - weighs(a)).slice(0, MOST);
  const canvas = make("canvas", { role: "img", "aria-label": t("The filter, and what it sees") });
  const size = Math.min(64, Math.floor(ROOM / shown.length) - 4);
  const pen = sharp(canvas, shown.length * (size + 4), 2 * size + 6);
  const [bright, heavy] = [largest(seen), largest(weights)];
  shown.forEach((channel, at) => {
    cells(pen, grid(seen, channel), bright, rows, columns, at * (size + 4), 0, size);
    cells(pen, grid(weights, channel), heavy, rows, columns, at * (size + 4), size + 6, size);
  });
  const words = channels > shown.length ? t("Above what it sees, below the filter: the {shown} maps that count most, of {count}.", { shown: shown.length, count: channels }) : t("Above what it sees, below the filter.");
  return make("div", { class: "filter" }, canvas, make("p", { class: "quiet small" }, words));
}

function cells(pen, values, most, rows, columns, x, y, size) {
  values.forEach((value, at) => {
    pen.fillStyle = css(mix(value, most, scales.forward));
    pen.fillRect(x + (at % columns) / columns * size, y + Math.floor(at / columns) / rows * size, size / columns - 1, size / rows - 1);
  });
}

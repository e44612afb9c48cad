// Which class was taken for which: a row for what is true, a column for what was said.

import { css, mix, scales } from "./colours.js";
import { fill, make, sharp } from "./dom.js";
import { count, t } from "./text.js";

const MOST = 12; // classes with a cell each that can be read; of more there is a picture
const LISTED = 6;

export function showConfusion(holder, counts, classes, pair, choose, canChoose) {
  const name = (at) => classes[at] ?? String(at);
  const head = make("h3", {}, t("What was taken for what"));
  const body = counts.length <= MOST ? cells(counts, name, pair, canChoose && choose) : picture(counts);
  fill(holder, head, make("p", { class: "quiet small" }, t("A row for what is true, a column for what was said.")), body, counts.length > MOST ? worst(counts, name) : null);
}

function cells(counts, name, pair, choose) {
  const long = counts.some((_, at) => name(at).length > 4);
  const corner = make("th", { class: "corner" }, make("span", { class: "quiet" }, t("true ↓  said →").replace(/ (?=[↓→])/g, "\u00a0"))); // an arrow stays with its word
  const head = make("tr", {}, corner, ...counts.map((_, at) => make("th", { scope: "col", title: name(at) }, make("span", { class: long ? "slanted" : "" }, name(at)))));
  const rows = counts.map((row, truth) => make("tr", {}, make("th", { scope: "row", title: name(truth) }, name(truth)), ...row.map((many, said) => cell(many, row, truth, said, pair, choose, name))));
  return make("div", { class: "scroll" }, make("table", { class: long ? "long" : "" }, make("thead", {}, head), make("tbody", {}, ...rows)));
}

// Blue where it was right, orange where it was not: how much of the row it is tells how strongly.
function cell(many, row, truth, said, pair, choose, name) {
  const all = row.reduce((sum, one) => sum + one, 0);
  const shade = mix(many ? (truth === said ? -1 : 1) * many / all : 0, 1, scales.forward);
  const dark = shade[0] * 0.3 + shade[1] * 0.6 + shade[2] * 0.1 < 140;
  const style = `background:${css(shade)};color:${dark ? "#fff" : "#10182c"}`;
  const told = t("{truth} taken for {said}: {count}", { truth: name(truth), said: name(said), count: count(many) });
  const chosen = pair && pair[0] === truth && pair[1] === said;
  if (!many) return make("td", { class: "none", title: told }, "·");
  if (!choose) return make("td", { style, title: told }, count(many));
  return make("td", { style, class: chosen ? "chosen" : "" }, make("button", { type: "button", title: told, "aria-label": told, "aria-pressed": String(Boolean(chosen)), onclick: () => choose([truth, said]) }, count(many)));
}

function picture(counts) {
  const side = Math.min(300, Math.max(160, counts.length * 4));
  const canvas = make("canvas", { role: "img", "aria-label": t("What was taken for what") });
  const pen = sharp(canvas, side, side);
  const each = side / counts.length;
  counts.forEach((row, truth) => {
    const all = Math.max(1, row.reduce((sum, one) => sum + one, 0));
    row.forEach((many, said) => {
      pen.fillStyle = css(mix(many ? (truth === said ? -1 : 1) * many / all : 0, 1, scales.forward));
      pen.fillRect(said * each, truth * each, each + 0.5, each + 0.5);
    });
  });
  return canvas;
}

function worst(counts, name) {
  const pairs = counts.flatMap((row, truth) => row.map((many, said) => ({ many, truth, said }))).filter(({ many, truth, said }) => many && truth !== said);
  pairs.sort((a, b) => b.many - a.many);
  return make("ol", { class: "small" }, ...pairs.slice(0, LISTED).map(({ many, truth, said }) => make("li", {}, t("{truth} taken for {said}: {count}", { truth: name(truth), said: name(said), count: count(many) }))));
}

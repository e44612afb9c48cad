// The rows of a table that the network finds hardest, with what they say.

import { fill, make } from "./dom.js";
import { number, place, t, written } from "./text.js";

const SHOWN = 12;

export function showRows(holder, { about }, known, judged) {
  const name = (at) => about.classes?.[at] ?? String(at);
  const shown = judged.order.slice(0, SHOWN);
  const most = Math.max(...shown.map((at) => judged.error[at] ?? 0), 1e-12);
  const head = make("tr", {}, ...[t("said"), t("true"), t("error")].map((word) => make("th", { scope: "col" }, word)), make("th", { scope: "col" }, ""),
    ...known.columns.map((column) => make("th", { scope: "col", class: "value", title: column }, column)));
  const rows = shown.map((at) => {
    const right = judged.confusion && judged.said[at] === judged.truth[at];
    const [said, truth] = judged.confusion ? [name(judged.said[at]), name(judged.truth[at])] : [number(judged.said?.[at], 4), number(judged.truth?.[at], 4)];
    const mark = judged.confusion ? (right ? "✓ " : "✗ ") : "";
    const bar = make("i", { class: "line", style: `width:${Math.round(46 * (judged.error[at] ?? 0) / most)}px` });
    return make("tr", { "data-example": at }, make("td", { class: judged.confusion ? (right ? "good" : "bad") : "", title: said }, make("div", {}, mark + said)), make("td", { title: truth }, make("div", {}, truth)),
      make("td", { class: "number" }, number(judged.error[at], 3), bar), make("th", { scope: "row", class: "where" }, place(known.where[at])),
      ...(known.rows[at] ?? []).map((value) => make("td", { class: "value", title: value }, written(value))));
  });
  fill(holder, make("h3", {}, t("The rows it finds hardest")),
    make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("The rows it finds hardest") }, make("table", { class: "hardest" }, make("thead", {}, head), make("tbody", {}, ...rows))));
}

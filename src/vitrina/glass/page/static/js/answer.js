// What the network answers to the chosen example, beside the truth; and the row of examples to choose from.

import { $, fill, make } from "./dom.js";
import { paintPicture } from "./network.js";
import { flatten, isRight } from "./stages.js";
import { count, number, t } from "./text.js";

const MOST_CLASSES = 10;

export function showAnswer(state) {
  const { about, moment } = state;
  const head = make("h2", {}, t("Example {number}, after {steps} steps", { number: moment.probe + 1, steps: count(moment.step) }));
  const rows = about.classifies ? classes(about, moment) : numbers(moment);
  const error = make("div", { class: "sum" }, t("error of this example"), make("b", { class: "number", id: "probe-error" }, number(moment.probe_error, 4)));
  const ensemble = moment.members.length ? make("p", { class: "quiet small" }, about.classifies ? t("The bars are the mean of {count} networks; a tick on them is what one says by itself.", { count: moment.members.length }) : t("The mean of {count} networks, which say from {low} to {high}.", range(moment))) : null;
  fill($("#answer"), ...[head, rows, ensemble, error].filter(Boolean));
}

function classes(about, moment) {
  const shares = moment.prediction.length > 1 ? moment.prediction : [1 - moment.prediction[0], moment.prediction[0]];
  const truth = Array.isArray(moment.target) ? moment.target.indexOf(Math.max(...moment.target)) : Math.round(moment.target);
  const order = shares.map((_, at) => at).sort((a, b) => shares[b] - shares[a]);
  const shown = order.slice(0, MOST_CLASSES);
  if (!shown.includes(truth)) shown.splice(-1, 1, truth);
  if (shares.length <= MOST_CLASSES) shown.sort((a, b) => a - b);
  const best = order[0];
  return make("div", { class: "rows" }, ...shown.flatMap((at) => {
    const mark = at !== best ? "" : at === truth ? "right" : "wrong";
    const name = about.classes?.[at] ?? String(at);
    const label = make("span", { class: `${at === truth ? "truth" : ""} ${mark}`, title: name }, at === truth ? `${name} ✓` : name);
    const bar = make("div", { class: "track" }, make("i", { style: `width:${100 * shares[at]}%` }), ...each(moment, at));
    return [label, bar, make("span", { class: "number" }, (shares[at] ?? 0).toLocaleString(document.documentElement.lang, { style: "percent", maximumFractionDigits: 1 }))];
  }));
}

function range({ members }) {
  const said = members.map((one) => flatten(one)[0]);
  return { count: members.length, low: number(Math.min(...said), 4), high: number(Math.max(...said), 4) };
}

// What each member of an ensemble says by itself, as ticks on the bar of their mean.
function each({ members, member }, at) {
  return members.map((shares, one) => {
    const share = shares.length > 1 ? shares[at] : at ? shares[0] : 1 - shares[0];
    return make("b", { class: one === member ? "tick chosen" : "tick", style: `left:${100 * share}%`, title: t("Member {number}", { number: one + 1 }) });
  });
}

function numbers(moment) {
  const [told, truth] = [flatten(moment.prediction), flatten(moment.target)];
  return make("div", { class: "rows" }, ...told.slice(0, MOST_CLASSES).flatMap((value, at) => [
    make("span", { class: "quiet" }, t("answer")), make("b", { class: "number" }, number(value, 4)),
    make("span", { class: "quiet number" }, t("truth {value}", { value: number(truth[at], 4) })),
  ]));
}

export function probeBar(state, choose) {
  const { probes, about } = state;
  const bar = $("#probes");
  bar.setAttribute("aria-label", t("Example"));
  fill(bar, ...probes.x.map((x, at) => {
    const wrong = about.classifies && probes.y.length && !isRight(probes.prediction[at], probes.y[at]);
    const face = probes.shape.length === 3 ? make("canvas") : make("span", {}, String(at + 1));
    if (probes.shape.length === 3) paintPicture(face, x);
    return make("button", {
      type: "button", role: "radio", "aria-checked": String(at === state.probe), class: wrong ? "wrong" : "", "data-probe": at,
      "aria-label": t("Example {number}", { number: at + 1 }) + (wrong ? `, ${t("answered wrongly")}` : ""), onclick: () => choose(at),
    }, face);
  }));
}

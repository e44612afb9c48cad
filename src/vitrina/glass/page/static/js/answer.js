// What the network answers to the chosen example, beside the truth; and the row of examples to choose from.

import { $, fill, make, radios } from "./dom.js";
import { paintPicture } from "./network.js";
import { flatten, inUnits, isRight } from "./stages.js";
import { count, number, percent, t } from "./text.js";

const MOST_CLASSES = 10;
const LONG = 13; // letters of a name that has no room beside its bar

export function showAnswer(state) {
  const { about, moment } = state;
  const head = make("h2", {}, t("Example {number}, after {steps} steps", { number: moment.probe + 1, steps: count(moment.step) }));
  const rows = about.classifies ? classes(about, moment) : numbers(about, moment);
  const error = make("div", { class: "sum" }, t("error of this example"), make("b", { class: "number", id: "probe-error" }, number(moment.probe_error, 4)));
  const ensemble = moment.members.length ? make("p", { class: "quiet small" }, about.classifies ? t("The bars are the mean of {count} networks; a tick on them is what one says by itself.", { count: moment.members.length }) : t("The mean of {count} networks, which say from {low} to {high}.", range(about, moment))) : null;
  fill($("#answer"), ...[head, rows, about.unit && counted(about, moment), ensemble, error].filter(Boolean));
}

function classes(about, moment) {
  const shares = moment.prediction.length > 1 ? moment.prediction : [1 - moment.prediction[0], moment.prediction[0]];
  const truth = Array.isArray(moment.target) ? moment.target.indexOf(Math.max(...moment.target)) : Math.round(moment.target);
  const order = shares.map((_, at) => at).sort((a, b) => shares[b] - shares[a]);
  const shown = order.slice(0, MOST_CLASSES);
  if (!shown.includes(truth)) shown.splice(-1, 1, truth);
  if (shares.length <= MOST_CLASSES) shown.sort((a, b) => a - b);
  const best = order[0];
  const long = shown.some((at) => (about.classes?.[at]?.length ?? 0) > LONG);
  return make("div", { class: long ? "rows long" : "rows" }, ...shown.flatMap((at) => {
    const mark = at !== best || shares[at] === null ? "" : at === truth ? "right" : "wrong";
    const name = about.classes?.[at] ?? String(at);
    const label = make("span", { class: `${at === truth ? "truth" : ""} ${mark}`, title: name }, at === truth ? `${name} ✓` : name);
    const bar = make("div", { class: "track" }, make("i", { style: `width:${100 * shares[at]}%` }), ...each(moment, at));
    return [label, bar, make("span", { class: "number" }, percent(shares[at]))];
  }));
}

// How the number of the last neuron becomes one in the target's own unit.
function counted({ unit: { mean, std } }, { prediction }) {
  const [output, ...others] = [prediction].flat(Infinity);
  if (others.length || output === null || (mean[0] === 0 && std[0] === 1)) return null;
  return make("p", { class: "quiet small" }, t("The network counts in standard deviations from the mean: {mean} + {std} × {output}.", { mean: number(mean[0]), std: number(std[0]), output: number(output) }));
}

function range(about, { members }) {
  const said = members.map((one) => inUnits(about, one)[0]);
  return { count: members.length, low: number(Math.min(...said), 4), high: number(Math.max(...said), 4) };
}

// What each member of an ensemble says by itself, as ticks on the bar of their mean.
function each({ members, member }, at) {
  return members.map((shares, one) => {
    const share = shares.length > 1 ? shares[at] : at ? shares[0] : 1 - shares[0];
    return make("b", { class: one === member ? "tick chosen" : "tick", style: `left:${100 * share}%`, title: t("Member {number}", { number: one + 1 }) });
  });
}

function numbers(about, moment) {
  const [told, truth] = [inUnits(about, moment.prediction), inUnits(about, moment.target)];
  return make("div", { class: "rows" }, ...told.slice(0, MOST_CLASSES).flatMap((value, at) => [
    make("span", { class: "quiet" }, t("answer")), make("b", { class: "number" }, number(value, 4)),
    make("span", { class: "quiet number truth-value" }, t("truth {value}", { value: number(truth[at], 4) })),
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
  radios(bar);
}

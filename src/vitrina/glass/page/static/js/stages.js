// The three stages and the change of the weights, as a row of choices, each with one sentence of real numbers.

import { $, fill, make, radios } from "./dom.js";
import { number, t } from "./text.js";

export const STAGES = ["forward", "error", "backward", "update"];

const names = () => ({
  forward: t("Forward →"),
  error: t("Error"),
  backward: t("← Back"),
  update: t("Change"),
});

export function stageBar(state, choose) {
  const bar = $("#stages");
  bar.setAttribute("aria-label", t("Stage of learning"));
  fill(bar, ...STAGES.map((stage) => make("button", {
    type: "button", role: "radio", "data-stage": stage, "aria-checked": String(stage === state.stage), onclick: () => choose(stage),
  }, names()[stage])));
  radios(bar);
}

// What happens in the stage, with this moment's numbers.
export function stageWords(state) {
  const { moment, about } = state;
  const last = about.layers.at(-1);
  const sentences = {
    forward: () => t("Forward propagation: the example goes from left to right, and every neuron turns what it sees into one number. The network's answer: {answer}.",
      { answer: answerOf(about, moment) }),
    error: () => t("The cost function compares the answer with the truth. Their gap is one number: the error of this example is {error}.",
      { error: number(moment.probe_error) }),
    backward: () => t("Back propagation: the error goes from right to left, and every neuron learns how much it had a hand in it. In {layer} the error signals reach {signal}.",
      { layer: last.title, signal: number(Math.max(...flatten(moment.layers[last.name].signal).map(Math.abs))) }),
    update: () => t("Every weight changes a little, against its gradient. The learning rate is {rate}.", { rate: number(moment.rate) }),
  };
  fill($("#stage-words"), sentences[state.stage]());
}

export const flatten = (values) => (Array.isArray(values) ? values.flatMap(flatten) : [values ?? 0]);

export function answerOf(about, moment) {
  const { prediction } = moment;
  if ([prediction].flat(Infinity).includes(null)) return "–"; // it went astray
  if (about.classifies) {
    const best = prediction.length > 1 ? prediction.indexOf(Math.max(...prediction)) : Number(prediction[0] > 0.5);
    return about.classes?.[best] ?? String(best);
  }
  return number(inUnits(about, prediction)[0], 4);
}

// A network's numbers in the target's own unit, where it learns them as standard deviations from the mean.
export function inUnits({ unit }, values) {
  const all = [values].flat(Infinity);
  return unit?.mean.length === all.length ? all.map((value, at) => (value === null ? null : value * unit.std[at] + unit.mean[at])) : all;
}

// Whether the likeliest class is the true one.
export function isRight(prediction, truth) {
  const best = prediction.length > 1 ? prediction.indexOf(Math.max(...prediction)) : Number(prediction[0] > 0.5);
  return best === (Array.isArray(truth) ? truth.indexOf(Math.max(...truth)) : Math.round(truth));
}

// Of an ensemble one member at a time is drawn, as the plain network it is; or all of them, a row for each.

import { $, fill, make, radios } from "./dom.js";
import { isRight } from "./stages.js";
import { t } from "./text.js";

// The layers as they are drawn with that member in them, null for all: their shapes, and what is seen of them.
export function asSeen(about, moment, member) {
  const layers = about.layers.map((layer) => (layer.members && member !== null ? { ...layer, shape: layer.shape.slice(1), form: "column", member } : layer));
  const seen = Object.fromEntries(layers.filter((layer) => moment.layers[layer.name]).map((layer) => {
    const all = moment.layers[layer.name];
    return [layer.name, layer.member === undefined ? all : ofMember(all, layer)];
  }));
  return { layers, seen };
}

function ofMember({ output, signal, silent }, { member, shape: [units] }) {
  const own = silent?.filter((at) => Math.floor(at / units) === member).map((at) => at % units);
  return { output: output[member], signal: signal?.[member], silent: own };
}

// A button for each member, marked where it answers the chosen example wrongly by itself, and one for all of them.
export function memberBar(state, choose) {
  const { about, moment, member } = state;
  const bar = $("#members");
  bar.hidden = !about.members;
  if (!about.members) return;
  const all = [...Array(about.members).keys(), null];
  const buttons = all.map((one) => {
    const wrong = one !== null && about.classifies && moment.members.length && !isRight(moment.members[one], moment.target);
    const label = one === null ? t("all of them") : t("Member {number}", { number: one + 1 });
    return make("button", { type: "button", role: "radio", "data-member": one ?? "all", "aria-checked": String(one === member),
      class: wrong ? "wrong" : "", "aria-label": label + (wrong ? `, ${t("answered wrongly")}` : ""), onclick: () => choose(one) }, one === null ? t("all") : String(one + 1));
  });
  bar.setAttribute("aria-label", t("Member of the ensemble"));
  fill(bar, make("span", { class: "quiet" }, t("{count} networks answer with their mean. You look at", { count: about.members })), ...buttons);
  radios(bar);
}

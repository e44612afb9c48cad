// One neuron's arithmetic with the real numbers: forward, and back.

import { colour, fill, make, sharp, $ } from "./dom.js";
import { filterView } from "./filter.js";
import { ofClass } from "./network.js";
import { count, number, t } from "./text.js";

const LISTED = 60;

export function noNeuron() {
  fill($("#neuron"), make("h2", {}, t("A neuron")),
    make("p", { class: "quiet", style: "margin-top:8px" }, t("Click a neuron, or go from one to the next with the arrow keys, to see its arithmetic with the real numbers.")));
}

export function neuronTrouble(sentence) {
  fill($("#neuron"), make("h2", {}, t("A neuron")), make("p", { class: "quiet", style: "margin-top:8px" }, sentence));
}

export function showNeuron(state, told, chooseExample) {
  const layer = state.about.layers.find((one) => one.name === told.layer);
  const where = layer.members ? ` · ${t("member {number}", { number: told.place[0] + 1 })}` : told.place.length ? ` (${told.place.join(", ")})` : "";
  const bend = told.activation === "linear" ? "" : told.activation;
  const names = inputNames(state, told);
  const most = Math.max(...told.terms.map((term) => Math.abs(term.value * term.weight)), 1e-12);
  const back = state.stage === "backward" || state.stage === "update";
  const other = $("#neuron").dataset.neuron !== `${told.layer}/${told.unit}`;
  Object.assign($("#neuron").dataset, { step: told.step, neuron: `${told.layer}/${told.unit}` });
  fill($("#neuron"),
    make("h2", {}, t("Neuron {unit} of {layer}", { unit: told.unit, layer: layer.title }) + ofClass(state.about, layer, told.unit) + where),
    make("div", { class: "formula" },
      make("div", {}, t("weighted sum"), " = Σ ", t("input × weight"), " + ", t("bias")),
      make("div", {}, make("b", { id: "weighted-sum" }, number(told.weighted_sum, 5)), ` = ${number(told.weighted_sum === null ? null : told.weighted_sum - told.bias, 5)} ${told.bias < 0 ? "−" : "+"} ${number(Math.abs(told.bias), 4)}`),
      make("div", {}, t("output"), " = ", bend ? `${bend}(${number(told.weighted_sum, 4)})` : number(told.weighted_sum, 4), " = ", make("b", { id: "output" }, number(told.output, 5)))),
    filterView(told),
    make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("Its inputs") }, make("table", {},
      make("thead", {}, make("tr", {}, make("th", {}, t("input")), make("th", {}, t("value")), make("th", {}, t("weight")),
        make("th", {}, back ? (state.stage === "update" ? t("change") : t("gradient")) : t("product")))),
      make("tbody", {}, ...told.terms.slice(0, LISTED).map((term) => row(term, names, most, state.stage))))),
    told.count > LISTED ? make("p", { class: "quiet small" }, t("the {shown} that count most, of {count} inputs", { shown: Math.min(LISTED, told.terms.length), count: count(told.count) })) : null,
    make("dl", {},
      make("dt", {}, t("error signal")), make("dd", { id: "error-signal" }, number(told.error_signal, 4)),
      make("dt", {}, t("slope by its bias")), make("dd", {}, number(told.bias_gradient, 4))),
    excited(state, told.excited ?? [], chooseExample),
    told.history ? line(told.history, state.moment.step) : null,
    told.history ? make("p", { class: "quiet small" }, t("its mean output over the training")) : null);
  if (other) $("#neuron .scroll").scrollTop = 0;
}

// The examples that move it most, strongest first; a click on one goes there.
function excited(state, values, choose) {
  if (!values.length) return null;
  const order = values.map((_, at) => at).sort((a, b) => Math.abs(values[b] ?? 0) - Math.abs(values[a] ?? 0));
  const most = Math.max(...values.map((value) => Math.abs(value ?? 0)), 1e-12);
  const bars = order.map((at) => make("button", { type: "button", class: "excited", title: number(values[at]), "aria-label": `${t("Example {number}", { number: at + 1 })}: ${number(values[at])}`,
    "aria-pressed": String(at === state.probe), onclick: () => choose(at) }, String(at + 1), make("i", { style: `height:${Math.round(22 * Math.abs(values[at] ?? 0) / most)}px;background:var(${values[at] >= 0 ? "--more" : "--less"})` })));
  return make("div", { class: "moved" }, make("span", { class: "quiet small" }, t("examples that move it most")), ...bars);
}

function row(term, names, most, stage) {
  const product = term.value === null || term.weight === null ? null : term.value * term.weight;
  const shown = stage === "backward" ? term.gradient : stage === "update" ? term.update : product;
  const bar = make("i", { class: "line", style: `width:${Math.round(60 * Math.abs(product) / most)}px;background:var(${product >= 0 ? "--more" : "--less"})` });
  const cells = [number(term.value), number(term.weight)].map((text) => make("td", {}, text));
  const name = names(term.input);
  return make("tr", {}, make("td", { title: name }, name), ...cells, make("td", {}, number(shown), stage === "forward" || stage === "error" ? bar : null));
}

// What a neuron's inputs are called: a table's columns, a map and a place of the patch under a filter, else the neurons before it.
function inputNames({ about }, told) {
  if (told.patch) {
    const [, columns, maps] = told.patch;
    const place = (at) => `${Math.floor(at / maps / columns)}, ${Math.floor(at / maps) % columns}`;
    return (at) => (maps > 1 ? `${at % maps} (${place(at)})` : place(at));
  }
  const { sources } = about.layers.find((layer) => layer.name === told.layer);
  const first = sources.length === 1 && sources[0] === about.layers[0].name;
  const columns = first && about.inputs?.length === told.count ? about.inputs : null;
  return (at) => columns?.[at] ?? `${at}`;
}

function line(history, now) {
  const canvas = make("canvas", { role: "img", "aria-label": t("its mean output over the training") });
  requestAnimationFrame(() => {
    const [width, height] = [canvas.clientWidth, 46];
    const pen = sharp(canvas, width, height);
    const known = history.mean.filter((value) => value !== null);
    const [low, high] = [Math.min(...known), Math.max(...known)];
    const across = (at) => 2 + at / Math.max(1, history.mean.length - 1) * (width - 4);
    pen.strokeStyle = colour("--accent");
    pen.lineWidth = 1.5;
    pen.beginPath();
    history.mean.forEach((value, at) => value !== null && pen.lineTo(across(at), height - 4 - (value - low) / (high - low || 1) * (height - 8)));
    pen.stroke();
    const place = history.step.findLastIndex((step) => step <= now);
    pen.fillStyle = colour("--more");
    pen.fillRect(across(Math.max(0, place)) - 0.75, 0, 1.5, height);
    canvas.style.width = "100%";
  });
  return canvas;
}

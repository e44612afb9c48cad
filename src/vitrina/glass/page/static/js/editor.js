// The editor: data, a network, how to teach it. What is asked for is a training like any other, kept as a run.

import { ask, send } from "./api.js";
import { costName } from "./costs.js";
import { Curve, ready } from "./curve.js";
import { $, fill, make, radios } from "./dom.js";
import { pattern, Points } from "./points.js";
import { OwnTable } from "./table.js";
import { count, keep, kept, language, number, t } from "./text.js";

const OPEN = "vitrina-editor";
const OWN = "file"; // data that somebody brings
const UNKNOWN = { shape: [], outputs: 0, classes: true }; // facts of data that are not there yet

// What each kind of data is begun with.
const BEGIN = {
  points: { layers: [{ kind: "dense", units: 8, activation: "tanh" }, { kind: "dense", units: 8, activation: "tanh" }], rate: 0.02, epochs: 200, batch: 16 },
  curve: { layers: [{ kind: "dense", units: 32, activation: "tanh" }], rate: 0.02, epochs: 300, batch: 16 },
  images: { layers: [{ kind: "conv", units: 8, activation: "relu" }, { kind: "pool" }, { kind: "dense", units: 32, activation: "relu" }], rate: 0.003, epochs: 15, batch: 32 },
  table: { layers: [{ kind: "dense", units: 32, activation: "relu" }, { kind: "dense", units: 16, activation: "relu" }], rate: null, epochs: 60, batch: 32 },
};

// What each kind of layer is begun with.
const NEW = {
  dense: { units: 8, activation: "relu" }, conv: { units: 8, activation: "relu" }, pool: {}, attention: { units: 16, heads: 2 }, gru: { units: 16 }, lstm: { units: 16 }, norm: {}, dropout: { rate: 0.3 },
};
const MOST_UNITS = { dense: "units", conv: "filters", attention: "state", gru: "state", lstm: "state" }; // what bounds them

// What is drawn already when somebody comes to draw.
const DRAWN = { points: () => pattern("moons"), curve: () => ready("wave") };

export class EditorView {
  constructor(where) {
    this.where = where; // editor: the way to its questions; run: whose page this is, or null
    this.others = {}; // what was put together for other data, to be come back to
  }

  async open() {
    const told = await ask(`${this.where.editor}editor`, this.where.run === null ? {} : { run: this.where.run });
    this.choices = told.choices;
    const held = told.table && { ...told.table, target: told.wish.target };
    this.table = new OwnTable(this.where.editor, this.choices.most.bytes, held, (focused) => this.brought(focused));
    this.wish = told.wish ?? { ...this.begin(told.begin?.data ?? "points"), ...told.begin };
    this.build();
    this.letDrop();
  }

  get facts() {
    return this.factsOf(this.wish.data);
  }

  factsOf(data) {
    return data === OWN ? this.table.facts ?? UNKNOWN : this.choices.data.find((one) => one.name === data);
  }

  // A file that is dropped anywhere on the page is brought; the browser would show it instead.
  letDrop() {
    document.addEventListener("dragover", (event) => event.preventDefault());
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      const [file] = event.dataTransfer.files;
      if (!file) return;
      $("#editor details").open = true;
      if (this.wish.data !== OWN) this.take(OWN);
      this.table.bring(file);
    });
  }

  // There is another table, or another column of it is to be predicted: what was put together stays as far as it fits.
  brought(focused) {
    if (this.wish.data !== OWN) return; // somebody took other data meanwhile
    const { held, facts } = this.table;
    const { wish } = this;
    if (facts && held.table !== wish.table) this.wish = this.begin(OWN);
    else if (facts && !this.choices.costs[facts.classes ? "classes" : "numbers"].includes(wish.cost)) wish.cost = this.begin(OWN).cost;
    Object.assign(this.wish, { table: held?.table, target: held?.target });
    this.build();
    if (focused) $(focused)?.focus();
  }

  begin(data) {
    const facts = this.factsOf(data);
    const kind = data in DRAWN ? data : facts.shape.length === 3 ? "images" : "table";
    const costs = this.choices.costs[facts.classes ? "classes" : "numbers"];
    return { data, points: DRAWN[data]?.() ?? [], cost: costs[0], optimizer: "adam", engine: this.choices.engines[0], ...structuredClone(BEGIN[kind]) };
  }

  // Everything anew: another language, other data.
  build() {
    const { wish } = this;
    const open = this.where.run === null || kept(OPEN) === "open";
    this.trouble = make("p", { class: "bad", role: "alert", hidden: true });
    this.go = make("button", { type: "submit", class: "primary" }, t("Teach it"));
    this.summary = make("span", { class: "quiet small" });
    const form = make("form", { onsubmit: (event) => { event.preventDefault(); this.start(); } },
      make("div", { class: "part" }, make("h3", {}, t("Data")), this.data()),
      make("div", { class: "part" }, make("h3", {}, t("Network")), this.layers()),
      make("div", { class: "part" }, make("h3", {}, t("How it learns")), this.settings(), make("div", { class: "row" }, this.go), this.trouble));
    const details = make("details", { open, ontoggle: () => this.where.run !== null && keep(OPEN, details.open ? "open" : "closed") },
      make("summary", {}, make("h2", {}, this.where.run === null ? t("Put a network together, and watch it learn") : t("Change it, and teach it again")), this.summary), form);
    fill($("#editor"), details);
    $("#editor").hidden = false;
    this.describe();
    this.sheet?.draw(); // now that it has its colours
  }

  describe() {
    const { wish } = this;
    const layers = wish.layers.map((layer) => ("activation" in layer ? `${layer.units} ${layer.activation}` : `${layer.units ?? ""} ${kindNames()[layer.kind]}`.trim()));
    this.summary.textContent = [wish.data === OWN && this.table.held ? this.table.held.name : dataName(wish.data), [...layers, this.facts.outputs || "?"].join(" – "), `${wish.optimizer}${wish.rate === null ? "" : ` ${number(wish.rate)}`}`, wish.engine].join(" · ");
  }

  data() {
    const { wish } = this;
    const names = [...this.choices.data.map(({ name }) => name), OWN].map((name) => make("button", { type: "button", role: "radio", "data-data": name, "aria-checked": String(name === wish.data), onclick: () => this.take(name) }, dataName(name)));
    const { shape, outputs, classes } = this.facts;
    const inputs = shape.join() === "1" ? t("a number in") : t("{inputs} numbers in", { inputs: shape.join("×") });
    const words = `${inputs}, ${classes ? t("{outputs} classes out", { outputs: count(outputs) }) : t("a number out")}`;
    const changed = (points) => { wish.points = points; };
    this.sheet = wish.data === "points" ? new Points(wish.points, this.choices.most.points, changed) : wish.data === "curve" ? new Curve(wish.points, changed) : null;
    const own = wish.data === OWN ? this.table.build() : null;
    return make("div", {}, radios(make("div", { class: "along sets", role: "radiogroup", "aria-label": t("Data") }, ...names)), this.sheet?.place, own,
      shape.length ? make("p", { class: "quiet small" }, words) : null);
  }

  take(name) {
    this.others[this.wish.data] = this.wish;
    this.wish = this.others[name] ?? this.begin(name);
    this.build();
    $(`[data-data="${name}"]`).focus();
  }

  layers() {
    const { wish, facts } = this;
    const list = make("ol", { class: "stack" }, make("li", { class: "end" }, t("input"), make("span", { class: "quiet" }, facts.shape.join("×") || "?")),
      ...wish.layers.map((layer, at) => this.layer(layer, at)),
      make("li", { class: "end" }, t("output"), make("span", { class: "quiet" }, facts.outputs ? count(facts.outputs) : "?")));
    const more = make("button", { type: "button", id: "more", disabled: wish.layers.length >= this.choices.most.layers, onclick: () => this.change(() => wish.layers.push({ kind: "dense", units: 8, activation: "relu" }), "#more") }, t("+ layer"));
    return make("div", {}, list, more);
  }

  layer(layer, at) {
    const { wish, choices } = this;
    const images = this.facts.shape.length === 3;
    const { conv, pool, ...others } = kindNames();
    const kinds = { dense: others.dense, ...(images ? { conv, pool } : {}), ...others };
    const kind = select(kinds, layer.kind, t("kind of layer {number}", { number: at + 1 }), (chosen) => this.change(() => { wish.layers[at] = { kind: chosen, ...NEW[chosen] }; }, `[data-layer="${at}"] select`));
    const fields = [];
    if ("units" in layer) fields.push(field("units", layer.units, 1, choices.most[MOST_UNITS[layer.kind]], t("neurons of layer {number}", { number: at + 1 }), (value) => this.set(layer, "units", value)));
    if ("activation" in layer) {
      fields.push(select(Object.fromEntries(choices.activations.map((name) => [name, name])), layer.activation, t("activation of layer {number}", { number: at + 1 }), (chosen) => this.set(layer, "activation", chosen)));
    }
    if ("heads" in layer) {
      const heads = field("heads", layer.heads, 1, choices.most.heads, t("heads of layer {number}", { number: at + 1 }), (value) => this.set(layer, "heads", value));
      fields.push(make("label", { class: "beside" }, heads, t("heads")));
    }
    if (layer.kind === "dropout") fields.push(field("rate", layer.rate, 0, 0.9, t("share that layer {number} silences", { number: at + 1 }), (value) => this.set(layer, "rate", value), 0.05));
    const away = make("button", { type: "button", class: "away", "aria-label": t("take layer {number} away", { number: at + 1 }), title: t("take layer {number} away", { number: at + 1 }), onclick: () => this.change(() => wish.layers.splice(at, 1), "#more") }, "×");
    return make("li", { "data-layer": at }, kind, ...fields, away);
  }

  settings() {
    const { wish, choices } = this;
    const costs = choices.costs[this.facts.classes ? "classes" : "numbers"];
    const names = (list) => Object.fromEntries(list.map((name) => [name, name.replaceAll("_", " ")]));
    const rate = make("input", { type: "number", min: 0, max: 100, step: "any", name: "rate", value: wish.rate ?? "", placeholder: t("found by itself"), oninput: () => this.set(wish, "rate", rate.value === "" ? null : Number(rate.value)) });
    const rows = [
      [t("cost"), select(Object.fromEntries(costs.map((name) => [name, costName(name)])), wish.cost, null, (value) => this.set(wish, "cost", value), "cost")],
      [t("optimizer"), select(names(choices.optimizers), wish.optimizer, null, (value) => this.set(wish, "optimizer", value), "optimizer")],
      [t("learning rate"), rate],
      [t("engine"), select(names(choices.engines), wish.engine, null, (value) => this.set(wish, "engine", value), "engine")],
      [t("epochs"), field("epochs", wish.epochs, 1, choices.most.epochs, null, (value) => this.set(wish, "epochs", value))],
      [t("batch"), field("batch", wish.batch, 1, choices.most.batch, null, (value) => this.set(wish, "batch", value))],
    ];
    return make("div", { class: "fields" }, ...rows.map(([label, input]) => make("label", {}, make("span", {}, label), input)));
  }

  set(of, name, value) {
    of[name] = value;
    this.describe();
  }

  // What changes which fields there are; the keyboard stays where it was.
  change(work, focused) {
    work();
    this.build();
    $(focused)?.focus();
  }

  async start() {
    this.trouble.hidden = true;
    this.go.disabled = true;
    this.go.textContent = t("It begins …");
    try {
      const { run } = await send(`${this.where.editor}learn`, { ...this.wish, lang: language() });
      location.href = `${this.where.editor}run/${encodeURIComponent(run)}/`;
    } catch (error) {
      this.trouble.textContent = error.message === "gone" ? t("The server of this page cannot be reached; start it again with vitrina watch. The page then goes on by itself.") : error.message;
      this.trouble.hidden = false;
      this.go.disabled = false;
      this.go.textContent = t("Teach it");
    }
  }
}

const dataName = (name) => ({ points: t("your points"), curve: t("your curve"), file: t("your table"), digits: t("digits"), "breast-cancer": t("breast cancer"), wine: t("wine"), diabetes: t("diabetes") })[name] ?? name;

const kindNames = () => ({ dense: t("dense"), conv: t("convolution"), pool: t("pool"), attention: t("attention"), gru: "GRU", lstm: "LSTM", norm: t("normalisation"), dropout: t("dropout") });

function select(options, chosen, label, changed, name) {
  const box = make("select", { "aria-label": label, title: label, name, onchange: () => changed(box.value) }, ...Object.entries(options).map(([value, text]) => make("option", { value, selected: value === chosen }, text)));
  return box;
}

function field(name, value, least, most, label, changed, step = 1) {
  const box = make("input", { type: "number", name, value, min: least, max: most, step, required: true, "aria-label": label, title: label, oninput: () => box.value !== "" && changed(Number(box.value)) });
  return box;
}

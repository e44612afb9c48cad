// Two runs side by side: the curves of both in one plot, and a table of what differs.

import uPlot from "../vendor/uplot/uPlot.esm.js";
import { ask } from "./api.js";
import { axes } from "./axes.js";
import { costName } from "./costs.js";
import { $, colour, fill, make, radios } from "./dom.js";
import { count, number, percent, t } from "./text.js";

const HEIGHT = 250;
const INKS = ["--accent", "--more"];
const IN_WORDS = ["optimizer", "schedule"]; // settings whose values are names

export class Versus {
  constructor(failed) {
    Object.assign(this, { failed, told: {}, along: "epochs", plot: null });
    new ResizeObserver(() => this.fit()).observe($("#versus"));
  }

  async follow() {
    try {
      this.told = await ask("beside");
      this.build();
    } catch (error) {
      this.failed(error);
    }
  }

  build() {
    const { runs, differs, outcome } = this.told;
    $("#versus").hidden = !runs;
    if (!runs) return;
    const along = radios(make("div", { class: "along", role: "radiogroup", "aria-label": t("Along") }, ...["epochs", "seconds"].map((one) => make("button", {
      type: "button", role: "radio", "data-along": one, "aria-checked": String(one === this.along), onclick: () => { this.along = one; this.build(); $(`[data-along=${one}]`).focus(); } }, one === "epochs" ? t("by epochs") : t("by seconds")))));
    this.place = make("div", { class: "plot" });
    const head = make("tr", {}, make("td", {}), ...runs.map(({ name }, at) => make("th", { scope: "col", title: name }, make("i", { class: "ink", style: `background:var(${INKS[at]})` }), name)));
    const rows = [...outcome.map((row) => this.figures(row)), ...differs.map(([name, ...values]) => make("tr", {}, make("th", { scope: "row" }, settingName(name)), ...values.map((value) => make("td", { title: value }, settingValue(name, value) || "–"))))];
    fill($("#versus"), make("div", { class: "head" }, make("h2", {}, t("Two runs side by side")), along),
      make("div", { class: "both" }, this.place, make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("What differs") }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)))));
    this.draw();
  }

  figures([name, ...values]) {
    const better = values.pop();
    const told = (value) => (value === null ? "–" : name.includes("accuracy") ? percent(value) : number(value, 4));
    return make("tr", { class: "outcome", "data-figure": name }, make("th", { scope: "row" }, figureName(name)), ...values.map((value, at) => make("td", { class: at === better ? "better" : "" }, told(value) + (at === better ? " ✓" : ""))));
  }

  draw() {
    const { runs } = this.told;
    const tables = [];
    const series = [];
    runs.forEach((run, at) => {
      const epochs = run.epoch ?? [];
      let passed = 0;
      const x = this.along === "epochs" ? epochs : (run.seconds ?? []).map((took) => (passed += took ?? 0));
      const lines = [["error", t("{run}, training", { run: run.name }), [5, 4]], ["validation_error", t("{run}, validation", { run: run.name }), undefined]];
      for (const [what, label, dash] of lines) {
        if (!run[what] || x.length !== run[what].length) continue;
        tables.push([x, run[what]]);
        series.push({ label, stroke: colour(INKS[at]), width: dash ? 1.3 : 2.4, dash, spanGaps: true, points: { show: x.length < 3 } });
      }
    });
    this.plot?.destroy();
    this.plot = null;
    fill(this.place);
    if (!tables.length || !tables.some(([x]) => x.length)) return;
    const data = uPlot.join(tables);
    const known = data.slice(1).flat().filter((value) => value !== null && value !== undefined);
    this.plot = new uPlot({
      width: this.place.clientWidth || 300, height: HEIGHT,
      scales: { x: { time: false }, y: { distr: Math.min(...known) > 0 ? 3 : 1 } },
      axes: axes({ across: (value) => (Number.isInteger(value) ? count(value) : number(value, 3)), up: (value) => number(value, 2), label: this.along === "epochs" ? t("epochs") : t("seconds"), size: 52 }),
      series: [{ label: this.along === "epochs" ? t("epochs") : t("seconds"), value: (_, value) => (value === null ? "–" : number(value)) }, ...series.map((one) => ({ ...one, value: (_, value) => number(value) }))],
      legend: { live: false, markers: { dash: (plot, at) => (plot.series[at].dash ? "dashed" : "solid") } },
      cursor: { drag: { x: false, y: false } },
    }, data, this.place);
  }

  fit() {
    const width = this.plot && this.place.clientWidth;
    if (width && width !== this.plot.width) this.plot.setSize({ width, height: HEIGHT });
  }
}

function figureName(name) {
  const names = { best_epoch: t("best epoch"), validation_error: t("best validation error"), error: t("best error"), epochs_done: t("epochs done"), seconds: t("seconds"), validation_accuracy: t("validation accuracy there") };
  return names[name] ?? name.replaceAll("_", " ");
}

const settingValue = (name, value) => (name === "cost" ? costName(value) : IN_WORDS.includes(name) ? value.replaceAll("_", " ") : name === "parameters" && value ? count(Number(value.replaceAll(",", ""))) : value);

function settingName(name) {
  const names = { network: t("network"), parameters: t("weights"), data: t("data"), engine: t("engine"), precision: t("precision"), batch_size: t("batch"), epochs: t("epochs at most"), seed: t("seed"), optimizer: t("optimizer"), target: t("target"),
    cost: t("cost"), schedule: t("schedule"), patience: t("patience"), gradient_clip: t("gradient clip"), class_weight: t("class weights"), augment: t("changes of images"), validation: t("validation"), test: t("test") };
  return names[name] ?? name.replaceAll("_", " ");
}

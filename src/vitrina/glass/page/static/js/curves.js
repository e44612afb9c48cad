// How the training went, as curves; a click on one goes to that moment.

import uPlot from "../vendor/uplot/uPlot.esm.js";
import { axes } from "./axes.js";
import { lineColour } from "./colours.js";
import { signs } from "./doctor.js";
import { $, colour, fill, make } from "./dom.js";
import { Sight } from "./sight.js";
import { count, number, percent, t } from "./text.js";

const HEIGHT = 190;

export class Curves {
  constructor(state, go) {
    Object.assign(this, { state, go, plots: [], marks: [] });
    new ResizeObserver(() => this.fit()).observe($("#curves"));
    this.sight = new Sight($("#curves"), () => { if (this.plots.length) this.update(); });
  }

  get inSight() {
    return this.sight.seen;
  }

  // Everything anew: other data, another language, another theme.
  draw() {
    for (const plot of this.plots) plot.destroy();
    this.plots = [];
    const charts = [this.error(), this.speed(), this.perLayer("gradient", t("Gradients"), t("How much each layer is told to change. Lines far apart, or falling to nothing, mean layers that do not learn."), true),
      this.perLayer("update", t("Changes of the weights"), t("Each step's change as a share of the weights. About a thousandth is usual."), true), this.idle()];
    fill($("#curves"), ...charts.map((chart) => chart.card));
    this.charts = charts.filter((chart) => chart.data);
    for (const chart of this.charts) this.plot(chart);
  }

  // The same charts with more in them.
  update() {
    const fresh = [this.error(), this.speed(), this.perLayer("gradient"), this.perLayer("update"), this.idle()].filter((chart) => chart.data);
    if (fresh.length !== this.plots.length || fresh.some((chart, at) => chart.data.length !== this.plots[at].series.length)) return this.draw();
    fresh.forEach((chart, at) => {
      this.plots[at].setData(chart.data);
      if (chart.why) this.charts[at].words.textContent = chart.why;
    });
  }

  // What the doctor found, a flag on the curve of the error at the step since when.
  flag(marks) {
    this.marks = marks;
    if (this.plots.length) this.draw();
  }

  // Flags of one plot, where its scale has their steps now; those that would hide each other stand side by side.
  flags(plot) {
    plot.over.querySelectorAll(".flag, .pole").forEach((old) => old.remove());
    const taken = new Map();
    for (const mark of this.marks) {
      const x = Math.max(0, Math.min(plot.over.clientWidth, plot.valToPos(mark.since, "x")));
      const beside = taken.get(Math.round(x / 22)) ?? 0;
      taken.set(Math.round(x / 22), beside + 1);
      const left = Math.max(12, Math.min(x + 20 * beside, plot.over.clientWidth - 10)); // beside the axis, not over its numbers
      plot.over.append(make("i", { class: `pole ${mark.severity}`, style: `left:${x}px` }), make("button", { type: "button", class: `flag ${mark.severity}`, style: `left:${left - 9}px;top:-9px`, title: mark.words,
        "aria-label": t("{what} Since step {step}.", { what: mark.words, step: count(mark.since) }), "data-since": mark.since, onclick: (event) => { event.stopPropagation(); mark.choose(); } }, signs[mark.severity]));
    }
  }

  error() {
    const { batches, epochs } = this.state.curves;
    const each = this.state.about.steps_per_epoch;
    const ends = (epochs.epoch ?? []).map((epoch) => epoch * each);
    const series = [{ label: t("each batch"), stroke: `${colour("--quiet")}73`, width: 1 }, { label: t("training"), stroke: colour("--accent"), width: 2 }];
    const tables = [[batches.step, batches.mean], [ends, epochs.error ?? []]];
    if (epochs.validation_error) {
      series.push({ label: t("validation"), stroke: colour("--more"), width: 2 });
      tables.push([ends, epochs.validation_error]);
    }
    const data = uPlot.join(tables);
    const known = data.slice(1).flat().filter((value) => value !== null && value !== undefined);
    const why = epochs.validation_accuracy
      ? t("Validation accuracy {value} in the best epoch.", { value: percent(Math.max(...epochs.validation_accuracy)) })
      : t("What the cost function says, batch by batch and epoch by epoch.");
    return this.chart(t("Error"), why, data, series.map((one) => ({ ...one, spanGaps: true })), known.length > 0 && Math.min(...known) > 0, true);
  }

  // Of each epoch, in rows a second where it is known how many rows there are.
  speed() {
    const { epochs } = this.state.curves;
    const { rows, steps_per_epoch: each } = this.state.about;
    const seconds = epochs.seconds ?? [];
    const known = seconds.map((took) => (took > 0 ? (rows ?? each) / took : null));
    const label = rows ? t("rows a second") : t("steps a second");
    const sorted = known.filter((value) => value !== null).sort((a, b) => a - b);
    const why = sorted.length
      ? t("{speed} {label} in the middle epoch. A first epoch is slow while the engine compiles.", { speed: count(Number(sorted[sorted.length >> 1].toPrecision(3))), label })
      : t("Known when the first epoch is done.");
    return this.chart(t("Speed"), why, sorted.length ? [epochs.epoch.map((epoch) => epoch * each), known] : null, [{ label, stroke: colour("--accent"), width: 2, few: known.length < 3 }], false, false, 0);
  }

  perLayer(what, title, why, log = true) {
    const { looks } = this.state;
    const layers = this.state.about.layers.filter((layer) => looks.layers[layer.name]?.[what]);
    const data = [looks.step, ...layers.map((layer) => looks.layers[layer.name][what].map((value) => (log && value === 0 ? null : value)))];
    const series = layers.map((layer, at) => ({ label: layer.title, stroke: lineColour(at, layers.length), width: 1.6, spanGaps: true }));
    return this.chart(title, why, layers.length ? data : null, series, log);
  }

  idle() {
    const { looks, about } = this.state;
    const lines = about.layers.flatMap((layer) => ["silent", "saturated"].filter((what) => looks.layers[layer.name]?.[what]?.some((value) => value > 0))
      .map((what) => ({ what, name: layer.title, values: looks.layers[layer.name][what] })));
    const series = lines.map(({ what, name }, at) => ({
      label: what === "silent" ? t("{layer}, silent", { layer: name }) : t("{layer}, saturated", { layer: name }), stroke: lineColour(at, lines.length), width: 1.6, spanGaps: true,
      dash: what === "silent" ? undefined : [4, 3] }));
    const why = lines.length ? t("Neurons that said nothing to a whole batch, and outputs that can hardly change any more.") : t("Every neuron is awake: none was silent for a whole batch, and none is saturated.");
    return this.chart(t("Idle neurons"), why, lines.length ? [looks.step, ...lines.map((line) => line.values)] : null, series, false, false, 0, percent);
  }

  chart(title, why, data, series, log, flagged = false, least = null, up = sized) {
    const place = make("div", { class: "plot" });
    const words = make("p", { class: "why" }, why ?? "");
    const card = make("section", { class: flagged ? "card chart wide" : "card chart" }, make("h2", {}, title ?? ""), words, place);
    return { card, place, words, why, data, series, log, flagged, least, up };
  }

  plot({ place, data, series, log, flagged, least, up }) {
    const plot = new uPlot({
      width: place.clientWidth || 300, height: HEIGHT,
      scales: { x: { time: false }, y: { distr: log ? 3 : 1, ...(least === null ? {} : { range: (_, low, high) => [least, Math.min(up === percent ? 1 : Infinity, 1.1 * high || 1)] }) } },
      axes: axes({ across: brief, up, label: t("steps") }),
      series: [{ label: t("steps"), value: (_, value) => (value === null ? "–" : count(value)) }, ...series.map((one) => ({ ...one, points: { show: one.few ?? false }, value: (_, value) => number(value) }))],
      legend: { show: series.length <= 8, live: false },
      cursor: { drag: { x: false, y: false } },
      hooks: flagged ? { draw: [(plot) => this.flags(plot)] } : {},
    }, data, place);
    plot.over.addEventListener("click", () => {
      const step = plot.posToVal(plot.cursor.left, "x");
      const { looks } = this.state;
      let best = 0;
      looks.step.forEach((one, at) => { if (Math.abs(one - step) < Math.abs(looks.step[best] - step)) best = at; });
      this.go(best);
    });
    this.plots.push(plot);
  }

  fit() {
    this.plots.forEach((plot) => {
      const width = plot.root.parentElement.clientWidth;
      if (width && width !== plot.width) plot.setSize({ width, height: HEIGHT });
    });
  }
}

const sized = (value) => (Math.abs(value) >= 1e4 ? brief(value) : number(value, 2));
const brief = (value) => (value >= 1e9 ? number(value, 1) : value >= 1e6 ? `${value / 1e6}M` : value >= 1e4 ? `${value / 1e3}k` : count(value));

// How the answer depends on one column: the mean answer when that column takes each of its values in turn, all else as it is.

import uPlot from "../vendor/uplot/uPlot.esm.js";
import { ask } from "./api.js";
import { axes } from "./axes.js";
import { lineColour } from "./colours.js";
import { colour, fill, make } from "./dom.js";
import { number, percent, t } from "./text.js";

const HEIGHT = 200;
const MOST_LINES = 6;

export class Dependence {
  constructor(state, turns, failed) {
    Object.assign(this, { state, turns, failed, told: null });
    this.column = Math.min(turns.length - 1, state.column ?? 0); // outlives another language
    const options = turns.map((turn, at) => make("option", { value: at, selected: at === this.column }, turn.name));
    this.choice = make("select", { id: "column", onchange: () => this.choose(Number(this.choice.value)) }, ...options);
    this.plot = make("div", { class: "plot" });
    this.words = make("p", { class: "quiet small" });
    this.place = make("div", { class: "dependence" }, make("h3", {}, make("label", { for: "column" }, t("How the answer depends on")), " ", this.choice), this.words, this.plot);
    new ResizeObserver(() => this.told && this.drawn !== this.plot.clientWidth && this.draw()).observe(this.plot);
  }

  choose(column) {
    this.column = this.state.column = column;
    this.follow(this.step);
  }

  async follow(step) {
    this.step = step;
    if (step === undefined) return;
    try {
      const told = await ask("dependence", { step, column: this.column });
      if (told.column !== this.column && told.answers) return;
      const known = told.answers?.some((row) => row.some((value) => value !== null)); // of a training that went astray nothing is
      this.place.hidden = !known;
      this.told = known ? told : null;
      if (this.told) this.draw();
    } catch (error) {
      this.failed(error);
    }
  }

  // Of two classes the second tells all; of many those that the column moves most.
  lines() {
    const { answers } = this.told;
    const { about } = this.state;
    const of = answers[0].map((_, at) => ({ label: about.classifies ? (about.classes?.[at] ?? String(at)) : t("answer"), values: answers.map((row) => row[at]) }));
    if (!about.classifies || of.length === 2) return of.slice(-1);
    const moved = ({ values }) => Math.max(...values) - Math.min(...values);
    const most = [...of].sort((a, b) => moved(b) - moved(a)).slice(0, MOST_LINES);
    return of.filter((one) => most.includes(one));
  }

  draw() {
    const { told, state } = this;
    const lines = this.lines();
    this.place.dataset.step = told.step;
    this.words.textContent = state.about.classifies
      ? lines.length === 1 ? t("The mean share of “{class}” as this column takes each value in turn.", { class: lines[0].label }) : t("The mean share of each class as this column takes each value in turn.")
      : t("The mean answer as this column takes each value in turn.");
    this.drawn = this.plot.clientWidth;
    this.chart?.destroy();
    this.chart = null;
    if (told.kind === "categories") return fill(this.plot, bars(told.values, lines, state.about.classifies));
    fill(this.plot);
    const stroke = (at) => (lines.length === 1 ? colour("--accent") : lineColour(at, lines.length));
    this.chart = new uPlot({
      width: this.plot.clientWidth || 300, height: HEIGHT,
      scales: { x: { time: false }, y: state.about.classifies ? { range: [0, 1] } : {} },
      axes: axes({ across: (value) => number(value, 4), up: state.about.classifies ? percent : (value) => number(value, 4), space: 50 }),
      series: [{ label: this.turns[this.column].name }, ...lines.map(({ label }, at) => ({ label, stroke: stroke(at), width: 2.2, points: { show: true, size: 5, fill: stroke(at) }, dash: at % 2 ? [6, 4] : undefined }))],
      legend: { show: lines.length > 1, live: false },
      cursor: { drag: { x: false, y: false } },
    }, [told.values, ...lines.map(({ values }) => values)], this.plot);
  }
}

// Of categories: a bar for each, of the one line there is, or of each class.
function bars(values, lines, classifies) {
  const most = classifies ? 1 : Math.max(...lines.flatMap((line) => line.values.map(Math.abs)), 1e-12);
  return make("div", { class: "bars" }, ...values.flatMap((value, at) => lines.map((line, of) => make("div", { class: "category" },
    make("span", { title: value }, of === 0 ? value : ""),
    make("div", { class: "track", title: line.label }, make("i", { style: `width:${100 * Math.abs(line.values[at]) / most}%;background:${lines.length === 1 ? "var(--accent)" : lineColour(of, lines.length)}` })),
    make("span", { class: "number" }, lines.length === 1 ? number(line.values[at], 3) : `${line.label} ${number(line.values[at], 2)}`)))));
}

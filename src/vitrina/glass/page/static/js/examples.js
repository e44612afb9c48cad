// The examples that judge the training, as they fare at the moment the slider shows: hardest first.

import { ask } from "./api.js";
import { showConfusion } from "./confusion.js";
import { Dependence } from "./dependence.js";
import { $, fill, make } from "./dom.js";
import { showRows } from "./rows.js";
import { Sight } from "./sight.js";
import { count, t } from "./text.js";
import { Wall } from "./wall.js";

export class ExamplesView {
  constructor(state, known, failed) {
    Object.assign(this, { state, known, failed, judged: null, pair: null, wanted: null, last: null, working: null });
    new ResizeObserver(() => this.wall?.place()).observe($("#examples"));
    this.sight = new Sight($("#examples"), () => { if (state.moment) this.follow(state.moment.step); });
  }

  // True as well before there is anything to be seen.
  get inSight() {
    return this.sight.seen || !this.judged;
  }

  // Everything anew: another language, another theme.
  build() {
    const { known, state } = this;
    this.head = make("h2", {}, "");
    this.told = make("p", { class: "quiet", role: "status" });
    this.left = make("div", { class: "left" });
    this.right = make("div", { class: "right" });
    this.wall = known.pictures ? new Wall(this.left, known, state.about.classes ?? []) : null;
    this.confusion = make("div", { class: "confusion" });
    this.dependence = known.turns?.length ? new Dependence(state, known.turns, this.failed) : null;
    fill(this.right, ...[this.wall?.detail, this.confusion, this.dependence?.place].filter(Boolean));
    fill($("#examples"), make("div", { class: "head" }, this.head, this.told), make("div", { class: "both" }, this.left, this.right));
    if (!this.judged) return;
    this.show();
    this.dependence?.follow(this.judged.step);
  }

  // Asks for one moment at a time, and of those that were wanted meanwhile only for the last: a slider is faster.
  follow(step) {
    if (!this.known.count || step === (this.wanted ?? this.last)) return this.working ?? Promise.resolve();
    this.wanted = step;
    this.working ??= this.work().catch((error) => { this.last = null; this.failed(error); }).finally(() => { this.working = null; });
    return this.working;
  }

  async work() {
    while (this.wanted !== null) {
      const next = this.last = this.wanted;
      this.wanted = null;
      const judged = await ask("judged", { step: next });
      $("#examples").hidden = !judged.order;
      if (!judged.order) {
        this.last = null; // they may be known later
        continue;
      }
      this.judged = judged;
      this.show();
      await this.dependence?.follow(judged.step);
    }
  }

  show() {
    const { judged, state, known } = this;
    const { about } = state;
    $("#examples").dataset.step = judged.step;
    const steps = count(judged.step);
    this.head.textContent = {
      train: () => t("Examples it learns from, after {steps} steps", { steps }),
      folds: () => t("Examples, each answered by the network that was kept from it, after {steps} steps", { steps }),
      validation: () => t("Examples it never learns from, after {steps} steps", { steps }),
    }[about.probes_from ?? "validation"]();
    const all = judged.order.length;
    this.told.textContent = judged.confusion ? t("{right} of {all} right", { right: count(judged.right), all: count(all) }) : t("{all} examples, the hardest first", { all: count(all) });
    if (this.wall) this.wall.show(judged, this.pair);
    else showRows(this.left, state, known, judged);
    if (judged.confusion) {
      showConfusion(this.confusion, judged.confusion, about.classes ?? [], this.pair, (pair) => {
        this.pair = String(pair) === String(this.pair) ? null : pair;
        this.show();
      }, this.wall !== null);
    }
  }
}

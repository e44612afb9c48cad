// The slider over the whole training, and the training's own controls while it lives.

import { control, Trouble } from "./api.js";
import { $, colour, fill, make, sharp } from "./dom.js";
import { count, number, t } from "./text.js";

const PLAY = 60; // milliseconds between the looks that are played

export class Timeline {
  constructor(state, go, failed) {
    Object.assign(this, { state, go, failed, timer: null });
    this.build();
    new ResizeObserver(() => this.draw()).observe($("#time"));
  }

  build() {
    const { state } = this;
    this.canvas = make("canvas", { role: "img", "aria-label": t("error over the training") });
    this.slider = make("input", { type: "range", min: 0, max: 0, value: 0, "aria-label": t("Moment of the training"), oninput: () => this.slide() });
    this.playing = make("button", { type: "button", id: "play", onclick: () => this.play() }, t("▶ Play"));
    this.follow = make("button", { type: "button", id: "follow", onclick: () => { this.stop(); this.go(null); } }, t("Now"));
    this.told = make("output", { id: "moment" });
    const asked = (action) => make("button", { type: "button", "data-action": action, onclick: () => this.ask(action) },
      { pause: t("Pause"), step: t("One step"), resume: t("Go on"), stop: t("Stop and keep the best") }[action]);
    this.buttons = ["pause", "step", "resume", "stop"].map(asked);
    this.rate = make("input", { type: "number", step: "any", min: 0, id: "rate", "aria-label": t("learning rate"),
      onchange: () => this.ask("rate", Number(this.rate.value)) });
    this.controls = make("div", { class: "row", id: "controls", hidden: true },
      make("b", {}, t("The training")), ...this.buttons, make("label", { class: "rate" }, t("learning rate"), " ", this.rate));
    fill($("#time"), make("div", { class: "row" }, this.playing, make("div", { class: "grow" }, this.canvas, this.slider), this.follow, this.told), this.controls);
    this.update();
    if (state.status) this.status(state.status);
  }

  async ask(action, value) {
    try {
      if (action === "rate" && !(value > 0 && value < Infinity)) {
        this.status(this.state.status, true);
        throw new Trouble(t("a learning rate is a number above 0, such as {example}", { example: number(0.001) }));
      }
      await control(action, value);
      if (action === "rate") return;
      this.stop();
      this.go(null);
    } catch (error) {
      this.failed(error);
    }
  }

  slide() {
    this.stop();
    this.go(Number(this.slider.value));
  }

  play() {
    if (this.timer) return this.stop();
    const { looks } = this.state;
    let at = this.state.at === looks.step.length - 1 ? 0 : this.state.at;
    this.playing.textContent = t("❚❚ Hold");
    const next = async () => {
      await this.go(at);
      at += Math.max(1, Math.round(looks.step.length / 300));
      if (at < looks.step.length && this.timer) this.timer = setTimeout(next, PLAY);
      else if (this.timer) { await this.go(looks.step.length - 1); this.stop(); }
    };
    this.timer = setTimeout(next, 0);
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = null;
    this.playing.textContent = t("▶ Play");
  }

  // After another moment was chosen, or there are more of them.
  update() {
    const { looks, at, following } = this.state;
    this.slider.max = Math.max(0, looks.step.length - 1);
    this.slider.value = at;
    this.follow.classList.toggle("primary", following);
    this.follow.setAttribute("aria-pressed", String(following));
    const step = looks.step[at];
    const each = this.state.about.steps_per_epoch;
    if (step !== undefined) {
      this.told.textContent = t("after {step} steps · epoch {epoch}", { step: count(step), epoch: number(step / each, 3) });
      this.slider.setAttribute("aria-valuetext", this.told.textContent);
    }
    this.draw();
  }

  // anew: the learning rate, too, in place of what somebody types.
  status(status, anew = false) {
    const alive = status.state === "training" || status.state === "paused";
    this.controls.hidden = !alive;
    const able = { pause: status.state === "training", resume: status.state === "paused", step: status.state === "paused", stop: alive };
    for (const button of this.buttons) button.disabled = !able[button.dataset.action];
    if (anew || document.activeElement !== this.rate) this.rate.value = status.rate ? Number(status.rate.toPrecision(4)) : "";
  }

  // The batches' errors as a band behind the slider, on a logarithmic scale where they are above 0.
  draw() {
    const { curves, looks, at } = this.state;
    // An error that was infinite is drawn as high as the highest that was not.
    const top = Math.max(...curves.batches.high.filter((value) => value !== null));
    const [low, high, mean] = ["low", "high", "mean"].map((of) => curves.batches[of].map((value) => value ?? top));
    const { step } = curves.batches;
    const width = this.canvas.parentElement.clientWidth;
    if (!width || !step.length) return;
    const height = 46;
    const pen = sharp(this.canvas, width, height);
    const log = Math.min(...low) > 0 ? Math.log : (value) => value;
    const [bottom, ceiling] = [log(Math.min(...mean)), log(Math.max(...mean))];
    const last = Math.max(step.at(-1), looks.step.at(-1) ?? 0);
    // The slider counts looks, which lie closer together at the beginning; the curve follows it.
    const across = (done) => 8 + place(looks.step, Math.min(done, last)) / Math.max(1, looks.step.length - 1) * (width - 16);
    const down = (value) => height - 3 - Math.max(0, Math.min(1, (log(value) - bottom) / (ceiling - bottom || 1))) * (height - 6);
    pen.beginPath();
    step.forEach((done, i) => pen.lineTo(across(done), down(high[i])));
    for (let i = step.length - 1; i >= 0; i--) pen.lineTo(across(step[i]), down(low[i]));
    pen.fillStyle = colour("--faint");
    pen.fill();
    pen.beginPath();
    step.forEach((done, i) => pen.lineTo(across(done), down(mean[i])));
    pen.strokeStyle = colour("--accent");
    pen.lineWidth = 1.5;
    pen.stroke();
    pen.fillStyle = colour("--more");
    pen.fillRect(8 + at / Math.max(1, looks.step.length - 1) * (width - 16) - 1, 0, 2, height);
  }
}

// Where a step lies among the looks, between two of them if need be.
function place(steps, done) {
  let [low, high] = [0, steps.length - 1];
  while (low < high - 1) {
    const half = (low + high) >> 1;
    if (steps[half] <= done) low = half;
    else high = half;
  }
  if (steps[high] <= done || high === 0) return high;
  return low + Math.max(0, Math.min(1, (done - steps[low]) / (steps[high] - steps[low] || 1)));
}

// What the doctor finds: told above the network, and marked on the layer and on the curve. Silent when nothing is wrong.

import { ask } from "./api.js";
import { $, fill, make } from "./dom.js";
import { count, language, t } from "./text.js";

const EVERY = 10000; // milliseconds between questions to the doctor while a network learns, and
const REST = 100; // times as long as an answer takes: the longer the recording, the rarer

export const signs = { fault: "✗", warning: "!" };

export class DoctorView {
  // marked: given a mark for each finding and each of its consequences, whenever they are others; go: to the look at a step.
  constructor(marked, go, failed) {
    Object.assign(this, { marked, go, failed, told: "", asked: 0, took: 0, timer: null, begun: false });
  }

  // The doctor reads the whole recording: whoever opens the page sees the rest of it first.
  begin() {
    this.begun = true;
    return this.ask();
  }

  // There may be news; asks now, or when it is time to.
  news() {
    if (this.timer || !this.begun) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      this.ask();
    }, Math.max(0, this.asked + Math.max(EVERY, REST * this.took) - Date.now()));
  }

  async ask() {
    this.asked = Date.now();
    try {
      const { findings } = await ask("findings", { lang: language() });
      this.took = Date.now() - this.asked;
      const told = JSON.stringify([language(), findings]);
      if (told === this.told) return; // what a reader has opened stays open
      this.told = told;
      this.show(findings);
    } catch (error) {
      this.failed(error);
    }
  }

  show(findings) {
    const open = new Set([...document.querySelectorAll("#doctor details[open]")].map((one) => one.dataset.code));
    const cards = findings.map((finding) => this.card(finding, open.has(finding.code)));
    $("#doctor").hidden = !findings.length;
    fill($("#doctor"), make("h2", {}, t("The doctor")), ...cards);
    const marks = findings.flatMap((finding, at) => [finding, ...finding.consequences].map((one) => ({
      where: one.where, since: one.since, severity: one.severity, words: one.what, cause: one === finding, choose: () => this.open(cards[at]) })));
    this.marked(marks);
  }

  card(finding, open) {
    const where = /_\d+$/.test(finding.where) ? finding.where : finding.where.replaceAll("_", " "); // a layer is called what it is
    const facts = [where, t("since step {step}", { step: count(finding.since) })];
    const detail = finding.consequences.map((one) => make("li", {}, one.what));
    return make("details", { "data-code": finding.code, class: finding.severity, open },
      make("summary", {}, make("span", { class: "sign", "aria-hidden": "true" }, signs[finding.severity]), make("b", {}, finding.what), make("span", { class: "quiet small" }, facts.filter(Boolean).join(" · "))),
      make("p", {}, finding.todo),
      detail.length ? make("p", { class: "quiet small" }, t("What comes of it:")) : null,
      detail.length ? make("ul", { class: "small" }, ...detail) : null,
      make("button", { type: "button", class: "small", onclick: () => this.go(finding.since) }, t("Go to that moment")));
  }

  open(card) {
    card.open = true;
    card.scrollIntoView({ block: "nearest", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
    card.querySelector("summary").focus({ preventScroll: true });
  }
}

// The page: one state, what shows it, and what changes it.

import { ask, listen, Trouble } from "./api.js";
import { probeBar, showAnswer } from "./answer.js";
import { forget } from "./colours.js";
import { costName } from "./costs.js";
import { Curves } from "./curves.js";
import { DoctorView } from "./doctor.js";
import { $, fill } from "./dom.js";
import { EditorView } from "./editor.js";
import { ExamplesView } from "./examples.js";
import { showFunction } from "./function.js";
import { showLayer } from "./layer.js";
import { memberBar } from "./members.js";
import { NetworkView } from "./network.js";
import { neuronTrouble, noNeuron, showNeuron } from "./neuron.js";
import { stageBar, stageWords } from "./stages.js";
import { choose as chooseLanguage, count, keep, kept, language, load, t } from "./text.js";
import { Timeline } from "./time.js";
import { Versus } from "./versus.js";

const DOCTOR_COMES = 400; // milliseconds after the rest
const REST = 120 / (navigator.hardwareConcurrency || 4); // times as long as news took to show: on few cores what looks on takes from what learns
const REST_LEAST = 2000; // milliseconds
const EXAMPLES_STAY = 200; // milliseconds without another moment
const EXAMPLES_EVERY = 4000; // milliseconds, while it learns: hundreds of pictures that move are dear to draw

const state = { stage: "forward", probe: 0, member: null, at: 0, following: true, status: null, selected: null };
let network, timeline, curves, examples, doctor, versus, editor;
let asked = 0, askedNeuron = 0;
let examplesAt = -Infinity, examplesWait = 0, wake = null; // when the examples were last asked for; the wait until they are; ends a rest

function trouble(error) {
  const gone = !(error instanceof Trouble) || error.message === "gone";
  if (gone && !(error instanceof Trouble)) console.error(error);
  $("#trouble").textContent = gone ? t("The server of this page cannot be reached; start it again with vitrina watch. The page then goes on by itself.") : error.message;
  $("#trouble").hidden = false;
}

// Shows the look of this number; null follows the newest.
async function go(at) {
  state.following = at === null || (at === state.looks.step.length - 1 && state.following);
  state.at = at === null ? state.looks.step.length - 1 : at;
  timeline?.update();
  const mine = ++asked;
  try {
    const step = state.looks.step[state.at];
    const small = state.about.layers[0].shape.reduce((a, b) => a * b, 1) <= 2;
    const known = state.probes ? { bare: 1 } : {};
    const answers = Promise.all([ask("moment", { step, probe: state.probe, member: state.member ?? 0 }), ask("probes", { step, ...known }), small ? ask("function", { step }) : {}]);
    if (!state.moment) examples.follow(step); // at first they are answered while the network is drawn
    const [moment, probes, made] = await answers;
    if (mine !== asked) return; // somebody chose another moment meanwhile
    Object.assign(state, { moment, probes: { ...state.probes, ...probes }, made });
    show();
    if (!isLive() || (examples.inSight && performance.now() - examplesAt > EXAMPLES_EVERY)) followExamples();
    await showSelected();
  } catch (error) {
    trouble(error);
  }
}

// Goes to the look of this number, and stays there.
function goTo(at) {
  timeline.stop();
  state.following = false;
  go(at);
}

// Whether what is shown moves on by itself with a training that is at work.
const isLive = () => state.following && state.status?.state === "training";

// Of examples out of sight only the moment is shown at which one stays.
function followExamples(stayed = false) {
  clearTimeout(examplesWait);
  if (!examples.inSight && !stayed) {
    examplesWait = setTimeout(() => followExamples(true), EXAMPLES_STAY);
    return;
  }
  examplesAt = performance.now();
  examples.follow(state.moment.step);
}

// The number of the last look at or before a step.
const lookAt = (step) => Math.max(0, state.looks.step.findLastIndex((one) => one <= step));

function show() {
  network.show(state.moment, state.stage, state.member);
  stageBar(state, chooseStage);
  memberBar(state, chooseMember);
  stageWords(state);
  probeBar(state, chooseProbe);
  showAnswer(state);
  showFunction(state, state.made);
}

async function showSelected() {
  const mine = ++askedNeuron;
  if (!state.selected) return noNeuron();
  const { layer, unit, place } = state.selected;
  const chosen = state.about.layers.find((one) => one.name === layer);
  if (!chosen.neurons) return showLayer(chosen);
  try {
    const told = await ask("neuron", { step: state.moment.step, probe: state.probe, layer, unit, place: place.join(",") });
    if (mine === askedNeuron) showNeuron(state, told, chooseProbe); // an answer overtaken by a later one is not shown over it
  } catch (error) {
    if (mine !== askedNeuron) return;
    if (error.message === "gone") trouble(error);
    else neuronTrouble(error.message === "too-large" ? t("This layer has too many connections for a replay to hold them all; vitrina watch shows every one.") : error.message);
  }
}

function chooseStage(stage) {
  state.stage = stage;
  show();
  showSelected();
}

function chooseProbe(probe) {
  state.probe = probe;
  go(state.following ? null : state.at);
}

function chooseMember(member) {
  state.member = member;
  if (member !== null) network.follow(member);
  go(state.following ? null : state.at);
}

function showStatus() {
  const { status, about } = state;
  const words = {
    training: () => t("learning · epoch {epoch} of {epochs} · {speed} steps a second", { epoch: Math.min(status.epoch + 1, about.epochs), epochs: about.epochs, speed: count(Math.round(status.steps_per_second)) }),
    paused: () => t("paused after {step} steps", { step: count(status.step) }),
    done: () => t("has learned, {step} steps", { step: count(status.step) }),
    stopped: () => t("was stopped after {step} steps; the best is kept", { step: count(status.step) }),
    dead: () => t("the training ended without a word; vitrina train --resume goes on"),
    unknown: () => t("a recording"),
    lost: () => t("the error became infinite or NaN at step {step}: there is nothing more to learn from it", { step: count(status.step) }),
  };
  const lost = status.state === "done" && state.curves.batches.mean.at(-1) === null;
  $("#status").textContent = words[lost ? "lost" : status.state]();
  $("#status").dataset.state = lost ? "dead" : status.state;
  $("#status").dataset.beat = status.state === "training" && $("#status").dataset.beat !== "1" ? "1" : "0";
}

function showFrame() {
  const { about } = state;
  const facts = [about.run, about.data, t("{count} weights", { count: count(about.parameters) }), about.engine, about.cost && costName(about.cost)];
  $("#facts").textContent = facts.filter(Boolean).join(" · ");
  document.title = `${about.run} – Vitrina`;
  $("#net").setAttribute("aria-label", t("The network. Arrow keys go from neuron to neuron."));
}

function showButtons() {
  $("#language").textContent = language() === "es" ? "English" : "Español";
  $("#theme").textContent = document.documentElement.dataset.theme === "dark" ? t("Light") : t("Dark");
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  forget();
}

async function heard(news) {
  $("#trouble").hidden = true;
  const before = state.status?.state;
  state.status = news;
  showStatus();
  timeline.status(news);
  doctor.news();
  if (news.state !== "training") {
    wake?.();
    if (before === "training" && state.moment) {
      followExamples();
      curves.update();
    }
  }
  const passed = `${news.epochs} ${news.beside}`; // epochs of the two
  if (news.beside !== undefined && state.passed !== passed) {
    state.passed = passed;
    versus.follow();
  }
  if (state.busy) return; // it is asked below whether there was more meanwhile
  state.busy = true;
  try {
    while (isBehind()) {
      if (document.hidden && state.status.state === "training") await toBeInFront();
      const began = performance.now();
      await catchUp();
      await examples.working;
      if (state.status.state === "training") await rest(Math.max(REST_LEAST, REST * (performance.now() - began)));
    }
  } catch (error) {
    trouble(error);
  } finally {
    state.busy = false;
  }
}

// So many milliseconds, or until the training pauses or ends.
const rest = (time) => new Promise((done) => { wake = done; setTimeout(done, time); });

// Until the page is no longer in the background, or the training pauses or ends.
const toBeInFront = () => new Promise((done) => { wake = done; document.addEventListener("visibilitychange", done, { once: true }); });

const isBehind = () => state.status.looks !== state.looks.step.length || state.status.epochs !== state.seenEpochs;

async function catchUp() {
  const told = state.status; // there may be newer news when the answers come, which are left as they are
  const { looks: there, epochs } = told;
  const before = state.looks.step.length;
  const [more, drawn] = await Promise.all([ask("looks", { after: state.looks.step.length }), ask("curves")]);
  state.curves = drawn;
  state.seenEpochs = Math.max(epochs, drawn.epochs.epoch?.length ?? 0);
  if (there < state.looks.step.length) state.looks = await ask("looks", { after: 0 }); // it was thinned out
  else append(state.looks, more);
  told.looks = Math.max(there, state.looks.step.length); // there may be more by now than was told
  told.epochs = state.seenEpochs;
  if (told.state === "done") showStatus(); // it may have ended in an error that is no number
  timeline.update();
  if (curves.inSight || told.state !== "training") curves.update();
  if (state.following && (!state.moment || state.looks.step.length !== before || !isLive())) await go(null);
}

function append(looks, more) {
  for (const what of ["step", "seconds", "rate"]) looks[what].push(...more[what]);
  for (const [name, kinds] of Object.entries(more.layers)) {
    for (const [what, values] of Object.entries(kinds)) {
      const before = (looks.layers[name] ??= {})[what] ?? Array(looks.step.length - values.length).fill(null);
      looks.layers[name][what] = [...before, ...values];
    }
  }
}

function everything() {
  showButtons();
  editor?.build();
  if (!network || document.body.dataset.ready !== "yes") return; // there is no run, or it is not all here yet
  showFrame();
  network.zoom.build();
  timeline.build();
  curves.draw();
  examples.build();
  doctor.ask();
  versus.build();
  if (state.status) showStatus();
  show();
  showSelected();
}

async function start() {
  setTheme(kept("vitrina-theme") ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
  const [texts, where] = await Promise.all([ask("texts.es.json"), ask("place")]);
  load(texts);
  showButtons();
  $("#language").onclick = () => { chooseLanguage(language() === "es" ? "en" : "es"); everything(); };
  $("#theme").onclick = () => {
    const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    keep("vitrina-theme", theme);
    setTheme(theme);
    everything();
  };
  if (where.editor !== null) {
    editor = new EditorView(where);
    await editor.open();
  }
  if (where.run === null) $("main").hidden = true;
  else await watchRun();
  document.body.dataset.ready = "yes";
}

async function watchRun() {
  let judges;
  [state.about, state.looks, state.curves, judges] = await Promise.all([ask("about"), ask("looks", { after: 0 }), ask("curves"), ask("examples")]);
  state.seenEpochs = state.curves.epochs.epoch?.length ?? 0;
  state.member = state.about.members ? 0 : null;
  network = new NetworkView($("#net"), $("#hover"), state.about, (selected) => { state.selected = selected; showSelected(); });
  timeline = new Timeline(state, go, trouble);
  curves = new Curves(state, goTo);
  versus = new Versus(trouble);
  versus.follow();
  doctor = new DoctorView((marks) => { network.flag(marks); curves.flag(marks.filter((mark) => mark.cause)); }, (step) => goTo(lookAt(step)), trouble);
  examples = new ExamplesView(state, judges, trouble);
  examples.build();
  showFrame();
  noNeuron();
  if (state.looks.step.length) await go(null);
  curves.draw();
  listen(heard, () => trouble(new Trouble("gone")));
  Promise.resolve(examples.working).then(() => setTimeout(() => doctor.begin(), DOCTOR_COMES)); // when all else has been drawn
}

start().catch(trouble);

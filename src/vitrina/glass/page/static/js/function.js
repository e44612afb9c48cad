// A network of one or two inputs as what it is: a function. Its curve, or its surface, and the points it learns from.

import { rulers } from "./axes.js";
import { css, largest, mix, scales } from "./colours.js";
import { $, colour, fill, make, sharp } from "./dom.js";
import { t } from "./text.js";

const HEIGHT = 210;
const [BESIDE, BELOW, ABOVE, END] = [46, 20, 7, 12]; // room for the numbers of both axes, half of which stand out at their ends

export function showFunction(state, told) {
  const card = $("#function");
  card.hidden = !told.inputs;
  if (card.hidden) return;
  const canvas = make("canvas", { role: "img", "aria-label": t("What the network has made of it") });
  const [across, up] = told.inputs === 1 ? [state.about.inputs?.[0] ?? "x", state.about.target ?? t("answer")] : [state.about.inputs?.[0] ?? "x1", state.about.inputs?.[1] ?? "x2"];
  fill(card, make("h2", {}, t("What the network has made of it")), make("p", { class: "quiet small axis" }, `↑ ${up}`), canvas, make("p", { class: "quiet small axis end" }, `${across} →`), legend(state.about, told));
  const width = card.clientWidth - 34;
  const draw = told.inputs === 1 ? curve : surface;
  draw(sharp(canvas, width, HEIGHT + BELOW), { left: BESIDE, top: ABOVE, width: width - BESIDE - END, height: HEIGHT - ABOVE }, told);
}

// What the inks stand for.
function legend(about, told) {
  const item = (sign, words) => make("span", {}, sign, words);
  const dots = item(make("i", { class: told.inputs === 1 ? "dot" : "dot ring" }), t("what it learns from"));
  if (told.inputs === 1) return make("p", { class: "quiet small inks" }, item(make("i", { class: "line" }), t("the network")), dots);
  const ink = (value) => make("i", { class: "ink", style: `background:${css(shades(told)(value))}` });
  const classes = Array.from({ length: told.classes }, (_, at) => item(ink(at), about.classes?.[at] ?? String(at)));
  const [low, high] = range(told);
  const ends = told.classes ? classes : [item(ink(low), t("low")), item(ink(high), t("high"))];
  return make("p", { class: "quiet small inks" }, ...ends, dots);
}

function curve(pen, room, { sides: [x], answer, x: points, y }) {
  const [across, down] = rulers(pen, { x: [x[0], x.at(-1)], y: span([...answer, ...y]), ...room });
  pen.fillStyle = colour("--more");
  pen.globalAlpha = 0.45;
  points.forEach(([at], place) => {
    pen.beginPath();
    pen.arc(across(at), down(y[place]), 2, 0, 2 * Math.PI);
    pen.fill();
  });
  pen.globalAlpha = 1;
  pen.strokeStyle = colour("--less");
  pen.lineWidth = 2.5;
  pen.beginPath();
  answer.forEach((value, place) => pen.lineTo(across(x[place]), down(value)));
  pen.stroke();
}

const range = ({ classes, answer, y }) => (classes ? [0, classes - 1] : span([...answer.flat(), ...y]));

// The colour of an answer: from blue for the least to orange for the most.
function shades(told) {
  const [low, high] = range(told);
  const middle = (low + high) / 2;
  return (value) => mix(value - middle, (high - low) / 2 || 1, scales.forward);
}

function surface(pen, room, told) {
  const { sides: [x, y], answer, x: points, y: truth } = told;
  const shade = shades(told);
  const image = new ImageData(x.length, y.length);
  answer.forEach((row, down) => row.forEach((value, across) => image.data.set([...shade(value), 255], 4 * ((y.length - 1 - down) * x.length + across))));
  const sheet = new OffscreenCanvas(x.length, y.length);
  sheet.getContext("2d").putImageData(image, 0, 0);
  pen.imageSmoothingQuality = "high"; // a network of smooth neurons is a smooth surface
  pen.drawImage(sheet, room.left, room.top, room.width, room.height);
  const [across, down] = rulers(pen, { x: [x[0], x.at(-1)], y: [y[0], y.at(-1)], ...room });
  if (points.length > 1500 || largest(truth) === 0) return;
  pen.strokeStyle = colour("--glass");
  points.forEach(([a, b], place) => {
    pen.beginPath();
    pen.arc(across(a), down(b), 2.6, 0, 2 * Math.PI);
    pen.fillStyle = css(shade(truth[place]));
    pen.fill();
    pen.stroke();
  });
}

const span = (values) => values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);

// A network of one or two inputs as what it is: a function. Its curve, or its surface, and the points it learns from.

import { css, largest, mix, scales } from "./colours.js";
import { $, colour, fill, make, sharp } from "./dom.js";
import { t } from "./text.js";

const HEIGHT = 210;

export function showFunction(state, told) {
  const card = $("#function");
  card.hidden = !told.inputs;
  if (card.hidden) return;
  const canvas = make("canvas", { role: "img", "aria-label": t("What the network has made of it") });
  const names = state.about.inputs?.length ? state.about.inputs.join(" × ") : "";
  fill(card, make("h2", {}, t("What the network has made of it")), canvas, make("p", { class: "quiet small" }, names));
  const draw = told.inputs === 1 ? curve : surface;
  draw(sharp(canvas, card.clientWidth - 34, HEIGHT), card.clientWidth - 34, told);
}

function curve(pen, width, { sides: [x], answer, x: points, y }) {
  const [low, high] = span([...answer, ...y]);
  const across = (value) => (value - x[0]) / (x.at(-1) - x[0]) * width;
  const down = (value) => HEIGHT - 6 - (value - low) / (high - low || 1) * (HEIGHT - 12);
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

function surface(pen, width, { sides: [x, y], answer, x: points, y: truth, classes }) {
  const [low, high] = classes ? [0, classes - 1] : span([...answer.flat(), ...truth]);
  const middle = (low + high) / 2;
  const shade = (value) => mix(value - middle, (high - low) / 2 || 1, scales.forward);
  const image = new ImageData(x.length, y.length);
  answer.forEach((row, down) => row.forEach((value, across) => image.data.set([...shade(value), 255], 4 * ((y.length - 1 - down) * x.length + across))));
  const sheet = new OffscreenCanvas(x.length, y.length);
  sheet.getContext("2d").putImageData(image, 0, 0);
  pen.imageSmoothingQuality = "high"; // a network of smooth neurons is a smooth surface
  pen.drawImage(sheet, 0, 0, width, HEIGHT);
  if (points.length > 1500 || largest(truth) === 0) return;
  pen.strokeStyle = colour("--glass");
  points.forEach(([a, b], place) => {
    pen.beginPath();
    pen.arc((a - x[0]) / (x.at(-1) - x[0]) * width, HEIGHT - (b - y[0]) / (y.at(-1) - y[0]) * HEIGHT, 2.6, 0, 2 * Math.PI);
    pen.fillStyle = css(shade(truth[place]));
    pen.fill();
    pen.stroke();
  });
}

const span = (values) => values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);

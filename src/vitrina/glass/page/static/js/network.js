// The network, left to right, with one example in it: neurons lit by what they give, connections by their weight.

import { css, largest, mix, scales } from "./colours.js";
import { $, colour, make, sharp } from "./dom.js";
import { signs } from "./doctor.js";
import { asSeen } from "./members.js";
import { fit, middle, places, tilePlace, under, unitPlace } from "./places.js";
import { count, fixed, number, t } from "./text.js";
import { curve, wire } from "./wires.js";
import { Zoom } from "./zoom.js";

const SECONDS = 0.9; // a wave takes from one end to the other
const LEGIBLE = 26; // pixels from which on a number stands in a neuron

export class NetworkView {
  constructor(holder, hover, about, chosen) {
    Object.assign(this, { holder, hover, about, chosen, stage: "forward", member: null, front: Infinity, columns: about.layers.length });
    this.canvas = holder.querySelector("canvas");
    this.zoom = new Zoom(this.canvas, $("#zoom"), () => this.draw());
    this.zoom.build();
    this.canvas.addEventListener("pointermove", (event) => this.point(event));
    this.canvas.addEventListener("pointerleave", () => (hover.hidden = true));
    this.canvas.addEventListener("click", (event) => this.click(event));
    holder.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.draw()).observe(holder);
  }

  // What the doctor found, a button at the corner of the layer it was found in.
  flag(marks) {
    this.flags?.forEach(({ button }) => button.remove());
    const first = new Map(); // one for each layer: what is graver or came first
    for (const mark of marks) {
      const layer = this.about.layers.find((one) => one.name === mark.where);
      if (layer && !first.has(layer.name)) first.set(layer.name, mark);
    }
    this.flags = [...first].map(([layer, mark]) => ({ layer, button: make("button", {
      type: "button", class: `flag ${mark.severity}`, "data-layer": layer, title: mark.words, "aria-label": mark.words, onclick: mark.choose }, signs[mark.severity]) }));
    this.holder.append(...this.flags.map(({ button }) => button));
    this.placeFlags();
  }

  placeFlags() {
    for (const { layer, button } of this.flags ?? []) {
      const one = this.boxes?.find((box) => box.layer.name === layer);
      button.hidden = !one;
      if (!one) continue;
      const [x, y] = this.zoom.seen(one.x + one.w, one.y);
      button.hidden = x < 0 || y < -9 || x > this.canvas.clientWidth || y > this.canvas.clientHeight;
      Object.assign(button.style, { left: `${x - 9}px`, top: `${Math.max(0, y - 9)}px` });
    }
  }

  // member: of an ensemble, which of its networks is drawn; null for all of them.
  show(moment, stage, member) {
    const wave = stage !== this.stage;
    Object.assign(this, { moment, stage, member }, asSeen(this.about, moment, member));
    if (wave && !matchMedia("(prefers-reduced-motion: reduce)").matches) this.wave();
    else {
      this.front = Infinity;
      this.draw();
    }
  }

  wave() {
    cancelAnimationFrame(this.frame);
    const began = performance.now();
    const step = (now) => {
      const share = Math.min(1, (now - began) / 1000 / SECONDS);
      this.front = share < 1 ? share * (this.columns + 1.5) : Infinity;
      this.draw();
      if (share < 1) this.frame = requestAnimationFrame(step);
    };
    this.frame = requestAnimationFrame(step);
  }

  // How far the wave has come in a column: 0 not yet, 1 it is past.
  lit(at) {
    const along = this.back ? this.columns - at : at;
    return Math.max(0, Math.min(1, this.front - along));
  }

  draw() {
    if (!this.moment) return;
    const { clientWidth, clientHeight } = this.holder;
    const found = places(this.layers, this.seen, clientWidth, Math.max(300, clientHeight - 4));
    this.boxes = found.boxes;
    this.columns = Math.max(...this.boxes.map((one) => one.at));
    this.height = found.height;
    const drawn = [this.moment, this.stage, this.member, found.width, found.height, document.documentElement.dataset.theme];
    if (!this.drawn?.every((one, at) => one === drawn[at])) this.sheets = new Map();
    this.drawn = drawn;
    const pen = sharp(this.canvas, found.width, found.height);
    pen.clearRect(0, 0, found.width, found.height);
    this.zoom.magnify(pen);
    this.back = this.stage === "backward" || this.stage === "update";
    this.scale = this.back ? scales.backward : scales.forward;
    for (const one of this.boxes) this.ways(pen, one);
    for (const one of this.boxes) this.layer(pen, one);
    this.mark(pen);
    this.placeFlags();
  }

  // What leads into a layer: its connections where they are known, else a line.
  ways(pen, one) {
    const from = one.layer.sources.map((name) => this.boxes.find((box) => box.layer.name === name)).filter(Boolean);
    const edges = this.moment.edges[one.layer.name];
    const shown = this.stage === "update" ? edges?.update : this.stage === "backward" ? edges?.gradient : edges?.weight;
    const before = shown && (!one.layer.members || one.layer.member === this.moment.member) && from.find((box) => box.layer.shape.reduce((a, b) => a * b, 1) * one.layer.shape.at(-1) === edges.of);
    if (before) return this.edges(pen, edges, shown, before, one);
    pen.globalAlpha = this.lit(one.at);
    for (const box of from) wire(pen, box, one, this.scale, this.back);
    pen.globalAlpha = 1;
  }

  edges(pen, edges, shown, before, one) {
    if (this.front === Infinity) return this.curves(pen, edges, shown, before, one);
    // While a wave passes only their light changes: they are drawn once, and then laid over with so much of it.
    const [left, wide] = [Math.floor(before.x), Math.ceil(one.x + one.w - before.x)];
    if (!this.sheets.has(one.layer.name)) {
      const scale = window.devicePixelRatio || 1;
      const sheet = new OffscreenCanvas(Math.max(1, Math.round(wide * scale)), Math.max(1, Math.round(this.height * scale)));
      const own = sheet.getContext("2d");
      own.setTransform(scale, 0, 0, scale, -left * scale, 0);
      this.curves(own, edges, shown, before, one);
      this.sheets.set(one.layer.name, sheet);
    }
    pen.globalAlpha = this.lit(one.at);
    pen.drawImage(this.sheets.get(one.layer.name), left, 0, wide, this.height);
    pen.globalAlpha = 1;
  }

  // Times as wide are lines: wider as they come nearer, but not as much as neurons.
  get thin() {
    return this.zoom.by ** -0.6;
  }

  curves(pen, edges, shown, before, one) {
    const most = largest(shown);
    const fade = edges.of > 2000 ? 0.5 : 0.85;
    for (let at = 0; at < shown.length; at++) {
      const [from, to] = [middle(before, edges.from[at]), middle(one, edges.to[at])];
      const share = Math.abs(shown[at]) / most;
      if (!from || !to || !(share > 0.02)) continue;
      pen.strokeStyle = css(mix(Math.sign(shown[at]), 1, this.scale), share * fade);
      pen.lineWidth = (0.5 + 1.8 * share) * this.thin;
      curve(pen, from, to);
    }
  }

  layer(pen, one) {
    pen.globalAlpha = 0.25 + 0.75 * this.lit(one.at);
    const seen = this.back && one.seen.signal ? one.seen.signal : one.seen.output;
    const scale = this.scale;
    if (one.layer.heads) this.scale = scales.forward; // a share of attention is no slope, whichever way one looks
    const values = flat(seen);
    const most = largest(values);
    if (one.form === "tiles") this.tiles(pen, one, seen, most);
    else if (one.form === "sheet") this.sheet(pen, one, seen, most);
    else this.units(pen, one, values, most);
    pen.globalAlpha = 1;
    this.scale = scale;
    this.label(pen, one);
  }

  units(pen, one, values, most) {
    const silent = new Set(one.seen.silent ?? []);
    const [edge, ground] = [colour("--edge"), colour("--glass")];
    values.forEach((value, unit) => {
      const [x, y] = unitPlace(one, unit);
      const shade = mix(value, most, this.scale);
      pen.fillStyle = css(shade);
      if (one.form === "squares") {
        const size = one.pitch - (one.pitch > 5 ? 1.5 : 0.5);
        pen.beginPath();
        pen.roundRect(x - size / 2, y - size / 2, size, size, size / 4);
        pen.fill();
        this.written(pen, value, x, y, size, shade);
        return;
      }
      pen.beginPath();
      pen.arc(x, y, one.r, 0, 2 * Math.PI);
      pen.fillStyle = ground;
      pen.fill();
      pen.fillStyle = css(shade);
      pen.fill();
      pen.strokeStyle = edge;
      pen.setLineDash(silent.has(unit * one.stride) ? [3, 3] : []);
      pen.stroke();
      pen.setLineDash([]);
      this.written(pen, value, x, y, 2 * one.r, shade);
    });
  }

  // A neuron's number within it, once it is large enough; no wider than it is.
  written(pen, value, x, y, size, shade) {
    if (size * this.zoom.by < LEGIBLE || value === null) return;
    const dark = shade[0] * 0.3 + shade[1] * 0.6 + shade[2] * 0.1 < 140;
    pen.fillStyle = dark === (document.documentElement.dataset.theme === "dark") ? colour("--ink") : dark ? "#fff" : "#10182c";
    pen.font = `${Math.min(10, size * 0.38)}px system-ui, 'DejaVu Sans', sans-serif`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillText(short(value), x, y + 0.5, size * 0.86);
  }

  sheet(pen, one, seen, most) {
    const image = new ImageData(one.units, one.steps);
    paint(image, one.units, one.steps, (row, column) => mix(seen[row][column], most, this.scale));
    this.put(pen, image, one.x, one.y, one.w, one.h);
  }

  tiles(pen, one, seen, most) {
    for (let tile = 0; tile < one.shown; tile++) {
      const image = new ImageData(one.columns, one.rows);
      if (one.picture) paint(image, one.columns, one.rows, picture(seen, one.channels));
      else paint(image, one.columns, one.rows, (row, column) => mix(seen[row][column][tile], most, this.scale));
      const [x, y] = tilePlace(one, tile);
      this.put(pen, image, x, y, one.wide, one.high);
    }
  }

  put(pen, image, x, y, width, height) {
    const sheet = new OffscreenCanvas(image.width, image.height);
    sheet.getContext("2d").putImageData(image, 0, 0);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(sheet, x, y, width, height);
    pen.strokeStyle = colour("--edge");
    pen.lineWidth = 1;
    pen.strokeRect(x, y, width, height);
  }

  label(pen, one) {
    const { layer } = one;
    pen.textAlign = "center";
    pen.textBaseline = "alphabetic";
    pen.fillStyle = colour("--ink");
    pen.font = "600 12px system-ui, 'DejaVu Sans', sans-serif";
    const y = one.bottom + 20 + one.lowered;
    const room = one.apart - 6;
    fitted(pen, layer.kind === "Input" ? t("input") : layer.title, one.middle, y, room);
    pen.font = "11px system-ui, 'DejaVu Sans', sans-serif";
    pen.fillStyle = colour("--quiet");
    const activation = layer.activation && layer.activation !== "linear" ? ` · ${layer.activation}` : "";
    const how = layer.joins ? `${joined(layer)} · ` : layer.kind === "EnsembleMean" ? `${t("mean of {count}", { count: this.about.members })} · ` : "";
    if (layer.heads) fitted(pen, t("who looks at whom"), one.middle, y + 15, room);
    else fitted(pen, how + layer.shape.join("×") + activation, one.middle, y + 15, room);
    if (one.form === "tiles" && !one.picture && one.channels > one.shown) {
      fitted(pen, t("and {more} more maps", { more: count(layer.shape[2] - one.shown) }), one.middle, y + 28, room);
    }
  }

  mark(pen) {
    const { selected } = this;
    const one = selected && this.boxes.find((box) => box.layer.name === selected.layer);
    if (!one) return;
    pen.strokeStyle = colour("--accent");
    pen.lineWidth = 2.5 * this.thin;
    if (one.form === "sheet") {
      const [step] = selected.place;
      pen.strokeRect(one.x + selected.unit / one.layer.shape[1] * one.w - 1, one.y + step / one.layer.shape[0] * one.h - 1, Math.max(4, one.across) + 2, Math.max(4, one.down) + 2);
    } else if (one.form === "circles" || one.form === "squares") {
      const [x, y] = unitPlace(one, selected.unit / one.stride);
      pen.beginPath();
      pen.arc(x, y, one.form === "circles" ? one.r + 3 : one.pitch * 0.8, 0, 2 * Math.PI);
      pen.stroke();
    } else if (one.form === "tiles") {
      const [x, y] = tilePlace(one, selected.unit);
      pen.strokeRect(x - 1.5, y - 1.5, one.wide + 3, one.high + 3);
      const [rows, columns] = one.layer.shape;
      const [row, column] = selected.place;
      pen.strokeRect(x + column / columns * one.wide, y + row / rows * one.high, one.wide / columns, one.high / rows);
    }
  }

  find(event) {
    const edge = this.canvas.getBoundingClientRect();
    return this.boxes && under(this.boxes, ...this.zoom.within(event.clientX - edge.left, event.clientY - edge.top));
  }

  point(event) {
    const found = this.find(event);
    this.canvas.style.cursor = found ? "pointer" : this.zoom.by > 1 ? "grab" : "default";
    this.hover.hidden = !found;
    if (!found) return;
    const { box: { layer }, unit, place, output, signal } = found;
    const name = layer.kind === "Input" ? (this.about.inputs?.[unit] ?? t("input {number}", { number: unit })) : `${layer.title} · ${unit}${ofClass(this.about, layer, unit)}`;
    const where = isAll(layer) ? ` · ${t("member {number}", { number: place[0] + 1 })}` : place.length ? ` (${place.join(", ")})` : "";
    const told = this.back && signal !== undefined ? t("error signal {value}", { value: short(signal, 4) }) : short(output, 4);
    this.hover.textContent = `${name}${where}: ${told}`;
    const edge = this.holder.parentElement.getBoundingClientRect();
    this.hover.style.left = `${Math.min(event.clientX - edge.left + 14, edge.width - this.hover.offsetWidth - 8)}px`;
    this.hover.style.top = `${event.clientY - edge.top + 16}px`;
  }

  click(event) {
    const found = !this.zoom.dragged && this.find(event);
    if (found) this.choose({ layer: found.box.layer.name, unit: found.unit, place: placeIn(found.box.layer, found.place) });
  }

  // Arrow keys go from neuron to neuron, and from layer to layer; others make it larger or smaller.
  key(event) {
    if (!event.ctrlKey && !event.metaKey && this.zoom.key(event.key)) return event.preventDefault();
    const moves = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
    if (!(event.key in moves)) return;
    event.preventDefault();
    const layers = this.layers.filter((layer) => layer.neurons);
    const now = layers.findIndex((layer) => layer.name === this.selected?.layer);
    const [aside, down] = moves[event.key];
    const layer = layers[Math.max(0, Math.min(layers.length - 1, now < 0 ? 0 : now + aside))];
    const unit = now < 0 || aside ? 0 : Math.max(0, Math.min(layer.shape.at(-1) - 1, this.selected.unit + down));
    this.choose({ layer: layer.name, unit, place: placeIn(layer, layer.shape.slice(0, -1).map((size) => Math.floor(size / 2))) });
    const box = this.boxes.find((one) => one.layer.name === layer.name);
    if (box?.form === "circles" || box?.form === "squares") this.zoom.reveal(unitPlace(box, unit / box.stride));
    else if (box) this.zoom.reveal([box.middle, box.y + box.h / 2]);
  }

  // The chosen neuron's like in another member.
  follow(member) {
    const layer = this.about.layers.find((one) => one.name === this.selected?.layer);
    if (layer?.members) this.selected.place = [member];
  }

  choose(selected) {
    this.selected = selected;
    this.draw();
    this.chosen(selected);
  }
}

// All members of an ensemble at once.
const isAll = (layer) => layer.members && layer.member === undefined;

// Of the last layer's neurons the class that each speaks for.
export function ofClass({ layers, classes, classifies }, layer, unit) {
  return classifies && layer.name === layers.at(-1).name && classes?.length === layer.shape.at(-1) ? ` (${classes[unit]})` : "";
}

// Where a neuron stands in its layer: of an ensemble also in which member.
const placeIn = (layer, place) => (layer.member === undefined ? place : [layer.member]);

export const joined = ({ joins }) => ({ add: t("sum"), multiply: t("product"), concatenate: t("side by side") })[joins];

// Text that takes no more than so much room, and is not cut off by the edge.
function fitted(pen, text, x, y, room) {
  const fits = (words) => pen.measureText(words).width <= room;
  if (text.includes("/") && !fits(text)) {
    const names = text.split("/"); // where it stands is seen, so that the last ones tell most; the number of the one around it parts it from its like
    text = names.slice(1, -1).map((_, at) => `…/${names.slice(at + 1).join("/")}`).find(fits) ?? `…${/\d*$/.exec(names.at(-2))[0]}/${names.at(-1)}`;
  }
  let shown = text;
  for (let left = text.length - 1; left > 4 && !fits(shown); left--) shown = `${text.slice(0, left - 2)}…${text.slice(-2)}`; // its number stays
  const half = pen.measureText(shown).width / 2;
  pen.fillText(shown, Math.min(Math.max(x, half), pen.canvas.clientWidth - half), y);
}

const flat = (values) => (Array.isArray(values[0]) ? values.flat(2) : values);

function paint(image, columns, rows, shade) {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = 4 * (row * columns + column);
      const [r, g, b] = shade(row, column);
      image.data.set([r, g, b, 255], at);
    }
  }
}

// A real image as it is: grey or in colour, from its darkest to its lightest value.
export function picture(seen, channels) {
  const values = seen.flat(2);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const grey = (value) => Math.round(255 * (value - low) / (high - low || 1));
  return (row, column) => {
    const pixel = seen[row][column];
    return channels === 3 ? pixel.map(grey) : [grey(pixel[0]), grey(pixel[0]), grey(pixel[0])];
  };
}

export function paintPicture(canvas, seen) {
  const [rows, columns] = [seen.length, seen[0].length];
  canvas.width = columns;
  canvas.height = rows;
  canvas.style.objectFit = fit(rows, columns);
  const image = new ImageData(columns, rows);
  paint(image, columns, rows, picture(seen, seen[0][0].length));
  canvas.getContext("2d").putImageData(image, 0, 0);
}

// A number in a circle: a few digits, as people of that language write them.
function short(value, digits = 2) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  if (size >= 1000 || (size < 10 ** -digits && size > 0)) return number(value, digits > 2 ? 3 : 1);
  const places = size >= 100 ? 0 : size >= 10 ? 1 : digits;
  return fixed(value || 0, places);
}

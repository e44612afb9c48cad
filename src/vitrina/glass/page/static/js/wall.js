// The pictures themselves, wrong ones first and large; each glides to its new place when the moment changes.

import { fill, make } from "./dom.js";
import { fit } from "./places.js";
import { number, percent, place, t } from "./text.js";

const BASE = 56; // pixels along a picture before it is scaled
const GAP = 8;
const SIZES = [[16, 72], [40, 56], [Infinity, 42]]; // along a picture while no more than so many are wrong
const SMALL = 28; // of those that are right
const HEAD = 26;

export class Wall {
  constructor(holder, known, classes) {
    Object.assign(this, { holder, known, classes, focus: 0 });
    this.bytes = Uint8Array.from(atob(known.pictures.bytes), (letter) => letter.charCodeAt(0));
    this.wrongHead = make("b", { class: "heading" });
    this.rightHead = make("b", { class: "heading" });
    this.tiles = Array.from({ length: known.count }, (_, at) => this.tile(at));
    this.sheet = make("div", { class: "sheet", role: "group" }, this.wrongHead, this.rightHead, ...this.tiles);
    this.sheet.addEventListener("keydown", (event) => this.key(event));
    this.detail = make("div", { class: "detail", role: "status" });
    holder.classList.add("wall");
    fill(holder, this.sheet);
  }

  tile(at) {
    const face = make("canvas");
    this.paint(face, at);
    const tile = make("button", { type: "button", class: "tile", "data-example": at, tabindex: -1, onclick: () => this.tell(at), onpointerenter: () => this.tell(at), onfocus: () => this.tell(at) },
      face, make("span", { class: "said" }), make("span", { class: "true" }));
    return tile;
  }

  paint(canvas, at) {
    const { height, width, channels } = this.known.pictures;
    canvas.width = width;
    canvas.height = height;
    canvas.style.objectFit = fit(height, width);
    const image = new ImageData(width, height);
    for (let pixel = 0, from = at * height * width * channels; pixel < height * width; pixel++) {
      for (let of = 0; of < 3; of++) image.data[4 * pixel + of] = this.bytes[from + pixel * channels + (channels === 3 ? of : 0)];
      image.data[4 * pixel + 3] = 255;
    }
    canvas.getContext("2d").putImageData(image, 0, 0);
  }

  name(at) {
    return this.classes[at] ?? String(at);
  }

  show(judged, pair) {
    this.judged = judged;
    this.pair = pair;
    this.place();
    this.tell(this.told ?? judged.order[0]);
  }

  isWrong(at) {
    return this.judged.confusion ? this.judged.said[at] !== this.judged.truth[at] : true;
  }

  // Where each is, by what was said of it.
  place() {
    const { judged } = this;
    if (!judged) return;
    const width = this.holder.clientWidth - 14;
    if (width <= 0) return;
    const order = judged.order;
    const wrong = order.filter((at) => this.isWrong(at));
    const size = SIZES.find(([most]) => wrong.length <= most)[1];
    const long = this.classes.some((name) => name.length > 3) || !judged.confusion;
    const below = long ? 34 : 20;
    const across = Math.max(1, Math.floor((width + GAP) / (size + GAP)));
    const top = HEAD;
    wrong.forEach((at, place) => this.put(at, (place % across) * (size + GAP), top + Math.floor(place / across) * (size + below + GAP), size, true));
    const down = wrong.length ? top + Math.ceil(wrong.length / across) * (size + below + GAP) + 4 : 0;
    const rest = order.filter((at) => !this.isWrong(at));
    const small = Math.max(1, Math.floor((width + 3) / (SMALL + 3)));
    rest.forEach((at, place) => this.put(at, (place % small) * (SMALL + 3), down + HEAD + Math.floor(place / small) * (SMALL + 3), SMALL, false));
    this.wrongHead.textContent = judged.confusion ? t("✗ {count} wrong", { count: wrong.length }) : t("the largest errors first");
    this.wrongHead.hidden = !wrong.length;
    this.rightHead.textContent = t("✓ {count} right", { count: rest.length });
    this.rightHead.hidden = !rest.length;
    this.rightHead.style.transform = `translateY(${down}px)`;
    this.sheet.style.height = `${down + (rest.length ? HEAD + Math.ceil(rest.length / small) * (SMALL + 3) : 0)}px`;
    const shown = new Set(order);
    this.tiles.forEach((tile, at) => (tile.hidden = !shown.has(at)));
    const first = shown.has(this.focus) ? this.focus : order[0];
    this.tiles.forEach((tile, at) => (tile.tabIndex = at === first ? 0 : -1));
  }

  put(at, x, y, size, wrong) {
    const { judged, pair } = this;
    const tile = this.tiles[at];
    const [said, truth] = tile.querySelectorAll("span");
    tile.style.transform = `translate(${x}px, ${y}px)`;
    tile.style.width = `${size}px`;
    tile.firstChild.style.transform = `scale(${size / BASE})`;
    tile.firstChild.style.marginBottom = `${size - BASE}px`; // what is scaled takes the room it had
    tile.classList.toggle("wrong", wrong);
    tile.classList.toggle("dim", Boolean(pair) && (judged.truth[at] !== pair[0] || judged.said[at] !== pair[1]));
    const [told, is] = judged.confusion ? [this.name(judged.said[at]), this.name(judged.truth[at])] : [number(judged.said?.[at], 3), number(judged.truth?.[at], 3)];
    said.textContent = judged.confusion ? `✗${told}` : told;
    truth.textContent = judged.confusion ? `✓${is}` : is;
    tile.setAttribute("aria-label", wrong ? t("said {said}, is {truth}", { said: told, truth: is }) : t("{truth}, rightly", { truth: is }));
  }

  // One of them, large.
  tell(at) {
    const { judged } = this;
    if (!judged || !judged.order.includes(at)) at = judged?.order[0];
    if (at === undefined) return;
    this.told = at;
    const face = make("canvas", { role: "img", "aria-label": place(this.known.where[at]) });
    this.paint(face, at);
    const share = judged.share ? ` (${percent(judged.share[at], 0)})` : "";
    const [told, is] = judged.confusion ? [this.name(judged.said[at]), this.name(judged.truth[at])] : [number(judged.said?.[at], 4), number(judged.truth?.[at], 4)];
    fill(this.detail, face, make("div", {},
      make("p", { class: judged.confusion && this.isWrong(at) ? "bad" : "good" }, t("says {said}", { said: told }) + share),
      make("p", {}, t("is {truth}", { truth: is })),
      make("p", { class: "quiet small" }, t("error {value}", { value: number(judged.error[at], 3) })),
      make("p", { class: "quiet small where" }, place(this.known.where[at]))));
  }

  // Arrow keys go through them in the order they are shown.
  key(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const { order } = this.judged;
    const now = Math.max(0, order.indexOf(Number(document.activeElement.dataset.example)));
    this.focus = order[Math.max(0, Math.min(order.length - 1, now + step))];
    this.tiles.forEach((tile, at) => (tile.tabIndex = at === this.focus ? 0 : -1));
    this.tiles[this.focus].focus();
  }
}

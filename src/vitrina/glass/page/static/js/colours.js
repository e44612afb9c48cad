// Values as colours that people with any colour vision tell apart: orange above zero and blue below on the way
// forward, green and purple on the way back, so that one also sees which way one is looking.

import { colour } from "./dom.js";

const cache = new Map();

function parts(name) {
  if (!cache.has(name)) {
    const hex = colour(name).slice(1);
    cache.set(name, [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)));
  }
  return cache.get(name);
}

export const forget = () => cache.clear(); // when the theme changes

export const scales = {
  forward: { more: "--more", less: "--less" },
  backward: { more: "--up", less: "--down" },
};

// [r, g, b] for a value, of which `most` is the largest size there is.
export function mix(value, most, scale) {
  const ground = parts("--faint");
  if (value === null || !(most > 0)) return ground;
  const ink = parts(value >= 0 ? scale.more : scale.less);
  const share = Math.min(1, Math.sqrt(Math.abs(value) / most)); // a root, so that small values show
  return ground.map((from, at) => Math.round(from + (ink[at] - from) * share));
}

export const css = ([r, g, b], alpha = 1) => `rgb(${r} ${g} ${b} / ${alpha})`;

export function largest(values) {
  let most = 0;
  for (const value of values) if (value !== null && Math.abs(value) > most) most = Math.abs(value);
  return most;
}

// A line for each layer, from left to right: from blue through violet to orange.
export function lineColour(place, of) {
  const share = of > 1 ? place / (of - 1) : 0;
  return `hsl(${215 + share * 175} 70% ${document.documentElement.dataset.theme === "dark" ? 65 : 48}%)`;
}

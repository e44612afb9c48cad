// Elements, made of text: what a file, a column or a class is called is never read as HTML.

export const $ = (selector) => document.querySelector(selector);

export function make(tag, attributes = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...inside.filter((one) => one !== null && one !== undefined));
  return element;
}

// What somebody scrolled. Where it stands is asked of these alone, as to ask makes the browser lay out the whole page at once.
const touched = new WeakSet();
document.addEventListener("scroll", (event) => touched.add(event.target), { capture: true, passive: true });

// In place of what was there: the keyboard stays where it was, and so does what was scrolled to.
export function fill(element, ...inside) {
  const way = element.contains(document.activeElement) ? wayTo(element, document.activeElement) : [];
  const scrolled = [...element.querySelectorAll(".scroll")].map((one) => (touched.has(one) ? [one.scrollLeft, one.scrollTop] : [0, 0]));
  element.replaceChildren(...inside.filter((one) => one !== null));
  const scrolling = element.querySelectorAll(".scroll");
  scrolled.forEach(([left, top], at) => { if (left || top) scrolling[at]?.scrollTo(left, top); });
  if (way.length) way.reduce((one, at) => one?.children[at], element)?.focus({ preventScroll: true });
}

// The number of each child on the way from an element to one within it.
function wayTo(element, within) {
  const way = [];
  for (let one = within; one !== element; one = one.parentElement) way.unshift([...one.parentElement.children].indexOf(one));
  return way;
}

// A row of choices as radio buttons are by the keyboard: Tab comes to the one that is chosen, arrows choose the next.
export function radios(bar) {
  const all = () => [...bar.querySelectorAll('[role="radio"]')];
  const chosen = all().find((one) => one.getAttribute("aria-checked") === "true") ?? all()[0];
  for (const one of all()) one.tabIndex = one === chosen ? 0 : -1;
  bar.onkeydown = (event) => {
    const aside = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    const now = all();
    if (!aside || !now.includes(event.target)) return;
    event.preventDefault();
    const next = now[(now.indexOf(event.target) + aside + now.length) % now.length];
    next.focus();
    next.click();
  };
  return bar;
}

// A canvas as sharp as the screen: its context, in CSS pixels.
export function sharp(canvas, width, height) {
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const pen = canvas.getContext("2d");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  return pen;
}

export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

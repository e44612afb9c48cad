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

export const fill = (element, ...inside) => element.replaceChildren(...inside.filter((one) => one !== null));

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

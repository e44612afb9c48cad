// Sentences are written in English where they are shown; locale/es/LC_MESSAGES/page.po has them in Spanish.

const KEPT = "vitrina-language";
let spanish = {};
let chosen = kept(KEPT) ?? (navigator.language.toLowerCase().startsWith("es") ? "es" : "en");

export const language = () => chosen;

// What was chosen the last time; a page in a frame may not be allowed to remember.
export function kept(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

export function keep(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // then it is asked again the next time
  }
}

export function load(translated) {
  spanish = translated;
  document.documentElement.lang = chosen;
}

export function choose(wanted) {
  chosen = wanted;
  keep(KEPT, wanted);
  document.documentElement.lang = wanted;
}

// The sentence in the reader's language, with {values} filled in.
export function t(sentence, values = {}) {
  const said = chosen === "es" ? (spanish[sentence] ?? sentence) : sentence;
  return said.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

const formats = new Map();

// How numbers are written in that language. One takes longer to make than to use a hundred times, so they are kept.
function format(options) {
  const key = chosen + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.NumberFormat(chosen, options));
  return formats.get(key);
}

const point = () => fixed(1.5, 1)[1]; // the decimal sign

// A number as people of that language write it, with so many digits that count.
export function number(value, digits = 3) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  if (size === 0) return "0"; // and not "-0"
  if (size < 1e-3 || size >= 1e6) return value.toExponential(digits - 1).replace("e+", "e").replace(".", point());
  return format({ maximumSignificantDigits: digits }).format(value);
}

// A share of a whole.
export const percent = (value, digits = 1) => (value === null || value === undefined ? "–" : format({ style: "percent", maximumFractionDigits: digits }).format(value));

export const count = (value) => format({}).format(value);

// With so many digits after the decimal sign, zeros included.
export const fixed = (value, digits) => format({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);

// A number that a table holds, with the decimal sign of that language; other texts as they are.
export const written = (text) => (/^-?\d*\.\d+(e[+-]?\d+)?$/.test(text) ? text.replace(".", point()) : text);

// Where an example is found: a row by its number, or the name of a file, which is nobody's to translate.
export function place(where) {
  const [, unit, number] = /^(row|line) (\d+)$/.exec(where) ?? [];
  if (unit === "row") return t("row {number}", { number });
  return unit === "line" ? t("line {number}", { number }) : where;
}

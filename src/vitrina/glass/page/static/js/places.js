// Where every neuron is drawn: a column of circles while they are few, a grid of squares when they are many, sheets for
// sequences, tiles for the maps of an image. Nothing here draws.

const GAP = 34; // between layers, in pixels
const LABEL = 50; // under them
const STAGGER = 30; // so much lower stands every other label where they would meet
const LOOSE = { gap: GAP, span: 64, sheet: 44 };
const TIGHT = { gap: 12, span: 40, sheet: 28 }; // where there are so many layers that they would not be seen at once
const TOP = 10;
const ARCH = 20; // above them, where a line has to pass over
const NARROW = 56; // the lowest lane
const PITCH = 38;
const MOST_CIRCLES = 20;
const MOST_TILES = 32;
const TILE_GAP = 4;
const NARROWEST = 0.25; // of a picture's longer side

export function places(layers, seen, width, height) {
  const loose = placed(layers, seen, width, height, LOOSE);
  if (loose.width <= width) return loose;
  const tight = placed(layers, seen, width, height, TIGHT);
  if (tight.width <= width) return tight;
  const tighter = placed(layers, seen, width, height, TIGHT, tight.width - width);
  return tighter.width <= width ? tighter : loose; // where one has to scroll, there is room
}

// over: how much too wide it was with all that each layer may take.
function placed(layers, seen, width, height, least, over = 0) {
  const drawn = layers.filter((layer) => seen[layer.name]);
  const columns = [...new Set(drawn.map((layer) => layer.column))].sort((a, b) => a - b);
  const past = drawn.flatMap((layer) => layer.sources.map((source) => [layer, drawn.find((one) => one.name === source)]).filter(([, from]) => from && between(drawn, from, layer)));
  const below = least === TIGHT ? LABEL + STAGGER : LABEL;
  const lanes = rooms(drawn, height, past.length ? TOP + ARCH : TOP, below);
  const fair = (width - 24 - 2 * over) / columns.length - least.gap; // what each layer may take, for all to be seen at once; not all can take less
  const boxes = drawn.map((layer) => {
    const [first, last] = [lanes[layer.lanes[0]], lanes[layer.lanes[1] - 1]];
    const room = last.top + last.room - first.top;
    const one = box(layer, seen[layer.name], room, fair, least);
    const lowered = least === TIGHT && columns.indexOf(layer.column) % 2 ? STAGGER : 0;
    return { ...one, lowered, at: columns.indexOf(layer.column), y: first.top + (room - one.h) / 2, bottom: first.top + room, over: new Map() };
  });
  for (const [layer, from] of past) of(boxes, layer).over.set(of(boxes, from), highest(boxes, from, layer) - ARCH / 2);
  const spans = columns.map((_, at) => Math.max(least.span, ...boxes.filter((one) => one.at === at).map((one) => one.w)));
  const wide = spans.reduce((sum, one) => sum + one, 0);
  const gap = Math.max(least.gap, Math.min(190, (width - 24 - wide) / Math.max(1, columns.length - 1)));
  const needed = wide + gap * (columns.length - 1) + 24;
  let x = 12 + Math.max(0, (width - needed) / 2);
  const middles = spans.map((span) => {
    x += span + gap;
    return x - gap - span / 2;
  });
  for (const one of boxes) {
    one.middle = middles[one.at];
    one.x = one.middle - one.w / 2;
  }
  for (const one of boxes) one.apart = Math.min(width, ...boxes.filter((other) => other.at !== one.at && other.lowered === one.lowered && meet(other.layer, one.layer)).map((other) => Math.abs(other.middle - one.middle)), ...beside(boxes, one, lanes.length));
  return { boxes, width: Math.max(width, needed), height };
}

// What stands left and right of a label that is not under all of them: twice as far as each.
const beside = (boxes, one, lanes) => (one.layer.lanes[1] === lanes ? [] : boxes.filter((other) => other.at !== one.at && other.layer.lanes[1] > one.layer.lanes[1] && meet(other.layer, one.layer)).map((other) => 2 * (Math.abs(other.middle - one.middle) - other.w / 2)));

const of = (boxes, layer) => boxes.find((one) => one.layer === layer);
const meet = (one, other) => one.lanes[0] < other.lanes[1] && other.lanes[0] < one.lanes[1];

// Whether something stands in the way from one layer straight to another.
const between = (layers, from, to) => layers.some((one) => one.column > from.column && one.column < to.column && meet(one, from) && meet(one, to));

// The top of what stands from one to the other.
const highest = (boxes, from, to) => Math.min(...boxes.filter(({ layer }) => layer.column >= from.column && layer.column <= to.column && meet(layer, from) && meet(layer, to)).map((one) => one.y));

// The lanes from top to bottom, each as high as what stands in it alone may need.
function rooms(layers, height, top, below) {
  const count = Math.max(...layers.map((layer) => layer.lanes[1]));
  const whole = height - count * (top + below);
  const needs = Array.from({ length: count }, (_, lane) => {
    const alone = layers.filter((layer) => layer.lanes[0] === lane && layer.lanes[1] === lane + 1);
    return Math.max(NARROW, ...alone.map((layer) => (layer.form === "column" && layer.shape[0] <= MOST_CIRCLES ? layer.shape[0] * PITCH : whole)));
  });
  const sum = needs.reduce((a, b) => a + b, 0);
  let y = 0;
  return needs.map((need) => {
    const lane = { top: y + top, room: whole * need / sum };
    y += top + lane.room + below;
    return lane;
  });
}

function box(layer, seen, room, fair, least) {
  if (seen.attention) return tiles({ ...layer, heads: true, shape: [layer.shape[0], layer.shape[0], seen.attention[0][0].length] }, { ...seen, output: seen.attention, signal: null }, room, fair);
  if (layer.form === "maps") return tiles(layer, seen, room, fair);
  if (layer.form === "sheet") return sheet(layer, seen, room, fair, least);
  return column(layer, seen, room);
}

function column(layer, seen, room) {
  const units = seen.output.length;
  const stride = Math.ceil(layer.shape[0] / units);
  if (units <= MOST_CIRCLES) {
    const pitch = Math.min(PITCH, room / units);
    return { layer, seen, form: "circles", units, stride, pitch, r: Math.min(16, pitch * 0.4), w: 34, h: pitch * units };
  }
  const pitch = [[130, 13], [420, 9], [1600, 5.5]].find(([most]) => units <= most)?.[1] ?? 3.4;
  const rows = Math.min(units, Math.max(4, Math.floor(room / pitch)));
  const columns = Math.ceil(units / rows);
  return { layer, seen, form: "squares", units, stride, pitch, rows: Math.ceil(units / columns), columns,
    w: columns * pitch, h: Math.ceil(units / columns) * pitch };
}

function sheet(layer, seen, room, fair, least) {
  const [steps, units] = [seen.output.length, seen.output[0].length];
  const down = Math.max(1.5, Math.min(22, room / steps));
  const across = Math.max(0.5, Math.min(22, Math.max(least.sheet, Math.min(170, fair)) / units));
  return { layer, seen, form: "sheet", steps, units, across, down, w: units * across, h: steps * down };
}

function tiles(layer, seen, room, fair) {
  const [rows, columns] = [seen.output.length, seen.output[0].length];
  const channels = seen.output[0][0].length;
  const picture = layer.kind === "Input" && (channels === 1 || channels === 3);
  const base = { layer, seen, form: "tiles", picture, channels, rows, columns };
  const [wide, high] = proportions(layer.shape);
  if (picture) {
    const size = Math.max(72, Math.min(132, fair));
    return { ...base, shown: 1, beside: 1, wide: size * wide, high: size * high, w: size * wide, h: size * high };
  }
  // As large as may be, with room for sixteen maps if there are so many.
  const sizes = layer.heads ? [110, 84, 64] : [60, 50, 42, 34];
  let best = null;
  for (const size of sizes) {
    const [each, tall] = [size * wide, size * high];
    const down = Math.max(1, Math.floor((room + TILE_GAP) / (tall + TILE_GAP)));
    const across = Math.max(1, Math.floor((fair + TILE_GAP) / (each + TILE_GAP)));
    const shown = Math.min(channels, MOST_TILES, down * across);
    if (!best || shown > best.shown) {
      const beside = Math.ceil(shown / down);
      const below = Math.ceil(shown / beside);
      best = { ...base, shown, beside, wide: each, high: tall, w: beside * (each + TILE_GAP) - TILE_GAP, h: below * (tall + TILE_GAP) - TILE_GAP };
    }
    if (best.shown >= Math.min(channels, 16)) break;
  }
  return best;
}

// Of a picture's longer side as much as each side takes; one that is very narrow is widened, so that it can be seen.
export function proportions([rows, columns]) {
  const [across, down] = [columns / Math.max(rows, columns), rows / Math.max(rows, columns)];
  return [Math.max(NARROWEST, across), Math.max(NARROWEST, down)];
}

// How a picture fills a square.
export const fit = (rows, columns) => (Math.min(rows, columns) / Math.max(rows, columns) < NARROWEST ? "fill" : "contain");

// The middle of one neuron; null if it is not drawn. `at` counts as the layer's flattened output does.
export function middle(one, at) {
  if (one.form === "circles" || one.form === "squares") {
    if (at % one.stride) return null;
    return unitPlace(one, at / one.stride);
  }
  if (one.form === "sheet") {
    const units = one.layer.shape[1];
    const step = Math.floor(at / units);
    return [one.x + ((at % units) + 0.5) * (one.w / units), one.y + (step + 0.5) * (one.h / one.layer.shape[0])];
  }
  const [rows, columns, channels] = one.layer.shape;
  const channel = at % channels;
  const place = Math.floor(at / channels);
  const tile = one.picture ? 0 : channel;
  if (tile >= one.shown) return null;
  const [x, y] = tilePlace(one, tile);
  return [x + ((place % columns) + 0.5) / columns * one.wide, y + (Math.floor(place / columns) + 0.5) / rows * one.high];
}

export function unitPlace(one, unit) {
  if (one.form === "circles") return [one.x + one.w / 2, one.y + (unit + 0.5) * one.pitch];
  return [one.x + (Math.floor(unit / one.rows) + 0.5) * one.pitch, one.y + (unit % one.rows + 0.5) * one.pitch];
}

export const tilePlace = (one, tile) =>
  [one.x + (tile % one.beside) * (one.wide + TILE_GAP), one.y + Math.floor(tile / one.beside) * (one.high + TILE_GAP)];

// Which neuron is under a point: {box, unit, place, value of its output, of its error signal}; null if none.
export function under(boxes, x, y) {
  for (const one of boxes) {
    if (x < one.x - 6 || x > one.x + one.w + 6 || y < one.y - 2 || y > one.y + one.h + 2) continue;
    if (one.form === "circles" || one.form === "squares") {
      const across = one.form === "circles" ? 0 : Math.min(one.columns - 1, Math.max(0, Math.floor((x - one.x) / one.pitch)));
      const down = Math.max(0, Math.floor((y - one.y) / one.pitch));
      const unit = one.form === "circles" ? down : across * one.rows + down;
      if (unit >= one.units) return null;
      return { box: one, unit: unit * one.stride, place: [], output: one.seen.output[unit], signal: one.seen.signal?.[unit] };
    }
    if (one.form === "sheet") {
      const step = Math.min(one.steps - 1, Math.max(0, Math.floor((y - one.y) / one.down)));
      const unit = Math.min(one.units - 1, Math.max(0, Math.floor((x - one.x) / one.across)));
      const full = Math.round(step * one.layer.shape[0] / one.steps);
      return { box: one, unit: Math.round(unit * one.layer.shape[1] / one.units), place: [full],
        output: one.seen.output[step][unit], signal: one.seen.signal?.[step][unit] };
    }
    const [across, down] = [Math.floor((x - one.x) / (one.wide + TILE_GAP)), Math.floor((y - one.y) / (one.high + TILE_GAP))];
    const tile = down * one.beside + across;
    if (across < 0 || down < 0 || across >= one.beside || tile >= one.shown) return null;
    const [left, top] = tilePlace(one, tile);
    const [row, column] = [(y - top) / one.high, (x - left) / one.wide];
    if (row < 0 || column < 0 || row >= 1 || column >= 1) return null;
    const [r, c] = [Math.floor(row * one.rows), Math.floor(column * one.columns)];
    return { box: one, unit: one.picture ? 0 : tile, place: [Math.floor(row * one.layer.shape[0]), Math.floor(column * one.layer.shape[1])],
      output: one.seen.output[r][c][one.picture ? 0 : tile], signal: one.seen.signal?.[r][c][tile] };
  }
  return null;
}

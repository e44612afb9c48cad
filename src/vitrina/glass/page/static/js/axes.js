// The axes of a plot: quiet lines, numbers as people of that language write them, and under the lower one what lies along it.

import { colour } from "./dom.js";

const FONT = "11px system-ui, 'DejaVu Sans', sans-serif";

// across, up: how a number is written; label: of the lower axis; space: between its numbers; size: room for those of the other.
export function axes({ across, up, label, space = 60, size = 48 }) {
  const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--faint"), width: 1 }, ticks: { show: false }, font: FONT };
  const told = (write) => (_, marks) => marks.map((mark) => (mark === null ? "" : write(mark)));
  const words = label ? { label, labelFont: FONT, labelSize: 16, labelGap: 0, size: 30 } : { size: 30 };
  return [{ ...axis, ...words, space, values: told(across) }, { ...axis, size, values: told(up) }];
}

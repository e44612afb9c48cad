"""Each row's reasons: what every column added to the answer, the greatest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vitrina.errors import DataError, UsageError
from vitrina.evaluate.reasons import Attributions, attribute, by_column
from vitrina.locale import say
from vitrina.model import Model


@dataclass(frozen=True, eq=False)
class Explanation:
    """What moved each answer, in log odds of class `of` (in the output's own unit, for a network of numbers).

    names: columns, in the order of `contributions` (rows, columns), which add up to end - start; start (rows,): the
    baseline's log odds; end (rows,): the row's own; inputs (rows, *input shape): the same for every single input; heat:
    for images (rows, height, width), which pixels.
    """

    names: tuple[str, ...]
    contributions: np.ndarray
    start: np.ndarray
    end: np.ndarray
    of: np.ndarray
    inputs: np.ndarray

    @property
    def heat(self) -> np.ndarray:
        return Attributions(self.inputs, self.start, self.end).heat

    def top(self, row: int, count: int = 3) -> list[tuple[str, float]]:
        """The columns that moved this row's answer most: (name, signed contribution), the greatest first."""
        own = self.contributions[row]
        order = np.argsort(-np.abs(own), kind="stable")[:count]
        return [(self.names[place], float(own[place])) for place in order if own[place] != 0.0]


def explain(model: Model, data: Any, of: Any = None, baseline: Any = None) -> Explanation:
    """Integrated gradients of `data` (as for `model.predict`). Raises UsageError or DataError for what does not fit."""
    x = model.inputs(data)
    outputs = model.network.output_shape[-1]
    if of is None:
        of = _answers(model, x)
    of = np.broadcast_to(np.asarray(of, np.int64), (len(x),))
    classes = max(outputs, 2) if model.network.cost.link == "sigmoid" else outputs
    if len(x) and not 0 <= int(of.min()) <= int(of.max()) < classes:
        raise UsageError(
            say("of={of}: the network's answers are numbered from 0 to {last}", of=of.max(), last=classes - 1)
        )
    start = np.zeros(model.network.input_shape) if baseline is None else np.asarray(baseline, np.float64)
    if start.shape != model.network.input_shape:
        raise DataError(
            say(
                "the baseline has shape {shape}, and the network takes {wanted}",
                shape=start.shape,
                wanted=model.network.input_shape,
            )
        )
    return explained_rows(model, x, of, start)


def explained_rows(model: Model, x: np.ndarray, of: np.ndarray, baseline: np.ndarray) -> Explanation:
    """The same for inputs as the network sees them: x (rows, *input shape), of (rows,)."""
    found = attribute(model, x, baseline, of)
    names, sums = by_column(model, found.values)
    return Explanation(tuple(names), sums, found.start, found.end, of, found.values)


def _answers(model: Model, x: np.ndarray) -> np.ndarray:
    """Each row's own class; output 0 of numbers."""
    if not model.network.cost.classifies:
        return np.zeros(len(x), np.int64)
    raw = model.raw(x)
    return (raw[:, 0] > 0).astype(np.int64) if raw.shape[1:] == (1,) else raw.reshape(len(x), -1).argmax(axis=1)

"""How well single inputs tell the target by themselves: a column of a table, or a place in an image or a sequence."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from vitrina.doctor.inputs import MANY, MOST_COLUMNS, sampled, values_of

MOST_BINS, PER_BIN = 64, 20  # ranks that are told apart, at least so many rows in each
IMAGES = 1024  # rows of images and sequences that are looked at: each has many places
FEWEST = 5  # judged rows of a class: of fewer, nothing is said of it


@dataclass(frozen=True)
class Telling:
    """Of each input (of images and sequences, of each place, in the order of memory): alone: how well it tells the target, as R²
    over all classes or outputs; values: how many different numbers it has, MANY at most; of_class, which: the class that it tells
    best from all others, and how well. All empty where it was not measured."""

    alone: list[float] = field(default_factory=list[float])
    values: list[int] = field(default_factory=list[int])
    of_class: list[float] = field(default_factory=list[float])
    which: list[int] = field(default_factory=list[int])

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def telling_of(x: np.ndarray, y: np.ndarray, classes: int) -> Telling:
    """Facts of x (rows, ...), finite numbers, and y: class numbers (rows,), or numbers (rows, outputs) with classes 0.

    Learned on every other row, judged on the rest, as R²: the mean of the target in each bin of an input's rank (each of its values
    where these are few); of numbers a straight line as well, which loses nothing within a bin.
    """
    some = sampled(len(x)) if x.ndim <= 2 else slice(None, None, max(1, -(-len(x) // IMAGES)))
    flat = x[some].reshape(len(x[some]), -1).astype(np.float64)
    if flat.shape[1] > MOST_COLUMNS or len(flat) < 4:
        return Telling()
    target = np.eye(classes)[y[some]] if classes else y[some].reshape(len(flat), -1).astype(np.float64)
    target = target - target.mean(axis=0)
    total = (target[1::2] ** 2).sum(axis=0)
    known = (target[1::2] > 0.0).sum(axis=0) >= FEWEST if classes else np.zeros(len(total), bool)
    bins = min(MOST_BINS, max(2, len(flat) // PER_BIN))
    alone: list[float] = []
    of_class: list[float] = []
    which: list[int] = []
    for column in flat.T:
        left = _left(column, target, max(bins, classes))
        shares = np.where(known, 1.0 - left / np.where(total > 0.0, total, 1.0), 0.0)
        overall = 1.0 - float(left.sum()) / (float(total.sum()) or 1.0)
        alone.append(overall if classes else max(overall, _line(column, target)))
        which.append(int(np.argmax(shares)) if classes else 0)
        of_class.append(float(shares[which[-1]]) if classes else 0.0)
    return Telling(alone, [min(MANY, values_of(column)) for column in flat.T], of_class, which)


def _left(column: np.ndarray, target: np.ndarray, most: int) -> np.ndarray:
    """What is left of each output's squares on the judged rows: (outputs,)."""
    values = np.unique(column[::2])
    edges = (
        values[1:] if len(values) <= most else np.unique(np.quantile(column[::2], np.linspace(0, 1, most + 1)[1:-1]))
    )
    code, count = np.searchsorted(edges, column, side="right"), len(edges) + 1
    rows = np.bincount(code[::2], minlength=count)
    sums = [np.bincount(code[::2], target[::2, k], minlength=count) for k in range(target.shape[1])]
    means = np.stack(sums, axis=1) / np.maximum(rows, 1)[:, None]
    return ((target[1::2] - means[code[1::2]]) ** 2).sum(axis=0)


def _line(column: np.ndarray, target: np.ndarray) -> float:
    """R² of a straight line on the judged rows."""
    x, y = column[::2] - column[::2].mean(), target[::2]
    squares = float((x * x).sum())
    if squares <= 0.0:
        return 0.0
    slope = x @ (y - y.mean(axis=0)) / squares
    guess = y.mean(axis=0) + (column[1::2] - column[::2].mean())[:, None] * slope
    return 1.0 - float(((target[1::2] - guess) ** 2).sum()) / (float((target[1::2] ** 2).sum()) or 1.0)

"""Whether the validation part is like the training part, and apart from it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from vitrina.data.arrays import hash_rows
from vitrina.doctor.inputs import Columns

FEW = 10  # validation rows of a class: of fewer, nothing is said
# Of a class that was copied: the share of its validation rows that are training rows; how far above that of the other classes.
COPIED, APART = 0.7, 0.4
TIMES = 3.0  # how often a training row of it is there


@dataclass(frozen=True)
class Parts:
    """rows: of the training and the validation part; shared: the share of validation rows that are training rows as well;
    repeated: the share of training rows that another one repeats, which is how much sharing is natural.
    copied_class, copied_share: the class whose rows were copied before the parts were divided, -1 without one, and the share of its
    validation rows that are training rows as well.
    shift: of each column, how far the validation mean lies from the training mean, in training spreads; stretch: its spread as
    a multiple of the training spread; beyond: the share of its values that lie outside three times the training range.
    """

    rows: tuple[int, int]
    shared: float = 0.0
    repeated: float = 0.0
    shift: list[float] = field(default_factory=list[float])
    stretch: list[float] = field(default_factory=list[float])
    copied_class: int = -1
    copied_share: float = 0.0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


Kinds = tuple[np.ndarray, np.ndarray]


def parts_of(
    x: np.ndarray, validation: np.ndarray | None, columns: Columns, beside: Columns | None, kinds: Kinds | None = None
) -> Parts:
    """Facts of the two parts' inputs. kinds: the class of each row of either part, None for numbers."""
    rows = (len(x), 0 if validation is None else len(validation))
    if validation is None or not rows[1]:
        return Parts(rows)
    own, other = hash_rows(x, 1), hash_rows(validation.astype(x.dtype, copy=False), 1)
    shared = float(np.isin(other, own).mean())
    repeated = 1.0 - len(np.unique(own)) / len(own)
    shift: list[float] = []
    stretch: list[float] = []
    if beside is not None and beside.kind == columns.kind and len(beside.mean) == len(columns.mean):
        scale = np.maximum(np.array(columns.spread), 1e-6 * np.maximum(np.abs(columns.mean), 1e-12))
        shift = [float(value) for value in (np.array(beside.mean) - np.array(columns.mean)) / scale]
        stretch = [float(value) for value in np.array(beside.spread) / scale]
    copied = _copied_class(own, other, *kinds) if kinds is not None else (-1, 0.0)
    return Parts(rows, shared, float(repeated), shift, stretch, *copied)


def _copied_class(own: np.ndarray, other: np.ndarray, kinds: np.ndarray, judged: np.ndarray) -> tuple[int, float]:
    """A class that has nearly all of its validation rows in the training part, where each is there several times, while the others
    have not: then it was copied. Rows that repeat by nature (few columns, whole numbers) do so in every class.

    own, other: hashes of the rows of either part; kinds, judged: their classes.
    """
    known = np.isin(other, own)
    found = -1, 0.0
    for kind in np.unique(judged):
        of_it, mine = judged == kind, own[kinds == kind]
        if of_it.sum() < FEW or (~of_it).sum() < FEW or not len(mine):
            continue
        share, times = float(known[of_it].mean()), len(mine) / len(np.unique(mine))
        if share > max(COPIED, found[1]) and times >= TIMES and share - float(known[~of_it].mean()) > APART:
            found = int(kind), share
    return found

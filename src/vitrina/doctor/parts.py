"""Whether the validation part is like the training part, and apart from it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from vitrina.data.arrays import hash_rows
from vitrina.doctor.inputs import Columns

NEAR = 1e-9


@dataclass(frozen=True)
class Parts:
    """rows: of the training and the validation part; shared: the share of validation rows that are training rows as well;
    repeated: the share of training rows that another one repeats, which is how much sharing is natural.
    shift: of each column, how far the validation mean lies from the training mean, in training spreads; stretch: its spread as
    a multiple of the training spread; beyond: the share of its values that lie outside three times the training range.
    """

    rows: tuple[int, int]
    shared: float = 0.0
    repeated: float = 0.0
    shift: list[float] = field(default_factory=list[float])
    stretch: list[float] = field(default_factory=list[float])
    classes_shift: float = 0.0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def parts_of(x: np.ndarray, validation: np.ndarray | None, columns: Columns, beside: Columns | None) -> Parts:
    """Facts of the two parts' inputs."""
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
    return Parts(rows, shared, float(repeated), shift, stretch)

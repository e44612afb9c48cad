"""What remedies do to the rows of a training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from vitrina.data.arrays import hash_rows
from vitrina.material import Material

Pair = tuple[np.ndarray, np.ndarray]
HELD = 0.2  # of the training rows, where validation rows are held back anew


@dataclass(frozen=True)
class Arrays:
    """The rows of a training. treated: True if rows were changed."""

    train: Pair
    validation: Pair | None
    treated: bool = False

    @staticmethod
    def of(material: Material) -> Arrays:
        judge = material.validation
        return Arrays((material.train.x, material.train.y), (judge.x, judge.y) if judge else None)


def treat(rows: Arrays, how: Mapping[str, Any]) -> Arrays:
    """Rows as a remedy wants them. how: the remedy's `data`."""
    if "fill" in how:
        rows = _filled(rows)
    if "unshare" in how and rows.validation is not None:
        known = hash_rows(rows.train[0], 1)
        apart = ~np.isin(hash_rows(rows.validation[0].astype(rows.train[0].dtype, copy=False), 1), known)
        if apart.sum() >= 20:
            rows = replace(rows, validation=tuple(part[apart] for part in rows.validation), treated=True)  # pyright: ignore
        else:
            rows = _resplit(rows)
    if "classes" in how:
        rows = replace(
            rows, train=_as_classes(rows.train), validation=_as_classes(rows.validation) if rows.validation else None
        )
    if "pool" in how and rows.validation is not None:
        x, y = (np.concatenate(parts) for parts in zip(rows.train, rows.validation, strict=True))
        rows = replace(rows, train=(x, y))
    if "resplit" in how or "pool" in how:
        rows = _resplit(rows)
    return rows


def _as_classes(pair: Pair) -> Pair:
    """One-hot rows, or whole numbers in floats, as class numbers (rows,) int32."""
    x, y = pair
    flat = y.reshape(len(y), -1)
    return x, (flat.argmax(axis=1) if flat.shape[1] > 1 else flat[:, 0]).astype(np.int32)


def _filled(rows: Arrays) -> Arrays:
    x, y = rows.train
    centre = np.nanmean(np.where(np.isfinite(x), x, np.nan), axis=0)

    def fill(part: np.ndarray) -> np.ndarray:
        return np.where(np.isfinite(part), part, centre).astype(part.dtype)

    judge = rows.validation
    return replace(rows, train=(fill(x), y), validation=(fill(judge[0]), judge[1]) if judge else None, treated=True)


def _resplit(rows: Arrays) -> Arrays:
    x, y = rows.train
    order = np.random.default_rng(0).permutation(len(x))
    held = max(1, round(HELD * len(x)))
    a, b = np.sort(order[held:]), np.sort(order[:held])
    return replace(rows, train=(x[a], y[a]), validation=(x[b], y[b]), treated=True)

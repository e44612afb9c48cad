"""What remedies do to the rows of a training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from vitrina.data.arrays import hash_rows
from vitrina.doctor.doubtful import doubtful, numbers_of
from vitrina.material import Material

Pair = tuple[np.ndarray, np.ndarray]
HELD = 0.2  # of the training rows, where validation rows are held back anew
AGAINST = -0.3  # the cosine from where on what columns tell of the target counts as turned round


@dataclass(frozen=True)
class Arrays:
    """The rows of a training. treated: True if rows were changed; parted: True if rows were divided anew."""

    train: Pair
    validation: Pair | None
    treated: bool = False
    parted: bool = False

    @staticmethod
    def of(material: Material) -> Arrays:
        judge = material.validation
        return Arrays((material.train.x, material.train.y), (judge.x, judge.y) if judge else None)

    def whole(self) -> Arrays:
        """Every row to learn from, and none that judges."""
        parts = [self.train, *([self.validation] if self.validation else [])]
        x, y = (np.concatenate(both) for both in zip(*parts, strict=True))
        return Arrays((x, y), None, True)


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
    if "match" in how and rows.validation is not None:
        rows = _matched(rows, rows.validation)
    if "doubtful" in how:
        rows = _believed(rows)
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
    return replace(rows, train=(x[a], y[a]), validation=(x[b], y[b]), treated=True, parted=True)


def _believed(rows: Arrays) -> Arrays:
    """Without the rows of either part whose labels look wrong: they can neither teach nor judge."""
    x, y = rows.whole().train
    kept, cut = ~doubtful(x, y), len(rows.train[0])
    judge = rows.validation
    some = (x[:cut][kept[:cut]], y[:cut][kept[:cut]])
    return replace(
        rows, train=some, validation=(x[cut:][kept[cut:]], y[cut:][kept[cut:]]) if judge else None, treated=True
    )


def _matched(rows: Arrays, judge: Pair) -> Arrays:
    """Training rows in the validation part's units: each column (of images and sequences, each channel) with its mean and spread
    there, and turned round where columns tell the contrary of the target there. Later rows come as the validation part did."""
    (x, y), (xv, yv) = rows.train, judge
    axes = tuple(range(x.ndim - 1)) if x.ndim > 2 else (0,)
    mean, spread = x.mean(axes, np.float64), x.std(axes, np.float64)
    there, wide = xv.mean(axes, np.float64), xv.std(axes, np.float64)
    z = (x - mean) / np.where(spread > 0.0, spread, 1.0)
    profiles = [_profile(z, y), _profile((xv - there) / np.where(wide > 0.0, wide, 1.0), yv)]
    sizes = [float(np.linalg.norm(one)) for one in profiles]
    cosine = float((profiles[0] * profiles[1]).sum()) / max(sizes[0] * sizes[1], 1e-30)
    turned = -z if cosine < AGAINST else z
    return replace(rows, train=((turned * wide + there).astype(x.dtype), y), treated=True)


def _profile(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    """What each input tells of the target: (inputs, outputs) covariances; of class numbers, with each class apart."""
    target = numbers_of(y)
    return z.reshape(len(z), -1).T @ (target - target.mean(axis=0)) / len(z)

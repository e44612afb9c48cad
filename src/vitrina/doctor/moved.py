"""What a random change of images does to what they are called: whether it turns one class into another, or wipes it out.

An image that was changed should still be what it was. It is not where it comes to lie among images of another class, as close
to them as images of one class lie to each other; nor where next to nothing is left of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from vitrina.engines.numpy_engine import NumpyOps
from vitrina.learning.augmentation import Augmentation, Mixup, augmented

KNOWN, CHANGED = 1200, 400  # images that are compared with, and that are changed
CLOSE = 0.8  # of the images, those that are no farther from their nearest: as close as images of one class lie
ERASED = 0.5  # of an image's spread, what is left of it when it counts as wiped out (usual shifts and cuts leave 0.7 or more)
FEWEST = 8  # changed images of a class, from where on a share of them says something


@dataclass(frozen=True)
class Moved:
    """One augmentation. kind: its class's name; elsewhere: the share of changed images that lie among those of another
    class, and `by_nature` of the same images unchanged; worst, worst_share: the class it happens to most, and how often;
    becomes: what that class mostly turns into; erased: the share that is wiped out."""

    kind: str
    elsewhere: float
    by_nature: float
    worst: int
    worst_share: float
    becomes: int
    erased: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def moved_by(augmentations: Sequence[Augmentation], x: np.ndarray, codes: np.ndarray, classes: int) -> list[Moved]:
    """Facts of each of them on x (rows, height, width, channels) of class codes (rows,). Mixup, which tells the targets, is
    left out; nothing where there are no classes or no images."""
    some = [one for one in augmentations if not isinstance(one, Mixup)]
    if not some or classes < 2 or x.ndim != 4 or len(x) < 100:
        return []
    order = np.random.default_rng(3).permutation(len(x))
    known, changed = order[CHANGED // 2 :][:KNOWN] if len(x) < 2 * CHANGED else order[CHANGED:][:KNOWN], order[:CHANGED]
    changed = np.setdiff1d(changed, known)
    there = x[known].reshape(len(known), -1).astype(np.float64)
    images = x[changed].astype(np.float64)
    near, whose = _nearest(images, there)
    limit = float(np.quantile(near, CLOSE))
    natural = float(((codes[known][whose] != codes[changed]) & (near <= limit)).mean())
    return [_one(one, images, codes[changed], there, codes[known], limit, natural, classes) for one in some]


def _one(
    augmentation: Augmentation,
    images: np.ndarray,
    own: np.ndarray,
    there: np.ndarray,
    names: np.ndarray,
    limit: float,
    natural: float,
    classes: int,
) -> Moved:
    ops = NumpyOps("float64")
    after = np.asarray(augmented(ops, [augmentation], ops.key(5, np.int32(0)), images))
    flat = (len(images), -1)
    touched = np.abs(after - images).reshape(flat).max(axis=1) > 1e-9
    if not touched.any():
        return Moved(type(augmentation).__name__, 0.0, natural, 0, 0.0, 0, 0.0)
    before, after, own = images[touched], after[touched], own[touched]
    near, whose = _nearest(after, there)
    lost = (near <= limit) & (names[whose] != own)
    rows = np.bincount(own, minlength=classes)
    shares = np.where(rows >= FEWEST, np.bincount(own[lost], minlength=classes) / np.maximum(rows, 1), 0.0)
    worst = int(np.argmax(shares))
    becomes = names[whose][lost & (own == worst)]
    left = after.reshape(len(after), -1).std(axis=1) / np.maximum(before.reshape(len(before), -1).std(axis=1), 1e-12)
    return Moved(
        type(augmentation).__name__,
        float(lost.mean()),
        natural,
        worst,
        float(shares[worst]),
        int(np.bincount(becomes).argmax()) if len(becomes) else 0,
        float((left < ERASED).mean()),
    )


def _nearest(images: np.ndarray, there: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance to the nearest of `there` (n, pixels), and which it is."""
    flat = images.reshape(len(images), -1)
    squares = np.sum(flat**2, axis=1)[:, None] + np.sum(there**2, axis=1)[None] - 2.0 * flat @ there.T
    whose = squares.argmin(axis=1)
    return np.sqrt(np.maximum(squares[np.arange(len(flat)), whose], 0.0)), whose

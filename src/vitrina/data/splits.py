"""An honest split: every class in every part, no row on two sides, the same for the same seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitrina.data.target import infer_task
from vitrina.errors import DataError, UsageError

if TYPE_CHECKING:
    from vitrina.data.source import Source

BINS = 10  # a quantity is stratified by its tenths
HEAVY = 0.25  # a group of repeated rows larger than this share of a part is never held out


@dataclass(frozen=True, eq=False)
class Split:
    """Row numbers of each part, int64, sorted; together they are every row once."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    warnings: tuple[str, ...] = ()


def split(source: Source, seed: int = 0, validation: float = 0.15, test: float = 0.15) -> Split:
    """Divides the rows at random, stratified by class (or by tenths of a quantity); rows that repeat each other stay
    together.

    validation, test: shares of the rows, in [0, 1), together below 1; a part whose share is above 0 gets at least one
    row, and every class at least one training row. Raises DataError when there are too few rows for that, UsageError
    for other shares.
    """
    for name, share in (("validation", validation), ("test", test)):
        if not 0 <= share < 1:
            raise UsageError(f"the {name} share must be at least 0 and less than 1, not {share!r}")
    if validation + test >= 1:
        raise UsageError(
            f"the validation and test shares, {validation} and {test}, leave no rows for training; make them smaller"
        )
    strata, named = _strata(source)
    _, first, group = np.unique(source.group_keys(), return_index=True, return_inverse=True)
    # A group's place in the draw is that of its first row: the hash's own order, which could change, never shows.
    draw = np.random.Generator(np.random.PCG64(seed)).permutation(source.rows)[first]
    sizes = np.bincount(group)
    part = _assign(strata[first], draw, sizes, validation, test)
    _fill_empty(source, part, strata[first], draw, {1: validation, 2: test})
    rows = part[group]
    train, held, tested = (np.flatnonzero(rows == number) for number in range(3))
    warnings = []
    if named:
        absent = np.setdiff1d(strata, strata[tested]) if test else np.empty(0, np.int64)
        if len(absent):
            listed = ", ".join(named[stratum] for stratum in absent[:5]) + (", ..." if len(absent) > 5 else "")
            warnings.append(f"too few rows of these classes to have any in the test part: {listed}")
    return Split(train, held, tested, tuple(warnings))


def _strata(source: Source) -> tuple[np.ndarray, list[str]]:
    """The stratum of each row, from 0, and the classes' names where strata are classes."""
    if not source.has_target:
        return np.zeros(source.rows, np.int64), []
    raw = source.raw_target()
    if infer_task(source) == "classification":
        return raw.factorize()
    values = raw.values if raw.values.ndim == 1 else raw.values[:, 0]
    bins = min(BINS, source.rows // 10)
    edges = np.quantile(values, np.arange(1, bins) / bins) if bins > 1 else np.empty(0)
    return np.searchsorted(edges, values, side="right"), []


def _assign(strata: np.ndarray, draw: np.ndarray, sizes: np.ndarray, validation: float, test: float) -> np.ndarray:
    """0 train, 1 validation, 2 test for each group: those drawn first in a stratum are tested on, then validated on.

    A group falls where its middle does, so a part is as near its share as whole groups allow. A group so large that it
    would upset that (thousands of equal rows) is trained on, and the others make up for it, up to half of them.
    """
    total = np.bincount(strata, sizes)
    smallest = min((share for share in (validation, test) if share), default=0.0)
    light = (sizes == 1) | (sizes <= HEAVY * smallest * total[strata])
    order = np.lexsort((draw, strata))
    ordered, weights = strata[order], (sizes * light)[order]
    lighter = np.bincount(ordered, weights)
    most = max(1.0, 0.5 / (validation + test)) if validation + test else 1.0
    boost = np.clip(total / np.maximum(lighter, 1), 1.0, most)
    begin = np.cumsum(lighter) - lighter
    middle = (np.cumsum(weights) - weights / 2 - begin[ordered]) / np.maximum(lighter, 1)[ordered] / boost[ordered]
    part = np.where(middle < test, 2, np.where(middle < test + validation, 1, 0))
    part[~light[order]] = 0
    last = np.append(ordered[1:] != ordered[:-1], True)
    part[last] = 0  # with shares above one half, a class of one row would have none to learn from
    out = np.empty_like(part)
    out[order] = part
    return out


def _fill_empty(
    source: Source, part: np.ndarray, strata: np.ndarray, draw: np.ndarray, shares: dict[int, float]
) -> None:
    """Moves a group into each part that should have rows and got none, from where it is missed least."""
    for number, share in shares.items():
        if share == 0 or (part == number).any():
            continue
        training, other = part == 0, part == 3 - number
        groups = np.bincount(strata[training])
        if groups.max() >= 2:
            candidates = np.flatnonzero(training & (strata == np.argmax(groups)))
        elif other.sum() >= 2:
            candidates = np.flatnonzero(other)
        else:
            raise DataError(
                f"{source.name}: {source.rows} rows, of which {len(part)} differ, are too few to train, validate and "
                "test on with every class in training; add rows, or give data to validate on"
            )
        part[candidates[np.argmin(draw[candidates])]] = number

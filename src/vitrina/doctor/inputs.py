"""What the inputs are like, column by column, in the training part and beside it in the validation part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from vitrina.doctor.order import order_of, stretches_of
from vitrina.network.network import Network
from vitrina.network.normalisation import BatchNorm, GroupNorm, LayerNorm, RMSNorm

SAMPLE = 4096  # rows that are looked at
MOST_COLUMNS = 2048
MOST_COPIED = 8192  # columns among which copies are looked for
MOST_VALUES = 4_000_000
MANY = 64  # different numbers: of more, none are counted
COLLISIONS = 10.0  # that chance would bring; where there is not one, somebody gave the numbers out
SAME = 1e-9  # of its size: what changes less is the same number
READS_CODES = ("Embedding", "TableInput")  # layers whose inputs are not quantities, or are scaled already


@dataclass(frozen=True)
class Columns:
    """Of each column (of images and sequences, of each channel): mean, spread, lowest and highest finite value.

    kind: "columns", "channels" or "codes" (of which nothing is measured); not_finite: how many values of a column are not;
    counts: whether a column seems to number the rows; values: how many different numbers a column has, MANY at most.
    copies: pairs of columns that are the same up to place and size; follows: of each, how far rows that stand together in the
    given order are alike (`order_of`). alike: whether every example is the same, of images and sequences.
    """

    kind: str
    names: list[str] = field(default_factory=list[str])
    mean: list[float] = field(default_factory=list[float])
    spread: list[float] = field(default_factory=list[float])
    low: list[float] = field(default_factory=list[float])
    high: list[float] = field(default_factory=list[float])
    not_finite: list[int] = field(default_factory=list[int])
    counts: list[bool] = field(default_factory=list[bool])
    first_not_finite: int = -1
    scaled_by_network: bool = False
    copies: list[list[int]] = field(default_factory=list[list[int]])
    follows: list[float] = field(default_factory=list[float])
    values: list[int] = field(default_factory=list[int])
    alike: bool = False

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def columns_of(
    x: np.ndarray,
    network: Network,
    names: Sequence[str] = (),
    beside: bool = False,
) -> Columns:
    """Facts of x (rows, *input shape). beside: True for the validation part, of which no more is asked than how large its columns
    are."""
    first = next((layer for _, layer, _ in network.walk() if not hasattr(layer, "children")), None)
    if type(first).__name__ in READS_CODES:
        return Columns("codes")
    flat, kind = _as_columns(x)
    count = flat.shape[1]
    names = (
        list(names)
        if len(names) == count
        else [f"{'channel' if kind == 'channels' else 'column'} {at}" for at in range(count)]
    )
    finite = np.isfinite(flat)
    known = np.where(finite, flat, np.nan)
    with np.errstate(all="ignore"):
        some = finite.any(axis=0)
        filled = np.where(some, known, 0.0)
        mean, spread = np.nanmean(filled, axis=0), np.nanstd(filled, axis=0)
        low, high = np.nanmin(filled, axis=0), np.nanmax(filled, axis=0)
    by_row = ~np.isfinite(x.reshape(len(x), -1)).all(axis=1) if x.dtype.kind == "f" else np.zeros(len(x), bool)
    small = kind == "columns" and count <= MOST_COLUMNS and not beside
    return Columns(
        kind,
        names,
        *([float(value) for value in values] for values in (mean, spread, low, high)),
        not_finite=[int(value) for value in (~finite).sum(axis=0)],
        counts=[_counts_rows(x[:, at]) for at in range(count)] if small else [],
        first_not_finite=int(np.argmax(by_row)) if by_row.any() else -1,
        scaled_by_network=isinstance(first, BatchNorm | LayerNorm | RMSNorm | GroupNorm)
        or type(first).__name__ == "Scale",
        copies=_copies(flat) if kind == "columns" and count <= MOST_COPIED and not beside and finite.all() else [],
        follows=order_of(x.reshape(len(x), -1)[stretches_of(len(x))].astype(np.float64)).tolist()
        if small and finite.all()
        else [],
        values=[values_of(flat[:, at]) for at in range(count)] if small else [],
        alike=kind == "channels" and not beside and _alike(x),
    )


def _alike(x: np.ndarray) -> bool:
    """Whether every example is the first one, up to rounding."""
    some = _some(x)
    first = some[:1].astype(np.float64)
    return len(some) > 1 and bool((np.abs(some - first) <= SAME * np.abs(first)).all())


def values_of(column: np.ndarray) -> int:
    """How many different numbers there are: of the first rows where these are many already."""
    some = len(np.unique(column[: 4 * MANY]))
    return MANY if some >= MANY else min(MANY, len(np.unique(column)))


def _copies(flat: np.ndarray) -> list[list[int]]:
    """[first, copy] for each column that is another one moved and stretched: the same numbers once both are standardised.

    What is the same number in all but a hundredth of the rows is left out, and so is yes beside no: a category of two values.
    """
    spread = flat.std(axis=0)
    known: dict[bytes, tuple[int, float]] = {}
    found: list[list[int]] = []
    for at in np.flatnonzero(spread > 1e-9 * np.maximum(np.abs(flat).max(axis=0), 1e-30)):
        column = (flat[:, at] - flat[:, at].mean()) / spread[at]
        sign = float(np.sign(column[int(np.argmax(np.abs(column) > 1e-3))]))  # one may be the other's negative
        key = (np.round(column * sign, 3) + 0.0).tobytes()  # -0.0 has other bytes than 0.0
        first, first_sign = known.setdefault(key, (int(at), sign))
        if first == at:
            continue
        _, rows = np.unique(flat[:, at], return_counts=True)
        if rows.max() <= 0.99 * len(flat) and (len(rows) > 2 or sign == first_sign):
            found.append([first, int(at)])
    return found


def sampled(rows: int) -> slice:
    """Every so many-th row, SAMPLE at most."""
    return slice(None, None, max(1, -(-rows // SAMPLE)))


def _as_columns(x: np.ndarray) -> tuple[np.ndarray, str]:
    if x.ndim <= 2:
        some = x[sampled(len(x))]
        return some.reshape(len(some), -1).astype(np.float64), "columns"
    return _some(x).reshape(-1, x.shape[-1]).astype(np.float64), "channels"


def _some(x: np.ndarray) -> np.ndarray:
    """As many examples as may be looked at."""
    some = x[sampled(len(x))]
    most = max(1, MOST_VALUES // max(1, some[0].size))
    return some[:: max(1, -(-len(some) // most))]


def _counts_rows(values: np.ndarray) -> bool:
    """Whether a column numbers the rows: no number twice, where chance would have brought many pairs of equal ones.

    n numbers drawn from L places have about n²/2L equal pairs.
    """
    values = np.asarray(values, np.float64)
    rows = len(values)
    if rows < 50 or not np.isfinite(values).all():
        return False
    ordered = np.unique(values)
    if len(ordered) < rows:
        return False
    gaps = np.diff(ordered)
    step = float(gaps.min())
    if step <= 0.0 or step < 1e-7 * float(np.abs(values).max()):  # below what float32 tells apart
        return False
    whole = gaps / step
    if np.abs(whole - np.round(whole)).max() > 0.02:
        return False
    places = (ordered[-1] - ordered[0]) / step + 1.0
    return bool(rows * rows / (2.0 * places) > COLLISIONS)

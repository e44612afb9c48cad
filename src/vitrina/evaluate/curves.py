"""What one number hides: how probabilities are meant, and what every threshold would give."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

BINS = 10  # of a calibration curve
PLACES = 200  # that a drawn curve keeps at most
SHARES = (0.001, 0.01, 0.05, 0.1)  # of the rows, looked at first
FEWEST = 5  # rows looked at, unless asked for
Z = 1.959964  # standard deviations either side of 95 %


@dataclass(frozen=True)
class Bin:
    """Rows of like probability: their mean probability, the share that is so with its 95 % interval, and how many."""

    probability: float
    share: float
    low: float
    high: float
    rows: int


@dataclass(frozen=True)
class AtTop:
    """What is found if the `rows` with the highest probabilities are looked at: precision, recall, and the last probability."""

    rows: int
    precision: float
    recall: float
    threshold: float


def calibration_curve(probabilities: np.ndarray, truth: np.ndarray) -> tuple[Bin, ...]:
    """Ten bins, with as much of both classes in each, so that a rare one is not all in the last.

    Of the second class for two classes, of the answer given for more (bins of as many rows then). probabilities (rows,
    classes), truth (rows,). Intervals of shares by Wilson (1927), which stay between 0 and 1.
    """
    if probabilities.shape[1] == 2:
        given, so = probabilities[:, 1], truth == 1
    else:
        given, so = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    order = np.argsort(given, kind="stable")
    bins: list[Bin] = []
    for rows in _binned(order, so[order] if probabilities.shape[1] == 2 else None):
        share = float(so[rows].mean())
        bins.append(Bin(float(given[rows].mean()), share, *wilson(share, len(rows)), len(rows)))
    return tuple(bins)


def _binned(order: np.ndarray, positive: np.ndarray | None) -> list[np.ndarray]:
    """The ordered rows in bins; rows of the rarer class weigh as much in all as those of the other."""
    found = 0 if positive is None else int(positive.sum())
    if positive is None or not 0 < found < len(order):
        return np.array_split(order, min(BINS, len(order)))
    weights = np.where(positive, 0.5 / found, 0.5 / (len(order) - found))
    place = np.minimum((weights.cumsum() * BINS).astype(np.int64), BINS - 1)
    return [order[place == bin] for bin in range(BINS) if (place == bin).any()]


def wilson(share: float, rows: int) -> tuple[float, float]:
    """The 95 % interval of a share of so many rows (Wilson 1927)."""
    middle = (share + Z * Z / (2 * rows)) / (1 + Z * Z / rows)
    half = Z / (1 + Z * Z / rows) * np.sqrt(share * (1 - share) / rows + Z * Z / (4 * rows * rows))
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def threshold_curves(scores: np.ndarray, positive: np.ndarray) -> dict[str, dict[str, list[float]]]:
    """roc (false_alarms, found) and precision_recall (recall, precision): at most 200 places of each curve."""
    from sklearn.metrics import precision_recall_curve, roc_curve

    alarms, found, _ = roc_curve(positive, scores)
    precision, recall, _ = precision_recall_curve(positive, scores)
    roc = _thinned(alarms, found)
    kept = _thinned(recall[::-1], precision[::-1])
    return {
        "roc": {"false_alarms": roc[0], "found": roc[1]},
        "precision_recall": {"recall": kept[0], "precision": kept[1]},
    }


def at_top(scores: np.ndarray, positive: np.ndarray, counts: tuple[int, ...] = ()) -> tuple[AtTop, ...]:
    """Precision and recall at k: of the highest 0.1, 1, 5 and 10 % of the rows, or of as many as `counts` says."""
    rows = len(scores)
    usual = {round(share * rows) for share in SHARES}
    wanted = counts or tuple(sorted(count for count in usual if count >= FEWEST))
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(positive[order])
    found: list[AtTop] = []
    for count in (min(count, rows) for count in wanted):
        caught = int(hits[count - 1])
        found.append(AtTop(count, caught / count, caught / max(int(hits[-1]), 1), float(scores[order[count - 1]])))
    return tuple(found)


def plain(items: tuple[Any, ...]) -> list[dict[str, Any]]:
    return [asdict(item) for item in items]


def _thinned(x: np.ndarray, y: np.ndarray) -> tuple[list[float], list[float]]:
    """As many places as are drawn, evenly along the length of the curve, its ends among them."""
    if len(x) > PLACES:
        length = np.concatenate([[0.0], np.hypot(np.diff(x), np.diff(y)).cumsum()])
        places = np.unique(np.searchsorted(length, np.linspace(0.0, length[-1], PLACES)))
        x, y = x[places], y[places]
    return x.tolist(), y.tolist()

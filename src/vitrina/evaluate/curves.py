"""What one number hides: how probabilities are meant, and what every threshold would give."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

BINS = 10  # of a calibration curve, with as many rows in each
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
    """Ten bins of equally many rows; of the second class for two, of the answer given for more.

    probabilities (rows, classes), truth (rows,). Intervals of shares by Wilson (1927), which stay between 0 and 1.
    """
    if probabilities.shape[1] == 2:
        given, so = probabilities[:, 1], truth == 1
    else:
        given, so = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    order = np.argsort(given, kind="stable")
    bins: list[Bin] = []
    for rows in np.array_split(order, min(BINS, len(order))):
        share = float(so[rows].mean())
        bins.append(Bin(float(given[rows].mean()), share, *wilson(share, len(rows)), len(rows)))
    return tuple(bins)


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
    return {
        "roc": {"false_alarms": _thinned(alarms), "found": _thinned(found)},
        "precision_recall": {"recall": _thinned(recall[::-1]), "precision": _thinned(precision[::-1])},
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


def _thinned(values: np.ndarray) -> list[float]:
    """As many places as are drawn, spread evenly along the curve, the ends among them."""
    if len(values) <= PLACES:
        return values.tolist()
    return values[np.linspace(0, len(values) - 1, PLACES).round().astype(np.int64)].tolist()

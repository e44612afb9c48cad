"""The measures as functions of what each row counts for, so that thousands of drawn samples cost one pass each.

With every weight 1 they are scikit-learn's (`metrics.measure`), which the tests hold them to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

SMALLEST = 1e-15  # a probability below which the log loss does not grow any more
Measures = Callable[[np.ndarray], dict[str, np.ndarray]]  # weights (draws, rows) -> each measure (draws,)


def class_measures(probabilities: np.ndarray, truth: np.ndarray) -> Measures:
    """accuracy, balanced_accuracy, log_loss and brier; for two classes that both occur roc_auc and average_precision.

    probabilities (rows, classes), truth (rows,) class numbers. The Brier score (Brier 1950) is the mean of (p - y)² of the
    second class for two classes, of Σ (p - y)² over the classes for more. Balanced accuracy is the mean of the shares that
    are right of each class that occurs in the sample.
    """
    from scipy.sparse import csr_array

    rows, classes = probabilities.shape
    every = np.arange(rows)
    right = (probabilities.argmax(axis=1) == truth).astype(np.float64)
    given = probabilities / probabilities.sum(axis=1, keepdims=True)
    loss = -np.log(np.clip(given[every, truth], SMALLEST, 1.0))
    wanted = np.zeros(probabilities.shape)
    wanted[every, truth] = 1.0
    gaps = (probabilities - wanted) ** 2
    brier = gaps[:, 1] if classes == 2 else gaps.sum(axis=1)
    means = np.stack([right, loss, brier], axis=1)
    members: Any = csr_array((np.ones(rows), (every, truth)), shape=(rows, classes))
    hits: Any = csr_array((right, (every, truth)), shape=(rows, classes))
    ranking = Ranking(probabilities[:, 1], truth == 1) if classes == 2 else None

    def of(weights: np.ndarray) -> dict[str, np.ndarray]:
        total = weights.sum(axis=1)
        accuracy, log_loss, score = (weights @ means / total[:, None]).T
        there = weights @ members
        shares = np.where(there > 0, (weights @ hits) / np.maximum(there, 1e-300), 0.0)
        balanced = shares.sum(axis=1) / (there > 0).sum(axis=1)
        found = {"accuracy": accuracy, "balanced_accuracy": balanced, "log_loss": log_loss, "brier": score}
        return found | (ranking(weights) if ranking and ranking.both else {})

    return of


def number_measures(prediction: np.ndarray, truth: np.ndarray) -> Measures:
    """mean_absolute_error, root_mean_squared_error, and r2 where there is more than one row.

    prediction, truth: (rows, outputs), in the target's own unit; over several outputs the mean of each measure.
    """
    prediction, truth = (part.reshape(len(truth), -1).astype(np.float64) for part in (prediction, truth))
    centre = truth.mean(axis=0)  # squares about it lose nothing to rounding
    gaps, moved = prediction - truth, truth - centre

    def of(weights: np.ndarray) -> dict[str, np.ndarray]:
        total = weights.sum(axis=1, keepdims=True)
        squares = weights @ gaps**2
        found = {
            "mean_absolute_error": (weights @ np.abs(gaps) / total).mean(axis=1),
            "root_mean_squared_error": np.sqrt(squares / total).mean(axis=1),
        }
        if len(truth) < 2:
            return found
        spread = weights @ moved**2 - (weights @ moved) ** 2 / total
        return found | {"r2": (1.0 - squares / np.maximum(spread, 1e-300)).mean(axis=1)}

    return of


def quantile_measures(prediction: np.ndarray, truth: np.ndarray, quantiles: tuple[float, ...]) -> Measures:
    """pinball_loss, and for each quantile the share of truths that are not above it: its coverage, which should equal it.

    prediction (rows, outputs x quantiles), the quantiles of one output side by side; truth (rows, outputs).
    """
    truth = truth.reshape(len(truth), -1, 1).astype(np.float64)
    levels = np.asarray(quantiles)
    above = truth - prediction.reshape(len(truth), truth.shape[1], len(levels))
    pinball = np.maximum(levels * above, (levels - 1.0) * above).mean(axis=(1, 2))
    covered = (above <= 0).mean(axis=1)
    means = np.concatenate([pinball[:, None], covered], axis=1)

    def of(weights: np.ndarray) -> dict[str, np.ndarray]:
        columns = (weights @ means / weights.sum(axis=1, keepdims=True)).T
        names = ("pinball_loss", *(f"coverage_{quantile:g}" for quantile in quantiles))
        return dict(zip(names, columns, strict=True))

    return of


class Ranking:
    """How well scores put the rows that are so before those that are not. Sorted once, measured for any weights.

    scores (rows,), positive (rows,) bool; rows of one score count as one step, as in scikit-learn.
    """

    def __init__(self, scores: np.ndarray, positive: np.ndarray) -> None:
        self.both = bool(positive.any() and not positive.all())
        self._order = np.argsort(-scores, kind="stable")
        ordered = scores[self._order]
        self._starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        self._positive = positive[self._order]

    def __call__(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """roc_auc and average_precision of each sample; NaN where a sample has rows of one kind only. weights (draws, rows)."""
        ordered = weights[:, self._order]
        yes = self._steps(np.where(self._positive, ordered, 0.0))
        no = self._steps(np.where(self._positive, 0.0, ordered))
        hits, alarms = yes.cumsum(axis=1), no.cumsum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            overtaken = (yes * (alarms - no / 2.0)).sum(axis=1)
            area = 1.0 - overtaken / (hits[:, -1] * alarms[:, -1])
            precision = np.where(yes > 0, hits / np.maximum(hits + alarms, 1e-300), 0.0)
            average = (yes * precision).sum(axis=1) / hits[:, -1]
        return {"roc_auc": area, "average_precision": np.where(alarms[:, -1] > 0, average, np.nan)}

    def _steps(self, values: np.ndarray) -> np.ndarray:
        """Sums of the rows of one score."""
        return values if len(self._starts) == values.shape[1] else np.add.reduceat(values, self._starts, axis=1)

"""What simple models reach on the same rows: the measure of whether a network has learned what there is to learn.

A constant; ridge regression; and kernel ridge regression with a Gaussian kernel, all in closed form on a sample, so that
they take a moment. Classes are learned as one 0-or-1 column each, and the largest answer counts.
Source: Hastie, Tibshirani, Friedman (2009), The Elements of Statistical Learning, sections 3.4.1 and 5.8.2.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

FITTED, JUDGED = 900, 450  # rows of the training part; the judged ones are kept apart from the fitted
PENALTIES = (1e-3, 1e-1, 1e1)  # times the mean of the kernel's diagonal
NEIGHBOURS = 9
LISTED = 24
PUREST = 0.25  # of the rows, those whose neighbours agree most


@dataclass(frozen=True)
class References:
    """Scores: the share that is right of classes, R² of numbers. held: on rows of the training part that were kept apart;
    validation: on the validation part, NaN without. balanced: the mean over classes of the share that is right.

    strangers: of the rows whose neighbours agree most with each other, the share that do not agree with them;
    expected_strangers: what it would be, did labels have nothing to do with rows. Both NaN for numbers.
    rows: how many were fitted, judged, and judged of the validation part. stranger_rows: the strangers among the rows that were
    fitted, as rows of the training part, those that most neighbours contradict first.
    """

    constant_held: float
    constant_validation: float
    linear_held: float
    linear_validation: float
    kernel_held: float
    kernel_validation: float
    balanced_held: float
    balanced_validation: float
    strangers: float
    expected_strangers: float
    rows: tuple[int, int, int]
    stranger_rows: list[int] = field(default_factory=list[int])

    @property
    def best_held(self) -> float:
        return max(self.linear_held, self.kernel_held)

    @property
    def best_validation(self) -> float:
        return max(self.linear_validation, self.kernel_validation)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def refer(
    x: np.ndarray, y: np.ndarray, classes: int, validation: tuple[np.ndarray, np.ndarray] | None
) -> References | None:
    """What simple models reach. x (rows, ...) numbers; y (rows,) class numbers or (rows, outputs) numbers; classes: 0 for
    numbers. None where there are too few rows to say anything."""
    if len(x) < 30:
        return None
    rng = np.random.default_rng(0)
    order = rng.permutation(len(x))
    count = min(FITTED, (2 * len(x)) // 3)
    fit, held = np.sort(order[:count]), np.sort(order[count : count + JUDGED])
    centre, spread = _scale(x[fit])
    columns = [_flat(x[rows], centre, spread) for rows in (fit, held)]
    truths = [y[fit], y[held]]
    if validation is not None and len(validation[0]):
        some = np.sort(np.random.default_rng(1).permutation(len(validation[0]))[:JUDGED])
        columns.append(_flat(validation[0][some], centre, spread))
        truths.append(validation[1][some])
    target = np.eye(classes)[truths[0]] if classes else truths[0].reshape(len(truths[0]), -1).astype(np.float64)
    guess = target.mean(axis=0)
    linear = [rows @ columns[0].T for rows in columns]
    squares = [np.sum(rows * rows, axis=1) for rows in columns]
    gaps = [np.maximum(a[:, None] + squares[0][None] - 2.0 * k, 0.0) for a, k in zip(squares, linear, strict=True)]
    width = float(np.median(gaps[0][gaps[0] > 1e-9])) if (gaps[0] > 1e-9).any() else 1.0
    gauss = [np.exp(-gap / width) for gap in gaps]
    scores = {
        "constant": [_score(np.broadcast_to(guess, (len(t), len(guess))), t, classes) for t in truths[1:]],
        "linear": _best([k + 1.0 for k in linear], target - guess, guess, truths[1:], classes),
        "kernel": _best(gauss, target - guess, guess, truths[1:], classes),
    }
    value = {
        f"{name}_{part}": kind[at][0] if len(kind) > at else float("nan")
        for name, kind in scores.items()
        for at, part in enumerate(("held", "validation"))
    }
    better = "kernel" if scores["kernel"][0][0] >= scores["linear"][0][0] else "linear"
    for at, part in enumerate(("held", "validation")):
        value[f"balanced_{part}"] = scores[better][at][1] if len(scores[better]) > at else float("nan")
    strange, expected, which = _strangers(gaps[0], truths[0], classes) if classes else (math.nan, math.nan, [])
    return References(
        **value,
        strangers=strange,
        expected_strangers=expected,
        rows=(len(fit), len(held), len(truths[2]) if len(truths) > 2 else 0),
        stranger_rows=[int(fit[at]) for at in which[:LISTED]],
    )


def rounded_share(x: np.ndarray, y: np.ndarray, fitted: int = FITTED, judged: int = JUDGED) -> float:
    """The share that is right of class numbers y (rows,) that a kernel regression takes for quantities, rounded."""
    order = np.random.default_rng(0).permutation(len(x))
    count = min(fitted, (2 * len(x)) // 3)
    fit, held = np.sort(order[:count]), np.sort(order[count : count + judged])
    centre, spread = _scale(x[fit])
    a, b = _flat(x[fit], centre, spread), _flat(x[held], centre, spread)
    gaps = [np.sum(r * r, axis=1)[:, None] + np.sum(a * a, axis=1)[None] - 2.0 * r @ a.T for r in (a, b)]
    width = float(np.median(gaps[0])) or 1.0
    near, beside = (np.exp(-np.maximum(gap, 0.0) / width) for gap in gaps)
    mean = y[fit].mean()
    shares = [
        float(
            (
                np.round(mean + beside @ np.linalg.solve(near + penalty * np.eye(len(a)), y[fit] - mean)) == y[held]
            ).mean()
        )
        for penalty in PENALTIES
    ]
    return max(shares)


def balanced(right: np.ndarray, truth: np.ndarray) -> float:
    """The mean over the classes of the share that is right. right (rows,) of 0 and 1."""
    return float(np.mean([right[truth == kind].mean() for kind in np.unique(truth)]))


def r2(prediction: np.ndarray, truth: np.ndarray) -> float:
    """1 - what is left of the variance: the mean over outputs."""
    truth = truth.reshape(len(truth), -1).astype(np.float64)
    left = np.mean((prediction.reshape(truth.shape) - truth) ** 2, axis=0)
    return float(np.mean(1.0 - left / np.maximum(truth.var(axis=0), 1e-30)))


def _scale(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    flat = x.reshape(len(x), -1).astype(np.float64)
    spread = flat.std(axis=0)
    return flat.mean(axis=0), np.where(spread > 1e-9 * np.maximum(np.abs(flat).max(axis=0), 1e-30), spread, np.inf)


def _flat(x: np.ndarray, centre: np.ndarray, spread: np.ndarray) -> np.ndarray:
    flat = (x.reshape(len(x), -1).astype(np.float64) - centre) / spread
    return np.clip(flat, -8.0, 8.0) / np.sqrt(max(1, int(np.isfinite(spread).sum())))


def _best(
    kernels: list[np.ndarray], target: np.ndarray, guess: np.ndarray, truths: list[np.ndarray], classes: int
) -> list[tuple[float, float]]:
    """Scores on each judged part, with the penalty that is best on the first."""
    found: list[list[tuple[float, float]]] = []
    mean = float(np.mean(np.diag(kernels[0])))
    for penalty in PENALTIES:
        ridge = kernels[0] + penalty * mean * np.eye(len(target))
        weights = np.linalg.solve(ridge, target)
        found.append([_score(guess + k @ weights, t, classes) for k, t in zip(kernels[1:], truths, strict=True)])
    return max(found, key=lambda scores: scores[0][0])


def _score(prediction: np.ndarray, truth: np.ndarray, classes: int) -> tuple[float, float]:
    if not classes:
        value = r2(prediction, truth)
        return value, value
    right = (prediction.argmax(axis=1) == truth).astype(np.float64)
    return float(right.mean()), balanced(right, truth)


def _strangers(gaps: np.ndarray, truth: np.ndarray, classes: int) -> tuple[float, float, list[int]]:
    """How often a row differs from its neighbours where these agree most: the noise in the labels, or nearly."""
    gaps = gaps.copy()
    np.fill_diagonal(gaps, np.inf)
    near = np.argpartition(gaps, min(NEIGHBOURS, len(gaps) - 1), axis=1)[:, :NEIGHBOURS]
    votes = np.stack([(truth[near] == kind).mean(axis=1) for kind in range(classes)], axis=1)
    purity = votes.max(axis=1)
    purest = np.argsort(-purity, kind="stable")[: max(20, int(PUREST * len(truth)))]
    differs = votes.argmax(axis=1)[purest] != truth[purest]
    shares = np.bincount(truth, minlength=classes) / len(truth)
    strangers = [int(at) for at in purest[differs]]
    return float(differs.mean()), float(1.0 - shares[votes.argmax(axis=1)[purest]].mean()), strangers

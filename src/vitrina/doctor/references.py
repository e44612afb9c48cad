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
LISTED = 24
# Along one input, or over two, a function may turn so often that a kernel as wide as the rows lie apart sees nothing of it: then one
# of an eighth of that width is tried as well.
FEW, FINER = 2, 64.0
# Standard errors of a correlation, of the better of six models (nine where inputs are few): shuffled labels tried brought it to 2.8.
SURELY = 3.5


@dataclass(frozen=True)
class References:
    """Scores: the share that is right of classes, R² of numbers. held: on rows of the training part that were kept apart;
    validation: on the validation part, NaN without. balanced: the mean over classes of the share that is right.

    strangers: of the quarter of the fitted rows of whose class a model that leaves each row out is surest, the share that have
    another label; strangers_between: the same of the next two quarters; expected_strangers: what it would be in the first, did
    labels have nothing to do with rows; strangers_second: of those in the surer half, the share whose label is the model's second
    choice. All NaN for numbers.
    rows: how many were fitted, judged, and judged of the validation part. stranger_rows: the strangers in the surer half of the
    fitted rows, as rows of the training part, those that the model contradicts most surely first.
    related: how many standard errors the correlation of answers and truth lies above 0, on held rows or on those of both parts, of the
    better model: where little can be told, a score is hardly above a constant's, and this is.
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
    strangers_between: float = math.nan
    strangers_second: float = math.nan
    related: float = math.nan

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
    kernels = {"linear": [k + 1.0 for k in linear], "kernel": [np.exp(-gap / width) for gap in gaps]}
    best = {name: _best(own, target - guess, guess, truths[1:], classes) for name, own in kernels.items()}
    if columns[0].shape[1] <= FEW:
        fine = [np.exp(-gap * FINER / width) for gap in gaps]
        found = _best(fine, target - guess, guess, truths[1:], classes)
        if found[1][0][0] > best["kernel"][1][0][0]:
            kernels["kernel"], best["kernel"] = fine, found
    constant = [_score(np.broadcast_to(guess, (len(t), len(guess))), t, classes) for t in truths[1:]]
    scores = {"constant": constant, **{name: found for name, (_, found) in best.items()}}
    value = {
        f"{name}_{part}": kind[at][0] if len(kind) > at else float("nan")
        for name, kind in scores.items()
        for at, part in enumerate(("held", "validation"))
    }
    better = "kernel" if scores["kernel"][0][0] >= scores["linear"][0][0] else "linear"
    for at, part in enumerate(("held", "validation")):
        value[f"balanced_{part}"] = scores[better][at][1] if len(scores[better]) > at else float("nan")
    weights = np.linalg.solve(kernels[better][0] + best[better][0] * np.eye(len(target)), target - guess)
    wanted = [np.eye(classes)[t] if classes else t.reshape(len(t), -1) for t in truths[1:]]
    strangers = _strangers(kernels[better][0], best[better][0], target - guess, truths[0]) if classes else Strangers()
    return References(
        **value,
        strangers=strangers.surest,
        expected_strangers=strangers.by_chance,
        rows=(len(fit), len(held), len(truths[2]) if len(truths) > 2 else 0),
        stranger_rows=[int(fit[at]) for at in strangers.which[:LISTED]],
        strangers_between=strangers.between,
        strangers_second=strangers.second,
        related=_related([kernel @ weights for kernel in kernels[better][1:]], wanted),
    )


def _related(answers: list[np.ndarray], truths: list[np.ndarray]) -> float:
    """How many standard errors a model's answers are correlated with the truth: of the rows kept apart, or of them and the
    validation rows together, whichever are more.

    answers, truths: (rows, outputs) of each part. A correlation's standard error is 1/√rows (Fisher 1915), so that of several parts
    errors add up as Σ r·√rows / √parts (Stouffer's method). Several outputs err together, and count as one.
    """
    found: list[float] = []
    for answer, truth in zip(answers, truths, strict=True):
        a, b = (part - part.mean(axis=0) for part in (answer, truth.astype(np.float64)))
        together = float((a * b).sum() / max(math.sqrt(float((a * a).sum() * (b * b).sum())), 1e-30))
        found.append(together * math.sqrt(len(a)))
    return max(found[0], sum(found) / math.sqrt(len(found)))


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
) -> tuple[float, list[tuple[float, float]]]:
    """The penalty that is best on the first judged part, and the scores with it on each."""
    found: list[tuple[float, list[tuple[float, float]]]] = []
    mean = float(np.mean(np.diag(kernels[0])))
    for penalty in (share * mean for share in PENALTIES):
        weights = np.linalg.solve(kernels[0] + penalty * np.eye(len(target)), target)
        scores = [_score(guess + k @ weights, t, classes) for k, t in zip(kernels[1:], truths, strict=True)]
        found.append((penalty, scores))
    return max(found, key=lambda one: one[1][0][0])


def _score(prediction: np.ndarray, truth: np.ndarray, classes: int) -> tuple[float, float]:
    if not classes:
        value = r2(prediction, truth)
        return value, value
    right = (prediction.argmax(axis=1) == truth).astype(np.float64)
    return float(right.mean()), balanced(right, truth)


@dataclass(frozen=True)
class Strangers:
    """surest, between: shares; by_chance: of the surest; second: of the surer half of them, those whose label is the model's
    second choice; which: that half, as positions among the fitted rows."""

    surest: float = math.nan
    between: float = math.nan
    by_chance: float = math.nan
    second: float = math.nan
    which: list[int] = field(default_factory=list[int])


def _strangers(kernel: np.ndarray, penalty: float, target: np.ndarray, truth: np.ndarray) -> Strangers:
    """How often a row has another label than a model that was fitted to all rows but it, by how sure that model is.

    Where classes overlap, the surest rows lie far from the overlap; wrong labels are as common among them as anywhere.
    kernel (rows, rows) and its penalty; target (rows, classes), centred. What is left of a row that is left out is
    (A⁻¹ t)ᵢ / (A⁻¹)ᵢᵢ, with A = kernel + penalty · 1 (Rifkin and Lippert 2007, Notes on regularized least squares, section 4).
    """
    inverse = np.linalg.inv(kernel + penalty * np.eye(len(kernel)))
    answers = target - (inverse @ target) / np.diag(inverse)[:, None]
    shares = np.eye(target.shape[1])[truth].mean(axis=0)
    answers = answers + shares
    rows, ranked = np.arange(len(answers)), np.argsort(answers, axis=1)
    said, second = ranked[:, -1], ranked[:, -2]
    order = np.argsort(answers[rows, second] - answers[rows, said], kind="stable")  # the widest lead first
    quarters = np.array_split(order, 4)
    differs = said != truth
    surer = np.concatenate(quarters[:2])
    which = surer[differs[surer]]
    return Strangers(
        float(differs[quarters[0]].mean()),
        float(differs[np.concatenate(quarters[1:3])].mean()),
        float(1.0 - shares[said[quarters[0]]].mean()),
        float((second[which] == truth[which]).mean()) if len(which) else math.nan,
        [int(at) for at in which],
    )

"""Probabilities that mean what they say: of all rows given 0.8, eight in ten are so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitrina.errors import ModelError
from vitrina.locale import say

FOLDS = 5  # of the cross-validation that chooses the method
BINS = 15  # of the expected calibration error, as in Guo et al. (2017)
FEWEST = 500  # rows below which a staircase of its own is more noise than shape; one temperature can still be told
SMALLEST = 1e-15


@dataclass(frozen=True)
class Calibration:
    """How log odds become probabilities, fitted on rows the network did not learn from.

    method: "temperature", softmax(logits / temperature), Guo et al. (2017), arXiv:1706.04599, with Platt's (1999) targets of
    (n + 1) / (n + 2) for a class of n rows, so that a part without a mistake does not make for certainty; or "isotonic", for two
    classes, a rising staircase from the log odds (Zadrozny and Elkan 2002): `knots` are its log odds, `values` its
    probabilities, straight lines between; or "none", softmax(logits). log_loss: of each method, cross-validated, by which it
    was chosen.
    """

    method: str = "temperature"
    temperature: float = 1.0
    knots: tuple[float, ...] = ()
    values: tuple[float, ...] = ()
    log_loss: Mapping[str, float] | None = None

    def apply(self, logits: np.ndarray) -> np.ndarray:
        """logits (rows, classes) -> probabilities (rows, classes), float64."""
        if self.method == "isotonic":
            positive = np.interp(logits[:, 1] - logits[:, 0], self.knots, self.values)
            return np.stack([1.0 - positive, positive], axis=1)
        return softmax(logits / self.temperature)

    def to_json(self) -> dict[str, Any]:
        losses = dict(self.log_loss) if self.log_loss else None
        own = {"temperature": self.temperature} if self.method == "temperature" else {}
        stairs = {"knots": list(self.knots), "values": list(self.values)} if self.method == "isotonic" else {}
        return {"method": self.method, **own, **stairs, "log_loss": losses}

    @staticmethod
    def from_json(kept: Mapping[str, Any]) -> Calibration:
        """Reads what `to_json` wrote. Raises ModelError if it is damaged."""
        try:
            return Calibration(
                str(kept["method"]),
                float(kept.get("temperature", 1.0)),
                tuple(float(knot) for knot in kept.get("knots", ())),
                tuple(float(value) for value in kept.get("values", ())),
                kept["log_loss"],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(
                say("the kept calibration cannot be read ({error!r}); remove decisions.json", error=error)
            ) from None


# Of an ensemble's mean: its members are judged one by one, and are surer than they should be where their mean is not, so that their
# temperature would make it doubt too much (by .025 of log loss on the digits).
NONE = Calibration("none")


def fit_calibration(logits: np.ndarray, truth: np.ndarray) -> Calibration:
    """The method with the smaller cross-validated log loss, fitted on all these rows.

    logits (rows, classes), truth (rows,) class numbers. Isotonic regression is tried for two classes that both have
    enough rows for every fold.
    """
    if logits.shape[1] != 2 or len(truth) < FEWEST or np.bincount(truth, minlength=2).min() < FOLDS:
        return _temperature(logits, truth)
    losses = {
        "temperature": _cross_validated(_temperature, logits, truth),
        "isotonic": _cross_validated(_isotonic, logits, truth),
    }
    fit = _temperature if losses["temperature"] <= losses["isotonic"] else _isotonic
    fitted = fit(logits, truth)
    return Calibration(fitted.method, fitted.temperature, fitted.knots, fitted.values, losses)


def log_loss(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Mean of -log of the probability given to the true class."""
    return float(-np.log(np.maximum(probabilities[np.arange(len(truth)), truth], SMALLEST)).mean())


def calibration_error(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Expected calibration error: the mean distance of confidence and accuracy over 15 bins of equal width.

    Σ rows of bin / rows · |accuracy - confidence|; for two classes of the second one's probability and share.
    """
    if probabilities.shape[1] == 2:
        confidence, right = probabilities[:, 1], truth == 1
    else:
        confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    place = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    gaps = np.bincount(place, right, BINS) - np.bincount(place, confidence, BINS)
    return float(np.abs(gaps).sum() / len(truth))


def softmax(logits: np.ndarray) -> np.ndarray:
    """(rows, classes) -> probabilities, whatever the size of the logits."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def _temperature(logits: np.ndarray, truth: np.ndarray) -> Calibration:
    from scipy.optimize import minimize_scalar

    classes = logits.shape[1]
    rows = np.bincount(truth, minlength=classes)
    sure = ((rows + 1.0) / (rows + 2.0))[truth]  # (rows,)
    share = (1.0 - sure) / (classes - 1)  # of each other class

    def loss(logarithm: float) -> float:
        scaled = logits / np.exp(logarithm)
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        logs = scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
        own = logs[np.arange(len(truth)), truth]
        return float(-(sure * own + share * (logs.sum(axis=1) - own)).mean())

    found: Any = minimize_scalar(loss, bounds=(np.log(0.01), np.log(100.0)), method="bounded")
    return Calibration("temperature", float(np.exp(found.x)))


def _isotonic(logits: np.ndarray, truth: np.ndarray) -> Calibration:
    from sklearn.isotonic import IsotonicRegression

    rows = len(truth)
    low = 1.0 / (rows + 2)  # Laplace's rule: what was never seen in so many rows is not impossible
    fitted = IsotonicRegression(y_min=low, y_max=1.0 - low, out_of_bounds="clip")
    fitted.fit(logits[:, 1] - logits[:, 0], truth)
    knots, values = fitted.X_thresholds_, fitted.y_thresholds_
    return Calibration("isotonic", 1.0, tuple(map(float, knots)), tuple(map(float, values)))


def _cross_validated(fit: Any, logits: np.ndarray, truth: np.ndarray) -> float:
    from sklearn.model_selection import StratifiedKFold

    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(logits, truth)
    losses = [
        (len(held), log_loss(fit(logits[kept], truth[kept]).apply(logits[held]), truth[held])) for kept, held in folds
    ]
    return sum(rows * loss for rows, loss in losses) / len(truth)

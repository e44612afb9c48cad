"""What simpler and other learners would have said: the same split, the same inputs."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitrina.material import Material

MOST_ROWS = 300_000  # that a baseline learns from; more are drawn at random
MOST_NUMBERS = 30_000_000  # rows x inputs of a linear baseline, whose fit takes some hundred passes


@dataclass(frozen=True)
class Baseline:
    """answer: inputs (rows, ...) -> logits (rows, classes), or numbers (rows, outputs) as the network learns them.

    rows: how many it learned from; seconds: how long that took.
    """

    name: str
    answer: Callable[[np.ndarray], np.ndarray]
    rows: int
    seconds: float


def simplest(material: Material, classes: int) -> Baseline:
    """Says of every row the same: how often each class occurred in the training part, or the mean."""
    y = material.train.y
    if classes:
        shares = (np.bincount(y.reshape(-1).astype(np.int64), minlength=classes) + 1e-9) / len(y)
        same = np.log(shares)[None]
    else:
        same = y.reshape(len(y), -1).mean(axis=0, keepdims=True)
    name = "majority" if classes else "mean"
    return Baseline(name, lambda inputs: np.repeat(same, len(inputs), axis=0), len(y), 0.0)


def baselines(material: Material, classes: int, seed: int = 0) -> Iterator[Baseline]:
    """Logistic or linear regression and gradient-boosted trees, each fitted on the training part alone.

    classes: how many, 0 for numbers. Inputs are those of the network, a row flat. Where there are very many, fewer rows
    are learned from; trees, which look at each input one by one, are left out of images.
    """
    x = _flat(material.train.x)
    y = material.train.y.reshape(len(x), -1)
    y = y[:, 0].astype(np.int64) if classes else y
    if classes and len(np.unique(y)) < 2:
        return
    line, trees = _of_classes(seed) if classes else _of_numbers(y.shape[1], seed)
    name = "logistic regression" if classes else "linear regression"
    yield _fitted(name, line, classes, *_fewer(x, y, MOST_NUMBERS, seed))
    if material.train.x.ndim == 2:
        yield _fitted("gradient boosting", trees, classes, *_fewer(x, y, MOST_ROWS * x.shape[1], seed))


def _of_classes(seed: int) -> tuple[Any, Any]:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=300), HistGradientBoostingClassifier(random_state=seed)


def _of_numbers(outputs: int, seed: int) -> tuple[Any, Any]:
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.linear_model import Ridge
    from sklearn.multioutput import MultiOutputRegressor

    trees = HistGradientBoostingRegressor(random_state=seed)
    return Ridge(1.0), trees if outputs == 1 else MultiOutputRegressor(trees)


def _flat(inputs: np.ndarray) -> np.ndarray:
    """(rows, inputs), what is missing as the middle, 0: not every learner takes gaps."""
    return np.nan_to_num(inputs.reshape(len(inputs), -1))


def _fewer(x: np.ndarray, y: np.ndarray, numbers: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """As many rows as make up so many numbers, drawn at random."""
    count = min(MOST_ROWS, max(1000, numbers // max(1, x.shape[1])))
    if len(x) <= count:
        return x, y
    rows = np.sort(np.random.default_rng(seed).choice(len(x), count, replace=False))
    return x[rows], y[rows]


def _fitted(name: str, learner: Any, classes: int, x: np.ndarray, y: np.ndarray) -> Baseline:
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fit that stops at its limit is still a baseline
        learner.fit(x, y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y)
    seconds = time.perf_counter() - began
    return Baseline(name, _logits_of(learner, classes) if classes else _numbers_of(learner), len(x), seconds)


def _logits_of(learner: Any, classes: int) -> Callable[[np.ndarray], np.ndarray]:
    def logits(inputs: np.ndarray) -> np.ndarray:
        probabilities = np.zeros((len(inputs), classes))
        probabilities[:, learner.classes_] = learner.predict_proba(_flat(inputs))
        return np.log(np.maximum(probabilities, 1e-15))

    return logits


def _numbers_of(learner: Any) -> Callable[[np.ndarray], np.ndarray]:
    def numbers(inputs: np.ndarray) -> np.ndarray:
        return learner.predict(_flat(inputs)).reshape(len(inputs), -1)

    return numbers

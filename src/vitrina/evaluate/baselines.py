"""What simpler and other learners would have said: the same split, the same inputs."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from vitrina.material import Material

MOST_ROWS = 300_000  # that a baseline learns from; more are drawn at random


def baselines(material: Material, seed: int = 0) -> Iterator[tuple[str, Any]]:
    """(name, function from inputs (rows, ...) to logits (rows, classes)), each fitted on the training part alone."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression

    x = material.train.x.reshape(material.train.rows, -1)
    y = material.train.y.reshape(-1).astype(np.int64)
    if len(x) > MOST_ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(len(x), MOST_ROWS, replace=False))
        x, y = x[rows], y[rows]
    if len(np.unique(y)) < 2:
        return
    learners = {
        "logistic regression": LogisticRegression(max_iter=300),
        "gradient boosting": HistGradientBoostingClassifier(random_state=seed),
    }
    for name, learner in learners.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a fit that stops at its limit is still a baseline
            learner.fit(x, y)
        yield name, _logits_of(learner)


def _logits_of(learner: Any) -> Any:
    def logits(inputs: np.ndarray) -> np.ndarray:
        probabilities = learner.predict_proba(inputs.reshape(len(inputs), -1))
        return np.log(np.maximum(probabilities, 1e-15))

    return logits

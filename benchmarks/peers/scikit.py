"""scikit-learn's MLPClassifier through fit, without early stopping and without weight decay.

With two classes it has one logistic output instead of two logits: the same function, slightly less work than the
others have. Every fit starts Adam's moments afresh (warm_start keeps the weights only).
"""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from benchmarks.contestants import Data, Run
from benchmarks.workloads import BETA1, BETA2, EPSILON, LEARNING_RATE, Dense, Weights, Workload


def prepare(workload: Workload, data: Data, start: Weights) -> Run:
    x, y = data
    warnings.simplefilter("ignore", ConvergenceWarning)  # it is told how many epochs to do, and says so each time
    names = [name for name, _, _ in workload.named_layers()]
    model = MLPClassifier(
        tuple(layer.units for layer in workload.layers[:-1] if isinstance(layer, Dense)),
        activation="relu", solver="adam", alpha=0.0, batch_size=workload.batch,  # pyright: ignore[reportArgumentType]
        learning_rate_init=LEARNING_RATE,
        max_iter=1, shuffle=True, random_state=0, tol=0.0, warm_start=True, n_iter_no_change=10**9,
        beta_1=BETA1, beta_2=BETA2, epsilon=EPSILON,
    )  # fmt: skip
    model.fit(x, y)  # one epoch: it has weights to overwrite only once it has been fitted
    binary = model.out_activation_ == "logistic"
    model.coefs_ = [_difference(start[f"{name}/weight"], binary and name == names[-1]) for name in names]
    model.intercepts_ = [_difference(start[f"{name}/bias"], binary and name == names[-1]) for name in names]

    def run(epochs: int) -> Weights:
        model.set_params(max_iter=epochs).fit(x, y)
        weights = Weights()
        for name, weight, bias in zip(names, model.coefs_, model.intercepts_, strict=True):
            pad = [(1, 0)] if binary and name == names[-1] else [(0, 0)]  # the other class's logit is 0
            weights[f"{name}/weight"], weights[f"{name}/bias"] = np.pad(weight, [(0, 0), *pad]), np.pad(bias, pad)
        return weights

    return run


def _difference(two_logits: np.ndarray, binary: bool) -> np.ndarray:
    """sigmoid(b - a) is the softmax of (a, b)."""
    return two_logits[..., 1:] - two_logits[..., :1] if binary else two_logits.copy()

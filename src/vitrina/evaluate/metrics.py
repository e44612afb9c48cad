"""The usual measures, by task; scikit-learn's own functions, so that they mean what everybody means by them."""

from __future__ import annotations

import numpy as np


def measure(classes: int, prediction: np.ndarray, target: np.ndarray) -> dict[str, float]:
    """Measures of predictions against the truth.

    classes: how many, with prediction (rows, classes) probabilities and target (rows,) class numbers; 0 for numbers,
    with both (rows, outputs) in the target's unit. ROC AUC is given for two classes that both occur.
    """
    return _of_classes(classes, prediction, target) if classes else _of_numbers(prediction, target)


def _of_classes(classes: int, probabilities: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    from sklearn import metrics

    answer = probabilities.argmax(axis=1)
    clipped = np.clip(probabilities.astype(np.float64), 1e-15, 1.0)
    found = {
        "accuracy": float(metrics.accuracy_score(truth, answer)),
        "balanced_accuracy": float(np.mean([(answer[truth == kind] == kind).mean() for kind in np.unique(truth)])),
        "log_loss": float(metrics.log_loss(truth, clipped / clipped.sum(axis=1, keepdims=True), labels=range(classes))),
    }
    if classes == 2 and len(np.unique(truth)) == 2:
        found["roc_auc"] = float(metrics.roc_auc_score(truth, probabilities[:, 1]))
        found["average_precision"] = float(metrics.average_precision_score(truth, probabilities[:, 1]))
    return found


def _of_numbers(prediction: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    from sklearn import metrics

    prediction = prediction.reshape(len(truth), -1)
    truth = truth.reshape(len(truth), -1)
    found = {
        "mean_absolute_error": float(metrics.mean_absolute_error(truth, prediction)),
        "root_mean_squared_error": float(metrics.root_mean_squared_error(truth, prediction)),
    }
    if len(truth) > 1:
        found["r2"] = float(metrics.r2_score(truth, prediction))
    return found

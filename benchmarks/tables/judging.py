"""How good predictions are, and who comes first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean

import numpy as np

from benchmarks.tables.data import Task

LEAST = 1e-6  # a probability below it counts as this, so that one sure mistake does not make a log loss infinite


def measures_of(task: Task) -> tuple[str, str]:
    """What is ranked by, and what is told beside it."""
    if not task.classes:
        return "RMSE", "MAE"
    return ("ROC AUC", "log loss") if len(task.classes) == 2 else ("log loss", "accuracy")


def higher_is_better(measure: str) -> bool:
    return measure in ("ROC AUC", "accuracy")


def judge(task: Task, truth: np.ndarray, prediction: np.ndarray) -> dict[str, float]:
    """truth (rows,) places of classes or numbers; prediction (rows, classes) probabilities, or (rows,)."""
    from sklearn.metrics import roc_auc_score

    if not np.isfinite(prediction).all():
        raise ValueError("a prediction is no number")
    if not task.classes:
        gap = prediction - truth
        return {"RMSE": float(np.sqrt(np.mean(gap**2))), "MAE": float(np.mean(np.abs(gap)))}
    shares = np.clip(prediction, LEAST, None)
    shares = shares / shares.sum(axis=1, keepdims=True)
    found = {
        "log loss": float(-np.mean(np.log(shares[np.arange(len(truth)), truth]))),
        "accuracy": float(np.mean(prediction.argmax(axis=1) == truth)),
    }
    if len(task.classes) == 2:
        found["ROC AUC"] = float(roc_auc_score(truth, prediction[:, 1]))
    return found


def ranks(measure: str, scores: Mapping[str, float]) -> dict[str, float]:
    """From 1, the best; equals share the mean of their places. NaN, for who did not finish, comes last."""
    sign = -1.0 if higher_is_better(measure) else 1.0
    worth = {name: np.inf if np.isnan(score) else sign * score for name, score in scores.items()}
    return {
        name: 1 + sum(other < own for other in worth.values()) + (sum(other == own for other in worth.values()) - 1) / 2
        for name, own in worth.items()
    }


def mean_ranks(tables: Sequence[tuple[str, Mapping[str, float]]]) -> dict[str, float]:
    """Over tables of (measure, scores by learner); who lacks one is ranked over those that it has."""
    places: dict[str, list[float]] = {}
    for measure, scores in tables:
        for name, rank in ranks(measure, scores).items():
            places.setdefault(name, []).append(rank)
    return {name: mean(each) for name, each in places.items()}

"""Measures of weighted rows against scikit-learn's, and intervals that hold what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from vitrina.evaluate.bootstrap import figures_of
from vitrina.evaluate.metrics import measure
from vitrina.evaluate.weighted import Ranking, class_measures, number_measures, quantile_measures


def said(rows: int, classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, rounded so that many are equal, and a truth in which every class occurs."""
    rng = np.random.default_rng(seed)
    truth = np.concatenate([np.arange(classes), rng.integers(classes, size=rows - classes)])
    probabilities = rng.dirichlet(np.ones(classes), rows) + 0.3 * np.eye(classes)[truth]
    probabilities = (probabilities / probabilities.sum(axis=1, keepdims=True)).round(2) + 1e-3
    return probabilities / probabilities.sum(axis=1, keepdims=True), truth


@settings(deadline=None, max_examples=40)
@given(rows=st.integers(6, 60), classes=st.integers(2, 4), seed=st.integers(0, 10_000))
def test_with_weights_of_one_they_are_the_usual_measures(rows: int, classes: int, seed: int) -> None:
    probabilities, truth = said(rows, classes, seed)
    found = {name: value[0] for name, value in class_measures(probabilities, truth)(np.ones((1, rows))).items()}
    usual = measure(classes, probabilities, truth)
    assert {name: found[name] for name in usual} == pytest.approx(usual, abs=1e-9)
    if classes == 2:
        assert found["brier"] == pytest.approx(metrics.brier_score_loss(truth, probabilities[:, 1]))


@settings(deadline=None, max_examples=40)
@given(rows=st.integers(6, 60), seed=st.integers(0, 10_000))
def test_a_row_of_weight_three_counts_as_three_rows(rows: int, seed: int) -> None:
    probabilities, truth = said(rows, 2, seed)
    times = np.random.default_rng(seed).integers(0, 4, rows)
    times[:2] = 1  # both classes occur
    found = Ranking(probabilities[:, 1], truth == 1)(times[None].astype(np.float64))
    again = np.repeat(np.arange(rows), times)
    scores, so = probabilities[again, 1], truth[again]
    assert found["roc_auc"][0] == pytest.approx(metrics.roc_auc_score(so, scores))
    assert found["average_precision"][0] == pytest.approx(metrics.average_precision_score(so, scores))
    whole = class_measures(probabilities, truth)(times[None].astype(np.float64))
    assert whole["balanced_accuracy"][0] == pytest.approx(
        metrics.balanced_accuracy_score(so, probabilities[again].argmax(axis=1))
    )


def test_numbers_are_measured_as_scikit_learn_does() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(1e6, 1.0, (50, 2))  # far from zero, where squares lose digits
    answer = truth + rng.normal(0, 0.5, (50, 2))
    found = {name: value[0] for name, value in number_measures(answer, truth)(np.ones((1, 50))).items()}
    assert found == pytest.approx(
        {
            "mean_absolute_error": metrics.mean_absolute_error(truth, answer),
            "root_mean_squared_error": metrics.root_mean_squared_error(truth, answer),
            "r2": metrics.r2_score(truth, answer),
        }
    )


def test_quantiles_cover_what_they_say() -> None:
    rng = np.random.default_rng(1)
    truth = rng.normal(size=(4000, 1))
    levels = (0.1, 0.5, 0.9)
    answer = np.tile([-1.2816, 0.0, 1.2816], (4000, 1))
    found = {name: value[0] for name, value in quantile_measures(answer, truth, levels)(np.ones((1, 4000))).items()}
    for level in levels:
        assert found[f"coverage_{level:g}"] == pytest.approx(level, abs=0.02)
    losses = [metrics.mean_pinball_loss(truth, answer[:, at], alpha=level) for at, level in enumerate(levels)]
    assert found["pinball_loss"] == pytest.approx(np.mean(losses))


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    """A share of 0.8, measured on 150 rows, 200 times: about 95 of 100 intervals hold it."""
    rng = np.random.default_rng(2)
    held = 0
    for trial in range(200):
        truth = (rng.random(150) < 0.8).astype(np.int64)
        figures, _ = figures_of({"x": class_measures(np.tile([0.1, 0.9], (150, 1)), truth)}, 150, seed=trial, draws=200)
        accuracy = figures["x"]["accuracy"]
        held += accuracy.low <= 0.8 <= accuracy.high
    assert 0.89 <= held / 200 <= 0.99


def test_rows_of_one_customer_are_drawn_together() -> None:
    """Ten copies of each of 30 rows say no more than 30 rows: the interval must be as wide."""
    rng = np.random.default_rng(3)
    probabilities, truth = said(30, 2, 3)
    customers = np.repeat(np.arange(30), 10)
    many = class_measures(probabilities[customers], truth[customers])
    apart, _ = figures_of({"x": many}, 300)
    together, _ = figures_of({"x": many}, 300, clusters=rng.permutation(30)[customers])
    alone, _ = figures_of({"x": class_measures(probabilities, truth)}, 30)
    width = [figure["x"]["log_loss"].high - figure["x"]["log_loss"].low for figure in (apart, together, alone)]
    assert width[1] == pytest.approx(width[2], rel=0.15)
    assert width[0] < 0.5 * width[1]


def test_what_two_contestants_share_cancels_out_of_their_difference() -> None:
    probabilities, truth = said(400, 2, 4)
    better = probabilities + 0.02 * np.eye(2)[truth]
    measures = {
        "ours": class_measures(better / better.sum(axis=1, keepdims=True), truth),
        "theirs": class_measures(probabilities, truth),
    }
    figures, gains = figures_of(measures, 400, "ours")
    gain, loss = gains["theirs"]["log_loss"], figures["ours"]["log_loss"]
    assert gain.high < 0  # a smaller loss on every row, so surely smaller
    assert gain.high - gain.low < 0.2 * (loss.high - loss.low)

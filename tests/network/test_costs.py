"""What must hold for every cost whatever comes in."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.network.cases import EVERY_COST, CostCase, pose_cost
from vitrina.engines.numpy_engine import NumpyOps
from vitrina.errors import NetworkError
from vitrina.network import (
    COSTS,
    BinaryCrossEntropy,
    Cost,
    CrossEntropy,
    Dense,
    Focal,
    Huber,
    Input,
    MeanAbsoluteError,
    MeanSquaredError,
    Network,
    Poisson,
    Quantile,
)
from vitrina.network.costs import cost_named, smoothed

WIDE, NARROW = NumpyOps("float64"), NumpyOps("float32")


def value(cost: Cost, prediction: Any, target: Any, weight: Any = None, ops: Any = WIDE) -> float:
    prediction = np.asarray(prediction, ops.dtype)
    weight = np.ones(len(prediction), ops.dtype) if weight is None else np.asarray(weight, ops.dtype)
    return float(cost.value(ops, prediction, np.asarray(target), weight))


@pytest.mark.parametrize(
    ("cost", "prediction", "target", "expected"),
    [
        (MeanSquaredError(), [[1.0, 3.0]], [[0.0, 1.0]], 2.5),
        (MeanSquaredError(), [[2.0], [4.0]], [1.0, 1.0], 5.0),
        (MeanAbsoluteError(), [[1.0, -3.0]], [[0.0, 1.0]], 2.5),
        (Huber(delta=1.0), [[3.0], [0.5]], [0.0, 0.0], 1.3125),
        (Huber(delta=2.0), [[5.0]], [0.0], 8.0),
        (CrossEntropy(), [[math.log(1.0), math.log(3.0)]], [1], math.log(4.0 / 3.0)),
        (CrossEntropy(label_smoothing=0.5), [[0.0, math.log(3.0)]], [1], 0.75 * math.log(4 / 3) + 0.25 * math.log(4)),
        (BinaryCrossEntropy(), [[math.log(3.0)]], [1.0], math.log(4.0 / 3.0)),
        (BinaryCrossEntropy(), [[math.log(3.0)]], [0.0], math.log(4.0)),
        (
            BinaryCrossEntropy(label_smoothing=0.5),
            [[math.log(3.0)]],
            [1.0],
            0.75 * math.log(4 / 3) + 0.25 * math.log(4),
        ),
        (Focal(gamma=2.0), [[0.0, math.log(3.0)]], [1], 0.0625 * math.log(4.0 / 3.0)),
        (Focal(gamma=1.0), [[math.log(3.0)]], [0.0], 0.75 * math.log(4.0)),
        (Poisson(), [[math.log(2.0)]], [3.0], 2.0 - 3.0 * math.log(2.0)),
        (Quantile((0.9,)), [[1.0]], [3.0], 1.8),
        (Quantile((0.9,)), [[3.0]], [1.0], 0.2),
        (Quantile((0.1, 0.9)), [[1.0, 5.0]], [3.0], (0.1 * 2.0 + 0.1 * 2.0) / 2.0),
    ],
    ids=str,
)
def test_numbers_worked_by_hand(cost, prediction, target, expected):
    assert value(cost, prediction, target) == pytest.approx(expected, rel=1e-14)


# -- weights
@pytest.mark.parametrize("case", EVERY_COST, ids=str)
def test_weights_are_shares(case: CostCase, rng):
    posed = pose_cost(replace(case, batch=4), rng)
    weight = np.array([1.0, 2.0, 0.0, 3.0])
    each = case.cost.per_example(WIDE, posed["prediction"], posed["target"])
    assert each.shape == (4,)
    found, slope = case.cost.value_and_gradient(WIDE, posed["prediction"], posed["target"], weight)
    assert float(found) == pytest.approx(float(np.average(each, weights=weight)), rel=1e-13)
    again, slope_again = case.cost.value_and_gradient(WIDE, posed["prediction"], posed["target"], 7.0 * weight)
    assert float(again) == pytest.approx(float(found), rel=1e-13)
    np.testing.assert_allclose(slope_again, slope, rtol=1e-12, atol=1e-16)
    # a weight of 2 is a row that comes twice, a weight of 0 one that is not there
    rows = [0, 1, 1, 3, 3, 3]
    repeated, slopes = case.cost.value_and_gradient(WIDE, posed["prediction"][rows], posed["target"][rows], np.ones(6))
    assert float(repeated) == pytest.approx(float(found), rel=1e-13)
    np.testing.assert_allclose(slopes[[1, 2]].sum(0), slope[1], rtol=1e-12, atol=1e-16)
    assert not slope[2].any()


@pytest.mark.parametrize("case", EVERY_COST, ids=str)
def test_one_at_a_time_gives_the_same_errors(case: CostCase, rng):
    posed = pose_cost(replace(case, batch=3), rng)
    each = case.cost.per_example(WIDE, posed["prediction"], posed["target"])
    for row in range(3):
        alone = case.cost.value(WIDE, posed["prediction"][row : row + 1], posed["target"][row : row + 1], np.ones(1))
        assert float(alone) == pytest.approx(float(each[row]), rel=1e-13)


@pytest.mark.parametrize("case", EVERY_COST, ids=str)
def test_a_batch_of_which_nothing_counts_is_no_catastrophe(case: CostCase, rng):
    posed = pose_cost(case, rng)
    found, slope = case.cost.value_and_gradient(
        NARROW, posed["prediction"], posed["target"], np.zeros(case.batch, np.float32)
    )
    assert float(found) == 0.0
    assert not slope.any()


# -- perfect predictions and extremes
@pytest.mark.parametrize("cost", [MeanSquaredError(), MeanAbsoluteError(), Huber(), Quantile((0.3,))], ids=str)
def test_a_perfect_number_costs_nothing_and_has_no_slope(cost, rng):
    target = rng.normal(size=(4, 1))
    found, slope = cost.value_and_gradient(WIDE, target.copy(), target, np.ones(4))
    assert float(found) == 0.0
    assert not slope.any()


@pytest.mark.parametrize("cost", [CrossEntropy(), Focal(), Focal(gamma=0.5)], ids=str)
def test_a_sure_and_right_class_costs_almost_nothing(cost):
    sure = 50.0 * np.eye(3)
    found, slope = cost.value_and_gradient(WIDE, sure, np.arange(3), np.ones(3))
    assert 0.0 <= float(found) < 1e-15
    assert np.abs(slope).max() < 1e-6


@pytest.mark.parametrize("case", [case for case in EVERY_COST if case.cost.classifies], ids=str)
@pytest.mark.parametrize("size", [1e4, -1e4, 90.0])
def test_extreme_logits_stay_finite_in_float32(case: CostCase, size, rng):
    posed = pose_cost(case, rng)
    prediction = (size * np.sign(posed["prediction"])).astype(np.float32)
    weight = np.ones(case.batch, np.float32)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        found, slope = case.cost.value_and_gradient(NARROW, prediction, posed["target"], weight)
    assert np.isfinite(found)
    assert np.isfinite(slope).all()
    assert found.dtype == slope.dtype == np.float32
    readable = case.cost.readable(NARROW, prediction)
    assert readable.min() >= 0.0
    assert readable.max() <= 1.0


# -- laws of the classifiers
@pytest.mark.parametrize(
    "cost", [CrossEntropy(), CrossEntropy(label_smoothing=0.1), Focal(), Focal(gamma=0.0)], ids=str
)
def test_adding_a_million_to_all_logits_changes_nothing(cost, rng):
    prediction, target, weight = rng.normal(size=(5, 4)), rng.integers(0, 4, 5), np.ones(5)
    found, slope = cost.value_and_gradient(WIDE, prediction, target, weight)
    shifted, slope_shifted = cost.value_and_gradient(WIDE, prediction + 1e6, target, weight)
    assert float(shifted) == pytest.approx(float(found), rel=1e-8)
    np.testing.assert_allclose(slope_shifted, slope, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_equal_logits_cost_the_logarithm_of_their_number(classes):
    for cost in (CrossEntropy(), CrossEntropy(label_smoothing=0.3)):
        assert value(cost, np.full((2, classes), 3.7), [0, 1]) == pytest.approx(math.log(classes), rel=1e-14)
    focal = (1.0 - 1.0 / classes) ** 2 * math.log(classes)
    assert value(Focal(), np.full((2, classes), 3.7), [0, 1]) == pytest.approx(focal, rel=1e-14)


@given(seed=st.integers(0, 2**32 - 1), smoothing=st.sampled_from([0.0, 0.1, 0.6]), classes=st.integers(2, 5))
def test_class_numbers_and_shares_agree(seed, smoothing, classes):
    rng = np.random.default_rng(seed)
    cost, prediction, numbers = CrossEntropy(smoothing), rng.normal(size=(3, classes)), rng.integers(0, classes, 3)
    by_number = cost.value_and_gradient(WIDE, prediction, numbers, np.ones(3))
    by_share = cost.value_and_gradient(WIDE, prediction, np.eye(classes)[numbers], np.ones(3))
    assert float(by_number[0]) == pytest.approx(float(by_share[0]), rel=1e-14)
    np.testing.assert_allclose(by_number[1], by_share[1], rtol=1e-13, atol=1e-16)


@given(seed=st.integers(0, 2**32 - 1), shape=st.sampled_from([(4, 3), (2, 3, 4)]))
def test_focal_with_gamma_zero_is_cross_entropy(seed, shape):
    rng = np.random.default_rng(seed)
    prediction, target, weight = (
        rng.normal(size=shape),
        rng.integers(0, shape[-1], shape[:-1]),
        rng.uniform(0.5, 1.5, shape[0]),
    )
    focal = Focal(gamma=0.0).value_and_gradient(WIDE, prediction, target, weight)
    plain = CrossEntropy().value_and_gradient(WIDE, prediction, target, weight)
    assert float(focal[0]) == pytest.approx(float(plain[0]), rel=1e-13)
    np.testing.assert_allclose(focal[1], plain[1], rtol=1e-11, atol=1e-15)


@given(seed=st.integers(0, 2**32 - 1))
def test_two_classes_are_one_yes_or_no(seed):
    rng = np.random.default_rng(seed)
    logit, target, weight = rng.normal(0, 3, (4, 1)), rng.integers(0, 2, 4), np.ones(4)
    both = np.concatenate([np.zeros_like(logit), logit], axis=1)
    assert value(BinaryCrossEntropy(), logit, target) == pytest.approx(value(CrossEntropy(), both, target), rel=1e-12)
    one, two = (Focal(gamma=1.5).value_and_gradient(WIDE, p, target, weight) for p in (logit, both))
    assert float(one[0]) == pytest.approx(float(two[0]), rel=1e-12)
    np.testing.assert_allclose(one[1][:, 0], two[1][:, 1], rtol=1e-10, atol=1e-14)


def test_label_smoothing_is_a_mixture_with_all_classes_alike(rng):
    prediction, target = rng.normal(size=(5, 3)), rng.integers(0, 3, 5)
    mixed = 0.8 * value(CrossEntropy(), prediction, target) + 0.2 * value(
        CrossEntropy(), prediction, np.full((5, 3), 1 / 3)
    )
    assert value(CrossEntropy(label_smoothing=0.2), prediction, target) == pytest.approx(mixed, rel=1e-13)


def test_focal_turns_away_from_what_is_right(rng):
    easy, hard = [[4.0, 0.0]], [[-4.0, 0.0]]
    plain, focal = (
        [value(cost, logits, [0]) for logits in (easy, hard)] for cost in (CrossEntropy(), Focal(gamma=2.0))
    )
    assert focal[0] / plain[0] < 1e-3
    assert focal[1] / plain[1] > 0.9


def test_what_a_user_reads():
    logits = np.log([[1.0, 3.0]])
    np.testing.assert_allclose(CrossEntropy().readable(WIDE, logits), [[0.25, 0.75]], rtol=1e-14)
    np.testing.assert_allclose(BinaryCrossEntropy().readable(WIDE, logits), [[0.5, 0.75]], rtol=1e-14)
    np.testing.assert_allclose(Focal().readable(WIDE, np.log([[3.0]])), [[0.75]], rtol=1e-14)
    np.testing.assert_allclose(Poisson().readable(WIDE, logits), [[1.0, 3.0]], rtol=1e-14)
    np.testing.assert_allclose(MeanSquaredError().readable(WIDE, logits), logits, rtol=0)


def test_the_cheapest_constant_is_the_mean_the_median_and_the_quantile(rng):
    target = rng.exponential(size=2001)
    guesses = np.linspace(0.0, 4.0, 401)

    def best(cost: Cost) -> float:
        return float(guesses[np.argmin([value(cost, np.full((2001, 1), guess), target) for guess in guesses])])

    assert best(MeanSquaredError()) == pytest.approx(target.mean(), abs=0.01)
    assert best(MeanAbsoluteError()) == pytest.approx(np.median(target), abs=0.011)
    assert best(Quantile((0.9,))) == pytest.approx(np.quantile(target, 0.9), abs=0.011)


# -- names and options
def test_names_are_the_field_s_words():
    assert set(COSTS) == {
        "mean_squared_error", "mean_absolute_error", "huber", "cross_entropy", "binary_cross_entropy", "focal", "poisson", "quantile",
    }  # fmt: skip
    for name, cost in COSTS.items():
        assert cost_named(name) is cost
        assert cost.label == name
        assert Cost.from_json(cost.to_json()) == cost


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: cost_named("mse"), r"unknown cost 'mse'; it can be mean_squared_error"),
        (lambda: Huber(delta=0.0), r"huber: delta must be above 0, not 0.0"),
        (lambda: Huber(delta=float("nan")), r"huber: delta"),
        (lambda: CrossEntropy(label_smoothing=1.0), r"cross_entropy: label_smoothing must be in \[0, 1\), not 1.0"),
        (lambda: BinaryCrossEntropy(label_smoothing=-0.1), r"binary_cross_entropy: label_smoothing"),
        (lambda: Focal(gamma=-1.0), r"focal: gamma must be 0 or more, not -1.0"),
        (lambda: Quantile(()), r"quantile: quantiles lie between 0 and 1"),
        (lambda: Quantile((0.5, 1.0)), r"quantile: quantiles lie between 0 and 1"),
        (lambda: smoothed(Huber(), 0.1), r"label_smoothing goes with cross_entropy.*not with huber"),
        (lambda: Network(Input((3,)), Dense(1)), r"cross_entropy needs one output per class, two or more.*\(1,\)"),
        (
            lambda: Network(Input((3,)), Dense(4), cost=Quantile((0.1, 0.5, 0.9))),
            r"quantile.*multiple of 3 outputs.*\(4,\)",
        ),
    ],
)
def test_what_cannot_be_is_answered_with_a_sentence(make, words):
    with pytest.raises(NetworkError, match=words):
        make()


def test_smoothing_is_put_into_a_cost():
    assert smoothed(CrossEntropy(), 0.0) == CrossEntropy()
    assert smoothed(CrossEntropy(), 0.1) == CrossEntropy(label_smoothing=0.1)
    assert smoothed(BinaryCrossEntropy(), 0.1) == BinaryCrossEntropy(label_smoothing=0.1)


def test_outputs_for_a_number_of_targets():
    assert MeanSquaredError().outputs_for(3) == 3
    assert Quantile((0.1, 0.5, 0.9)).outputs_for(2) == 6

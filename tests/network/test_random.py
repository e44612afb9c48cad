"""What is random is the same on every engine, differs where it should, and comes as often as it was asked for."""

from __future__ import annotations

import numpy as np
import pytest

from tests.network.cases import Case, pose, run_both, run_forward
from tests.network.on_engines import compute
from vitrina.engines.numpy_engine import NumpyOps
from vitrina.network import Branches, Context, Dense, Dropout, Residual, Sequential

OPS = NumpyOps("float64")


def dropped(
    rate: float, shape: tuple[int, ...], seed: int = 0, step: int = 0, path: tuple[int, ...] = ()
) -> np.ndarray:
    context = Context(training=True, key=OPS.key(seed, np.int32(step)), path=path)
    y, _, _ = Dropout(rate).forward(OPS, {}, {}, np.ones(shape), context)
    return y


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_as_many_are_kept_as_were_asked_for_and_they_make_up_for_the_rest(rate):
    y = dropped(rate, (200, 500))
    kept = y != 0.0
    np.testing.assert_allclose(y[kept], 1.0 / (1.0 - rate), rtol=1e-14)
    spread = np.sqrt(rate * (1.0 - rate))
    assert abs(kept.mean() - (1.0 - rate)) < 5.0 * spread / np.sqrt(kept.size)
    assert np.abs(kept.mean(axis=0) - (1.0 - rate)).max() < 6.0 * spread / np.sqrt(200)  # each unit
    assert np.abs(kept.mean(axis=1) - (1.0 - rate)).max() < 6.0 * spread / np.sqrt(500)  # each example


def test_seed_step_and_place_draw_afresh_and_the_same_ones_draw_the_same():
    base = dropped(0.5, (40, 50))
    np.testing.assert_array_equal(base, dropped(0.5, (40, 50)))
    for other in (dict(seed=1), dict(step=1), dict(path=(1,)), dict(path=(0,)), dict(path=(1, 0))):
        share = ((base != 0) == (dropped(0.5, (40, 50), **other) != 0)).mean()
        assert abs(share - 0.5) < 5 * 0.5 / np.sqrt(base.size), f"{other}: not independent"
    places = [dropped(0.5, (40, 50), path=path) for path in ((0, 1), (1, 0), (0,), (1,), (0, 0))]
    for number, one in enumerate(places):
        for another in places[number + 1 :]:
            assert (one != another).any()


def test_neighbours_are_independent():
    kept = (dropped(0.5, (1, 100_000)) != 0)[0]
    for distance in (1, 2, 32, 256):
        agreement = (kept[distance:] == kept[:-distance]).mean()
        assert abs(agreement - 0.5) < 5 * 0.5 / np.sqrt(kept.size)


def test_random_numbers_are_evenly_spread():
    numbers = np.sort(OPS.random_uniform(OPS.key(3, np.int32(5)), (50_000,)))
    assert numbers[0] >= 0.0
    assert numbers[-1] < 1.0
    gap = np.abs(numbers - np.arange(50_000) / 50_000).max()
    assert gap < 1.95 / np.sqrt(50_000)  # Kolmogorov and Smirnov: passed by 99.9 % of all even draws
    assert len(np.unique(numbers)) > 49_000


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_very_same_numbers_on_every_engine(engine, dtype):
    def draw(ops, numbers):
        keys = [
            ops.key(seed, ops.array(np.int32(step)))
            for seed, step in ((0, 0), (0, 1), (123456789, 70_000), (2**31 + 5, 3))
        ]
        keys += [ops.fold_in(keys[0], place) for place in (0, 1, 1000)]
        return {
            f"draw {number}": ops.random_uniform(key, (7, 11)) + 0.0 * numbers["x"] for number, key in enumerate(keys)
        }

    nothing = {"x": np.zeros((7, 11))}
    expected = compute("numpy", "float64", draw, nothing)
    for name, numbers in compute(engine, dtype, draw, nothing).items():
        assert numbers.dtype == np.dtype(dtype)
        np.testing.assert_array_equal(
            numbers.astype(np.float64), expected[name], err_msg=name
        )  # 24 bits fit both types
        assert len(np.unique(numbers)) > 70


CONTAINERS = [
    Case(Dropout(0.4), (4, 5)),
    Case(Residual(Dense(4, "relu"), Dropout(0.3), Dense(3)), (3,), batch=5),
    Case(Branches(Dropout(0.5), Sequential(Dropout(0.5), Dense(4)), merge="add"), (4,), batch=5),
]


@pytest.mark.parametrize("case", CONTAINERS, ids=str)
def test_dropout_drops_the_same_units_on_every_engine(engine, case, rng):
    problem = pose(case, rng).tree()
    expected = compute("numpy", "float64", lambda ops, numbers: run_both(ops, case, numbers), problem)
    for name, numbers in compute(engine, "float64", lambda ops, numbers: run_both(ops, case, numbers), problem).items():
        np.testing.assert_allclose(numbers, expected[name], rtol=1e-12, atol=1e-13, err_msg=name)


def test_two_dropouts_side_by_side_drop_different_units():
    case = Case(Branches(Dropout(0.5), Dropout(0.5)), (30,), batch=10)
    problem = pose(case, np.random.default_rng(0))
    y, _, _ = run_forward(OPS, case, problem.tree())
    left, right = y[:, :30] != 0, y[:, 30:] != 0
    assert abs((left == right).mean() - 0.5) < 0.15


def test_nothing_is_dropped_once_learning_is_over(rng):
    x = rng.normal(size=(3, 4))
    y, _, _ = Dropout(0.9).forward(OPS, {}, {}, x, Context())
    np.testing.assert_array_equal(y, x)

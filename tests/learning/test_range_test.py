"""The range test: what errors by rate say, and that each rate is taught as it would be alone."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from vitrina import engines
from vitrina.engines.engine import Chunk
from vitrina.learning import SGD, Adam, ConstantRate, Examples, Recipe
from vitrina.learning.batches import batched, order_of
from vitrina.learning.range_test import CERTAIN, ENOUGH, ROOM, judged, range_test, spread
from vitrina.learning.step import start, training_step
from vitrina.network import Dense, Input, Network

NETWORK = Network(Input(5), Dense(8, "relu"), Dense(1), cost="mean_squared_error")
RATES = spread(1e-3, 11)


def examples(rows: int = 60) -> Examples:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 5))
    return Examples(x, x @ rng.normal(size=5))


def curve(*errors: float, untaught: float = 1.0, noise: float = 0.0) -> np.ndarray:
    """The errors of the last ten steps, (10, 1 + rates)."""
    wiggle = noise * np.random.default_rng(0).normal(size=(10, 1 + len(errors)))
    return np.tile([untaught, *errors], (10, 1)) + wiggle


def test_each_rate_is_taught_as_it_would_be_alone():
    engine, rates, steps = engines.get("numpy", "float64"), np.array([1e-3, 1e-2]), 9
    recipe = Recipe(NETWORK, Adam(), ConstantRate(), 1, seed=4)
    found = range_test(engine, recipe, examples(), 20, rates, steps)
    index, present = batched(order_of(60, 4, 0, True), 20)
    later = [batched(order_of(60, 4, epoch, True), 20)[0] for epoch in (1, 2)]
    chunk = Chunk(np.concatenate([index, *later]), np.tile(present, (3, 1)), steps)
    alone = []
    for rate in rates:
        own = replace(recipe, optimizer=Adam(rate))
        run = engine.compile(training_step(own))
        measured = run(engine.put(start(own, *NETWORK.build(4))), engine.put(examples().arrays()), chunk)[1]
        alone.append(measured["error"][-3:].mean())
    smooth = [(3 * alone[0] + alone[1]) / 4, (alone[0] + 3 * alone[1]) / 4]  # each with its neighbours, as 1 : 2 : 1
    np.testing.assert_allclose(found.errors, smooth, rtol=1e-12)


@pytest.mark.parametrize("engine", ["jax", "torch", "tensorflow"])
def test_engines_agree(engine: str):
    recipe = Recipe(NETWORK, Adam(), ConstantRate(), 1)
    tests = [range_test(engines.get(name, "float64"), recipe, examples(), 16, RATES, 12) for name in ("numpy", engine)]
    np.testing.assert_allclose(tests[1].errors, tests[0].errors, rtol=1e-9)
    assert tests[1].suggestion == tests[0].suggestion


def test_a_rate_that_breaks_leaves_the_others_alone():
    recipe = Recipe(NETWORK, SGD(), ConstantRate(), 1)
    engine = engines.get("numpy", "float64")
    few = range_test(engine, recipe, examples(), 16, np.array([1e-3, 1e-2]), 30)
    more = range_test(engine, recipe, examples(), 16, np.array([1e-3, 1e-2, 1e200]), 30)
    assert math.isnan(more.errors[-1])
    np.testing.assert_array_equal(more.errors[:2], few.errors)
    assert more.suggestion is not None
    assert more.suggestion <= 1e-2


def test_the_suggestion_falls_far_enough_and_stays_clear_of_harm():
    errors = [1.0, 0.95, 0.8, 0.5, 0.25, 0.2, 0.2, 0.21, 0.4, 1.5, math.nan]
    found = judged(curve(*errors), RATES, 30)
    assert found.suggestion is not None
    at = int(np.argmin(np.abs(np.log(RATES / found.suggestion))))
    least = np.nanmin(found.errors)
    assert found.errors[at] <= 1.0 - ENOUGH * (1.0 - least)
    assert found.errors[at - 1] > 1.0 - ENOUGH * (1.0 - least)
    harm = RATES[[not error <= 1.0 for error in found.errors]]
    assert found.suggestion <= min(rate for rate in harm if rate > found.suggestion) / ROOM * 1.01
    assert found.good is not None
    assert found.good[0] <= found.suggestion * 1.01


def test_one_step_below_divergence_is_too_near():
    errors = [1.0] * 8 + [0.99, 0.3, math.nan]
    found = judged(curve(*errors), RATES, 30)
    assert found.suggestion is not None
    assert found.suggestion <= RATES[-1] / ROOM * 1.01


@pytest.mark.parametrize(
    ("errors", "sentence"),
    [
        ([math.nan] * 11, "infinite or NaN at every rate"),
        ([2.0, 4.0, *[math.inf] * 9], "rises at every rate"),
        ([1.0] * 11, "flat"),
        ([0.995] * 11, "flat"),
    ],
)
def test_where_nothing_is_decided_it_says_why(errors: list[float], sentence: str):
    found = judged(curve(*errors), RATES, 30)
    assert found.suggestion is None
    assert sentence in found.why


def test_a_fall_within_the_noise_is_none():
    quiet, loud = (judged(curve(*[0.9] * 11, noise=noise), RATES, 30) for noise in (0.001, 3.0 / CERTAIN))
    assert quiet.suggestion is not None
    assert loud.suggestion is None

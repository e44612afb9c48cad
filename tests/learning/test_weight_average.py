"""The running mean of the weights: what it is, and that it is what is judged, kept and gone on with."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import vitrina as vt
from tests.learning.teaching import (
    NETWORKS,
    QUICK_VARIANTS,
    Weights,
    assert_near,
    assert_same,
    examples,
    learner_for,
    need,
    outcome,
    teach,
)
from vitrina import engines
from vitrina.errors import UsageError
from vitrina.learning import Adam, Callback, Checkpoint, ConstantRate, Learner, Plan, Recipe
from vitrina.learning.population import Member, PopulationLearner
from vitrina.network.network import flatten, nest

KEEPS = 0.8
NETWORK = NETWORKS["convolutions"]  # with a state beside its weights, which is no part of the mean


class EachStep(Callback):
    """The weights after every step, and the state after every epoch."""

    def __init__(self) -> None:
        self.weights: list[Weights] = []
        self.states: list[Any] = []

    def training_starts(self, learner: Learner) -> None:
        self.weights.append(learner.weights)
        learner.most_steps = 1

    def chunk_done(self, learner: Learner) -> None:
        self.weights.append(learner.weights)
        learner.most_steps = 1

    def epoch_done(self, learner: Learner, row: dict[str, float]) -> None:
        self.states.append(learner.carried["state"])
        learner.most_steps = 1

    def mean(self, steps: int) -> Weights:
        """After so many steps."""
        mean = dict(self.weights[0])
        for step in range(1, steps + 1):
            keeps = min(KEEPS, (1 + step) / (10 + step))
            mean = {name: keeps * mean[name] + (1 - keeps) * array for name, array in self.weights[step].items()}
        return mean


@pytest.mark.parametrize("variant", QUICK_VARIANTS)
def test_the_mean_of_the_weights_is_what_is_returned(variant: str) -> None:
    need(variant)
    seen, taught = EachStep(), examples(NETWORK, 39)
    learner = teach(NETWORK, taught, engine=variant, weight_average=KEEPS, callbacks=[seen], epochs=9)
    assert len(seen.weights) == 1 + 9 * 5  # beyond the 35th step it keeps as much of itself as was asked for
    found = flatten(learner.result()[0])
    assert_near(found, seen.mean(45), 1e-12, variant)
    assert any(np.abs(found[name] - seen.weights[-1][name]).max() > 1e-4 for name in found)
    plain = teach(NETWORK, taught, engine=variant, epochs=9)
    assert_near(learner.weights, plain.weights, 1e-12, variant)  # what learns is not changed by it


def test_the_mean_is_what_is_judged(engine: Any) -> None:
    seen, taught, judge = EachStep(), examples(NETWORK, 39), examples(NETWORK, 16, seed=3)
    how: dict[str, Any] = {"engine": engine, "weight_average": KEEPS, "epochs": 3}
    learner = teach(NETWORK, taught, validation=judge, callbacks=[seen], **how)
    for epoch, row in enumerate(learner.history, 1):
        weights = nest(seen.mean(5 * epoch))
        alone = learner_for(NETWORK, judge, validation=judge, weights=(weights, seen.states[epoch - 1]), epochs=1)
        error, accuracy = alone._evaluator.measure({"params": weights, "state": seen.states[epoch - 1]})
        assert row["validation_error"] == pytest.approx(float(error), rel=1e-9)
        assert row["validation_accuracy"] == pytest.approx(float(accuracy))
    best = int(np.argmin(learner.history["validation_error"])) + 1
    assert_near(flatten(learner.result()[0]), seen.mean(5 * best), 1e-9, "best")


def test_a_killed_training_goes_on_to_the_same_bits(engine: Any) -> None:
    taught = examples(NETWORK, 39)
    how: dict[str, Any] = {"engine": engine, "weight_average": KEEPS, "epochs": 4}
    whole = outcome(teach(NETWORK, taught, **how))
    saved: list[Checkpoint] = []

    class Killed(Callback):
        def epoch_done(self, learner: Learner, row: dict[str, float]) -> None:
            if learner.epoch == 2:
                saved.append(learner.checkpoint())
                learner.stop("killed")

    teach(NETWORK, taught, callbacks=[Killed()], **how)
    saved[0].facts["progress"]["stopped"] = None
    second = learner_for(NETWORK, taught, **how)
    second.restore(saved[0])
    second.run()
    assert_same(outcome(second), whole)


@pytest.mark.parametrize("name", ["numpy", "jax"])
def test_each_of_a_population_has_a_mean_of_its_own(name: str) -> None:
    need(name)
    network = NETWORKS["dense"]
    taught, judge = examples(network, 30), examples(network, 12, seed=3)
    members = [Member(seed, rate) for seed, rate in ((1, 1e-2), (2, 3e-2))]
    recipe = Recipe(network, Adam(), ConstantRate(), 16, weight_average=KEEPS)
    PopulationLearner(engines.get(name, "float64"), recipe, Plan(8, 4), members, taught, judge, early_stop=False).run()
    for member in members:
        alone = teach(
            network, taught, engine=name, validation=judge, optimizer=Adam(member.rate), seed=member.seed, weight_average=KEEPS
        )  # fmt: skip
        assert_near(flatten(member.best["params"]), flatten(alone.result()[0]), 1e-9, name)
        assert member.history["validation_error"] == pytest.approx(alone.history["validation_error"], rel=1e-9)


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(UsageError, match=r"weight_average is what a running mean keeps .* such as 0\.99"):
        vt.train("wine", engine="numpy", weight_average=share)


def test_a_network_that_is_chosen_brings_its_own() -> None:
    how: dict[str, Any] = {"engine": "numpy", "epochs": 1, "progress": False}
    rows = np.random.default_rng(0).normal(size=(2000, 3))
    many = (rows, (rows[:, 0] > 0).astype(int))
    assert vt.train(many, **how).settings["weight_average"] == 0.99
    assert vt.train(many, weight_average=0.0, **how).settings["weight_average"] is None
    assert vt.train(many, weight_average=0.5, **how).settings["weight_average"] == 0.5
    assert vt.train("wine", **how).settings["weight_average"] is None
    network = vt.Network(vt.Input((3,)), vt.Dense(4, "relu"), vt.Dense(2))
    assert vt.train(many, network=network, **how).settings["weight_average"] is None

"""A population is so many trainings: each member ends where it would end alone, whoever goes on beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.learning.teaching import QUICK_VARIANTS, examples, need, outcome, teach
from vitrina import engines
from vitrina.engines.cores import cores
from vitrina.learning import AdamW, ConstantRate
from vitrina.learning.lanes import lanes_for
from vitrina.learning.loop import Plan
from vitrina.learning.population import Member, PopulationLearner
from vitrina.learning.step import Recipe
from vitrina.network import BatchNorm, Dense, Dropout, Input, Network
from vitrina.network.network import flatten

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")  # torch 2.13 warns of itself
NETWORK = Network(Input((5,)), Dense(6, "tanh"), BatchNorm(), Dropout(0.3), Dense(3))
RATES, DECAYS = (1e-2, 1e-3, 3e-3), (0.1, 0.0, 0.05)


def population(members: list[Member], engine: str = "numpy", epochs: int = 4, **how: Any) -> PopulationLearner:
    taught, judge = examples(NETWORK, 30), examples(NETWORK, 12, seed=3)
    plan = Plan(8, epochs, members[0].seed, how.pop("shuffle", True), how.pop("patience", None))
    steps = plan.steps_per_epoch(taught.rows) * epochs
    recipe = Recipe(NETWORK, AdamW(), ConstantRate(), steps)
    learner = PopulationLearner(engines.get(engine, "float64"), recipe, plan, members, taught, judge, **how)
    learner.run()
    return learner


def alone(member: Member, engine: str = "numpy", epochs: int = 4, shuffle: bool = True) -> Any:
    taught, judge = examples(NETWORK, 30), examples(NETWORK, 12, seed=3)
    how = {"optimizer": AdamW(member.rate, member.weight_decay), "validation": judge, "shuffle": shuffle}
    return teach(NETWORK, taught, engine=engine, dtype="float64", seed=member.seed, epochs=epochs, **how)


@pytest.mark.parametrize("seeds", [(1, 2, 3), (4, 4, 4)], ids=["own seeds", "one seed"])
@pytest.mark.parametrize("variant", QUICK_VARIANTS)
def test_each_member_is_what_it_would_be_alone(variant: str, seeds: tuple[int, ...]) -> None:
    need(variant)
    members = [Member(*own) for own in zip(seeds, RATES, DECAYS, strict=True)]
    population(members, variant, early_stop=False)
    for member in members:
        wanted = alone(member, variant)
        found = flatten(member.best["params"]) | {
            f"state {name}": array for name, array in flatten(member.best["state"]).items()
        }
        assert set(found) == set(outcome(wanted))
        for name, array in outcome(wanted).items():
            np.testing.assert_allclose(found[name], array, rtol=1e-9, atol=1e-9, err_msg=name)
        for ours, theirs in zip(member.history, wanted.history, strict=True):
            for name in ("error", "validation_error", "validation_accuracy", "learning_rate"):
                assert ours[name] == pytest.approx(theirs[name], rel=1e-9)


def test_those_who_go_change_nothing_for_those_who_stay() -> None:
    members = [Member(seed, 1e-2) for seed in range(8)]
    population(members, epochs=8)
    left = [member.stopped for member in members]
    assert sum(stopped is not None for stopped in left) == 6
    assert sorted(len(member.history) for member in members) == [2, 2, 2, 2, 4, 4, 8, 8]
    for member in members:
        wanted = alone(member, epochs=8)
        for ours, theirs in zip(member.history, list(wanted.history)[: len(member.history)], strict=True):
            assert ours["validation_error"] == pytest.approx(theirs["validation_error"], rel=1e-9)
    best = min(members, key=lambda member: member.judged)
    assert best.stopped is None
    for name, array in outcome(alone(best, epochs=8)).items():
        if not name.startswith("state"):
            np.testing.assert_allclose(flatten(best.best["params"])[name], array, rtol=1e-9)


def test_the_worse_half_goes_first() -> None:
    members = [Member(0, rate) for rate in (1e-2, 1e-9, 2e-2, 1e-8)]
    population(members, epochs=4)
    assert [len(member.history) for member in members] == [4, 1, 4, 1]
    assert "worse half" in members[1].stopped


def test_nobody_goes_unless_there_is_someone_to_judge() -> None:
    taught = examples(NETWORK, 30)
    members = [Member(seed, 1e-2) for seed in range(4)]
    PopulationLearner(
        engines.get("numpy"), Recipe(NETWORK, AdamW(), ConstantRate(), 16), Plan(8, 4), members, taught
    ).run()
    assert [len(member.history) for member in members] == [4, 4, 4, 4]
    assert all(member.best is not None for member in members)


@pytest.mark.filterwarnings("ignore:(overflow|invalid value):RuntimeWarning")
@pytest.mark.parametrize("engine", ["numpy", "jax"])
def test_a_member_that_loses_its_numbers_takes_nobody_along(engine: str) -> None:
    members = [Member(1, 1e-2), Member(1, 1e200), Member(1, 2e-2)]
    population(members, engine, early_stop=False, shuffle=False)
    assert "infinite or NaN" in members[1].stopped
    assert members[1].judged > 100 * members[0].judged or members[1].judged == np.inf
    for place in (0, 2):
        wanted = alone(members[place], engine, shuffle=False)
        assert members[place].history[-1]["validation_error"] == pytest.approx(wanted.history[-1]["validation_error"])


def test_patience_is_each_member_s_own() -> None:
    members = [Member(0, 1e-2), Member(0, 1e-300)]
    population(members, epochs=6, patience=2, early_stop=False)
    assert len(members[0].history) > len(members[1].history) == 3
    assert "for 2 epochs" in members[1].stopped


@pytest.mark.parametrize("seeds", [(1, 2, 3, 4, 5), (4, 4, 4, 4, 4)], ids=["own seeds", "one seed"])
def test_sharing_members_out_over_lanes_changes_no_more_than_rounding(
    seeds: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def taught(lanes: int) -> list[Member]:
        monkeypatch.setattr("vitrina.learning.population.lanes_for", lambda engine, flops: lanes)
        members = [Member(seed, 1e-2 / (place + 1)) for place, seed in enumerate(seeds)]
        learner = population(members, "jax", early_stop=False, epochs=3)
        assert len(learner._carried) == min(lanes, len(members))
        return members

    need("jax")
    together = taught(1)
    for lanes in (2, 3, 8):  # even shares, shares of two and one, and more lanes than members
        for member, wanted in zip(taught(lanes), together, strict=True):
            assert member.history["error"] == pytest.approx(wanted.history["error"], rel=1e-12)
            for name, array in flatten(wanted.best["params"]).items():
                found = flatten(member.best["params"])[name]
                np.testing.assert_allclose(found, array, rtol=1e-10, atol=1e-12, err_msg=name)  # float64, 12 steps


def test_jax_shares_out_small_steps_only() -> None:
    need("jax")
    jax = engines.get("jax")
    assert lanes_for(jax, flops=10_000) == cores()
    assert lanes_for(jax, flops=10**9) == 1
    assert lanes_for(engines.get("numpy"), flops=10_000) == 1

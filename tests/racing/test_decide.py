"""engine="auto": it spends no more than it may, and takes the best it knows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import vitrina as vt
from vitrina.errors import EngineError
from vitrina.learning.feed import Examples
from vitrina.racing import decide as deciding
from vitrina.racing import estimates
from vitrina.racing.decide import LEAST, SHARE, choose, entered
from vitrina.racing.standings import Standing

likely = st.lists(
    st.builds(estimates.Estimate, st.uuids().map(str), st.floats(0.0, 20.0), st.floats(1e-6, 1.0)),
    min_size=1,
    max_size=7,
)


def nothing_known() -> Mapping[str, Standing]:
    return {}


@given(likely=likely, steps=st.integers(1, 10**6))
def test_what_is_raced_fits_into_the_budget_by_its_own_estimates(likely: list[estimates.Estimate], steps: int) -> None:
    order = sorted(likely, key=lambda one: one.seconds(steps))
    expected = order[0].seconds(steps)
    budget = max(LEAST, SHARE * expected)
    by_name = {one.engine: one for one in likely}
    entrants = [by_name[name] for name in entered(order, steps, budget, 3.0 * expected)]
    assert sum(one.start + 3 * one.step for one in entrants) <= budget
    assert all(one.seconds(steps) <= 3.0 * expected for one in entrants)
    assert [one.start for one in entrants] == sorted(one.start for one in entrants)


@given(likely=likely, steps=st.integers(1, 10**6), data=st.data())
def test_the_best_of_what_was_measured_is_taken(
    likely: list[estimates.Estimate], steps: int, data: st.DataObject
) -> None:
    measured = {one.engine: Standing(one.engine, 0.1, 0.1, data.draw(st.floats(1e-6, 1.0))) for one in likely}
    raced: list[list[str]] = []

    def runner(engines: list[str], within: float) -> Mapping[str, Standing]:
        assert within == max(LEAST, SHARE * min(one.seconds(steps) for one in likely))
        raced.append(engines)
        return {name: measured[name] for name in engines}

    engine, why = choose(likely, steps, nothing_known, runner)
    if raced:
        assert len(raced[0]) > 1
        assert measured[engine].seconds(steps) == min(measured[name].seconds(steps) for name in raced[0])
        assert why.startswith("raced against")
    else:
        assert engine == min(likely, key=lambda one: one.seconds(steps)).engine
        assert why == "rule of thumb"


def test_what_is_known_is_not_measured_again() -> None:
    long = [estimates.Estimate("jax:scan", 1.0, 1e-3), estimates.Estimate("numpy", 0.0, 2e-3)]
    known = {
        "numpy": Standing("numpy", step_seconds=1e-4),
        "jax:scan": Standing("jax:scan", 1.0, 1.0, 1e-3),
    }
    engine, why = choose(long, 10**6, lambda: known, lambda *_: {}["measured"])
    assert (engine, why) == ("numpy", "raced against jax:scan")


def test_a_race_that_fails_costs_nothing_but_its_answer() -> None:
    def fails(_: list[str], within: float) -> Mapping[str, Standing]:
        raise OSError("no space left on device")

    long = [estimates.Estimate("jax:scan", 1.0, 1e-3), estimates.Estimate("numpy", 0.0, 2e-3)]
    assert choose(long, 10**6, nothing_known, fails) == ("jax:scan", "rule of thumb")
    broken = {"jax:scan": Standing("jax:scan", problem="no"), "numpy": Standing("numpy", problem="no")}
    assert choose(long, 10**6, nothing_known, lambda *_: broken) == ("jax:scan", "rule of thumb")
    half = broken | {"numpy": Standing("numpy", step_seconds=1.0)}
    assert choose(long, 10**6, nothing_known, lambda *_: half) == ("numpy", "raced against jax:scan")


@given(likely=likely, steps=st.integers(1, 10**6), data=st.data())
def test_whoever_happened_to_be_measured_does_not_win_for_want_of_rivals(
    likely: list[estimates.Estimate], steps: int, data: st.DataObject
) -> None:
    favourite = min(likely, key=lambda one: one.seconds(steps)).engine
    others = [one.engine for one in likely if one.engine != favourite]
    known = {name: Standing(name, step_seconds=1e-9) for name in data.draw(st.sets(st.sampled_from(others or [""])))}
    raced: list[str] = []

    def runner(engines: list[str], within: float) -> Mapping[str, Standing]:
        raced.extend(engines)
        return {name: Standing(name, step_seconds=1.0) for name in engines}

    engine, _ = choose(likely, steps, lambda: known, runner)
    assert set(raced) & set(known) == set(), "what is known is not measured again"
    if favourite not in raced:
        assert engine == favourite


def test_a_lone_measurement_of_the_likeliest_is_no_race() -> None:
    long = [estimates.Estimate("jax:scan", 1.0, 1e-3), estimates.Estimate("numpy", 0.0, 2e-3)]
    known = {"jax:scan": Standing("jax:scan", step_seconds=1e-3)}
    quick = {"numpy": Standing("numpy", step_seconds=1e-6)}
    assert choose(long, 10**6, lambda: known, lambda *_: quick) == ("numpy", "raced against jax:scan")
    assert choose(long, 10**6, lambda: known, lambda *_: {}) == ("jax:scan", "rule of thumb")


def test_a_damaged_framework_leaves_the_training_to_another(monkeypatch) -> None:
    network = vt.Network(vt.Input((30,)), vt.Dense(32, "relu"), vt.Dense(2))
    examples = Examples(np.zeros((100, 30), np.float32), np.zeros(100, np.int64))
    ways = [estimates.Estimate("jax:scan", 0.0, 1e-6), estimates.Estimate("numpy", 0.0, 2e-6)]
    monkeypatch.setattr(deciding, "estimates", lambda *_: ways)

    def get(engine: str, precision: str) -> None:
        if engine != "numpy":
            raise EngineError("cannot be loaded")

    monkeypatch.setattr(deciding.engines, "get", get)
    assert deciding.decide(network, examples, 10, 3, "float32", vt.Adam())[0] == "numpy"


def test_a_short_training_is_numpy_s_and_a_long_one_is_not() -> None:
    network = vt.Network(vt.Input((30,)), vt.Dense(32, "relu"), vt.Dense(2))
    assert estimates.choose_engine(network, 400, 32, 10) == "numpy"
    assert estimates.choose_engine(network, 10**6, 32, 100).startswith("jax")


def test_a_network_to_be_differentiated_is_no_task_for_numpy() -> None:
    class Doubled(vt.Layer):
        def forward(self, ops, params, state, x, context):
            return 2.0 * x, None, state

        def output_shape(self, input_shape):
            return input_shape

    network = vt.Network(vt.Input((3,)), Doubled(), vt.Dense(2))
    assert not any(name.startswith("numpy") for name in estimates.contestants(network))


def test_a_run_tells_how_its_engine_was_chosen(tmp_path) -> None:
    model = vt.train("breast-cancer", epochs=1, out=tmp_path / "run")
    assert model.settings["engine"] == "numpy"
    assert model.settings["engine_why"] == "rule of thumb"
    again = vt.train("breast-cancer", epochs=1, engine="numpy")
    assert again.settings["engine_why"] == "given"

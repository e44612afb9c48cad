"""Who finishes first, for every number of steps."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from vitrina import locale
from vitrina.racing.standings import Race, Standing, crossover, ranked

seconds = st.floats(0.0, 100.0)
standings = st.lists(
    st.builds(
        Standing,
        st.uuids().map(str),
        import_seconds=seconds,
        compile_seconds=seconds,
        step_seconds=st.floats(1e-6, 1.0),
        problem=st.none(),
    ),
    min_size=1,
    max_size=6,
)


@given(standings=standings, steps=st.integers(1, 10**9))
def test_the_crossover_names_the_first_to_finish_for_every_number_of_steps(
    standings: list[Standing], steps: int
) -> None:
    edge = crossover(standings)
    assert edge[0][0] == 1
    assert [start for start, _ in edge] == sorted({start for start, _ in edge})
    winner = next(engine for start, engine in reversed(edge) if start <= steps)
    quickest = min(one.seconds(steps) for one in standings)
    taken = next(one for one in standings if one.engine == winner).seconds(steps)
    # between two steps lines may cross: whoever is named is at most one step late
    slack = max(one.step_seconds for one in standings) + 1e-9 * quickest
    assert taken <= quickest + slack


@given(standings=standings, steps=st.integers(1, 10**6), broken=st.integers(0, 3))
def test_the_first_to_finish_stands_first_and_the_broken_stand_last(
    standings: list[Standing], steps: int, broken: int
) -> None:
    out = [Standing(f"broken {number}", problem="no") for number in range(broken)]
    order = ranked([*out, *standings], steps)
    times = [one.seconds(steps) for one in order[: len(standings)]]
    assert times == sorted(times)
    assert all(one.problem for one in order[len(standings) :])


def test_a_race_prints_its_winner_its_losers_and_what_is_missing() -> None:
    quick = Standing("numpy", step_seconds=1e-4, memory=50 << 20, peak_share=0.02)
    steady = Standing("jax:scan", 0.4, 0.6, 1e-5, 0.1, 300 << 20)
    broken = Standing("torch:eager", problem="was ended by signal -9")
    race = Race(ranked([broken, steady, quick], 1000), 1000, 32, {"tensorflow": "pip install it"})
    assert race.best == "numpy"
    assert race.for_steps(10**6).best == "jax:scan"
    assert race.crossover == [(1, "numpy"), (11112, "jax:scan")]
    text = str(race)
    for word in (
        "numpy",
        "jax:scan",
        "torch:eager",
        "was ended",
        "tensorflow",
        "pip install it",
        "11,112",
        "1,000",
    ):
        assert word in text
    assert json.loads(json.dumps(race.to_json()))["best"] == "numpy"
    assert "<table>" in race._repr_html_()


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("width", [80, 110])
def test_a_narrow_screen_shortens_the_bars_and_no_figure(width: int, language: str) -> None:
    slow = Standing("tensorflow:graph", 3.4, 0.6, 4.2, 0.75, 1132 << 20)
    race = Race((Standing("numpy", step_seconds=1e-4, memory=50 << 20), slow), 2345, 32)
    out = StringIO()
    locale.use(language)
    try:
        Console(file=out, width=width, color_system=None).print(race)
    finally:
        locale.use(None)
    assert "…" not in out.getvalue()
    assert "1,132 MB" in out.getvalue()
    assert "███" in out.getvalue()


def test_without_a_finisher_nobody_wins() -> None:
    race = Race((Standing("jax:scan", problem="no"),), 10, 32)
    assert race.best is None
    assert race.crossover == []
    assert "no engine" in str(race)

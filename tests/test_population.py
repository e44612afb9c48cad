"""vt.train with a population: what is varied, who wins, what is kept, and what they say together."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vitrina as vt
from vitrina.errors import UsageError
from vitrina.learning import Adam
from vitrina.population import members_of


@pytest.fixture(scope="module")
def trained() -> vt.Population:
    return vt.train("wine", population=4, vary={"lr": [1e-2, 1e-7, 3e-3, 1e-6]}, epochs=6, engine="numpy")


def test_the_leaderboard_is_in_the_order_of_the_validation_error(trained: vt.Population) -> None:
    errors = [row.validation_error for row in trained.leaderboard.rows]
    assert errors == sorted(errors)
    assert sorted(row.member for row in trained.leaderboard.rows) == [0, 1, 2, 3]
    best = trained.leaderboard[0]
    assert trained.best is trained.members[best.member]
    assert best.lr in (1e-2, 3e-3)
    assert best.validation_error == pytest.approx(min(trained.best.history["validation_error"]))
    assert "test" in trained.best.measured
    assert sum("test" in model.measured for model in trained.members) == 1
    text = str(trained)
    assert "lr" in text
    assert "seed" not in text
    assert "worse half" in text


def test_a_member_is_what_train_makes_of_its_settings(trained: vt.Population) -> None:
    member = trained.members[2]
    again = vt.train("wine", learning_rate=3e-3, epochs=6, engine="numpy", folds=False)
    for name, weight in again.weights.items():
        np.testing.assert_allclose(member.weights[name], weight, rtol=1e-5, atol=1e-6)
    assert member.settings["optimizer"]["learning_rate"] == 3e-3


def test_an_ensemble_says_the_mean_of_what_its_members_say(trained: vt.Population) -> None:
    ensemble = trained.ensemble
    assert 1 <= len(ensemble.members) < 4
    mean = np.mean([model.predict_proba("wine") for model in ensemble.members], axis=0)
    np.testing.assert_allclose(ensemble.predict_proba("wine"), mean)
    names = np.array(trained.best.recipe.classes)
    assert (ensemble.predict("wine") == names[mean.argmax(axis=1)]).all()
    found = ensemble.evaluate("wine")
    truth = vt.train("wine", epochs=1, engine="numpy").recipe  # the same recipe: classes have the same numbers
    assert list(truth.classes) == list(names)
    assert 0.5 < found["accuracy"] <= 1.0
    assert "error" not in found


def test_an_ensemble_of_numbers_is_their_mean() -> None:
    found = vt.train("diabetes", population=3, epochs=3, engine="numpy", early_stop=False)
    each = [model.predict("diabetes") for model in found.ensemble.members]
    assert len(each) == 3
    np.testing.assert_allclose(found.ensemble.predict("diabetes"), np.mean(each, axis=0), rtol=1e-5)


def test_a_population_is_kept_as_runs(tmp_path: Path) -> None:
    found = vt.train("wine", population=2, epochs=2, engine="numpy", out=tmp_path / "all")
    with (tmp_path / "all" / "leaderboard.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert [int(line["member"]) for line in lines] == [row.member for row in found.leaderboard.rows]
    for number, model in enumerate(found.members, 1):
        run = tmp_path / "all" / str(number)
        assert vt.load(run).history == model.history
        again = vt.train(resume=run)  # without a checkpoint: from the start, on the split that all shared
        for name, weight in model.weights.items():
            np.testing.assert_allclose(again.weights[name], weight, rtol=1e-5, atol=1e-6)
    with pytest.raises(UsageError, match="already exists"):
        vt.train("wine", population=2, epochs=1, out=tmp_path / "all")


rates = st.lists(st.floats(1e-6, 1.0), min_size=1, max_size=5)


@given(lr=rates, decay=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=4))
def test_lists_are_combined_each_with_each_if_the_population_says_so(lr: list[float], decay: list[float]) -> None:
    members = members_of(len(lr) * len(decay), {"lr": lr, "weight_decay": decay}, Adam(), 7)
    if len(lr) == len(decay) == 1 or len(lr) * len(decay) != len(lr):
        assert [(one.rate, one.weight_decay) for one in members] == [(a, b) for a in lr for b in decay]
    assert {one.seed for one in members} == {7}


@given(lr=rates)
def test_lists_of_one_length_go_side_by_side(lr: list[float]) -> None:
    seeds = list(range(len(lr)))
    members = members_of(None, {"lr": lr, "seed": seeds}, Adam(), 0)
    assert [(one.rate, one.seed) for one in members] == list(zip(lr, seeds, strict=True))


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        ({"population": 0}, "population must be a whole number of 1 or more, not 0"),
        ({"vary": {}}, "vary names nothing"),
        ({"vary": {"depth": [1, 2]}}, "cannot change 'depth'; it can change lr, seed, weight_decay"),
        ({"vary": {"lr": [0.1, -1.0]}}, "lr must be a list of numbers above 0, and has -1.0"),
        ({"vary": {"seed": [0.5]}}, "seed must be a list of whole numbers"),
        ({"vary": {"lr": []}}, "lr must be a list of numbers above 0, and has None"),
        ({"population": 5, "vary": {"lr": [0.1, 0.2], "seed": [1, 2]}}, "population=4 to combine"),
        ({"population": 2, "resume": "somewhere"}, "leave out population"),
    ],
)
def test_what_cannot_be_meant_is_said(given_: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        vt.train("wine", **given_)

"""vt.search: what it tries, what it keeps, and that the test part is looked at once."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

import vitrina as vt
from vitrina.errors import UsageError, VitrinaError
from vitrina.model import Model

pytest.importorskip("optuna")


def test_a_search_keeps_the_best_of_its_trials_as_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluated: list[int] = []
    evaluate = Model.evaluate
    monkeypatch.setattr(
        Model, "evaluate", lambda model, data, *rest: evaluated.append(1) or evaluate(model, data, *rest)
    )
    seen: list[tuple[int, float]] = []
    how = {"trials": 11, "epochs": 4, "engine": "numpy", "seed": 2}
    found = vt.search("wine", out=tmp_path / "run", watch=lambda done, best: seen.append((done, best)), **how)
    assert evaluated == [1]
    assert [done for done, _ in seen] == [8, 11]
    errors = [row.validation_error for row in found.leaderboard.rows]
    assert len(errors) == 11
    assert errors == sorted(errors)
    assert seen[-1][1] == errors[0] == pytest.approx(min(found.best.history["validation_error"]))
    assert len({network.to_json()["layers"].__repr__() for network in found.networks}) == 2
    assert vt.load(tmp_path / "run").measured["test"] == found.best.measured["test"]
    assert list(vt.load(tmp_path / "run").predict("wine")[:2]) == list(found.best.predict("wine")[:2])
    with (tmp_path / "run" / "leaderboard.csv").open() as file:
        assert [int(line["member"]) for line in csv.DictReader(file)] == [row.member for row in found.leaderboard.rows]
    again = vt.search("wine", **how)
    assert [row.lr for row in again.leaderboard.rows] == [row.lr for row in found.leaderboard.rows]


def test_a_network_that_is_given_is_searched_for_its_rate_alone() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 4))
    network = vt.Network(vt.Input((4,)), vt.Dense(8, "relu"), vt.Dense(2))
    found = vt.search((x, (x[:, 0] > 0).astype(int)), network=network, trials=5, epochs=8, engine="numpy")
    assert set(found.networks) == {network}
    assert found.best.network == network
    assert len({row.lr for row in found.leaderboard.rows}) == 5


def test_what_cannot_be_searched_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="trials must be a whole number of 1 or more, not 0"):
        vt.search("wine", trials=0)
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    with pytest.raises(VitrinaError, match=r"pip install .vitrina\[search\]."):
        vt.search("wine", trials=1)

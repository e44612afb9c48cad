"""vitrina search and vitrina compare, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Vitrina


def test_runs_stand_side_by_side_and_only_what_differs_is_told(vitrina: Vitrina) -> None:
    for run, rate, seed in (("a", 0.01, 1), ("b", 1e-6, 1)):
        assert (
            vitrina(
                "train", "wine", "--lr", rate, "--seed", seed, "--epochs", 3, "--engine", "numpy", "--out", run
            ).status
            == 0
        )
    shown = vitrina("compare", "b", "a")
    assert shown.status == 0
    head = next(line for line in shown.out.splitlines() if "a" in line and "b" in line)
    assert head.index("a") < head.index("b"), "the better run stands first"
    assert "learning_rate 0.01" in shown.out
    assert "accuracy" in shown.out
    assert "seed" not in shown.out
    found = json.loads(vitrina("compare", "b", "a", "--json").out)
    assert [run["run"] for run in found["runs"]] == ["a", "b"]
    assert found["differs"] == ["optimizer"]
    assert found["runs"][0]["judged"] < found["runs"][1]["judged"]
    assert "segundos" in vitrina("compare", "a", "b", "--lang", "es").out


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [(["compare", "a"], 2, "two runs or more"), (["compare", "a", "b"], 1, "a")],
)
def test_what_cannot_be_compared_is_said(vitrina: Vitrina, arguments: list, status: int, words: str) -> None:
    failed = vitrina(*arguments)
    assert failed.status == status
    assert words in failed.sentence


def test_a_search_ends_with_a_run(vitrina: Vitrina) -> None:
    pytest.importorskip("optuna")
    shown = vitrina("search", "wine", "--trials", 3, "--epochs", 2, "--engine", "numpy", "--out", "found")
    assert shown.status == 0, shown.err
    assert "found" in shown.out
    assert "accuracy" in shown.out
    assert "vitrina evaluate found" in shown.out, "what to type next"
    assert vitrina("evaluate", "found", "wine").status == 0
    told = json.loads(vitrina("search", "wine", "--trials", 2, "--epochs", 1, "--engine", "numpy", "--json").out)
    assert [row["rank"] for row in told["leaderboard"]] == [1, 2]


def test_runs_of_other_columns_are_told_apart(vitrina: Vitrina) -> None:
    for run, more in (("a", ()), ("b", ("--column", "ash=categorical", "--drop", "hue"))):
        assert vitrina("train", "wine", *more, "--epochs", 1, "--engine", "numpy", "--out", run).status == 0
    shown = vitrina("compare", "a", "b").out
    assert "ash=categorical" in shown
    assert "hue" in shown


def test_a_search_warns_as_a_training_does(vitrina: Vitrina) -> None:
    pytest.importorskip("optuna")
    rows = "".join(f"{place % 7},{place * 37 % 101},{'ab'[place * 37 % 101 > 50]},{place}\n" for place in range(400))
    Path("t.csv").write_text("x,told,y,row\n" + rows)
    given = ("t.csv", "--target", "y", "--epochs", 1, "--engine", "numpy")
    for command in (("train",), ("search", "--trials", 2)):
        shown = " ".join(vitrina(*command, *given).out.split())
        assert "column 'told' may give the target away" in shown
        assert "column 'row' is left out" in shown

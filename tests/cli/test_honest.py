"""Honest splits, leaks and simulated data, as they are typed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import vitrina as vt
from tests.cli.conftest import Vitrina

FAST = ("--target", "bought", "--engine", "numpy", "--epochs", 2, "--lr", 0.01)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """600 purchases of a year by 60 customers; `paid_back` gives away what `bought` says."""
    rng = np.random.default_rng(0)
    bought = rng.random(600) < 0.3
    frame = pl.DataFrame(
        {
            "day": [f"2024-{1 + row // 50:02d}-{1 + row % 28:02d}" for row in range(600)],
            "customer": [f"c{one}" for one in rng.integers(0, 60, 600)],
            "size": (bought + rng.normal(size=600)).round(3),
            "part": rng.choice(["Train", "train", "TEST"], 600),
            "paid_back": ["x" if one else None for one in bought],
            "bought": ["yes" if one else "no" for one in bought],
        }
    )
    frame.write_csv(tmp_path / "shop.csv")
    return tmp_path / "shop.csv"


def test_a_training_says_how_the_rows_were_divided(vitrina: Vitrina, shop: Path) -> None:
    timed = vitrina("train", shop, *FAST, "--time", "day", "--gap", "5d")
    assert timed.status == 0, timed.err
    assert "by day, the past before the future" in timed.out
    assert "learning: 2024-01-01 to 2024-" in timed.out
    assert "column 'day' is left out: it divides the rows\n" in timed.out
    grouped = vitrina("train", shop, *FAST, "--group", "customer", "--lang", "es").out
    assert "por customer, cada uno de sus grupos en un solo lado" in grouped
    assert re.search(r"validación: \d+ grupos", grouped)
    named = vitrina("train", shop, *FAST, "--split", "part").out
    assert "as part says" in named
    assert "they were drawn from those to learn from" in named
    assert "customer" not in vt.load("runs/2").recipe.input_names


def test_a_run_goes_on_and_runs_again_with_the_same_split(vitrina: Vitrina, shop: Path) -> None:
    for by in (("--time", "day", "--gap", "5d"), ("--group", "customer", "--drop-leaks"), ("--split", "part")):
        first, again = (json.loads(vitrina("train", shop, *FAST, *by, "--json").out) for _ in range(2))
        assert first["parts"] == again["parts"]
        assert first["parts"]["by"] == by[0][2:]
        settings = [json.loads(Path(one["run"], "settings.json").read_text()) for one in (first, again)]
        assert settings[0]["fingerprint"] == settings[1]["fingerprint"]
        assert settings[0][by[0][2:]] == by[1]
        assert settings[0]["drop_leaks"] == ("--drop-leaks" in by)
        gone_on = json.loads(vitrina("train", "--resume", first["run"], "--json").out)
        assert gone_on["rows"] == first["rows"]
        assert gone_on["test"] == first["test"]


def test_leaks_are_told_and_dropped_when_asked(vitrina: Vitrina, shop: Path) -> None:
    told = json.loads(vitrina("train", shop, *FAST, "--json").out)
    (warning,) = [warning for warning in told["warnings"] if "paid_back" in warning]
    assert "whether it is filled in tells the class" in warning
    assert "missing in 100.0% of the rows of 'no', and in 0.0% of the others" in warning
    assert "--drop-leaks" in warning
    assert "paid_back is missing" in told["inputs"]
    dropped = json.loads(vitrina("train", shop, *FAST, "--drop-leaks", "--json").out)
    assert not any("paid_back" in name for name in dropped["inputs"])
    assert any(warning.startswith("column 'paid_back' is left out, as it may") for warning in dropped["warnings"])
    described = vitrina("describe", shop, "--target", "bought").out
    assert "column 'paid_back' may give the target away" in described
    assert "may give" not in vitrina("describe", "breast-cancer").out


def test_rates_and_networks_are_searched_on_the_same_rows(vitrina: Vitrina, shop: Path) -> None:
    by = ("--target", "bought", "--engine", "numpy", "--time", "day", "--drop-leaks")
    assert vitrina("find-lr", shop, *by).status == 0
    assert vitrina("search", shop, *by, "--trials", 1, "--epochs", 1).status == 0
    trained = json.loads(vitrina("train", shop, *by, "--epochs", 1, "--lr", 0.01, "--json").out)
    searched = vt.load("runs/1")
    assert searched.measured["parts"] == trained["parts"]
    assert searched.settings["time"] == "day"
    assert not any("paid_back" in name for name in searched.recipe.input_names)


def test_what_cannot_divide_is_one_sentence(vitrina: Vitrina, shop: Path) -> None:
    cases = [
        (("--time", "day", "--group", "customer"), 2, "--time and --group divide the rows in different ways"),
        (("--gap", "7d"), 2, "say with --time which column is the time"),
        (("--time", "when"), 1, "no column 'when'"),
        (("--time", "size", "--gap", "7d"), 2, "--gap 7d: write a number"),
        (("--split", "customer"), 1, "write train, validation or test in every row"),
        (("--group", "customer", "--column", "customer=categorical"), 2, "leave out --column customer"),
    ]
    for options, status, sentence in cases:
        result = vitrina("train", shop, *FAST, *options)
        assert sentence in result.sentence
        assert result.status == status
    assert "is not a table" in vitrina("train", "digits", "--time", "day").sentence
    assert not Path("runs").exists()


def test_transactions_are_simulated(vitrina: Vitrina) -> None:
    made = vitrina("data", "fraud", "--rows", 4000, "--out", "sim", "--seed", 3)
    assert made.status == 0, made.err
    assert "4,000 card transactions, 2018-04-01 to " in made.out
    assert "vitrina train sim --target TX_FRAUD --time TX_DATETIME --drop TX_FRAUD_SCENARIO" in made.out
    assert pl.read_parquet("sim/*.parquet").shape == (4000, 23)
    assert "operaciones con tarjeta" in vitrina("data", "fraud", "--rows", 50, "--out", "es", "--lang", "es").out
    told = json.loads(vitrina("data", "fraud", "--rows", 50, "--out", "small", "--json").out)
    assert sum(told["scenarios"]) == told["rows"] == 50
    assert "sim already exists" in vitrina("data", "fraud", "--rows", 50, "--out", "sim").sentence
    assert vitrina("data", "fraud", "--rows", 0, "--out", "none").status == 2


def test_how_good_it_is_and_the_report_of_it(vitrina: Vitrina, shop: Path) -> None:
    assert vitrina("train", shop, *FAST, "--group", "customer", "--drop", "paid_back").status == 0
    told = vitrina("evaluate", "runs/1", "--by", "part", "--at", 10)
    assert told.status == 0, told.err
    assert "The network was worth it" in told.out or "no better than" in told.out or "not worth it" in told.out
    assert "count the rows of one customer as one" in told.out
    assert "95 % interval" in told.out
    figures = json.loads(vitrina("evaluate", "runs/1", "--json", "--no-baselines").out)
    assert figures["clusters"] == "customer"
    assert set(figures["intervals"]) == set(figures["figures"])
    flattered = vitrina("evaluate", "runs/1", shop, "--no-baselines")
    assert "of these rows are ones it learned from" in flattered.out

    reported = json.loads(vitrina("report", "runs/1", "--json").out)
    assert Path(reported["report"]).stat().st_size == reported["bytes"] > 50_000
    for wrong in (("report", "runs/9"), ("evaluate", "runs/1", "--by", "nothing"), ("evaluate", "runs/9")):
        refused = vitrina(*wrong)
        assert refused.status in (1, 2)
        assert refused.err.count("\n") == 1

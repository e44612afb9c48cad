"""vitrina decide: what it prints, what it writes, and one sentence for what cannot be."""

from __future__ import annotations

import csv as csv_files
import json
from pathlib import Path

import polars as pl
import pytest

from tests.cli.conftest import Vitrina, table, write


@pytest.fixture
def run(vitrina: Vitrina, tmp_path: Path) -> Path:
    write(tmp_path / "shop.csv", table(400))
    done = vitrina("train", "shop.csv", "--target", "bought", "--epochs", 8, "--engine", "numpy", "--out", "run")
    assert done.status == 0, done.err
    return tmp_path / "run"


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
def test_a_row_for_each_decision(vitrina: Vitrina, run: Path, ending: str) -> None:
    write(run.parent / "new.csv", [line.rpartition(",")[0] for line in table(30)])  # without the truth
    done = vitrina(
        "decide", "run", "new.csv", "--costs", "fn=5,fp=1", "--ask", "0.3", "--out", f"out.{ending}", "--json"
    )
    assert done.status == 0, done.err
    told = json.loads(done.out)
    path = run.parent / f"out.{ending}"
    read = {"csv": pl.read_csv, "parquet": pl.read_parquet, "jsonl": pl.read_ndjson}[ending]
    rows = read(path)
    assert rows.columns[:3] == ["probability", "decision", "expected_cost"]
    assert rows.columns[3:5] == ["reason_1", "contribution_1"]
    assert len(rows) == told["rows"] == 30
    counts = dict(rows["decision"].value_counts().iter_rows())
    assert counts == told["decisions"]
    assert set(rows["reason_1"]) <= {"size", "colour"}
    assert told["rule"]["band"]["low"] < told["rule"]["band"]["high"]
    assert told["saved"]["model"]["low"] <= told["saved"]["model"]["saved"]


def test_what_is_shown(vitrina: Vitrina, run: Path) -> None:
    shown = vitrina("decide", "run", "--costs", "fn=5,fp=1").out
    for words in ("a missed case 5, a false alarm 1", "log loss", "never yes (doing nothing)", "95 % interval", "row"):
        assert words in shown, words
    assert "speaks for it (+" in shown
    assert "un caso pasado por alto 5" in vitrina("decide", "run", "--costs", "fn=5,fp=1", "--lang", "es").out


def test_json_is_the_same_in_both_languages(vitrina: Vitrina, run: Path) -> None:
    told = [vitrina("decide", "run", "--costs", "fn=5,fp=1", "--json", "--lang", lang).out for lang in ("en", "es")]
    assert json.loads(told[0]) == json.loads(told[1])
    assert len(json.loads(told[0])["first"]["decision"]) == 20


def test_more_classes(vitrina: Vitrina, tmp_path: Path) -> None:
    assert vitrina("train", "wine", "--epochs", 3, "--engine", "numpy", "--out", "run").status == 0
    assert "--costs FILE.csv" in vitrina("decide", "run", "--costs", "fn=5,fp=1").sentence
    names = ["grower 1", "grower 2", "grower 3"]
    told = vitrina("decide", "run", "--costs", "none.csv")
    assert told.status == 1
    assert "none.csv cannot be read" in told.sentence
    with (tmp_path / "costs.csv").open("w") as file:
        writer = csv_files.writer(file)
        writer.writerow(["", *names])
        writer.writerows([name, *(0 if name == other else 3 for other in names)] for name in names)
    done = vitrina("decide", "run", "--costs", "costs.csv")
    assert done.status == 0, done.err
    assert "the answer with the smallest expected cost" in done.out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "what do mistakes cost"),
        (("--costs", "fn"), "NAME=NUMBER"),
        (("--costs", "fn=much"), "must be a number"),
        (("--costs", "miss=3"), "there is no 'miss'"),
        (("--costs", "fn=0"), "nothing costs anything"),
        (("--costs", "fn=1,fp=1", "--positive", "maybe"), "--positive maybe"),
        (("--costs", "fn=1,fp=1", "--ask", "-2"), "--ask"),
        (("--capacity", "10/week"), "100/day"),
        (("--capacity", "10/day"), "--time COLUMN"),
        (("--capacity", "10/day", "--time", "size"), "--time"),
        (("--costs", "fn=1,fp=1", "--out", "out.doc"), "the ending"),
    ],
)
def test_bad_options(vitrina: Vitrina, run: Path, options: tuple[str, ...], words: str) -> None:
    done = vitrina("decide", "run", *options)
    assert words in done.sentence
    assert done.status == 2, done.sentence
    assert not (run.parent / "out.doc").exists()


def test_what_is_no_run(vitrina: Vitrina, run: Path) -> None:
    done = vitrina("decide", "run/model.vitrina", "--costs", "fn=1,fp=1")
    assert done.status == 1
    assert "is no run" in done.sentence
    write(run.parent / "shop.csv", table(300))
    assert "the data are not those" in vitrina("decide", "run", "--costs", "fn=1,fp=1").sentence

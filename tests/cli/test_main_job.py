"""From data to a run, to answers, to figures, on every kind of data."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import vitrina as vt
from tests.cli.conftest import Vitrina


@pytest.fixture(params=["csv", "parquet", "images", "npz", "breast-cancer"])
def data(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, tuple[str, ...], int]:
    """DATA, the options it needs, and how many rows it has."""
    if request.param == "csv":
        return str(request.getfixturevalue("csv")), ("--target", "bought"), 80
    if request.param == "parquet":
        frame = pl.read_csv(request.getfixturevalue("csv"))
        frame.write_parquet(tmp_path / "shop.parquet")
        return str(tmp_path / "shop.parquet"), ("--target", "bought"), 80
    if request.param in ("images", "npz"):
        return str(request.getfixturevalue(request.param)), (), {"images": 24, "npz": 90}[request.param]
    return request.param, (), 569


def test_what_to_type_next_is_quoted(vitrina: Vitrina) -> None:
    rows = "".join(f"{n % 7},{'ab'[n % 2]}\n" for n in range(60))
    Path("my sales.csv").write_text("x,y\n" + rows)
    done = vitrina("train", "my sales.csv", "--target", "y", "--epochs", 1, "--engine", "numpy", "--out", "my run")
    assert "vitrina predict 'my run' 'my sales.csv' --out answers.csv" in done.out


def test_train_predict_evaluate_describe(vitrina: Vitrina, data: tuple[str, tuple[str, ...], int]) -> None:
    source, options, rows = data
    trained = vitrina("train", source, *options, "--epochs", 3, "--engine", "numpy")
    assert trained.status == 0, trained.err
    assert "it never saw" in trained.out
    assert "vitrina predict runs/1" in trained.out
    kept = {"settings.json", "history.csv", "model.vitrina", "last", "recording", "status.json"}
    kept |= {"examination.json", "checkup.json"}  # what the doctor saw before and after
    assert {path.name for path in Path("runs/1").iterdir()} == kept

    predicted = vitrina("predict", "runs/1", source, "--out", "answers.csv")
    assert predicted.status == 0, predicted.err
    answers = pl.read_csv("answers.csv")
    classes = vt.load("runs/1").recipe.classes
    assert answers.height == rows
    assert [f"probability_{name}" for name in classes] == [name for name in answers.columns if "probability" in name]
    probabilities = answers.select(pl.col("^probability_.*$")).to_numpy()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-5)
    assert [str(answer) for answer in answers["answer"]] == [classes[place] for place in probabilities.argmax(axis=1)]

    evaluated = json.loads(vitrina("evaluate", "runs/1", source, "--json").out)
    assert evaluated["rows"] == rows
    assert evaluated["figures"]["accuracy"] == pytest.approx(vt.load("runs/1").evaluate(source)["accuracy"])

    for what in ("runs/1", "runs/1/model.vitrina", source):
        described = vitrina("describe", what)
        assert described.status == 0, described.err
        assert len(described.out.splitlines()) > 5


def test_the_json_of_a_training_says_what_the_report_says(vitrina: Vitrina, csv: Path) -> None:
    result = vitrina("train", csv, "--target", "bought", "--epochs", 4, "--engine", "numpy", "--seed", 5, "--json")
    assert result.err == ""
    told = json.loads(result.out)
    assert result.out.count("\n") == 1
    settings = json.loads(Path("runs/1/settings.json").read_text())
    assert told["run"] == "runs/1"
    assert told["classes"] == ["no", "yes"]
    assert told["inputs"][0] == "size"
    assert sum(told["rows"].values()) == 80
    assert (told["engine"], settings["seed"], settings["epochs"]) == ("numpy", 5, 4)
    assert told["test"] == vt.load("runs/1").measured["test"]


def test_every_option_arrives_in_the_settings(vitrina: Vitrina, images: Path, csv: Path) -> None:
    result = vitrina(
        *("train", csv, "--target", "bought", "--engine", "numpy", "--epochs", 2, "--batch", 16, "--lr", 0.01),
        *("--optimizer", "sgd", "--schedule", "cosine", "--patience", 7, "--column", "size=categorical"),
        *("--drop", "colour", "--class-weight", "balanced"),
    )
    assert result.status == 0, result.err
    settings = json.loads(Path("runs/1/settings.json").read_text())
    assert (settings["batch_size"], settings["patience"], settings["class_weight"]) == (16, 7, "balanced")
    assert (settings["optimizer"]["type"], settings["optimizer"]["learning_rate"]) == ("SGD", 0.01)
    assert settings["schedule"]["type"] == "Cosine"
    assert (settings["columns"], settings["drop"]) == ({"size": "categorical"}, ["colour"])
    assert vitrina("train", images, "--image-size", "6x5", "--epochs", 1, "--engine", "numpy").status == 0
    assert vt.load("runs/2").network.input_shape == (6, 5, 1)


def test_a_network_from_a_file_is_taught(vitrina: Vitrina, npz: Path) -> None:
    network = vt.Network(vt.Input((4,)), vt.Dense(5, "tanh"), vt.Dense(3))
    Path("net.json").write_text(json.dumps(network.to_json()))
    assert vitrina("train", npz, "--network", "net.json", "--epochs", 2, "--engine", "numpy").status == 0
    assert vt.load("runs/1").network == network
    assert "5" in vitrina("describe", "net.json").out
    assert json.loads(vitrina("describe", "net.json", "--json").out)["summary"]["parameters"] == 43


def test_runs_are_numbered_and_never_overwritten(vitrina: Vitrina, npz: Path) -> None:
    for _ in range(2):
        assert vitrina("train", npz, "--epochs", 1, "--engine", "numpy").status == 0
    first = Path("runs/1/model.vitrina").read_bytes()
    refused = vitrina("train", npz, "--epochs", 2, "--engine", "numpy", "--out", "runs/1")
    assert refused.status == 2
    assert "already exists" in refused.sentence
    assert Path("runs/1/model.vitrina").read_bytes() == first
    assert sorted(path.name for path in Path("runs").iterdir()) == ["1", "2"]


def test_a_quantity_is_answered_in_its_own_unit(vitrina: Vitrina) -> None:
    assert vitrina("train", "diabetes", "--epochs", 5, "--engine", "numpy").status == 0
    assert vitrina("predict", "runs/1", "diabetes", "--out", "answers.parquet").status == 0
    answers = pl.read_parquet("answers.parquet")
    assert answers.columns == ["answer"]
    assert 50 < answers["answer"].mean() < 250  # pyright: ignore[reportOperatorIssue]
    assert "mean absolute error" in vitrina("evaluate", "runs/1", "diabetes").out


def test_predict_shows_the_first_rows_and_json_all(vitrina: Vitrina, csv: Path) -> None:
    vitrina("train", csv, "--target", "bought", "--epochs", 2, "--engine", "numpy")
    shown = vitrina("predict", "runs/1", csv)
    assert "68 rows more" in shown.out
    columns = json.loads(vitrina("predict", "runs/1", csv, "--json").out)["columns"]
    assert list(columns) == ["answer", "probability_no", "probability_yes"]
    assert {len(values) for values in columns.values()} == {80}


def test_brackets_in_names_are_shown_as_they_are(vitrina: Vitrina, csv: Path) -> None:
    assert (
        vitrina("train", csv, "--target", "bought", "--epochs", 1, "--engine", "numpy", "--out", "a[red]b").status == 0
    )
    assert "a[red]b" in vitrina("evaluate", "a[red]b", csv).out


def test_resume_of_a_finished_run_gives_the_same_figures(vitrina: Vitrina, csv: Path) -> None:
    first = json.loads(vitrina("train", csv, "--target", "bought", "--epochs", 3, "--engine", "numpy", "--json").out)
    again = json.loads(vitrina("train", "--resume", "runs/1", "--json").out)
    assert (again["test"], again["epochs"], again["run"]) == (first["test"], first["epochs"], "runs/1")


def test_engines_lists_all_four(vitrina: Vitrina, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vitrina.engines.registry.is_installed", lambda name: name == "numpy")
    listed = json.loads(vitrina("engines", "--json").out)["engines"]
    assert [engine["name"] for engine in listed] == ["numpy", "jax", "torch", "tensorflow"]
    assert [engine["installed"] for engine in listed] == [True, False, False, False]
    assert listed[0]["devices"] == ["cpu"]
    assert "pip install 'vitrina[torch]'" in vitrina("engines").out

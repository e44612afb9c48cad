"""How the examples that judge a training fare at a moment is what a model with that moment's weights says of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import vitrina as vt
from vitrina.errors import UsageError
from vitrina.glass import exhibits
from vitrina.glass.page.views import Views


def people(rows: int = 90) -> pl.DataFrame:
    rng = np.random.default_rng(1)
    age, town = rng.normal(40, 10, rows), rng.choice(["north", "south", "west"], rows)
    rich = np.where(age + 9 * (town == "south") + rng.normal(0, 2, rows) > 42, "yes", "no")
    return pl.DataFrame({"age": age, "town": town, "rich": rich})


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("judging") / "table"
    vt.train(people(), "rich", epochs=6, engine="numpy", learning_rate=0.01, out=run)
    return run


def model_at(run: Path, step: int) -> vt.Model:
    recording = vt.Recording(run)
    return vt.Model(recording.network, *(recording.weights_at(step) or ({}, {})))


def test_each_example_is_told_as_the_model_of_that_moment_answers(table: Path) -> None:
    recording = vt.Recording(table)
    x, y = recording.judges or (np.empty(0), np.empty(0))
    views = Views(table)
    for step in (0, int(recording.steps[-1])):
        told = views.judged(step)
        raw = model_at(table, step).raw(x, fold=recording.judges_fold).astype(np.float64)
        shares = np.exp(raw) / np.exp(raw).sum(axis=1, keepdims=True)
        assert told["said"] == shares.argmax(axis=1).tolist()
        assert told["truth"] == y.astype(int).tolist()
        np.testing.assert_allclose(told["error"], -np.log(shares[np.arange(len(y)), y.astype(int)]), rtol=1e-4)
        assert told["right"] == (shares.argmax(axis=1) == y).sum() == np.trace(told["confusion"])
        counts = np.zeros((2, 2), int)
        np.add.at(counts, (told["truth"], told["said"]), 1)
        assert told["confusion"] == counts.tolist()


def test_the_wrong_come_before_the_right_and_the_costliest_first(table: Path) -> None:
    told = Views(table).judged(2)
    order = told["order"]
    wrong = [told["said"][at] != told["truth"][at] for at in order]
    assert 0 < sum(wrong) < len(wrong)
    assert wrong == sorted(wrong, reverse=True)
    for part in (order[: sum(wrong)], order[sum(wrong) :]):
        errors = [told["error"][at] for at in part]
        assert errors == sorted(errors, reverse=True)


def test_a_table_s_rows_are_told_in_their_own_words(table: Path) -> None:
    examples = Views(table).examples()
    assert examples["columns"] == ["age", "town"]
    given = people()
    for where, row in zip(examples["where"], examples["rows"], strict=True):
        number = int(where.removeprefix("row "))
        assert row == [f"{given['age'][number]:.4g}", given["town"][number]]
    ages, towns = examples["turns"]
    assert ages["values"] == sorted(ages["values"])
    assert (towns["kind"], sorted(towns["values"])) == ("categories", ["north", "south", "west"])


def test_numbers_in_a_file_are_numbers(tmp_path: Path) -> None:
    people().with_columns(pl.col("age").round(1)).write_csv(tmp_path / "people.csv")
    vt.train(tmp_path / "people.csv", "rich", epochs=1, engine="numpy", learning_rate=0.01, out=tmp_path / "run")
    ages, towns = Views(tmp_path / "run").examples()["turns"]
    assert (ages["kind"], ages["values"] == sorted(ages["values"])) == ("numbers", True)
    assert len(ages["values"]) > 10
    assert towns["kind"] == "categories"


def test_what_the_answer_makes_of_a_column_is_the_mean_with_that_column_changed_in_every_row(table: Path) -> None:
    model, recording = vt.load(table), vt.Recording(table)
    views, step = Views(table), int(recording.steps[-1])
    examples = views.examples()
    rows = pl.DataFrame([[float(age), town] for age, town in examples["rows"]], schema=["age", "town"], orient="row")
    exact = people()[[int(where.removeprefix("row ")) for where in examples["where"]]].select("age", "town")
    assert rows["town"].equals(exact["town"])
    at_that_moment = vt.Model(
        recording.network, *(recording.weights_at(step) or ({}, {})), recipe=model.recipe, settings=model.settings
    )
    for column, turn in enumerate(examples["turns"]):
        told = views.dependence(step, column)
        assert told["values"] == turn["values"]
        for value, answer in zip(told["values"], told["answers"], strict=True):
            changed = exact.with_columns(pl.lit(value).alias(turn["name"]))
            np.testing.assert_allclose(answer, at_that_moment.predict_proba(changed).mean(axis=0), rtol=1e-3)
    with pytest.raises(UsageError, match="no 7"):
        views.dependence(step, 7)


def test_numbers_are_told_in_their_own_unit(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({"size": rng.normal(size=80), "price": 1000.0 + 50.0 * rng.normal(size=80)})
    vt.train(frame, "price", epochs=2, engine="numpy", learning_rate=0.01, out=tmp_path / "run")
    views = Views(tmp_path / "run")
    told = views.judged(0)
    rows = [int(where.removeprefix("row ")) for where in views.examples()["where"]]
    np.testing.assert_allclose(told["truth"], frame["price"].to_numpy()[rows], rtol=1e-5)
    assert "confusion" not in told
    assert 700 < views.dependence(0, 0)["answers"][0][0] < 1300


@pytest.fixture
def pictures() -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).normal(size=(60, 6, 5, 1)).astype(np.float32)
    return x, np.arange(60) % 3


def small() -> vt.Network:
    return vt.Network(vt.Input((6, 5, 1)), vt.Flatten(), vt.Dense(8, "relu"), vt.Dense(3))


def test_of_a_network_too_large_to_be_kept_it_was_measured_while_it_was_looked_at(
    tmp_path: Path, pictures: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"network": small(), "epochs": 2, "engine": "numpy", "batch_size": 20, "learning_rate": 0.01}
    vt.train(pictures, out=tmp_path / "kept", **options)
    monkeypatch.setattr("vitrina.glass.recorder.WHOLE", 10)
    vt.train(pictures, out=tmp_path / "large", **options)
    assert vt.Recording(tmp_path / "large").weights_at(6) is None
    kept, large = Views(tmp_path / "kept").judged(6), Views(tmp_path / "large").judged(6)
    assert large["said"] == kept["said"]
    np.testing.assert_allclose(large["error"], kept["error"], rtol=1e-4)
    assert Views(tmp_path / "large").dependence(6, 0) == {} if Views(tmp_path / "large").examples()["turns"] else True


def test_pictures_are_bytes_from_the_darkest_to_the_lightest(
    tmp_path: Path, pictures: tuple[np.ndarray, np.ndarray]
) -> None:
    import base64

    vt.train(pictures, network=small(), epochs=1, engine="numpy", learning_rate=0.01, out=tmp_path / "run")
    told = Views(tmp_path / "run").examples()
    x, _ = vt.Recording(tmp_path / "run").judges or (np.empty(0), None)
    shown = told["pictures"]
    seen = np.frombuffer(base64.b64decode(shown["bytes"]), np.uint8).reshape(told["count"], 6, 5, 1)
    assert (shown["height"], shown["width"], shown["channels"]) == (6, 5, 1)
    for given, byte in zip(x, seen, strict=True):
        assert (byte.min(), byte.max()) == (0, 255)
        assert np.corrcoef(given.reshape(-1), byte.reshape(-1))[0, 1] > 0.999


def test_of_many_examples_some_hundreds_are_kept_the_same_each_time() -> None:
    first = exhibits.chosen(100_000, 30)
    assert len(first) == exhibits.MOST == len(set(first.tolist()))
    np.testing.assert_array_equal(first, exhibits.chosen(100_000, 30))
    assert len(exhibits.chosen(100_000, 1_000_000)) == exhibits.LEAST


def test_a_recording_of_before_has_no_examples(table: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(table, tmp_path / "run")
    (tmp_path / "run" / "recording" / exhibits.FILE).unlink()
    views = Views(tmp_path / "run")
    assert views.examples()["rows"] == []
    views.recording._judges = None  # as if the file held none
    assert views.examples() == {}
    assert views.judged(0) == {}

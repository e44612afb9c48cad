"""Tables that are read piece by piece: each row once, the same weights whatever is decoded at once, honest parts, gone on with."""

from __future__ import annotations

import gzip
import json
import sqlite3
import threading
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import vitrina as vt
from vitrina.data.background import made_ahead
from vitrina.data.open_stream import open_stream
from vitrina.data.splits import Division
from vitrina.data.stream import parquet_stream
from vitrina.data.survey import survey, uniform
from vitrina.errors import DataError, ModelError, UsageError
from vitrina.feeds import TableFeed
from vitrina.learning.feed import window_rows
from vitrina.material import gather

ROWS = 6000
SHORT = {"epochs": 2, "batch_size": 64, "engine": "numpy", "progress": False, "learning_rate": 1e-3}


def sales(rows: int = ROWS, seed: int = 0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    size, price = rng.normal(size=rows), rng.lognormal(size=rows)
    return pl.DataFrame(
        {
            "number": np.arange(rows),
            "size": size,
            "price": price,
            "shop": rng.choice(["north", "south", "east"], rows),
            "customer": rng.integers(0, rows // 10, rows),
            "day": np.sort(rng.integers(0, 400, rows)),
            "returned": (size + rng.normal(size=rows) > 0.5).astype(int),
        }
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "sales.parquet"
    sales().write_parquet(file, row_group_size=700)
    return file


def surveyed(path: Path, division: Division | None = None, validation: float = 0.15, test: float = 0.15, seed: int = 0):
    return survey(parquet_stream(path, target="returned"), seed, validation, test, division or Division())


def learned_numbers(found) -> np.ndarray:
    parts = [table for number in range(len(found.stream.pieces)) for table in found.tables(number, ["number"])]
    return np.concatenate([table.places for table in parts])


# -- the survey
def test_every_row_is_in_one_part(path: Path) -> None:
    found = surveyed(path)
    learned = learned_numbers(found)
    assert found.validation is not None
    assert found.test is not None
    every = np.concatenate([learned, found.validation.places, found.test.places])
    assert sorted(every.tolist()) == list(range(ROWS))
    assert found.rows == len(learned)
    assert 0.1 < found.test.rows / ROWS < 0.2
    assert np.isin(found.sample.places, learned).all()


def test_parts_do_not_depend_on_how_the_rows_are_cut(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    whole = sales()
    for part in range(4):
        whole[part * 1500 : (part + 1) * 1500].write_parquet(folder / f"{part}.parquet")
    one, many = surveyed(path), surveyed(folder)
    assert np.array_equal(learned_numbers(one), learned_numbers(many))
    assert one.test is not None
    assert many.test is not None
    assert np.array_equal(one.test.places, many.test.places)


def test_rows_that_repeat_each_other_are_on_one_side(tmp_path: Path) -> None:
    twice = pl.concat([sales(2000), sales(2000)])
    twice.drop("number").write_parquet(tmp_path / "twice.parquet", row_group_size=300)
    found = surveyed(tmp_path / "twice.parquet")
    assert found.test is not None
    assert found.validation is not None
    place = found.test.places
    assert set(((place + 2000) % 4000).tolist()) == set(place.tolist())
    assert found.validation.rows % 2 == 0


def test_rows_of_few_kinds_are_cases_of_their_own(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    shop, returned = rng.choice(["north", "south", "east"], ROWS), rng.random(ROWS) < 0.3
    frame = pl.DataFrame({"shop": shop, "late": rng.random(ROWS) < 0.2, "returned": returned.astype(int)})
    frame.write_parquet(tmp_path / "few.parquet", row_group_size=700)
    found = surveyed(tmp_path / "few.parquet")
    for part in (found.sample, found.validation, found.test):
        assert part.frame.unique().height == 12
        assert part.frame["returned"].mean() == pytest.approx(returned.mean(), abs=0.05)


def test_groups_are_whole(path: Path) -> None:
    found = surveyed(path, Division(group="customer"))
    customers = sales()["customer"].to_numpy()
    learned = set(customers[learned_numbers(found)].tolist())
    for part in (found.validation, found.test):
        assert part is not None
        assert not learned & set(part.frame["customer"].to_list())
    assert found.made["by"] == "group"


def test_the_past_is_learned_from_and_the_latest_tested_on(path: Path) -> None:
    found = surveyed(path, Division(time="day", gap=7))
    days = sales()["day"].to_numpy()
    assert found.validation is not None
    assert found.test is not None
    latest = int(days[learned_numbers(found)].max())
    first, last = int(found.validation.frame["day"].min()), int(found.validation.frame["day"].max())  # pyright: ignore
    assert latest + 7 <= first
    assert last + 7 <= int(found.test.frame["day"].min())  # pyright: ignore
    assert any("gaps between the parts" in warning for warning in found.warnings)
    assert "day" not in gather_names(path, time="day")


def gather_names(path: Path, **division: str) -> tuple[str, ...]:
    material = gather(path, "returned", None, None, 0.15, 0, None, (), None, Division(**division), stream=True)
    return material.recipe.input_names


def test_a_split_column_is_followed(tmp_path: Path) -> None:
    frame = sales().with_columns(part=pl.Series(["train"] * 4000 + ["test"] * 2000))
    frame.write_parquet(tmp_path / "own.parquet", row_group_size=900)
    found = surveyed(tmp_path / "own.parquet", Division(split="part"))
    assert found.test is not None
    assert found.test.places.min() == 4000
    assert learned_numbers(found).max() < 4000
    assert found.validation is not None
    assert found.validation.places.max() < 4000


def test_rows_of_a_later_part_that_repeat_one_that_is_learned_from_are_left_out(tmp_path: Path) -> None:
    frame = sales(3000).drop("number")
    again = pl.concat([frame, frame[:40]]).with_columns(part=pl.Series(["train"] * 2000 + ["test"] * 1040))
    again.write_parquet(tmp_path / "again.parquet", row_group_size=500)
    found = surveyed(tmp_path / "again.parquet", Division(split="part"), validation=0.0)
    assert found.test is not None
    assert found.test.places.max() < 3000
    assert found.made["repeated"] == 40


def test_a_column_that_numbers_the_rows_is_left_out(path: Path) -> None:
    assert "number" not in gather_names(path)
    assert {"size", "price"} <= set(gather_names(path))


def test_a_column_that_is_constant_where_pieces_begin_is_learned_from(tmp_path: Path) -> None:
    """As at night, where each piece is a day."""
    hours = np.tile(np.repeat([1, 0], [100, 900]), 6)
    sales().with_columns(night=pl.Series(hours)).write_parquet(tmp_path / "days.parquet", row_group_size=1000)
    assert "night" in gather_names(tmp_path / "days.parquet")


def test_a_rare_class_is_in_the_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vitrina.data.survey.MOST", 300)
    monkeypatch.setattr("vitrina.data.survey.CELLS", 0)
    frame = sales(30_000).with_columns(returned=pl.Series(["no", "yes"] * 15_000))
    labels = frame["returned"].to_list()
    labels[25_000] = labels[25_001] = labels[25_002] = "perhaps"
    frame.with_columns(returned=pl.Series(labels)).write_parquet(tmp_path / "rare.parquet", row_group_size=4000)
    found = survey(parquet_stream(tmp_path / "rare.parquet", target="returned"), 0, 0.1, 0.1, Division())
    assert found.sample.rows < 5000
    assert "perhaps" in found.sample.frame["returned"].to_list()


def test_a_target_that_is_missing_far_down_is_named(tmp_path: Path) -> None:
    frame = sales()
    broken = frame.with_columns(returned=pl.when(pl.col("number") == 5123).then(None).otherwise(pl.col("returned")))
    broken.write_parquet(tmp_path / "broken.parquet", row_group_size=700)
    with pytest.raises(DataError, match="row 5123: the target 'returned' is missing"):
        surveyed(tmp_path / "broken.parquet")


def test_leaks_are_left_out_where_asked(tmp_path: Path) -> None:
    sales().with_columns(refund=pl.col("returned") * 3.5 + 1).write_parquet(
        tmp_path / "leak.parquet", row_group_size=900
    )
    told = gather(tmp_path / "leak.parquet", "returned", None, None, 0.15, 0, None, (), None, stream=True)
    assert any("refund" in warning for warning in told.recipe.warnings)
    without = gather(
        tmp_path / "leak.parquet", "returned", None, None, 0.15, 0, None, (), None, drop_leaks=True, stream=True
    )
    assert "refund" not in without.recipe.input_names


def test_a_hash_becomes_numbers_that_fill_the_interval() -> None:
    drawn = uniform(np.arange(100_000, dtype=np.uint64), 3)
    assert np.abs(np.bincount((drawn * 10).astype(int), minlength=10) / 10_000 - 1).max() < 0.05
    assert not np.array_equal(drawn, uniform(np.arange(100_000, dtype=np.uint64), 4))


# -- the feed
def fed(path: Path, network: vt.Network | None = None, **choices):
    material = gather(path, "returned", network, None, 0.15, 0, None, (), None, stream=True)
    assert isinstance(material.feed, TableFeed)
    return replace(material.feed, batch_size=32, **choices)


def test_each_row_is_learned_from_once_an_epoch_in_another_order(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vitrina.feeds.WINDOW", 1024)
    feed = fed(path)
    first, second = (np.concatenate([window.x for window in feed.windows(epoch, 0, epoch + 1)]) for epoch in (0, 1))
    assert len(first) == feed.rows
    assert not np.array_equal(first, second)
    assert np.array_equal(np.sort(first, axis=0), np.sort(second, axis=0))
    held = gather(path, "returned", None, None, 0.15, 0, None, (), None, recipe=feed.recipe)
    rows = learned_numbers(feed.survey)
    assert np.array_equal(np.sort(first, axis=0), np.sort(feed.recipe.inputs(held.source.take(rows)), axis=0))


@pytest.mark.parametrize("chunk", [1, 97, 5000])
def test_windows_do_not_depend_on_how_many_rows_are_decoded_at_once(
    path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr("vitrina.feeds.WINDOW", 1500)
    if chunk == 1:
        sales(300).write_parquet(path, row_group_size=70)
    usual, other = (list(fed(path, chunk=each).windows(2, 0, 3)) for each in (None, chunk))
    for one, two in zip(usual, other, strict=True):
        assert np.array_equal(one.x, two.x)
        assert np.array_equal(one.y, two.y)


def test_an_epoch_is_gone_on_with_from_any_window(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vitrina.feeds.WINDOW", 700)
    feed = fed(path)
    every = list(feed.windows(0, 0, 1))
    assert len(every) == -(-feed.rows // feed.window) > 4
    for first in range(len(every)):
        rest = list(feed.windows(0, first, 1))
        assert len(rest) == len(every) - first
        for one, two in zip(every[first:], rest, strict=True):
            assert np.array_equal(one.x, two.x)


def test_prepared_pieces_that_are_kept_change_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vitrina.feeds.WINDOW", 700)
    kept = fed(path)
    every = list(kept.windows(0, 0, 3))
    assert sorted(kept.kept) == list(range(len(kept.survey.counts)))
    rest = list(kept.windows(1, 2, 3))  # what is kept is gone on with in the middle of a piece
    monkeypatch.setattr("vitrina.feeds.KEPT", 0)
    anew = fed(path)
    for windows, again in ((every, anew.windows(0, 0, 3)), (rest, anew.windows(1, 2, 3))):
        for one, two in zip(windows, again, strict=True):
            assert np.array_equal(one.x, two.x)
            assert np.array_equal(one.y, two.y)
    assert not anew.kept


def test_windows_are_of_about_one_size() -> None:
    for rows, batch, most in [(100, 8, 1000), (1000, 8, 96), (1_000_003, 512, 1 << 18), (97, 10, 10)]:
        window = window_rows(rows, batch, most)
        assert window == rows or window % batch == 0
        assert window <= max(most, batch, rows if rows <= most else 0)


# -- the training
@pytest.mark.parametrize("engine", ["numpy", "jax:scan", "torch:eager", "tensorflow:graph"])
def test_weights_are_those_of_rows_at_hand_in_the_same_order(
    path: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    """Each window taught as rows that are all held, one training after the other, ends in the same weights."""
    monkeypatch.setattr("vitrina.feeds.WINDOW", 1500)
    options = SHORT | {
        "engine": engine,
        "epochs": 1,
        "optimizer": vt.SGD(0.05),
        "learning_rate": None,
        "precision": "float64",
    }
    network = vt.Network(vt.Input((7,)), vt.Dense(8, activation="tanh"), vt.Dense(1), cost="binary_cross_entropy")
    model = vt.train(path, "returned", network=network, stream=True, shuffle=False, **options)
    feed = fed(path, network, shuffle=False)
    feed = replace(feed, batch_size=64)
    assert len(list(feed.windows(0, 0, 1))) > 1
    weights = None
    for window in feed.windows(0, 0, 1):
        own = vt.train((window.x, window.y), network=network, shuffle=False, weights=weights, **options)
        weights = own.weights
    assert weights is not None
    for name, value in model.weights.items():
        assert np.allclose(value, weights[name], rtol=0, atol=1e-9), name


def test_a_run_that_is_stopped_goes_on_to_the_same_weights(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vitrina.feeds.WINDOW", 1000)

    class Killed(BaseException):
        pass

    class Kill(vt.Callback):
        def chunk_done(self, learner) -> None:
            if learner.steps >= 70:
                learner.save()
                raise Killed

    whole = vt.train(path, "returned", stream=True, out=tmp_path / "whole", **SHORT)
    with pytest.raises(Killed):
        vt.train(path, "returned", stream=True, out=tmp_path / "killed", callbacks=[Kill()], **SHORT)
    assert not [one for one in threading.enumerate() if one.name == "made ahead"]
    resumed = vt.train(resume=tmp_path / "killed", progress=False)
    for name, value in whole.weights.items():
        assert np.array_equal(value, resumed.weights[name]), name
    assert whole.settings["stream"] is True
    sales(seed=1).write_parquet(path, row_group_size=700)
    with pytest.raises(ModelError, match="not those that"):
        vt.train(resume=tmp_path / "killed", progress=False)


def test_it_learns_as_well_as_from_rows_at_hand(path: Path) -> None:
    long = SHORT | {"epochs": 8}
    held, read = (vt.train(path, "returned", stream=stream, **long) for stream in (False, True))
    assert abs(held.measured["test"]["roc_auc"] - read.measured["test"]["roc_auc"]) < 0.05
    assert read.measured["test"]["roc_auc"] > 0.75


def test_what_follows_a_training_works_on_a_run_that_was_streamed(path: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    model = vt.train(path, "returned", stream=True, out=run, **SHORT)
    found = vt.assess(run)
    assert found.rows == model.measured["rows"]["test"]
    assert found.figures["roc_auc"].value == pytest.approx(model.measured["test"]["roc_auc"])
    assert [rival.name for rival in found.rivals]
    assert vt.assess(run, path, compare=False).seen == model.measured["rows"]["train"]
    assert vt.assess(run, sales(seed=5), compare=False).seen == 0
    vt.report(run)
    assert (run / "report.html").stat().st_size > 10_000
    assert vt.diagnose(run) is not None


def test_a_search_tries_on_a_draw_and_teaches_the_winner_from_all_rows(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("optuna")
    monkeypatch.setattr("vitrina.memory.memory_available", lambda: 100_000)
    monkeypatch.setattr("vitrina.data.survey.MOST", 1000)
    run = tmp_path / "run"
    found = vt.search(path, "returned", trials=3, epochs=2, engine="numpy", gap="30", time="day", out=run)
    best, first = vt.load(run), found.leaderboard[0]
    assert best.settings["stream"] is True
    assert best.measured["rows"]["train"] > 3000
    assert (best.settings["optimizer"]["learning_rate"], best.settings["optimizer"]["weight_decay"]) == (
        first.lr,
        first.weight_decay,
    )
    assert best.network == found.networks[first.member]
    assert best.settings["why"] == "the best of 3 trials"
    assert vt.assess(run, compare=False).figures["roc_auc"].value == pytest.approx(best.measured["test"]["roc_auc"])


def test_classes_weigh_what_was_asked(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vitrina.feeds.WINDOW", 1000)
    heavy = vt.train(path, "returned", stream=True, class_weight={"0": 1.0, "1": 30.0}, **SHORT)
    light = vt.train(path, "returned", stream=True, class_weight={"0": 30.0, "1": 1.0}, **SHORT)
    frame = sales().head(500)
    assert heavy.predict_proba(frame)[:, 1].mean() > light.predict_proba(frame)[:, 1].mean() + 0.3


def test_batch_normalisation_and_a_number_to_predict(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vitrina.feeds.WINDOW", 1000)
    network = vt.Network(vt.Input((6,)), vt.Dense(8), vt.BatchNorm(), vt.Activation("relu"), vt.Dense(1), cost="huber")
    model = vt.train(path, "price", network=network, stream=True, drop=["returned"], **SHORT)
    assert np.isfinite(model.history[-1]["validation_error"])


def test_what_cannot_be_streamed_is_said(path: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="several networks at once"):
        vt.train(path, "returned", stream=True, population=2, **SHORT)
    with pytest.raises(UsageError, match="only a table on disk"):
        vt.train(sales(), "returned", stream=True, **SHORT)
    with pytest.raises(UsageError, match="sample_weight"):
        vt.train(path, "returned", stream=True, sample_weight=np.ones(ROWS), **SHORT)
    (tmp_path / "packed.parquet.gz").write_bytes(gzip.compress(path.read_bytes()))
    with pytest.raises(UsageError, match="only tables are read piece by piece"):
        vt.train(tmp_path / "packed.parquet.gz", "returned", stream=True, **SHORT)
    with pytest.raises(DataError, match="no such file"):
        vt.train(tmp_path / "nothing.parquet", "returned", stream=True, **SHORT)
    with pytest.raises(DataError, match="no column 'gone'"):
        vt.train(path, "gone", stream=True, **SHORT)


def test_a_damaged_piece_is_one_sentence(path: Path, tmp_path: Path) -> None:
    whole = path.read_bytes()
    broken = tmp_path / "broken.parquet"
    for at in (len(whole) // 3, len(whole) // 2):
        broken.write_bytes(whole[:at] + bytes(200) + whole[at + 200 :])
        with pytest.raises(DataError, match=r"broken\.parquet"):
            vt.train(broken, "returned", stream=True, **SHORT)


def test_parts_that_differ_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    sales(500).write_parquet(folder / "a.parquet")
    sales(500).drop("price").write_parquet(folder / "b.parquet")
    with pytest.raises(DataError, match=r"a\.parquet has a column 'price' that b\.parquet lacks"):
        surveyed(folder)


def test_too_large_is_found_by_itself(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert vt.train(path, "returned", **SHORT).settings["stream"] is False
    monkeypatch.setattr("vitrina.memory.memory_available", lambda: 100_000)
    assert vt.train(path, "returned", **SHORT).settings["stream"] is True


# -- what is read from front to back is laid down first
def written(tmp_path: Path, kind: str) -> str | Path:
    frame = sales(3000)
    path = tmp_path / f"sales.{kind}"
    if kind == "csv":
        frame.write_csv(path)
    elif kind == "csv.gz":
        path.write_bytes(gzip.compress(frame.write_csv().encode()))
    elif kind == "tsv":
        frame.write_csv(path, separator="\t")
    elif kind == "jsonl":
        frame.write_ndjson(path)
    elif kind == "arrow":
        frame.write_ipc(path)
    elif kind == "arrow.gz":
        frame.write_ipc(buffer := BytesIO())
        path.write_bytes(gzip.compress(buffer.getvalue()))
    else:
        with sqlite3.connect(tmp_path / "sales.db") as connection:
            connection.execute(f"CREATE TABLE sales ({', '.join(frame.columns)})")
            connection.executemany(f"INSERT INTO sales VALUES ({','.join('?' * frame.width)})", frame.rows())
        return f"sqlite:///{tmp_path / 'sales.db'}?table=sales"
    return path


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "tsv", "jsonl", "arrow", "arrow.gz", "sqlite"])
def test_any_table_streams(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vitrina.data.spilling.BLOCK", 10_000)
    data = written(tmp_path, kind)
    stream = open_stream(data, target="returned")
    assert stream.rows == 3000
    kept = Path(stream.kept.name)
    assert kept.is_dir()
    rows = pl.concat([table.frame for piece in stream.pieces for table in stream.tables(piece)])
    usual = vt.data.open_source(data, target="returned").frame  # pyright: ignore[reportAttributeAccessIssue]
    assert rows.cast(pl.String).equals(usual.cast(pl.String))
    del stream
    assert not kept.exists()
    model = vt.train(data, "returned", stream=True, **SHORT)
    assert model.measured["rows"]["train"] > 1800


def test_blocks_of_a_csv_file_are_its_rows(tmp_path: Path) -> None:
    from vitrina.data.csv_files import csv_blocks, read_csv

    path = tmp_path / "odd.csv"
    lines = [
        f'{at},"two\nlines, {at}",{at},5\r\n\n' if at % 7 == 3 else f'{at},x{at},"1.{at:03d},5",6\n'
        for at in range(200)
    ]
    path.write_text("﻿\na,b,c,d\n" + "".join(lines[:-1]) + lines[-1].rstrip(), encoding="utf-8")
    for size in (40, 333, 100_000):
        assert pl.concat(list(csv_blocks(path, size))).equals(read_csv(path)[0])
    path.write_text("a;b\n" + "".join(f"{at},5;1.{at:03d}\n" for at in range(300)))
    for size in (64, 1000):
        assert pl.concat(list(csv_blocks(path, size))).equals(read_csv(path)[0])
    path.write_text("a,b\n" + "1,2\n" * 500 + "3\n" + "1,2\n" * 5)
    with pytest.raises(DataError, match="line 502: 1 value"):
        list(csv_blocks(path, 300))


def test_a_bad_line_far_down_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vitrina.data.spilling.BLOCK", 1000)
    path = tmp_path / "bad.jsonl"
    path.write_text("\n".join([json.dumps({"a": 1, "y": at % 2}) for at in range(900)] + ["{oops"]))
    with pytest.raises(DataError, match=r"bad\.jsonl, line 901"):
        open_stream(path, target="y")


# -- images
def test_a_folder_of_images_is_decoded_while_it_is_learned_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PIL import Image

    rng = np.random.default_rng(0)
    for name, bright in (("day", 180), ("night", 60)):
        (tmp_path / "sky" / name).mkdir(parents=True)
        for at in range(120):
            pixels = np.clip(rng.normal(bright, 40, (8, 8)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "sky" / name / f"{at}.png")
    monkeypatch.setattr("vitrina.feeds.NUMBERS", 64 * 64)
    monkeypatch.setattr("vitrina.memory.HELD", 64 * 30)
    monkeypatch.setattr("vitrina.memory.FEWEST_HELD", 1)
    run = tmp_path / "run"
    model = vt.train(tmp_path / "sky", stream=True, out=run, **(SHORT | {"batch_size": 16, "epochs": 3}))
    assert model.measured["rows"] == {"train": 180, "validation": 30, "test": 30}
    assert model.measured["test"]["accuracy"] > 0.9
    material = gather(tmp_path / "sky", None, None, None, 0.15, 0, None, (), None, stream=True)
    assert material.feed is not None
    assert not material.feed.source.store._pixels.size  # pyright: ignore
    windows = list(replace(material.feed, batch_size=16).windows(0, 0, 1))
    assert len(windows) == 3
    assert sum(window.rows for window in windows) == 180
    assert vt.assess(run).rows == 30


# -- the thread
def test_what_goes_wrong_ahead_is_raised_in_its_place() -> None:
    def items():
        yield 1
        yield 2
        raise ValueError("third")

    found = []
    with pytest.raises(ValueError, match="third"):
        found.extend(made_ahead(items()))
    ahead = made_ahead(iter(range(1000)))
    assert next(ahead) == 0
    ahead.close()
    assert not [one for one in threading.enumerate() if one.name == "made ahead"]

"""Simulated card transactions: the published columns, windows that say what they should, frauds of three kinds."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from vitrina import data
from vitrina.data import transaction_files
from vitrina.data.leaks import find_leaks
from vitrina.data.transaction_files import write_transactions
from vitrina.data.transactions import FEWEST, MOST, make_world, simulate
from vitrina.errors import UsageError, VitrinaError

DAY = 86_400


@pytest.fixture(scope="module")
def sim() -> pl.DataFrame:
    return pl.concat([pl.DataFrame(day) for day in simulate(40_000, seed=3)])


def test_the_columns_are_those_of_the_published_set(sim: pl.DataFrame, real_data: Path) -> None:
    assert sim.schema == pl.read_parquet_schema(real_data / "fraud" / "fraud-2018-04.parquet")


def test_rows_are_numbered_in_order_of_time(sim: pl.DataFrame) -> None:
    assert sim["TRANSACTION_ID"].to_list() == list(range(40_000))
    seconds = sim["TX_TIME_SECONDS"]
    assert seconds.is_sorted()
    assert (seconds // DAY == sim["TX_TIME_DAYS"]).all()
    assert (sim["TX_DATETIME"].dt.epoch("s") == seconds.cast(pl.Int64) + 1_522_540_800).all()  # 2018-04-01 00:00
    assert (sim["TX_DURING_NIGHT"] == (sim["TX_DATETIME"].dt.hour() <= 6).cast(pl.Int8)).all()
    assert (sim["TX_DURING_WEEKEND"] == (sim["TX_DATETIME"].dt.weekday() >= 6).cast(pl.Int8)).all()
    assert (sim["TX_AMOUNT"] >= 0).all()


def test_windows_are_what_counting_by_hand_gives(sim: pl.DataFrame, rng: np.random.Generator) -> None:
    when, amount = sim["TX_TIME_SECONDS"].to_numpy().astype(np.int64), sim["TX_AMOUNT"].to_numpy().astype(np.float64)
    fraud = sim["TX_FRAUD"].to_numpy()
    at = {name: sim[name].to_numpy() for name in ("CUSTOMER_ID", "TERMINAL_ID")}
    for row in [0, 1, *rng.integers(0, sim.height, 300).tolist(), sim.height - 1]:
        same = {name: np.flatnonzero(at[name] == at[name][row]) for name in at}
        for days in (1, 7, 30):
            mine = same["CUSTOMER_ID"]
            mine = mine[(mine <= row) & (when[mine] > when[row] - days * DAY)]
            assert sim[row, f"CUSTOMER_ID_NB_TX_{days}DAY_WINDOW"] == len(mine)
            assert sim[row, f"CUSTOMER_ID_AVG_AMOUNT_{days}DAY_WINDOW"] == pytest.approx(amount[mine].mean(), rel=1e-5)
            sold = same["TERMINAL_ID"]
            ago = when[row] - when[sold]
            sold = sold[(ago >= 7 * DAY) & (ago < (7 + days) * DAY)]
            assert sim[row, f"TERMINAL_ID_NB_TX_{days}DAY_WINDOW"] == len(sold)
            expected = fraud[sold].mean() if len(sold) else 0
            assert sim[row, f"TERMINAL_ID_RISK_{days}DAY_WINDOW"] == pytest.approx(expected, rel=1e-5)


def test_frauds_are_of_three_kinds() -> None:
    sim = pl.concat([pl.DataFrame(day) for day in simulate(300_000, seed=1)])
    scenario, amount = sim["TX_FRAUD_SCENARIO"], sim["TX_AMOUNT"]
    assert ((scenario > 0).cast(pl.Int8) == sim["TX_FRAUD"]).all()
    assert (amount.filter(scenario == 0) <= 220).all()
    assert (amount.filter(scenario == 1) > 220).all()
    share = [(scenario == kind).mean() for kind in (1, 2, 3)]
    # 1,754,155 published rows have .055, .517 and .264 %; the rarer events make a fifth of difference here.
    np.testing.assert_allclose(share, [0.00055, 0.0052, 0.0026], rtol=0.35)
    dear = amount.filter(scenario == 3).mean() / amount.filter(scenario == 0).mean()
    assert dear == pytest.approx(5, rel=0.25)
    days = pl.col("TX_TIME_DAYS")
    spans = sim.filter(scenario == 2).group_by("TERMINAL_ID").agg((days.max() - days.min()).alias("span"))["span"]
    assert np.median(spans.to_numpy()) < 28


def test_the_same_seed_gives_the_same_rows_and_more_rows_are_more_customers() -> None:
    one, again, other = (next(simulate(5000, seed)) for seed in (4, 4, 5))
    for name, values in one.items():
        np.testing.assert_array_equal(values, again[name])
    assert len(other["TX_AMOUNT"]) != len(one["TX_AMOUNT"]) or (other["TX_AMOUNT"] != one["TX_AMOUNT"]).any()
    assert [sum(len(day["TX_FRAUD"]) for day in simulate(rows)) for rows in (1, 777)] == [1, 777]
    assert 0 < next(simulate(10))["CUSTOMER_ID"].max() < FEWEST < MOST


def test_everyone_has_a_terminal_and_those_of_a_town_are_near() -> None:
    for customers in (50, 700, 10_000):
        world = make_world(customers, np.random.default_rng(0))
        choice = np.diff(world.begin)
        assert choice.min() >= 1
        assert 5 < choice.mean() < 90
        assert world.within.max() < world.terminals


def test_it_is_written_as_a_folder_that_can_be_learned_from(tmp_path: Path) -> None:
    seen: list[int] = []
    written = write_transactions(tmp_path / "sim", 12_000, 2, seen.append)
    assert seen[-1] == written.rows == sum(written.scenarios) == 12_000
    assert [path.name for path in sorted((tmp_path / "sim").iterdir())] == list(written.files)
    source = data.open_source(tmp_path / "sim", target="TX_FRAUD")
    assert source.rows == 12_000
    assert [leak.column for leak in find_leaks(source)] == ["TX_FRAUD_SCENARIO"]
    again = write_transactions(tmp_path / "again", 12_000, 2)
    for name in again.files:
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "sim" / name).read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again", "sim"]


def test_an_interruption_or_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(done: int) -> None:
        if done > 2000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_transactions(tmp_path / "sim", 10_000, watch=interrupt)
    assert list(tmp_path.iterdir()) == []

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(transaction_files, "_write_months", full)
    with pytest.raises(VitrinaError, match="could not be written: No space left on device; free space"):
        write_transactions(tmp_path / "sim", 10_000)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten_and_numbers_make_sense(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    with pytest.raises(UsageError, match="already exists"):
        write_transactions(tmp_path, 10)
    with pytest.raises(UsageError, match="rows must be"):
        write_transactions(tmp_path / "new", 0)
    with pytest.raises(UsageError, match="seed must be"):
        write_transactions(tmp_path / "new", 10, -1)

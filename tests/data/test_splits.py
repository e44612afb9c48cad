"""Honest splits: laws that hold for any table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrina import data
from vitrina.errors import DataError, UsageError


def source_of(labels: Any, x: Any = None) -> Any:
    labels = np.asarray(labels)
    return data.open_source((np.arange(len(labels))[:, None] if x is None else np.asarray(x), labels))


@given(
    st.lists(st.integers(0, 4), min_size=12, max_size=200),
    st.integers(0, 2**32),
    st.sampled_from([(0.15, 0.15), (0.2, 0.0), (0.0, 0.3), (0.45, 0.45), (0.0, 0.0)]),
    st.booleans(),
)
def test_every_row_once_every_class_in_training(labels, seed: int, shares: tuple[float, float], repeated: bool) -> None:
    source = source_of(labels, np.arange(len(labels))[:, None] // (3 if repeated else 1))
    validation, test = shares
    try:
        parts = data.split(source, seed, validation, test)
    except DataError as error:
        assert "too few" in str(error)  # noqa: PT017
        return
    everything = np.concatenate([parts.train, parts.validation, parts.test])
    assert sorted(everything.tolist()) == list(range(len(labels)))
    for part, share in ((parts.train, 1.0), (parts.validation, validation), (parts.test, test)):
        assert part.dtype == np.int64
        assert (np.diff(part) > 0).all()
        assert (len(part) > 0) == (share > 0)
    assert set(np.array(labels)[parts.train]) == set(labels)
    keys = source.group_keys()
    for one, other in ((parts.train, parts.test), (parts.train, parts.validation), (parts.validation, parts.test)):
        assert not set(keys[one]) & set(keys[other]), "rows that repeat each other are on two sides"


def test_shares_are_kept_in_every_class(rng: np.random.Generator) -> None:
    labels = rng.choice(5, 10_000, p=[0.6, 0.3, 0.08, 0.015, 0.005])
    parts = data.split(source_of(labels), seed=1, validation=0.1, test=0.2)
    for label in range(5):
        rows = (labels == label).sum()
        assert abs((labels[parts.test] == label).sum() - 0.2 * rows) <= 1
        assert abs((labels[parts.validation] == label).sum() - 0.1 * rows) <= 1


def test_the_seed_decides(rng: np.random.Generator) -> None:
    source = source_of(rng.integers(0, 3, 500))
    first, again, other = (data.split(source, seed) for seed in (7, 7, 8))
    np.testing.assert_array_equal(first.test, again.test)
    assert set(first.test) != set(other.test)
    assert first.test[:8].tolist() == data.split(source, 7).test[:8].tolist()


def test_a_huge_group_of_equal_rows_does_not_upset_the_shares() -> None:
    x = np.concatenate([np.zeros(3000), np.arange(1, 7001)])[:, None]
    for seed in range(10):
        parts = data.split(source_of(np.tile([0, 0], 5000) + (x[:, 0] > 6500), x), seed)
        assert abs(len(parts.test) - 1500) < 30
        assert abs(len(parts.validation) - 1500) < 30


def test_a_quantity_is_spread_evenly(rng: np.random.Generator) -> None:
    y = rng.exponential(size=400)
    for seed in range(5):
        parts = data.split(source_of(y), seed)
        for part in (parts.train, parts.validation, parts.test):
            assert np.median(y[part]) == pytest.approx(np.median(y), rel=0.25)


def test_columns_that_are_left_out_do_not_make_rows_different() -> None:
    table = {"id": [f"customer {i}" for i in range(100)], "x": [i // 2 for i in range(100)], "t": [0, 0, 1, 1] * 25}
    source = data.open_source(table, target="t")
    parts = data.split(source)
    assert not set(parts.train // 2) & set(parts.test // 2)


def test_rows_of_few_kinds_are_cases_of_their_own(rng: np.random.Generator) -> None:
    """Of a passenger only class and sex are known: kept on one side, one answer of a kind would be learned, and the other judge."""
    table = {"class": rng.choice(["1st", "2nd", "3rd"], 600), "sex": rng.choice(["f", "m"], 600)}
    table["t"] = np.where(rng.random(600) < np.where(table["sex"] == "f", 0.8, 0.2), "yes", "no")
    source = data.open_source(table, target="t")
    parts = data.split(source)
    kinds = np.char.add(np.char.add(table["class"], table["sex"]), table["t"])
    for part in (parts.train, parts.validation, parts.test):
        assert set(kinds[part]) == set(kinds)
    assert any("6 different rows" in warning for warning in source.describe().warnings)
    numbered = data.open_source(table | {"n": np.arange(600) // 2 / 2}, target="t")
    assert not any("different rows" in warning for warning in numbered.describe().warnings)


def test_a_table_put_together_twice_stays_on_one_side(rng: np.random.Generator) -> None:
    x, t = rng.integers(0, 400, 300), rng.choice(["yes", "no"], 300)
    parts = data.split(data.open_source({"x": np.tile(x, 2), "t": np.tile(t, 2)}, target="t"))
    pairs = np.char.add(np.tile(x, 2).astype(str), np.tile(t, 2))
    assert not set(pairs[parts.train]) & (set(pairs[parts.test]) | set(pairs[parts.validation]))


def test_classes_absent_from_the_test_part_are_told() -> None:
    parts = data.split(data.open_source({"x": [i / 2 for i in range(41)], "t": ["a", "b"] * 20 + ["rare"]}, target="t"))
    assert "rare" in parts.warnings[0]


def test_too_few_rows_and_impossible_shares() -> None:
    with pytest.raises(DataError, match="2 rows, of which 2 differ, are too few"):
        data.split(source_of([0, 1]))
    with pytest.raises(DataError, match="10 rows, of which 1 differ, are too few"):
        data.split(source_of([0] * 10, np.zeros((10, 1))))
    assert [len(part) for part in vars(data.split(source_of([0, 0, 1, 1]))).values()][:3] == [2, 1, 1]
    for shares in ((-0.1, 0.1), (0.5, 0.5), (1.0, 0.0), (float("nan"), 0.1)):
        with pytest.raises(UsageError):
            data.split(source_of([0, 1] * 10), 0, *shares)

"""Answers that are given away by one input, wherever it stands: a column, a pixel, a mark for each class."""

from __future__ import annotations

import numpy as np

import vitrina as vt
from tests.doctor.conftest import net, rows
from vitrina.doctor.telling import telling_of

X, Y = rows(480)


def test_a_category_of_a_small_table_tells_all_of_its_target(rng: np.random.Generator) -> None:
    y = rng.integers(0, 3, 98)
    known = telling_of(np.column_stack([y - 1.0, rng.normal(size=98)]), y, 3)
    assert known.alone[0] == 1.0
    assert known.alone[1] < 0.2
    assert known.values[0] == 3


def test_a_number_measured_twice_loses_nothing_by_bins(rng: np.random.Generator) -> None:
    """With a noise of 0.15 spreads 0.978 of the variance can be told: of which means of bins lose some."""
    y = rng.normal(size=(262, 1))
    known = telling_of(y + 0.15 * rng.normal(size=(262, 1)), y, 0)
    assert known.alone[0] > 0.965


def test_one_class_is_told_by_the_input_that_marks_it(rng: np.random.Generator) -> None:
    y = rng.integers(0, 4, 400)
    marks = np.eye(4)[y][:, [2, 0]]
    known = telling_of(np.column_stack([marks, rng.normal(size=400)]), y, 4)
    assert known.which[:2] == [2, 0]
    assert known.of_class[:2] == [1.0, 1.0]
    assert known.alone[0] < 0.5  # of all four classes it tells but the one
    assert known.of_class[2] < 0.2


def _images(y: np.ndarray, mark: str) -> np.ndarray:
    x = np.random.default_rng(1).normal(size=(len(y), 6, 6, 1))
    x[:, :, :2, 0] += (y % 2)[:, None, None]  # what there is to be learned
    x[:, 2:4, 2:, 0] += (y // 2)[:, None, None]
    x[:, 0, :, 0] = 0.0
    if mark == "place":
        x[np.arange(len(y)), 0, y, 0] = 1.0
    elif mark == "brightness":
        x[:, 0, 0, 0] = y / 3.0
    return x.astype(np.float32)


def test_a_mark_in_images_is_a_leak() -> None:
    y = np.random.default_rng(0).integers(0, 4, 480).astype(np.int32)
    network = vt.Network(vt.Input((6, 6, 1)), vt.Flatten(), vt.Dense(16, "relu"), vt.Dense(4))
    for mark, place in (("place", "input 0, 0, 0"), ("brightness", "input 0, 0, 0")):
        found = vt.diagnose(network, (_images(y, mark), y))
        assert (found[0].code, found[0].where) == ("leak", place), mark
    assert "leak" not in vt.diagnose(network, (_images(y, "none"), y)).codes


def test_the_target_as_columns_of_yes_and_no_is_a_leak() -> None:
    """One of the four was dropped, as it follows from the others."""
    network = vt.Network(vt.Input((11,)), vt.Dense(16, "relu"), vt.Dense(4))
    found = vt.diagnose(network, (np.column_stack([X, np.eye(4)[Y][:, 1:]]).astype(np.float32), Y))
    assert found[0].code == "leak"
    assert found[0].evidence["columns"] == [8, 9, 10]
    two = np.column_stack([X, np.eye(4)[Y][:, 1:3]]).astype(
        np.float32
    )  # a good hint, and two classes left to tell apart
    network = vt.Network(vt.Input((10,)), vt.Dense(16, "relu"), vt.Dense(4))
    assert "leak" not in vt.diagnose(network, (two, Y)).codes


def test_a_table_that_gives_nothing_away_is_left_in_peace() -> None:
    assert vt.diagnose(net(), (X, Y)).healthy

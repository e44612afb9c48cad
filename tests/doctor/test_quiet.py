"""What a first look takes for a fault and is none, and the fault that stands behind it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import vitrina as vt
from tests.doctor.conftest import net, rows

Taught = Any
X, Y = rows(480)
XV, YV = rows(160, 1)
SQUARES: dict[str, Any] = {"units": 1, "cost": "mean_squared_error"}


def told(found: vt.Findings) -> list[str]:
    return [one.code for one in found if one.severity != "note"]


def of_numbers(x: np.ndarray, noise: float, seed: int) -> np.ndarray:
    drawn = np.random.default_rng(seed).normal(size=len(x))
    return (0.7 * (x[:, 0] + x[:, 1]) + noise * drawn).astype(np.float32)[:, None]


def test_a_target_of_which_a_tenth_can_be_told_is_not_unrelated() -> None:
    x, xv = rows(3000)[0], rows(600, 1)[0]
    y, yv = of_numbers(x, 3.0, 2), of_numbers(xv, 3.0, 3)
    assert told(vt.diagnose(net(**SQUARES), (x, y), validation=(xv, yv))) == []
    shuffled = np.random.default_rng(4).permutation(y)
    assert "labels-unrelated" in told(vt.diagnose(net(**SQUARES), (x, shuffled), validation=(xv, yv[::-1])))


def test_a_curve_that_turns_often_is_not_unrelated() -> None:
    x = np.linspace(-1.0, 1.0, 200, dtype=np.float32)[:, None]
    y = np.sin(12.0 * (x + 1.2) ** 1.6)
    curve = vt.Network(vt.Input((1,)), vt.Dense(32, "tanh"), vt.Dense(1), cost="mean_squared_error")
    assert "labels-unrelated" not in vt.diagnose(curve, (x, y)).codes
    assert "labels-unrelated" in vt.diagnose(curve, (x, np.random.default_rng(4).permutation(y))).codes


def test_a_rare_class_that_was_copied_to_be_learned_from_is_no_fault() -> None:
    two = vt.Network(vt.Input((8,)), vt.Dense(8, "relu"), vt.Dense(2))
    y, yv = (Y == 0).astype(np.int32), (YV == 0).astype(np.int32)
    often = np.concatenate([np.flatnonzero(y == 0), np.repeat(np.flatnonzero(y == 1), 3)])
    rare = np.concatenate([np.flatnonzero(yv == 0), np.flatnonzero(yv == 1)[:8]])
    found = vt.diagnose(two, (X[often], y[often]), validation=(XV[rare], yv[rare]))
    assert "class-shares-differ" in found.codes
    assert told(found) == []


def test_an_error_that_only_comes_down_from_far_above_did_not_rise(taught: Taught) -> None:
    y, yv = 9.0 + of_numbers(X, 0.1, 2), 9.0 + of_numbers(XV, 0.1, 3)
    run: Path = taught(net(**SQUARES), (X, y), (XV, yv), optimizer=vt.Adam(1e-3), epochs=12)
    assert told(vt.diagnose(run)) == ["too-few-steps"]


def test_rows_known_by_heart_do_not_want_more_steps(taught: Taught, tmp_path: Path) -> None:
    """The error on them goes on falling to the end."""
    y, yv = of_numbers(X, 0.3, 2), of_numbers(XV, 0.3, 3)
    wide = net(vt.Dense(256, "relu"), vt.Dense(128, "relu"), **SQUARES)
    run: Path = taught(wide, (X[:60], y[:60]), (XV, yv), epochs=150, batch_size=16)
    found = vt.diagnose(run)
    assert told(found) == ["overfitting"]
    assert "--patience" in found[0].todo
    settings = {"epochs": 150, "batch_size": 16, "patience": 100, "out": tmp_path / "patient"}
    patient: Path = taught(wide, (X[:60], y[:60]), (XV, yv), **settings)
    assert [one for one in vt.diagnose(patient) if "--patience" in one.todo] == []


def test_most_known_by_heart_and_of_others_less_than_nothing_is_overfitting(taught: Taught) -> None:
    """The validation error has only ever fallen, and is larger still than that of their mean."""
    rng = np.random.default_rng(0)
    x, xv = (
        3.0 * np.concatenate([part, rng.normal(size=(len(part), 40))], axis=1, dtype=np.float32) for part in (X, XV)
    )
    y, yv = of_numbers(X, 1.0, 2), of_numbers(XV, 1.0, 3)
    layers = (vt.Dense(256, "relu"), vt.Dense(128, "relu"), vt.Dense(1))
    wide = vt.Network(vt.Input((48,)), *layers, cost="mean_squared_error")
    run: Path = taught(wide, (x[:200], y[:200]), (xv, yv), epochs=5, optimizer=vt.Adam(1e-3), batch_size=16)
    assert told(vt.diagnose(run)) == ["overfitting"]


def test_a_part_from_the_other_end_differs_though_no_column_lies_far_away() -> None:
    x = rows(1200)[0]
    y = np.abs(x[:, :1] + x[:, 1:2])
    order = np.argsort(x[:, 0] + x[:, 1])
    x, y = x[order], y[order]
    mixed = np.random.default_rng(0).permutation(1200)
    apart = vt.diagnose(net(**SQUARES), (x[:900], y[:900]), validation=(x[900:], y[900:]))
    alike = vt.diagnose(net(**SQUARES), (x[mixed[:900]], y[mixed[:900]]), validation=(x[mixed[900:]], y[mixed[900:]]))
    assert "validation-differs" in told(apart), apart
    assert told(alike) == []


def test_parts_are_not_compared_by_marks_that_hardly_a_row_has() -> None:
    x = rows(1000)[0]
    kinds = np.random.default_rng(4).integers(0, 400, 1000)
    marked = np.concatenate([x, np.eye(400, dtype=np.float32)[kinds]], axis=1)
    y = of_numbers(x, 0.2, 2)
    network = vt.Network(vt.Input((marked.shape[1],)), vt.Dense(16, "relu"), vt.Dense(1), cost="mean_squared_error")
    assert told(vt.diagnose(network, (marked[:850], y[:850]), validation=(marked[850:], y[850:]))) == []


def test_a_clock_that_costs_nothing_is_noted_alone() -> None:
    day = (np.arange(1200) // 3) / 133.0  # three rows a day
    x = rows(1200)[0]
    x[:, 5] = day - 1.0
    y = of_numbers(x, 0.2, 2) + 0.1 * day[:, None].astype(np.float32)
    found = vt.diagnose(net(**SQUARES), (x[:900], y[:900]), validation=(x[900:], y[900:]))
    assert "time-counter" in found.codes
    assert told(found) == []


def test_classes_that_are_numbered_otherwise_in_the_other_part_are_told(taught: Taught) -> None:
    """All columns look alike there, and as common as before is each class."""
    run: Path = taught(judge=(XV, (YV + 1) % 4))
    found = vt.diagnose(run)
    assert told(found) == ["validation-differs"], found
    assert found[0].where == "validation"
    small = vt.diagnose(net(), (X, Y), validation=(XV[:20], (YV[:20] + 1) % 4))
    assert told(small) == []  # so few may be unlike by chance


def test_labels_a_row_too_far_down_are_moved_back(taught: Taught) -> None:
    train, judge = (X, np.roll(Y, 1)), (XV, np.roll(YV, 1))
    run: Path = taught(train=train, judge=judge)
    (finding,) = vt.diagnose(run).grave
    assert (finding.code, finding.evidence["move"]) == ("labels-unrelated", -1)
    healing = vt.heal(run, train, judge)
    assert healing.model is not None
    x, y = rows(300, 5)
    assert float(np.mean(healing.model.predict(x) == y)) > 0.8
    assert "move" not in vt.diagnose(net(), (X, np.random.default_rng(3).permutation(Y)))[0].evidence


def test_what_is_rare_and_hardly_to_be_told_is_not_ignored(taught: Taught) -> None:
    """One in twenty, never more likely than not: always the commonest class is then the best answer."""
    two = vt.Network(vt.Input((8,)), vt.Dense(8, "relu"), vt.Dense(2))
    (x, _), (xv, _), draw = rows(900), rows(300, 1), np.random.default_rng(2)
    y, yv = ((part[:, 0] + 3.0 * draw.normal(size=len(part)) > 5.2).astype(np.int32) for part in (x, xv))
    found = vt.diagnose(taught(two, (x, y), (xv, yv), optimizer=vt.Adam(3e-3), epochs=15))
    assert "majority-only" in found.codes
    assert told(found) == []


def test_a_table_that_was_copied_whole_is_told_from_one_whose_rows_repeat_by_nature() -> None:
    order = np.random.default_rng(0).permutation(1920)
    x, y = np.repeat(X, 4, axis=0)[order], np.repeat(Y, 4)[order]
    copied = vt.diagnose(net(), (x[:1440], y[:1440]), validation=(x[1440:], y[1440:]))
    assert copied[0].code == "rows-shared", copied
    switches = (x > 0.0).astype(np.float32)  # 256 different rows at most
    natural = vt.diagnose(net(), (switches[:1440], y[:1440]), validation=(switches[1440:], y[1440:]))
    assert "rows-shared" not in natural.codes


def test_what_is_hardly_to_be_told_is_not_learned_of_columns_that_are_not_scaled(taught: Taught) -> None:
    """Simple models are hardly above a constant, so that nothing seems to be missing to them."""
    two = vt.Network(vt.Input((8,)), vt.Dense(16, "relu"), vt.Dense(2))
    large = np.where(np.arange(8) == 1, 300.0, 1.0).astype(np.float32)
    (x, _), (xv, _), draw = rows(900), rows(300, 1), np.random.default_rng(2)
    y, yv = ((part[:, 0] + 2.5 * draw.normal(size=len(part)) > 2.5).astype(np.int32) for part in (x, xv))
    found = vt.diagnose(taught(two, (x * large, y), (xv * large, yv), optimizer=vt.SGD(2e-3)))
    assert found[0].code == "input-scale", found
    assert found[0].where == "column 1"
    assert told(found) == ["input-scale"]


def test_sequences_that_are_all_the_same_tell_nothing_apart() -> None:
    """Each channel changes along the sequence, so that no channel is one number."""
    draw = np.random.default_rng(3)
    network = vt.Network(vt.Input((6, 3)), vt.GRU(8), vt.Dense(2))
    x, y = draw.normal(size=(400, 6, 3)).astype(np.float32), draw.integers(0, 2, 400)
    same = np.broadcast_to(x.mean(axis=0), x.shape).copy()
    found = vt.diagnose(network, (same, y))
    assert (found[0].code, found[0].evidence["share"]) == ("input-constant", 1.0), found
    assert "18 of 18 inputs" in found[0].what
    same[:40, 2] += draw.normal(size=3).astype(np.float32)  # a tenth is told apart by it
    assert "input-constant" not in vt.diagnose(network, (same, y)).codes


def test_one_row_that_makes_most_of_all_squares_is_no_fault(taught: Taught) -> None:
    x, xv = rows(4000)[0], rows(4000, 1)[0]
    y, yv = of_numbers(x, 0.3, 2), of_numbers(xv, 0.3, 3)
    y[688], yv[688] = 100.0, 100.0  # a row that the checkup draws, and the simple models do not
    squares = np.square(y - y.mean())
    assert squares.max() > 0.5 * squares.sum()
    run = taught(net(**SQUARES), (x, y / y.std()), (xv, yv / y.std()))
    found = vt.diagnose(run)
    assert "underfitting" not in {one.code for cause in found for one in (cause, *cause.consequences)}

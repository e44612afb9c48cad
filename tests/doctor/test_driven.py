"""What came to be while learning, and what brought it about: the cause is told, not the state in which it ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vitrina as vt
from tests.doctor.conftest import net, rows
from vitrina.doctor.case import Case
from vitrina.doctor.deaths import longest_step, lost_again, silenced
from vitrina.doctor.diagnosing import case_of
from vitrina.doctor.handwork import check_handwork
from vitrina.doctor.moved import moved_by
from vitrina.doctor.verdict import verdict

Taught = Callable[..., Path]
X, Y = rows(480)


@dataclass(frozen=True)
class Mine(vt.Conv2D):
    """A layer that somebody wrote, and wrote rightly."""


@dataclass(frozen=True)
class Still(vt.Conv2D):
    """Its filters have no slope."""

    def backward(self, ops: Any, params: Any, saved: Any, dy: Any) -> Any:
        dx, slopes = super().backward(ops, params, saved, dy)
        return dx, {name: 0.0 * slope for name, slope in slopes.items()}


@pytest.mark.parametrize("kind", [Mine, Still])
def test_a_filter_on_a_black_image_stands_on_the_kink_of_relu_and_is_not_wrong(kind: Any) -> None:
    """Its sums are exactly 0 there, so that a finite difference takes half of the slope of one side."""
    x = np.zeros((8, 6, 6, 1), np.float32)
    x[:, 2:4, 2:4] = 0.3 + 0.1 * np.random.default_rng(0).random((8, 2, 2, 1), np.float32)
    network = vt.Network(vt.Input((6, 6, 1)), kind(3, 3, activation="relu"), vt.Flatten(), vt.Dense(2))
    found = check_handwork(network, x, np.zeros(8, np.int32), *network.build(0))
    assert found.wrong == []
    assert {one["of"] for one in found.none} == ({"weight", "bias"} if kind is Still else set())


def test_a_shift_out_of_the_picture_wipes_it_out_and_a_small_one_does_not(rng: np.random.Generator) -> None:
    codes = rng.integers(0, 2, 500)
    x = rng.random((500, 8, 8, 1)) * (rng.random((500, 8, 8, 1)) < 0.3)
    far, near = moved_by([vt.Shift(7), vt.Shift(1)], x, codes, 2)
    assert far.erased > 0.2
    assert near.erased < 0.02


def test_flat_ends_that_steps_led_to_are_a_consequence_of_the_rate(taught: Taught) -> None:
    found = vt.diagnose(taught(net(*[vt.Dense(24, "tanh")] * 2), optimizer=vt.SGD(20.0, momentum=0.9), epochs=20))
    assert found[0].code == "rate-too-high", found
    assert "saturated" in [one.code for one in found[0].consequences]


def dying(taught: Taught) -> Case:
    """A layer that answers at the start, and that one step silences."""
    network = net(vt.Dense(24, "relu"), vt.Dense(24, "relu"))
    return case_of(taught(network, optimizer=vt.SGD(6.0, momentum=0.9), epochs=20))


def test_a_layer_that_a_step_silenced_is_a_consequence_of_the_rate(taught: Taught) -> None:
    case = dying(taught)
    assert silenced(case)
    assert longest_step(case) > 0.3
    assert not lost_again(case)
    found = verdict(case)
    assert found[0].code == "rate-too-high", found
    assert "dead-units" in [one.code for one in found[0].consequences]


def test_what_was_learned_and_lost_again_is_known_by_its_best_batches(taught: Taught) -> None:
    case = dying(taught)
    assert case.signs is not None
    errors = case.signs.errors.copy()
    errors[40:60] = 0.5 * case.exam.target.constant_error
    assert lost_again(replace(case, signs=replace(case.signs, errors=errors)))


def test_an_epoch_that_is_kept_before_anything_was_learned_is_a_constant(taught: Taught) -> None:
    case = case_of(taught(epochs=4))
    assert case.signs is not None
    assert not case.keeps_a_constant
    epochs = [
        {"validation_error": error, "validation_accuracy": share}
        for error, share in ((1.3, 0.26), (2.0, 0.5), (2.8, 0.7), (3.4, 0.8))
    ]
    later = replace(case, signs=replace(case.signs, epochs=epochs))
    assert later.keeps_a_constant
    assert later.best_validation_score == pytest.approx(0.8)


def test_it_is_no_underfitting_where_rows_that_judge_are_known_well(taught: Taught) -> None:
    case = case_of(taught(epochs=12))
    low = {"score": 0.4, "balanced": 0.4}
    own = replace(case, checkup={**case.checkup, "train": {**case.checkup["train"], **low}})
    both = replace(own, checkup={**own.checkup, "validation": {**own.checkup["validation"], **low}})
    assert case.signs is not None
    both = replace(both, signs=replace(case.signs, epochs=[]))
    assert "underfitting" not in verdict(own).grave.codes
    assert any("underfitting" in {one.code, *(c.code for c in one.consequences)} for one in verdict(both))

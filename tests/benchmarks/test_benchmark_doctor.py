"""The doctor's benchmark: every code has its set-ups, others' rules are what they published, and the page says what was counted."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import vitrina as vt
from benchmarks.doctor import autotrainer, deepdiagnosis
from benchmarks.doctor.catalogue import every_setup, is_fitted
from benchmarks.doctor.looking import LayerLook, Look, Seen
from benchmarks.doctor.report import merged, written
from benchmarks.doctor.rivals import is_right
from benchmarks.doctor.score import beside, score, twins_of
from benchmarks.doctor.timing import first_told
from vitrina.doctor.registry import RULES
from vitrina.doctor.verdict import REGISTERED

MENDED = {"small-last-batch"}  # the training fills such a batch up, so nothing fails by it


def test_every_code_has_a_set_up_that_fails_with_its_twin() -> None:
    assert REGISTERED
    setups = every_setup()
    faulty = [one for one in setups if one.code]
    assert {one.code for one in faulty} == set(RULES) - MENDED
    assert all(one.twin is not None for one in faulty)
    assert len(faulty) >= 60
    assert len(setups) - len(faulty) >= 30
    assert len({one.name for one in setups}) == len(setups)


def test_the_halves_are_halves_and_do_not_change() -> None:
    fitted = [is_fitted(one.name) for one in every_setup()]
    assert 0.4 < float(np.mean(fitted)) < 0.6
    assert is_fitted("plateau")
    assert not is_fitted("flat-numbers")


# -- others' rules
def layer(gradient: Any, activation: str = "relu", **changes: Any) -> LayerLook:
    known: dict[str, Any] = {"output": np.array([[0.5, 1.0]]), "weight": np.array([[0.3, -0.1]]), "sums": None}
    return LayerLook("dense_1", "Dense", activation, gradient=np.asarray(gradient, float), **known | changes)


def seen(
    errors: list[float],
    accuracies: list[float],
    layers: list[LayerLook],
    answers: Any = ((0.3, 0.2, 0.5),),
    **changes: Any,
) -> Seen:
    network = vt.Network(vt.Input((2,)), vt.Dense(2, "relu"), vt.Dense(3))
    looks = [
        Look(at + 1, error, error, accuracy, np.asarray(answers), layers)
        for at, (error, accuracy) in enumerate(zip(errors, accuracies, strict=True))
    ]
    known: dict[str, Any] = {"x": np.zeros((1, 2)), "y": np.zeros(1, np.int32), "finite": True}
    return Seen(network, len(errors), 0.1, looks=looks, **known | changes)


FALLING, RISING = [1.0, 0.8, 0.6, 0.5, 0.4, 0.35], [0.4, 0.6, 0.7, 0.8, 0.9, 0.95]
SOUND = [layer([0.2, 0.1]), layer([0.3, 0.1], "linear")]


def test_a_sound_training_alarms_neither() -> None:
    assert autotrainer.problems(seen(FALLING, RISING, SOUND)) == []
    assert deepdiagnosis.problems(seen(FALLING[:4], RISING[:4], SOUND)) == []


@pytest.mark.parametrize(
    ("expected", "given"),
    [
        ("explode", seen([1.0, 2000.0, 3.0], [0.5, 0.7, 0.8], SOUND)),
        ("explode", seen(FALLING, RISING, [layer([80.0, 0.0]), layer([1.0, 0.0], "linear")])),
        ("vanish", seen([1.0] * 6, [0.3] * 6, [layer([1e-6, 0.0]), layer([1.0, 0.5], "linear")])),
        ("dying_relu", seen(FALLING, RISING, [layer([0.0, 0.0, 0.0, 1.0]), layer([0.0], "linear")])),
        ("oscillating", seen(FALLING, [0.5, 0.8, 0.5, 0.8, 0.5, 0.8], SOUND)),
        ("slow", seen([1.0] * 6, [0.3] * 6, SOUND)),
        ("improper_activation", seen(FALLING, RISING, SOUND, answers=((0.9, 0.9, 0.1),))),
        ("abnormal_data", seen(FALLING, RISING, [layer([0.2, 0.1], output=np.array([[30.0]])), SOUND[1]])),
    ],
)
def test_autotrainer_reports(expected: str, given: Seen) -> None:
    assert expected in autotrainer.problems(given)


@pytest.mark.parametrize(
    ("expected", "given"),
    [
        ("numerical_error", seen(FALLING, RISING, [layer([0.0, 0.0]), SOUND[1]])),
        (
            "dead_node",
            seen(FALLING[:2], RISING[:2], [layer([0.1, 0.1], output=np.array([[0.0, 0.0, 0.0, 1.0]])), SOUND[1]]),
        ),
        ("saturated", seen(FALLING, RISING, [layer([0.1, 0.1], "tanh", sums=np.array([[9.0, 9.0, 0.0]])), SOUND[1]])),
        ("vanishing", seen(FALLING, RISING, [layer([1e-8, 1e-9]), SOUND[1]])),
        ("unchanged", seen(FALLING, RISING, SOUND)),
        ("invalid", seen(FALLING[:1], [0.0], SOUND)),
        ("invalid", seen(FALLING[:4], RISING[:4], SOUND, finite=False)),
    ],
)
def test_deepdiagnosis_stops_at(expected: str, given: Seen) -> None:
    assert deepdiagnosis.problems(given) == [expected]


def test_what_others_say_is_read_generously() -> None:
    assert is_right("AUTOTRAINER", ["improper_loss", "slow"], "rate-too-low")
    assert not is_right("AUTOTRAINER", ["explode"], "rate-too-low")


# -- what is counted
def outcome(name: str, kind: str, code: str, after: list[list[str]], **changes: Any) -> dict[str, Any]:
    return {
        **{
            "name": name,
            "kind": kind,
            "code": code,
            "seed": 0,
            "engine": "numpy",
            "score": 0.9,
            "before": [],
            "after": after,
        },
        **{"shown": True, "share": 0.5, "on_the_way": [], "training": 2.0, "examination": 0.5, "diagnosis": 0.1},
        **{"others": {"AUTOTRAINER": []}, "classes": True, "healed": math.nan, "tried": None},
        **changes,
    }


OUTCOMES = [
    outcome("plateau-a", "faulty", "plateau", [["plateau", "fault", ""]], score=0.2),
    outcome("plateau-a", "twin", "plateau", [["input-constant", "note", ""]]),
    outcome(
        "flat",
        "faulty",
        "plateau",
        [["underfitting", "fault", ""]],
        score=0.2,
        share=math.nan,
        others={"AUTOTRAINER": ["slow"]},
    ),
    outcome("flat", "twin", "plateau", [["leak", "warning", ""]], others={"AUTOTRAINER": ["explode"]}),
]


NAMES = ["a-flat-place", "a-flat-place", "flat-numbers", "flat-numbers"]


def test_named_alarms_and_when_are_counted() -> None:
    found = score(OUTCOMES, twins_of(OUTCOMES))
    assert (found.faulty, found.named, found.sound, found.alarms) == (2, 1, 2, 1)
    assert (found.before, found.on_the_way, found.shares, found.costs) == (0, 1, [0.5], [0.25] * 4)
    rivals = beside(OUTCOMES)
    assert rivals["Vitrina"] == {"faulty": 2, "noticed": 2, "right": 1, "sound": 2, "alarms": 1}
    assert rivals["AUTOTRAINER"] == {"faulty": 2, "noticed": 1, "right": 1, "sound": 2, "alarms": 1}


def test_the_page_says_what_was_counted() -> None:
    page = written([one | {"name": name} for one, name in zip(OUTCOMES, NAMES, strict=True)])
    assert "| all | 1 of 2 (50.0%) | 1 of 1 | not tried | 1 of 2 (50.0%) | 0 of 2 (0.0%) |" in page
    assert "- `flat-numbers` (plateau): it says underfitting" in page
    assert "- `flat-numbers` (twin): leak" in page


def test_a_later_outcome_replaces_an_earlier_one_and_keeps_its_repair() -> None:
    repaired = OUTCOMES[0] | {"tried": [["plateau", "Adam", 0.9, True]], "healed": 0.9}
    (one,) = merged([repaired, OUTCOMES[0] | {"score": 0.3}])
    assert (one["score"], one["healed"], one["tried"]) == (0.3, 0.9, repaired["tried"])


def test_a_peer_that_teaches_by_itself_is_counted_where_it_was_asked() -> None:
    said = {"name": "flat", "kind": "faulty", "seed": 0, "others": {"torchmortem": ["loss_dynamics"]}}
    found = merged([*OUTCOMES, said])
    assert [one["others"] for one in found if one["name"] == "flat" and one["kind"] == "faulty"] == [
        {"AUTOTRAINER": ["slow"], "torchmortem": ["loss_dynamics"]}
    ]
    assert "torchmortem" not in beside(found)  # of sound ones it was asked about none


def test_the_first_moment_of_a_warning_is_found() -> None:
    moments = [(0.0, []), (0.25, [["plateau", "fault"]]), (0.5, [["leak", "warning"], ["plateau", "fault"]])]
    assert (first_told(moments, "plateau"), first_told(moments, "leak"), first_told(moments, "frozen")) == (
        0.25,
        0.5,
        None,
    )

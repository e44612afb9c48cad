# ruff: noqa: E501  # a fault a line reads better than a fault a page
"""Each fault is named first, in its place, with a remedy that mends it; and nothing is said of what is sound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vitrina as vt
from tests.doctor.conftest import net, rows
from vitrina.doctor.registry import RULES
from vitrina.network.costs import CrossEntropy

Taught = Callable[..., Path]
X, Y = rows(480)
XV, YV = rows(160, 1)


@dataclass(frozen=True)
class Inverted(vt.Dense):
    """Its slope by its weights has the wrong sign."""

    def _gradients(self, ops: Any, saved: Any, dz: Any) -> Any:
        found = dict(super()._gradients(ops, saved, dz))  # pyright: ignore[reportPrivateUsage]
        return found | {"weight": -1.0 * found["weight"]}


@dataclass(frozen=True)
class Motionless(vt.Dense):
    """Its slopes are 0."""

    def _gradients(self, ops: Any, saved: Any, dz: Any) -> Any:
        return {name: 0.0 * slope for name, slope in super()._gradients(ops, saved, dz).items()}  # pyright: ignore


@dataclass(frozen=True)
class Negative(CrossEntropy):
    """The cross-entropy upside down."""

    def losses_and_slopes(self, ops: Any, prediction: Any, target: Any) -> Any:
        losses, slopes = super().losses_and_slopes(ops, prediction, target)
        return -losses, -slopes


@dataclass(frozen=True)
class Total(CrossEntropy):
    """The sum over the batch."""

    def value_and_gradient(self, ops: Any, prediction: Any, target: Any, weight: Any) -> Any:
        value, slope = super().value_and_gradient(ops, prediction, target, weight)
        return value * ops.sum(weight), slope * ops.sum(weight)


def with_column(values: np.ndarray, at: int = 5) -> tuple[np.ndarray, np.ndarray]:
    x = X.copy()
    x[:, at] = values
    return x, Y


def numbers() -> tuple[np.ndarray, np.ndarray]:
    return X, (X[:, :1] * 2.0 + X[:, 1:2]).astype(np.float32)


NUMBERS = {"train": numbers(), "judge": (XV, (XV[:, :1] * 2.0 + XV[:, 1:2]))}
SQUARES = {"units": 1, "cost": "mean_squared_error"}
ORDER = np.argsort(Y, kind="stable")

FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "softmax-twice": ({"network": net(last="softmax")}, "dense_2"),
    "one-unit-softmax": ({"network": net(last="softmax", **SQUARES), **NUMBERS}, "dense_2"),
    "output-range": ({"network": net(last="tanh", **SQUARES), **NUMBERS}, "dense_2"),
    "output-clipped": ({"network": net(last="relu", **SQUARES), **NUMBERS}, "dense_2"),
    "cost-for-classes": ({"network": net(**SQUARES), "train": (X, Y[:, None].astype(np.float32)), "judge": (XV, YV[:, None].astype(np.float32))}, "cost"),
    "cost-sign": ({"network": net(cost=Negative())}, "cost"),  # pyright: ignore[reportArgumentType]
    "cost-summed": ({"network": net(cost=Total()), "optimizer": vt.SGD(0.5)}, "cost"),  # pyright: ignore[reportArgumentType]
    "input-constant": ({"train": (0.0 * X, Y)}, "column 0"),
    "input-scale": ({"train": (2000.0 * X, Y), "judge": (2000.0 * XV, YV), "optimizer": vt.SGD(0.02)}, "column"),
    "target-scale": ({"network": net(**SQUARES), "train": (X, 9000.0 + 800.0 * NUMBERS["train"][1]), "judge": (XV, 9000.0 + 800.0 * NUMBERS["judge"][1])}, "target"),
    "leak": ({"train": with_column(Y + 0.0)}, "column 5"),
    "rows-shared": ({"judge": (X[:100], Y[:100])}, "validation"),
    "validation-differs": ({"judge": (20.0 * XV + 3.0, YV)}, "column"),
    "constant-divided": ({"train": with_column(np.zeros(480)), "judge": (np.where(np.arange(8) == 5, 1e8, XV), YV)}, "column 5"),
    "labels-unrelated": ({"train": (X, np.random.default_rng(3).permutation(Y)), "judge": (XV, np.random.default_rng(4).permutation(YV))}, "target"),
    "not-shuffled": ({"train": (X[ORDER], Y[ORDER]), "shuffle": False, "optimizer": vt.SGD(0.5), "epochs": 4}, "shuffle"),
    "symmetric-weights": ({"network": net(vt.Dense(16, "tanh", initialiser="zeros"), vt.Dense(16, "tanh", initialiser="zeros"))}, "dense_1"),
    "weights-too-small": ({"network": net(*[vt.Dense(16, "relu", initialiser=vt.Normal(1e-4))] * 2), "optimizer": vt.SGD(0.02)}, "dense"),
    "weights-too-large": ({"network": net(*[vt.Dense(16, "relu", initialiser=vt.Normal(20.0))] * 2), "optimizer": vt.SGD(1e-4)}, "dense"),
    "exploding-depth": ({"network": net(*[vt.Dense(24, "relu", initialiser=vt.Normal(0.7))] * 8), "optimizer": vt.SGD(0.02)}, "dense"),
    "vanishing": ({"network": net(*[vt.Dense(12, "sigmoid")] * 7), "optimizer": vt.SGD(0.05)}, "dense_1"),
    "saturated": ({"network": net(*[vt.Dense(16, "tanh", initialiser=vt.Normal(9.0))] * 3), "optimizer": vt.SGD(1e-3)}, "dense"),
    "too-deep-plain": ({"network": net(*[vt.Dense(8, "relu")] * 28), "optimizer": vt.SGD(5e-3)}, "dense"),
    "dropout-too-high": ({"network": net(vt.Dense(16, "relu"), vt.Dropout(0.96), vt.Dense(16, "relu"), vt.Dropout(0.96))}, "dropout_"),
    "bottleneck": ({"network": net(vt.Dense(16, "relu"), vt.Dense(1, "relu"), vt.Dense(16, "relu")), "epochs": 20}, "dense_2"),
    "backward-wrong": ({"network": net(Inverted(24, "relu"))}, "inverted_1"),
    "frozen": ({"network": net(Motionless(3, "relu"), vt.Dense(3, "relu"))}, "motionless_1"),
    "rate-too-high": ({"optimizer": vt.Adam(10.0)}, "learning_rate"),
    "rate-too-low": ({"optimizer": vt.Adam(1e-7)}, "learning_rate"),
    "decay-too-strong": ({"optimizer": vt.SGD(0.1, weight_decay=2.0)}, "weight_decay"),
    "schedule-ends-early": ({"optimizer": vt.SGD(0.02), "schedule": vt.StepDecay((0.005, 0.01), 1e-3)}, "schedule"),
    "clipped-to-nothing": ({"optimizer": vt.SGD(0.1), "gradient_clip": 1e-5}, "gradient_clip"),
    "too-few-steps": ({"epochs": 1, "batch_size": 240, "optimizer": vt.Adam(3e-3)}, "epochs"),
}  # fmt: skip


@pytest.mark.parametrize("code", FAULTS)
def test_a_fault_is_named_first_in_its_place(code: str, taught: Taught) -> None:
    options, place = FAULTS[code]
    found = vt.diagnose(taught(**options))
    assert found.codes[0] == code, found
    assert found[0].severity in ("fault", "warning")
    assert place in found[0].where
    assert not found.healthy
    assert found[0].what
    assert found[0].todo
    assert code not in [one.code for one in found[0].consequences]


BEFORE = [code for code, rule in RULES.items() if rule.when == "before" and code in FAULTS]
SOONER = set(BEFORE) - {
    "cost-for-classes",
    "too-deep-plain",
    "frozen",
    "weights-too-small",
    "bottleneck",
    "not-shuffled",
}


@pytest.mark.parametrize("code", sorted(SOONER - {"rate-too-high"}))
def test_what_data_and_description_tell_is_said_before_the_first_step(code: str) -> None:
    options = dict(FAULTS[code][0])
    network, train = options.pop("network", net()), options.pop("train", (X, Y))
    judge = options.pop("judge", (XV, YV))
    found = vt.diagnose(network, train, validation=judge, **{"epochs": 12, "optimizer": vt.Adam(5e-3)} | options)
    assert code in [one.code for finding in found for one in (finding, *finding.consequences)], found


def test_a_missing_value_is_named_with_its_column_and_row() -> None:
    x = X.copy()
    x[17, 3] = np.nan
    (finding,) = vt.diagnose(net(), (x, Y)).grave
    assert (finding.code, finding.where, finding.evidence["row"]) == ("input-not-finite", "column 3", 17)


SOUND: dict[str, dict[str, Any]] = {
    "plain": {},
    "residual": {"network": net(vt.Dense(16, "relu"), *[vt.Residual(vt.Dense(16, "relu"), vt.Dense(16))] * 3), "optimizer": vt.Adam(3e-3), "epochs": 30},
    "zeros in the last layer": {"network": vt.Network(vt.Input((8,)), vt.Dense(24, "relu"), vt.Dense(4, initialiser="zeros"))},
    "large inputs behind batch norm": {
        "network": vt.Network(vt.Input((8,)), vt.BatchNorm(), vt.Dense(24, "relu"), vt.Dense(4)),
        "train": (500.0 * X, Y),
        "judge": (500.0 * XV, YV),
    },
    "numbers": {"network": net(**SQUARES), **NUMBERS, "epochs": 25},
    "in order, but shuffled": {"train": (X[ORDER], Y[ORDER])},
    "not shuffled, in no order": {"shuffle": False},
    "long after the end of learning": {"epochs": 80},
    "cosine": {"schedule": vt.Cosine()},
    "small batches": {"batch_size": 4},
}  # fmt: skip


@pytest.mark.parametrize("kind", SOUND)
def test_nothing_is_said_of_what_is_sound(kind: str, taught: Taught) -> None:
    found = vt.diagnose(taught(**SOUND[kind]))
    assert found.healthy, found
    assert "Nothing is wrong" in str(found)


def test_every_rule_says_what_documentation_needs() -> None:
    for code, rule in RULES.items():
        for part in ("Symptom:", "Why:", "Measured:", "Remedy:", "Example:"):
            assert part in rule.documentation, f"{code} does not say: {part}"
        assert set(rule.explains) <= set(RULES), code


def test_a_step_that_became_infinite_is_told_with_its_layer(taught: Taught) -> None:
    train = (X, 1e3 * NUMBERS["train"][1])
    run = taught(net(**SQUARES), train, NUMBERS["judge"], optimizer=vt.SGD(50.0))
    found = vt.diagnose(run)
    everything = [one for finding in found for one in (finding, *finding.consequences)]
    born = next(one.evidence["born"] for one in everything if one.code == "rate-too-high")
    recorded, errors = vt.Recording(run).errors
    assert born["step"] <= recorded[int(np.argmin(np.isfinite(errors)))]
    assert born["of"] in ("output", "error", "slope", "weights")


def test_what_only_runs_on_is_told_from_a_part_that_differs() -> None:
    later = XV.copy()
    later[:, 5] = np.linspace(1.75, 2.2, len(XV))
    found = vt.diagnose(net(), with_column(np.linspace(-1.7, 1.7, len(X))), validation=(later, YV))
    assert found[0].code == "time-counter", found
    assert found[0].where == "column 5"
    assert "validation-differs" not in found.codes


def test_a_rate_that_hardly_moves_weights_that_were_taught_is_no_fault(taught: Taught) -> None:
    weights = vt.load(taught(epochs=20)).weights
    options: dict[str, Any] = {"optimizer": vt.Adam(1e-7), "epochs": 2, "validation": (XV, YV)}
    anew, once_more = (vt.diagnose(net(), (X, Y), weights=start, **options) for start in (None, weights))
    assert "rate-too-low" in anew.grave.codes
    assert once_more.healthy, once_more


def test_a_column_that_is_seldom_anything_but_0_does_not_run_on() -> None:
    seldom, never = np.where(np.arange(len(X)) % 60 == 0, 0.1, 0.0), XV.copy()
    never[:, 5] = 0.0
    found = vt.diagnose(net(), with_column(seldom), validation=(never, YV))
    assert "time-counter" not in found.codes, found

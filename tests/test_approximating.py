"""A network imitates a function; its neurons' parts are its answer; more of them come closer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import vitrina as vt
from tests.cli.conftest import Vitrina, vitrina  # noqa: F401  # pyright: ignore[reportUnusedImport]
from vitrina.errors import DataError, UsageError

QUICK = {"engine": "numpy", "epochs": 60}


def imitator(*layers: vt.Dense | vt.Dropout) -> vt.Network:
    return vt.Network(vt.Input((1,)), *layers, cost="mean_squared_error")


def test_what_the_neurons_add_is_the_answer() -> None:
    for layers, function in ((1, "sin(2*x)"), (2, "x*y")):
        found = vt.approximate(function, neurons=8, layers=layers, **QUICK)
        assert found.contributions.shape == (len(found.x), 8)
        np.testing.assert_allclose(found.contributions.sum(axis=1) + found.offset, found.fit, rtol=1e-4, atol=1e-5)
        assert found.error == pytest.approx(np.sqrt(np.mean((found.fit - found.truth) ** 2)) / found.truth.std())


def test_a_network_comes_close_and_more_neurons_closer() -> None:
    found = vt.approximate("sin(3*x)*x", neurons=32, compare=True, **QUICK)
    wide = [one for one in found.compared if one.layers == 1]
    assert [one.neurons for one in wide] == [2, 4, 8, 16, 32]
    assert found.error == wide[-1].error < 0.2
    assert wide[-1].error < wide[0].error / 2
    deep = [one for one in found.compared if one.layers > 1]
    assert deep[-1].parameters == pytest.approx(wide[-1].parameters, rel=0.15)


def test_points_can_be_given() -> None:
    x = np.linspace(0, 10, 60)
    found = vt.approximate((x, 2 * x + 1), neurons=4, **QUICK)
    assert found.error < 0.12
    assert found.names == ("x", "f")


def test_a_network_of_ones_own_learns_it_as_one_asks() -> None:
    own = imitator(vt.Dense(12, "tanh"), vt.Dropout(0.0), vt.Dense(5, "relu"), vt.Dense(1))
    found = vt.approximate("sin(2*x)", network=own, optimizer="rmsprop", learning_rate=0.01, batch_size=32, **QUICK)
    assert found.model.network.layers == own.layers
    assert found.model.settings["optimizer"] == vt.RMSProp(0.01).to_json()
    assert found.model.settings["batch_size"] == 32
    assert found.contributions.shape == (len(found.x), 5)
    np.testing.assert_allclose(found.contributions.sum(axis=1) + found.offset, found.fit, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("function", "options", "error", "words"),
    [
        ("log(x)", {}, UsageError, "no finite number"),
        ("x", {"low": 1.0, "high": 1.0}, UsageError, "between two numbers"),
        ("0*x", {}, UsageError, "the same everywhere"),
        ((np.arange(3.0), np.arange(3.0)), {}, DataError, "8 or more"),
        ((np.arange(9.0), np.full(9, np.nan)), {}, DataError, "finite"),
        ("x", {"network": imitator(vt.Dense(1))}, UsageError, "at least one hidden Dense"),
        ("x*y", {"network": imitator(vt.Dense(3), vt.Dense(1))}, UsageError, "of 2 has 2 inputs"),
        ("x", {"network": imitator(vt.Dense(3), vt.Dense(2))}, UsageError, "one neuron at its end"),
        ("x", {"network": imitator(vt.Dense(3), vt.Dense(1)), "compare": True}, UsageError, "comparison"),
    ],
)
def test_what_cannot_be_imitated_is_said(function, options, error, words) -> None:
    with pytest.raises(error, match=words):
        vt.approximate(function, **options)


def test_the_command(vitrina: Vitrina, tmp_path: Path) -> None:  # noqa: F811
    shown = vitrina("approximate", "sin(x)", "--neurons", 4, "--epochs", 20, "--engine", "numpy", "--out", "run")
    assert shown.status == 0, shown.err
    assert "by 1 × 4 neurons, 13 weights" in shown.out
    assert "⠀" in shown.out
    assert "hidden layers" in shown.out
    assert len(vt.Recording("run").looks) > 0
    told = json.loads(
        vitrina("approximate", "x*y", "--neurons", 3, "--epochs", 2, "--no-compare", "--engine", "numpy", "--json").out
    )
    assert len(told["contributions"]) == 3
    (tmp_path / "points.csv").write_text("a,b\n" + "".join(f"{i},{i * i}\n" for i in range(20)))
    assert (
        vitrina("approximate", "points.csv", "--neurons", 3, "--epochs", 2, "--no-compare", "--lang", "es").status == 0
    )
    own = imitator(vt.Dense(4, "relu"), vt.Dense(3, "tanh"), vt.Dense(1))
    (tmp_path / "own.json").write_text(json.dumps(own.to_json()))
    asked = (
        "--network",
        "own.json",
        "--optimizer",
        "sgd",
        "--lr",
        0.1,
        "--batch",
        16,
        "--epochs",
        2,
        "--engine",
        "numpy",
    )
    told = vitrina("approximate", "x", *asked, "--out", "own")
    assert (told.status, "hidden layers" in told.out) == (0, False)
    assert vt.load("own").network == own
    assert vt.load("own").settings["optimizer"] == vt.SGD(0.1).to_json()
    for option in (("--out", "r"), ("--network", "own.json"), ("--seed", 1)):
        failed = vitrina("approximate", *option)
        assert (failed.status, "a curve that is drawn" in failed.sentence) == (2, True)
    assert vitrina("approximate", "--activation", "cube").status == 1
    for function, status, words in (("sin(", 2, "no formula"), ("gone.csv", 1, "no such file")):
        failed = vitrina("approximate", function)
        assert (failed.status, words in failed.sentence) == (status, True)

"""vitrina trace, as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import vitrina as vt
from tests.cli.conftest import Vitrina


@pytest.fixture
def run(vitrina: Vitrina, tmp_path: Path) -> str:
    described = tmp_path / "network.json"
    network = vt.Network(vt.Input((13,)), vt.Dense(32, "relu"), vt.Dense(16, "relu"), vt.Dense(3))
    described.write_text(json.dumps(network.to_json()))
    how = ("--network", described, "--epochs", 3, "--engine", "numpy", "--lr", 0.01)
    assert vitrina("train", "wine", *how, "--out", "run").status == 0
    return "run"


def test_a_member_of_the_network_that_is_chosen_is_shown_by_its_place(vitrina: Vitrina) -> None:
    assert vitrina("train", "wine", "--epochs", 1, "--engine", "numpy", "--out", "chosen").status == 0
    name = "branches_1/sequential_1/ensemble_dense_2"
    told = json.loads(vitrina("trace", "chosen", "wine", "--row", 5, "--layer", name, "--json").out)
    sums = np.array(told["forward"][name]["weighted_sums"])
    assert sums.shape == (8, 64)
    one = vitrina("trace", "chosen", "wine", "--row", 5, "--layer", name, "--neuron", 9, "--place", "3").out
    assert f"{sums[3, 9]:.4g} = Σ" in one


def test_the_three_stages_then_a_layer_then_a_neuron(vitrina: Vitrina, run: str) -> None:
    shown = vitrina("trace", run, "wine", "--row", 5)
    assert shown.status == 0, shown.err
    stages = [shown.out.index(title) for title in ("1 · forward propagation", "2 · the error", "3 · back propagation")]
    assert stages == sorted(stages)
    assert "proline" in shown.out  # inputs by their names
    told = json.loads(vitrina("trace", run, "wine", "--row", 5, "--json").out)
    layer = np.array(told["forward"]["dense_1"]["output"])
    unit = int(np.argmax(np.abs(layer)))
    assert f"#{unit} " in shown.out
    every = vitrina("trace", run, "wine", "--row", 5, "--layer", "dense_1").out
    assert f"{layer[unit]:.4g}" in every
    sums = told["forward"]["dense_1"]["weighted_sums"][unit]
    one = vitrina("trace", run, "wine", "--row", 5, "--layer", "dense_1", "--neuron", unit).out
    assert f"{sums:.4g} = Σ" in one
    assert f"{told['backward']['dense_1']['error_signals'][unit] + 0.0:.4g}" in one
    only = json.loads(vitrina("trace", run, "wine", "--row", 5, "--layer", "dense_2", "--json").out)
    assert list(only["forward"]) == list(only["backward"]) == ["dense_2"]
    assert "propagación hacia delante" in vitrina("trace", run, "wine", "--lang", "es").out.lower()


def test_json_holds_the_trace(vitrina: Vitrina, run: str) -> None:
    told = json.loads(vitrina("trace", run, "wine", "--row", 0, "--json").out)
    model = vt.load(run)
    trace = model.trace(np.array(told["input"]), told["error"]["target"])
    np.testing.assert_allclose(
        told["backward"]["dense_1"]["gradients"]["weight"], trace.backward["dense_1"].gradients["weight"]
    )
    assert told["error"]["value"] == pytest.approx(trace.error.value)


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--row", 999], 1, "178 rows"),
        (["--layer", "dense_9"], 2, "there are dense_1"),
        (["--neuron", 1], 2, "add --layer"),
        (["--layer", "dense_1", "--neuron", 999], 2, "no neuron 999"),
        (["--layer", "dense_1", "--neuron", 1, "--place", "a,b"], 2, "ROW,COLUMN"),
        (["--layer", "dense_1", "--neuron", 1, "--place", "1,2"], 2, "no place"),
    ],
)
def test_what_is_not_there_is_said(vitrina: Vitrina, run: str, arguments: list, status: int, words: str) -> None:
    failed = vitrina("trace", run, "wine", *arguments)
    assert (failed.status, words in failed.sentence) == (status, True), failed.err


def test_a_model_of_arrays_is_traced_on_an_npz(vitrina: Vitrina) -> None:
    x, y = np.random.default_rng(0).normal(size=(30, 4, 4, 1)), np.arange(30) % 2
    np.savez("data.npz", x=x, y=y)
    layers = (vt.Conv2D(2, 3, activation="relu"), vt.Flatten(), vt.Dense(2))
    vt.train((x, y), network=vt.Network(vt.Input((4, 4, 1)), *layers), epochs=1, engine="numpy").save("m.vitrina")
    assert "conv2d_1" in vitrina("trace", "m.vitrina", "data.npz", "--row", 2).out
    one = vitrina("trace", "m.vitrina", "data.npz", "--layer", "conv2d_1", "--neuron", 1, "--place", "1,0")
    assert "(1, 0)" in one.out
    assert vitrina("trace", "m.vitrina", "wine").status == 1


def test_a_trace_prints_itself(vitrina: Vitrina, run: str) -> None:
    trace = vt.load(run).trace(np.zeros(13), 1)
    assert "2 · the error" in repr(trace)
    assert trace._repr_html_().startswith("<pre>")


def test_a_number_is_told_in_the_unit_of_its_column(vitrina: Vitrina) -> None:
    rows = "".join(f"{place},{10_000 + 500 * place}\n" for place in range(60, 0, -1))
    Path("homes.csv").write_text("size,price\n" + rows)
    how = ("--target", "price", "--epochs", 1, "--engine", "numpy", "--out", "run")
    assert vitrina("train", "homes.csv", *how).status == 0
    shown = " ".join(vitrina("trace", "run", "homes.csv", "--row", 0).out.replace("│", "").split())
    answer = vt.load("run").predict("homes.csv")[0]
    assert "price" in shown
    assert f"{answer:,.0f}" in shown
    assert "40,000" in shown

"""The learning rate found: for a user who asks, and before a training that was given none."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vitrina as vt
from vitrina.errors import DataError, UsageError
from vitrina.find_rate import AROUND, BOLDEST, FEWEST_STEPS, SHARE, affordable
from vitrina.learning import Plan

NETWORK = vt.Network(vt.Input((6,)), vt.Dense(16, "relu"), vt.Dense(3))


def arrays(rows: int = 300, scale: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).normal(size=(rows, 6))
    return scale * x, np.argmax(x[:, :3], axis=1)


def test_the_suggestion_learns_better_than_the_ends_of_the_range() -> None:
    found = vt.find_learning_rate(NETWORK, arrays(), engine="numpy")
    assert found.decided
    rates = (found.test.rates[0], found.suggestion, found.test.rates[-1])
    errors = [
        vt.train(arrays(), network=NETWORK, engine="numpy", epochs=3, learning_rate=float(rate)).history["error"][-1]
        for rate in rates
    ]
    assert errors[1] == min(errors)


def test_what_is_found_is_found_again_and_goes_into_json_and_svg() -> None:
    found, again = (vt.find_learning_rate(None, "breast-cancer", engine="numpy", seed=3) for _ in range(2))
    assert found.to_json() == again.to_json()
    assert json.loads(json.dumps(found.to_json(), allow_nan=False))["suggestion"] == found.suggestion
    assert ElementTree.fromstring(found.to_svg()).tag.endswith("svg")
    assert f"{found.suggestion:g}" in str(found)


def test_inputs_that_are_far_too_large_are_told_of() -> None:
    found = vt.find_learning_rate(NETWORK, arrays(scale=1e30), engine="numpy", optimizer="sgd")
    assert not found.decided
    assert "scale the data" in found.why
    assert "usual rate of SGD" in found.why
    assert found.suggestion == vt.SGD().usual_rate
    assert ElementTree.fromstring(found.to_svg()).tag.endswith("svg")


def test_a_target_of_chance_is_flat() -> None:
    x, y = arrays(3000)
    found = vt.find_learning_rate(NETWORK, (0.0 * x, np.random.default_rng(1).permutation(y)), engine="numpy")
    assert not found.decided
    assert "flat" in found.why


def test_what_cannot_be_is_said_in_one_sentence() -> None:
    with pytest.raises(UsageError, match="batch_size must be"):
        vt.find_learning_rate(NETWORK, arrays(), batch_size=0)
    with pytest.raises(DataError, match="rows"):
        vt.find_learning_rate(NETWORK, (arrays()[0], arrays()[1][:-1]))


def taught(**settings: Any) -> vt.Model:
    return vt.train(arrays(), **({"network": NETWORK, "engine": "numpy", "epochs": 250, "seed": 1} | settings))


def test_a_training_without_a_rate_finds_one_that_its_settings_keep(tmp_path: Path) -> None:
    """SGD's usual 0.01 is far too low for inputs of a hundredth."""
    how = {"network": NETWORK, "engine": "numpy", "epochs": 250, "optimizer": "sgd", "seed": 1}
    model = vt.train(arrays(scale=0.1), out=tmp_path / "run", **how)
    rate = model.settings["optimizer"]["learning_rate"]
    assert vt.SGD().usual_rate < rate <= BOLDEST * vt.SGD().usual_rate
    assert "lowers the error" in model.settings["rate_why"]
    again = vt.train(arrays(scale=0.1), **how)
    for name, weight in model.weights.items():
        np.testing.assert_array_equal(again.weights[name], weight)
    assert json.loads((tmp_path / "run" / "settings.json").read_text("utf-8"))["optimizer"]["learning_rate"] == rate


@pytest.mark.parametrize("given", [{"learning_rate": 0.02}, {"optimizer": vt.Adam(0.02)}])
def test_a_rate_that_is_given_stays(given: dict[str, Any]) -> None:
    model = taught(**given, epochs=1)
    assert model.settings["optimizer"]["learning_rate"] == 0.02
    assert model.settings["rate_why"] == "given"


def test_a_short_test_does_not_raise_the_rate_of_steps_that_never_shrink() -> None:
    model = taught(optimizer="lion")
    assert model.settings["optimizer"]["learning_rate"] == vt.Lion().usual_rate
    assert "never shrink" in model.settings["rate_why"]


def test_a_short_training_takes_the_usual_rate_and_says_so() -> None:
    model = taught(epochs=2)
    assert model.settings["optimizer"]["learning_rate"] == vt.Adam().usual_rate
    assert "too short" in model.settings["rate_why"]


def test_where_the_usual_rate_is_as_good_as_any_it_stays() -> None:
    how: dict[str, Any] = {"network": NETWORK, "engine": "numpy", "epochs": 250, "batch_size": 16, "seed": 1}
    model = vt.train(arrays(scale=10.0), optimizer="sgd", **how)
    assert model.settings["optimizer"]["learning_rate"] == vt.SGD().usual_rate
    assert "no other is clearly better" in model.settings["rate_why"]


@pytest.mark.parametrize(("epochs", "rows"), [(1, 100), (10, 1000), (100, 5000), (1000, 100_000)])
def test_the_test_takes_at_most_a_tenth_of_the_steps(epochs: int, rows: int) -> None:
    plan = Plan(batch_size=32, epochs=epochs)
    steps = affordable(NETWORK, plan, rows)
    assert steps * (len(AROUND) + 1) <= SHARE * epochs * plan.steps_per_epoch(rows)


def test_a_large_network_is_not_tried_beforehand() -> None:
    large = vt.Network(vt.Input((32, 32, 3)), vt.Conv2D(64, 3), vt.Conv2D(64, 3), vt.Flatten(), vt.Dense(10))
    assert affordable(large, Plan(batch_size=128, epochs=100), 50_000) < FEWEST_STEPS

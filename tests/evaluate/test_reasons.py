"""Integrated gradients are complete, belong to columns, and agree with what can be worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import vitrina as vt
from vitrina.engines.numpy_engine import NumpyOps
from vitrina.errors import DataError, ModelError, UsageError
from vitrina.evaluate.reasons import TOLERANCE, attribute, explained
from vitrina.network.network import flatten


def model_of(network: vt.Network, seed: int = 0) -> vt.Model:
    """A model of random weights, whose running averages are not those it was built with."""
    params, state = network.build(seed)
    rng = np.random.default_rng(seed)
    moved = {name: np.abs(value + rng.normal(0.0, 0.3, value.shape)) + 0.1 for name, value in flatten(state).items()}
    return vt.Model(network, {name: 2.0 * value for name, value in flatten(params).items()}, moved)


NETWORKS = {
    "dense": vt.Network(vt.Input((5,)), vt.Dense(16, activation="relu"), vt.Dense(8, activation="tanh"), vt.Dense(3)),
    "one output": vt.Network(vt.Input((5,)), vt.Dense(16, activation="gelu"), vt.Dense(1), cost="binary_cross_entropy"),
    "batch norm": vt.Network(
        vt.Input((5,)), vt.Dense(16), vt.BatchNorm(), vt.Activation("relu"), vt.Dropout(0.5), vt.Dense(2)
    ),
    "convolution": vt.Network(
        vt.Input((8, 8, 2)),
        vt.Conv2D(4, 3, activation="relu"),
        vt.BatchNorm(),
        vt.MaxPool2D(2),
        vt.Flatten(),
        vt.Dense(3),
    ),
    "residual": vt.Network(vt.Input((5,)), vt.Residual(vt.Dense(5, activation="relu")), vt.LayerNorm(), vt.Dense(2)),
    "numbers": vt.Network(vt.Input((5,)), vt.Dense(8, activation="silu"), vt.Dense(2), cost="mean_squared_error"),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_attributions_add_up_to_what_changed(name: str) -> None:
    network = NETWORKS[name]
    rng = np.random.default_rng(3)
    x, baseline = rng.normal(size=(7, *network.input_shape)), rng.normal(size=network.input_shape)
    found = attribute(model_of(network), x, baseline, np.arange(7) % 2)
    change = found.end - found.start
    assert np.abs(change).max() > 0.1
    assert (np.abs(found.gap) <= TOLERANCE * np.maximum(1.0, np.abs(change))).all()
    assert found.heat.shape == ((7, 8, 8) if name == "convolution" else x.shape)


@pytest.mark.parametrize("name", ["dense", "one output", "numbers"])
def test_what_is_explained_has_the_slope_of_finite_differences(name: str) -> None:
    network, step = NETWORKS[name], 1e-6
    raw = np.random.default_rng(0).normal(size=(4, *network.output_shape))
    of = np.arange(4) % 2
    _, slope = explained(network, raw, of)
    for place in range(raw.shape[1]):
        moved = np.zeros_like(raw)
        moved[:, place] = step
        by_hand = (explained(network, raw + moved, of)[0] - explained(network, raw - moved, of)[0]) / (2.0 * step)
        assert slope[:, place] == pytest.approx(by_hand, abs=1e-8)


def test_a_classes_log_odds_are_explained() -> None:
    network = NETWORKS["dense"]
    raw = np.random.default_rng(0).normal(size=(4, 3))
    share = network.cost.readable(NumpyOps("float64"), raw)[:, 1]
    value, _ = explained(network, raw, np.ones(4, np.int64))
    assert value == pytest.approx(np.log(share / (1.0 - share)))


def test_of_a_straight_model_each_input_gets_weight_times_distance() -> None:
    network = vt.Network(vt.Input((3,)), vt.Dense(1), cost="binary_cross_entropy")
    weight = np.array([[1.0], [-2.0], [0.0]])
    model = vt.Model(network, {"dense_1/weight": weight, "dense_1/bias": np.array([0.3])})
    explanation = model.explain(np.array([[2.0, 1.0, 9.0]]), of=1, baseline=[1.0, 0.0, 0.0])
    assert explanation.contributions[0] == pytest.approx([1.0, -2.0, 0.0])
    assert explanation.top(0) == [("input 1", pytest.approx(-2.0)), ("input 0", pytest.approx(1.0))]
    assert model.explain(np.array([[2.0, 1.0, 9.0]]), of=0).contributions[0] == pytest.approx([-2.0, 2.0, 0.0])


def test_one_hot_parts_and_waves_belong_to_their_column() -> None:
    rng = np.random.default_rng(0)
    days = [f"2024-{1 + row % 12:02d}-{1 + row % 28:02d} {row % 24:02d}:00" for row in range(200)]
    table: dict[str, Any] = {
        "size": rng.normal(size=200).tolist(),
        "colour": rng.choice(["red", "blue", "green"], 200).tolist(),
        "sold": days,
    }
    table["good"] = ["yes" if s > 0 else "no" for s in table["size"]]
    model = vt.train(table, target="good", epochs=60, engine="numpy", seed=0)
    explanation = model.explain({name: table[name][:30] for name in ("size", "colour", "sold")}, of=1)
    assert explanation.names == ("size", "colour", "sold")
    assert explanation.inputs.shape[1] == len(model.recipe.input_names) > 3
    assert explanation.contributions.sum(axis=1) == pytest.approx(explanation.inputs.sum(axis=1))
    change = explanation.end - explanation.start
    assert explanation.contributions.sum(axis=1) == pytest.approx(change, rel=TOLERANCE, abs=TOLERANCE)
    assert np.abs(explanation.contributions).mean(axis=0).argmax() == 0  # the size is all that counts


def test_what_cannot_be_explained_says_why() -> None:
    tokens = vt.Network(vt.Input((4,)), vt.Embedding(10, 3), vt.Flatten(), vt.Dense(2))
    with pytest.raises(ModelError, match="embedding_1"):
        model_of(tokens).explain(np.zeros((1, 4)))
    model = model_of(NETWORKS["dense"])
    with pytest.raises(UsageError, match="from 0 to 2"):
        model.explain(np.zeros((1, 5)), of=3)
    with pytest.raises(DataError, match="baseline"):
        model.explain(np.zeros((1, 5)), baseline=[0.0])

"""A layer without a backward pass: the engine differentiates its forward pass, and NumPy says that it cannot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from tests.network.cases import assert_close, flat_names
from tests.network.on_engines import compute
from vitrina.errors import EngineError
from vitrina.learning.stages import back_propagation, error, forward_propagation
from vitrina.network import Branches, Context, Dense, Dropout, Input, Layer, LayerNorm, Network, Residual, Sequential


@dataclass(frozen=True)
class Bilinear(Layer):
    """y = (x · left) * tanh(x · right), with a count of how often it was used."""

    units: int

    def output_shape(self, input_shape: Any) -> Any:
        return (self.units,)

    def build(self, input_shape: Any, rng: np.random.Generator) -> Any:
        left, right = rng.normal(size=(2, input_shape[-1], self.units))
        return (self.units,), {"left": left, "right": right}, {"used": np.zeros(1)}

    def forward(self, ops: Any, params: Any, state: Any, x: Any, context: Context) -> Any:
        y = ops.matmul(x, params["left"]) * ops.tanh(ops.matmul(x, params["right"]))
        return y, None, {"used": state["used"] + 1.0}


@dataclass(frozen=True)
class BilinearByHand(Bilinear):
    """The same with its backward pass."""

    def forward(self, ops: Any, params: Any, state: Any, x: Any, context: Context) -> Any:
        a, b = ops.matmul(x, params["left"]), ops.tanh(ops.matmul(x, params["right"]))
        return a * b, (x, a, b), {"used": state["used"] + 1.0}

    def backward(self, ops: Any, params: Any, saved: Any, dy: Any) -> Any:
        x, a, b = saved
        da, db = dy * b, dy * a * (1.0 - b * b)
        dx = ops.matmul(da, ops.transpose(params["left"])) + ops.matmul(db, ops.transpose(params["right"]))
        return dx, {"left": ops.matmul(ops.transpose(x), da), "right": ops.matmul(ops.transpose(x), db)}


PLACES = {
    "first": lambda layer: (layer(4), Dense(3)),
    "last": lambda layer: (Dense(4, "tanh"), layer(3)),
    "inside": lambda layer: (
        Residual(Dense(5, "silu"), Sequential(layer(6), Dropout(0.3)), Dense(4), shortcut=layer(4)),
        Branches(layer(2), Dense(2), layer(3), merge="concatenate"),
        LayerNorm(),
        Dense(3),
    ),
}


def slopes(ops: Any, network: Network, tree: Any) -> dict[str, Any]:
    context = Context(training=True, key=ops.key(1, ops.array(np.int32(1))), weight=tree["weight"])
    given = (ops, network, tree["params"], tree["state"], tree["x"], context)
    prediction, saved, state = forward_propagation(*given)
    value, dprediction = error(ops, network, prediction, tree["y"], tree["weight"])
    gradients = back_propagation(ops, network, tree["params"], saved, dprediction)
    _, saved, _ = forward_propagation(*given)  # a way back uses up what was saved for it
    dx = network.root.backward(ops, tree["params"], saved, dprediction)[0]
    return {"error": value, "dx": dx} | flat_names(gradients) | {f"state {n}": v for n, v in flat_names(state).items()}


def numbers(network: Network, rng: np.random.Generator) -> Any:
    params, state = network.build(0)
    x, y = rng.normal(size=(5, 4)), rng.integers(0, 3, 5)
    return {"params": params, "state": state, "x": x, "y": y, "weight": np.array([1.0, 2.0, 1.0, 0.0, 1.0])}


def renamed(arrays: dict[str, Any]) -> dict[str, Any]:
    return {name.replace("bilinear_by_hand", "bilinear"): array for name, array in arrays.items()}


@pytest.mark.parametrize("place", PLACES)
def test_the_engine_differentiates_what_has_no_backward_pass(engine, place, rng):
    network, by_hand = (Network(Input(4), *PLACES[place](layer)) for layer in (Bilinear, BilinearByHand))
    tree = numbers(by_hand, rng)
    expected = renamed(compute("numpy", "float64", lambda ops, tree: slopes(ops, by_hand, tree), tree))
    if engine == "numpy":
        with pytest.raises(EngineError, match=r"NumPy cannot differentiate.*engine='jax', 'torch' or 'tensorflow'"):
            compute("numpy", "float64", lambda ops, tree: slopes(ops, network, tree), numbers(network, rng))
        return
    tree = numbers(network, np.random.default_rng(20240229))
    found = compute(engine, "float64", lambda ops, tree: slopes(ops, network, tree), tree)
    assert set(found) == set(expected)
    for name, array in found.items():
        assert_close(array, expected[name], 1e-9, f"{engine}: {name}")
    assert any("used" in name and array[0] == 1.0 for name, array in found.items())


def test_numpy_still_predicts_with_it(rng):
    network = Network(Input(4), *PLACES["inside"](Bilinear))
    tree = numbers(network, rng)

    def predict(ops: Any, tree: Any) -> dict[str, Any]:
        return {"y": forward_propagation(ops, network, tree["params"], tree["state"], tree["x"], Context())[0]}

    assert np.isfinite(compute("numpy", "float64", predict, tree)["y"]).all()

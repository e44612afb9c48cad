"""An engine's own kernels for whole layers are those layers: as NumPy has them in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.engines.variants import EVERY
from vitrina.engines import get
from vitrina.engines.engine import tree_map
from vitrina.network import Activation, Attention, BatchNorm, Context, Layer, LayerNorm
from vitrina.network.ops import Kernels, Ops

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")  # torch 2.13 warns of itself
OWN = [one for one in EVERY if str(one.values[0]).startswith("torch")]  # the others have no kernels of their own
CASES: list[tuple[str, Layer, tuple[int, ...]]] = [
    ("batch_norm", BatchNorm(), (6, 3)),
    ("batch_norm", BatchNorm(), (2, 4, 3, 5)),
    ("batch_norm", BatchNorm(), (3, 7, 2)),
    ("layer_norm", LayerNorm(), (6, 3)),
    ("layer_norm", LayerNorm(), (2, 5, 8)),
    ("attention", Attention(2), (3, 7, 8)),
    ("attention", Attention(1, causal=True), (2, 5, 4)),
    ("attention", Attention(2, causal=True), (1, 600, 4)),  # longer than a block
    ("gelu", Activation("gelu"), (6, 3)),
    ("gelu_gradient", Activation("gelu"), (2, 5, 3)),
]


class Without:
    """Operations whose kernels are taken away."""

    def __init__(self, ops: Ops) -> None:
        self._ops, self.kernels = ops, Kernels()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ops, name)


def both_ways(ops: Any, layer: Layer, params: Any, state: Any, x: Any, dy: Any) -> dict[str, Any]:
    y, saved, after = layer.forward(ops, params, state, x, Context(training=True))
    dx, gradients = layer.backward(ops, params, saved, dy)
    return {"y": y, "dx": dx, **gradients, **after}


@pytest.mark.parametrize(("kernel", "layer", "shape"), CASES, ids=str)
@pytest.mark.parametrize("engine", OWN)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_it_is_the_layer(engine: str, dtype: str, kernel: str, layer: Layer, shape: tuple[int, ...]) -> None:
    made = get(engine, dtype)
    if getattr(made.ops.kernels, kernel) is None:
        pytest.skip(f"{engine} has none of its own")
    rng = np.random.default_rng(3)
    x, dy = (rng.normal(2.0, 3.0, shape) for _ in range(2))
    _, params, state = layer.build(shape[1:], rng)
    params = tree_map(lambda array: rng.normal(size=array.shape), params)

    given = (params, state, x, dy)
    wanted = both_ways(get("numpy", "float64").ops, layer, *given)
    found = made.get(both_ways(made.ops, layer, *(made.put(tree) for tree in given)))
    close = 2e-4 if dtype == "float32" else 1e-9
    largest = max(np.abs(array).max() for array in wanted.values())  # some slopes are 0: a key's bias moves no share
    for name, array in wanted.items():
        np.testing.assert_allclose(found[name], array, rtol=close, atol=close * largest, err_msg=name)


@pytest.mark.parametrize("engine", EVERY)
def test_who_looks_at_whom_is_known_where_no_table_was_kept(engine: str) -> None:
    made, layer, rng = get(engine), Attention(2, causal=True), np.random.default_rng(5)
    x = rng.standard_normal((3, 6, 8))
    params = made.put(layer.build((6, 8), rng)[1])

    def shares(ops: Any) -> np.ndarray:
        _, saved, _ = layer.forward(ops, params, {}, made.put(x), Context())
        return made.get(layer.shares(ops, saved))

    np.testing.assert_allclose(shares(made.ops), shares(Without(made.ops)), atol=1e-6)
    np.testing.assert_allclose(shares(made.ops).sum(axis=-1), 1.0, atol=1e-6)

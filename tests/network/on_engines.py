"""Running something once on an engine's operations: on JAX compiled, for each of its operations compiles on its own otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from vitrina import engines
from vitrina.engines.engine import tree_map
from vitrina.engines.registry import ENGINES, is_installed
from vitrina.network.ops import Ops

Arrays = dict[str, np.ndarray]
FRAMEWORKS = {  # whose differentiation judges: the operations that are judged by it (one engine may have two ways to convolve)
    "jax": ("jax", "jax:own convolution"),
    "torch": ("torch",),
    "tensorflow": ("tensorflow:graph", "tensorflow:xla"),
}
QUICKLY = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}  # compiled to be run once


def need(name: str) -> None:
    """Skips the test if the engine is not installed, and says so."""
    if not is_installed(name):
        pytest.skip(f"engine {name} is not installed: {ENGINES[name].install}")


def compute(name: str, dtype: str, function: Callable[[Ops, Any], Any], numbers: Any) -> Any:
    """`function(ops, numbers)` with the operations of an engine; nested dicts of NumPy arrays in and out."""
    name, _, variant = name.partition(":")
    engine = engines.get(name, dtype, None if name == "jax" else variant or None)
    if name != "jax":
        return engine.get(function(engine.ops, engine.put(numbers)))
    import jax

    from vitrina.engines.jax_engine import JaxOps

    ops = JaxOps(dtype, own_convolution=True) if variant else engine.ops
    with jax.enable_x64(dtype == "float64"):
        given = engine.put(numbers)
        compiled = jax.jit(lambda numbers: function(ops, numbers)).lower(given).compile(compiler_options=QUICKLY)
        return engine.get(compiled(given))


def compute_all(
    name: str, dtype: str, functions: dict[str, Callable[[Ops, Any], Any]], numbers: Any
) -> dict[str, Arrays]:
    """Many of them at once, because compiling is what takes time: {key: function(ops, numbers[key])}."""

    def everything(ops: Ops, tree: Any) -> Any:
        return {key: function(ops, tree[key]) for key, function in functions.items()}

    return compute(name, dtype, everything, tree_map(lambda array: array, {key: numbers[key] for key in functions}))

"""Short trainings for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from vitrina import engines
from vitrina.engines.compiler import has_cxx_compiler
from vitrina.engines.engine import Engine
from vitrina.engines.registry import ENGINES, is_installed
from vitrina.learning import SGD, Adam, Checkpoint, ConstantRate, Examples, Learner, Optimizer, Plan, Recipe, Schedule
from vitrina.network import (
    Activation,
    BatchNorm,
    Branches,
    Conv2D,
    Cost,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    Input,
    LayerNorm,
    MaxPool2D,
    Network,
    Residual,
    Sequential,
)
from vitrina.network.network import flatten

Weights = dict[str, np.ndarray]

VARIANTS = [f"{name}:{variant}" for name, entry in ENGINES.items() for variant in entry.variants]
COMPILED = "torch:compiled"  # takes half a minute to compile a network of convolutions
QUICK_VARIANTS = [pytest.param(name, marks=[pytest.mark.slow] * (name == COMPILED)) for name in VARIANTS]

DENSE = Network(
    Input(6),
    Dense(8, "relu"),
    Residual(Dense(8, "gelu"), Dropout(0.2), LayerNorm()),
    Dense(8, "tanh"),
    Dense(3),
)


def _before_norm(filters: int, size: int) -> Conv2D:
    """Without a bias: the normalisation would take it off again, and so it would never learn."""
    return Conv2D(filters, size, padding="same", use_bias=False)


CONV = Network(
    Input((7, 6, 2)),
    _before_norm(4, 3),
    BatchNorm(),
    Activation("relu"),
    Residual(Conv2D(4, 1, activation="silu"), Dropout(0.3), _before_norm(4, 3), BatchNorm()),
    MaxPool2D(2),
    Branches(Conv2D(3, 2), Sequential(Conv2D(2, (2, 2), stride=1, activation="elu"), BatchNorm())),
    Branches(Flatten(), GlobalAveragePool()),
    Dense(3),
)
NETWORKS = {"dense": DENSE, "convolutions": CONV}


def need(name: str) -> None:
    """Skips the test if the engine cannot be had here, and says so."""
    name, _, variant = name.partition(":")
    if not is_installed(name):
        pytest.skip(f"engine {name} is not installed: {ENGINES[name].install}")
    if variant == "compiled" and not has_cxx_compiler():
        pytest.skip("torch.compile needs a C++ compiler")


def examples(network: Network, rows: int = 40, seed: int = 0, weight: Any = None) -> Examples:
    """Random inputs, and targets that depend on them."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, *network.input_shape))
    flat = x.reshape(rows, -1)
    if network.cost.classifies:
        y = np.argmax(flat @ rng.normal(size=(flat.shape[1], network.output_shape[-1])), axis=1)
    else:
        y = np.tanh(flat @ rng.normal(size=(flat.shape[1], network.output_shape[-1])))
    return Examples(x, y, weight)


def learner_for(
    network: Network,
    taught: Examples,
    *,
    engine: str | Engine = "numpy",
    dtype: str = "float64",
    optimizer: Optimizer | None = None,
    schedule: Schedule | None = None,
    validation: Examples | None = None,
    batch_size: int = 8,
    epochs: int = 4,
    seed: int = 0,
    shuffle: bool = True,
    patience: int | None = None,
    gradient_clip: float | None = None,
    weight_average: float = 0.0,
    callbacks: Sequence[object] = (),
    weights: Any = None,
    save: Callable[[Checkpoint], None] | None = None,
    save_every: float = 5.0,
) -> Learner:
    plan = Plan(batch_size, epochs, seed, shuffle, patience)
    steps = plan.steps_per_epoch(taught.rows) * epochs
    how = optimizer or Adam(0.01), schedule or ConstantRate(), steps, seed, gradient_clip
    recipe = Recipe(network, *how, weight_average=weight_average)
    where = engines.get(engine, dtype) if isinstance(engine, str) else engine
    return Learner(where, recipe, plan, taught, validation, weights, callbacks, save, save_every)


def teach(network: Network, taught: Examples, **how: Any) -> Learner:
    learner = learner_for(network, taught, **how)
    learner.run()
    return learner


def outcome(learner: Learner) -> Weights:
    """All that was learned: parameters and state by readable name."""
    params, state = learner.result()
    return flatten(params) | {f"state {name}": array for name, array in flatten(state).items()}


def assert_same(found: Weights, expected: Weights, what: str = "") -> None:
    """Bit for bit."""
    assert set(found) == set(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array, err_msg=f"{what} {name}")


def assert_near(found: Weights, expected: Weights, relative: float, what: str = "") -> None:
    assert set(found) == set(expected)
    for name, array in expected.items():
        np.testing.assert_allclose(found[name], array, rtol=relative, atol=relative, err_msg=f"{what} {name}")


def moved(found: Weights, network: Network, seed: int = 0) -> float:
    """The smallest change of any parameter array: 0 if some layer learned nothing."""
    first = flatten(network.build(seed)[0])
    return min(float(np.abs(found[name] - first[name]).max()) for name in first)


def linear(inputs: int = 3, outputs: int = 1, cost: str | Cost = "mean_squared_error") -> Network:
    return Network(Input(inputs), Dense(outputs), cost=cost)


PLAIN = SGD(0.1)

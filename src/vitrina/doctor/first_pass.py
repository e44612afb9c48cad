"""The first step, taken in thought: how signals and slopes stand in every layer before anything has been learned."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from vitrina import engines
from vitrina.engines.engine import whole_batch
from vitrina.errors import VitrinaError
from vitrina.glass.look import SATURATED, is_shown
from vitrina.learning.step import Carried, Recipe, start, training_step
from vitrina.network.ensemble import EnsembleDense
from vitrina.network.network import Network, flatten
from vitrina.network.ops import Array, Ops
from vitrina.network.watching import Passed

ROWS, FLOPS = 128, 2e9  # rows that are looked at, and what may be computed for them
TABLES = ("Embedding", "PositionalEmbedding")  # whose weights are looked up or added, and multiply nothing
FAMILIES = {"relu": 2.0, "leaky_relu": 2.0, "elu": 1.5, "gelu": 2.0, "silu": 2.0, "softplus": 1.0}


@dataclass(frozen=True)
class LayerStart:
    """One layer before the first step.

    spread: of its outputs between examples, the mean over its units; size: the root mean square of its outputs; likeness: the
    mean cosine between the outputs of two examples; dead: the share of units that give 0 for every example; saturated: of its
    outputs, those at the flat ends of the activation, NaN where there are none; signal: the root mean square of the error
    signal. weight, ideal: the root mean square of its weights, and what suits its activation (He et al. 2015, Glorot and
    Bengio 2010), NaN without weights; same: True if all units have the same weights; even: True if all inputs have.
    gradient, update: Euclidean norms of the
    gradient and of what the optimizer would change, over all its parameters; norm: of the parameters; inputs, units: how many
    numbers come into a unit, and how many units there are.
    """

    name: str
    kind: str
    activation: str
    inputs: int
    units: int
    spread: float
    size: float
    likeness: float
    dead: float
    saturated: float
    signal: float
    weight: float
    ideal: float
    same: bool
    even: bool
    gradient: float
    update: float
    norm: float


@dataclass(frozen=True)
class FirstPass:
    """error: the cost of the first batch as the network stands; answers_spread: of its raw outputs between examples."""

    error: float
    layers: list[LayerStart]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def first_pass(recipe: Recipe, x: np.ndarray, y: np.ndarray, params: Any, state: Any) -> FirstPass | None:
    """A look at the step that comes first. None where a layer has no backward pass that NumPy could run.

    x (rows, *input shape), y: training examples, of which some are used; params, state: nested NumPy arrays.
    """
    network = recipe.network
    rows = max(4, min(ROWS, len(x), int(FLOPS / max(1.0, 3.0 * network.flops))))
    some = np.random.default_rng(0).permutation(len(x))[:rows]
    engine = engines.get("numpy", "float64")
    try:
        run = engine.compile(training_step(recipe, observer=_observe), donate=False)
        data = engine.put({"x": np.nan_to_num(x[some]), "y": y[some]})
        with np.errstate(all="ignore"):
            _, measured = run(engine.put(start(recipe, params, state)), data, whole_batch(len(some)))
    except (VitrinaError, FloatingPointError):
        return None
    return FirstPass(float(measured["error"][0]), _layers(network, measured, params))


def _observe(ops: Ops, passed: Sequence[Passed], before: Carried, after: Carried) -> Mapping[str, Array]:
    found: dict[str, Array] = {}
    was, became = flatten(before["params"]), flatten(after["params"])
    for one in passed:
        if not is_shown(one.layer):
            continue
        found[f"{one.name}|y"] = one.y
        found[f"{one.name}|signal"] = one.error_signal(ops) if one.has_sums else one.dy
        for name, gradient in flatten(one.own_gradients).items():
            found[f"{one.name}|gradient|{name}"] = gradient
            found[f"{one.name}|update|{name}"] = became[f"{one.name}/{name}"] - was[f"{one.name}/{name}"]
    return found


def _layers(network: Network, measured: Mapping[str, np.ndarray], params: Any) -> list[LayerStart]:
    flat = flatten(params)
    found: list[LayerStart] = []
    for name, layer, _ in network.walk():
        if f"{name}|y" not in measured:
            continue
        y, signal = measured[f"{name}|y"][0], measured[f"{name}|signal"][0]
        own = {key.removeprefix(f"{name}/"): value for key, value in flat.items() if key.rpartition("/")[0] == name}
        weight = own.get("weight")
        activation = str(getattr(layer, "activation", getattr(layer, "function", "")) or "")
        units = y.reshape(-1, y.shape[-1])
        multiplies = weight is not None and weight.ndim > 1 and type(layer).__name__ not in TABLES
        own_axes = 1 if isinstance(layer, EnsembleDense) else 0  # a neuron has the weights of its own member
        inputs = int(np.prod(weight.shape[own_axes:-1])) if multiplies and weight is not None else 0
        low, high = SATURATED.get(activation, (math.nan, math.nan))
        parts = {
            kind: [v[0] for key, v in measured.items() if key.startswith(f"{name}|{kind}|")]
            for kind in ("gradient", "update")
        }
        found.append(
            LayerStart(
                name,
                type(layer).__name__,
                activation,
                inputs,
                y.shape[-1],
                _number(y.reshape(len(y), -1).std(axis=0).mean()),
                _rms(y),
                _likeness(y),
                _number((units == 0.0).all(axis=0).mean()),
                _number(((y <= low) | (y >= high)).mean()) if activation in SATURATED else math.nan,
                _rms(signal),
                _rms(weight) if inputs else math.nan,
                math.sqrt(FAMILIES.get(activation, 1.0) / inputs) if inputs else math.nan,
                bool(inputs and weight is not None and weight.shape[-1] > 1 and np.ptp(weight, axis=-1).max() == 0.0),
                bool(
                    inputs and weight is not None and np.ptp(weight.reshape(-1, weight.shape[-1]), axis=0).max() == 0.0
                ),
                _norm(parts["gradient"]),
                _norm(parts["update"]),
                _norm(list(own.values())),
            )
        )
    return found


def _likeness(y: np.ndarray) -> float:
    """The mean cosine between what two examples make of a layer."""
    flat = y.reshape(len(y), -1)
    size = np.linalg.norm(flat, axis=1, keepdims=True)
    known = flat[size[:, 0] > 0] / size[size > 0][:, None]
    if len(known) < 2 or not np.isfinite(known).all():
        return math.nan
    total = known.sum(axis=0)
    return float((total @ total - len(known)) / (len(known) * (len(known) - 1)))


def _rms(values: Any) -> float:
    return _number(np.sqrt(np.mean(np.square(np.asarray(values, np.float64)))))


def _norm(arrays: Sequence[np.ndarray]) -> float:
    return _number(math.sqrt(sum(float(np.sum(np.square(array))) for array in arrays))) if arrays else math.nan


def _number(value: Any) -> float:
    return float(value)

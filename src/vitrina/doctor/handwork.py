"""Whether what a user wrote by hand is right: the backward pass of own layers, and the slope and sign of own costs."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from vitrina.engines.numpy_engine import NumpyOps
from vitrina.learning.stages import forward_propagation
from vitrina.network.costs import COSTS
from vitrina.network.layer import Context, Layer
from vitrina.network.network import Network, flatten, nest
from vitrina.network.watching import Passed, Watch

ROWS = 4
TINY = 1e-6  # the step of a finite difference, in float64
# Of their size, how far numbers are moved before slopes are measured: where an image is black, the sums of a filter without bias are
# exactly 0, where relu has no slope, and a finite difference takes the mean of its two sides for one.
OFF = 1e-3
OURS = "vitrina."


@dataclass(frozen=True)
class Handwork:
    """wrong: of each layer's slope that disagrees with finite differences, {"layer", "of", "analytic", "numeric"}; none: the
    slopes that are exactly 0 and should not be. cost_slope: the cost's own slope over the numeric one, 1 if it is right;
    cost_better, cost_worse: the cost of good answers and of bad ones; cost_doubled: the cost of every example twice over the
    cost of each once, 1 for a mean; cost_scale: the cost of saying nothing over that of cross-entropy, or of the mean squared
    error. All NaN where it could not be measured."""

    wrong: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    none: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    cost_slope: float = math.nan
    cost_better: float = math.nan
    cost_worse: float = math.nan
    cost_doubled: float = math.nan
    cost_scale: float = math.nan

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def is_ours(thing: Any) -> bool:
    """False for a class that a user wrote."""
    return type(thing).__module__.startswith(OURS)


def check_handwork(
    network: Network, x: np.ndarray, y: np.ndarray, params: Any, state: Any, every: bool = False
) -> Handwork:
    """Checks what is not Vitrina's own; with `every`, all layers. x, y: some examples; params, state: nested arrays."""
    own = {name for name, layer, _ in network.walk() if every or not is_ours(layer)}
    wrong: list[dict[str, Any]] = []
    none: list[dict[str, Any]] = []
    if own:
        ops, watch = NumpyOps("float64"), Watch()
        doubles = nest({name: np.asarray(value, np.float64) for name, value in flatten(params).items()})
        with np.errstate(all="ignore"):
            try:
                forward_propagation(ops, network, doubles, state, x[:ROWS].astype(np.float64), Context(watch=watch))
            except Exception:  # what goes wrong there is told by the training itself
                return Handwork()
            for one in watch.passed:
                if one.name in own and not one.holds_layers and one.layer.has_backward:
                    _check_layer(ops, one, state, wrong, none)
    if is_ours(network.cost) and not every:
        return Handwork(wrong, none)
    return Handwork(wrong, none, **_check_cost(network, y))


def _check_layer(ops: NumpyOps, one: Passed, state: Any, wrong: list[Any], none: list[Any]) -> None:
    """The slope of Σ dy·y along a random direction, by the layer and by finite differences."""
    rng = np.random.default_rng(0)
    layer, x = one.layer, np.asarray(one.x, np.float64)
    # whole numbers may be codes, which are cut to whole ones and looked up: a little above is the same
    whole = np.array_equal(x, np.round(x))
    x = x + (OFF * np.abs(rng.normal(size=x.shape)) if whole else _off(x, rng))
    one = dataclasses.replace(one, params=nest({name: v + _off(v, rng) for name, v in _doubles(one.params).items()}))
    own = state
    for part in one.name.split("/"):
        own = own.get(part, {}) if isinstance(own, dict) else {}
    try:
        y, saved, _ = layer.forward(ops, one.params, own, x, Context())
        dy = rng.normal(size=np.shape(y))
        dx, gradients = layer.backward(ops, one.params, saved, dy)
    except Exception:
        return
    flat = flatten(one.params)
    slopes = {"its inputs": dx, **flatten(gradients)}
    for name, slope in slopes.items():
        value = x if name == "its inputs" else np.asarray(flat[name], np.float64)
        if slope is None or np.shape(slope) != value.shape or not value.size:
            continue
        way = rng.normal(size=value.shape)
        numeric = (
            _moved(ops, layer, one, own, x, name, way, TINY, dy) - _moved(ops, layer, one, own, x, name, way, -TINY, dy)
        ) / (2 * TINY)
        analytic = float(np.sum(slope * way))
        told = {"layer": one.name, "of": name, "analytic": analytic, "numeric": numeric}
        if abs(analytic - numeric) > 1e-3 * max(abs(analytic), abs(numeric), 1e-6):
            (none if not np.any(slope) else wrong).append(told)


def _doubles(params: Any) -> dict[str, np.ndarray]:
    return {name: np.asarray(value, np.float64) for name, value in flatten(params).items()}


def _off(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A little more or less of each number, OFF times their root mean square (of nothing but zeros, OFF)."""
    size = float(np.sqrt(np.mean(np.square(values)))) if values.size else 0.0
    return OFF * (size or 1.0) * rng.normal(size=values.shape)


def _moved(
    ops: NumpyOps,
    layer: Layer,
    one: Passed,
    state: Any,
    x: np.ndarray,
    name: str,
    way: np.ndarray,
    far: float,
    dy: np.ndarray,
) -> float:
    params = one.params
    if name == "its inputs":
        x = x + far * way
    else:
        params = nest({key: value + far * way if key == name else value for key, value in flatten(one.params).items()})
    return float(np.sum(dy * layer.forward(ops, params, state, x, Context())[0]))


def _check_cost(network: Network, y: np.ndarray) -> dict[str, float]:
    """A cost is to be smaller for better answers, the mean of its examples, and its slope its own."""
    ops, cost, outputs = NumpyOps("float64"), network.cost, network.output_shape
    some = y[: 4 * ROWS]
    ones = np.ones(len(some))
    good, bad = _answers(some, outputs, cost.link if cost.classifies else "linear")
    if good is None:
        return {}
    half = 0.5 * (good + bad)
    try:
        better, worse = (float(cost.value(ops, answer, some, ones)) for answer in (good, bad))
        once = float(cost.value(ops, half, some, ones))
        twice = float(
            cost.value(ops, np.concatenate([half, half]), np.concatenate([some, some]), np.ones(2 * len(some)))
        )
        way = np.random.default_rng(0).normal(size=half.shape)
        slope = float(np.sum(cost.gradient(ops, half, some, ones) * way))
        moved = [float(cost.value(ops, half + far * way, some, ones)) for far in (TINY, -TINY)]
    except Exception:
        return {}
    numeric = (moved[0] - moved[1]) / (2 * TINY)
    return {
        "cost_slope": slope / numeric if abs(numeric) > 1e-12 else math.nan,
        "cost_better": better,
        "cost_worse": worse,
        "cost_doubled": twice / once if abs(once) > 1e-12 else math.nan,
        "cost_scale": _scale(ops, network, some, half, once),
    }


def _answers(y: np.ndarray, outputs: tuple[int, ...], link: str) -> tuple[Any, Any]:
    """Raw outputs that are right, and such that are wrong, for these targets."""
    if len(outputs) != 1:
        return None, None
    count = outputs[0]
    flat = y.reshape(len(y), -1)
    whole = (
        flat.shape[1] == 1
        and count > 1
        and np.array_equal(flat, np.floor(flat))
        and flat.min() >= 0
        and flat.max() < count
    )
    if whole or (link == "softmax" and count > 1):
        codes = flat[:, 0].astype(int) if flat.shape[1] == 1 else flat.argmax(axis=1)
        return 3.0 * np.eye(count)[codes], 3.0 * np.eye(count)[(codes + 1) % count]
    if flat.shape[1] != count:
        return None, None
    truth = flat.astype(np.float64)
    if link == "sigmoid":
        return 6.0 * truth - 3.0, 3.0 - 6.0 * truth
    return truth, truth + 2.0 * (truth.std() or 1.0) * np.where(np.arange(len(truth)) % 2, 1.0, -1.0)[:, None]


def _scale(ops: NumpyOps, network: Network, y: np.ndarray, answers: np.ndarray, value: float) -> float:
    outputs = network.output_shape[0]
    plain = COSTS[
        "cross_entropy" if answers.shape != y.reshape(len(y), -1).shape and outputs > 1 else "mean_squared_error"
    ]
    if network.cost.classifies and outputs == 1:
        plain = COSTS["binary_cross_entropy"]
    usual = float(plain.value(ops, answers, y, np.ones(len(y))))
    return value / usual if abs(usual) > 1e-12 else math.nan

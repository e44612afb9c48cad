"""What one look at a training step sees: statistics of every layer and neuron, computed where the step is computed.

A look is a step of the very training, with the weights of that moment and the batch that comes next (of a large network with
some of its examples), whose result is thrown away. So looking cannot change what is learned, not by a bit, and what is seen
is what the step then does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from vitrina.learning.step import Carried
from vitrina.network.containers import Branches, Residual
from vitrina.network.ensemble import EnsembleDense
from vitrina.network.layer import Layer
from vitrina.network.network import flatten
from vitrina.network.ops import Array, Ops
from vitrina.network.watching import Passed

MOST_UNITS = 4096  # neurons of a layer that are looked at one by one; beyond, every second, third, ...
SAMPLE = 2048  # values of which a histogram is made
BARS = 24
QUIET = ("Flatten", "Reshape", "Dropout")  # nothing happens there that is not seen on either side

# From where on an activation hardly answers to its input any more: its slope is below a twentieth of its steepest.
SATURATED = {"tanh": (-0.975, 0.975), "sigmoid": (0.0125, 0.9875), "hard_sigmoid": (0.0, 1.0)}


def is_shown(layer: Layer) -> bool:
    """False for containers, and for layers that only hand on what comes in."""
    return not hasattr(layer, "children") and type(layer).__name__ not in QUIET


def is_joint(layer: Layer) -> bool:
    """True for a container whose ways meet again: what they give together is worth seeing."""
    return isinstance(layer, Branches | Residual)


def key_of(layer: str, quantity: str, statistic: str) -> str:
    """The name of what is measured: `dense_1|output|mean`."""
    return f"{layer}|{quantity}|{statistic}"


def observe(ops: Ops, passed: Sequence[Passed], before: Carried, after: Carried) -> Mapping[str, Array]:
    """Statistics of a step by `key_of`, small arrays.

    Of each layer its output, and where it has neurons with an activation their weighted sums and error signals: mean,
    spread (standard deviation) and largest size of each unit over the batch, the share of zeros, the share that is saturated, and a
    sample of the values. Of each parameter its own, its gradient's and its update's Euclidean norm by unit, and a sample. The
    units of an ensemble are those of all its members, one member's after another's.
    """
    found: dict[str, Array] = {}
    was, became = flatten(before["params"]), flatten(after["params"])
    for one in passed:
        if not is_shown(one.layer):
            continue
        y = _by_unit(ops, one.layer, one.y)
        _values(ops, found, one.name, "output", y)
        if (limits := SATURATED.get(str(getattr(one.layer, "activation", "")))) is not None:
            low, high = limits
            outside = ops.cast(y <= low) + ops.cast(y >= high)
            found[key_of(one.name, "output", "saturated")] = _mean(ops, _thinned(ops, outside))
        if one.has_sums:
            shape = ops.shape(y)
            _values(ops, found, one.name, "sum", ops.reshape(one.weighted_sums, shape))
            _values(ops, found, one.name, "signal", ops.reshape(one.error_signal(ops), shape))
        else:
            _values(ops, found, one.name, "slope", one.dy)
        for name, gradient in flatten(one.own_gradients).items():
            value = was[f"{one.name}/{name}"]
            for quantity, array in (
                (name, value),
                (f"{name} gradient", gradient),
                (f"{name} update", became[f"{one.name}/{name}"] - value),
            ):
                array = _with_units_last(ops, one.layer, array)
                found[key_of(one.name, quantity, "norm")] = _norms(ops, array)
                found[key_of(one.name, quantity, "sample")] = _sample(ops, array)
    return found


def histogram(values: np.ndarray) -> np.ndarray:
    """Lowest and highest finite value, then how many fall in each of BARS equal parts in between: (2 + BARS,) float32."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return np.zeros(2 + BARS, np.float32)
    low, high = float(finite.min()), float(finite.max())
    half = (
        0.5 * high - 0.5 * low
    )  # the width itself may be too large for a float, just before an error becomes infinite
    shares = (0.5 * finite.astype(np.float64) - 0.5 * low) / (half or 1.0)
    places = np.clip(shares * BARS, 0, BARS - 1).astype(np.int64)  # np.histogram takes three times as long
    return np.concatenate([[low, high], np.bincount(places, minlength=BARS)]).astype(np.float32)


def _values(ops: Ops, found: dict[str, Array], layer: str, quantity: str, x: Array) -> None:
    thin = _thinned(ops, x)
    mean, square = _mean(ops, thin), _mean(ops, thin * thin)
    size = ops.abs(thin)
    found[key_of(layer, quantity, "mean")] = mean
    found[key_of(layer, quantity, "spread")] = ops.sqrt(ops.maximum(square - mean * mean, 0.0))
    found[key_of(layer, quantity, "zero")] = _mean(ops, ops.cast(size == 0.0))
    found[key_of(layer, quantity, "largest")] = ops.max(size, axis=_all_but_last(ops, thin))
    found[key_of(layer, quantity, "sample")] = _sample(ops, x)


def _by_unit(ops: Ops, layer: Layer, x: Array) -> Array:
    """What a layer gives, or is told, with all its units along the last axis."""
    return ops.reshape(x, (-1, layer.members * layer.units)) if isinstance(layer, EnsembleDense) else x


def _with_units_last(ops: Ops, layer: Layer, parameter: Array) -> Array:
    """A parameter, or what is as large, with all its layer's units along the last axis."""
    if not isinstance(layer, EnsembleDense):
        return parameter
    return layer.joined(ops, parameter) if len(ops.shape(parameter)) == 3 else ops.reshape(parameter, (-1,))


def _thinned(ops: Ops, x: Array) -> Array:
    stride = -(-ops.shape(x)[-1] // MOST_UNITS)
    return x if stride == 1 else x[..., ::stride]


def _mean(ops: Ops, x: Array) -> Array:
    """Of each unit, over all examples and places: (units,)."""
    return ops.mean(x, axis=_all_but_last(ops, x))


def _norms(ops: Ops, x: Array) -> Array:
    """Of what belongs to each unit, the last axis: (units,); of all together for a vector: (1,)."""
    rank = len(ops.shape(x))
    if rank < 2:
        return ops.reshape(ops.sqrt(ops.sum(x * x)), (1,))
    thin = _thinned(ops, x)
    return ops.sqrt(ops.sum(thin * thin, axis=tuple(range(rank - 1))))


def _sample(ops: Ops, x: Array) -> Array:
    shape = ops.shape(x)
    size = int(np.prod(shape))
    flat = ops.reshape(x, (-1,))
    return flat if size <= SAMPLE else flat[:: -(-size // SAMPLE)]


def _all_but_last(ops: Ops, x: Array) -> tuple[int, ...]:
    return tuple(range(len(ops.shape(x)) - 1))


def probe_values(array: Any, members: bool = False, most: int = 2048) -> np.ndarray:
    """One layer's values for each probe, (probes, ...) float32: places of an image are thinned until at most so many are
    left of each probe; where they are `members` of an ensemble, each member's units."""
    values = np.asarray(array, np.float32)
    if members:
        return values[..., :: -(-values[0].size // most)]
    while values[0].size > most and values.ndim > 2 and max(values.shape[1:-1]) > 4:
        values = values[(slice(None), *(slice(None, None, 2) for _ in range(values.ndim - 2)))]
    return values[..., :: -(-values.shape[-1] // most)]

"""One example through the three stages, with every number kept.

The same forward and backward code that teaches, on the NumPy engine in float64: no framework is needed, and any saved
model can be traced. The layers do not know that they are watched: the network's tree is walked here instead of in
Sequential.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitrina.engines.numpy_engine import NumpyOps
from vitrina.errors import DataError, UsageError
from vitrina.learning.optimizers import Adam, Optimizer
from vitrina.learning.stages import error
from vitrina.model import Model, check_inputs, check_targets
from vitrina.network.layer import Context, Layer
from vitrina.network.network import Network, flatten, nest


@dataclass(frozen=True)
class ForwardNeuron:
    """A neuron on the way forward; for a filter, at the place of the image where it is asked about.

    inputs, weights: what it sees and how much each counts; weighted_sum = Σ inputs · weights + bias; output =
    activation of it.
    """

    inputs: np.ndarray
    weights: np.ndarray
    bias: float
    weighted_sum: float
    activation: str
    output: float


@dataclass(frozen=True)
class BackwardNeuron:
    """A neuron on the way back: error_signal is the error's slope by its weighted sum.

    weight_gradients, bias_gradient: the slope by each of its weights, and by its bias.
    """

    error_signal: float
    weight_gradients: np.ndarray
    bias_gradient: float


@dataclass(frozen=True)
class ForwardLayer:
    """One layer on the way forward.

    input, weighted_sums (None where a layer has none) and output are those of the example, without batch axis.
    """

    name: str
    layer: Layer
    params: Mapping[str, np.ndarray]
    input: np.ndarray
    weighted_sums: np.ndarray | None
    output: np.ndarray

    def neuron(self, unit: int, place: tuple[int, ...] = ()) -> ForwardNeuron:
        """The neuron `unit`; `place` (row, column) says where on the image, for filters.

        Raises UsageError if not there.
        """
        if self.weighted_sums is None or "weight" not in self.params:
            raise UsageError(f"{self.name} has no neurons with weights; ask a Dense, Conv1D or Conv2D layer")
        where = _index(self.name, self.weighted_sums, unit, place)
        weight, bias = self.params["weight"], self.params.get("bias")
        return ForwardNeuron(
            inputs=_seen(self.layer, self.input, weight, place, unit),
            weights=weight[..., unit],
            bias=0.0 if bias is None else float(bias[unit]),
            weighted_sum=float(self.weighted_sums[where]),
            activation=str(getattr(self.layer, "activation", "linear")),
            output=float(self.output[where]),
        )


@dataclass(frozen=True)
class BackwardLayer:
    """One layer on the way back.

    output_slope, input_slope: the error's slope by output and input; error_signals: by the weighted sums; gradients: by
    each parameter; updates: what the optimizer would add to each parameter in its first step on this example alone.
    """

    name: str
    layer: Layer
    output_slope: np.ndarray
    error_signals: np.ndarray | None
    input_slope: np.ndarray
    gradients: Mapping[str, np.ndarray]
    updates: Mapping[str, np.ndarray]

    def neuron(self, unit: int, place: tuple[int, ...] = ()) -> BackwardNeuron:
        """The neuron `unit`; a filter's gradients are summed over all places. Raises UsageError if it is not there."""
        if self.error_signals is None or "weight" not in self.gradients:
            raise UsageError(f"{self.name} has no neurons with weights; ask a Dense, Conv1D or Conv2D layer")
        where = _index(self.name, self.error_signals, unit, place)
        bias = self.gradients.get("bias")
        return BackwardNeuron(
            error_signal=float(self.error_signals[where]),
            weight_gradients=self.gradients["weight"][..., unit],
            bias_gradient=0.0 if bias is None else float(bias[unit]),
        )


@dataclass(frozen=True)
class ErrorStage:
    """The cost function's turn.

    prediction is what a user reads, raw what the last layer gave; value is the error, slope its slope by raw.
    """

    prediction: np.ndarray
    raw: np.ndarray
    target: Any
    value: float
    slope: np.ndarray


@dataclass(frozen=True)
class Trace:
    """`forward` and `backward` hold the layers by name, in the order they were passed; `error` stands between them."""

    input: np.ndarray
    forward: dict[str, ForwardLayer]
    error: ErrorStage
    backward: dict[str, BackwardLayer]


def trace(model: Model, x: np.ndarray, y: Any = None) -> Trace:
    """Traces one example.

    x (*input shape): as the network sees it; y: its target, None for what the network itself answers.
    Updates are those of the optimizer in the model's settings (Adam if there is none), as if this were its first step.
    Raises DataError if x or y does not fit the network.
    """
    network, ops = model.network, NumpyOps("float64")
    if x.shape != network.input_shape and (*x.shape, 1) != network.input_shape:
        raise DataError(f"the example has shape {x.shape}, and the network takes {network.input_shape}")
    batch = check_inputs(network, x[None].astype(np.float64), "the example")
    params = nest({name: value.astype(np.float64) for name, value in model.weights.items()})
    state = nest({name: value.astype(np.float64) for name, value in model.state.items()})

    steps: list[_Step] = []
    raw = _forward(ops, network.root, "", params, state, batch, steps)
    target = _target(network, ops, raw, y)
    value, slope = error(ops, network, raw, target, np.ones(1))
    gradients: dict[str, dict[str, np.ndarray]] = {}
    slopes: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    _backward(ops, network.root, "", params, steps, slope, gradients, slopes)

    updates = _updates(ops, model.settings, params, gradients)
    forward = {step.name: _forward_layer(step) for step in steps}
    backward = {
        step.name: _backward_layer(
            ops, step, slopes[step.name], gradients.get(step.name, {}), updates.get(step.name, {})
        )
        for step in reversed(steps)
    }
    readable = network.cost.readable(ops, raw)[0]
    return Trace(
        batch[0], forward, ErrorStage(readable, raw[0], _without_batch(target), float(value), slope[0]), backward
    )


@dataclass(frozen=True)
class _Step:
    """A layer that was passed, and what it kept for its way back."""

    name: str
    layer: Layer
    params: Any
    x: np.ndarray
    y: np.ndarray
    saved: Any


def _forward(
    ops: NumpyOps, container: Any, prefix: str, params: Any, state: Any, x: np.ndarray, steps: list[_Step]
) -> np.ndarray:
    """Sequential.forward, keeping every layer's input and output; other containers are one step, and passed whole."""
    for name, layer in container.children:
        own, own_state = params.get(name, {}), state.get(name, {})
        if type(layer).__name__ == "Sequential":
            x = _forward(ops, layer, f"{prefix}{name}/", own, own_state, x, steps)
            continue
        y, saved, _ = layer.forward(ops, own, own_state, x, Context(weight=np.ones(1)))
        steps.append(_Step(prefix + name, layer, own, x, y, saved))
        x = y
    return x


def _backward(
    ops: NumpyOps,
    container: Any,
    prefix: str,
    params: Any,
    steps: list[_Step],
    dy: np.ndarray,
    gradients: dict[str, dict[str, np.ndarray]],
    slopes: dict[str, tuple[np.ndarray, np.ndarray]],
) -> None:
    for step in reversed(steps):
        dx, own = step.layer.backward(ops, step.params, step.saved, dy)
        gradients[step.name] = dict(own)
        slopes[step.name] = (dy, dx)
        dy = dx


def _updates(
    ops: NumpyOps, settings: Mapping[str, Any], params: Any, gradients: Any
) -> dict[str, dict[str, np.ndarray]]:
    optimizer = Optimizer.from_json(settings["optimizer"]) if settings.get("optimizer") else Adam()
    flat = flatten(params)
    slope = {f"{layer}/{name}": value for layer, own in gradients.items() for name, value in flatten(own).items()}
    ordered = {name: slope[name] for name in flat}
    decayed = {name: 1.0 if value.ndim > 1 else 0.0 for name, value in flat.items()}
    after, _ = optimizer.update(
        ops, flat, ordered, optimizer.start(flat), np.float64(1.0), np.float64(optimizer.rate), decayed
    )
    changes: dict[str, dict[str, np.ndarray]] = {}
    for layer, own in gradients.items():
        changes[layer] = {name: after[f"{layer}/{name}"] - flat[f"{layer}/{name}"] for name in flatten(own)}
    return changes


def _forward_layer(step: _Step) -> ForwardLayer:
    sums = _weighted_sums(step)
    return ForwardLayer(step.name, step.layer, flatten(step.params), step.x[0], sums, step.y[0])


def _backward_layer(
    ops: NumpyOps, step: _Step, slopes: tuple[np.ndarray, np.ndarray], gradients: Any, updates: Any
) -> BackwardLayer:
    dy, dx = slopes
    signals = None
    if hasattr(step.layer, "error_signal"):
        signals = step.layer.error_signal(ops, step.saved, dy).reshape(dy.shape)[0]  # pyright: ignore
    return BackwardLayer(step.name, step.layer, dy[0], signals, dx[0], flatten(gradients), updates)


def _weighted_sums(step: _Step) -> np.ndarray | None:
    """Layers of neurons keep (x, z, y, ...): z is what the activation bends."""
    if not hasattr(step.layer, "error_signal"):
        return None
    return step.saved[1].reshape(step.y.shape)[0]


def _target(network: Network, ops: NumpyOps, raw: np.ndarray, y: Any) -> np.ndarray:
    if y is None:
        if network.cost.link == "softmax" and raw.shape[-1] > 1:
            return raw.argmax(axis=-1)
        readable = network.cost.readable(ops, raw)
        return (readable > 0.5).astype(np.float64) if network.cost.link == "sigmoid" else readable
    target = np.asarray(y)[None]
    check_targets(network, target, "the target")
    return target


def _without_batch(target: np.ndarray) -> Any:
    return target[0].item() if target.ndim == 1 else target[0]


def _index(name: str, values: np.ndarray, unit: int, place: tuple[int, ...]) -> tuple[int, ...]:
    where = (*place, unit)
    fits = len(where) == values.ndim and all(-size <= i < size for i, size in zip(where, values.shape, strict=True))
    if not fits:
        wanted = f"a unit below {values.shape[-1]}" + (
            f" and a place below {values.shape[:-1]}" if values.ndim > 1 else " and no place"
        )
        raise UsageError(f"{name} has no neuron {unit} at {place or 'no place'}; give {wanted}")
    return where


def _seen(layer: Layer, x: np.ndarray, weight: np.ndarray, place: tuple[int, ...], unit: int) -> np.ndarray:
    """What one neuron sees: all inputs of its row for Dense, the patch under it for a convolution."""
    return x[place] if weight.ndim == 2 else layer.patch(x, place, unit)  # pyright: ignore

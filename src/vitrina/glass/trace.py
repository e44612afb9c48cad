"""One example through the three stages, with every number kept.

The same forward and backward code that teaches, on the NumPy engine in float64: no framework is needed, and any saved
model can be traced. The layers do not know that they are watched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina.engines.numpy_engine import NumpyOps
from vitrina.errors import DataError, UsageError
from vitrina.glass.plan import plan_of
from vitrina.learning.optimizers import Adam, Optimizer
from vitrina.learning.stages import back_propagation, error, forward_propagation
from vitrina.learning.step import decay_marks
from vitrina.locale import say
from vitrina.model import Model, check_inputs, check_targets
from vitrina.network.attention import Attention
from vitrina.network.ensemble import EnsembleDense
from vitrina.network.layer import Context, Layer
from vitrina.network.network import Network, flatten, nest
from vitrina.network.watching import Passed, Watch
from vitrina.terminal import Shown

if TYPE_CHECKING:
    from rich.console import Console


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

    input, weighted_sums (None where a layer has none) and output are those of the example, without batch axis. attention:
    of an Attention layer who looks at whom, each step's share of each (heads, steps, steps).
    """

    name: str
    layer: Layer
    params: Mapping[str, np.ndarray]
    input: np.ndarray
    weighted_sums: np.ndarray | None
    output: np.ndarray
    attention: np.ndarray | None = None

    def neuron(self, unit: int, place: tuple[int, ...] = ()) -> ForwardNeuron:
        """The neuron `unit`; `place` (row, column) says where on the image, for filters.

        Raises UsageError if not there.
        """
        if self.weighted_sums is None or "weight" not in self.params:
            raise UsageError(
                say("{name} has no neurons with weights; ask a Dense, Conv1D or Conv2D layer", name=self.name)
            )
        where = _index(self.name, self.weighted_sums, unit, place)
        weight, bias = of_place(self.layer, self.params["weight"], place), self.params.get("bias")
        return ForwardNeuron(
            inputs=_seen(self.layer, self.input, weight, place, unit),
            weights=weight[..., unit],
            bias=0.0 if bias is None else float(of_place(self.layer, bias, place)[unit]),
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
            raise UsageError(
                say("{name} has no neurons with weights; ask a Dense, Conv1D or Conv2D layer", name=self.name)
            )
        where = _index(self.name, self.error_signals, unit, place)
        bias = self.gradients.get("bias")
        return BackwardNeuron(
            error_signal=float(self.error_signals[where]),
            weight_gradients=of_place(self.layer, self.gradients["weight"], place)[..., unit],
            bias_gradient=0.0 if bias is None else float(of_place(self.layer, bias, place)[unit]),
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


@dataclass(frozen=True, repr=False, eq=False)
class Trace(Shown):
    """`forward` and `backward` hold the layers by name, in the order they were passed; `error` stands between them.

    Prints as the three stages. input_names, class_names: what a table's inputs and the classes are called, where that is known.
    """

    network: Network
    input: np.ndarray
    forward: dict[str, ForwardLayer]
    error: ErrorStage
    backward: dict[str, BackwardLayer]
    input_names: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()

    @property
    def members(self) -> int:
        """Of an ensemble how many networks it is of; 0 for a network that is none."""
        return max(spot.members for spot in plan_of(self.network))

    def member(self, number: int) -> Trace:
        """The way through one network of an ensemble, counted from 0, as through a plain one; their mean and its error are as here.

        Raises UsageError if there is no such member.
        """
        if not 0 <= number < self.members:
            raise UsageError(
                say(
                    "there is no member {number}: the network has {members}, counted from 0",
                    number=number,
                    members=self.members,
                )
            )
        own = {spot.name for spot in plan_of(self.network) if spot.members}
        forward = {name: _member_forward(one, number) if name in own else one for name, one in self.forward.items()}
        backward = {name: _member_backward(one, number) if name in own else one for name, one in self.backward.items()}
        return replace(self, forward=forward, backward=backward)

    def draw(self, screen: Console) -> None:
        """Draws it as the command does."""
        from vitrina.glass.trace_screen import show_trace

        show_trace(screen, self)


def trace(model: Model, x: np.ndarray, y: Any = None) -> Trace:
    """Traces one example.

    x (*input shape): as the network sees it; y: its target, None for what the network itself answers.
    Updates are those of the optimizer in the model's settings (Adam if there is none), as if this were its first step.
    Raises DataError if x or y does not fit the network.
    """
    network, ops = model.network, NumpyOps("float64")
    if x.shape != network.input_shape and (*x.shape, 1) != network.input_shape:
        raise DataError(
            say(
                "the example has shape {shape}, and the network takes {wanted}",
                shape=x.shape,
                wanted=network.input_shape,
            )
        )
    batch = check_inputs(network, x[None].astype(np.float64), say("the example"))
    params = nest({name: value.astype(np.float64) for name, value in model.weights.items()})
    state = nest({name: value.astype(np.float64) for name, value in model.state.items()})

    watch = Watch()
    context = Context(weight=np.ones(1), watch=watch)
    raw, saved, _ = forward_propagation(ops, network, params, state, batch, context)
    target = _target(network, ops, raw, y)
    value, slope = error(ops, network, raw, target, np.ones(1))
    back_propagation(ops, network, params, saved, slope)

    passed = [one for one in watch.passed if type(one.layer).__name__ != "Sequential"]  # which only hands on
    changes = _changes(ops, model.settings, params, watch.passed)
    forward = {one.name: _forward_layer(ops, one) for one in passed}
    backward = {one.name: _backward_layer(ops, one, changes) for one in reversed(passed)}
    readable = network.cost.readable(ops, raw)[0]
    stage = ErrorStage(readable, raw[0], _without_batch(target), float(value), slope[0])
    recipe = model.recipe
    inputs, classes = (recipe.input_names, recipe.classes) if recipe is not None else ((), ())
    return Trace(network, batch[0], forward, stage, backward, tuple(inputs), tuple(classes))


def _changes(
    ops: NumpyOps, settings: Mapping[str, Any], params: Any, passed: Sequence[Passed]
) -> dict[str, np.ndarray]:
    """What the optimizer would add to each parameter, by its full name."""
    optimizer = Optimizer.from_json(settings["optimizer"]) if settings.get("optimizer") else Adam()
    flat = flatten(params)
    slopes = {f"{one.name}/{name}": slope for one in passed for name, slope in flatten(one.gradients).items()}
    ordered = {name: slopes[name] for name in flat}
    decayed = decay_marks(flat)
    after, _ = optimizer.update(
        ops, flat, ordered, optimizer.start(flat), np.float64(1.0), np.float64(optimizer.rate), decayed
    )
    return {name: after[name] - value for name, value in flat.items()}


def _forward_layer(ops: NumpyOps, one: Passed) -> ForwardLayer:
    sums = one.weighted_sums.reshape(one.y.shape)[0] if one.has_sums else None
    attention = one.layer.shares(ops, one.kept)[0] if isinstance(one.layer, Attention) else None
    return ForwardLayer(one.name, one.layer, flatten(one.own_params), one.x[0], sums, one.y[0], attention)


def _backward_layer(ops: NumpyOps, one: Passed, changes: Mapping[str, np.ndarray]) -> BackwardLayer:
    signals = one.error_signal(ops).reshape(one.dy.shape)[0] if one.has_sums else None
    gradients = flatten(one.own_gradients)
    updates = {name: changes[f"{one.name}/{name}"] for name in gradients}
    return BackwardLayer(one.name, one.layer, one.dy[0], signals, one.dx[0], gradients, updates)


def _member_forward(one: ForwardLayer, number: int) -> ForwardLayer:
    """What a layer of an ensemble, whose members stand along its output's first axis, is in one of them."""
    x = one.input if one.input.ndim < one.output.ndim else one.input[number]
    sums = None if one.weighted_sums is None else one.weighted_sums[number]
    params = {name: of_place(one.layer, value, (number,)) for name, value in one.params.items()}
    return replace(one, input=x, weighted_sums=sums, output=one.output[number], params=params)


def _member_backward(one: BackwardLayer, number: int) -> BackwardLayer:
    shared = one.input_slope.ndim < one.output_slope.ndim  # then the slopes of all members are added up in it
    return replace(
        one,
        output_slope=one.output_slope[number],
        error_signals=None if one.error_signals is None else one.error_signals[number],
        input_slope=one.input_slope if shared else one.input_slope[number],
        gradients={name: of_place(one.layer, value, (number,)) for name, value in one.gradients.items()},
        updates={name: of_place(one.layer, value, (number,)) for name, value in one.updates.items()},
    )


def _target(network: Network, ops: NumpyOps, raw: np.ndarray, y: Any) -> np.ndarray:
    if y is None:
        if network.cost.link == "softmax" and raw.shape[-1] > 1:
            return raw.argmax(axis=-1)
        readable = network.cost.readable(ops, raw)
        return (readable > 0.5).astype(np.float64) if network.cost.link == "sigmoid" else readable
    target = np.asarray(y)[None]
    check_targets(network, target, say("the target"))
    return target


def _without_batch(target: np.ndarray) -> Any:
    return target[0].item() if target.ndim == 1 else target[0]


def _index(name: str, values: np.ndarray, unit: int, place: tuple[int, ...]) -> tuple[int, ...]:
    where = (*place, unit)
    fits = len(where) == values.ndim and all(-size <= i < size for i, size in zip(where, values.shape, strict=True))
    if not fits:
        told: dict[str, Any] = {
            "name": name,
            "unit": unit,
            "units": values.shape[-1],
            "place": place or say("no place"),
        }
        if values.ndim > 1:
            raise UsageError(
                say(
                    "{name} has no neuron {unit} at {place}; give a unit below {units} and a place below {places}",
                    places=values.shape[:-1],
                    **told,
                )
            )
        raise UsageError(say("{name} has no neuron {unit} at {place}; give a unit below {units} and no place", **told))
    return where


def of_place(layer: Layer, values: np.ndarray, place: tuple[int, ...]) -> np.ndarray:
    """What belongs to the neurons at a place: of an ensemble, what its member there has of its own; elsewhere all is shared."""
    return values[place] if isinstance(layer, EnsembleDense) else values


def _seen(layer: Layer, x: np.ndarray, weight: np.ndarray, place: tuple[int, ...], unit: int) -> np.ndarray:
    """What one neuron sees: all inputs of its row for Dense, the patch under it for a convolution."""
    own = hasattr(layer, "patch")
    return layer.patch(x, place, unit) if own else x[place]  # pyright: ignore

"""Several networks side by side in one: each learns for itself, and they answer with their mean."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitrina.errors import ShapeError
from vitrina.locale import say
from vitrina.network.activations import ACTIVATIONS, check_activation, softmax, sums_to_keep
from vitrina.network.initialisers import Initialiser, check_initialiser, initialiser_for
from vitrina.network.layer import Context, Layer, Params, Shape, State, Tree, require, whole
from vitrina.network.ops import Array, Ops


@dataclass(frozen=True)
class EnsembleDense(Layer):
    """A Dense layer of its own for each member of an ensemble: y_m = activation(x_m · weight_m + bias_m).

    x (batch, inputs), the same for all members, or (batch, members, inputs), each member's own -> y (batch, members, units).
    Parameters: weight (members, inputs, units), bias (members, units). `initialiser` None picks the right one for the
    activation. sees: stretches of the inputs, (first, after the last) each, dealt out to the members in turn; a member's weights for
    what it does not see count for nothing. () means that all see everything. Members that see the data differently err differently:
    Ho (1998), The Random Subspace Method for Constructing Decision Forests, IEEE PAMI 20.

    Raises NetworkError for a number below 1, an unknown name or a stretch that is none, ShapeError for an input of other members, or
    one that a stretch goes beyond.
    """

    members: int
    units: int
    activation: str = "linear"
    initialiser: str | Initialiser | None = None
    sees: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("members", "units"):
            value = getattr(self, name)
            sentence = say(
                "{kind}: {name} must be a whole number of 1 or more, not {value!r}",
                kind="EnsembleDense",
                name=name,
                value=value,
            )
            object.__setattr__(self, name, whole(value, sentence))
        check_activation(self.activation)
        check_initialiser(self.initialiser)
        given: Any = self.sees
        require(
            isinstance(given, list | tuple) and all(len(each) == 2 and 0 <= each[0] < each[1] for each in given),
            say(
                "EnsembleDense: sees must be stretches of the inputs, such as ((0, 4), (2, 8)), not {given!r}",
                given=given,
            ),
        )
        object.__setattr__(self, "sees", tuple((int(first), int(after)) for first, after in given))

    def output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 1 and (len(input_shape) != 2 or input_shape[0] != self.members):
            raise ShapeError(
                say(
                    "needs an input of shape (inputs,) or ({members}, inputs), but gets {input_shape}",
                    members=self.members,
                    input_shape=input_shape,
                )
            )
        most = max((after for _, after in self.sees), default=0)
        if most > input_shape[-1]:
            raise ShapeError(say("sees {most} inputs, but gets {inputs}", most=most, inputs=input_shape[-1]))
        return self.members, self.units

    def build(self, input_shape: Shape, rng: np.random.Generator) -> tuple[Shape, Params, State]:
        shape, inputs = self.output_shape(input_shape), input_shape[-1]
        start = initialiser_for(self.initialiser, self.activation)
        if self.sees:
            weight = np.zeros((self.members, inputs, self.units))
            for own, (first, after) in zip(weight, itertools.cycle(self.sees), strict=False):
                own[first:after] = start.draw(rng, (after - first, self.units), after - first, self.units)
        else:
            weight = start.draw(rng, (self.members, inputs, self.units), inputs, self.units)
        return shape, {"weight": weight, "bias": np.zeros(shape)}, {}

    def forward(self, ops: Ops, params: Params, state: State, x: Array, context: Context) -> tuple[Array, Any, State]:
        weight = self._seen(ops, params["weight"])
        if len(ops.shape(x)) == 2:  # one product for all: the members' units are as many units of one layer
            z = ops.reshape(ops.matmul(x, self.joined(ops, weight)), (-1, self.members, self.units))
        else:
            x = ops.transpose(x, (1, 0, 2))  # (members, batch, inputs)
            z = ops.transpose(ops.matmul(x, weight), (1, 0, 2))
        z = z + params["bias"]  # (batch, members, units)
        y = ACTIVATIONS[self.activation].forward(ops, z)
        return y, (x, sums_to_keep(self.activation, z, context), y), state

    def backward(self, ops: Ops, params: Params, saved: Any, dy: Array) -> tuple[Array, Tree]:
        dz, weight = self.error_signal(ops, saved, dy), self._seen(ops, params["weight"])
        if len(ops.shape(saved[0])) == 2:
            dx = ops.matmul(self._flat(ops, dz), self.joined(ops, weight), transpose_b=True)
        else:
            dx = ops.transpose(ops.matmul(ops.transpose(dz, (1, 0, 2)), weight, transpose_b=True), (1, 0, 2))
        return dx, self._gradients(ops, saved, dz)

    def backward_first(self, ops: Ops, params: Params, saved: Any, dy: Array) -> Tree:
        return self._gradients(ops, saved, self.error_signal(ops, saved, dy))

    def error_signal(self, ops: Ops, saved: Any, dy: Array) -> Array:
        """The error's slope by each weighted sum: (batch, members, units)."""
        _, z, y = saved
        return ACTIVATIONS[self.activation].backward(ops, z, y, dy)

    def joined(self, ops: Ops, weight: Array) -> Array:
        """The members' weights side by side: (inputs, members · units)."""
        return ops.reshape(ops.transpose(weight, (1, 0, 2)), (-1, self.members * self.units))

    def _gradients(self, ops: Ops, saved: Any, dz: Array) -> Tree:
        x = saved[0]
        if len(ops.shape(x)) == 2:
            joined = ops.matmul(x, self._flat(ops, dz), transpose_a=True)  # (inputs, members · units)
            dweight = ops.transpose(ops.reshape(joined, (-1, self.members, self.units)), (1, 0, 2))
        else:
            dweight = ops.matmul(x, ops.transpose(dz, (1, 0, 2)), transpose_a=True)
        return {"weight": self._seen(ops, dweight), "bias": ops.sum(dz, axis=0)}

    def _seen(self, ops: Ops, weight: Array) -> Array:
        """A weight, or its slope: 0 for what a member does not see."""
        if not self.sees:
            return weight
        seen = np.zeros((self.members, ops.shape(weight)[1], 1))
        for own, (first, after) in zip(seen, itertools.cycle(self.sees), strict=False):
            own[first:after] = 1.0
        return weight * ops.array(seen)

    def _flat(self, ops: Ops, dz: Array) -> Array:
        return ops.reshape(dz, (-1, self.members * self.units))

    def patch(self, x: np.ndarray, place: tuple[int, ...], unit: int) -> np.ndarray:
        """What the neuron `unit` of the member `place` sees of one example x (inputs,) or (members, inputs)."""
        return x if x.ndim == 1 else x[place]

    def flops(self, input_shape: Shape) -> int:
        return 2 * self.members * input_shape[-1] * self.units


@dataclass(frozen=True)
class EnsembleMean(Layer):
    """The last layer of an ensemble: while learning each member answers for itself, afterwards they answer with their mean.

    x (batch, members, outputs) -> y (batch, outputs), while learning y = x: the cost then judges every member by itself, so
    that they go on being different, and it is by their differences that the mean of them is better than any.
    y = mean of x over the members; with `probabilities`, y = log of the mean of softmax(x), so that what cross entropy makes
    of y is the mean of the members' probabilities. Raises ShapeError unless x has members. Source: Lakshminarayanan et al.
    (2017), arXiv:1612.01474, section 2.4; in one program: Gorishniy et al. (2025), arXiv:2410.24210, "packed".
    """

    probabilities: bool = False

    def output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 2:
            raise ShapeError(
                say("needs an input of shape (members, outputs), but gets {input_shape}", input_shape=input_shape)
            )
        return input_shape[1:]

    def forward(self, ops: Ops, params: Params, state: State, x: Array, context: Context) -> tuple[Array, Any, State]:
        if context.training or context.apart:
            return x, None, state
        if not self.probabilities:
            return ops.mean(x, axis=1), (x, None), state
        shares = softmax(ops, x)  # (batch, members, outputs)
        logs = ops.log_softmax(x)
        most = ops.max(logs, axis=1, keepdims=True)  # a probability too small for a float has a logarithm all the same
        y = ops.log(ops.mean(ops.exp(logs - most), axis=1, keepdims=True)) + most
        part = ops.exp(logs - y)  # (batch, members, outputs): a member's share of the probability, times the members
        return y[:, 0], (x, (shares, part)), state

    def backward(self, ops: Ops, params: Params, saved: Any, dy: Array) -> tuple[Array, Tree]:
        if saved is None:
            return dy, {}
        x, kept = saved
        batch, members, outputs = ops.shape(x)
        each = ops.reshape(dy, (batch, 1, outputs)) * (1.0 / members)  # (batch, 1, outputs)
        if kept is None:
            return ops.broadcast_to(each, (batch, members, outputs)), {}
        shares, part = kept
        dlogs = each * part
        return dlogs - shares * ops.sum(dlogs, axis=-1, keepdims=True), {}

    def flops(self, input_shape: Shape) -> int:
        return math.prod(input_shape) * (8 if self.probabilities else 1)

"""The layer of every textbook: each unit sees every input."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitrina.errors import ShapeError
from vitrina.locale import say
from vitrina.network.activations import ACTIVATIONS, check_activation, sums_to_keep
from vitrina.network.initialisers import Initialiser, check_initialiser, initialiser_for
from vitrina.network.layer import Context, Layer, Params, Shape, State, Tree, whole
from vitrina.network.ops import Array, Ops


@dataclass(frozen=True)
class Dense(Layer):
    """Every unit sees every input: y = activation(x · weight + bias).

    x (batch, ..., inputs) -> y (batch, ..., units); axes in between are kept, so a sequence is treated step by step.
    Parameters: weight (inputs, units), bias (units,). `initialiser` None picks the right one for the activation.
    Raises NetworkError for a number of units below 1 or an unknown name.
    """

    units: int
    activation: str = "linear"
    use_bias: bool = True
    initialiser: str | Initialiser | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        units = whole(
            self.units,
            say(
                "{kind}: {name} must be a whole number of 1 or more, not {value!r}",
                kind="Dense",
                name="units",
                value=self.units,
            ),
        )
        object.__setattr__(self, "units", units)
        check_activation(self.activation)
        check_initialiser(self.initialiser)

    def output_shape(self, input_shape: Shape) -> Shape:
        if not input_shape:
            raise ShapeError(say("needs an input of shape (inputs,), but gets {input_shape}", input_shape=input_shape))
        return (*input_shape[:-1], self.units)

    def build(self, input_shape: Shape, rng: np.random.Generator) -> tuple[Shape, Params, State]:
        shape, inputs = self.output_shape(input_shape), input_shape[-1]
        start = initialiser_for(self.initialiser, self.activation)
        params = {"weight": start.draw(rng, (inputs, self.units), inputs, self.units)}
        return shape, params | ({"bias": np.zeros(self.units)} if self.use_bias else {}), {}

    def forward(self, ops: Ops, params: Params, state: State, x: Array, context: Context) -> tuple[Array, Any, State]:
        shape = ops.shape(x)
        if len(shape) > 2:
            x = ops.reshape(x, (-1, shape[-1]))  # (batch · steps, inputs): one matrix product for all steps
        weight = params["weight"]
        z = ops.affine(x, weight, params["bias"]) if self.use_bias else ops.matmul(x, weight)  # (batch, units)
        y, kept = ACTIVATIONS[self.activation].forward(ops, z), sums_to_keep(self.activation, z, context)
        return (ops.reshape(y, (*shape[:-1], self.units)) if len(shape) > 2 else y), (x, kept, y, shape), state

    def backward(self, ops: Ops, params: Params, saved: Any, dy: Array) -> tuple[Array, Tree]:
        dz = self.error_signal(ops, saved, dy)
        dx = ops.matmul(dz, params["weight"], transpose_b=True)  # (batch, inputs)
        shape = saved[3]
        return (ops.reshape(dx, shape) if len(shape) > 2 else dx), self._gradients(ops, saved, dz)

    def backward_first(self, ops: Ops, params: Params, saved: Any, dy: Array) -> Tree:
        return self._gradients(ops, saved, self.error_signal(ops, saved, dy))

    def error_signal(self, ops: Ops, saved: Any, dy: Array) -> Array:
        """The error\'s slope by each weighted sum, of y\'s shape flattened to what `saved` holds."""
        _, z, y, shape = saved
        if len(shape) > 2:
            dy = ops.reshape(dy, (-1, self.units))
        return ACTIVATIONS[self.activation].backward(ops, z, y, dy)  # (batch, units) each neuron's error signal

    def _gradients(self, ops: Ops, saved: Any, dz: Array) -> Tree:
        gradients = {"weight": ops.matmul(saved[0], dz, transpose_a=True)}  # (inputs, units)
        return gradients | ({"bias": ops.sum(dz, axis=0)} if self.use_bias else {})

    def flops(self, input_shape: Shape) -> int:
        return math.prod(input_shape) * self.units * 2

"""An activation that stands as a layer of its own, for instance after a normalisation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from vitrina.network.activations import ACTIVATIONS, check_activation, sums_to_keep
from vitrina.network.layer import Context, Layer, Params, Shape, State, Tree
from vitrina.network.ops import Array, Ops


@dataclass(frozen=True)
class Activation(Layer):
    """y = activation(x), element by element (softmax: over the last axis). Raises NetworkError for an unknown name."""

    activation: str

    def __post_init__(self) -> None:
        super().__post_init__()
        check_activation(self.activation)

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def forward(self, ops: Ops, params: Params, state: State, x: Array, context: Context) -> tuple[Array, Any, State]:
        y = ACTIVATIONS[self.activation].forward(ops, x)
        return y, (sums_to_keep(self.activation, x, context), y), state

    def backward(self, ops: Ops, params: Params, saved: Any, dy: Array) -> tuple[Array, Tree]:
        x, y = saved
        return ACTIVATIONS[self.activation].backward(ops, x, y, dy), {}

    def flops(self, input_shape: Shape) -> int:
        return math.prod(input_shape)

"""A fixed change of unit: what scaling inputs or outputs is, written into the network itself."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from vitrina.errors import ShapeError
from vitrina.locale import say
from vitrina.network.codec import numbers
from vitrina.network.layer import Context, Layer, Params, Shape, State, Tree, require
from vitrina.network.ops import Array, Ops


@dataclass(frozen=True)
class Scale(Layer):
    """y = x · factor + shift with numbers that are given, not learned. x (batch, ..., channels) -> y of the same shape.

    factor, shift: one number for all channels, or one for each. As the first layer, factor = 1/spread and shift =
    -mean/spread bring columns to mean 0 and spread 1; as the last, factor = spread and shift = mean let a network answer in
    the target's own unit. Raises NetworkError for numbers that are not finite.
    """

    factor: tuple[float, ...] = (1.0,)
    shift: tuple[float, ...] = (0.0,)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("factor", "shift"):
            given: Any = getattr(self, name)
            values = numbers(given)
            require(
                bool(values) and all(map(math.isfinite, values or ())),
                say("Scale: {name} must be finite numbers, not {given!r}", name=name, given=given),
            )
            object.__setattr__(self, name, values)

    def output_shape(self, input_shape: Shape) -> Shape:
        for name in ("factor", "shift"):
            count = len(getattr(self, name))
            if count not in (1, input_shape[-1] if input_shape else 1):
                raise ShapeError(
                    say(
                        "has {count} numbers as its {name}, and the input has the shape {input_shape}",
                        count=count,
                        name=name,
                        input_shape=input_shape,
                    )
                )
        return input_shape

    def forward(self, ops: Ops, params: Params, state: State, x: Array, context: Context) -> tuple[Array, Any, State]:
        return x * self._array(ops, self.factor) + self._array(ops, self.shift), None, state

    def backward(self, ops: Ops, params: Params, saved: Any, dy: Array) -> tuple[Array, Tree]:
        return dy * self._array(ops, self.factor), {}

    def _array(self, ops: Ops, values: tuple[float, ...]) -> Array:
        return values[0] if len(values) == 1 else ops.array(list(values))

    def flops(self, input_shape: Shape) -> int:
        return 2 * math.prod(input_shape)

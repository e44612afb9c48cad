"""Layers that only look at the same numbers in another arrangement."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from vitrina.errors import ShapeError
from vitrina.locale import say
from vitrina.network.layer import Context, Layer, Params, Shape, State, Tree, require, whole
from vitrina.network.ops import Array, Ops


@dataclass(frozen=True)
class Flatten(Layer):
    """x (batch, ...) -> y (batch, all numbers of the example in a row)."""

    def output_shape(self, input_shape: Shape) -> Shape:
        return (math.prod(input_shape),)

    def forward(self, ops: Ops, params: Params, state: State, x: Array, context: Context) -> tuple[Array, Any, State]:
        shape = ops.shape(x)
        return ops.reshape(x, (shape[0], math.prod(shape[1:]))), shape, state

    def backward(self, ops: Ops, params: Params, saved: Any, dy: Array) -> tuple[Array, Tree]:
        return ops.reshape(dy, saved), {}


@dataclass(frozen=True)
class Reshape(Layer):
    """x (batch, ...) -> y (batch, *shape), the same numbers in the same order; one entry of `shape` may be -1."""

    shape: Shape

    def __post_init__(self) -> None:
        super().__post_init__()
        given: Any = self.shape
        sizes: tuple[Any, ...] = tuple(given) if isinstance(given, list | tuple) else (given,)
        sentence = say("Reshape: sizes must be 1 or more (one of them may be -1), not {given!r}", given=given)
        shape = tuple(-1 if size == -1 else whole(size, sentence) for size in sizes)
        require(shape.count(-1) <= 1, say("Reshape: only one entry of the shape may be -1, not {shape}", shape=shape))
        object.__setattr__(self, "shape", shape)

    def output_shape(self, input_shape: Shape) -> Shape:
        known = math.prod(size for size in self.shape if size != -1)
        total = math.prod(input_shape)
        fits = total % known == 0 if -1 in self.shape else total == known
        if not fits:
            raise ShapeError(
                say(
                    "cannot arrange an input of shape {input_shape} ({total} numbers) as {shape}",
                    input_shape=input_shape,
                    total=total,
                    shape=self.shape,
                )
            )
        return tuple(total // known if size == -1 else size for size in self.shape)

    def forward(self, ops: Ops, params: Params, state: State, x: Array, context: Context) -> tuple[Array, Any, State]:
        shape = ops.shape(x)
        return ops.reshape(x, (shape[0], *self.output_shape(shape[1:]))), shape, state

    def backward(self, ops: Ops, params: Params, saved: Any, dy: Array) -> tuple[Array, Tree]:
        return ops.reshape(dy, saved), {}

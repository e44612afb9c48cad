"""Layers that make an image smaller: the largest or the average of each window, or of the whole image."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitrina.errors import ShapeError
from vitrina.locale import say
from vitrina.network.layer import Context, Layer, Params, Shape, State, Tree
from vitrina.network.ops import Array, Ops
from vitrina.network.windows import check_padding_2d, pads_for, pair, slide


@dataclass(frozen=True)
class _Pool2D(Layer):
    """A window that slides over each channel; `stride` None means windows side by side, `padding` a number so many rows and columns
    on every side, which are no part of any largest or mean."""

    size: int | tuple[int, int] = 2
    stride: int | tuple[int, int] | None = None
    padding: str | int = "valid"

    def __post_init__(self) -> None:
        super().__post_init__()
        kind = type(self).__name__
        object.__setattr__(self, "size", pair(self.size, f"{kind}: size"))
        stride = self.size if self.stride is None else self.stride
        object.__setattr__(self, "stride", pair(stride, f"{kind}: stride"))
        check_padding_2d(self.padding, pair(self.size, f"{kind}: size"), kind)

    def output_shape(self, input_shape: Shape) -> Shape:
        return (*slide(input_shape, self.size, self.stride, self.padding), input_shape[-1])  # pyright: ignore

    def flops(self, input_shape: Shape) -> int:
        return math.prod(self.output_shape(input_shape)) * math.prod(pair(self.size, "size"))

    def _geometry(self, x_shape: Shape) -> Any:
        size, stride = pair(self.size, "size"), pair(self.stride, "stride")
        return size, stride, pads_for(x_shape[1:], size, stride, self.padding)


@dataclass(frozen=True)
class MaxPool2D(_Pool2D):
    """The largest of each window. x (batch, rows, columns, channels) -> (batch, rows out, columns out, channels).

    The error goes back to the first of equal winners, on every engine. Raises NetworkError for an impossible window.
    """

    def forward(self, ops: Ops, params: Params, state: State, x: Array, context: Context) -> tuple[Array, Any, State]:
        shape = ops.shape(x)
        y, winners = ops.max_pool2d(x, *self._geometry(shape))
        return y, (winners, shape), state

    def backward(self, ops: Ops, params: Params, saved: Any, dy: Array) -> tuple[Array, Tree]:
        winners, shape = saved
        return ops.max_pool2d_gradient(dy, winners, shape, *self._geometry(shape)), {}


@dataclass(frozen=True)
class AveragePool2D(_Pool2D):
    """The average of each window. x (batch, rows, columns, channels) -> (batch, rows out, columns out, channels).

    At the border of 'same' padding only pixels of the image count, as in Keras. Raises NetworkError for an impossible
    window.
    """

    def forward(self, ops: Ops, params: Params, state: State, x: Array, context: Context) -> tuple[Array, Any, State]:
        shape = ops.shape(x)
        share = self._share(ops, shape)
        return ops.sum_pool2d(x, *self._geometry(shape)) * share, (share, shape), state

    def backward(self, ops: Ops, params: Params, saved: Any, dy: Array) -> tuple[Array, Tree]:
        share, shape = saved
        return ops.sum_pool2d_gradient(dy * share, shape, *self._geometry(shape)), {}

    def _share(self, ops: Ops, x_shape: Shape) -> Array:
        """1 / pixels of the image in each window: (rows out, columns out, 1)."""
        size, stride, pads = self._geometry(x_shape)
        rows, columns = (
            [min(start * step + window, before + length) - max(start * step, before) for start in range(out)]
            for length, window, step, (before, _), out in zip(
                x_shape[1:3], size, stride, pads, self.output_shape(x_shape[1:])[:2], strict=True
            )
        )
        return ops.array(1.0 / np.outer(rows, columns)[:, :, None])


@dataclass(frozen=True)
class GlobalAveragePool(Layer):
    """The average over all places: x (batch, ..., channels) -> (batch, channels).

    Steps of a sequence that are padding do not count, where `Input` says what padding is.
    """

    def output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) < 2:
            raise ShapeError(
                say("needs an input of shape (places..., channels), but gets {input_shape}", input_shape=input_shape)
            )
        return input_shape[-1:]

    def forward(self, ops: Ops, params: Params, state: State, x: Array, context: Context) -> tuple[Array, Any, State]:
        shape = ops.shape(x)
        mask = context.mask_of(ops, shape[1]) if len(shape) == 3 else None
        if mask is not None:
            share = mask / ops.maximum(ops.sum(mask, axis=1, keepdims=True), 1.0)  # (batch, steps): each step's part
            return ops.sum(x * share[:, :, None], axis=1), (shape, share), state
        return ops.mean(x, axis=tuple(range(1, len(shape) - 1))), (shape, None), state

    def backward(self, ops: Ops, params: Params, saved: Any, dy: Array) -> tuple[Array, Tree]:
        shape, share = saved
        if share is not None:
            return dy[:, None, :] * share[:, :, None], {}
        places = shape[1:-1]
        part = dy * (1.0 / math.prod(places))  # (batch, channels): every place had the same part in the average
        return ops.broadcast_to(ops.reshape(part, (shape[0], *(1 for _ in places), shape[-1])), shape), {}

    def flops(self, input_shape: Shape) -> int:
        return math.prod(input_shape)

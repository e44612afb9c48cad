"""Neurons that look at one patch of the image at a time, and share their weights from place to place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vitrina.errors import ShapeError
from vitrina.locale import say
from vitrina.network.activations import ACTIVATIONS, check_activation, sums_to_keep
from vitrina.network.initialisers import Initialiser, check_initialiser, initialiser_for
from vitrina.network.layer import Context, Layer, Params, Shape, State, Tree, require, whole
from vitrina.network.ops import Array, Ops
from vitrina.network.windows import check_padding_2d, pads_for, pair, slide


@dataclass(frozen=True)
class Conv2D(Layer):
    """y = activation(x * weight + bias), * being cross-correlation, as in every framework.

    x (batch, rows, columns, channels) -> y (batch, rows out, columns out, filters). Parameters: weight (height, width,
    channels / groups, filters), bias (filters,). `kernel_size` and `stride` take one number or two; `padding` 'valid', 'same',
    or so many zeros on every side. groups: channels and filters are dealt out to so many groups, in order, and each filter
    sees the channels of its own group only; as many groups as channels is a depthwise convolution, with filters / channels
    filters for each channel.
    Raises NetworkError for an impossible number or an unknown name, ShapeError if groups do not divide the channels.
    """

    filters: int
    kernel_size: int | tuple[int, int]
    stride: int | tuple[int, int] = 1
    padding: str | int = "valid"
    activation: str = "linear"
    use_bias: bool = True
    initialiser: str | Initialiser | None = None
    groups: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        filters = whole(
            self.filters,
            say(
                "{kind}: {name} must be a whole number of 1 or more, not {value!r}",
                kind="Conv2D",
                name="filters",
                value=self.filters,
            ),
        )
        object.__setattr__(self, "filters", filters)
        object.__setattr__(self, "kernel_size", pair(self.kernel_size, "Conv2D: kernel_size"))
        object.__setattr__(self, "stride", pair(self.stride, "Conv2D: stride"))
        check_padding_2d(self.padding, pair(self.kernel_size, "Conv2D: kernel_size"), "Conv2D")
        check_activation(self.activation)
        check_initialiser(self.initialiser)
        groups = whole(
            self.groups,
            say(
                "{kind}: {name} must be a whole number of 1 or more, not {value!r}",
                kind="Conv2D",
                name="groups",
                value=self.groups,
            ),
        )
        object.__setattr__(self, "groups", groups)
        require(
            filters % groups == 0,
            say(
                "{kind}: {groups} groups cannot share {filters} filters; make it a multiple",
                kind="Conv2D",
                groups=groups,
                filters=filters,
            ),
        )

    def output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) == 3 and input_shape[2] % self.groups:
            raise ShapeError(
                say(
                    "{groups} groups cannot share {channels} channels; take a number that divides them",
                    groups=self.groups,
                    channels=input_shape[2],
                )
            )
        return (*slide(input_shape, self.kernel_size, self.stride, self.padding), self.filters)  # pyright: ignore

    def build(self, input_shape: Shape, rng: np.random.Generator) -> tuple[Shape, Params, State]:
        shape = self.output_shape(input_shape)
        height, width = pair(self.kernel_size, "kernel_size")
        size = (height, width, input_shape[-1] // self.groups, self.filters)
        start = initialiser_for(self.initialiser, self.activation)
        seen, seeing = (height * width * count // self.groups for count in (input_shape[-1], self.filters))
        params = {"weight": start.draw(rng, size, seen, seeing)}
        return shape, params | ({"bias": np.zeros(self.filters)} if self.use_bias else {}), {}

    def forward(self, ops: Ops, params: Params, state: State, x: Array, context: Context) -> tuple[Array, Any, State]:
        geometry = self._geometry(ops.shape(x))
        z = ops.conv2d(x, params["weight"], *geometry, groups=self.groups)  # (batch, rows out, columns out, filters)
        if self.use_bias:
            z = z + params["bias"]
        y = ACTIVATIONS[self.activation].forward(ops, z)
        return y, (x, sums_to_keep(self.activation, z, context), y), state

    def backward(self, ops: Ops, params: Params, saved: Any, dy: Array) -> tuple[Array, Tree]:
        dz = self.error_signal(ops, saved, dy)
        shape = ops.shape(saved[0])
        dx = ops.conv2d_input_gradient(dz, params["weight"], shape, *self._geometry(shape), groups=self.groups)
        return dx, self._gradients(ops, params, saved, dz)

    def backward_first(self, ops: Ops, params: Params, saved: Any, dy: Array) -> Tree:
        return self._gradients(ops, params, saved, self.error_signal(ops, saved, dy))

    def _geometry(self, x_shape: Shape) -> Any:
        size, stride = pair(self.kernel_size, "kernel_size"), pair(self.stride, "stride")
        return stride, pads_for(x_shape[1:], size, stride, self.padding)

    def error_signal(self, ops: Ops, saved: Any, dy: Array) -> Array:
        """The error\'s slope by each weighted sum, of y\'s shape flattened to what `saved` holds."""
        _, z, y = saved
        return ACTIVATIONS[self.activation].backward(ops, z, y, dy)  # (batch, rows out, columns out, filters)

    def patch(self, x: np.ndarray, place: tuple[int, ...], unit: int = 0) -> np.ndarray:
        """What a filter sees at `place` (row, column) of one example: (height, width, channels / groups), 0 beyond the border."""
        (height, width), (stride, pads) = pair(self.kernel_size, "kernel_size"), self._geometry((1, *x.shape))
        padded = np.pad(x, (*pads, (0, 0)))
        row, column = (at * step for at, step in zip(place, stride, strict=True))
        inside = x.shape[-1] // self.groups
        first = unit % self.filters // (self.filters // self.groups) * inside  # of the channels of the filter's group
        return padded[row : row + height, column : column + width, first : first + inside]

    def _gradients(self, ops: Ops, params: Params, saved: Any, dz: Array) -> Tree:
        x = saved[0]
        weight_shape = ops.shape(params["weight"])
        dweight = ops.conv2d_weight_gradient(x, dz, weight_shape, *self._geometry(ops.shape(x)), groups=self.groups)
        return {"weight": dweight} | ({"bias": ops.sum(dz, axis=(0, 1, 2))} if self.use_bias else {})

    def flops(self, input_shape: Shape) -> int:
        rows, columns, filters = self.output_shape(input_shape)
        height, width = pair(self.kernel_size, "kernel_size")
        return rows * columns * filters * height * width * (input_shape[-1] // self.groups) * 2

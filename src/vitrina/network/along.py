"""Layers that slide along a sequence: those of images, on an image of one row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np

from vitrina.errors import ShapeError
from vitrina.locale import say
from vitrina.network.activations import check_activation
from vitrina.network.convolution import Conv2D
from vitrina.network.initialisers import Initialiser, check_initialiser
from vitrina.network.layer import Context, Layer, Params, Shape, State, Tree, require, whole
from vitrina.network.ops import Array, Ops
from vitrina.network.pooling import AveragePool2D, MaxPool2D
from vitrina.network.windows import check_padding


@dataclass(frozen=True)
class _Along(Layer):
    """Lays the sequence down as an image of one row and hands it to `image`."""

    @property
    def image(self) -> Layer:
        """The layer of images that does the work."""
        raise NotImplementedError

    @property
    def window(self) -> int:
        """How many steps it sees at a time."""
        raise NotImplementedError

    def output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 2:
            raise ShapeError(
                say("needs a sequence of shape (steps, channels), but gets {input_shape}", input_shape=input_shape)
            )
        try:
            return self.image.output_shape((1, *input_shape))[1:]
        except ShapeError:
            raise ShapeError(
                say(
                    "its window of {window} steps does not fit into the sequence of shape {input_shape}; make "
                    "the window smaller, use padding='same', or pool less before it",
                    window=self.window,
                    input_shape=input_shape,
                )
            ) from None

    def build(self, input_shape: Shape, rng: np.random.Generator) -> tuple[Shape, Params, State]:
        shape = self.output_shape(input_shape)
        _, params, state = self.image.build((1, *input_shape), rng)
        return shape, {name: array[0] if array.ndim == 4 else array for name, array in params.items()}, state

    def forward(self, ops: Ops, params: Params, state: State, x: Array, context: Context) -> tuple[Array, Any, State]:
        y, saved, state = self.image.forward(ops, _widened(ops, params), state, _as_row(ops, x), context)
        return _as_sequence(ops, y), saved, state

    def backward(self, ops: Ops, params: Params, saved: Any, dy: Array) -> tuple[Array, Tree]:
        dx, gradients = self.image.backward(ops, _widened(ops, params), saved, _as_row(ops, dy))
        return _as_sequence(ops, dx), _narrowed(ops, gradients)

    def backward_first(self, ops: Ops, params: Params, saved: Any, dy: Array) -> Tree:
        return _narrowed(ops, self.image.backward_first(ops, _widened(ops, params), saved, _as_row(ops, dy)))

    def flops(self, input_shape: Shape) -> int:
        return self.image.flops((1, *input_shape))


@dataclass(frozen=True)
class Conv1D(_Along):
    """y = activation(x * weight + bias) along the steps, * being cross-correlation, as in every framework.

    x (batch, steps, channels) -> y (batch, steps out, filters). Parameters: weight (size, channels / groups, filters), bias
    (filters,). `padding` 'valid', or 'same' (the rule is TensorFlow's). groups: as in `Conv2D`. Raises NetworkError for an
    impossible number or an unknown name, ShapeError if groups do not divide the channels.
    """

    filters: int
    kernel_size: int
    stride: int = 1
    padding: str = "valid"
    activation: str = "linear"
    use_bias: bool = True
    initialiser: str | Initialiser | None = None
    groups: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("filters", "kernel_size", "stride", "groups"):
            _check_whole(self, name)
        shared = say(
            "{kind}: {groups} groups cannot share {filters} filters; make it a multiple",
            kind="Conv1D",
            groups=self.groups,
            filters=self.filters,
        )
        require(self.filters % self.groups == 0, shared)
        check_padding(self.padding, "Conv1D")
        check_activation(self.activation)
        check_initialiser(self.initialiser)

    @cached_property
    def image(self) -> Conv2D:  # pyright: ignore[reportIncompatibleMethodOverride]
        size, stride = (1, self.kernel_size), (1, self.stride)
        how = (self.padding, self.activation, self.use_bias, self.initialiser, self.groups)
        return Conv2D(self.filters, size, stride, *how)

    def output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) == 2 and input_shape[1] % self.groups:
            raise ShapeError(
                say(
                    "{groups} groups cannot share {channels} channels; take a number that divides them",
                    groups=self.groups,
                    channels=input_shape[1],
                )
            )
        return super().output_shape(input_shape)

    @property
    def window(self) -> int:
        return self.kernel_size

    def patch(self, x: np.ndarray, place: tuple[int, ...], unit: int = 0) -> np.ndarray:
        """What a filter sees at `place` (step,) of one example: (size, channels / groups), 0 beyond the border."""
        return self.image.patch(x[None], (0, *place), unit)[0]

    def error_signal(self, ops: Ops, saved: Any, dy: Array) -> Array:
        """The error's slope by each weighted sum: (batch, 1, steps out, filters)."""
        return self.image.error_signal(ops, saved, _as_row(ops, dy))


@dataclass(frozen=True)
class _Pool1D(_Along):
    """A window that slides along each channel; `stride` None means windows side by side."""

    size: int = 2
    stride: int | None = None
    padding: str = "valid"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.stride is None:
            object.__setattr__(self, "stride", self.size)
        for name in ("size", "stride"):
            _check_whole(self, name)
        check_padding(self.padding, type(self).__name__)

    @property
    def window(self) -> int:
        return self.size

    @property
    def _options(self) -> tuple[tuple[int, int], tuple[int, int], str]:
        return (1, self.size), (1, cast(int, self.stride)), self.padding


@dataclass(frozen=True)
class MaxPool1D(_Pool1D):
    """The largest of each window. x (batch, steps, channels) -> (batch, steps out, channels).

    The error goes back to the first of equal winners, on every engine. Raises NetworkError for an impossible window.
    """

    @cached_property
    def image(self) -> MaxPool2D:  # pyright: ignore[reportIncompatibleMethodOverride]
        return MaxPool2D(*self._options)


@dataclass(frozen=True)
class AveragePool1D(_Pool1D):
    """The average of each window. x (batch, steps, channels) -> (batch, steps out, channels).

    At the border of 'same' padding only steps of the sequence count, as in Keras. Raises NetworkError for an impossible
    window.
    """

    @cached_property
    def image(self) -> AveragePool2D:  # pyright: ignore[reportIncompatibleMethodOverride]
        return AveragePool2D(*self._options)


def _check_whole(layer: Layer, name: str) -> None:
    """A whole number of 1 or more, kept as Python's own. Raises NetworkError otherwise."""
    value = getattr(layer, name)
    sentence = say(
        "{kind}: {name} must be a whole number of 1 or more, not {value!r}",
        kind=type(layer).__name__,
        name=name,
        value=value,
    )
    object.__setattr__(layer, name, whole(value, sentence))


def _as_row(ops: Ops, x: Array) -> Array:
    batch, steps, channels = ops.shape(x)
    return ops.reshape(x, (batch, 1, steps, channels))


def _as_sequence(ops: Ops, x: Array) -> Array:
    batch, _, steps, channels = ops.shape(x)
    return ops.reshape(x, (batch, steps, channels))


def _widened(ops: Ops, params: Params) -> Params:
    """weight (size, channels, filters) as that of an image's layer: (1, size, channels, filters)."""
    if not params:
        return params
    return {**params, "weight": ops.reshape(params["weight"], (1, *ops.shape(params["weight"])))}


def _narrowed(ops: Ops, gradients: Tree) -> Tree:
    if not gradients:
        return gradients
    return {**gradients, "weight": ops.reshape(gradients["weight"], ops.shape(gradients["weight"])[1:])}

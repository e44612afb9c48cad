"""Layers that bring numbers to mean 0 and spread 1: over the batch, or within each example."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitrina.errors import ShapeError
from vitrina.locale import say
from vitrina.network.layer import SMALLEST, Context, Layer, Params, Shape, State, Tree, require, whole
from vitrina.network.ops import Array, Ops


@dataclass(frozen=True)
class BatchNorm(Layer):
    """y = (x - mean) / sqrt(variance + epsilon) · scale + shift, per channel (last axis).

    While learning, mean and variance are those of the batch (over all axes but the last), each example counting by its
    weight, so the padding of a last batch leaves no trace; running averages are kept in the state and used afterwards:
    running <- momentum · running + (1 - momentum) · batch. The running variance is the plain one of the batch, as in
    Keras; PyTorch stores it times n / (n - 1). Parameters: scale, shift (channels,); state: mean, variance (channels,).
    Raises NetworkError unless 0 <= momentum < 1 and epsilon > 0. Source: Ioffe and Szegedy (2015), arXiv:1502.03167.
    """

    momentum: float = 0.9
    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        super().__post_init__()
        require(
            0.0 <= self.momentum < 1.0,
            say(
                "{kind}: {name} must be in [0, 1), not {value!r}",
                kind="BatchNorm",
                name="momentum",
                value=self.momentum,
            ),
        )
        require(
            self.epsilon > 0.0,
            say("{kind}: {name} must be above 0, not {value!r}", kind="BatchNorm", name="epsilon", value=self.epsilon),
        )

    def output_shape(self, input_shape: Shape) -> Shape:
        if not input_shape:
            raise ShapeError(
                say("needs an input of shape (..., channels), but gets {input_shape}", input_shape=input_shape)
            )
        return input_shape

    def build(self, input_shape: Shape, rng: np.random.Generator) -> tuple[Shape, Params, State]:
        channels = self.output_shape(input_shape)[-1]
        params = {"scale": np.ones(channels), "shift": np.zeros(channels)}
        return input_shape, params, {"mean": np.zeros(channels), "variance": np.ones(channels)}

    def forward(self, ops: Ops, params: Params, state: State, x: Array, context: Context) -> tuple[Array, Any, State]:
        if not context.training:
            spread = ops.sqrt(state["variance"] + self.epsilon)  # (channels,)
            centred = x - state["mean"]
            return centred * (params["scale"] / spread) + params["shift"], (centred, spread, None), state
        if context.weight is None and (own := ops.kernels.batch_norm):
            y, mean, variance, back = own(x, params["scale"], params["shift"], self.epsilon)
            return y, back, self._moved(ops, state, mean, variance)
        share = self._share(ops, ops.shape(x), context.weight)
        mean = _total(ops, x, share)  # (channels,)
        centred = x - mean
        variance = _total(ops, centred * centred, share)  # (channels,)
        spread = ops.sqrt(variance + self.epsilon)
        y = centred * (params["scale"] / spread) + params["shift"]
        return y, (centred, spread, share), self._moved(ops, state, mean, variance)

    def backward(self, ops: Ops, params: Params, saved: Any, dy: Array) -> tuple[Array, Tree]:
        if callable(saved):
            return _kernel_back(saved, dy)
        centred, spread, share = saved
        axes = tuple(range(len(ops.shape(dy)) - 1))
        dscale, dshift = ops.sum(dy * centred, axis=axes) / spread, ops.sum(dy, axis=axes)  # (channels,)
        gradients = {"scale": dscale, "shift": dshift}
        slope = params["scale"] / spread
        if share is None:  # mean and variance were constants, not of this batch
            return dy * slope, gradients
        # every x moved the mean and the variance too, by its share in them; those two paths are taken off
        if not isinstance(share, float):
            share = ops.reshape(
                share, (-1, *(1 for _ in axes))
            )  # so that what is multiplied below is (batch, 1, ..., channels)
        return dy * slope - (centred * (share * (dscale * slope / spread)) + share * (dshift * slope)), gradients

    def _moved(self, ops: Ops, state: State, mean: Array, variance: Array) -> State:
        """The running averages, a step further."""
        now = {"mean": mean, "variance": variance}
        return {name: ops.mix(state[name], value, self.momentum) for name, value in now.items()}

    def _share(self, ops: Ops, shape: Shape, weight: Array) -> Any:
        """What each number of an example counts for in the batch's mean, (batch,); shares of all numbers add up to 1."""
        places = math.prod(shape[1:-1])
        if weight is None:
            return 1.0 / (shape[0] * places)
        return weight / (ops.maximum(ops.sum(weight), SMALLEST) * places)

    def flops(self, input_shape: Shape) -> int:
        return math.prod(input_shape) * 2


def _kernel_back(back: Any, dy: Array) -> tuple[Array, Tree]:
    """The way back of an engine's own kernel."""
    dx, dscale, dshift = back(dy)
    return dx, {"scale": dscale, "shift": dshift}


def _total(ops: Ops, x: Array, share: Any) -> Array:
    """The sum over all axes but the last, each example weighed by its share: (channels,).

    Each example's sum comes first, for the weights are then multiplied with few numbers: a pass over x is what costs.
    """
    axes = tuple(range(len(ops.shape(x)) - 1))
    if isinstance(share, float):
        return ops.sum(x, axis=axes) * share
    each = ops.sum(x, axis=axes[1:]) if len(axes) > 1 else x  # (batch, channels)
    return ops.sum(each * share[:, None], axis=0)


@dataclass(frozen=True)
class LayerNorm(Layer):
    """y = (x - mean) / sqrt(variance + epsilon) · scale + shift, mean and variance over the last axis of each example.

    Parameters: scale, shift (channels,). Raises NetworkError unless epsilon > 0. Source: Ba et al. (2016),
    arXiv:1607.06450.
    """

    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        super().__post_init__()
        require(
            self.epsilon > 0.0,
            say("{kind}: {name} must be above 0, not {value!r}", kind="LayerNorm", name="epsilon", value=self.epsilon),
        )

    def output_shape(self, input_shape: Shape) -> Shape:
        if not input_shape:
            raise ShapeError(
                say("needs an input of shape (..., channels), but gets {input_shape}", input_shape=input_shape)
            )
        return input_shape

    def build(self, input_shape: Shape, rng: np.random.Generator) -> tuple[Shape, Params, State]:
        channels = self.output_shape(input_shape)[-1]
        return input_shape, {"scale": np.ones(channels), "shift": np.zeros(channels)}, {}

    def forward(self, ops: Ops, params: Params, state: State, x: Array, context: Context) -> tuple[Array, Any, State]:
        if own := ops.kernels.layer_norm:
            y, back = own(x, params["scale"], params["shift"], self.epsilon)
            return y, back, state
        centred = x - ops.mean(x, axis=-1, keepdims=True)
        spread = ops.sqrt(ops.mean(centred * centred, axis=-1, keepdims=True) + self.epsilon)  # (batch, ..., 1)
        xhat = centred / spread
        return xhat * params["scale"] + params["shift"], (xhat, spread), state

    def backward(self, ops: Ops, params: Params, saved: Any, dy: Array) -> tuple[Array, Tree]:
        if callable(saved):
            return _kernel_back(saved, dy)
        xhat, spread = saved
        axes = tuple(range(len(ops.shape(dy)) - 1))
        gradients = {"scale": ops.sum(dy * xhat, axis=axes), "shift": ops.sum(dy, axis=axes)}
        dxhat = dy * params["scale"]
        # every x moved the mean and the variance too; those two paths are taken off
        through_mean = ops.mean(dxhat, axis=-1, keepdims=True)
        through_spread = xhat * ops.mean(dxhat * xhat, axis=-1, keepdims=True)
        return (dxhat - through_mean - through_spread) / spread, gradients

    def flops(self, input_shape: Shape) -> int:
        return math.prod(input_shape) * 8


@dataclass(frozen=True)
class RMSNorm(Layer):
    """y = x / sqrt(mean of x² + epsilon) · scale, the mean over the last axis: LayerNorm without mean and shift.

    Parameters: scale (channels,). Raises NetworkError unless epsilon > 0. Source: Zhang and Sennrich (2019),
    arXiv:1910.07467.
    """

    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        super().__post_init__()
        require(
            self.epsilon > 0.0,
            say("{kind}: {name} must be above 0, not {value!r}", kind="RMSNorm", name="epsilon", value=self.epsilon),
        )

    def output_shape(self, input_shape: Shape) -> Shape:
        if not input_shape:
            raise ShapeError(
                say("needs an input of shape (..., channels), but gets {input_shape}", input_shape=input_shape)
            )
        return input_shape

    def build(self, input_shape: Shape, rng: np.random.Generator) -> tuple[Shape, Params, State]:
        return self.output_shape(input_shape), {"scale": np.ones(input_shape[-1])}, {}

    def forward(self, ops: Ops, params: Params, state: State, x: Array, context: Context) -> tuple[Array, Any, State]:
        spread = ops.sqrt(ops.mean(x * x, axis=-1, keepdims=True) + self.epsilon)  # (batch, ..., 1)
        xhat = x / spread
        return xhat * params["scale"], (xhat, spread), state

    def backward(self, ops: Ops, params: Params, saved: Any, dy: Array) -> tuple[Array, Tree]:
        xhat, spread = saved
        gradients = {"scale": ops.sum(dy * xhat, axis=tuple(range(len(ops.shape(dy)) - 1)))}
        dxhat = dy * params["scale"]
        # every x moved the spread too; that path is taken off
        return (dxhat - xhat * ops.mean(dxhat * xhat, axis=-1, keepdims=True)) / spread, gradients

    def flops(self, input_shape: Shape) -> int:
        return math.prod(input_shape) * 5


@dataclass(frozen=True)
class GroupNorm(Layer):
    """y = (x - mean) / sqrt(variance + epsilon) · scale + shift, over all places and a group of channels of an example.

    Channels side by side form a group, as in PyTorch; one group is a LayerNorm over the whole example but for scale and
    shift, which are per channel. Parameters: scale, shift (channels,). Raises NetworkError unless groups is a whole number
    of 1 or more and epsilon > 0, ShapeError unless it divides the channels. Source: Wu and He (2018), arXiv:1803.08494.
    """

    groups: int = 8
    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        super().__post_init__()
        groups = whole(
            self.groups,
            say(
                "{kind}: {name} must be a whole number of 1 or more, not {value!r}",
                kind="GroupNorm",
                name="groups",
                value=self.groups,
            ),
        )
        object.__setattr__(self, "groups", groups)
        require(
            self.epsilon > 0.0,
            say("{kind}: {name} must be above 0, not {value!r}", kind="GroupNorm", name="epsilon", value=self.epsilon),
        )

    def output_shape(self, input_shape: Shape) -> Shape:
        if not input_shape:
            raise ShapeError(
                say("needs an input of shape (..., channels), but gets {input_shape}", input_shape=input_shape)
            )
        if input_shape[-1] % self.groups:
            raise ShapeError(
                say(
                    "cannot share out the channels of an input of shape {input_shape} to {groups} groups",
                    input_shape=input_shape,
                    groups=self.groups,
                )
            )
        return input_shape

    def build(self, input_shape: Shape, rng: np.random.Generator) -> tuple[Shape, Params, State]:
        channels = self.output_shape(input_shape)[-1]
        return input_shape, {"scale": np.ones(channels), "shift": np.zeros(channels)}, {}

    def forward(self, ops: Ops, params: Params, state: State, x: Array, context: Context) -> tuple[Array, Any, State]:
        grouped = self._grouped(ops, x)
        centred = grouped - ops.mean(grouped, axis=(1, 3), keepdims=True)
        variance = ops.mean(centred * centred, axis=(1, 3), keepdims=True)
        spread = ops.sqrt(variance + self.epsilon)  # (batch, 1, groups, 1)
        xhat = ops.reshape(centred / spread, ops.shape(x))
        return xhat * params["scale"] + params["shift"], (xhat, spread), state

    def backward(self, ops: Ops, params: Params, saved: Any, dy: Array) -> tuple[Array, Tree]:
        xhat, spread = saved
        axes = tuple(range(len(ops.shape(dy)) - 1))
        gradients = {"scale": ops.sum(dy * xhat, axis=axes), "shift": ops.sum(dy, axis=axes)}
        dxhat, grouped = self._grouped(ops, dy * params["scale"]), self._grouped(ops, xhat)
        # every x moved the mean and the variance too; those two paths are taken off
        through_mean = ops.mean(dxhat, axis=(1, 3), keepdims=True)
        through_spread = grouped * ops.mean(dxhat * grouped, axis=(1, 3), keepdims=True)
        return ops.reshape((dxhat - through_mean - through_spread) / spread, ops.shape(dy)), gradients

    def _grouped(self, ops: Ops, x: Array) -> Array:
        """(batch, places, groups, channels of a group)."""
        shape = ops.shape(x)
        return ops.reshape(x, (shape[0], math.prod(shape[1:-1]), self.groups, shape[-1] // self.groups))

    def flops(self, input_shape: Shape) -> int:
        return math.prod(input_shape) * 8

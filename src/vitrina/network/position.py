"""Where in a sequence a step stands, told to layers that would treat all steps alike."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitrina.errors import ShapeError
from vitrina.locale import say
from vitrina.network.initialisers import Normal
from vitrina.network.layer import Context, Layer, Params, Shape, State, Tree, require
from vitrina.network.ops import Array, Ops

KINDS = ("learned", "sinusoidal")
LONGEST = 10_000.0  # wave length of the slowest pair of channels, over 2π


@dataclass(frozen=True)
class PositionalEmbedding(Layer):
    """y = x + table, a row of the table for each step: x (batch, steps, channels) -> y of the same shape.

    kind "learned": parameter weight (steps, channels), normal with spread 0.02 at first, as in BERT and GPT-2.
    kind "sinusoidal": no parameter; table[step, 2i] = sin(step / 10000^(2i / channels)), table[step, 2i + 1] its cosine.
    Raises NetworkError for another kind. Source: Vaswani et al. (2017), arXiv:1706.03762, section 3.5.
    """

    kind: str = "learned"

    def __post_init__(self) -> None:
        super().__post_init__()
        require(
            self.kind in KINDS,
            say("PositionalEmbedding: kind must be 'learned' or 'sinusoidal', not {kind!r}", kind=self.kind),
        )

    def output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 2:
            raise ShapeError(
                say("needs a sequence of shape (steps, channels), but gets {input_shape}", input_shape=input_shape)
            )
        return input_shape

    def build(self, input_shape: Shape, rng: np.random.Generator) -> tuple[Shape, Params, State]:
        shape = self.output_shape(input_shape)
        if self.kind == "sinusoidal":
            return shape, {}, {}
        return shape, {"weight": Normal(0.02).draw(rng, shape, *shape)}, {}

    def forward(self, ops: Ops, params: Params, state: State, x: Array, context: Context) -> tuple[Array, Any, State]:
        if self.kind == "learned":
            return x + params["weight"], None, state
        _, steps, channels = ops.shape(x)
        return x + ops.array(waves(steps, channels)), None, state

    def backward(self, ops: Ops, params: Params, saved: Any, dy: Array) -> tuple[Array, Tree]:
        return dy, {"weight": ops.sum(dy, axis=0)} if self.kind == "learned" else {}

    def flops(self, input_shape: Shape) -> int:
        return math.prod(input_shape)


def waves(steps: int, channels: int) -> np.ndarray:
    """The sinusoidal table: (steps, channels), float64; sines at even channels, cosines at odd ones."""
    channel = np.arange(channels)
    angle = np.arange(steps)[:, None] / LONGEST ** ((channel - channel % 2) / channels)
    return np.where(channel % 2, np.cos(angle), np.sin(angle))

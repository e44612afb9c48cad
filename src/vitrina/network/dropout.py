"""Units that fall silent at random while learning, so that no unit relies on one other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from vitrina.locale import say
from vitrina.network.layer import Context, Layer, Params, Shape, State, Tree, require
from vitrina.network.ops import Array, Ops


@dataclass(frozen=True)
class Dropout(Layer):
    """While learning y = x · kept / (1 - rate), each number kept with probability 1 - rate; afterwards y = x.

    Any shape. Raises NetworkError unless 0 <= rate < 1. Source: Srivastava et al. (2014), JMLR 15; scaled while
    learning ("inverted"), as every framework does, so that prediction needs no change.
    """

    rate: float
    random: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        require(
            0.0 <= self.rate < 1.0, say("Dropout: rate must be 0 or more and below 1, not {value!r}", value=self.rate)
        )

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def forward(self, ops: Ops, params: Params, state: State, x: Array, context: Context) -> tuple[Array, Any, State]:
        if not context.training or self.rate == 0.0:
            return x, None, state
        kept = ops.random_uniform(context.random_key(ops), ops.shape(x)) >= self.rate
        scale = ops.cast(kept) * (1.0 / (1.0 - self.rate))  # same shape as x: 0, or what makes up for the silent ones
        return x * scale, scale, state

    def backward(self, ops: Ops, params: Params, saved: Any, dy: Array) -> tuple[Array, Tree]:
        return (dy if saved is None else dy * saved), {}

"""Things that have no size, only a name (words, shops, cities), each as a point that learning moves to where it belongs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vitrina.errors import DataError
from vitrina.locale import say
from vitrina.network.initialisers import Normal
from vitrina.network.layer import Context, Layer, Params, Shape, State, Tree, whole
from vitrina.network.ops import Array, Ops

SPREAD = 0.05  # of the first coordinates: small beside what learning adds, whatever the size


@dataclass(frozen=True)
class Embedding(Layer):
    """y = weight[x], a row of the table for each whole number: x (batch, ...) in 0..count-1 -> y (batch, ..., size).

    Parameter: weight (count, size), normal with spread 0.05 at first. Its gradient adds up, for each row, the slopes of all
    places where the row was taken (scatter-add); x itself has no slope. x may be whole numbers or floats that hold them, up to
    2^24. Raises NetworkError for a number below 1; data outside of the table are refused before training, with DataError.
    Source: Bengio et al. (2003), JMLR 3, section 2.
    """

    count: int
    size: int

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("count", "size"):
            value = getattr(self, name)
            sentence = say(
                "{kind}: {name} must be a whole number of 1 or more, not {value!r}",
                kind="Embedding",
                name=name,
                value=value,
            )
            object.__setattr__(self, name, whole(value, sentence))

    def output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape, self.size)

    def build(self, input_shape: Shape, rng: np.random.Generator) -> tuple[Shape, Params, State]:
        size = (self.count, self.size)
        return self.output_shape(input_shape), {"weight": Normal(SPREAD).draw(rng, size, *size)}, {}

    def check_values(self, x: np.ndarray, name: str) -> None:
        wrong = (x < 0) | (x >= self.count)
        if x.dtype.kind == "f":
            wrong |= x != np.floor(x)
        if wrong.any():
            place = np.unravel_index(int(np.argmax(wrong)), x.shape)
            raise DataError(
                say(
                    "{name} has {value} in row {row}, and the network's Embedding takes whole numbers from 0 to "
                    "{last}; give it a larger count, or number the values anew",
                    name=name,
                    value=x[place],
                    row=place[0],
                    last=self.count - 1,
                )
            )

    def forward(self, ops: Ops, params: Params, state: State, x: Array, context: Context) -> tuple[Array, Any, State]:
        index = ops.whole(x)
        return ops.gather(params["weight"], index), (x, index), state

    def backward(self, ops: Ops, params: Params, saved: Any, dy: Array) -> tuple[Array, Tree]:
        return ops.zeros_like(saved[0]), self.backward_first(ops, params, saved, dy)

    def backward_first(self, ops: Ops, params: Params, saved: Any, dy: Array) -> Tree:
        index, slopes = ops.reshape(saved[1], (-1,)), ops.reshape(dy, (-1, self.size))  # a row for each place
        return {"weight": ops.scatter_add(ops.zeros_like(params["weight"]), index, slopes)}

"""Attention: every step of a sequence looks at all the others, and takes from each as much as it finds it matters.

Short sequences keep the table of who looked at whom. Long ones do not: its size is the square of their length. There the
queries come in blocks, and back propagation works the table out again, block by block (Rabe and Staats 2021, arXiv:2112.05682;
Dao et al. 2022, arXiv:2205.14135), so that memory grows with the length alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitrina.errors import ShapeError
from vitrina.locale import say
from vitrina.network.initialisers import INITIALISERS
from vitrina.network.layer import SMALLEST, Context, Layer, Params, Shape, State, Tree, whole
from vitrina.network.ops import Array, Ops

BLOCK = 512  # queries at a time; sequences up to here are one block
SIDES = ("query", "key", "value")  # in the order in which their sums stand side by side
HIDDEN = -1e30  # added to the score of what must not be seen: its share becomes 0


@dataclass(frozen=True)
class Attention(Layer):
    """Multi-head self-attention: x (batch, steps, width) -> y of the same shape.

    For each head, with q, k, v = x · weight + bias of size `head_size`:  y = softmax(q kᵀ / √head_size) v.  The heads are
    concatenated and brought back to the width. Parameters: query_weight, key_weight, value_weight (width, heads ·
    head_size), output_weight (heads · head_size, width), and a bias for each unless `use_bias` is False.

    causal: a step sees itself and those before it only. Where `Input` says what padding is, nobody looks at padded steps.
    head_size None: width / heads. Raises NetworkError for impossible numbers, ShapeError if heads do not divide the width.
    Source: Vaswani et al. (2017), arXiv:1706.03762, section 3.2.
    """

    heads: int
    causal: bool = False
    head_size: int | None = None
    use_bias: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        heads = whole(
            self.heads,
            say(
                "{kind}: {name} must be a whole number of 1 or more, not {value!r}",
                kind="Attention",
                name="heads",
                value=self.heads,
            ),
        )
        object.__setattr__(self, "heads", heads)
        if self.head_size is not None:
            sentence = say(
                "{kind}: {name} must be a whole number of 1 or more, not {value!r}",
                kind="Attention",
                name="head_size",
                value=self.head_size,
            )
            object.__setattr__(self, "head_size", whole(self.head_size, sentence))

    def output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 2:
            raise ShapeError(
                say("needs a sequence of shape (steps, width), but gets {input_shape}", input_shape=input_shape)
            )
        self._size(input_shape[1])
        return input_shape

    def build(self, input_shape: Shape, rng: np.random.Generator) -> tuple[Shape, Params, State]:
        shape, width = self.output_shape(input_shape), input_shape[1]
        inside = self._inside(width)
        params: dict[str, np.ndarray] = {}
        for name in ("query", "key", "value", "output"):
            size = (inside, width) if name == "output" else (width, inside)
            params[f"{name}_weight"] = INITIALISERS["glorot_uniform"].draw(rng, size, *size)
            if self.use_bias:
                params[f"{name}_bias"] = np.zeros(size[1])
        return shape, params, {}

    def forward(self, ops: Ops, params: Params, state: State, x: Array, context: Context) -> tuple[Array, Any, State]:
        shape = ops.shape(x)
        _, steps, width = shape
        x = ops.reshape(x, (-1, width))  # (batch · steps, width): one product for all steps, and for all three
        sums = self._affine(ops, x, self._joined_weight(ops, params), self._joined_bias(ops, params))
        q, k, v = (self._heads_of(ops, part, shape) for part in ops.split(sums, [self._inside(width)] * 3, axis=-1))
        q = q * (1.0 / math.sqrt(self._size(width)))
        real = context.mask_of(ops, steps)
        y, kept = _attend(ops, q, k, v, real, self.causal)
        joined = self._joined(ops, y)  # (batch · steps, heads · head size)
        out = ops.reshape(self._affine(ops, joined, params["output_weight"], params.get("output_bias")), shape)
        return out, (x, q, k, v, joined, kept, real), state

    def backward(self, ops: Ops, params: Params, saved: Any, dy: Array) -> tuple[Array, Tree]:
        x, q, k, v, joined, kept, real = saved
        shape = ops.shape(dy)
        width = shape[-1]
        dy = ops.reshape(dy, (-1, width))
        gradients = self._gradients(ops, ("output",), joined, dy)
        dheads = self._heads_of(ops, ops.matmul(dy, params["output_weight"], transpose_b=True), shape)
        dq, dk, dv = _attend_back(ops, q, k, v, real, self.causal, kept, dheads)
        dq = dq * (1.0 / math.sqrt(self._size(width)))
        dsums = ops.concatenate([self._joined(ops, slope) for slope in (dq, dk, dv)], axis=-1)
        dx = ops.matmul(dsums, self._joined_weight(ops, params), transpose_b=True)  # (batch · steps, width)
        return ops.reshape(dx, shape), gradients | self._gradients(ops, SIDES, x, dsums)

    def shares(self, ops: Ops, saved: Any) -> Array:
        """Who looks at whom, of what forward saved: each query's share of each key (batch, heads, queries, keys)."""
        _, q, k, _, _, kept, real = saved
        steps = ops.shape(q)[2]
        if steps <= BLOCK and not callable(kept):
            return kept
        seen = _seen(ops, k, real, _places(ops, steps) if self.causal else None)
        return _softmax(ops, ops.matmul(q, k, transpose_b=True), seen)[0]

    def flops(self, input_shape: Shape) -> int:
        steps, width = input_shape
        inside = self._inside(width)
        return 2 * steps * inside * (4 * width + 2 * steps)

    def _size(self, width: int) -> int:
        if self.head_size is not None:
            return self.head_size
        if width % self.heads:
            raise ShapeError(
                say(
                    "{heads} heads cannot share a width of {width}; take a number of heads that divides it, or "
                    "say head_size",
                    heads=self.heads,
                    width=width,
                )
            )
        return width // self.heads

    def _inside(self, width: int) -> int:
        return self.heads * self._size(width)

    def _joined_weight(self, ops: Ops, params: Params) -> Array:
        """Those of queries, keys and values side by side: (width, 3 · heads · head size)."""
        return ops.concatenate([params[f"{name}_weight"] for name in SIDES], axis=1)

    def _joined_bias(self, ops: Ops, params: Params) -> Array:
        return ops.concatenate([params[f"{name}_bias"] for name in SIDES], axis=0) if self.use_bias else None

    def _affine(self, ops: Ops, x: Array, weight: Array, bias: Array) -> Array:
        return ops.matmul(x, weight) if bias is None else ops.affine(x, weight, bias)

    def _gradients(self, ops: Ops, names: tuple[str, ...], x: Array, dz: Array) -> dict[str, Array]:
        """Of the weights and biases of these names, whose sums stand side by side."""
        dweight = ops.matmul(x, dz, transpose_a=True)
        size = ops.shape(dz)[-1] // len(names)
        parts = ops.split(dweight, [size] * len(names), axis=1)
        gradients = {f"{name}_weight": part for name, part in zip(names, parts, strict=True)}
        if self.use_bias:
            dbias = ops.split(ops.sum(dz, axis=0), [size] * len(names), axis=0)
            gradients |= {f"{name}_bias": part for name, part in zip(names, dbias, strict=True)}
        return gradients

    def _heads_of(self, ops: Ops, x: Array, shape: Shape) -> Array:
        """(batch · steps, heads · head size) -> (batch, heads, steps, head size)."""
        batch, steps, width = shape
        return ops.transpose(ops.reshape(x, (batch, steps, self.heads, self._size(width))), (0, 2, 1, 3))

    def _joined(self, ops: Ops, x: Array) -> Array:
        """The other way round."""
        batch, heads, steps, size = ops.shape(x)
        return ops.reshape(ops.transpose(x, (0, 2, 1, 3)), (batch * steps, heads * size))


# -- q, k, v (batch, heads, steps, head size); real (batch, steps) or None: 0 for padding
def _attend(ops: Ops, q: Array, k: Array, v: Array, real: Array, causal: bool) -> tuple[Array, Any]:
    if real is None and (own := ops.kernels.attention):
        return own(q, k, v, causal)
    in_one = ops.shape(q)[2] <= BLOCK
    return (_attend_at_once if in_one else _attend_in_blocks)(ops, q, k, v, real, causal)


def _attend_back(
    ops: Ops, q: Array, k: Array, v: Array, real: Array, causal: bool, kept: Any, dy: Array
) -> tuple[Array, Array, Array]:
    if callable(kept):
        slopes: Any = kept(dy)
        return slopes
    in_one = ops.shape(q)[2] <= BLOCK
    return (_attend_back_at_once if in_one else _attend_back_in_blocks)(ops, q, k, v, real, causal, kept, dy)


# -- one block
def _attend_at_once(ops: Ops, q: Array, k: Array, v: Array, real: Array, causal: bool) -> tuple[Array, Any]:
    seen = _seen(ops, k, real, _places(ops, ops.shape(q)[2]) if causal else None)
    share, _ = _softmax(ops, ops.matmul(q, k, transpose_b=True), seen)
    return ops.matmul(share, v), share


def _attend_back_at_once(
    ops: Ops, q: Array, k: Array, v: Array, real: Array, causal: bool, share: Array, dy: Array
) -> tuple[Array, Array, Array]:
    dv = ops.matmul(share, dy, transpose_a=True)
    dshare = ops.matmul(dy, v, transpose_b=True)  # (batch, heads, queries, keys)
    dscores = share * (dshare - ops.sum(share * dshare, axis=-1, keepdims=True))
    return ops.matmul(dscores, k), ops.matmul(dscores, q, transpose_a=True), dv


# -- many blocks: the same, a block of queries at a time; what is kept is enough to work the shares out again
def _attend_in_blocks(ops: Ops, q: Array, k: Array, v: Array, real: Array, causal: bool) -> tuple[Array, Any]:
    def of_block(carried: Any, given: tuple[Array, ...]) -> Any:
        q, places = given
        seen = _seen(ops, k, real, places if causal else None)
        share, total = _softmax(ops, ops.matmul(q, k, transpose_b=True), seen)
        return carried, (ops.matmul(share, v), total)

    steps = ops.shape(q)[2]
    _, (y, total) = ops.scan(of_block, (), (_blocks(ops, q), _places_by_block(ops, steps)))
    y = _unblocked(ops, y, steps)
    return y, (y, total)


def _attend_back_in_blocks(
    ops: Ops, q: Array, k: Array, v: Array, real: Array, causal: bool, kept: Any, dy: Array
) -> tuple[Array, Array, Array]:
    y, total = kept
    along = ops.sum(y * dy, axis=-1, keepdims=True)  # what the sum of share · dshare over the keys comes to

    def of_block(carried: tuple[Array, ...], given: tuple[Array, ...]) -> Any:
        (dk, dv), (q, places, total, along, dy) = carried, given
        seen = _seen(ops, k, real, places if causal else None)
        share = ops.exp(_hidden(ops.matmul(q, k, transpose_b=True), seen) - total)
        share = share if seen is None else share * seen
        dscores = share * (ops.matmul(dy, v, transpose_b=True) - along)
        dk = dk + ops.matmul(dscores, q, transpose_a=True)
        dv = dv + ops.matmul(share, dy, transpose_a=True)
        return (dk, dv), (ops.matmul(dscores, k),)

    steps = ops.shape(q)[2]
    given = (_blocks(ops, q), _places_by_block(ops, steps), total, _blocks(ops, along), _blocks(ops, dy))
    (dk, dv), (dq,) = ops.scan(of_block, (ops.zeros_like(k), ops.zeros_like(v)), given)
    return _unblocked(ops, dq, steps), dk, dv


def _softmax(ops: Ops, scores: Array, seen: Array) -> tuple[Array, Array]:
    """Each query's share of every key it sees, and log Σ exp(scores) over these keys; no share where it sees none."""
    scores = _hidden(scores, seen)
    largest = ops.max(scores, axis=-1, keepdims=True)
    grown = ops.exp(scores - largest)
    grown = grown if seen is None else grown * seen  # for those who see nothing: all that is hidden is the largest
    total = ops.maximum(ops.sum(grown, axis=-1, keepdims=True), SMALLEST)
    return grown / total, largest + ops.log(total)


def _hidden(scores: Array, seen: Array) -> Array:
    return scores if seen is None else scores + (1.0 - seen) * HIDDEN


def _seen(ops: Ops, k: Array, real: Array, places: Array) -> Array:
    """1 where a query sees a key, else 0: (batch or 1, 1, queries or 1, keys); None if every query sees every key.

    real (batch, keys): 0 for padding, which nobody sees; places (queries, 1): keys behind these are not seen.
    """
    earlier = None
    if places is not None:
        keys = ops.array(np.arange(ops.shape(k)[2], dtype=np.float64))
        earlier = ops.cast(keys <= places)[None, None]
    if real is None:
        return earlier
    return real[:, None, None, :] if earlier is None else real[:, None, None, :] * earlier


def _places(ops: Ops, queries: int) -> Array:
    return ops.array(np.arange(queries, dtype=np.float64)[:, None])


def _places_by_block(ops: Ops, steps: int) -> Array:
    blocks = -(-steps // BLOCK)
    return ops.array(np.arange(blocks * BLOCK, dtype=np.float64).reshape(blocks, BLOCK, 1))


def _blocks(ops: Ops, x: Array) -> Array:
    """(batch, heads, steps, size) -> (blocks, batch, heads, block, size), filled up with zeros, which add nothing."""
    batch, heads, steps, size = ops.shape(x)
    blocks = -(-steps // BLOCK)
    missing = blocks * BLOCK - steps
    if missing:
        x = ops.concatenate([x, ops.zeros((batch, heads, missing, size))], axis=2)
    return ops.transpose(ops.reshape(x, (batch, heads, blocks, BLOCK, size)), (2, 0, 1, 3, 4))


def _unblocked(ops: Ops, x: Array, steps: int) -> Array:
    """The other way round, without what was filled up."""
    blocks, batch, heads, block, size = ops.shape(x)
    x = ops.reshape(ops.transpose(x, (1, 2, 0, 3, 4)), (batch, heads, blocks * block, size))
    return x if blocks * block == steps else ops.split(x, [steps, blocks * block - steps], axis=2)[0]

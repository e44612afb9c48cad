"""NumPy: slow on large networks, unbeaten at starting, and the meaning of every operation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from vitrina.engines import grouped
from vitrina.engines.blas_threads import threads_for
from vitrina.engines.engine import EVERYTHING, PRECISIONS, Chunk, Run, Step, Tree, as_numpy, tree_map
from vitrina.engines.long_rows import reduced
from vitrina.engines.random_bits import GOLDEN, WIDTH, triple32, triple32_int
from vitrina.errors import EngineError
from vitrina.locale import say
from vitrina.network.ops import Kernels, Pads

Array = Any


class NumpyOps:
    """The operations of `network/ops.py`; what they do here is what they mean."""

    eager = True

    def __init__(self, precision: str = "float32") -> None:
        self.precision, self.dtype = precision, PRECISIONS[precision]

    # -- making arrays
    def array(self, value: Any) -> Array:
        return as_numpy(value, self.dtype)

    def zeros(self, shape: Sequence[int]) -> Array:
        return np.zeros(shape, self.dtype)

    def zeros_like(self, x: Array) -> Array:
        return np.zeros_like(x)

    def ones_like(self, x: Array) -> Array:
        return np.ones_like(x)

    # -- shape
    def shape(self, x: Array) -> tuple[int, ...]:
        return x.shape

    def reshape(self, x: Array, shape: Sequence[int]) -> Array:
        return x.reshape(shape)

    def transpose(self, x: Array, axes: Sequence[int] | None = None) -> Array:
        return x.transpose(axes)

    def concatenate(self, arrays: Sequence[Array], axis: int) -> Array:
        return np.concatenate(arrays, axis)

    def split(self, x: Array, sizes: Sequence[int], axis: int) -> list[Array]:
        parts: list[Array] = []
        before = (slice(None),) * (axis % x.ndim)
        start = 0
        for size in sizes:  # np.split does the same in ten times the time
            parts.append(x[(*before, slice(start, start + size))] if before else x[start : start + size])
            start += size
        return parts

    def broadcast_to(self, x: Array, shape: Sequence[int]) -> Array:
        return np.broadcast_to(x, shape)

    # -- arithmetic
    def matmul(self, a: Array, b: Array, transpose_a: bool = False, transpose_b: bool = False) -> Array:
        a, b = self._rounded(a), self._rounded(b)
        a, b = a.swapaxes(-1, -2) if transpose_a else a, b.swapaxes(-1, -2) if transpose_b else b
        return np.dot(a, b) if a.ndim == b.ndim == 2 else a @ b  # the same product, in two thirds of the time if small

    def affine(self, x: Array, weight: Array, bias: Array) -> Array:
        z = np.dot(self._rounded(x), self._rounded(weight))
        z += bias
        return z

    def exp(self, x: Array) -> Array:
        return np.exp(x)

    def log(self, x: Array) -> Array:
        return np.log(x)

    def log1p(self, x: Array) -> Array:
        return np.log1p(x)

    def expm1(self, x: Array) -> Array:
        return np.expm1(x)

    def sqrt(self, x: Array) -> Array:
        return np.sqrt(x)

    def tanh(self, x: Array) -> Array:
        return np.tanh(x)

    def sigmoid(self, x: Array) -> Array:
        return 0.5 * np.tanh(0.5 * x) + 0.5  # one function for both signs, and no overflow

    def erf(self, x: Array) -> Array:
        return _erf()(x).astype(x.dtype, copy=False)

    def cos(self, x: Array) -> Array:
        return np.cos(x)

    def abs(self, x: Array) -> Array:
        return np.abs(x)

    def sign(self, x: Array) -> Array:
        return np.sign(x)

    def maximum(self, a: Array, b: Any) -> Array:
        return np.maximum(a, b)

    def minimum(self, a: Array, b: Any) -> Array:
        return np.minimum(a, b)

    def where(self, condition: Array, a: Any, b: Any) -> Array:
        return np.where(condition, a, b)

    def mix(self, a: Array, b: Array, share: Any) -> Array:
        mixed = a * share
        mixed += b * (1.0 - share)
        return mixed

    def log_softmax(self, x: Array) -> Array:
        shifted = x - x.max(axis=-1, keepdims=True)  # exp(89) overflows float32; the shift cancels
        return shifted - np.log(np.add.reduce(np.exp(shifted), axis=-1, keepdims=True))

    def relu_gradient(self, y: Array, dy: Array) -> Array:
        return dy * (y > 0)

    # -- reduction
    def sum(self, x: Array, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array:
        return reduced(np.add, x, _axes(axis), keepdims)

    def mean(self, x: Array, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array:
        total = reduced(np.add, x, _axes(axis), keepdims)
        return total / total.dtype.type(x.size // max(1, total.size))

    def max(self, x: Array, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array:
        return reduced(np.maximum, x, _axes(axis), keepdims)

    def argmax(self, x: Array, axis: int) -> Array:
        return x.argmax(axis).astype(np.int32)

    # -- by index
    def one_hot(self, index: Array, count: int) -> Array:
        return _identity(count, self.dtype).take(index, axis=0)

    def gather(self, x: Array, index: Array) -> Array:
        return np.take(x, index, axis=0)

    def scatter_add(self, into: Array, index: Array, values: Array) -> Array:
        out = into.copy()
        if len(
            index
        ):  # out[index] += values keeps only the last of a repeated index; np.add.at takes three times as long
            order = np.argsort(index, kind="stable")
            rows = index[order]
            first = np.flatnonzero(np.concatenate([[True], rows[1:] != rows[:-1]]))
            out[rows[first]] += np.add.reduceat(values[order], first, axis=0)
        return out

    # -- one after the other
    def scan(
        self, function: Any, carried: tuple[Array, ...], inputs: tuple[Array, ...], reverse: bool = False
    ) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
        steps = len(inputs[0])
        outputs: tuple[Array, ...] = ()
        for step in reversed(range(steps)) if reverse else range(steps):
            carried, seen = function(carried, tuple(x[step] for x in inputs))
            outputs = outputs or tuple(np.empty((steps, *y.shape), y.dtype) for y in seen)
            for kept, y in zip(outputs, seen, strict=True):
                kept[step] = y
        return carried, outputs

    # -- side by side; here one after the other, so nothing is gained
    def vectorise(self, function: Any, many: Any, shared: Any) -> Any:
        def of(place: int) -> Any:
            return function(tree_map(lambda x: x[place], many), shared)

        return stacked([of(place) for place in range(len(_first_leaf(many)))])

    # -- type
    def cast(self, x: Array) -> Array:
        return x.astype(self.dtype, copy=False)

    def whole(self, x: Array) -> Array:
        return x.astype(np.int32)

    # -- images
    def conv2d(self, x: Array, weight: Array, stride: tuple[int, int], pads: Pads, groups: int = 1) -> Array:
        if groups > 1:
            return grouped.convolve(self, _shifted(x, weight.shape[:2], stride, pads, 0.0), weight, groups)
        x, weight = self._rounded(x), self._rounded(weight)
        height, width, channels, filters = weight.shape
        patches = _patches(x, (height, width), stride, pads)  # (batch, rows out, columns out, height, width, channels)
        flat = patches.reshape(-1, height * width * channels)
        return (flat @ weight.reshape(-1, filters)).reshape(*patches.shape[:3], filters)

    def conv2d_input_gradient(
        self, dy: Array, weight: Array, x_shape: Sequence[int], stride: tuple[int, int], pads: Pads, groups: int = 1
    ) -> Array:
        if groups > 1:
            size, parts = weight.shape[:2], grouped.input_gradient(self, dy, weight, groups, x_shape[3])
            return _fold(lambda i, j: parts[i * size[1] + j], dy, x_shape, size, stride, pads)
        dy, weight = self._rounded(dy), self._rounded(weight)
        height, width, channels, filters = weight.shape
        dpatches = dy.reshape(-1, filters) @ weight.reshape(-1, filters).T
        dpatches = dpatches.reshape(*dy.shape[:3], height, width, channels)
        return _fold(lambda i, j: dpatches[:, :, :, i, j], dy, x_shape, (height, width), stride, pads)

    def conv2d_weight_gradient(
        self, x: Array, dy: Array, weight_shape: Sequence[int], stride: tuple[int, int], pads: Pads, groups: int = 1
    ) -> Array:
        if groups > 1:
            places = _shifted(x, (weight_shape[0], weight_shape[1]), stride, pads, 0.0)
            return grouped.weight_gradient(self, places, dy, weight_shape, groups)
        x, dy = self._rounded(x), self._rounded(dy)
        height, width, channels, filters = weight_shape
        patches = _patches(x, (height, width), stride, pads).reshape(-1, height * width * channels)
        return (patches.T @ dy.reshape(-1, filters)).reshape(*weight_shape)

    def max_pool2d(self, x: Array, size: tuple[int, int], stride: tuple[int, int], pads: Pads) -> tuple[Array, Any]:
        best: Any = None
        winners: Any = None
        for place, candidate in enumerate(_shifted(x, size, stride, pads, -math.inf)):
            if best is None:
                best, winners = candidate, np.zeros(candidate.shape, np.int32)
            else:
                winners = np.where(candidate > best, place, winners)  # strictly: the first of equals stays
                best = np.maximum(best, candidate)
        return best, winners

    def max_pool2d_gradient(
        self,
        dy: Array,
        winners: Any,
        x_shape: Sequence[int],
        size: tuple[int, int],
        stride: tuple[int, int],
        pads: Pads,
    ) -> Array:
        return _fold(lambda i, j: dy * (winners == i * size[1] + j), dy, x_shape, size, stride, pads)

    def sum_pool2d(self, x: Array, size: tuple[int, int], stride: tuple[int, int], pads: Pads) -> Array:
        return sum(_shifted(x, size, stride, pads, 0.0))

    def sum_pool2d_gradient(
        self, dy: Array, x_shape: Sequence[int], size: tuple[int, int], stride: tuple[int, int], pads: Pads
    ) -> Array:
        return _fold(lambda i, j: dy, dy, x_shape, size, stride, pads)

    # -- whole layers: as they are written
    kernels = Kernels()

    # -- for a layer that has no backward pass
    def differentiate(self, function: Any, inputs: tuple[Any, ...], dy: Array) -> tuple[Any, ...]:
        raise EngineError(
            say(
                "the layer has no backward pass, and NumPy cannot differentiate; write its backward, or train "
                "with engine='jax', 'torch' or 'tensorflow'"
            )
        )

    # -- randomness
    def key(self, seed: int | Array, step: Array) -> Array:
        mixed = np.asarray(step).astype(np.uint32) * np.array([GOLDEN], np.uint32)
        return _hash(mixed ^ (np.uint32(triple32_int(seed)) if isinstance(seed, int) else seed.astype(np.uint32)))

    def fold_in(self, key: Array, number: int) -> Array:
        return _hash(key ^ np.uint32(triple32_int(number + GOLDEN)))

    def random_uniform(self, key: Array, shape: Sequence[int]) -> Array:
        counter = np.arange(math.prod(shape), dtype=np.uint32)
        return ((_hash(_hash(counter) ^ key) >> 8).astype(self.dtype) * WIDTH).astype(self.dtype).reshape(shape)

    def _rounded(self, x: Array) -> Array:
        """x as an operand of a product: in bfloat16, to the nearest number with 8 bits of mantissa, ties to even."""
        if self.precision != "bfloat16":
            return x
        bits = np.ascontiguousarray(x).view(np.uint32)
        rounded = (bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) & np.uint32(0xFFFF0000)
        return np.where(np.isfinite(x), rounded.view(np.float32), x)


class NumpyEngine:
    """Runs a chunk as a plain Python loop."""

    name = "numpy"
    variant = "eager"
    packs_up_to = EVERYTHING
    one_core_below = 0  # its BLAS threads are the whole process's, and Python's lock is held between products

    def __init__(self, precision: str = "float32") -> None:
        self.precision, self.dtype = precision, PRECISIONS[precision]
        self.ops = NumpyOps(precision)

    def put(self, tree: Tree) -> Tree:
        return tree_map(lambda value: as_numpy(value, self.dtype), tree)

    def get(self, tree: Tree) -> Tree:
        return tree_map(lambda value: np.array(value), tree)

    def compile(self, step: Step, donate: bool = True, flops: int | None = None) -> Run:
        def run(carried: Tree, data: Mapping[str, Array], chunk: Chunk) -> tuple[Tree, dict[str, np.ndarray]]:
            measured: list[Mapping[str, Array]] = []
            present = chunk.present.astype(self.dtype, copy=False)
            full = chunk.full
            with threads_for(flops):
                for position in range(chunk.count):
                    index = chunk.index[position]
                    batch = {name: rows.take(index, axis=0) for name, rows in data.items()}
                    if not full[position]:
                        batch["present"] = present[position]
                    carried, seen = step(self.ops, carried, batch)
                    measured.append(seen)
            names = measured[0] if measured else {}
            return carried, {name: np.array([seen[name] for seen in measured]) for name in names}

        return run

    def devices(self) -> list[str]:
        return ["cpu"]


def _first_leaf(tree: Any) -> Array:
    """Some array of nested dicts; None if there is none."""
    if not isinstance(tree, dict):
        return tree
    return next((leaf for branch in tree.values() if (leaf := _first_leaf(branch)) is not None), None)


def stacked(trees: list[Any]) -> Any:
    """Trees of the same names as one tree of arrays with one axis more."""
    if isinstance(trees[0], dict):
        return {name: stacked([tree[name] for tree in trees]) for name in trees[0]}
    if isinstance(trees[0], tuple):
        return tuple(stacked(list(parts)) for parts in zip(*trees, strict=True))
    return np.stack(trees)


@cache
def _identity(count: int, dtype: str) -> Array:
    """The rows that one-hot arrays are made of."""
    return np.eye(count, dtype=dtype)


@cache
def _erf() -> Any:
    try:
        from scipy.special import erf  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]

        return erf  # pyright: ignore[reportUnknownVariableType]
    except ImportError:  # a bare machine with NumPy and one framework: right, and slow
        return np.vectorize(math.erf, otypes=[float])


def _axes(axis: int | Sequence[int] | None) -> Any:
    return axis if axis is None or isinstance(axis, int) else tuple(axis)


def _hash(x: Array) -> Array:
    return triple32(x, np.bitwise_xor, lambda a, n: a >> np.uint32(n), lambda a, b: a * np.uint32(b))


def _padded(x: Array, pads: Pads, value: float = 0.0) -> Array:
    if pads == ((0, 0), (0, 0)):
        return x
    return np.pad(x, ((0, 0), *pads, (0, 0)), constant_values=value)


def _patches(x: Array, size: tuple[int, int], stride: tuple[int, int], pads: Pads) -> Array:
    """Every window, as a view: (batch, rows out, columns out, height, width, channels)."""
    windows = sliding_window_view(_padded(x, pads), size, axis=(1, 2))[:, :: stride[0], :: stride[1]]  # pyright: ignore
    return windows.transpose(0, 1, 2, 4, 5, 3)


def _shifted(x: Array, size: tuple[int, int], stride: tuple[int, int], pads: Pads, value: float) -> list[Array]:
    """The pixel at each place of the window, for all windows.

    height · width arrays (batch, rows out, columns out, channels).
    """
    x = _padded(x, pads, value)
    rows, columns = (x.shape[1] - size[0]) // stride[0] + 1, (x.shape[2] - size[1]) // stride[1] + 1
    return [
        x[:, i : i + (rows - 1) * stride[0] + 1 : stride[0], j : j + (columns - 1) * stride[1] + 1 : stride[1]]
        for i in range(size[0])
        for j in range(size[1])
    ]


def _fold(
    part: Any, dy: Array, x_shape: Sequence[int], size: tuple[int, int], stride: tuple[int, int], pads: Pads
) -> Array:
    """Sends each place of the windows' slopes back to the pixel it came from, adding up where windows overlap."""
    (top, bottom), (left, right) = pads
    batch, rows, columns, channels = x_shape
    dx = np.zeros((batch, rows + top + bottom, columns + left + right, channels), dy.dtype)
    for place, target in enumerate(_shifted(dx, size, stride, ((0, 0), (0, 0)), 0.0)):  # views into dx
        target += part(*divmod(place, size[1]))
    return dx[:, top : top + rows, left : left + columns]

"""TensorFlow: a chunk of steps is one loop inside a graph, with its own kernels or compiled by XLA."""

from __future__ import annotations

import math
import os
import sys
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from vitrina.engines import grouped
from vitrina.engines.engine import PRECISIONS, Chunk, Run, Step, Tree, as_numpy, tree_map
from vitrina.engines.random_bits import GOLDEN, WIDTH, triple32, triple32_int
from vitrina.errors import UsageError
from vitrina.locale import say
from vitrina.network.ops import Kernels, Pads


@contextmanager
def _quiet() -> Generator[None]:
    """Keeps what TensorFlow says about itself while it is imported off stderr, unless its log level is set to 0.

    It writes before it reads its own setting (TF_CPP_MIN_LOG_LEVEL), so the file descriptor itself is turned away; if
    the import fails, what was written is shown after all.
    """
    if os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2") == "0" or "tensorflow" in sys.modules:  # 2: errors are shown
        yield
        return
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as aside:
        os.dup2(aside.fileno(), 2)
        try:
            yield
        except BaseException:
            aside.seek(0)
            os.write(stderr, aside.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


with _quiet():
    import tensorflow as tf

Array = Any
raw = tf.raw_ops  # kernels that have no other name
NO_PADS = ((0, 0), (0, 0))


class TensorflowOps:
    """The operations of `network/ops.py` on tensors, inside a graph or outside."""

    eager = False

    def __init__(self, precision: str = "float32", own_convolution: bool = True, own_pooling: bool = True) -> None:
        self.precision, self.dtype = precision, PRECISIONS[precision]
        # in bfloat16 the CPU kernel leaves garbage in the results of some small images (TensorFlow 2.21)
        self.own_convolution = own_convolution and precision != "bfloat16"
        self.own_pooling = own_pooling

    # -- making arrays
    def array(self, value: Any) -> Array:
        return tf.constant(np.array(as_numpy(value, self.dtype)))  # a copy: TensorFlow may keep the memory it is given

    def zeros(self, shape: Sequence[int]) -> Array:
        return tf.zeros(shape, self.dtype)

    def zeros_like(self, x: Array) -> Array:
        return tf.zeros_like(x)

    def ones_like(self, x: Array) -> Array:
        return tf.ones_like(x)

    # -- shape
    def shape(self, x: Array) -> tuple[int, ...]:
        return tuple(x.shape)

    def reshape(self, x: Array, shape: Sequence[int]) -> Array:
        return tf.reshape(x, shape)

    def transpose(self, x: Array, axes: Sequence[int] | None = None) -> Array:
        return tf.transpose(x, axes)

    def concatenate(self, arrays: Sequence[Array], axis: int) -> Array:
        return tf.concat(arrays, axis)

    def split(self, x: Array, sizes: Sequence[int], axis: int) -> list[Array]:
        return tf.split(x, sizes, axis)

    def broadcast_to(self, x: Array, shape: Sequence[int]) -> Array:
        return tf.broadcast_to(x, shape)

    # -- arithmetic
    def matmul(self, a: Array, b: Array, transpose_a: bool = False, transpose_b: bool = False) -> Array:
        return self.cast(tf.matmul(self._rounded(a), self._rounded(b), transpose_a, transpose_b))

    def affine(self, x: Array, weight: Array, bias: Array) -> Array:
        return tf.nn.bias_add(self.matmul(x, weight), bias)

    def exp(self, x: Array) -> Array:
        return tf.exp(x)

    def log(self, x: Array) -> Array:
        return tf.math.log(x)

    def log1p(self, x: Array) -> Array:
        return tf.math.log1p(x)

    def expm1(self, x: Array) -> Array:
        return tf.math.expm1(x)

    def sqrt(self, x: Array) -> Array:
        return tf.sqrt(x)

    def tanh(self, x: Array) -> Array:
        return tf.tanh(x)

    def sigmoid(self, x: Array) -> Array:
        return tf.sigmoid(x)

    def erf(self, x: Array) -> Array:
        return tf.math.erf(x)

    def cos(self, x: Array) -> Array:
        return tf.cos(x)

    def abs(self, x: Array) -> Array:
        return tf.abs(x)

    def sign(self, x: Array) -> Array:
        return tf.sign(x)

    def maximum(self, a: Array, b: Any) -> Array:
        return tf.maximum(a, b)

    def minimum(self, a: Array, b: Any) -> Array:
        return tf.minimum(a, b)

    def where(self, condition: Array, a: Any, b: Any) -> Array:
        return tf.where(condition, self._number(a), self._number(b))

    def mix(self, a: Array, b: Array, share: Any) -> Array:
        return share * a + (1.0 - share) * b

    def log_softmax(self, x: Array) -> Array:
        return tf.nn.log_softmax(x)

    def relu_gradient(self, y: Array, dy: Array) -> Array:
        return raw.ReluGrad(gradients=dy, features=y)

    # -- reduction
    def sum(self, x: Array, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array:
        return tf.reduce_sum(x, axis, keepdims)

    def mean(self, x: Array, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array:
        return tf.reduce_mean(x, axis, keepdims)

    def max(self, x: Array, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array:
        return tf.reduce_max(x, axis, keepdims)

    def argmax(self, x: Array, axis: int) -> Array:
        return tf.argmax(x, axis, tf.int32)

    # -- by index
    def one_hot(self, index: Array, count: int) -> Array:
        return tf.one_hot(index, count, dtype=self.dtype)

    def gather(self, x: Array, index: Array) -> Array:
        return tf.gather(x, index)

    def scatter_add(self, into: Array, index: Array, values: Array) -> Array:
        return tf.tensor_scatter_nd_add(into, index[:, None], values)

    # -- one after the other
    def scan(
        self, function: Any, carried: tuple[Array, ...], inputs: tuple[Array, ...], reverse: bool = False
    ) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
        steps = inputs[0].shape[0]
        like = function(carried, tuple(x[0] for x in inputs))[
            1
        ]  # only types and shapes are read: a graph drops this again
        empty = tuple(tf.TensorArray(y.dtype, steps, element_shape=y.shape) for y in like)

        def body(done: Array, carried: Any, outputs: Any) -> Any:
            step = steps - 1 - done if reverse else done
            carried, seen = function(carried, tuple(x[step] for x in inputs))
            return done + 1, carried, tuple(kept.write(step, y) for kept, y in zip(outputs, seen, strict=True))

        start = (tf.constant(0), tuple(carried), empty)
        _, carried, outputs = tf.while_loop(lambda done, *_: done < steps, body, start, maximum_iterations=steps)
        return carried, tuple(kept.stack() for kept in outputs)

    # -- side by side
    def vectorise(self, function: Any, many: Any, shared: Any) -> Any:
        return tf.vectorized_map(lambda one: function(one, shared), many)

    # -- type
    def cast(self, x: Array) -> Array:
        return tf.cast(x, self.dtype)

    def whole(self, x: Array) -> Array:
        return tf.cast(x, tf.int32)

    # -- images: TensorFlow's own kernels in a graph; under XLA on a CPU, where those are lost, patches × matrix
    def conv2d(self, x: Array, weight: Array, stride: tuple[int, int], pads: Pads, groups: int = 1) -> Array:
        if groups > 1:  # TensorFlow has no gradient of its grouped convolution on CPUs
            return grouped.convolve(self, _shifted(x, tuple(weight.shape[:2]), stride, pads, 0.0), weight, groups)
        if self.own_convolution:
            return self.cast(tf.nn.conv2d(_padded(self._rounded(x), pads), self._rounded(weight), stride, "VALID"))
        height, width, channels, filters = weight.shape
        patches = _patches(x, (height, width), stride, pads)  # (batch, rows out, columns out, inputs of a unit)
        flat = tf.reshape(patches, (-1, height * width * channels))
        return tf.reshape(self.matmul(flat, tf.reshape(weight, (-1, filters))), (*patches.shape[:3], filters))

    def conv2d_input_gradient(
        self, dy: Array, weight: Array, x_shape: Sequence[int], stride: tuple[int, int], pads: Pads, groups: int = 1
    ) -> Array:
        if groups > 1:
            parts = grouped.input_gradient(self, dy, weight, groups, x_shape[3])
            return _fold(parts, x_shape, tuple(weight.shape[:2]), stride, pads)
        if self.own_convolution:
            dx = raw.Conv2DBackpropInput(
                input_sizes=_padded_shape(x_shape, pads),
                filter=self._rounded(weight),
                out_backprop=self._rounded(dy),
                strides=(1, *stride, 1),
                padding="VALID",
            )
            return _cropped(self.cast(dx), x_shape, pads)
        height, width, channels, filters = weight.shape
        dpatches = self.matmul(tf.reshape(dy, (-1, filters)), tf.reshape(weight, (-1, filters)), transpose_b=True)
        dpatches = tf.reshape(dpatches, (*dy.shape[:3], height, width, channels))
        parts = [dpatches[:, :, :, i, j] for i in range(height) for j in range(width)]
        return _fold(parts, x_shape, (height, width), stride, pads)

    def conv2d_weight_gradient(
        self, x: Array, dy: Array, weight_shape: Sequence[int], stride: tuple[int, int], pads: Pads, groups: int = 1
    ) -> Array:
        if groups > 1:
            places = _shifted(x, (weight_shape[0], weight_shape[1]), stride, pads, 0.0)
            return grouped.weight_gradient(self, places, dy, weight_shape, groups)
        if self.own_convolution:
            dweight = raw.Conv2DBackpropFilter(
                input=_padded(self._rounded(x), pads),
                filter_sizes=tuple(weight_shape),
                out_backprop=self._rounded(dy),
                strides=(1, *stride, 1),
                padding="VALID",
            )
            return self.cast(dweight)
        height, width, channels, filters = weight_shape
        patches = tf.reshape(_patches(x, (height, width), stride, pads), (-1, height * width * channels))
        dweight = self.matmul(patches, tf.reshape(dy, (-1, filters)), transpose_a=True)
        return tf.reshape(dweight, tuple(weight_shape))

    def max_pool2d(self, x: Array, size: tuple[int, int], stride: tuple[int, int], pads: Pads) -> tuple[Array, Any]:
        if self._pools_itself(size, stride):
            x = _padded(x, pads, -math.inf)
            best = tf.nn.max_pool2d(x, size, stride, "VALID")
            return best, (x, best)
        best: Any = None
        winners: Any = None
        for place, candidate in enumerate(_shifted(x, size, stride, pads, -math.inf)):
            if best is None:
                best, winners = candidate, tf.zeros(candidate.shape, tf.int32)
            else:
                winners = tf.where(candidate > best, place, winners)  # strictly: the first of equals stays
                best = tf.maximum(best, candidate)
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
        if self._pools_itself(size, stride):
            x, best = winners
            dx = raw.MaxPoolGrad(
                orig_input=x,
                orig_output=best,
                grad=dy,
                ksize=(1, *size, 1),
                strides=(1, *stride, 1),
                padding="VALID",
            )
            return _cropped(dx, x_shape, pads)
        parts = [tf.where(winners == place, dy, self._number(0.0)) for place in range(size[0] * size[1])]
        return _fold(parts, x_shape, size, stride, pads)

    def sum_pool2d(self, x: Array, size: tuple[int, int], stride: tuple[int, int], pads: Pads) -> Array:
        return tf.add_n(_shifted(x, size, stride, pads, 0.0))

    def sum_pool2d_gradient(
        self, dy: Array, x_shape: Sequence[int], size: tuple[int, int], stride: tuple[int, int], pads: Pads
    ) -> Array:
        return _fold([dy] * (size[0] * size[1]), x_shape, size, stride, pads)

    # -- whole layers, by TensorFlow's own kernels where it has them
    @property
    def kernels(self) -> Kernels:
        return Kernels(batch_norm=_batch_norm) if self.own_pooling and self.dtype == "float32" else Kernels()

    # -- for a layer that has no backward pass
    def differentiate(self, function: Any, inputs: tuple[Any, ...], dy: Array) -> tuple[Any, ...]:
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            y = function(*inputs)
        return tuple(tape.gradient(y, inputs, dy, tf.UnconnectedGradients.ZERO))

    # -- randomness
    def key(self, seed: int | Array, step: Array) -> Array:
        mixed = tf.cast(step, tf.uint32) * _word(GOLDEN)
        word = _word(triple32_int(seed)) if isinstance(seed, int) else tf.bitcast(seed, tf.uint32)
        return _hash(tf.bitwise.bitwise_xor(mixed, word))

    def fold_in(self, key: Array, number: int) -> Array:
        return _hash(tf.bitwise.bitwise_xor(key, _word(triple32_int(number + GOLDEN))))

    def random_uniform(self, key: Array, shape: Sequence[int]) -> Array:
        counter = tf.constant(np.arange(math.prod(shape), dtype=np.uint32))
        bits = _hash(tf.bitwise.bitwise_xor(_hash(counter), key))
        return tf.reshape(tf.cast(tf.bitwise.right_shift(bits, _word(8)), self.dtype) * WIDTH, shape)

    def _pools_itself(self, size: tuple[int, int], stride: tuple[int, int]) -> bool:
        """True where TensorFlow's pooling kernels may be used: where windows overlap, two graphs of the same step can
        add up their slopes in different orders (it picks one of two kernels for each graph), and the bits differ.
        """
        return self.own_pooling and stride[0] >= size[0] and stride[1] >= size[1]

    def _rounded(self, x: Array) -> Array:
        """x as an operand of a product. TensorFlow rounds the product to bfloat16 as well, after adding up in float32."""
        return tf.cast(x, tf.bfloat16) if self.precision == "bfloat16" else x

    def _number(self, value: Any) -> Array:
        return tf.constant(value, self.dtype) if isinstance(value, float | int) else value


class TensorflowEngine:
    """Runs a chunk as a loop in a graph of TensorFlow's kernels ("graph"), or as one XLA program ("xla").

    Raises UsageError for an unknown variant.
    """

    name = "tensorflow"
    packs_up_to = 0
    one_core_below = 0

    def __init__(self, precision: str = "float32", variant: str | None = None) -> None:
        if variant not in (None, "graph", "xla"):
            raise UsageError(
                say("engine tensorflow has no variant {variant!r}; it can be graph or xla", variant=variant)
            )
        self.precision, self.dtype = precision, PRECISIONS[precision]
        self.variant = variant or "xla"
        gpus = tf.config.list_physical_devices("GPU")
        _share(gpus)
        graph = self.variant == "graph"
        self.ops = TensorflowOps(precision, own_convolution=graph or bool(gpus), own_pooling=graph)

    def put(self, tree: Tree) -> Tree:
        return tree_map(self.ops.array, tree)

    def get(self, tree: Tree) -> Tree:
        return tree_map(lambda value: np.array(value.numpy()), tree)

    def compile(self, step: Step, donate: bool = True, flops: int | None = None) -> Run:
        def loop(carried: Tree, data: Mapping[str, Array], index: Array, present: Any, count: Array) -> Any:
            def one(position: Array, carried: Tree) -> tuple[Tree, Mapping[str, Array]]:
                batch = {name: tf.gather(rows, index[position]) for name, rows in data.items()}
                return step(self.ops, carried, batch if present is None else batch | {"present": present[position]})

            def body(position: Array, carried: Tree, measured: Mapping[str, Any]) -> Any:
                after, seen = one(position, carried)
                return position + 1, after, {name: kept.write(position, seen[name]) for name, kept in measured.items()}

            like = one(tf.constant(0), carried)[1]  # only types and shapes are read: the graph drops this step again
            empty = {name: tf.TensorArray(x.dtype, index.shape[0], element_shape=x.shape) for name, x in like.items()}
            start = (tf.constant(0), carried, empty)
            _, carried, measured = tf.while_loop(lambda position, *_: position < count, body, start)
            return carried, {name: kept.stack() for name, kept in measured.items()}

        compiled = tf.function(loop, jit_compile=self.variant == "xla", autograph=False)

        def run(carried: Tree, data: Mapping[str, Array], chunk: Chunk) -> tuple[Tree, dict[str, np.ndarray]]:
            if chunk.count == 0:
                return carried, {}
            seen: list[dict[str, np.ndarray]] = []
            # compiled by XLA, a second program would cost more than a full batch saves
            for part, full in chunk.parts() if self.variant == "graph" else [(chunk, False)]:
                present = None if full else self.ops.array(part.present)
                count = tf.constant(part.count, tf.int32)
                carried, measured = compiled(carried, dict(data), tf.constant(part.index), present, count)
                seen.append({name: value.numpy()[: part.count] for name, value in measured.items()})
            return carried, {name: np.concatenate([part[name] for part in seen]) for name in seen[0]}

        return run

    def devices(self) -> list[str]:
        gpus = tf.config.list_physical_devices("GPU")
        details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
        return [*(f"gpu: {detail.get('device_name', 'unknown')}" for detail in details), "cpu"]


def _share(gpus: list[Any]) -> None:
    """Takes a GPU's memory as it is needed, not all at once, and only kernels that give the same bits each time."""
    for gpu in gpus:
        try:
            tf.config.experimental.set_memory_growth(gpu, True)
        except RuntimeError:  # TensorFlow is already at work on it: whoever began has decided
            continue
    if gpus:
        tf.config.experimental.enable_op_determinism()


def _batch_norm(x: Array, scale: Array, shift: Array, epsilon: float) -> Any:
    shape, channels = x.shape, x.shape[-1]
    x = tf.reshape(x, (-1, 1, 1, channels)) if len(shape) != 4 else x
    nothing = tf.zeros((0,), x.dtype)
    y, mean, variance, *kept = raw.FusedBatchNormV3(
        x=x, scale=scale, offset=shift, mean=nothing, variance=nothing, epsilon=epsilon, is_training=True
    )
    count = math.prod(shape[:-1])
    plain = variance * ((count - 1) / count) if count > 1 else variance  # it gives the one of Bessel

    def back(dy: Array) -> tuple[Array, Array, Array]:
        dx, dscale, dshift, *_ = raw.FusedBatchNormGradV3(
            y_backprop=tf.reshape(dy, x.shape),
            x=x,
            scale=scale,
            reserve_space_1=kept[0],
            reserve_space_2=kept[1],
            reserve_space_3=kept[2],
            epsilon=epsilon,
            is_training=True,
        )
        return tf.reshape(dx, shape), dscale, dshift

    return tf.reshape(y, shape), mean, plain, back


def _word(value: int) -> Array:
    return tf.constant(value, tf.uint32)


def _hash(x: Array) -> Array:
    return triple32(
        x,
        tf.bitwise.bitwise_xor,
        lambda a, n: tf.bitwise.right_shift(a, _word(n)),
        lambda a, b: a * _word(b),
    )


def _padded(x: Array, pads: Pads, value: float = 0.0) -> Array:
    return x if pads == NO_PADS else tf.pad(x, ((0, 0), *pads, (0, 0)), constant_values=value)


def _padded_shape(shape: Sequence[int], pads: Pads) -> tuple[int, int, int, int]:
    (top, bottom), (left, right) = pads
    return shape[0], shape[1] + top + bottom, shape[2] + left + right, shape[3]


def _cropped(x: Array, shape: Sequence[int], pads: Pads) -> Array:
    (top, _), (left, _) = pads
    return x if pads == NO_PADS else x[:, top : top + shape[1], left : left + shape[2]]


def _shifted(x: Array, size: tuple[int, int], stride: tuple[int, int], pads: Pads, value: float) -> list[Array]:
    """The pixel at each place of the window, for all windows: each (batch, rows out, columns out, channels)."""
    x = _padded(x, pads, value)
    rows, columns = (x.shape[1] - size[0]) // stride[0] + 1, (x.shape[2] - size[1]) // stride[1] + 1
    return [
        x[:, i : i + (rows - 1) * stride[0] + 1 : stride[0], j : j + (columns - 1) * stride[1] + 1 : stride[1]]
        for i in range(size[0])
        for j in range(size[1])
    ]


def _patches(x: Array, size: tuple[int, int], stride: tuple[int, int], pads: Pads) -> Array:
    """Every window in a row: (batch, rows out, columns out, height · width · channels)."""
    return tf.concat(_shifted(x, size, stride, pads, 0.0), -1)


def _fold(
    parts: list[Array], x_shape: Sequence[int], size: tuple[int, int], stride: tuple[int, int], pads: Pads
) -> Array:
    """Sends each place of the windows' slopes back to the pixel it came from, adding up where windows overlap.

    Pixels whose distance is a multiple of the stride make a coarse image of their own, in which windows are one pixel
    apart; the coarse images are added up alone, and then woven into one.
    """
    batch, height, width, channels = _padded_shape(x_shape, pads)
    rows_out, columns_out = parts[0].shape[1:3]
    rows, columns = -(-height // stride[0]), -(-width // stride[1])  # of a coarse image

    def coarse(first_row: int, first_column: int) -> Array:
        moved: list[Array] = []
        for i in range(first_row, size[0], stride[0]):
            for j in range(first_column, size[1], stride[1]):
                above, left = i // stride[0], j // stride[1]
                around = (above, rows - rows_out - above), (left, columns - columns_out - left)
                moved.append(_padded(parts[i * size[1] + j], around))
        return tf.add_n(moved) if moved else tf.zeros((batch, rows, columns, channels), parts[0].dtype)

    images = [coarse(i, j) for i in range(stride[0]) for j in range(stride[1])]
    if len(images) == 1:
        return _cropped(images[0], x_shape, pads)
    woven = tf.reshape(tf.stack(images, 3), (batch, rows, columns, *stride, channels))
    woven = tf.transpose(woven, (0, 1, 3, 2, 4, 5))  # (batch, rows, stride, columns, stride, channels)
    dx = tf.reshape(woven, (batch, rows * stride[0], columns * stride[1], channels))
    (top, _), (left, _) = pads
    return dx[:, top : top + x_shape[1], left : left + x_shape[2]]

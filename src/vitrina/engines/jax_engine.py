"""JAX: a whole chunk of steps is one XLA program, so that small networks cost microseconds a step."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from vitrina.engines import grouped, jax_convolution, jax_onednn, jax_strips
from vitrina.engines.engine import PRECISIONS, Chunk, Run, Step, Tree, as_numpy, tree_map
from vitrina.engines.jax_windows import fold, shifted, side_by_side
from vitrina.engines.random_bits import GOLDEN, WIDTH, triple32, triple32_int
from vitrina.errors import UsageError
from vitrina.locale import say
from vitrina.network.ops import Kernels, Pads

Array = Any
# Parameters: below, starting a kernel costs more than what it does, and one for all arrays saves a tenth.
SMALL = 20_000
# FLOPs of a step: below, handing a matrix product to other threads and to YNNPACK costs more than the product. Measured on
# 30-32-16-2 with batch 32 (230,000 FLOPs): 17 µs a step without these options, 11 with them.
SMALL_STEP = 1_000_000
# Columns of a product aᵀ·b. 256 x 256 x 2: 94 µs, and none to be measured the other way round; x 10: 98 and 13; x 32: 74 and 52.
THIN = 32
# Steps of a scan that are compiled as one: a GRU of 128 units over 28 steps, batch 128, takes 17.0 ms without and 14.9 with.
UNROLLED = 4
# What YNNPACK computes in place of XLA, by its names. Left to XLA, sums over all but the last axis are done by one thread, number by
# number: of the squares of 128 x 28 x 28 x 64 in 54 ms, where YNNPACK takes 1.7.
YNNPACK = "xla_cpu_experimental_ynn_fusion_type"
PRODUCTS, SUMS = "LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT", "LIBRARY_FUSION_TYPE_REDUCE"
FOR_SMALL_STEPS = {YNNPACK: "", "xla_cpu_multi_thread_eigen": False}


class JaxOps:
    """The operations of `network/ops.py` on jax.numpy."""

    eager = False

    def __init__(
        self, precision: str = "float32", own_convolution: bool = False, eigen_convolution: bool = False
    ) -> None:
        self.precision, self.dtype = precision, PRECISIONS[precision]
        self.own_convolution, self.eigen_convolution = own_convolution, eigen_convolution

    # -- making arrays
    def array(self, value: Any) -> Array:
        return jnp.asarray(as_numpy(value, self.dtype))

    def zeros(self, shape: Sequence[int]) -> Array:
        return jnp.zeros(shape, self.dtype)

    def zeros_like(self, x: Array) -> Array:
        return jnp.zeros_like(x)

    def ones_like(self, x: Array) -> Array:
        return jnp.ones_like(x)

    # -- shape
    def shape(self, x: Array) -> tuple[int, ...]:
        return x.shape

    def reshape(self, x: Array, shape: Sequence[int]) -> Array:
        return jnp.reshape(x, shape)

    def transpose(self, x: Array, axes: Sequence[int] | None = None) -> Array:
        return jnp.transpose(x, axes)

    def concatenate(self, arrays: Sequence[Array], axis: int) -> Array:
        return jnp.concatenate(arrays, axis)

    def split(self, x: Array, sizes: Sequence[int], axis: int) -> list[Array]:
        return jnp.split(x, np.cumsum(sizes)[:-1].tolist(), axis)

    def broadcast_to(self, x: Array, shape: Sequence[int]) -> Array:
        return jnp.broadcast_to(x, tuple(shape))

    # -- arithmetic
    def matmul(self, a: Array, b: Array, transpose_a: bool = False, transpose_b: bool = False) -> Array:
        if self.precision == "float32" and jax_onednn.product_pays(a.shape, b.shape, transpose_b) and self._onednn:
            return jax_onednn.product(a, b, transpose_a, transpose_b)
        thin = transpose_a and not transpose_b and a.ndim == 2 and b.shape[1] <= min(THIN, a.shape[1] // 4)
        if thin and not self.own_convolution:
            # Left to itself, XLA's CPU backend takes five times as long for a thin result. The barriers keep it from putting
            # the transposes back into the product.
            return lax.optimization_barrier(self._product(lax.optimization_barrier(b.T), a)).T
        return self._product(a.mT if transpose_a else a, b.mT if transpose_b else b)

    def affine(self, x: Array, weight: Array, bias: Array) -> Array:
        return self._product(x, weight) + bias

    def exp(self, x: Array) -> Array:
        return jnp.exp(x)

    def log(self, x: Array) -> Array:
        return jnp.log(x)

    def log1p(self, x: Array) -> Array:
        return jnp.log1p(x)

    def expm1(self, x: Array) -> Array:
        return jnp.expm1(x)

    def sqrt(self, x: Array) -> Array:
        return jnp.sqrt(x)

    def tanh(self, x: Array) -> Array:
        return jnp.tanh(x)

    def sigmoid(self, x: Array) -> Array:
        return jax.nn.sigmoid(x)

    def erf(self, x: Array) -> Array:
        return lax.erf(x)

    def cos(self, x: Array) -> Array:
        return jnp.cos(x)

    def abs(self, x: Array) -> Array:
        return jnp.abs(x)

    def sign(self, x: Array) -> Array:
        return jnp.sign(x)

    def maximum(self, a: Array, b: Any) -> Array:
        return jnp.maximum(a, b)

    def minimum(self, a: Array, b: Any) -> Array:
        return jnp.minimum(a, b)

    def where(self, condition: Array, a: Any, b: Any) -> Array:
        return jnp.where(condition, a, b)

    def mix(self, a: Array, b: Array, share: Any) -> Array:
        return share * a + (1.0 - share) * b

    def log_softmax(self, x: Array) -> Array:
        return jax.nn.log_softmax(x)

    def relu_gradient(self, y: Array, dy: Array) -> Array:
        return jnp.where(y > 0, dy, 0.0)

    # -- reduction
    def sum(self, x: Array, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array:
        return jnp.sum(x, axis=axis, keepdims=keepdims)

    def mean(self, x: Array, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array:
        return jnp.mean(x, axis=axis, keepdims=keepdims)

    def max(self, x: Array, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array:
        return jnp.max(x, axis=axis, keepdims=keepdims)

    def argmax(self, x: Array, axis: int) -> Array:
        return jnp.argmax(x, axis).astype(jnp.int32)

    # -- by index
    def one_hot(self, index: Array, count: int) -> Array:
        return jax.nn.one_hot(index, count, dtype=self.dtype)

    def gather(self, x: Array, index: Array) -> Array:
        return jnp.take(x, index, axis=0)

    def scatter_add(self, into: Array, index: Array, values: Array) -> Array:
        return into.at[index].add(values)

    # -- one after the other
    def scan(
        self, function: Any, carried: tuple[Array, ...], inputs: tuple[Array, ...], reverse: bool = False
    ) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
        return lax.scan(function, carried, inputs, reverse=reverse, unroll=min(UNROLLED, len(inputs[0])))

    # -- side by side
    def vectorise(self, function: Any, many: Any, shared: Any) -> Any:
        return jax.vmap(function, in_axes=(0, None))(many, shared)

    # -- type
    def cast(self, x: Array) -> Array:
        return x.astype(self.dtype)

    def whole(self, x: Array) -> Array:
        return x.astype(jnp.int32)

    # -- images
    def conv2d(self, x: Array, weight: Array, stride: tuple[int, int], pads: Pads, groups: int = 1) -> Array:
        if self.own_convolution:
            return self.cast(_convolve(self._rounded(x), self._rounded(weight), stride, pads, groups))
        if groups > 1:
            return grouped.convolve(self, shifted(x, weight.shape[:2], stride, pads, 0.0), weight, groups)
        x, weight = self._rounded_only(x), self._rounded_only(weight)
        return jax_convolution.convolve(x, weight, stride, pads, self.convolver)

    def conv2d_input_gradient(
        self, dy: Array, weight: Array, x_shape: Sequence[int], stride: tuple[int, int], pads: Pads, groups: int = 1
    ) -> Array:
        if self.own_convolution:
            dy, weight = self._rounded(dy), self._rounded(weight)
            return self.cast(_transposed(lambda x: _convolve(x, weight, stride, pads, groups), x_shape, dy))
        if groups > 1:
            parts = grouped.input_gradient(self, dy, weight, groups, x_shape[3])
            return fold(parts, x_shape, weight.shape[:2], stride, pads)
        dy, weight = self._rounded_only(dy), self._rounded_only(weight)
        return jax_convolution.input_gradient(dy, weight, x_shape, stride, pads, self.convolver)

    def conv2d_weight_gradient(
        self, x: Array, dy: Array, weight_shape: Sequence[int], stride: tuple[int, int], pads: Pads, groups: int = 1
    ) -> Array:
        if self.own_convolution:
            x, dy = self._rounded(x), self._rounded(dy)
            return self.cast(_transposed(lambda weight: _convolve(x, weight, stride, pads, groups), weight_shape, dy))
        if groups > 1:
            places = shifted(x, (weight_shape[0], weight_shape[1]), stride, pads, 0.0)
            return grouped.weight_gradient(self, places, dy, weight_shape, groups)
        x, dy = self._rounded_only(x), self._rounded_only(dy)
        return jax_convolution.weight_gradient(x, dy, weight_shape, stride, pads)

    def max_pool2d(self, x: Array, size: tuple[int, int], stride: tuple[int, int], pads: Pads) -> tuple[Array, Any]:
        best: Any = None
        winners: Any = None
        for place, candidate in enumerate(shifted(x, size, stride, pads, -math.inf)):
            if best is None:
                best, winners = candidate, jnp.zeros(candidate.shape, jnp.int32)
            else:
                winners = jnp.where(candidate > best, place, winners)  # strictly: the first of equals stays
                best = jnp.maximum(best, candidate)
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
        if stride == size:  # windows side by side: each pixel asks its own window whether it has won
            place = np.arange(size[0] * size[1]).reshape(1, 1, size[0], 1, size[1], 1)
            dx = jnp.where(winners[:, :, None, :, None] == place, dy[:, :, None, :, None], 0.0)
            return side_by_side(dx, x_shape, pads)
        parts = [jnp.where(winners == place, dy, 0.0) for place in range(size[0] * size[1])]
        return fold(parts, x_shape, size, stride, pads)

    def sum_pool2d(self, x: Array, size: tuple[int, int], stride: tuple[int, int], pads: Pads) -> Array:
        return sum(shifted(x, size, stride, pads, 0.0))

    def sum_pool2d_gradient(
        self, dy: Array, x_shape: Sequence[int], size: tuple[int, int], stride: tuple[int, int], pads: Pads
    ) -> Array:
        return fold([dy] * (size[0] * size[1]), x_shape, size, stride, pads)

    # -- whole layers: as they are written, which XLA fuses
    kernels = Kernels()

    # -- for a layer that has no backward pass
    def differentiate(self, function: Any, inputs: tuple[Any, ...], dy: Array) -> tuple[Any, ...]:
        return jax.vjp(function, *inputs)[1](dy)

    # -- randomness
    def key(self, seed: int | Array, step: Array) -> Array:
        mixed = jnp.asarray(step).astype(jnp.uint32) * jnp.uint32(GOLDEN)
        return _hash(mixed ^ (jnp.uint32(triple32_int(seed)) if isinstance(seed, int) else seed.astype(jnp.uint32)))

    def fold_in(self, key: Array, number: int) -> Array:
        return _hash(key ^ jnp.uint32(triple32_int(number + GOLDEN)))

    def random_uniform(self, key: Array, shape: Sequence[int]) -> Array:
        counter = lax.iota(jnp.uint32, math.prod(shape))
        return ((_hash(_hash(counter) ^ key) >> 8).astype(self.dtype) * WIDTH).reshape(shape)

    @property
    def convolver(self) -> jax_convolution.Whole | None:
        """Who does convolutions as a whole, on a CPU."""
        if self._onednn:
            return jax_onednn.convolve
        return jax_convolution.by_eigen if self.eigen_convolution else None

    @property
    def _onednn(self) -> bool:
        """Whether oneDNN computes from within XLA here."""
        return self.dtype == "float32" and not self.own_convolution and jax_onednn.works()

    def _product(self, a: Array, b: Array) -> Array:
        return jnp.matmul(self._rounded(a), self._rounded(b), preferred_element_type=self.dtype)

    def _rounded(self, x: Array) -> Array:
        """x as an operand of a product."""
        return x.astype(jnp.bfloat16) if self.precision == "bfloat16" else x

    def _rounded_only(self, x: Array) -> Array:
        """x rounded like an operand, and still float32: XLA drops a cast there and back, but not this."""
        return lax.reduce_precision(x, 8, 7) if self.precision == "bfloat16" else x


class JaxEngine:
    """Runs a chunk as one XLA loop; on a GPU when JAX has one.

    On CPUs matrix products are by the library that XLA prefers ("scan"), YNNPACK in JAX 0.10, or by Eigen ("eigen"), and then
    convolutions, too, unless oneDNN does them. Eigen is faster for narrow layers: 100-128-128-10 with batch 128 takes 340 µs a step
    with the one and 277 with the other, 100-512-512-10 2777 and 3221. Raises UsageError for an unknown variant.
    """

    name = "jax"
    packs_up_to = SMALL

    def __init__(self, precision: str = "float32", variant: str | None = None) -> None:
        if variant not in (None, "scan", "eigen"):
            raise UsageError(say("engine jax has no variant {variant!r}; it can be scan or eigen", variant=variant))
        self.precision, self.dtype = precision, PRECISIONS[precision]
        self.variant = variant or "scan"
        with _at_once():
            self.device = jax.devices()[0]
        on_cpu = self.device.platform == "cpu"
        self.one_core_below = SMALL_STEP if on_cpu else 0  # see `compile`
        self.ops = JaxOps(precision, own_convolution=not on_cpu, eigen_convolution=on_cpu and self.variant == "eigen")

    def put(self, tree: Tree) -> Tree:
        with self._precision():
            return tree_map(lambda value: jax.device_put(as_numpy(value, self.dtype), self.device), tree)

    def get(self, tree: Tree) -> Tree:
        return tree_map(lambda value: np.array(value), tree)

    def compile(self, step: Step, donate: bool = True, flops: int | None = None) -> Run:
        def loop(carried: Tree, data: Mapping[str, Array], index: Array, present: Array, count: Array) -> Any:
            def body(position: Array, loop_state: Any) -> Any:
                carried, measured = loop_state
                # the loop hands out rows that are there; checking it again would cost a pass over the batch
                batch = {name: rows.at[index[position]].get(mode="promise_in_bounds") for name, rows in data.items()}
                batch["present"] = present[position]
                carried, seen = step(self.ops, carried, batch)
                return carried, {name: measured[name].at[position].set(value) for name, value in seen.items()}

            first = {name: rows[index[0]] for name, rows in data.items()} | {"present": present[0]}
            shapes = jax.eval_shape(lambda c, b: step(self.ops, c, b)[1], carried, first)
            empty = {name: jnp.zeros((index.shape[0], *seen.shape), seen.dtype) for name, seen in shapes.items()}
            return lax.fori_loop(0, count, body, (carried, empty))

        compiled = jax.jit(loop, donate_argnums=(0,) if donate else (), compiler_options=self._options(flops))

        def run(carried: Tree, data: Mapping[str, Array], chunk: Chunk) -> tuple[Tree, dict[str, np.ndarray]]:
            with self._precision():
                present = chunk.present.astype(self.dtype)
                carried, measured = compiled(carried, data, chunk.index, present, np.int32(chunk.count))
                seen = {name: np.asarray(value)[: chunk.count] for name, value in measured.items()}
                jax_strips.raise_again()  # now that it is over: a client that is not ours may go on by itself
                return carried, seen

        return run

    def devices(self) -> list[str]:
        return [_device_name(device) for device in jax.devices()]

    def _options(self, flops: int | None) -> dict[str, Any] | None:
        if self.device.platform != "cpu":
            return None
        if flops is not None and flops < SMALL_STEP:
            return _known(**FOR_SMALL_STEPS)
        if self.variant == "eigen":
            return _known(**{YNNPACK: SUMS}) or _known(**{YNNPACK: ""})
        return _known(**{YNNPACK: f"{PRODUCTS},{SUMS}"})

    def _precision(self) -> Any:
        return jax.enable_x64(self.dtype == "float64")


@contextmanager
def _at_once() -> Generator[None]:
    """A CPU client that JAX makes in here computes in the thread that asks.

    A chunk's results are waited for anyway, and to hand them to another thread and back costs 100 µs a call. Outside, the
    setting is what it was; a client that is there already keeps its ways.
    """
    before = jax.config.read("jax_cpu_enable_async_dispatch")
    jax.config.update("jax_cpu_enable_async_dispatch", False)
    try:
        yield
    finally:
        jax.config.update("jax_cpu_enable_async_dispatch", before)


@cache
def _known(**options: Any) -> dict[str, Any]:
    """Those of the options that this XLA knows: they come and go with its versions."""

    def is_known(name: str) -> bool:
        try:
            jax.jit(lambda x: x, compiler_options={name: options[name]}).lower(0.0).compile()
        except jax.errors.JaxRuntimeError:
            return False
        return True

    return {name: value for name, value in options.items() if is_known(name)}


def _device_name(device: Any) -> str:
    return "cpu" if device.platform == "cpu" else f"{device.platform}: {device.device_kind}"


def _hash(x: Array) -> Array:
    return triple32(x, jnp.bitwise_xor, lambda a, n: a >> jnp.uint32(n), lambda a, b: a * jnp.uint32(b))


def _convolve(x: Array, weight: Array, stride: tuple[int, int], pads: Pads, groups: int = 1) -> Array:
    how = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(x, weight, stride, pads, dimension_numbers=how, feature_group_count=groups)


def _transposed(linear: Any, shape: Sequence[int], dy: Array) -> Array:
    """The slope by the argument of a linear function: its transpose, which XLA knows for its convolution."""
    return jax.linear_transpose(linear, jax.ShapeDtypeStruct(tuple(shape), dy.dtype))(dy)[0]

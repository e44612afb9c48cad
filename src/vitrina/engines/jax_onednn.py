"""oneDNN's convolution and products of many matrices: they lie within jaxlib's CPU build, and XLA does not take them of its own accord.

XLA compiles custom calls of the names below to them. What they have to be told is described by no manual: it follows the messages of
`onednn_config.proto` in XLA, and a word that oneDNN does not take ends the process. So they are asked for in the versions only that
they were tried with, and there too answer a small sum first; in all others XLA does without.

GFLOP/s on two cores that reach 314 in large products, batch 128, kernels of 3 x 3, and by Eigen: 253 and 195 for 28 x 28 x 32 by 32
filters, 167 and 129 for 32 x 32 x 16 by 16, 289 and 206 for 16 x 16 x 32 by 32, 320 and 234 for 8 x 8 x 64 by 64. Of products, on two
cores that reach 200, and by XLA: 134 and 75 for eight of 256 x 64 x 64, 80 and 47 for 256 of 64 x 64 x 32 with the first transposed.
"""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Sequence
from functools import cache, partial
from importlib.metadata import version
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from vitrina.engines import jax_convolution
from vitrina.engines.numpy_engine import NumpyOps
from vitrina.network.ops import Pads

Array = Any
CONVOLUTION, PRODUCT = "__onednn$convolution", "__onednn$matmul"
WITH_CONFIG = 2  # XLA's version of a custom call that is told of itself by JSON
TRIED = ("0.10.2",)  # jaxlib
# FLOPs of products of many matrices, below which to call it costs more: eight of 64 x 64 x 64 (4.2 million) take 73 µs, and 49 by XLA.
LEAST = 6_000_000


@partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def convolve(x: Array, weight: Array, stride: tuple[int, int], pads: Pads) -> Array:
    """x (batch, rows, columns, channels), weight (height, width, channels, filters), traced, of float32."""
    across = zip(x.shape[1:3], weight.shape[:2], pads, stride, strict=True)
    sizes = ((length + sum(around) - window) // step + 1 for length, window, around, step in across)
    shape = (x.shape[0], *sizes, weight.shape[3])
    return _call(CONVOLUTION, shape, {"onednn_conv_config": _config(stride, pads)}, "sequential", x, weight)


def _convolve_forward(x: Array, weight: Array, stride: tuple[int, int], pads: Pads) -> tuple[Array, Any]:
    return convolve(x, weight, stride, pads), (x, weight)


def _convolve_backward(stride: tuple[int, int], pads: Pads, saved: Any, dy: Array) -> tuple[Array, Array]:
    x, weight = saved
    dx = jax_convolution.input_gradient(dy, weight, x.shape, stride, pads, convolve)
    return dx, jax_convolution.weight_gradient(x, dy, weight.shape, stride, pads)


# for layers that leave their backward pass to JAX
convolve.defvjp(_convolve_forward, _convolve_backward)


@partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def product(a: Array, b: Array, transpose_a: bool = False, transpose_b: bool = False) -> Array:
    """a (..., m, k), b (..., k, n), the same axes before -> (..., m, n); traced, of float32.

    Transposed, a is (..., k, m) and b (..., n, k).
    """
    rows, columns = a.shape[-1 if transpose_a else -2], b.shape[-2 if transpose_b else -1]
    told = {"onednn_matmul_config": {"transpose_a": transpose_a, "transpose_b": transpose_b}}
    return _call(PRODUCT, (*a.shape[:-2], rows, columns), told, "broadcast_all", a, b)


def _product_forward(a: Array, b: Array, transpose_a: bool, transpose_b: bool) -> tuple[Array, Any]:
    return product(a, b, transpose_a, transpose_b), (a, b)


def _product_backward(transpose_a: bool, transpose_b: bool, saved: Any, dy: Array) -> tuple[Array, Array]:
    def by_xla(a: Array, b: Array) -> Array:
        return jnp.matmul(a.mT if transpose_a else a, b.mT if transpose_b else b)

    return jax.vjp(by_xla, *saved)[1](dy)


product.defvjp(_product_forward, _product_backward)


def product_pays(a: Sequence[int], b: Sequence[int], transpose_b: bool) -> bool:
    """Whether `product` is faster than XLA, for arrays of these shapes."""
    many = len(a) > 2 and tuple(a[:-2]) == tuple(b[:-2])
    return many and 2 * math.prod(a) * b[-2 if transpose_b else -1] >= LEAST


@cache
def works() -> bool:
    """Whether this jaxlib has them: tried once, against NumPy."""
    if version("jaxlib") not in TRIED or platform.machine() != "x86_64":
        return False
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=(2, 6, 7, 3)).astype(np.float32), rng.normal(size=(3, 2, 3, 4)).astype(np.float32)
    stride, pads = (1, 2), ((1, 0), (1, 2))
    try:
        with (
            jax.ensure_compile_time_eval(),
            jax.default_device(jax.devices("cpu")[0]),
        ):  # it may be asked while a program is traced
            found = jax.jit(lambda x, weight: convolve(x, weight, stride, pads))(x, weight)
            squares = jax.jit(lambda x: product(x, x, transpose_b=True))(x)
        summed = np.allclose(found, NumpyOps().conv2d(x, weight, stride, pads), atol=1e-4)
        return bool(summed and np.allclose(squares, x @ x.mT, atol=1e-4))
    except jax.errors.JaxRuntimeError:  # a build without it
        return False


def _call(name: str, shape: Sequence[int], told: dict[str, Any], vmap_method: str, *arrays: Array) -> Array:
    out = jax.ShapeDtypeStruct(tuple(shape), arrays[0].dtype)
    call = jax.ffi.ffi_call(
        name,
        out,
        vmap_method=vmap_method,
        custom_call_api_version=WITH_CONFIG,
        legacy_backend_config=json.dumps(told),
    )
    return call(*arrays)


def _config(stride: Sequence[int], pads: Pads) -> dict[str, Any]:
    """Where each axis lies, and how the window moves."""
    images = {"dims": 4, "data": {"batch_dim": 0, "feature_dim": 3, "spatial_dims": [1, 2]}}
    kernel = {"dims": 4, "filter": {"input_feature_dim": 2, "output_feature_dim": 3, "spatial_dims": [0, 1]}}
    before, after = zip(*pads, strict=True)
    window = {"strides": stride, "pad_left": before, "pad_right": after, "window_dilations": [1, 1]}
    return {"dims": 4, "input": images, "output": images, "kernel": kernel, "feature_groups": 1, "window": window}

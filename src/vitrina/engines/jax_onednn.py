"""oneDNN's convolution, which lies within jaxlib's CPU build and which XLA does not take of its own accord.

XLA compiles a custom call of the name below to it. What it has to be told is described by no manual: it follows the messages of
`onednn_config.proto` in XLA, and a word that oneDNN does not take ends the process. So it is asked for in the versions only that it was
tried with, and there too answers one small sum first; in all others Eigen convolves.

GFLOP/s on two cores that reach 314 in large products, batch 128, kernels of 3 x 3, and by Eigen: 253 and 195 for 28 x 28 x 32 by 32
filters, 167 and 129 for 32 x 32 x 16 by 16, 289 and 206 for 16 x 16 x 32 by 32, 320 and 234 for 8 x 8 x 64 by 64.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

import jax
import numpy as np

from vitrina.engines.numpy_engine import NumpyOps
from vitrina.network.ops import Pads

Array = Any
TARGET = "__onednn$convolution"
WITH_CONFIG = 2  # XLA's version of a custom call that is told of itself by JSON
TRIED = ("0.10.2",)  # jaxlib


def convolve(x: Array, weight: Array, stride: Sequence[int], pads: Pads) -> Array:
    """x (batch, rows, columns, channels), weight (height, width, channels, filters), traced, of float32."""
    across = zip(x.shape[1:3], weight.shape[:2], pads, stride, strict=True)
    sizes = ((length + sum(around) - window) // step + 1 for length, window, around, step in across)
    out = jax.ShapeDtypeStruct((x.shape[0], *sizes, weight.shape[3]), x.dtype)
    told = json.dumps({"onednn_conv_config": _config(stride, pads)})
    call = jax.ffi.ffi_call(
        TARGET, out, vmap_method="sequential", custom_call_api_version=WITH_CONFIG, legacy_backend_config=told
    )
    return call(x, weight)


@cache
def works() -> bool:
    """Whether this jaxlib has it: tried once, against NumPy."""
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
        return bool(np.allclose(found, NumpyOps().conv2d(x, weight, stride, pads), atol=1e-4))
    except jax.errors.JaxRuntimeError:  # a build without it
        return False


def _config(stride: Sequence[int], pads: Pads) -> dict[str, Any]:
    """Where each axis lies, and how the window moves."""
    images = {"dims": 4, "data": {"batch_dim": 0, "feature_dim": 3, "spatial_dims": [1, 2]}}
    kernel = {"dims": 4, "filter": {"input_feature_dim": 2, "output_feature_dim": 3, "spatial_dims": [0, 1]}}
    before, after = zip(*pads, strict=True)
    window = {"strides": stride, "pad_left": before, "pad_right": after, "window_dilations": [1, 1]}
    return {"dims": 4, "input": images, "output": images, "kernel": kernel, "feature_groups": 1, "window": window}

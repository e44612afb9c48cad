"""NumPy within a program of XLA: the one sum that XLA's CPU backend does at a third of the speed of a BLAS.

XLA hands pointers to a function of ours by its custom calls, which copies nothing and keeps the program whole.
"""

from __future__ import annotations

import ctypes
import json
import math
from collections.abc import Sequence
from functools import cache
from typing import Any

import jax
import numpy as np

from vitrina.engines import strips
from vitrina.network.ops import Pads

Array = Any
TARGET = "vitrina_weight_gradient"
CAPSULE = b"xla._CUSTOM_CALL_TARGET"  # what XLA wants a pointer to a function to be called
WITH_OPTIONS = 3  # XLA's version of a custom call that is handed a text beside the arrays

# void (void* out, const void** arrays, const char* text, size_t length, XlaCustomCallStatus*)
Pointers = ctypes.POINTER(ctypes.c_void_p)
Called = ctypes.CFUNCTYPE(None, ctypes.c_void_p, Pointers, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p)

_raised: list[BaseException] = []


def weight_gradient(x: Array, dy: Array, weight_shape: Sequence[int], pads: Pads) -> Array:
    """As `strips.weight_gradient`, of traced arrays of float32 or float64."""
    told = json.dumps({"x": x.shape, "dy": dy.shape, "weight": list(weight_shape), "pads": pads, "type": x.dtype.name})
    out = jax.ShapeDtypeStruct(tuple(weight_shape), x.dtype)
    call = jax.ffi.ffi_call(
        TARGET, out, vmap_method="sequential", custom_call_api_version=WITH_OPTIONS, legacy_backend_config=told
    )
    return call(x, dy)


@cache
def works() -> bool:
    """Whether this JAX can call NumPy so: tried once, against NumPy itself."""
    try:
        jax.ffi.register_ffi_target(TARGET, _capsule(), platform="cpu", api_version=0)
        rng = np.random.default_rng(0)
        x, dy = rng.normal(size=(2, 4, 5, 3)).astype(np.float32), rng.normal(size=(2, 4, 5, 2)).astype(np.float32)
        shape, pads = (3, 3, 3, 2), ((1, 1), (1, 1))
        # it may be asked while a program is traced
        with jax.ensure_compile_time_eval(), jax.default_device(jax.devices("cpu")[0]):
            found = np.asarray(jax.jit(lambda x, dy: weight_gradient(x, dy, shape, pads))(x, dy))
        raise_again()
        return bool(np.array_equal(found, strips.weight_gradient(x, dy, shape, pads)))
    except Exception:  # whatever a JAX that knows no such calls may say: it then does without
        return False


def raise_again() -> None:
    """Raises what was raised while XLA called: it cannot go through XLA. To be called after each run of a program."""
    if _raised:
        error, _raised[:] = _raised[0], []
        raise error


def _answer(out: int, arrays: Any, text: int, length: int, status: int) -> None:
    try:
        told = json.loads(ctypes.string_at(text, length))
        x, dy = (
            _array(pointer, told[name], told["type"]) for pointer, name in zip(arrays[:2], ("x", "dy"), strict=True)
        )
        result = _array(out, told["weight"], told["type"])
        result[:] = np.nan  # should it be left half done
        result[:] = strips.weight_gradient(x, dy, told["weight"], told["pads"])
    except BaseException as error:  # Ctrl-C comes here too
        _raised.append(error)


def _array(pointer: int, shape: Sequence[int], dtype: str) -> np.ndarray:
    """The numbers there, as they lie."""
    kind = np.dtype(dtype)
    size = math.prod(shape) * kind.itemsize
    return (
        np.ctypeslib.as_array(ctypes.cast(pointer, ctypes.POINTER(ctypes.c_ubyte)), (size,)).view(kind).reshape(shape)
    )


@cache
def _capsule() -> Any:
    new = ctypes.pythonapi.PyCapsule_New
    new.restype, new.argtypes = ctypes.py_object, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
    return new(ctypes.cast(_CALLED, ctypes.c_void_p), CAPSULE, None)


_CALLED = Called(_answer)  # XLA keeps no hold of it

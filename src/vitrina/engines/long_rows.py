"""Reductions of NumPy's over all axes but a short last one, as over rows that are long: in a tenth of the time.

NumPy goes through such an array row by row, which for a picture's sixteen channels costs more than the sums themselves. So a
power of two of rows is taken for one, and what comes of it is reduced once more.
"""

from __future__ import annotations

import math

import numpy as np

LONG = 2048  # values
FEW_ROWS = 64


def reduced(of: np.ufunc, x: np.ndarray, axis: int | tuple[int, ...] | None, keepdims: bool) -> np.ndarray:
    """As `of.reduce(x, axis=axis, keepdims=keepdims)`, to rounding."""
    if x.ndim < 3 or not isinstance(axis, tuple) or len(axis) != x.ndim - 1 or axis != tuple(range(x.ndim - 1)):
        return of.reduce(x, axis=axis, keepdims=keepdims)
    units = x.shape[-1]
    rows = x.size // max(1, units)
    together = math.gcd(rows, 1 << max(0, (LONG // max(1, units)).bit_length() - 1))
    if rows < FEW_ROWS or together < 2 or not x.flags.c_contiguous:
        return of.reduce(x, axis=axis, keepdims=keepdims)
    found = of.reduce(of.reduce(x.reshape(-1, together * units), axis=0).reshape(together, units), axis=0)
    return found.reshape(*(1 for _ in axis), units) if keepdims else found

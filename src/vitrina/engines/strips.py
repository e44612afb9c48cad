"""The slope of a convolution by its weight, as products of strips by NumPy's BLAS.

What one row of the kernel sees of an image is what the next row sees one row of pixels further down. So the windows of a single row are
laid side by side once (strips, as many rows as the padded image has), and every row of the kernel takes its product from them: as the
slopes by y stand in rows as wide as the strips', zeros below, each is a product of two tables that start at different rows, and
nothing is copied for it. Images go by blocks that stay in the cache, and the batch is shared out over the cores.

Milliseconds on two cores that reach 314 GFLOP/s in large products, batch 128, kernels of 3 x 3, and by XLA's own products in blocks:
24 and 44 for 28 x 28 x 32 by 64 filters, 8 and 12 for 32 x 32 x 16 by 16, 5 and 8 for 16 x 16 x 32 by 32, 4 and 6 for 8 x 8 x 64 by 64.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from threading import Lock

import numpy as np
from numpy.lib.stride_tricks import as_strided

from vitrina.engines.blas_threads import threads_for
from vitrina.engines.cores import cores
from vitrina.network.ops import Pads

BLOCK = 2 << 20  # bytes of what a block of images becomes
WORTH = 2e7  # operations: below, to share them out takes longer than they do
_ONE_BY_ONE = Lock()  # each takes all cores, and how many threads a product takes is one setting for all
THIN = 32  # columns of strips: with as many or fewer the products are too thin


def pays(x_shape: Sequence[int], dy_shape: Sequence[int], weight_shape: Sequence[int], stride: tuple[int, int]) -> bool:
    """Whether there is anything to be gained: kernels of one pixel have no windows, and with a stride rows do not repeat."""
    height, width, channels, _ = weight_shape
    if stride != (1, 1) or (height, width) == (1, 1) or width * channels <= THIN:
        return False
    return x_shape[0] >= cores() and 2 * math.prod(dy_shape[:3]) * math.prod(weight_shape) >= WORTH


def weight_gradient(x: np.ndarray, dy: np.ndarray, weight_shape: Sequence[int], pads: Pads) -> np.ndarray:
    """The error's slope by a weight (height, width, channels, filters) that was moved without stride.

    x (batch, rows, columns, channels), dy (batch, rows out, columns out, filters).
    """
    size = (weight_shape[0], weight_shape[1])
    count = min(cores(), len(x))
    parts = zip(np.array_split(x, count), np.array_split(dy, count), strict=True)
    with _ONE_BY_ONE, threads_for(0):
        asked = [_workers().submit(_of_part, *part, size, pads) for part in parts]
        wait(asked)  # none is left that reads arrays of a caller who has been interrupted
        return np.sum([each.result() for each in asked], axis=0).reshape(*weight_shape)


def _of_part(x: np.ndarray, dy: np.ndarray, size: tuple[int, int], pads: Pads) -> np.ndarray:
    """Of some images, on one core: (height, width · channels, filters)."""
    (top, bottom), (left, right) = pads
    (height, width), (images, rows, columns, channels) = size, x.shape
    rows_out, columns_out, filters = dy.shape[1:]
    padded = (rows + top + bottom, columns + left + right)
    numbers = padded[0] * (padded[1] * channels + columns_out * (width * channels + filters))
    block = min(images, max(1, BLOCK // (numbers * x.itemsize)))
    frame = np.zeros((block, *padded, channels), x.dtype)
    strips = np.empty((block, padded[0], columns_out, width * channels), x.dtype)
    slopes = np.zeros((block, padded[0], columns_out, filters), x.dtype)
    windows = as_strided(frame, strips.shape, frame.strides, writeable=False)
    seen, slope = strips.reshape(-1, width * channels), slopes.reshape(-1, filters)
    total = np.zeros((height, width * channels, filters), x.dtype)
    for start in range(0, images, block):
        count = min(block, images - start)
        frame[:count, top : top + rows, left : left + columns] = x[start : start + count]
        slopes[:count, :rows_out] = dy[start : start + count]
        slopes[count:] = 0.0  # whatever stands there of the block before
        np.copyto(strips, windows)
        for row in range(height):
            first, many = row * columns_out, len(seen) - (height - 1) * columns_out
            total[row] += seen[first : first + many].T @ slope[:many]
    return total


@cache
def _workers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(cores(), thread_name_prefix="strips")


if hasattr(os, "register_at_fork"):  # a forked process has none of the threads
    os.register_at_fork(after_in_child=_workers.cache_clear)

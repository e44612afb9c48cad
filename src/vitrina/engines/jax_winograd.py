"""Convolution by a 3 x 3 kernel with 16 multiplications for each 2 x 2 outputs, where the plain sum takes 36.

Winograd's F(2x2, 3x3): y = Aᵀ [(G w Gᵀ) ⊙ (Bᵀ d B)] A for each tile d of 4 x 4 pixels, summed over the channels, which makes the
⊙ 16 matrix products. Source: Lavin & Gray (2015), Fast Algorithms for Convolutional Neural Networks, arXiv:1509.09308. Its
matrices hold 0, ±1 and ±1/2 alone, so that it rounds like the plain sum (root mean square, 0.5 to 1.7 times as much with 16 to
512 channels); larger tiles save more and do not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jax import lax

from vitrina.network.ops import Pads

Array = Any
B_TRANSPOSED = ((1, 0, -1, 0), (0, 1, 1, 0), (0, -1, 1, 0), (0, 1, 0, -1))
G = ((1, 0, 0), (0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0, 0, 1))
A_TRANSPOSED = ((1, 1, 1, 0), (0, 1, -1, -1))
# Channels in or out: below, the sums cost more than the products they save.
NARROW = 16
# Outputs in tiles for each output: at the border of a small image many are computed for nothing.
WASTE = 1.5


def pays(x_shape: Sequence[int], weight_shape: Sequence[int], stride: tuple[int, int], pads: Pads) -> bool:
    """True if this convolution can be done so, and is the faster for it."""
    if tuple(weight_shape[:2]) != (3, 3) or stride != (1, 1) or min(weight_shape[2:]) < NARROW:
        return False
    rows, columns = _size_out(x_shape, pads)
    return 4 * _tiles(rows) * _tiles(columns) <= WASTE * rows * columns


def numbers_per_image(x_shape: Sequence[int], weight_shape: Sequence[int], pads: Pads) -> int:
    """How many numbers lie between input and output: the factors and the products of all tiles."""
    return 16 * math.prod(_tiles(length) for length in _size_out(x_shape, pads)) * sum(weight_shape[2:])


def transform(weight: Array) -> Array:
    """G w Gᵀ: (3, 3, channels, filters) -> (16, channels, filters)."""
    by_row = [_combined(row, weight) for row in G]  # 4 arrays (3, channels, filters)
    return jnp.stack([_combined(column, each) for column in G for each in by_row])


def convolve(x: Array, transformed: Array, pads: Pads) -> Array:
    """x (images, rows, columns, channels) by what `transform` made: (images, rows out, columns out, filters)."""
    rows, columns = _size_out(x.shape, pads)
    down, across = _tiles(rows), _tiles(columns)
    (top, bottom), (left, right) = pads
    to_whole_tiles = (top, bottom + 2 * down - rows), (left, right + 2 * across - columns)
    x = jnp.pad(x, ((0, 0), *to_whole_tiles, (0, 0)))
    factors = _factors(x, down, across)
    products = jnp.matmul(factors.reshape(16, -1, x.shape[3]), transformed)
    y = _outputs(products.reshape(4, 4, len(x), down, across, -1))
    return y[:, :rows, :columns]


def _factors(x: Array, down: int, across: int) -> Array:
    """Bᵀ d B of all tiles: (columns of 4, rows of 4, images, tiles down, tiles across, channels)."""
    images, height, width, channels = x.shape
    pairs = x.reshape(images, height // 2, 2, width * channels)
    lines = [pairs[:, i // 2 : i // 2 + down, i % 2] for i in range(4)]  # of each tile's rows
    # The rows before the columns, and kept: XLA would compute each of these sums four times. It takes 38 ms without and 33
    # with, 26 x 26 x 32 by 64 filters, batch 128, one thread.
    by_row = lax.optimization_barrier(jnp.stack([_combined(row, lines) for row in B_TRANSPOSED]))
    pairs = by_row.reshape(4, images, down, width // 2, 2, channels)
    lines = [pairs[:, :, :, j // 2 : j // 2 + across, j % 2] for j in range(4)]
    return jnp.stack([_combined(column, lines) for column in B_TRANSPOSED])


def _outputs(products: Array) -> Array:
    """Aᵀ m A of all tiles: (columns of 4, rows of 4, images, tiles down, tiles across, filters) -> images."""
    _, _, images, down, across, filters = products.shape
    by_column = [_combined(column, products) for column in A_TRANSPOSED]  # 2 arrays (rows of 4, images, ..., filters)
    y = jnp.stack([jnp.stack([_combined(row, each) for each in by_column], axis=3) for row in A_TRANSPOSED], axis=2)
    return y.reshape(images, 2 * down, 2 * across, filters)


def _combined(coefficients: Sequence[float], arrays: Sequence[Array] | Array) -> Array:
    """Σ coefficient · array, without the multiplications by 0 and 1."""
    total: Array = None
    for coefficient, array in zip(coefficients, arrays, strict=True):
        if coefficient == 0:
            continue
        if total is None:
            total = array if coefficient == 1 else array * coefficient
        elif abs(coefficient) == 1:
            total = total + array if coefficient == 1 else total - array
        else:
            total = total + array * coefficient
    return total


def _size_out(x_shape: Sequence[int], pads: Pads) -> tuple[int, int]:
    (top, bottom), (left, right) = pads
    return x_shape[1] + top + bottom - 2, x_shape[2] + left + right - 2


def _tiles(length: int) -> int:
    return -(-length // 2)

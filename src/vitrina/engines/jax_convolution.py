"""Convolution on CPUs, of what XLA does fast inside a loop there: matrix products, sums and copies.

XLA's own convolution does not: it is one thread at 33 GFLOP/s forwards, and a plain loop at 3 backwards. Here, one thread of a
processor whose large matrix products reach 105 GFLOP/s, counting the operations of the plain sum (batch 128):

    GFLOP/s                    forward  slope by input  slope by weight
    26 x 26 x 32, 64 filters        83             117               75
    16 x 16 x 32, 32, same          97              97               64
    8 x 8 x 64, 64, same           130             130               82

Kernels of 3 x 3 without stride go Winograd's way (`jax_winograd.py`), all others by patches × matrix. Either makes many numbers
out of few, a block of images at a time, so that they never leave the cache. The slope by the weight is by patches always.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from vitrina.engines import jax_winograd as winograd
from vitrina.engines.jax_windows import fold, patches
from vitrina.network.ops import Pads

Array = Any
# Bytes of what a block of images becomes. Patches of all images at once go through memory, at a third of the speed; with 4 MiB
# the slope by the weight takes a fifth longer than with 2.
BLOCK = 2 << 20


def convolve(x: Array, weight: Array, stride: tuple[int, int], pads: Pads) -> Array:
    """x (batch, rows, columns, channels), weight (height, width, channels, filters)."""
    if winograd.pays(x.shape, weight.shape, stride, pads):
        return _by_tiles(x, weight, pads)
    height, width, _, filters = weight.shape
    matrix = weight.reshape(-1, filters)  # (height · width · channels, filters)

    def of_block(x: Array) -> Array:
        seen = patches(x, (height, width), stride, pads)  # (images, rows out, columns out, height · width · channels)
        return jnp.matmul(seen.reshape(-1, len(matrix)), matrix).reshape(*seen.shape[:3], filters)

    if (height, width) == (1, 1):
        return of_block(x)  # its patches are pixels as they are: one product
    return _by_blocks(of_block, _block(x, _patch_numbers(x.shape, (height, width), stride, pads)), x)


def input_gradient(dy: Array, weight: Array, x_shape: Sequence[int], stride: tuple[int, int], pads: Pads) -> Array:
    """The error's slope by x, of `x_shape`, from its slope by y."""
    height, width, channels, filters = weight.shape
    around = _around(pads, (height, width))
    turned = weight[::-1, ::-1].swapaxes(2, 3)  # (height, width, filters, channels)
    if around is not None and winograd.pays(dy.shape, turned.shape, stride, around):
        return _by_tiles(dy, turned, around)
    matrix = weight.reshape(-1, filters).T

    def of_block(dy: Array) -> Array:
        dseen = jnp.matmul(dy.reshape(-1, filters), matrix).reshape(*dy.shape[:3], height, width, channels)
        places = [dseen[:, :, :, i, j] for i in range(height) for j in range(width)]
        return fold(places, (len(dy), *x_shape[1:]), (height, width), stride, pads)

    if (height, width) == (1, 1):
        return of_block(dy)
    return _by_blocks(of_block, _block(dy, _patch_numbers(x_shape, (height, width), stride, pads)), dy)


def weight_gradient(x: Array, dy: Array, weight_shape: Sequence[int], stride: tuple[int, int], pads: Pads) -> Array:
    """The error's slope by the weight, of `weight_shape`."""
    height, width, channels, filters = weight_shape

    def of_block(x: Array, dy: Array) -> Array:
        seen = patches(x, (height, width), stride, pads).reshape(-1, height * width * channels)
        return jnp.matmul(dy.reshape(-1, filters).T, seen)  # the other way round takes half as long again

    block = _block(x, _patch_numbers(x.shape, (height, width), stride, pads))
    return _sum_of_blocks(of_block, block, x, dy).T.reshape(*weight_shape)


def _by_tiles(x: Array, weight: Array, pads: Pads) -> Array:
    transformed = winograd.transform(weight)
    block = _block(x, winograd.numbers_per_image(x.shape, weight.shape, pads))
    return _by_blocks(lambda x: winograd.convolve(x, transformed, pads), block, x)


def _around(pads: Pads, size: tuple[int, int]) -> Pads | None:
    """The padding of dy with which a convolution without stride gives dx; None where dy would have to be cut."""
    (top, bottom), (left, right) = pads
    height, width = size[0] - 1, size[1] - 1
    if max(top, bottom) > height or max(left, right) > width:
        return None
    return (height - top, height - bottom), (width - left, width - right)


def _patch_numbers(x_shape: Sequence[int], size: tuple[int, int], stride: tuple[int, int], pads: Pads) -> int:
    """How many numbers the patches of one image are."""
    across = [
        (length + before + after - window) // step + 1
        for length, window, step, (before, after) in zip(x_shape[1:3], size, stride, pads, strict=True)
    ]
    return math.prod(across) * math.prod(size) * x_shape[3]


def _block(x: Array, numbers_per_image: int) -> int:
    """How many images at a time, so that what becomes of them stays in the processor's cache."""
    batch, fits = len(x), max(1, BLOCK // (numbers_per_image * np.dtype(x.dtype).itemsize))
    if fits >= batch:
        return batch
    # a few images more are better than a last block of another size
    even = max(count for count in range(1, min(batch, fits * 3 // 2) + 1) if batch % count == 0)
    return even if 2 * even >= fits else fits


def _by_blocks(function: Callable[[Array], Array], block: int, x: Array) -> Array:
    """`function` of each block of images, put together again."""
    if block == len(x):
        return function(x)

    def one(position: Array, y: Array) -> Array:
        # JAX moves a last block that is too long back into the batch: some images are then computed twice
        part = function(lax.dynamic_slice_in_dim(x, position * block, block))
        return lax.dynamic_update_slice_in_dim(y, part, position * block, 0)

    seen = jax.eval_shape(function, x[:block])
    return lax.fori_loop(0, -(-len(x) // block), one, jnp.zeros((len(x), *seen.shape[1:]), seen.dtype))


def _sum_of_blocks(function: Callable[[Array, Array], Array], block: int, x: Array, dy: Array) -> Array:
    """The sum of `function` of each block of images."""
    rest = len(x) % block
    if rest:  # of another size, and so compiled on its own
        first = function(x[:rest], dy[:rest])
    else:
        seen = jax.eval_shape(function, x[:block], dy[:block])
        first = jnp.zeros(seen.shape, seen.dtype)

    def one(position: Array, total: Array) -> Array:
        # by index: as the rows of a scan, XLA copies the blocks first, which takes a quarter longer
        start = rest + position * block
        parts = (lax.dynamic_slice_in_dim(array, start, block) for array in (x, dy))
        return total + function(*parts)

    return lax.fori_loop(0, len(x) // block, one, first)

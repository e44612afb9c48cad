"""Convolution on CPUs, of what XLA does fast inside a loop there: by oneDNN or Eigen as a whole, or by products, sums and copies.

oneDNN is fastest, where jaxlib has it (`jax_onednn.py`). Eigen's is what XLA's own comes to where products are told to be Eigen's (the
variant "eigen" of the engine); else that is a third slower, and its slope by the weight crawls in either case. Two cores that reach
314 GFLOP/s in large products, counting the operations of the plain sum (batch 128, forward):

    GFLOP/s                   by Eigen  XLA's own otherwise  tiles or patches
    32 x 32 x 16, 16, same         101                  106                48
    16 x 16 x 32, 32, same         178                  121                94
    8 x 8 x 64, 64, same           227                  121               151

Otherwise kernels of 3 x 3 without stride go Winograd's way (`jax_winograd.py`), all others by patches × matrix. Either makes many
numbers out of few, a block of images at a time, so that they never leave the cache. The slope by the weight is NumPy's where XLA can
call it (`jax_strips.py`), else by patches.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from vitrina.engines import jax_strips, strips
from vitrina.engines import jax_winograd as winograd
from vitrina.engines.jax_windows import fold, patches, shifted
from vitrina.network.ops import Pads

Array = Any
Whole = Callable[[Array, Array, tuple[int, int], Pads], Array]  # as `by_eigen`
# Bytes of what a block of images becomes. Patches of all images at once go through memory, at a third of the speed; with 4 MiB
# the slope by the weight takes a fifth longer than with 2.
BLOCK = 2 << 20


NO_PADS: Pads = ((0, 0), (0, 0))
# Weights of a filter that are multiplied and added one by one, which XLA makes one loop of. 3 x 3, batch 128: 28 x 28 x 1 by 32 filters
# in 0.9 ms, where Eigen takes 4.4 and patches 2.1; 32 x 32 x 3 by 16 in 1.9, for 3.8 and 6.1.
FEW = 27


def convolve(x: Array, weight: Array, stride: tuple[int, int], pads: Pads, whole: Whole | None = None) -> Array:
    """x (batch, rows, columns, channels), weight (height, width, channels, filters).

    whole: who does convolutions as a whole; None: they are put together of other sums here.
    """
    if tuple(weight.shape[:2]) != (1, 1):  # of one pixel it is a product, below
        if math.prod(weight.shape[:3]) <= FEW:
            return _by_sums(x, weight, stride, pads)
        if whole is not None:
            return whole(x, weight, stride, pads)
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


def input_gradient(
    dy: Array,
    weight: Array,
    x_shape: Sequence[int],
    stride: tuple[int, int],
    pads: Pads,
    whole: Whole | None = None,
) -> Array:
    """The error's slope by x, of `x_shape`, from its slope by y."""
    height, width, channels, filters = weight.shape
    around = _around(pads, (height, width))
    turned = weight[::-1, ::-1].swapaxes(2, 3)  # (height, width, filters, channels)
    if whole is not None and around is not None and stride == (1, 1) and (height, width) != (1, 1):
        return whole(dy, turned, stride, around)
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
    if strips.pays(x.shape, dy.shape, weight_shape, stride) and jax_strips.works():
        return jax_strips.weight_gradient(x, dy, weight_shape, pads)
    if height > 1 and width * channels > strips.THIN:  # else all rows had better come at once
        return _weight_gradient_by_rows(x, dy, weight_shape, stride, pads)

    def of_block(x: Array, dy: Array) -> Array:
        seen = patches(x, (height, width), stride, pads).reshape(-1, height * width * channels)
        return jnp.matmul(dy.reshape(-1, filters).T, seen)  # the other way round takes half as long again

    block = _block(x, _patch_numbers(x.shape, (height, width), stride, pads))
    return _sum_of_blocks(of_block, block, x, dy).T.reshape(*weight_shape)


def _weight_gradient_by_rows(
    x: Array, dy: Array, weight_shape: Sequence[int], stride: tuple[int, int], pads: Pads
) -> Array:
    """The same, a row of the kernel at a time: of the patches only what stands side by side is copied.

    What one row of the kernel sees is what another sees a few pixels further down. GFLOP/s on two cores, 314 in large products,
    this way and by whole patches: 45 and 18 for 32 x 32 x 16 by 16 filters, 90 and 38 for 16 x 16 x 32 by 32, 101 and 78 for
    8 x 8 x 64 by 64.
    """
    height, width, channels, filters = weight_shape
    down = stride[0] * (dy.shape[1] - 1) + 1  # from the first row that a row of the kernel sees to the last

    def of_block(x: Array, dy: Array) -> Array:
        x = jnp.pad(x, ((0, 0), *pads, (0, 0)))
        strips = patches(x, (1, width), (1, stride[1]), NO_PADS)  # (images, rows, columns out, width · channels)
        slopes = dy.reshape(-1, filters).T
        seen = (strips[:, i : i + down : stride[0]].reshape(-1, width * channels) for i in range(height))
        return jnp.stack([jnp.matmul(slopes, row) for row in seen])

    block = _block(x, _patch_numbers(x.shape, (1, width), (1, stride[1]), pads))
    rows = _sum_of_blocks(of_block, block, x, dy)  # (height, filters, width · channels)
    return jnp.swapaxes(rows, 1, 2).reshape(*weight_shape)


def _by_sums(x: Array, weight: Array, stride: tuple[int, int], pads: Pads) -> Array:
    places = shifted(x, (weight.shape[0], weight.shape[1]), stride, pads, 0.0)
    each = zip(places, weight.reshape(len(places), *weight.shape[2:]), strict=True)
    return sum(place[..., k : k + 1] * filters[k] for place, filters in each for k in range(weight.shape[2]))


def by_eigen(x: Array, weight: Array, stride: tuple[int, int], pads: Pads) -> Array:
    """XLA's own convolution, which is Eigen's where a program is told to compute by Eigen: all cores, and no copy of patches."""
    return lax.conv_general_dilated(x, weight, stride, pads, dimension_numbers=("NHWC", "HWIO", "NHWC"))


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

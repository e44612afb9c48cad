"""Grouped convolution from an engine's own operations: each group of filters sees its own channels only.

Two forms. Depthwise (a group for each channel) is a sum over the places of the window of shifted image × weight, which compilers
fuse into one pass; as matrix products it would be as many as there are channels, each one column wide. Other groups are one
product of patches × matrix for each group, all at once.
`places` is the pixel at each place of the window, for all windows: height · width arrays (batch, rows out, columns out, channels).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from vitrina.network.ops import Array, Ops


def convolve(ops: Ops, places: Sequence[Array], weight: Array, groups: int) -> Array:
    """weight (height, width, channels / groups, filters) -> (batch, rows out, columns out, filters)."""
    filters, out = ops.shape(weight)[3], ops.shape(places[0])[:3]
    if ops.shape(weight)[2] == 1:
        each = _by_place(ops, weight, groups)
        products = [x[..., None] * own for x, own in zip(places, each, strict=True)]
        return ops.reshape(sum(products[1:], start=products[0]), (*out, filters))
    z = ops.matmul(_patches(ops, places, groups), _matrices(ops, weight, groups))  # (groups, windows, filters / groups)
    return ops.reshape(ops.transpose(z, (1, 0, 2)), (*out, filters))


def input_gradient(ops: Ops, dy: Array, weight: Array, groups: int, channels: int) -> list[Array]:
    """The error's slope by the pixel at each place of the window, to be sent back to where it came from: like `places`."""
    height, width, inside, filters = ops.shape(weight)
    out = ops.shape(dy)[:3]
    if inside == 1:
        by_channel = ops.reshape(dy, (*out, groups, filters // groups))
        return [ops.sum(by_channel * own, axis=-1) for own in _by_place(ops, weight, groups)]
    dz = ops.transpose(ops.reshape(dy, (-1, groups, filters // groups)), (1, 0, 2))
    dpatches = ops.matmul(
        dz, _matrices(ops, weight, groups), transpose_b=True
    )  # (groups, windows, places · channels / groups)
    dpatches = ops.reshape(dpatches, (groups, -1, height * width, inside))
    parts = ops.split(ops.transpose(dpatches, (2, 1, 0, 3)), [1] * (height * width), axis=0)
    return [ops.reshape(part, (*out, channels)) for part in parts]


def weight_gradient(ops: Ops, places: Sequence[Array], dy: Array, weight_shape: Sequence[int], groups: int) -> Array:
    """The error's slope by the weight, (height, width, channels / groups, filters)."""
    height, width, inside, filters = weight_shape
    if inside == 1:
        by_channel = ops.reshape(dy, (*ops.shape(dy)[:3], groups, filters // groups))
        each = [ops.sum(x[..., None] * by_channel, axis=(0, 1, 2)) for x in places]  # (channels, filters / channels)
        rows = ops.concatenate([ops.reshape(own, (1, filters)) for own in each], axis=0)
        return ops.reshape(rows, (height, width, 1, filters))
    dz = ops.transpose(
        ops.reshape(dy, (-1, groups, filters // groups)), (1, 0, 2)
    )  # (groups, windows, filters / groups)
    dweight = ops.matmul(_patches(ops, places, groups), dz, transpose_a=True)
    dweight = ops.reshape(dweight, (groups, height, width, inside, filters // groups))
    return ops.reshape(ops.transpose(dweight, (1, 2, 3, 0, 4)), tuple(weight_shape))


def _by_place(ops: Ops, weight: Array, groups: int) -> list[Array]:
    """The weights at each place of the window: (channels, filters / channels) each."""
    height, width, _, filters = ops.shape(weight)
    parts = ops.split(ops.reshape(weight, (height * width, groups, filters // groups)), [1] * (height * width), axis=0)
    return [ops.reshape(part, (groups, filters // groups)) for part in parts]


def _patches(ops: Ops, places: Sequence[Array], groups: int) -> Array:
    """Every window, by group: (groups, windows, places · channels / groups)."""
    batch, rows, columns, channels = ops.shape(places[0])
    inside, windows = channels // groups, batch * rows * columns
    by_group = [ops.reshape(x, (windows, groups, 1, inside)) for x in places]
    patches = ops.transpose(ops.concatenate(by_group, axis=2), (1, 0, 2, 3))
    return ops.reshape(patches, (groups, windows, len(places) * inside))


def _matrices(ops: Ops, weight: Array, groups: int) -> Array:
    """The weight of each group as a matrix: (groups, places · channels / groups, filters / groups)."""
    *window, filters = ops.shape(weight)
    return ops.transpose(ops.reshape(weight, (math.prod(window), groups, filters // groups)), (1, 0, 2))

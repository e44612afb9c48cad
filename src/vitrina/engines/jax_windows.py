"""What a window sees of an image, and the way back: the views that convolution and pooling share on JAX."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jax import lax

from vitrina.network.ops import Pads

Array = Any


def padded(x: Array, pads: Pads, value: float = 0.0) -> Array:
    """x (batch, rows, columns, channels) with a border of `value`."""
    if pads == ((0, 0), (0, 0)):
        return x
    return jnp.pad(x, ((0, 0), *pads, (0, 0)), constant_values=value)


def shifted(x: Array, size: tuple[int, int], stride: tuple[int, int], pads: Pads, value: float) -> list[Array]:
    """The pixel at each place of the window, for all windows.

    height · width arrays (batch, rows out, columns out, channels).
    """
    x = padded(x, pads, value)
    rows, columns = (x.shape[1] - size[0]) // stride[0] + 1, (x.shape[2] - size[1]) // stride[1] + 1
    return [
        x[:, i : i + (rows - 1) * stride[0] + 1 : stride[0], j : j + (columns - 1) * stride[1] + 1 : stride[1]]
        for i in range(size[0])
        for j in range(size[1])
    ]


def patches(x: Array, size: tuple[int, int], stride: tuple[int, int], pads: Pads) -> Array:
    """Every window in a row: (batch, rows out, columns out, height · width · channels)."""
    return jnp.concatenate(shifted(x, size, stride, pads, 0.0), axis=-1)


def fold(
    parts: list[Array], x_shape: Sequence[int], size: tuple[int, int], stride: tuple[int, int], pads: Pads
) -> Array:
    """Sends each place of the windows' slopes back to the pixel it came from, adding up where windows overlap."""
    batch, rows, columns, channels = x_shape
    (top, bottom), (left, right) = pads
    height, width = rows + top + bottom, columns + left + right
    rows_out, columns_out = parts[0].shape[1:3]
    if stride == size:  # windows side by side: no sum, only another order
        grid = jnp.stack(parts, axis=3).reshape(batch, rows_out, columns_out, *size, channels)
        return side_by_side(grid.transpose(0, 1, 3, 2, 4, 5), x_shape, pads)
    dx: Array = 0.0
    for place, part in enumerate(parts):
        i, j = divmod(place, size[1])
        after_rows = height - i - ((rows_out - 1) * stride[0] + 1)
        after_columns = width - j - ((columns_out - 1) * stride[1] + 1)
        room = ((0, 0, 0), (i, after_rows, stride[0] - 1), (j, after_columns, stride[1] - 1), (0, 0, 0))
        dx = dx + lax.pad(part, jnp.zeros((), part.dtype), room)
    return dx[:, top : top + rows, left : left + columns]


def side_by_side(windows: Array, x_shape: Sequence[int], pads: Pads) -> Array:
    """Windows (batch, rows out, height, columns out, width, channels) as the image they tile, without its padding."""
    _, rows, columns, _ = x_shape
    (top, bottom), (left, right) = pads
    batch, rows_out, height, columns_out, width, channels = windows.shape
    dx = windows.reshape(batch, rows_out * height, columns_out * width, channels)
    missing = rows + top + bottom - dx.shape[1], columns + left + right - dx.shape[2]  # what no window reached
    dx = jnp.pad(dx, ((0, 0), (0, missing[0]), (0, missing[1]), (0, 0)))
    return dx[:, top : top + rows, left : left + columns]

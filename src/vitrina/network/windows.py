"""The geometry of windows that slide over an image: shared by convolution and pooling."""

from __future__ import annotations

import operator
from typing import Any

from vitrina.errors import NetworkError, ShapeError
from vitrina.locale import say
from vitrina.network.layer import Shape
from vitrina.network.ops import Pads


def pair(value: Any, what: str) -> tuple[int, int]:
    """3 -> (3, 3); (3, 5) stays. Raises NetworkError unless both are whole numbers of 1 or more."""
    both: Any = tuple(value) if isinstance(value, list | tuple) else (value, value)
    try:
        first, second = map(operator.index, both)
    except (TypeError, ValueError):
        first = second = 0
    if min(first, second) < 1:
        # The sentence is made for a refusal alone: convolutions ask for their pairs in every pass.
        raise NetworkError(
            say("{what} must be one or two whole numbers of 1 or more, not {value!r}", what=what, value=value)
        )
    return first, second


def check_padding(padding: str, what: str) -> None:
    """Raises NetworkError unless `padding` is 'valid' or 'same'."""
    if padding not in ("valid", "same"):
        raise NetworkError(
            say("{what}: padding must be 'valid' or 'same', not {padding!r}", what=what, padding=padding)
        )


def check_padding_2d(padding: str | int, size: tuple[int, int], what: str) -> None:
    """The same, or so many rows and columns on every side as leave no window on padding alone."""
    if isinstance(padding, str):
        check_padding(padding, what)
    elif not isinstance(padding, int) or isinstance(padding, bool) or not 0 <= padding < min(size):
        raise NetworkError(
            say(
                "{what}: padding must be 'valid', 'same', or a whole number from 0 to {most} (less than the "
                "window), not {padding!r}",
                what=what,
                most=min(size) - 1,
                padding=padding,
            )
        )


def pads_for(input_shape: Shape, size: tuple[int, int], stride: tuple[int, int], padding: str | int) -> Pads:
    """Zeros around the image: none for 'valid'; for 'same' what makes the output ceil(input / stride), odd one last; a number
    as it is, on every side.

    The rule of 'same' is TensorFlow's, which Keras and JAX share; a number is PyTorch's.
    """
    if isinstance(padding, int):
        return ((padding, padding), (padding, padding))
    if padding == "valid":
        return ((0, 0), (0, 0))
    around: list[tuple[int, int]] = []
    for length, window, step in zip(input_shape[:2], size, stride, strict=True):
        total = max((-(-length // step) - 1) * step + window - length, 0)
        around.append((total // 2, total - total // 2))
    return (around[0], around[1])


def slide(input_shape: Shape, size: tuple[int, int], stride: tuple[int, int], padding: str | int) -> tuple[int, int]:
    """Rows and columns that come out. Raises ShapeError if the input is no image or smaller than the window."""
    if len(input_shape) != 3:
        raise ShapeError(
            say("needs an image of shape (rows, columns, channels), but gets {input_shape}", input_shape=input_shape)
        )
    pads = pads_for(input_shape, size, stride, padding)
    out: list[int] = []
    for length, window, step, (before, after) in zip(input_shape[:2], size, stride, pads, strict=True):
        if length + before + after < window:
            raise ShapeError(
                say(
                    "its window of {size} does not fit into the image of shape {input_shape}; make the window "
                    "smaller, use padding='same', or pool less before it",
                    size=size,
                    input_shape=input_shape,
                )
            )
        out.append((length + before + after - window) // step + 1)
    return out[0], out[1]

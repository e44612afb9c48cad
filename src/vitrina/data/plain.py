"""Whatever somebody calls an array -> one of NumPy's."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from numbers import Number
from typing import Any

import numpy as np

from vitrina.errors import DataError
from vitrina.locale import say


def plain_array(data: Any, name: str) -> np.ndarray:
    """Anything that is an array to NumPy. Raises DataError for what is none, or hides some of its values."""
    check_array(data, name)
    try:
        array = np.asarray(data)
        if array.dtype.kind == "O" and array.ndim:  # numbers that a column of mixed origin holds as objects
            array = np.array(array.tolist())
    except (TypeError, ValueError, RuntimeError) as error:
        if "inhomogeneous" in str(error):
            raise DataError(
                say(
                    "{name} has rows of different lengths; give x and y as one pair, (x, y), each of rows alike",
                    name=name,
                )
            ) from None
        raise DataError(
            say("{name} cannot be read as one array: {reason}", name=name, reason=str(error).splitlines()[0])
        ) from None
    if array.dtype.kind == "O":
        with contextlib.suppress(TypeError, ValueError):  # Decimals, and None, which becomes NaN
            array = array.astype(np.float64)
    return array


def check_array(data: Any, name: str) -> None:
    """Raises DataError, which calls them by this name, for data that are no array, or hide some of their values."""
    if np.ma.isMaskedArray(data) and np.ma.getmaskarray(data).any():
        raise DataError(say("{name} has masked values; fill them in (x.filled(...)) or leave the rows out", name=name))
    is_array = hasattr(data, "__array__") or hasattr(data, "__array_interface__")
    if hasattr(data, "toarray") and not is_array:
        raise DataError(say("{name} is a sparse matrix; give it as x.toarray()", name=name))
    if data is None:
        raise DataError(say("{name} is None; give an array with a value or more for each row", name=name))
    if not is_array and not isinstance(data, Sequence | Number):
        raise DataError(
            say(
                "{name} is a {kind}, which is no array; gather what it yields into arrays (x, y) first, or give the path of a "
                "table, which is read piece by piece",
                name=name,
                kind=type(data).__name__,
            )
        )

"""Plain arrays: x (rows, ...) and, for learning, y (rows,) or (rows, targets)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina.data.plain import check_array, plain_array
from vitrina.data.target import RawTarget
from vitrina.errors import DataError
from vitrina.locale import say

if TYPE_CHECKING:
    from vitrina.data.describe import Description

PAIRS = (
    ("x", "y"),
    ("X", "y"),
    ("X", "Y"),
    ("x_train", "y_train"),
    ("X_train", "y_train"),
    ("data", "target"),
    ("images", "labels"),
    ("features", "labels"),
    ("inputs", "targets"),
)
BLOCK = 1 << 22  # values looked at once, so that checking an array costs no second array


@dataclass(frozen=True, eq=False)
class Arrays:
    """Numbers as given. Images: (rows, height, width, channels), or (rows, height, width) in grey."""

    x: np.ndarray
    y: np.ndarray | None
    name: str = "the arrays"
    target_name: str | None = None
    places: np.ndarray | None = None
    warnings: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """images for rank 3 and 4, else arrays."""
        return "images" if self.x.ndim in (3, 4) else "arrays"

    @property
    def rows(self) -> int:
        return len(self.x)

    @property
    def has_target(self) -> bool:
        return self.y is not None

    def where(self, row: int) -> str:
        return f"row {row if self.places is None else self.places[row]}"

    def take(self, rows: Any) -> Arrays:
        """The arrays of these rows, in this order. rows: integers (n,)."""
        rows = np.asarray(rows, np.int64)
        places = rows if self.places is None else self.places[rows]
        return replace(self, x=self.x[rows], y=None if self.y is None else self.y[rows], places=places)

    def raw_target(self, name: str | None = None) -> RawTarget:
        """y as a target. Raises DataError when there is none."""
        if self.y is None:
            raise DataError(say("{source}: there are inputs but no targets; give both, as (x, y)", source=self.name))
        if self.y.dtype.kind == "U":
            names, codes = np.unique(self.y, return_inverse=True)
            return RawTarget("text", codes.reshape(-1), tuple(names.tolist()))
        if self.y.dtype.kind == "b" and self.y.ndim == 1:
            return RawTarget("boolean", self.y.astype(np.int64), ("False", "True"))
        if self.y.dtype.kind in "iu" and self.y.ndim == 1:
            return RawTarget("integer", self.y.astype(np.int64))
        return RawTarget("number", self.y.astype(np.float64))

    def group_keys(self) -> np.ndarray:
        """uint64 (rows,), equal for equal rows of x and y."""
        keys = hash_rows(self.x, seed=1)
        return keys if self.y is None else keys + hash_rows(self.y, seed=2)

    def pixels(
        self, size: tuple[int, int] | None = None, channels: int | None = None, resize: bool = False
    ) -> np.ndarray:
        """x as images (rows, height, width, channels). Raises DataError for another size or channels than asked for."""
        x = self.x[..., None] if self.x.ndim == 3 else self.x
        if x.ndim != 4:
            raise DataError(
                say(
                    "{source}: images have the shape (rows, height, width, channels), but x is {shape}",
                    source=self.name,
                    shape=self.x.shape,
                )
            )
        if (size, channels) != (None, None) and x.shape[1:] != (*(size or x.shape[1:3]), channels or x.shape[3]):
            raise DataError(
                say(
                    "{source}: the images are {shape}, but this model was trained on {wanted}",
                    source=self.name,
                    shape=x.shape[1:],
                    wanted=(*(size or ()), channels),
                )
            )
        return x

    def describe(self) -> Description:
        """Ranges, the target's balance and warnings."""
        from vitrina.data.describe import describe_arrays

        return describe_arrays(self)


def hash_rows(values: np.ndarray, seed: int) -> np.ndarray:
    """uint64 (rows,): a random linear hash of each row's bytes, the same for the same seed on every machine.

    Two different rows share a key with probability about 2^-33; all that then happens is that they stay on one side of
    a split.
    """
    rows = np.ascontiguousarray(values).reshape(len(values), -1)
    if rows.dtype.kind == "f":
        rows = rows + rows.dtype.type(0)  # -0.0 -> 0.0, equal numbers must have equal bytes
    data = rows.view(np.uint8).reshape(len(rows), -1)
    if padding := -data.shape[1] % 4:
        data = np.pad(data, ((0, 0), (0, padding)))
    words = np.ascontiguousarray(data).view(np.uint32)
    factors = np.random.Generator(np.random.PCG64(seed)).integers(0, 2**64, words.shape[1], np.uint64) | np.uint64(1)
    keys = np.empty(len(words), np.uint64)
    step = max(1, BLOCK // max(1, words.shape[1]))
    for start in range(0, len(words), step):
        keys[start : start + step] = words[start : start + step].astype(np.uint64) @ factors
    return keys


def make_arrays(x: Any, y: Any = None, name: str = "the arrays", warnings: tuple[str, ...] = ()) -> Arrays:
    """Arrays of anything NumPy can read. Raises DataError for text in x, unequal lengths, no rows, NaN or infinity."""
    x = _numbers(x, "x")
    if x.ndim == 0:
        raise DataError(say("{name}: x is a single number; give an array of shape (rows, inputs)", name=name))
    if x.ndim == 1:
        x = x[:, None]
    if len(x) == 0 or x.size == 0:
        raise DataError(say("{name}: x has the shape {shape}, which holds no values", name=name, shape=x.shape))
    _check_finite(x, f"{name}: x")
    if y is None:
        return Arrays(x, None, name, warnings=warnings)
    y = _labels(y)
    if y.ndim == 0:
        raise DataError(
            say("{name}: x has {rows} rows and y has no rows; give one target for each row", name=name, rows=len(x))
        )
    if len(y) != len(x):
        raise DataError(
            say(
                "{name}: x has {rows} rows and y has {targets} rows; give one target for each row",
                name=name,
                rows=len(x),
                targets=len(y),
            )
        )
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim > 2 or y.size == 0 or (y.ndim > 1 and y.dtype.kind == "U"):
        raise DataError(
            say(
                "{name}: y has the shape {shape}; it must be (rows,), or (rows, targets) for numbers",
                name=name,
                shape=y.shape,
            )
        )
    _check_finite(y, f"{name}: y")
    return Arrays(x, y, name, "y", warnings=warnings)


def _numbers(values: Any, what: str) -> np.ndarray:
    array = plain_array(values, what)
    if array.dtype.kind not in "biuf":
        raise DataError(
            say(
                "{what} holds {dtype} values, not numbers; give text columns as a table (a Polars or pandas frame)",
                what=what,
                dtype=array.dtype,
            )
        )
    return array


def _labels(y: Any) -> np.ndarray:
    check_array(y, "y")
    try:
        array = np.asarray(y)
    except ValueError as error:
        raise DataError(say("y is not an array ({error}); give one target for each row", error=error)) from None
    if array.dtype.kind == "S":
        array = np.char.decode(np.asarray(array, np.bytes_), "utf-8", "replace")
    if array.dtype.kind == "O":
        missing = np.array([value is None or value != value for value in array.ravel()], bool)
        if missing.any():
            raise DataError(say("y[{row}] is missing; fill in or remove such rows", row=int(missing.argmax())))
        numbers = all(isinstance(value, (int, float, np.number)) for value in array.ravel())
        array = array.astype(np.float64) if numbers else array.astype(str)
    if array.dtype.kind not in "biufU":
        raise DataError(say("y holds {dtype} values; it must be numbers or text", dtype=array.dtype))
    return array


def _check_finite(array: np.ndarray, what: str) -> None:
    if array.dtype.kind != "f":
        return
    step = max(1, BLOCK // max(1, array[0].size))
    for start in range(0, len(array), step):
        finite = np.isfinite(array[start : start + step])
        if not finite.all():
            place = np.argwhere(~finite)[0]
            place[0] += start
            index = ", ".join(str(position) for position in place)
            if np.isnan(array[tuple(place)]):
                raise DataError(
                    say(
                        "{what}[{index}] is NaN; replace or remove such rows "
                        "(a table may have missing values, an array may not)",
                        what=what,
                        index=index,
                    )
                )
            raise DataError(
                say(
                    "{what}[{index}] is infinite; replace or remove such rows "
                    "(a table may have missing values, an array may not)",
                    what=what,
                    index=index,
                )
            )


def read_npz(path: Path) -> Arrays:
    """The arrays in a .npz file under one of the pairs of names in PAIRS, or x alone. Nothing in it is executed."""
    keys: list[str] = []
    try:
        with path.open("rb") as handle:  # numpy.load leaves a path open when what it finds there is damaged
            file = np.load(handle, allow_pickle=False)
            if isinstance(file, np.ndarray):
                raise DataError(
                    say("{file}: this is a single array (.npy); save x and y together with numpy.savez", file=path.name)
                )
            keys = list(file.files)
            found = [pair for pair in (*PAIRS, ("x", None), ("X", None)) if all(key in keys for key in pair if key)]
            arrays = {key: file[key] for key in found[0] if key} if found else {}
    except (DataError, OSError):
        raise
    except Exception as error:  # zipfile, zlib and NumPy raise a dozen kinds on a damaged file
        if "allow_pickle" in str(error):
            raise DataError(
                say(
                    "{file}: it holds Python objects, which can run code and are not loaded; save plain arrays",
                    file=path.name,
                )
            ) from None
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(
            say(
                "{file}: the file cannot be read as .npz ({reason}); save it again with numpy.savez",
                file=path.name,
                reason=reason,
            )
        ) from None
    if not found and not keys:
        raise DataError(
            say(
                "{file}: no arrays called x and y (it has none); save them with numpy.savez(file, x=..., y=...)",
                file=path.name,
            )
        )
    if not found:
        raise DataError(
            say(
                "{file}: no arrays called x and y (it has {names}); save them with numpy.savez(file, x=..., y=...)",
                file=path.name,
                names=", ".join(keys),
            )
        )
    x, y = found[0]
    used = say(" and ").join(key for key in found[0] if key)
    unused = ", ".join(key for key in keys if key not in found[0])
    note = say("{file}: only {used} of it is learned from, not {unused}", file=path.name, used=used, unused=unused)
    return make_arrays(arrays[x], arrays[y] if y else None, path.name, (note,) if unused else ())

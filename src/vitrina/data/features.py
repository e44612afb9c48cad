"""What goes into the network: every kind of input as float32, the same way in training, prediction and serving."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from vitrina.data.naming import with_columns
from vitrina.data.scaling import robust_scale
from vitrina.errors import DataError, ModelError
from vitrina.locale import say

if TYPE_CHECKING:
    from vitrina.data.arrays import Arrays
    from vitrina.data.columns import Column
    from vitrina.data.images import Images
    from vitrina.data.source import Source
    from vitrina.data.table import Table

Shape = tuple[int, ...]


class Features(Protocol):
    """Turns a source into the inputs of a network."""

    @property
    def kind(self) -> str: ...
    @property
    def input_shape(self) -> Shape: ...
    @property
    def input_names(self) -> tuple[str, ...]: ...
    @property
    def quantities(self) -> tuple[int, ...]: ...

    def encode(self, source: Any) -> np.ndarray:
        """float32 (rows, *input_shape)."""
        ...

    def to_json(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class TableFeatures:
    """The used columns of a table, side by side."""

    columns: tuple[Column, ...]

    @property
    def kind(self) -> str:
        return "table"

    @property
    def input_names(self) -> tuple[str, ...]:
        return tuple(name for column in self.columns for name in column.input_names)

    @property
    def input_shape(self) -> Shape:
        return (len(self.input_names),)

    @property
    def quantities(self) -> tuple[int, ...]:
        """The places of the inputs that are quantities; the others are 0 or 1, or count words."""
        starts = np.cumsum([0, *(len(column.input_names) for column in self.columns)]).tolist()
        each = zip(starts, self.columns, strict=False)
        return tuple(start + place for start, column in each for place in range(column.quantities))

    def encode(self, source: Source) -> np.ndarray:
        """float32 (rows, inputs). Columns in any order, others too, and named in upper or lower case.

        Raises DataError naming a column that is missing, or the first value that does not fit its column.
        """
        table: Table = _expect(source, "table", say("a table with named columns"))
        table = with_columns(table, [column.name for column in self.columns])
        # Each column is written at one stretch, and all are turned round at the end: three times as fast as row by row.
        out = np.zeros((*self.input_shape, table.rows), np.float32).T
        start = 0
        for column in self.columns:
            stop = start + len(column.input_names)
            column.encode(table, out[:, start:stop])
            start = stop
        return np.ascontiguousarray(out)

    def without_logarithms(self) -> TableFeatures:
        """The same columns, each seen as it is alone."""
        from vitrina.data.columns import NumericColumn

        return TableFeatures(
            tuple(one.without_logarithm() if isinstance(one, NumericColumn) else one for one in self.columns)
        )

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "columns": [column.to_json() for column in self.columns]}


@dataclass(frozen=True)
class ImageFeatures:
    """Images, each channel with mean 0 and deviation 1 over the training part. `resize`: the user chose the size."""

    size: tuple[int, int]
    channels: int
    resize: bool
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @property
    def input_names(self) -> tuple[str, ...]:
        return ()

    @property
    def kind(self) -> str:
        return "images"

    @property
    def input_shape(self) -> Shape:
        return (*self.size, self.channels)

    @property
    def quantities(self) -> tuple[int, ...]:
        return ()

    def encode(self, source: Source) -> np.ndarray:
        """float32 (rows, height, width, channels)."""
        images: Images | Arrays = _expect(source, "images", _sized(self.size))
        out = images.pixels(self.size, self.channels, self.resize).astype(np.float32)
        out -= np.array(self.mean, np.float32)
        out /= np.array(self.std, np.float32)
        return out

    def to_json(self) -> dict[str, Any]:
        scale = {"mean": list(self.mean), "std": list(self.std)}
        return {"kind": self.kind, "size": list(self.size), "channels": self.channels, "resize": self.resize, **scale}


@dataclass(frozen=True)
class ArrayFeatures:
    """The columns of a plain array, each clipped and standardised as a table's numbers are; a constant one is 0."""

    low: tuple[float, ...]
    high: tuple[float, ...]
    centre: tuple[float, ...]
    spread: tuple[float, ...]

    @property
    def input_names(self) -> tuple[str, ...]:
        return ()

    @property
    def kind(self) -> str:
        return "arrays"

    @property
    def input_shape(self) -> Shape:
        return (len(self.low),)

    @property
    def quantities(self) -> tuple[int, ...]:
        return tuple(range(len(self.low)))

    def encode(self, source: Source) -> np.ndarray:
        """float32 (rows, columns)."""
        arrays: Arrays = _expect(source, "arrays", _shaped((len(self.low),)))
        _check_shape(arrays, self.input_shape)
        spread = np.array([spread or 1.0 for spread in self.spread])
        return ((np.clip(arrays.x, self.low, self.high) - np.array(self.centre)) / spread).astype(np.float32)

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "low": list(self.low),
            "high": list(self.high),
            "centre": list(self.centre),
            "spread": list(self.spread),
        }


@dataclass(frozen=True)
class IdentityFeatures:
    """Arrays as they are, as float32."""

    shape: Shape

    @property
    def input_names(self) -> tuple[str, ...]:
        return ()

    @property
    def kind(self) -> str:
        return "identity"

    @property
    def input_shape(self) -> Shape:
        return self.shape

    @property
    def quantities(self) -> tuple[int, ...]:
        return ()  # nobody has said what they are, nor brought them to one scale

    def encode(self, source: Any) -> np.ndarray:
        """float32 (rows, *shape). Raises DataError for another shape."""
        if hasattr(source, "x"):
            _check_shape(source, self.shape)
            return source.x.astype(np.float32)
        if source.kind == "images" and len(self.shape) == 3:
            return source.pixels(self.shape[:2], self.shape[2]).astype(np.float32)
        raise DataError(
            say(
                "{source}: this model takes an array of shape {shape}, not {holds}",
                source=source.name,
                shape=_spelled(self.shape),
                holds=_kind(source),
            )
        )

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "shape": list(self.shape)}


def fit_features(source: Any) -> tuple[Features, list[str]]:
    """The features of every row of a source (the training part), and warnings about what was left out."""
    if source.kind == "table":
        return _fit_table(source)
    if source.kind == "images":
        return _fit_images(source), []
    if source.x.ndim != 2:
        raise DataError(
            say(
                "{source}: x has the shape {shape}; a network for it must be given, as only tables and images have one",
                source=source.name,
                shape=source.x.shape,
            )
        )
    scales = [robust_scale(column.astype(np.float64)) for column in source.x.T]
    low, high, centre, spread = zip(*scales, strict=True)
    if not np.isfinite(spread).all():
        raise DataError(
            say(
                "{source}: x[:, {place}] has numbers too large to be scaled; divide them first",
                source=source.name,
                place=int(np.argmax(~np.isfinite(spread))),
            )
        )
    return ArrayFeatures(low, high, centre, spread), []


def _fit_table(table: Table) -> tuple[TableFeatures, list[str]]:
    from vitrina.data.columns import fit_column

    warnings = [role.note for role in table.roles.values() if role.note]
    columns = []
    for name, role in table.roles.items():
        if role.used:
            column = fit_column(table, name, role.role)
            if column.informative:
                columns.append(column)
            else:
                warnings.append(
                    say(
                        "column {name!r} is left out: no two values of it occur often enough in the training rows",
                        name=name,
                    )
                )
    if not columns:
        why = f" ({'; '.join(warnings)})" if warnings else ""
        raise DataError(
            say(
                "{table}: no column is left to learn from{why}; keep one with --column NAME=numeric or NAME=categorical",
                table=table.name,
                why=why,
            )
        )
    return TableFeatures(tuple(columns)), warnings


def _fit_images(source: Images | Arrays) -> ImageFeatures:
    pixels = source.pixels()
    if pixels.shape[3] == 3 and pixels.dtype == np.uint8 and hasattr(source, "store"):
        grey = (pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 0] == pixels[..., 2]).all()
        pixels = pixels[..., :1] if grey else pixels  # grey images saved as colour, as many programs do
    mean, std = zip(*(_mean_std(pixels[..., channel]) for channel in range(pixels.shape[3])), strict=True)
    resize = getattr(source, "image_size", None) is not None
    return ImageFeatures(pixels.shape[1:3], pixels.shape[3], resize, mean, std)


def _mean_std(values: np.ndarray) -> tuple[float, float]:
    if values.dtype == np.uint8:
        counts = np.bincount(values.ravel(), minlength=256)  # exact, and needs no float copy of the images
        levels = np.arange(256)
        mean = float(counts @ levels) / values.size
        std = float(np.sqrt(counts @ (levels - mean) ** 2 / values.size))
    else:
        mean, std = float(values.mean(dtype=np.float64)), float(values.std(dtype=np.float64))
    return mean, std or 1.0


def _expect(source: Source, kind: str, what: str) -> Any:
    if source.kind != kind:
        raise DataError(
            say(
                "{source}: this model was trained on {what}, but this holds {holds}",
                source=source.name,
                what=what,
                holds=_kind(source),
            )
        )
    return source


def _sized(size: tuple[int, int]) -> str:
    return say("images of {height}x{width} (height x width)", height=size[0], width=size[1])


def _shaped(shape: Shape) -> str:
    return say("an array of shape {shape}", shape=_spelled(shape))


def _kind(source: Source) -> str:
    return {"table": say("a table"), "images": say("images"), "arrays": say("a plain array")}[source.kind]


def _check_shape(arrays: Arrays, shape: Shape) -> None:
    if arrays.x.shape[1:] != shape:
        told = {"source": arrays.name, "shape": arrays.x.shape, "wanted": _spelled(shape)}
        if arrays.x.shape == shape:
            raise DataError(
                say(
                    "{source}: x has the shape {shape}, but this model takes {wanted}; for a single example give x[None]",
                    **told,
                )
            )
        raise DataError(say("{source}: x has the shape {shape}, but this model takes {wanted}", **told))


def _spelled(shape: Shape) -> str:
    return f"({', '.join([say('rows'), *map(str, shape)])})"


def features_from_json(data: dict[str, Any]) -> Features:
    kind = data.get("kind")
    if kind == "table":
        from vitrina.data.columns import column_from_json

        return TableFeatures(tuple(column_from_json(column) for column in data["columns"]))
    if kind == "images":
        height, width = (int(side) for side in data["size"])
        return ImageFeatures(
            (height, width), int(data["channels"]), bool(data["resize"]), _floats(data["mean"]), _floats(data["std"])
        )
    if kind == "arrays":
        return ArrayFeatures(*(_floats(data[key]) for key in ("low", "high", "centre", "spread")))
    if kind == "identity":
        return IdentityFeatures(tuple(int(side) for side in data["shape"]))
    raise ModelError(
        say("the data recipe has a kind of input this version does not know ({kind!r}); update Vitrina", kind=kind)
    )


def _floats(values: Any) -> tuple[float, ...]:
    return tuple(float(value) for value in values)

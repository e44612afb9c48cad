"""A table with a column of images, in bytes or as the paths of files: it is images, and another column their target."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vitrina.data.image_files import TableCells
from vitrina.data.images import Images, checked_size
from vitrina.data.pixels import PixelStore
from vitrina.data.table import Table
from vitrina.data.words import listed
from vitrina.errors import DataError
from vitrina.locale import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from vitrina.data.target import RawTarget

LOOKED_AT = 20  # values that say whether a column holds images
ENCODED = re.compile(rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|GIF8[79]a|BM|RIFF....WEBP|II\*\x00|MM\x00\*", re.DOTALL)
FILE = r"(?i)\.(png|jpe?g|gif|bmp|webp|tiff?|ppm|pgm)$"
NAMED = re.compile(FILE)


@dataclass(frozen=True, eq=False)
class ColumnLabels:
    """The target column of the table that the images come from."""

    table: Table

    @property
    def name(self) -> str | None:
        return self.table.target_name

    def raw(self, indices: np.ndarray, name: str | None) -> RawTarget:
        return self.table.take(indices).raw_target(name)

    def keys(self, indices: np.ndarray) -> np.ndarray:
        if self.name is None:
            return np.zeros(len(indices), np.uint64)
        return self.table.frame.select(self.name)[indices].hash_rows(seed=0).to_numpy()


def with_images(table: Table, folder: Path | None, image_size: Sequence[int] | None) -> Table | Images:
    """Images, where a column of the table holds them; else the table.

    folder: where paths of images begin, None where a table has no place. Raises DataError for two columns of images.
    """
    column = image_column(table, folder)
    if column is None:
        return _lost(table, folder)
    content, paths = cells_of(table.frame[column])
    rest = replace(table, frame=table.frame.drop(column))
    return images_of(rest, column, TableCells(table.name, table.where, content, paths, folder), image_size)


def image_column(table: Table, folder: Path | None) -> str | None:
    """The column that holds images, in bytes or as the paths of files; None without one. Raises DataError for two of them."""
    found = [
        name for name in table.feature_names if name not in table.overrides and _holds_images(table.frame[name], folder)
    ]
    if len(found) > 1:
        raise DataError(
            say(
                "{table}: columns {first!r} and {second!r} both hold images; leave one out with --drop",
                table=table.name,
                first=found[0],
                second=found[1],
            )
        )
    return found[0] if found else None


def images_of(rest: Table, column: str, cells: TableCells, image_size: Sequence[int] | None) -> Images:
    """The images of a table, of which `rest` are the other columns."""
    warnings = rest.warnings
    if rest.target_name is not None and (spare := rest.feature_names):
        warnings += (
            say(
                "only {column} and {target} of {table} are learned from, not {unused}",
                column=column,
                target=rest.target_name,
                table=rest.name,
                unused=listed(spare),
            ),
        )
    return Images(
        PixelStore(cells), np.arange(rest.rows), ColumnLabels(rest), rest.name, checked_size(image_size), warnings
    )


def cells_of(series: pl.Series) -> tuple[pl.Series | None, pl.Series | None]:
    """The bytes and the paths that a column of images holds, each (rows,), or None."""
    import polars as pl

    if series.dtype == pl.Binary:
        return series, None
    if isinstance(series.dtype, pl.Struct):  # Hugging Face: {bytes, path}, of which either may be missing
        types = {field.name: field.dtype for field in series.dtype.fields}
        content = series.struct.field("bytes") if types.get("bytes") == pl.Binary else None
        return content, series.struct.field("path") if types.get("path") == pl.String else None
    # Windows writes paths with backslashes.
    return None, series.str.replace_all("\\", "/", literal=True) if series.dtype == pl.String else None


def _holds_images(series: pl.Series, folder: Path | None) -> bool:
    import polars as pl

    content, paths = cells_of(series)
    if isinstance(series.dtype, pl.Struct) and content is None:
        return False
    if content is not None:
        none = content.null_count() == len(content)
        return _encoded(content) or (none and paths is not None and _named(paths))
    if folder is None or paths is None or not _named(paths):
        return False
    return any((folder / path).is_file() for path in paths.drop_nulls().head(LOOKED_AT))


def _encoded(series: pl.Series) -> bool:
    return any(ENCODED.match(value) for value in series.drop_nulls().head(LOOKED_AT))


def _named(series: pl.Series) -> bool:
    """Whether a column of text names image files throughout; its first values, which are cheap to ask, mostly decide."""
    some = [value for value in series.head(LOOKED_AT).to_list() if value is not None]
    if not all(map(NAMED.search, some)):
        return False
    present = series.drop_nulls()
    return present.len() > 0 and bool(present.str.contains(FILE).all())


def _lost(table: Table, folder: Path | None) -> Table:
    """The table, with a warning where a column names images that are not there."""
    import polars as pl

    if folder is None:
        return table
    for name in table.feature_names:
        series = table.frame[name]
        if series.dtype == pl.String and name not in table.overrides and _named(series):
            first = series.drop_nulls()[0]
            note = say(
                "column {name!r} of {table} names images, but there is no file {file}",
                name=name,
                table=table.name,
                file=folder / first,
            )
            return replace(table, warnings=(*table.warnings, note))
    return table

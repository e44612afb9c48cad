"""A table too large to be held: known by its columns and its pieces, read piece by piece in any order."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina.data.background import made_ahead
from vitrina.data.frames import frame_of
from vitrina.data.packed import inner_name
from vitrina.data.parts import find_parts, like_first, of_one_type, said_by_folders
from vitrina.data.table import Table, make_table
from vitrina.data.table_files import PARQUET_ENDINGS, TABLE_ENDINGS, guarded
from vitrina.errors import DataError
from vitrina.locale import say

if TYPE_CHECKING:
    import polars as pl
    import pyarrow.parquet

CHUNK = 1 << 16  # rows decoded at once
GOLDEN = (5**0.5 - 1) / 2  # its multiples fill the interval from 0 to 1 evenly, however many there are
OPEN = 8  # files kept open: a folder may hold thousands


@dataclass(frozen=True)
class Piece:
    """A row group of a Parquet file. first: the number of its first row in the whole; said: what its folders' names say."""

    path: Path
    group: int
    rows: int
    first: int
    said: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, eq=False)
class Stream:
    """A Parquet file, or a folder of them, as pieces. choices: target, columns and drop, as `open_source` takes them."""

    name: str
    pieces: tuple[Piece, ...]
    schema: Mapping[str, pl.DataType]
    choices: Mapping[str, Any]
    kept: Any = None  # whatever must live as long as the files do

    @property
    def rows(self) -> int:
        return sum(piece.rows for piece in self.pieces)

    def tables(
        self, piece: Piece, like: Table | None = None, columns: Sequence[str] | None = None, chunk: int = CHUNK
    ) -> Iterator[Table]:
        """The rows of a piece in order, `chunk` of them at a time, or only these columns of them.

        like: the table whose roles they have. Raises DataError where the file is damaged.
        """
        first = piece.first
        choices: dict[str, Any] = dict(self.choices) if columns is None else {}
        for frame in self._frames(piece, columns, chunk):
            table = make_table(frame, self.name, **choices)
            places = np.arange(first, first + frame.height)
            first += frame.height
            if like is not None:
                whole, known = like.whole or like, set(frame.columns)
                target = like.target_name if like.target_name in known else None
                table = replace(table, target_name=target, overrides=like.overrides, whole=whole, aside=like.aside)
            yield replace(table, places=places)

    def all_tables(
        self, like: Table | None = None, columns: Sequence[str] | None = None
    ) -> Iterator[tuple[int, Table]]:
        """All rows in order, as `tables` gives them, each with the number of its piece; a thread reads ahead."""
        every = (
            (number, table) for number, piece in enumerate(self.pieces) for table in self.tables(piece, like, columns)
        )
        with contextlib.closing(made_ahead(every)) as ahead:
            yield from ahead

    def look(self, rows: int, places: int) -> tuple[Table, Table]:
        """About so many rows, from about this many stretches of `CHUNK` rows; and the first rows as they follow each other."""
        import polars as pl

        stretches = self._stretches(places)
        step = max(1, min(self.rows, CHUNK * sum(map(len, stretches.values()))) // rows)
        found: list[Table] = []
        beginning: Table | None = None
        for number, wanted in stretches.items():
            for place, table in enumerate(self.tables(self.pieces[number])):
                beginning = beginning or table
                if place in wanted:
                    first = place * CHUNK
                    found.append(table.take(np.arange(-first % step, table.rows, step)))
                if place >= max(wanted):  # what is behind is not even decoded
                    break
        found = [table for table in found if table.rows]
        assert beginning is not None
        frame = pl.concat([table.frame for table in found], how="vertical")
        spread = replace(found[0], frame=frame, places=np.concatenate([table.places for table in found]), whole=None)
        return spread, beginning

    def _stretches(self, places: int) -> dict[int, list[int]]:
        """Which stretches of which pieces are looked at: pieces evenly spread, and in each a stretch at another place, because the
        first of each may be alike, as the nights are where a piece is a day."""
        pieces = np.unique(np.linspace(0, len(self.pieces) - 1, min(places, len(self.pieces))).astype(int))
        found: dict[int, list[int]] = {}
        for turn, number in enumerate(map(int, pieces)):
            count = -(-self.pieces[number].rows // CHUNK)
            each = min(count, max(1, places // len(pieces)))
            places_of = (np.arange(each) + turn * GOLDEN % 1.0) * count / each
            found[number] = np.unique(places_of.astype(int)).tolist()
        return found

    def _frames(self, piece: Piece, columns: Sequence[str] | None, chunk: int) -> Iterator[pl.DataFrame]:
        import polars as pl

        said = dict(piece.said)
        wanted = [name for name in self.schema if columns is None or name in columns]
        stored = [name for name in wanted if name not in said]
        shown = f"{self.name}/{piece.path.name}" if piece.path.name != self.name else self.name
        file = guarded(shown, "Parquet", lambda: _opened(piece.path))
        batches = file.iter_batches(chunk, row_groups=[piece.group], columns=stored)
        while True:
            batch = guarded(shown, "Parquet", lambda: next(batches, None))
            if batch is None:
                return
            if batch.num_rows == 0:
                continue
            frame = guarded(shown, "Parquet", lambda batch=batch: _frame(batch))
            frame = frame.with_columns(pl.lit(said[name], pl.String).alias(name) for name in wanted if name in said)
            yield frame.select(pl.col(name).cast(self.schema[name]) for name in wanted)


def parquet_stream(path: Path, **choices: Any) -> Stream:
    """The stream of a Parquet file or a folder of them. Raises DataError where there is none, or the parts do not agree."""
    parts = find_parts(path) if path.is_dir() else [path]
    pieces: list[Piece] = []
    empty: list[pl.DataFrame] = []
    first = 0
    for part in parts:
        name = str(part.relative_to(path)) if path.is_dir() else part.name
        file = guarded(name, "Parquet", lambda part=part: _opened(part))
        said = said_by_folders(part, path) if path.is_dir() else {}
        frame = guarded(name, "Parquet", lambda file=file: frame_of(file.schema_arrow.empty_table()))
        said = {key: value for key, value in said.items() if key not in frame.columns}
        empty.append(_with_said(frame, said))
        if len(empty) > 1:
            empty[-1] = like_first(empty[0], str(parts[0].name), empty[-1], name, path)
        for group in range(file.metadata.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            if rows:
                pieces.append(Piece(part, group, rows, first, tuple(said.items())))
            first += rows
    if not pieces:
        raise DataError(say("{name}: the table has no rows", name=path.name))
    return Stream(path.name, tuple(pieces), dict(of_one_type(empty)[0].schema), choices)


def is_parquet(path: Path) -> bool:
    """Whether a file is Parquet that can be read in any order: one that is packed as a whole cannot."""
    return path.name.lower().endswith(PARQUET_ENDINGS)


def held_bytes(path: Path) -> int:
    """About how many bytes a table takes when it is read whole: 8 for each value in Parquet, or what the values take there where that
    is more, as with images; else 8 for each byte of the file; 0 for what is no table."""
    import pyarrow.parquet

    total = 0
    for part in find_parts(path) if path.is_dir() else [path]:
        if not is_parquet(part):
            return total + 8 * part.stat().st_size if inner_name(part.name).endswith(TABLE_ENDINGS) else 0
        try:
            metadata = pyarrow.parquet.read_metadata(part)
        except Exception:  # whatever is wrong with it is told where it is read
            return 0
        stored = sum(metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups))
        total += max(metadata.num_rows * metadata.num_columns * 8, stored)
    return total


def _with_said(frame: pl.DataFrame, said: Mapping[str, str | None]) -> pl.DataFrame:
    import polars as pl

    return frame.with_columns(pl.lit(value, pl.String).alias(key) for key, value in said.items())


def _opened(path: Path) -> pyarrow.parquet.ParquetFile:
    now = path.stat()
    return _kept_open(path, now.st_mtime_ns, now.st_size, threading.get_ident())


@lru_cache(maxsize=OPEN)
def _kept_open(path: Path, changed: int, size: int, thread: int) -> pyarrow.parquet.ParquetFile:
    """A file as it is now, for one thread: another may be reading it elsewhere."""
    import pyarrow.parquet

    return pyarrow.parquet.ParquetFile(path)


def _frame(batch: Any) -> pl.DataFrame:
    import pyarrow

    batch.validate(full=True)  # Arrow believes the offsets in a file; a damaged one would lead anywhere in memory
    return frame_of(pyarrow.Table.from_batches([batch]))

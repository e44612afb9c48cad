"""A table of images that is too large to be held: its encoded images are laid one behind the other in a file, and only labels held."""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vitrina.data.image_files import TableCells
from vitrina.data.image_tables import cells_of, image_column, images_of
from vitrina.errors import DataError
from vitrina.locale import say
from vitrina.locale.system import reason_of

if TYPE_CHECKING:
    from vitrina.data.images import Images
    from vitrina.data.stream import Stream

AT_ONCE = 256  # rows: an image may take megabytes
NONE = -1  # the length of what is missing


class Heap:
    """Byte strings in a temporary file (TMPDIR says where), read one at a time: memory holds only where each begins."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="vitrina-")  # noqa: SIM115 - it lives as long as this
        weakref.finalize(self, self._file.raw.close)  # what is not written yet is wanted no more
        self._ends = [np.zeros(1, np.int64)]
        self._missing: list[np.ndarray] = []
        self._starts, self._there = np.zeros(1, np.int64), np.empty(0, bool)  # of all, once they are there

    def extend(self, values: Iterable[bytes | None]) -> None:
        """Lays more of them down. Raises DataError where there is no room."""
        values = list(values)
        lengths = np.array([NONE if value is None else len(value) for value in values], np.int64)
        try:
            self._file.writelines(value for value in values if value)
            self._file.flush()  # that there is no room shows here at the latest
        except OSError as error:
            raise DataError(
                say(
                    "the images cannot be laid down in {folder} ({reason}); say with TMPDIR where there is room",
                    folder=tempfile.gettempdir(),
                    reason=reason_of(error),
                )
            ) from None
        self._ends.append(self._ends[-1][-1] + np.cumsum(np.maximum(lengths, 0)))
        self._missing.append(lengths == NONE)

    def finish(self) -> Heap:
        """All is there: from now on it is read."""
        self._starts, self._there = np.concatenate(self._ends), ~np.concatenate(self._missing)
        return self

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __getitem__(self, index: int) -> bytes | None:
        first, end = self._starts[index : index + 2].tolist()
        return os.pread(self._file.fileno(), end - first, first) if self._there[index] else None


def streamed_images(stream: Stream, folder: Path | None, image_size: Sequence[int] | None) -> Images | None:
    """Images, where a column of the table holds them, in bytes or as the paths of files; else None. folder: where paths begin.

    Raises DataError for two columns of images, or where the table is damaged or there is no room for its images.
    """
    import polars as pl

    beginning = next(stream.tables(stream.pieces[0], chunk=AT_ONCE))
    column = image_column(beginning, folder)
    if column is None:
        return None
    heap, paths, rest, places = Heap(), [], [], []
    for piece in stream.pieces:
        for table in stream.tables(piece, chunk=AT_ONCE):
            content, named = cells_of(table.frame[column])
            heap.extend([None] * table.rows if content is None else content.to_list())
            paths.append(named)
            rest.append(table.frame.drop(column))
            places.append(table.places)
    table = replace(beginning, frame=pl.concat(rest, how="vertical"), places=np.concatenate(places))
    named = None if paths[0] is None else pl.concat(paths)
    return images_of(table, column, TableCells(table.name, table.where, heap.finish(), named, folder), image_size)

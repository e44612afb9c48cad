"""Tables that can only be read from front to back, laid down once as Parquet in pieces that can be read in any order."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitrina.data.address import Address
from vitrina.data.csv_files import BLOCK, csv_blocks
from vitrina.data.database import database_blocks
from vitrina.data.frames import column_of, frame_of
from vitrina.data.json_lines import json_records
from vitrina.data.packed import inner_name, is_packed, open_unpacked
from vitrina.data.stream import CHUNK
from vitrina.data.table_files import ARROW_ENDINGS, CSV_ENDINGS, JSON_ENDINGS, guarded, opened_arrow, read_columns
from vitrina.errors import DataError
from vitrina.locale import say
from vitrina.locale.system import reason_of

if TYPE_CHECKING:
    import polars as pl


class Scratch:
    """A folder that is removed when this is let go, at the latest when the program ends."""

    def __init__(self) -> None:
        self.name = tempfile.mkdtemp(prefix="vitrina-")
        self.remove = weakref.finalize(self, shutil.rmtree, self.name, True)


def spilled(data: Path | Address, name: str) -> tuple[Path, Scratch]:
    """A folder of Parquet parts with the rows of a table, and what keeps it: it is removed when that is let go.

    The folder lies where temporary files do (TMPDIR says where), and takes about what the file takes when it is packed.
    Raises DataError where the table cannot be read, or there is no room for it.
    """
    import polars as pl

    keeper = Scratch()
    folder = Path(keeper.name, name)
    written = 0
    try:
        folder.mkdir()
        for number, frame in enumerate(_alike(_blocks(data), name)):
            if frame.height or number == 0:
                frame.write_parquet(folder / f"{number:08d}.parquet", compression="zstd", compression_level=1)
                written += frame.height
    except OSError as error:
        raise DataError(
            say(
                "{name}: it cannot be laid down as Parquet in {folder} ({reason}); say with TMPDIR where there is "
                "room, or give it as Parquet",
                name=name,
                folder=keeper.name,
                reason=reason_of(error),
            )
        ) from None
    except pl.exceptions.PolarsError as error:
        raise DataError(
            say(
                "{name}: it cannot be laid down as Parquet ({reason}); save it as Parquet",
                name=name,
                reason=str(error).splitlines()[0],
            )
        ) from None
    if not written:
        raise DataError(say("{name}: the table has no rows", name=name))
    return folder, keeper


def can_be_spilled(path: Path) -> bool:
    """Whether a file is a table that is read from front to back."""
    return inner_name(path.name).endswith((*CSV_ENDINGS, *JSON_ENDINGS, *ARROW_ENDINGS))


def _blocks(data: Path | Address) -> Iterator[pl.DataFrame]:
    if isinstance(data, Address):
        return database_blocks(data)
    name = inner_name(data.name)
    if name.endswith(CSV_ENDINGS):
        return csv_blocks(data)
    return _json_blocks(data) if name.endswith(JSON_ENDINGS) else _arrow_blocks(data)


def _alike(blocks: Iterator[pl.DataFrame], name: str) -> Iterator[pl.DataFrame]:
    """The blocks with the columns of the first; what a later one lacks is missing there."""
    names: list[str] | None = None
    for frame in blocks:
        names = names or frame.columns
        if more := [column for column in frame.columns if column not in names]:
            raise DataError(
                say(
                    "{name}: column {column!r} comes only after the first rows, where it is not known yet; put it into "
                    "the first row too, with null",
                    name=name,
                    column=more[0],
                )
            )
        lacking = [column_of(column, [None] * frame.height) for column in names if column not in frame.columns]
        yield frame.with_columns(lacking).select(names)


def _json_blocks(path: Path) -> Iterator[pl.DataFrame]:
    before, rest = 0, b""
    with open_unpacked(path) as file:
        while data := file.read(BLOCK):
            own, end, later = (rest + data).rpartition(b"\n")
            rest = later
            if own.strip():
                yield json_records(path, own, before)[0]
            before += own.count(b"\n") + len(end)
    if rest.strip():
        yield json_records(path, rest, before)[0]


def _arrow_blocks(path: Path) -> Iterator[pl.DataFrame]:
    import pyarrow

    if is_packed(path):  # a file of Arrow is read from its end, which is known only when all of it is unpacked
        yield read_columns(path)
        return
    opened = guarded(path.name, "Arrow", lambda: opened_arrow(pyarrow.memory_map(str(path))))
    count = getattr(opened, "num_record_batches", None)  # a stream does not know
    batches = iter(opened) if count is None else (opened.get_batch(at) for at in range(count))
    while True:
        batch = guarded(path.name, "Arrow", lambda: next(batches, None))
        if batch is None:
            return
        for first in range(0, batch.num_rows, 2 * CHUNK):
            yield guarded(path.name, "Arrow", lambda first=first, batch=batch: _checked(batch.slice(first, 2 * CHUNK)))


def _checked(batch: Any) -> pl.DataFrame:
    import pyarrow

    batch.validate(full=True)
    return frame_of(pyarrow.Table.from_batches([batch]))

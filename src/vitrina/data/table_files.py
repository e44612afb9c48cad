"""Files of one table -> a Table, by their ending."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from vitrina.data.csv_files import first_repeated, read_csv
from vitrina.data.frames import frame_of
from vitrina.data.json_lines import read_json_lines
from vitrina.data.packed import inner_name, is_packed, read_unpacked
from vitrina.data.table import Table, make_table
from vitrina.errors import DataError
from vitrina.locale import say

if TYPE_CHECKING:
    import polars as pl

T = TypeVar("T")

CSV_ENDINGS = (".csv", ".tsv", ".txt")
PARQUET_ENDINGS = (".parquet", ".pq")
ARROW_ENDINGS = (".arrow", ".arrows", ".feather", ".ipc")
JSON_ENDINGS = (".jsonl", ".ndjson")
TABLE_ENDINGS = (*CSV_ENDINGS, *PARQUET_ENDINGS, *ARROW_ENDINGS, *JSON_ENDINGS)


def is_table_file(path: Path) -> bool:
    """Whether the name says that it is a table, packed or not."""
    return inner_name(path.name).endswith(TABLE_ENDINGS)


def read_table(path: Path, **choices: Any) -> Table:
    """The table in a file whose ending is one of TABLE_ENDINGS, with one of PACKED_ENDINGS behind it or not.

    Raises DataError, with the line where the file has lines, when it cannot be read.
    """
    if path.stat().st_size == 0:
        raise DataError(say("{file}: the file is empty", file=path.name))
    name = inner_name(path.name)
    if name.endswith(JSON_ENDINGS):
        frame, lines = read_json_lines(path)
        return make_table(frame, path.name, lines=lines, **choices)
    if name.endswith(CSV_ENDINGS):
        frame, lines, warnings = read_csv(path)
        return make_table(frame, path.name, lines=lines, warnings=warnings, **choices)
    return make_table(read_columns(path), path.name, **choices)


def read_columns(path: Path, shown: str | None = None) -> pl.DataFrame:
    """The frame in a Parquet or Arrow file (Feather and IPC are the same). Raises DataError, which calls it `shown`."""
    name = inner_name(path.name)
    kind = "Parquet" if name.endswith(PARQUET_ENDINGS) else "Arrow"
    content = BytesIO(read_unpacked(path)) if is_packed(path) else path
    read = _read_parquet if kind == "Parquet" else _read_arrow
    frame = guarded(shown or path.name, kind, lambda: read(content))
    if (repeated := first_repeated(frame.columns)) is not None:
        raise DataError(
            say(
                "{file}: two columns are called {repeated!r}; rename one of them",
                file=shown or path.name,
                repeated=repeated,
            )
        )
    return frame


def _read_parquet(content: Path | BytesIO) -> pl.DataFrame:
    import polars as pl

    return pl.read_parquet(content, glob=False, hive_partitioning=False)


def opened_arrow(source: Any) -> Any:
    """Arrow's reader of a file, which begins with ARROW1, or of a stream, which is what Hugging Face keeps under the same ending."""
    import pyarrow

    is_file = source.read(6) == b"ARROW1"
    source.seek(0)
    return pyarrow.ipc.open_file(source) if is_file else pyarrow.ipc.open_stream(source)


def _read_arrow(content: Path | BytesIO) -> pl.DataFrame:
    import pyarrow

    source = pyarrow.memory_map(str(content)) if isinstance(content, Path) else pyarrow.BufferReader(content.read())
    with source:
        table = opened_arrow(source).read_all()
    table.validate(full=True)  # Arrow believes the offsets in a file; a damaged one would lead anywhere in memory
    return frame_of(table)


def guarded(name: str, kind: str, read: Callable[[], T]) -> T:
    """What `read` returns; whatever a damaged file makes it raise becomes a DataError that calls the file `name`."""
    try:
        return read()
    except (KeyboardInterrupt, SystemExit):
        raise
    except MemoryError as error:
        if type(error) is MemoryError:
            raise
        raise DataError(  # Arrow's own: a damaged file asks for any amount
            say(
                "{name}: the file cannot be read as {kind}, as it asks for more memory than there is; save it again, "
                "in parts if it is that large",
                name=name,
                kind=kind,
            )
        ) from None
    except BaseException as error:  # Polars' panics on damaged files are not Exceptions
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk, not the file
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:160].rstrip(".:; ")
        raise DataError(
            say(
                "{name}: the file cannot be read as {kind} ({reason}); save it again",
                name=name,
                kind=kind,
                reason=reason,
            )
        ) from None

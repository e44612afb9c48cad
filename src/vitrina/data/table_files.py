"""Files and frames -> a Table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina.data.csv_files import first_repeated, read_csv
from vitrina.data.table import Table, make_table
from vitrina.errors import DataError, UsageError

if TYPE_CHECKING:
    import polars as pl

CSV_ENDINGS = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz")
TABLE_ENDINGS = (*CSV_ENDINGS, ".parquet", ".pq", ".arrow", ".feather", ".ipc", ".jsonl", ".ndjson")


def read_table(path: Path, **choices: Any) -> Table:
    """The table in a file, by its ending (TABLE_ENDINGS), or in a folder of Parquet files, in order of name."""
    import polars as pl

    ending = path.suffix.lower()
    if path.is_dir():
        parts = sorted(path.glob("*.parquet"))
        return make_table(_guarded(path, lambda: pl.read_parquet(parts)), path.name, **choices)
    if path.stat().st_size == 0:
        raise DataError(f"{path.name}: the file is empty")
    if ending in (".parquet", ".pq"):
        return make_table(_guarded(path, lambda: pl.read_parquet(path, glob=False)), path.name, **choices)
    if ending in (".arrow", ".feather", ".ipc"):
        return make_table(_guarded(path, lambda: pl.read_ipc(path)), path.name, **choices)
    if ending in (".jsonl", ".ndjson"):
        return make_table(_guarded(path, lambda: pl.read_ndjson(path, infer_schema_length=None)), path.name, **choices)
    frame, lines, warnings = read_csv(path)
    return make_table(frame, path.name, lines=lines, warnings=warnings, **choices)


def _guarded(path: Path, read: Callable[[], pl.DataFrame]) -> pl.DataFrame:
    try:
        return read()
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:  # Polars' panics on damaged files are not Exceptions
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
        raise DataError(
            f"{path.name}: the file cannot be read as {path.suffix[1:] or 'Parquet'} ({reason}); save it again"
        ) from None


def table_from_frame(data: Any, y: Any = None, **choices: Any) -> Table:
    """The table of a Polars or pandas frame or a dict of columns; `y`, where given, becomes the target column."""
    import polars as pl

    frame = _to_polars(data)
    if y is not None:
        if choices.get("target") is not None:
            raise UsageError("give the target as a column name or as y, not both")
        name = str(getattr(y, "name", None) or "target")
        if name in frame.columns:
            raise DataError(
                f"the table has a column {name!r} already, the name of the target given beside it; rename one"
            )
        values = np.asarray(y)
        if values.ndim != 1 or len(values) != frame.height:
            raise DataError(
                f"y has the shape {values.shape}, but the table has {frame.height} rows; give one value for each row"
            )
        frame = frame.with_columns(_column(name, values.tolist()))
        choices["target"] = name
    frame = frame.with_columns(pl.col(pl.String).str.strip_chars())
    return make_table(frame, "the table", **choices)


def _to_polars(data: Any) -> pl.DataFrame:
    import polars as pl

    if isinstance(data, pl.LazyFrame):
        return data.collect()
    if isinstance(data, pl.DataFrame):
        return data
    names = [str(name) for name in data]
    if (repeated := first_repeated(names)) is not None:
        raise DataError(f"two columns are called {repeated!r}; rename one of them")
    items = data.items()
    try:
        return pl.DataFrame([_column(str(name), values) for name, values in items])
    except pl.exceptions.PolarsError as error:
        raise DataError(
            f"the columns do not make a table ({str(error).splitlines()[0]}); give each the same number of rows"
        ) from None


def _column(name: str, values: Any) -> pl.Series:
    """A column of any make; one of mixed types becomes text, whose strange values are found when it is learned from."""
    import polars as pl

    try:
        if type(values).__module__.startswith("pandas"):
            return pl.Series(name, pl.from_pandas(values))
        return pl.Series(name, values, strict=True)
    except Exception:
        listed = [None if value is None or value != value else str(value) for value in values]
        return pl.Series(name, listed, pl.String)

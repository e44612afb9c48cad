"""Frames and dicts of columns -> Polars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina.data.csv_files import first_repeated
from vitrina.data.plain import check_array
from vitrina.data.table import Table, make_table
from vitrina.errors import DataError, UsageError
from vitrina.locale import say

if TYPE_CHECKING:
    import polars as pl


MONTH = 365.2425 / 12  # days, on average


def table_from_frame(data: Any, y: Any = None, **choices: Any) -> Table:
    """The table of whatever `is_frame`; `y`, where given, becomes the target column."""
    frame = _to_polars(data)
    if y is not None:
        if choices.get("target") is not None:
            raise UsageError(say("give the target as a column name or as y, not both"))
        if hasattr(y, "columns") and len(y.columns) == 1:
            y = y[y.columns[0]]
        name = str(getattr(y, "name", None) or "target")
        if name in frame.columns:
            raise DataError(
                say(
                    "the table has a column {name!r} already, the name of the target given beside it; rename one",
                    name=name,
                )
            )
        check_array(y, "y")
        values = np.asarray(y)
        values = values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
        if values.ndim != 1 or len(values) != frame.height:
            raise DataError(
                say(
                    "y has the shape {shape}, but the table has {rows} rows; give one value for each row",
                    shape=values.shape,
                    rows=frame.height,
                )
            )
        frame = frame.with_columns(column_of(name, values.tolist()))
        choices["target"] = name
    return make_table(frame, say("the table"), **choices)


def is_frame(data: Any) -> bool:
    """Whether this is a frame of Polars or pandas, a table of Arrow's, or a dict of columns."""
    made_by = type(data).__module__.split(".")[0]
    if made_by == "pyarrow":
        return type(data).__name__ == "Table"
    return isinstance(data, dict) or (made_by in ("polars", "pandas") and type(data).__name__.endswith("Frame"))


def _to_polars(data: Any) -> pl.DataFrame:
    import polars as pl

    if isinstance(data, pl.LazyFrame):
        return data.collect()
    if isinstance(data, pl.DataFrame):
        return data
    if type(data).__module__.startswith("pyarrow"):
        return frame_of(data)
    names = [str(name) for name in data]
    if (repeated := first_repeated(names)) is not None:
        raise DataError(say("two columns are called {repeated!r}; rename one of them", repeated=repeated))
    items = data.items()
    try:
        return pl.DataFrame([column_of(str(name), values) for name, values in items])
    except pl.exceptions.PolarsError as error:
        raise DataError(
            say(
                "the columns do not make a table ({reason}); give each the same number of rows",
                reason=str(error).splitlines()[0],
            )
        ) from None


def column_of(name: str, values: Any) -> pl.Series:
    """A column of any make; one of mixed types becomes text, whose strange values are found when it is learned from."""
    import polars as pl

    check_array(values, say("column {name!r}", name=name))
    if not hasattr(values, "__len__"):
        raise DataError(
            say("column {name!r} is {value!r}; give a list with one value for each row", name=name, value=values)
        )
    try:
        if type(values).__module__.startswith("pandas"):
            return pl.Series(name, pl.from_pandas(values))
        return pl.Series(name, values, strict=True)
    except Exception:
        listed = [None if value is None or value != value else str(value) for value in values]
        return pl.Series(name, listed, pl.String)


def frame_of(table: Any) -> pl.DataFrame:
    """An Arrow table as a Polars frame. Intervals of months, days and nanoseconds become seconds."""
    import polars as pl
    import pyarrow

    for place, field in enumerate(table.schema):
        if pyarrow.types.is_interval(field.type):
            seconds = [None if value is None else _seconds(*value) for value in table.column(place).to_pylist()]
            table = table.set_column(place, field.name, pyarrow.array(seconds, pyarrow.float64()))
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame


def _seconds(months: int, days: int, nanoseconds: int) -> float:
    return (months * MONTH + days) * 86_400 + nanoseconds / 1e9

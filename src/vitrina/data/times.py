"""A column that says when, as numbers that can be ordered; and how long a gap is."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina.data.roles import parse_numbers
from vitrina.data.words import place_name
from vitrina.errors import DataError, UsageError
from vitrina.locale import say

if TYPE_CHECKING:
    import polars as pl

    from vitrina.data.table import Table

SECOND = 1_000_000  # in the unit of dates here, microseconds
UNITS = {"s": SECOND, "m": 60 * SECOND, "h": 3600 * SECOND, "d": 86_400 * SECOND, "w": 604_800 * SECOND}
DATES = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d")
MOMENTS = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S%.fZ")
DAY_FIRST, MONTH_FIRST = ("%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y"), ("%m/%d/%Y", "%m.%d.%Y", "%m-%d-%Y")


@dataclass(frozen=True, eq=False)
class Times:
    """When each row was. values (rows,): int64 microseconds since 1970 where `dates`, else float64 in its own unit."""

    values: np.ndarray
    dates: bool

    def said(self, value: Any) -> str:
        """One of the values as people write it."""
        if not self.dates:
            return f"{value:,.0f}" if value == round(value) else f"{value:g}"
        moment = datetime(1970, 1, 1) + timedelta(microseconds=int(value))
        return moment.date().isoformat() if self._days else moment.isoformat(" ", "seconds")

    @cached_property
    def _days(self) -> bool:
        """Whether there are days only, and no hours."""
        return not (self.values % UNITS["d"]).any()


def read_times(table: Table, name: str) -> Times:
    """The times in a column: dates, moments, numbers, or text that holds them.

    Raises DataError that names the row where there is none, or where day and month cannot be told apart.
    """
    import polars as pl

    column = table.column(name, "--time")
    if column.dtype.is_float():
        column = column.fill_nan(None)
    if column.has_nulls():
        row, more = int(column.is_null().to_numpy().argmax()), column.null_count() - 1
        told = {"table": table.name, "where": place_name(table.where(row)), "name": name}
        if more:
            raise DataError(
                say(
                    "{table}, {where}: the time {name!r} is missing (and in {more} more); fill in or remove such rows",
                    **told,
                    more=more,
                )
            )
        raise DataError(say("{table}, {where}: the time {name!r} is missing; fill in or remove such rows", **told))
    if column.dtype in (pl.Date, pl.Datetime):
        return Times(column.cast(pl.Datetime("us")).to_physical().to_numpy(), True)
    if column.dtype.is_numeric() or column.dtype.is_temporal():
        numbers = column.to_physical().cast(pl.Float64)
        if not numbers.is_finite().all():
            row = int((~numbers.is_finite()).to_numpy().argmax())
            raise DataError(
                say(
                    "{table}, {where}: the time {name!r} is infinite; put a number there",
                    table=table.name,
                    where=place_name(table.where(row)),
                    name=name,
                )
            )
        return Times(numbers.to_numpy(), False)
    if column.dtype not in (pl.String, pl.Categorical, pl.Enum):
        raise DataError(
            say(
                "{table}: column {name!r} holds {dtype} values, which say no time; name another",
                table=table.name,
                name=name,
                dtype=column.dtype,
            )
        )
    return _from_text(table, column.cast(pl.String))


def _from_text(table: Table, column: pl.Series) -> Times:
    import polars as pl

    numbers, bad = parse_numbers(column)
    if not bad.any() and not numbers.has_nulls() and numbers.is_finite().all():
        return Times(numbers.to_numpy(), False)
    best = column.clear(len(column)).cast(pl.Datetime("us"))
    for form in (*MOMENTS, *DATES):
        read = _dates(column, form)
        if not read.has_nulls():
            return Times(read.to_physical().to_numpy(), True)
        best = min(best, read, key=lambda dates: dates.null_count())
    ways = [
        read for forms in (DAY_FIRST, MONTH_FIRST) for form in forms if not (read := _dates(column, form)).has_nulls()
    ]
    if ways and not ways[0].equals(ways[-1]):
        raise DataError(
            say(
                "{table}: in column {column!r} it cannot be told which is the day and which the month ({value!r}); "
                "write dates as YYYY-MM-DD",
                table=table.name,
                column=column.name,
                value=column[0],
            )
        )
    if ways:
        return Times(ways[0].to_physical().to_numpy(), True)
    row = int(best.is_null().to_numpy().argmax())
    raise DataError(
        say(
            "{table}, {where}: {value!r} in column {column!r} says no time; write dates as YYYY-MM-DD (and "
            "HH:MM:SS), or times as numbers",
            table=table.name,
            where=place_name(table.where(row)),
            value=column[row],
            column=column.name,
        )
    )


def _dates(column: pl.Series, form: str) -> pl.Series:
    import polars as pl

    if form in (*DATES, *DAY_FIRST, *MONTH_FIRST):
        return column.str.to_date(form, strict=False).cast(pl.Datetime("us"))
    return column.str.to_datetime(form, strict=False, time_unit="us")


def read_gap(gap: str | float | timedelta | None, dates: bool) -> float:
    """How long a gap is, in the unit of Times: '7d', '12h', '30m', '45s', '2w' or a timedelta for dates, else a number.

    Raises UsageError for anything else.
    """
    if gap is None:
        return 0.0
    if isinstance(gap, timedelta):
        gap = f"{gap.total_seconds()}s"
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhdw]?)\s*", str(gap))
    length = float(found[1]) if found else math.nan
    if found is None or not math.isfinite(length) or (bool(found[2]) != dates and (found[2] or length)):
        if dates:
            raise UsageError(say("--gap {gap}: write a length such as 7d, 12h or 30m", gap=gap))
        raise UsageError(say("--gap {gap}: write a number, in the unit of the time column", gap=gap))
    return length * UNITS[found[2]] if found[2] else length

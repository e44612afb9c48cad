"""Rows and named columns, held by Polars."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from vitrina.data.roles import (
    MISSING,
    MOSTLY,
    OVERRIDES,
    Role,
    as_text,
    first_said,
    infer_role,
    is_code,
    parse_numbers,
    written,
)
from vitrina.data.target import MANY_CLASSES, RawTarget, Task
from vitrina.data.words import place_name
from vitrina.errors import DataError, UsageError
from vitrina.locale import say

if TYPE_CHECKING:
    import polars as pl

    from vitrina.data.describe import Description

    Parse = Callable[[pl.Series], tuple[pl.Series, pl.Series]]


STRETCH = 20  # values that are no numbers: fewer of them in a part of a table are no stretch of it
OFTEN = 10  # rows of a kind in the mean; a table that was put together twice has two
ODD = np.uint64(0x9E3779B97F4A7C15)  # spreads the places of rows over all keys


@dataclass(frozen=True, eq=False)
class Table:
    """A table as it was read: values are not touched until a recipe asks for them.

    `places` (rows,) says where each row came from, a line of the file or a row, so that an error can name it after rows
    were taken. `overrides` are the roles a user gave. Roles are inferred once, on the whole table, and shared by its
    parts.
    """

    frame: pl.DataFrame
    name: str
    target_name: str | None
    overrides: Mapping[str, str]
    places: np.ndarray
    unit: Literal["line", "row"] = "row"
    warnings: tuple[str, ...] = ()
    whole: Table | None = None
    aside: Mapping[str, str] = field(default_factory=dict[str, str])  # columns that are not learned from, and why

    @property
    def kind(self) -> str:
        return "table"

    @property
    def rows(self) -> int:
        return self.frame.height

    @property
    def has_target(self) -> bool:
        return self.target_name is not None

    @property
    def feature_names(self) -> list[str]:
        return [name for name in self.frame.columns if name != self.target_name]

    def where(self, row: int) -> str:
        """Where a row is found in what the user gave: 'line 17' of a CSV file, 'row 15' (the first is 0) otherwise."""
        return f"{self.unit} {self.places[row]}"

    def take(self, rows: Any) -> Table:
        """The table of these rows, in this order. rows: integers (n,)."""
        rows = np.asarray(rows, np.int64)
        return replace(self, frame=self.frame[rows], places=self.places[rows], whole=self.whole or self)

    def set_aside(self, columns: Mapping[str, str]) -> Table:
        """The table with columns that are kept and not learned from. columns: {name: a sentence that says why}."""
        whole = self.whole.set_aside(columns) if self.whole is not None else None  # roles are those of the whole
        return replace(self, aside={**self.aside, **columns}, whole=whole)

    def column(self, name: str, flag: str) -> pl.Series:
        """A column that the user named with this flag. Raises DataError if there is none, UsageError for the target."""
        if name not in self.frame.columns:
            raise DataError(_no_column(self.name, name, self.frame.columns, flag))
        if name == self.target_name:
            raise UsageError(
                say(
                    "{flag} {name}: it is the target, which cannot also divide the rows; name another column",
                    flag=flag,
                    name=name,
                )
            )
        return self.frame[name]

    @cached_property
    def roles(self) -> dict[str, Role]:
        """The role of each feature column."""
        if self.whole is not None:
            return self.whole.roles
        given = self.overrides
        return {
            name: Role(name, "aside", self.aside[name])
            if name in self.aside
            else Role(name, given[name])
            if name in given
            else infer_role(self.frame[name])
            for name in self.feature_names
        }

    def raw_target(self, name: str | None = None) -> RawTarget:
        """The target column (or `name`). Raises DataError where it is missing, infinite or mixes numbers and text."""
        name = self.target_name if name is None else name
        if name is None or name not in self.frame.columns:
            raise DataError(_no_column(self.name, name, self.frame.columns))
        return _raw_target(self, self.frame[name], self.overrides.get(name))

    @cached_property
    def kinds(self) -> int:
        """How many different rows of inputs there can be: the different values of each column that is learned from, multiplied;
        above the number of rows not counted on."""
        found = 1
        for name, role in self.roles.items():
            if role.used:
                found *= self.frame[name].n_unique()
                if found > self.rows:
                    break
        return found

    @property
    def has_few_kinds(self) -> bool:
        """Whether rows cannot but repeat each other, many times over in the whole table: a repeated row is then no copy."""
        whole = self.whole or self
        return OFTEN * whole.kinds <= whole.rows

    def group_keys(self) -> np.ndarray:
        """uint64 (rows,), equal for rows that are the same in the target and in every column that is learned from; where rows
        cannot but repeat each other, each has its own."""
        used = [name for name, role in self.roles.items() if role.used]
        if not used:  # nothing to be equal in; fit_recipe will say so
            return np.arange(self.rows, dtype=np.uint64)
        columns = [*used, *([self.target_name] if self.target_name else [])]
        keys = self.frame.select(columns).hash_rows(seed=0).to_numpy()
        return keys + self.places.astype(np.uint64) * ODD if self.has_few_kinds else keys

    def describe(self) -> Description:
        """Roles, ranges, missing values, the target's balance and warnings."""
        from vitrina.data.describe import describe_table

        return describe_table(self)


def _raw_target(table: Table, column: pl.Series, role: str | None) -> RawTarget:
    import polars as pl

    if column.dtype.is_float():
        column = column.fill_nan(None)
    if column.has_nulls():
        row, missing = int(column.is_null().to_numpy().argmax()), column.null_count()
        if missing > 1:
            raise DataError(
                say(
                    "{table}, {where}: the target {column!r} is missing ({missing} rows in all); "
                    "fill in or remove such rows",
                    table=table.name,
                    where=place_name(table.where(row)),
                    column=column.name,
                    missing=missing,
                )
            )
        raise DataError(_missing_target(table, column, row))
    textual = column.dtype in (pl.String, pl.Categorical, pl.Enum)
    numeric = column.dtype.is_numeric()
    if role == "categorical" or (textual and is_code(column.cast(pl.String)) and role is None):
        if role is None:
            _check_repeats(table, column)
        return _text_target(as_text(column), "classification")
    if textual:
        numbers, bad = parse_numbers(column)
        if bad.any():
            if role == "numeric" or bad.mean() <= 1 - MOSTLY:
                raise DataError(bad_value(table, column, bad))
            _check_repeats(table, column)
            _check_dates(table, column.cast(pl.String))
            return _text_target(column.cast(pl.String))
        if numbers.has_nulls():  # 'None' and its like among numbers
            row = int(numbers.is_null().to_numpy().argmax())
            raise DataError(_missing_target(table, column, row))
        column, numeric = numbers, True
        if not column.is_infinite().any() and (column == column.round()).all() and column.abs().max() < 2**53:
            pointed = table.frame[column.name].cast(pl.String).str.contains(r"[.eE]").any()
            column = column if pointed else column.cast(pl.Int64)
    if column.dtype == pl.Boolean:
        codes = column.cast(pl.Int64).to_numpy()
        return RawTarget("boolean", codes, ("False", "True"))
    if not numeric:
        raise DataError(
            say(
                "{table}: the target {column!r} holds {dtype} values; it must be numbers or text",
                table=table.name,
                column=column.name,
                dtype=column.dtype,
            )
        )
    forced = "regression" if role == "numeric" else None
    if column.dtype.is_integer():
        return RawTarget("integer", column.cast(pl.Int64).to_numpy(), forced=forced)
    values = column.cast(pl.Float64)
    check_finite(table, values, target=True)
    return RawTarget("number", values.to_numpy(), forced=forced)


def _missing_target(table: Table, column: pl.Series, row: int) -> str:
    return say(
        "{table}, {where}: the target {column!r} is missing; fill in or remove such rows",
        table=table.name,
        where=place_name(table.where(row)),
        column=column.name,
    )


def _text_target(column: pl.Series, forced: Task | None = None) -> RawTarget:
    import polars as pl

    names = column.unique().sort().to_list()
    codes = column.cast(pl.Enum(names)).to_physical().cast(pl.Int64).to_numpy()
    return RawTarget("text", codes, tuple(names), forced=forced)


def _check_repeats(table: Table, column: pl.Series) -> None:
    distinct = column.n_unique()
    if table.whole is None and distinct > max(MOSTLY * table.rows, 20):
        raise DataError(
            say(
                "{table}: the target {column!r} has {distinct} different texts in {rows} rows, so no class can be "
                "learned; choose another column with --target",
                table=table.name,
                column=column.name,
                distinct=distinct,
                rows=table.rows,
            )
        )


def _check_dates(table: Table, column: pl.Series) -> None:
    if table.whole is None and column.n_unique() > MANY_CLASSES and infer_role(column).role == "date":
        raise DataError(
            say(
                "{table}: the target {column!r} holds dates; predict a number made of it, such as the days since one, or take each "
                "date for a class with --column {given}",
                table=table.name,
                column=column.name,
                given=written(column.name, "categorical"),
            )
        )


def bad_value(table: Table, column: pl.Series, bad: pl.Series, dates: bool = False, learned: bool = False) -> str:
    """The sentence for a value that is no number in a column of numbers, or no date in one of dates. learned: a model was taught
    that the column holds them, so that it can no longer be taken otherwise."""
    row, more = int(bad.to_numpy().argmax()), int(bad.sum()) - 1
    told = {
        "table": table.name,
        "where": place_name(table.where(row)),
        "column": column.name,
        "value": first_said(column[row : row + 1]),
        "more": say(" (and {more} more)", more=more) if more else "",
    }
    if learned and dates:
        return say(
            "{table}, {where}: column {column!r} holds dates, but here it says {value}{more}; correct it or leave it empty",
            **told,
        )
    if learned:
        return say(
            "{table}, {where}: column {column!r} holds numbers, but here it says {value}{more}; correct it or leave it empty",
            **told,
        )
    told["given"] = written(column.name, "categorical")
    if dates:
        return say(
            "{table}, {where}: column {column!r} holds dates, but here it says {value}{more}; "
            "correct it, leave it empty, or treat the column as categories with --column {given}",
            **told,
        )
    return say(
        "{table}, {where}: column {column!r} holds numbers, but here it says {value}{more}; "
        "correct it, leave it empty, or treat the column as categories with --column {given}",
        **told,
    )


def check_strays(table: Table, name: str, parse: Parse, dates: bool = False, learned: bool = False) -> None:
    """Raises DataError where more than a tenth of the values of a whole table's column are no numbers, or dates, or most of a
    stretch of it: fewer count as missing. parse: tells of a column which are none."""
    _refuse_strays(table.whole or table, name, parse, 1.0 - MOSTLY, 0, dates, learned)
    if table.whole is not None:  # that is a draw of what is read piece by piece, and a piece may be another matter
        _refuse_strays(table, name, parse, 0.5, STRETCH, dates, learned)


def _refuse_strays(table: Table, name: str, parse: Parse, share: float, few: int, dates: bool, learned: bool) -> None:
    column = table.frame[name]
    bad = parse(column)[1]
    if bad.sum() > max(few, share * (column.len() - column.null_count()) + 1e-9):
        raise DataError(bad_value(table, column, bad, dates, learned))


def check_finite(table: Table, numbers: pl.Series, target: bool = False) -> None:
    """Raises DataError where a column of numbers, which may be the target, is infinite."""
    if math.inf in (numbers.max(), -(numbers.min() or 0)):
        infinite = numbers.is_infinite().fill_null(False)
        row = int(infinite.to_numpy().argmax())
        told = {"table": table.name, "where": place_name(table.where(row)), "column": numbers.name}
        if target:
            raise DataError(
                say(
                    "{table}, {where}: the target column {column!r} is infinite; "
                    "put a finite number there or leave it empty",
                    **told,
                )
            )
        raise DataError(
            say("{table}, {where}: column {column!r} is infinite; put a finite number there or leave it empty", **told)
        )


def _no_column(source: str, name: str | None, columns: Sequence[str], flag: str = "--target") -> str:
    listed = ", ".join(columns[:30])
    if len(columns) > 30:
        listed = say("{listed}, and {more} more", listed=listed, more=len(columns) - 30)
    if name is None:
        return say("{table}: say which column to predict with --target (it has {listed})", table=source, listed=listed)
    return say(
        "{table}: no column {name!r} (it has {listed}); name one with {flag}",
        table=source,
        name=name,
        listed=listed,
        flag=flag,
    )


def make_table(
    frame: pl.DataFrame,
    name: str,
    target: str | None = None,
    columns: Mapping[str, str] | None = None,
    drop: Sequence[str] = (),
    *,
    lines: np.ndarray | None = None,
    warnings: Sequence[str] = (),
) -> Table:
    """A Table of a frame. Raises DataError for no rows or names that are not there, UsageError for unknown roles."""
    frame = _plain_types(frame)
    if frame.height == 0 or frame.width == 0:
        raise DataError(say("{name}: the table has no rows", name=name))
    if target is not None and target not in frame.columns:
        raise DataError(_no_column(name, target, frame.columns))
    drop = [drop] if isinstance(drop, str) else list(drop)
    for column in [*(columns or {}), *drop]:
        if column not in frame.columns:
            flag = "--drop" if column in drop else "--column"
            raise DataError(_no_column(name, column, frame.columns, flag))
    if target in drop:
        raise UsageError(
            say("column {target!r} cannot be both the target and dropped; leave out --drop {target}", target=target)
        )
    for column, role in (columns or {}).items():
        if role not in OVERRIDES:
            raise UsageError(
                say(
                    "column {column!r} cannot be {role!r}; choose one of {known} (or --drop {column})",
                    column=column,
                    role=role,
                    known=", ".join(OVERRIDES),
                )
            )
    places = np.arange(frame.height) if lines is None else lines
    unit = "row" if lines is None else "line"
    return Table(frame.drop(drop), name, target, dict(columns or {}), places, unit, tuple(warnings))


def _plain_types(frame: pl.DataFrame) -> pl.DataFrame:
    """Text without blanks around it, and what stands for a missing value as missing, as in a CSV file: a table means the same
    whatever it is kept in, and a model predicts from another kind of file than it learned from.

    Types that others add to Arrow's, such as PostgreSQL's numeric, become what they are stored as; whole numbers of 128 bits, which
    NumPy has none of, become floats.
    """
    import polars as pl

    extension: Any = getattr(pl, "BaseExtension", ())  # older releases of Polars have none
    frame = frame.with_columns(column.ext.storage() for column in frame if isinstance(column.dtype, extension))
    wide = [kind for kind in (getattr(pl, name, None) for name in ("Int128", "UInt128")) if kind is not None]
    frame = frame.with_columns(pl.col(wide).cast(pl.Float64)) if wide else frame
    text = pl.col(pl.String).str.strip_chars()
    return frame.with_columns(pl.when(~text.is_in(list(MISSING))).then(text).name.keep())

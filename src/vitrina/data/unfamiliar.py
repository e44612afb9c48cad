"""What a table holds that no row which was learned from did, and so tells a network nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from vitrina.data.columns import CategoricalColumn, NumericColumn
from vitrina.data.date_column import DateColumn
from vitrina.data.dates import parse_dates
from vitrina.data.features import TableFeatures
from vitrina.data.naming import with_columns
from vitrina.data.roles import parse_numbers, strays_told
from vitrina.data.table import Table
from vitrina.locale import say

LISTED = 3  # values that are named
MUCH = 0.5  # a share of rows from which values without an input of their own are told, where training had such ones too


def unfamiliar(recipe: Any, source: Any) -> list[str]:
    """A sentence for each column of which values, or that values are missing, are new to the model of this recipe; in the order
    of its columns. [] for what is no table. Raises DataError where a column is not there."""
    features = getattr(recipe, "features", None)
    if not isinstance(features, TableFeatures) or source is None:
        return []
    table: Table = with_columns(source, [column.name for column in features.columns])
    told: list[str] = []
    for column in features.columns:
        if isinstance(column, CategoricalColumn):
            told += _categories(column, table)
        told += _strays(column, table)
        if not column.missing:
            told += _gaps(column, table)
    return told


def _strays(column: Any, table: Table) -> list[str]:
    """What is no number, or no date, in a column of them."""
    series = table.frame[column.name]
    if isinstance(column, NumericColumn):
        bad = parse_numbers(series)[1]
    elif isinstance(column, DateColumn):
        bad = parse_dates(series, column.order)[1]
    else:
        return []
    return [strays_told(column.name, series, bad, isinstance(column, DateColumn))] if bad.any() else []


def _categories(column: CategoricalColumn, table: Table) -> list[str]:
    new = column.unknown(table)
    count = new.len()
    if not count or (column.other and count < MUCH * table.rows):
        return []
    values = new.value_counts(sort=True)[new.name]
    listed = ", ".join(repr(value) for value in values.head(LISTED)) + (", ..." if values.len() > LISTED else "")
    facts = {"name": column.name, "count": count, "rows": table.rows, "different": values.len(), "listed": listed}
    if column.other:
        return [
            say(
                "column {name!r}: the values of {count:,} of {rows:,} rows ({listed}) have no input of their own, and count as "
                "the rare ones it learned from",
                **facts,
            )
        ]
    return [
        say(
            "column {name!r} has values that no row it learned from had, in {count:,} of {rows:,} rows "
            "({different:,} different: {listed}); they tell it nothing",
            **facts,
        )
    ]


def _gaps(column: Any, table: Table) -> list[str]:
    series = table.frame[column.name]
    if isinstance(column, NumericColumn) and not (series.dtype.is_integer() or series.dtype.is_float()):
        series = parse_numbers(series)[0]
    missing = series.null_count() + (int(np.count_nonzero(series.is_nan())) if series.dtype.is_float() else 0)
    if not missing:
        return []
    facts = {"name": column.name, "count": missing, "rows": table.rows}
    if isinstance(column, NumericColumn):
        return [
            say(
                "column {name!r} is missing in {count:,} of {rows:,} rows, and was in none that it learned from; "
                "the column's median, {median:.6g}, stands there",
                median=column.median,
                **facts,
            )
        ]
    return [
        say(
            "column {name!r} is missing in {count:,} of {rows:,} rows, and was in none that it learned from; they tell it nothing",
            **facts,
        )
    ]

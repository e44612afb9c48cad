"""What the rows themselves say about a decision: the truth where it is there, the amount at stake, the day."""

from __future__ import annotations

from typing import Any

import numpy as np

from vitrina.data.words import place_name
from vitrina.errors import DataError, UsageError
from vitrina.locale import say
from vitrina.model import Model

DAY = 86_400_000_000  # microseconds


def truth_of(model: Model, source: Any) -> np.ndarray | None:
    """(rows,) class numbers; None where the rows have no truth in them."""
    recipe = model.recipe
    if source.kind == "table":
        name = recipe.target_name
        if name not in source.frame.columns or source.frame[name].null_count() == source.rows:
            return None
        return recipe.target.encode(source, source.raw_target(name)).reshape(-1)
    return recipe.targets(source).reshape(-1) if source.has_target else None


def amounts_of(source: Any, name: str) -> np.ndarray:
    """(rows,) the amount that is at stake. Raises DataError where it is no number, or missing."""
    from vitrina.data.roles import parse_numbers

    column = _column(source, name, "--amount")
    numbers, _ = parse_numbers(column)
    bad = (numbers.is_null() | ~numbers.is_finite().fill_null(False)).to_numpy()
    if bad.any():
        row = int(bad.argmax())
        raise DataError(
            say(
                "{source}, {where}: --amount {name} is no number there ({value!r})",
                source=source.name,
                where=place_name(source.where(row)),
                name=name,
                value=column[row],
            )
        )
    return numbers.to_numpy()


def days_of(source: Any, name: str | None) -> np.ndarray:
    """(rows,) whole numbers of days. Raises UsageError without a column of dates."""
    from vitrina.data.times import read_times

    if name is None:
        raise UsageError(say("--capacity a day needs to know each row's day; name its column with --time COLUMN"))
    _column(source, name, "--time")
    times = read_times(source, name)
    if not times.dates:
        raise UsageError(say("--time {name} holds numbers, which say no day; write --capacity without /day", name=name))
    return times.values // DAY


def _column(source: Any, name: str, flag: str) -> Any:
    if source.kind != "table":
        raise UsageError(
            say(
                "{source} is not a table, so it has no column {name!r}; leave out {flag}",
                source=source.name,
                name=name,
                flag=flag,
            )
        )
    return source.column(name, flag)

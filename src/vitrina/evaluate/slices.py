"""The rows of each group, or of each stretch of time: where a figure of all of them hides that some are served badly."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina.data.splits import columns_of
from vitrina.errors import UsageError
from vitrina.evaluate.bootstrap import Figure, figures_of
from vitrina.locale import say

if TYPE_CHECKING:
    from vitrina.evaluate.answers import Answers

MOST_GROUPS = 20  # the largest; the rest are one group more
MOST_STRETCHES = 24
FEW_VALUES = 20  # distinct numbers that are groups by themselves; more are cut into quarters
DRAWS = 400
STRETCHES = (  # what polars calls them, and how long they are
    ("1h", timedelta(hours=1)),
    ("1d", timedelta(days=1)),
    ("1w", timedelta(weeks=1)),
    ("1mo", timedelta(days=30)),
    ("1q", timedelta(days=91)),
    ("1y", timedelta(days=365)),
)


@dataclass(frozen=True)
class Slice:
    """Some of the rows, and the figures of these alone."""

    name: str
    rows: int
    figures: dict[str, Figure]

    def to_json(self) -> dict[str, Any]:
        figures = {name: figure.to_json() for name, figure in self.figures.items()}
        return {"name": self.name, "rows": self.rows, "figures": figures}

    @staticmethod
    def from_json(kept: dict[str, Any]) -> Slice:
        figures = {name: Figure.from_json(figure) for name, figure in kept["figures"].items()}
        return Slice(kept["name"], kept["rows"], figures)


def by_group(answers: Answers, source: Any, column: str) -> tuple[Slice, ...]:
    """Figures of each value of a column, the largest groups first; numbers of many values are cut into quarters."""
    return tuple(_measured(answers, _groups(_column(source, column, "--by"))))


def by_time(answers: Answers, source: Any, column: str) -> tuple[Slice, ...]:
    """Figures of each hour, day, week, month, quarter or year, or of ten stretches of a time that is a number."""
    _column(source, column, "--time")
    return tuple(_measured(answers, _stretches(source, column)))


def _measured(answers: Answers, places: Iterator[tuple[str, np.ndarray]]) -> Iterator[Slice]:
    for name, rows in places:
        part = answers.take(rows)
        figures, _ = figures_of({"": part.measures}, len(rows), draws=DRAWS)
        yield Slice(name, len(rows), figures[""])


def _column(source: Any, name: str, flag: str) -> Any:
    table = columns_of(source) if source is not None else None
    if table is None:
        what = say("arrays") if source is None else source.name
        raise UsageError(
            say(
                "{what}: there are no columns here, so none is called {name!r}; leave out {flag}",
                what=what,
                name=name,
                flag=flag,
            )
        )
    return table.column(name, flag)


def _groups(column: Any) -> Iterator[tuple[str, np.ndarray]]:
    import polars as pl

    if column.dtype.is_numeric() and column.n_unique() > FEW_VALUES:
        edges = sorted({float(column.quantile(share) or 0.0) for share in (0.25, 0.5, 0.75)})
        column = column.cast(pl.Float64).cut(edges)
        names = [
            f"≤ {edges[0]:g}",
            *(f"{a:g} … {b:g}" for a, b in itertools.pairwise(edges)),
            f"> {edges[-1]:g}",
        ]
        kinds = dict(zip(column.cat.get_categories().to_list(), names, strict=False))
        text = column.cast(pl.String).replace(kinds)
        order = [name for name in names if name in set(text)]
    else:
        text = column.cast(pl.String, strict=False)
        order = text.drop_nulls().value_counts(sort=True)[text.name].to_list()
    text = text.fill_null("—")
    values = text.to_numpy()
    order += ["—"] if (values == "—").any() and "—" not in order else []
    for name in order[:MOST_GROUPS]:
        yield str(name), np.flatnonzero(values == name)
    if order[MOST_GROUPS:]:
        rest = np.flatnonzero(~np.isin(values, order[:MOST_GROUPS]))
        yield f"+ {len(order) - MOST_GROUPS}", rest


def _stretches(source: Any, column: str) -> Iterator[tuple[str, np.ndarray]]:
    import polars as pl

    from vitrina.data.times import read_times

    times = read_times(columns_of(source), column)  # pyright: ignore[reportArgumentType]
    if times.dates:
        moments = pl.Series(times.values).cast(pl.Datetime("us"))
        span = timedelta(microseconds=int(times.values.max() - times.values.min()))
        unit = next((unit for unit, length in STRETCHES if span / length <= MOST_STRETCHES), "1y")
        cut = moments.dt.truncate(unit)
        form = "%Y-%m-%d %H:%M" if unit == "1h" else "%Y-%m-%d" if unit in ("1d", "1w") else "%Y-%m"
        names, places = cut.dt.strftime(form), cut.to_physical().to_numpy()
    else:
        edges = np.linspace(times.values.min(), times.values.max(), 11)
        places = np.clip(np.searchsorted(edges, times.values, "right") - 1, 0, 9)
        names = [f"{edges[place]:g} …" for place in places]
    for place in np.unique(places):
        rows = np.flatnonzero(places == place)
        yield names[int(rows[0])], rows

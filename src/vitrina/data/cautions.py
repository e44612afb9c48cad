"""What an analyst would ask about a table before anything is learned from it: whether rows belong together, and whether whole
numbers are classes."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import numpy as np

from vitrina.data.roles import written
from vitrina.data.target import infer_task
from vitrina.errors import DataError
from vitrina.locale import say

if TYPE_CHECKING:
    import polars as pl

    from vitrina.data.source import Source
    from vitrina.data.table import Table

SAMPLE = 200_000  # rows that are looked at
OWNERS = 30  # different values that a column whose rows belong together has at least
REPEATED = 0.5  # the share of rows whose value occurs in others too, at least, and
OFTEN = 100  # rows of a value at most, in the mean: more of them are a kind, such as a city, and everybody knows it
SAME = 0.98  # the share of those rows that are like their value's first in another column
GROUPS = 500  # values whose rows are looked at, of
CANDIDATES = 50  # columns at most
KINDS = 10  # different values of such another column at least: a few are alike by chance
COUNTS = 5  # whole numbers that may be a count, at least so many different ones, of which
TAIL = 0.2  # the rarest at either end have less of the commonest's rows


def cautions(source: Source, divided: bool = False) -> list[str]:
    """Sentences about a table that is to be learned from. divided: a column says already which rows belong together or come later."""
    if source.kind != "table" or not source.has_target:
        return []
    table: Table = source  # pyright: ignore[reportAssignmentType]
    told = [] if divided else _belonging(table)
    return [*told, *_counted(table), *_repeating(table)]


def _repeating(table: Table) -> list[str]:
    """Where rows are alike because there are few kinds of them: of a passenger only class, age and sex are known."""
    if not table.has_few_kinds or table.kinds < 2:
        return []
    return [
        say(
            "there can be only {kinds} different rows of inputs, so that most of the {rows:,} repeat others: alike rows are taken for "
            "different cases, and may be learned from and judge too",
            kinds=table.kinds,
            rows=table.rows,
        )
    ]


def _belonging(table: Table) -> list[str]:
    """The column whose rows are of one customer, patient or machine: many values, each in some rows, which are then alike in other
    columns that nobody shares. Divided by chance, rows that are learned from tell those that judge."""
    frame = table.frame
    if frame.height > SAMPLE:  # a stretch: of rows far and wide few would be of one value
        frame = frame.head(SAMPLE)
    names = [name for name, role in table.roles.items() if role.role in ("numeric", "categorical")]
    kinds = {name: frame[name].n_unique() for name in names}
    names.sort(key=lambda one: kinds[one], reverse=True)
    owners = [one for one in names if kinds[one] >= OWNERS and frame.height <= OFTEN * kinds[one]]
    owners = [one for one in owners if _names(frame[one], table.roles[one].role)][:CANDIDATES]
    found: dict[str, list[str]] = {}
    for name in owners:
        # What tells it in turn, having more values, is what the rows are of.
        others = [other for other in names if other != name and KINDS <= kinds[other] <= kinds[name]]
        if others and (like := _alike(frame, name, others)):
            found[name] = like
    if not found:
        return []
    name = max(found, key=lambda one: (len(found[one]), kinds[one], table.roles[one].role == "categorical"))
    listed = ", ".join(repr(other) for other in found[name][:3]) + (", ..." if len(found[name]) > 3 else "")
    return [
        say(
            "rows of one {name!r} are alike in {like} too: if they are of one customer or patient, some are learned from and "
            "others judge, and the figures are too good; keep them on one side with --group {given}",
            name=name,
            like=listed,
            given=shlex.quote(name),
        )
    ]


def _names(column: pl.Series, role: str) -> bool:
    """Whether its values can be names: text, or whole numbers."""
    return role == "categorical" or column.dtype.is_integer() or not column.cast(str).str.contains(r"[^\d-]").any()


def _alike(frame: pl.DataFrame, name: str, others: list[str]) -> list[str]:
    """Those of the others in which rows of one value of a column, where there are several, are the same."""
    import polars as pl

    sizes = frame.select(name).drop_nulls().group_by(name).len().filter(pl.col("len") > 1)
    if sizes["len"].sum() < REPEATED * frame.height:
        return []
    some = sizes[name].sort().gather_every(max(1, sizes.height // GROUPS))
    own = frame.select(name, *others).filter(pl.col(name).is_in(some.implode()))
    same = own.select((pl.col(other) == pl.col(other).first().over(name)).mean() for other in others)
    return [other for other in others if (same[other][0] or 0.0) >= SAME]


def _counted(table: Table) -> list[str]:
    """The target, where its classes are whole numbers that are spread as a count or a mark is: commonest somewhere, and rarer the
    farther from there."""
    try:
        raw, task = table.raw_target(), infer_task(table)
    except DataError:  # it is told where the target is prepared
        return []
    if task != "classification" or raw.kind != "integer" or raw.forced is not None:
        return []
    values, counts = np.unique(raw.values, return_counts=True)
    if len(values) < COUNTS or values[-1] - values[0] > 2 * len(values):
        return []
    top, steps = int(counts.argmax()), np.diff(counts)
    rises = bool((steps[:top] >= 0).all() and (steps[top:] <= 0).all())
    tail = min(counts[0], counts[-1]) if 0 < top < len(values) - 1 else counts[-1] if top == 0 else counts[0]
    if not rises or tail >= TAIL * counts[top]:
        return []
    return [
        say(
            "the whole numbers of {name!r} are taken for {count} classes; if they count or measure something, say --column {given}",
            name=table.target_name,
            count=len(values),
            given=written(str(table.target_name), "numeric"),
        )
    ]

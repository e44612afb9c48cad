"""An honest split: no row on two sides, every class where it is needed, the past before the future, groups whole; the
same for the same seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina.data.roles import infer_role, written
from vitrina.data.target import infer_task
from vitrina.data.words import part_name
from vitrina.errors import DataError, UsageError
from vitrina.locale import say

if TYPE_CHECKING:
    from vitrina.data.source import Source
    from vitrina.data.table import Table

BINS = 10  # a quantity is stratified by its tenths
HEAVY = 0.25  # a group of repeated rows larger than this share of a part is never held out
PARTS = ("train", "validation", "test")
SPELLED = {"train": 0, "training": 0, "validation": 1, "valid": 1, "val": 1, "test": 2, "testing": 2}


@dataclass(frozen=True)
class Division:
    """How rows are divided: at random by default, or by one column, named here.

    time: train on the past, validate on what follows, test on the latest. gap: how long before the next part each part
    ends ('7d', '12h', or a number where times are numbers). group: all rows of one value on one side. split: the column
    says itself which part each row is in: train, validation (or valid, val) or test.
    Raises UsageError for two of them together, or a gap without a time.
    """

    time: str | None = None
    group: str | None = None
    split: str | None = None
    gap: str | float | timedelta | None = None

    def __post_init__(self) -> None:
        given = [f"--{name}" for name in ("time", "group", "split") if getattr(self, name) is not None]
        if len(given) > 1:
            raise UsageError(
                say("{given} divide the rows in different ways; choose one of them", given=say(" and ").join(given))
            )
        if self.gap is not None and self.time is None:
            raise UsageError(
                say("--gap is a stretch of time between the parts; say with --time which column is the time")
            )

    @property
    def column(self) -> str | None:
        """The column that decides, if one does."""
        return self.time or self.group or self.split

    def to_json(self) -> dict[str, Any]:
        gap = f"{self.gap.total_seconds()}s" if isinstance(self.gap, timedelta) else self.gap
        return {"time": self.time, "group": self.group, "split": self.split, "gap": gap}


@dataclass(frozen=True, eq=False)
class Split:
    """Row numbers of each part, int64, sorted. Together with `left_out` they are every row once.

    left_out: rows in no part: those in the gap between two times, and those that repeat a row of an earlier part.
    made: how the parts were made, for people and programs: {"by": "chance"}, or {"by": "time", "column": ..., "train":
    [from, to], ...}, {"by": "group", "column": ..., "train": groups, ...}, {"by": "split", "column": ...}.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    warnings: tuple[str, ...] = ()
    left_out: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    made: Mapping[str, Any] = field(default_factory=lambda: {"by": "chance"})


def prepare(source: Source, division: Division, columns: Mapping[str, str] | None = None) -> Source:
    """The source with the column that divides it set aside, so that it is not learned from.

    columns: the roles the user gave; a time that is among them is learned from all the same. Raises UsageError where the
    data have no columns, or a group or split is to be learned from too; DataError where there is no such column.
    """
    name = division.column
    if name is None:
        return source
    flag = "--time" if division.time else "--group" if division.group else "--split"
    table = columns_of(source)
    if table is None:
        raise UsageError(
            say(
                "{source} is not a table, so it has no column to divide it by; leave out {flag}",
                source=source.name,
                flag=flag,
            )
        )
    table.column(name, flag)
    if source.kind != "table":  # of images nothing is learned from but their pixels
        return source
    if name in (columns or {}):
        if division.time:
            return table
        raise UsageError(
            say("column {name!r} divides the rows, so it cannot be learned from; leave out --column {name}", name=name)
        )
    keep = division.time and infer_role(table.frame[name]).role in ("numeric", "identifier")  # dates are never inputs
    if keep:
        why = say(
            "column {name!r} is left out: it divides the rows (keep it with --column {given})",
            name=name,
            given=written(name, "numeric"),
        )
    else:
        why = say("column {name!r} is left out: it divides the rows", name=name)
    return table.set_aside({name: why})


def split(
    source: Source,
    seed: int = 0,
    validation: float = 0.15,
    test: float = 0.15,
    division: Division | None = None,
) -> Split:
    """Divides the rows at random, stratified by class (or by tenths of a quantity), or as `division` says.

    Rows that repeat each other in all that is learned from never end on two sides: at random they stay together; divided
    by a column, those of a later part are left out, with a warning that counts them. Of a table whose columns allow of so few
    different rows that they must repeat each other (`Table.has_few_kinds`), each is a case of its own.
    validation, test: shares of the rows, in [0, 1), together below 1; a part whose share is above 0 gets at least one
    row, and every class at least one training row. Divided by a time, rows of one instant are on one side, and the parts
    are as near their shares as that allows. Where a split column names no validation rows, the share is drawn from the
    training rows. Raises DataError when there are too few rows (instants, groups) for that, UsageError for other shares.
    """
    for name, share in (("validation", validation), ("test", test)):
        if not 0 <= share < 1:
            raise UsageError(
                say(
                    "the {part} share must be at least 0 and less than 1, not {share!r}",
                    part=part_name(name),
                    share=share,
                )
            )
    if validation + test >= 1:
        raise UsageError(
            say(
                "the validation and test shares, {validation} and {test}, leave no rows for training; make them "
                "smaller",
                validation=validation,
                test=test,
            )
        )
    if division is not None and division.column is not None:
        from vitrina.data.dividing import divide

        return divide(source, division, seed, validation, test)
    strata, named = strata_of(source)
    part = _by_chance(source, strata, seed, validation, test)
    train, held, tested = (np.flatnonzero(part == number) for number in range(3))
    return Split(train, held, tested, tuple(absent_classes(strata, named, tested, test)))


def thinned(parts: Split, most: int, seed: int) -> Split:
    """The parts with at most this many rows in each that judges; the others are left out."""
    rng = np.random.default_rng(seed)
    drawn = {name: rng.permutation(getattr(parts, name)) for name in ("validation", "test")}
    over = [rows[most:] for rows in drawn.values()]
    kept = {name: np.sort(rows[:most]) for name, rows in drawn.items()}
    return replace(parts, **kept, left_out=np.sort(np.concatenate([parts.left_out, *over])))


def _by_chance(source: Source, strata: np.ndarray, seed: int, validation: float, test: float) -> np.ndarray:
    """0 train, 1 validation, 2 test for each row; rows that repeat each other are together."""
    _, first, group = np.unique(source.group_keys(), return_index=True, return_inverse=True)
    # A group's place in the draw is that of its first row: the hash's own order, which could change, never shows.
    draw = np.random.Generator(np.random.PCG64(seed)).permutation(source.rows)[first]
    sizes = np.bincount(group)
    part = _assign(strata[first], draw, sizes, validation, test)
    _fill_empty(source, part, strata[first], draw, {1: validation, 2: test})
    return part[group]


def absent_classes(strata: np.ndarray, named: list[str], tested: np.ndarray, test: float) -> list[str]:
    """A warning where the test part has no row of some class; [] otherwise."""
    absent = np.setdiff1d(strata, strata[tested]) if test and named else np.empty(0, np.int64)
    if not len(absent):
        return []
    listed = ", ".join(named[stratum] for stratum in absent[:5]) + (", ..." if len(absent) > 5 else "")
    return [say("too few rows of these classes to have any in the test part: {listed}", listed=listed)]


def in_gaps(count: int) -> str:
    """A warning about the rows between two parts."""
    if count == 1:
        return say("1 row is in the gaps between the parts, and left out")
    return say("{count:,} rows are in the gaps between the parts, and left out", count=count)


def repeats(validation: int, test: int) -> str:
    """A warning about the rows of a part that are in an earlier one already."""
    if validation and test:
        return say(
            "rows that repeat one of an earlier part in all that is learned from are left out: "
            "{validation} of the validation part and {test} of the test part",
            validation=validation,
            test=test,
        )
    if validation:
        return say(
            "rows that repeat one of an earlier part in all that is learned from are left out: "
            "{count} of the validation part",
            count=validation,
        )
    return say(
        "rows that repeat one of an earlier part in all that is learned from are left out: {count} of the test part",
        count=test,
    )


def columns_of(source: Source) -> Table | None:
    """The columns that rows can be divided and grouped by: a table's own, or those beside images; None for arrays."""
    if source.kind == "table":
        return source  # pyright: ignore[reportReturnType]
    return getattr(source, "beside", None)


def strata_of(source: Source) -> tuple[np.ndarray, list[str]]:
    """The stratum of each row, from 0, and the classes' names where strata are classes."""
    if not source.has_target:
        return np.zeros(source.rows, np.int64), []
    raw = source.raw_target()
    if infer_task(source) == "classification":
        return raw.factorize()
    values = raw.values if raw.values.ndim == 1 else raw.values[:, 0]
    bins = min(BINS, source.rows // 10)
    edges = np.quantile(values, np.arange(1, bins) / bins) if bins > 1 else np.empty(0)
    return np.searchsorted(edges, values, side="right"), []


def _assign(strata: np.ndarray, draw: np.ndarray, sizes: np.ndarray, validation: float, test: float) -> np.ndarray:
    """0 train, 1 validation, 2 test for each group: those drawn first in a stratum are tested on, then validated on.

    A group falls where its middle does, so a part is as near its share as whole groups allow. A group so large that it
    would upset that (thousands of equal rows) is trained on, and the others make up for it, up to half of them.
    """
    total = np.bincount(strata, sizes)
    smallest = min((share for share in (validation, test) if share), default=0.0)
    light = (sizes == 1) | (sizes <= HEAVY * smallest * total[strata])
    order = np.lexsort((draw, strata))
    ordered, weights = strata[order], (sizes * light)[order]
    lighter = np.bincount(ordered, weights)
    most = max(1.0, 0.5 / (validation + test)) if validation + test else 1.0
    boost = np.clip(total / np.maximum(lighter, 1), 1.0, most)
    begin = np.cumsum(lighter) - lighter
    middle = (np.cumsum(weights) - weights / 2 - begin[ordered]) / np.maximum(lighter, 1)[ordered] / boost[ordered]
    part = np.where(middle < test, 2, np.where(middle < test + validation, 1, 0))
    part[~light[order]] = 0
    last = np.append(ordered[1:] != ordered[:-1], True)
    part[last] = 0  # with shares above one half, a class of one row would have none to learn from
    out = np.empty_like(part)
    out[order] = part
    return out


def _fill_empty(
    source: Source, part: np.ndarray, strata: np.ndarray, draw: np.ndarray, shares: dict[int, float]
) -> None:
    """Moves a group into each part that should have rows and got none, from where it is missed least."""
    for number, share in shares.items():
        if share == 0 or (part == number).any():
            continue
        training, other = part == 0, part == 3 - number
        groups = np.bincount(strata[training])
        if groups.max() >= 2:
            candidates = np.flatnonzero(training & (strata == np.argmax(groups)))
        elif other.sum() >= 2:
            candidates = np.flatnonzero(other)
        else:
            raise DataError(
                say(
                    "{source}: {rows} rows, of which {different} differ, are too few to train, validate and test on with "
                    "every class in training; add rows, or give data to validate on",
                    source=source.name,
                    rows=source.rows,
                    different=len(part),
                )
            )
        part[candidates[np.argmin(draw[candidates])]] = number

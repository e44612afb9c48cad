"""Rows divided by a column: by when they were, by whom they belong to, or by what the user says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina.data.splits import (
    PARTS,
    SPELLED,
    Division,
    Split,
    absent_classes,
    columns_of,
    in_gaps,
    repeats,
    split,
    strata_of,
)
from vitrina.data.times import Times, read_gap, read_times
from vitrina.data.words import part_name, place_name
from vitrina.errors import DataError, UsageError
from vitrina.locale import say

if TYPE_CHECKING:
    from vitrina.data.source import Source
    from vitrina.data.table import Table

NOWHERE = -1


def divide(source: Source, division: Division, seed: int, validation: float, test: float) -> Split:
    """The split of a table by the column that `division` names. Raises as `split` does."""
    table = columns_of(source)
    if table is None:
        raise UsageError(say("{source} is not a table, so it has no column to divide it by", source=source.name))
    strata, named = strata_of(source)
    if division.time is not None:
        times = read_times(table, division.time)
        gap = read_gap(division.gap, times.dates)
        part = _by_time(table, division.time, times, gap, validation, test)
        made = lambda part: spans(times, part)  # noqa: E731
    elif division.group is not None:
        groups = _groups(table, division.group)
        part = _by_group(table, division.group, groups, strata, seed, validation, test)
        if named:
            _give_back(part, groups, strata)
        _all_there(table, division.group, part, validation, test)
        made = lambda part: {name: len(np.unique(groups[part == place])) for place, name in enumerate(PARTS)}  # noqa: E731
    else:
        part = _by_name(source, table, str(division.split), seed, validation)
        made = lambda part: {"drawn": ["validation"] if _names_no_validation(table, division) else []}  # noqa: E731
    wanted = {place for place in range(3) if (part == place).any()}
    gapped = int((part == NOWHERE).sum())
    repeated = _leave_out_repeats(source, part)
    _check(table, division, part, wanted, strata, named)
    train, held, tested = (np.flatnonzero(part == place) for place in range(3))
    warnings = [in_gaps(gapped)] if gapped else []
    if repeated.any():
        warnings.append(repeats(int(repeated[1]), int(repeated[2])))
    warnings += absent_classes(strata, named, tested, len(tested))
    facts = {
        "by": _way(division),
        "column": division.column,
        **made(part),
        "gap": gapped,
        "repeated": int(repeated.sum()),
    }
    return Split(train, held, tested, tuple(warnings), np.flatnonzero(part == NOWHERE), facts)


def _way(division: Division) -> str:
    return "time" if division.time else "group" if division.group else "split"


def _by_time(table: Table, name: str, times: Times, gap: float, validation: float, test: float) -> np.ndarray:
    """The part of each row: cuts between instants, as near the shares as whole instants allow, and gaps before them."""
    instants, rows = np.unique(times.values, return_counts=True)
    shares = [1 - validation - test, *(share for share in (validation, test) if share)]
    places = [0, *(place for place, share in ((1, validation), (2, test)) if share)]
    if len(instants) < len(shares):
        raise DataError(
            say(
                "{table}: column {name!r} has {count} different times, and {parts} parts need one each; name a finer "
                "time",
                table=table.name,
                name=name,
                count=len(instants),
                parts=len(shares),
            )
        )
    until = np.concatenate([[0], np.cumsum(rows)])
    cuts: list[int] = []  # the first instant of each later part
    for number, share in enumerate(np.cumsum(shares)[:-1]):
        low, high = (cuts[-1] if cuts else 0) + 1, len(instants) - (len(shares) - 1 - number)
        near = int(np.argmin(np.abs(until[low : high + 1] - share * table.rows)))
        cuts.append(low + near)
    part = np.full(table.rows, 0, np.int64)
    for place, cut in zip(places[1:], cuts, strict=True):
        part[times.values >= instants[cut]] = place
    if gap:
        for start in instants[cuts]:
            part[(times.values < start) & (times.values > start - gap)] = NOWHERE
        for place in places:
            if not (part == place).any():
                raise UsageError(
                    say(
                        "{table}: a gap this long leaves no rows in the {part} part (column {name!r} goes from {first} to "
                        "{last}); make --gap shorter",
                        table=table.name,
                        part=part_name(PARTS[place]),
                        name=name,
                        first=times.said(instants[0]),
                        last=times.said(instants[-1]),
                    )
                )
    return part


def spans(times: Times, part: np.ndarray) -> dict[str, Any]:
    """From when to when each part goes."""
    spans = {}
    for place, name in enumerate(PARTS):
        own = times.values[part == place]
        spans[name] = [times.said(own.min()), times.said(own.max())] if len(own) else None
    return spans


def _groups(table: Table, name: str) -> np.ndarray:
    """The group of each row, from 0, in order of appearance; rows without one are a group."""
    keys = table.column(name, "--group").to_frame().hash_rows(seed=0).to_numpy()
    _, first, group = np.unique(keys, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[group]


def _by_group(
    table: Table, name: str, groups: np.ndarray, strata: np.ndarray, seed: int, validation: float, test: float
) -> np.ndarray:
    """The part of each row: groups are given out one by one, the large ones first, each where it is missed most.

    Where it is missed: the part p at which Σ_k (have - want)² / (total_k² share_p) over the strata k falls most, with
    have and want the part's rows of the stratum and total_k all of them. Rare strata thereby weigh as much as others.
    """
    shares = np.array([1 - validation - test, validation, test])
    count, kinds = int(groups.max()) + 1, int(strata.max()) + 1
    open_parts = [place for place in range(3) if shares[place] > 0]
    if count < len(open_parts):
        raise DataError(
            say(
                "{table}: column {name!r} has {count} different groups, and {parts} parts need one each; name "
                "another column with --group",
                table=table.name,
                name=name,
                count=count,
                parts=len(open_parts),
            )
        )
    pairs, rows = np.unique(groups * kinds + strata, return_counts=True)
    owner, kind = np.divmod(pairs, kinds)
    total = np.bincount(strata, minlength=kinds).astype(np.float64)
    weight = rows / total[kind]
    largest = np.zeros(count)
    np.maximum.at(largest, owner, weight)
    draw = np.random.Generator(np.random.PCG64(seed)).permutation(count)
    # By powers of two: among groups of like size, chance decides, so that another seed makes another split.
    order = np.lexsort((draw, -np.floor(np.log2(largest))))
    begins = np.searchsorted(owner, np.arange(count + 1)).tolist()
    kind_list, weights = kind.tolist(), weight.tolist()
    lack = [[-share] * kinds for share in shares.tolist()]  # have - want, as shares of the stratum
    part_of, holds = np.zeros(count, np.int64), [0, 0, 0]
    for done, group in enumerate(order.tolist()):
        begin, end = begins[group], begins[group + 1]
        empty = [place for place in open_parts if not holds[place]]
        best, least = 0, float("inf")
        for place in empty if len(empty) >= count - done else open_parts:
            mine, change = lack[place], 0.0
            for at in range(begin, end):
                change += weights[at] * (2 * mine[kind_list[at]] + weights[at])
            if (change := change / shares[place]) < least:
                best, least = place, change
        for at in range(begin, end):
            lack[best][kind_list[at]] += weights[at]
        part_of[group] = best
        holds[best] += 1
    return part_of[groups]


def _give_back(part: np.ndarray, groups: np.ndarray, strata: np.ndarray) -> None:
    """Every class has a group to learn from, taken from the parts that would judge."""
    for unknown in np.setdiff1d(strata, strata[part == 0]):
        part[groups == groups[np.argmax(strata == unknown)]] = 0


def _all_there(table: Table, name: str, part: np.ndarray, validation: float, test: float) -> None:
    for place, share in ((1, validation), (2, test)):
        if share and not (part == place).any():
            raise DataError(
                say(
                    "{table}: the groups of column {name!r} are too few to give every class to the training part and "
                    "leave any for {part}; name another column with --group",
                    table=table.name,
                    name=name,
                    part=part_name(PARTS[place]),
                )
            )


def _names_no_validation(table: Table, division: Division) -> bool:
    said = said_parts(table, str(division.split))
    return not (said == 1).any()


def said_parts(table: Table, name: str) -> np.ndarray:
    """The part that the column names for each row. Raises DataError for any other word."""
    import polars as pl

    column = table.column(name, "--split")
    words = (
        column.cast(pl.String).str.strip_chars().str.to_lowercase()
        if column.dtype in (pl.String, pl.Categorical, pl.Enum)
        else pl.Series(name, [None], pl.String).new_from_index(0, table.rows)
    )
    said = words.replace_strict(SPELLED, default=None, return_dtype=pl.Int64)
    if said.has_nulls():
        row = int(said.is_null().to_numpy().argmax())
        value = column[row]
        where = place_name(table.where(row))
        if value is None:
            raise DataError(
                say(
                    "{table}, {where}: column {name!r} is empty; write train, validation or test in every row",
                    table=table.name,
                    where=where,
                    name=name,
                )
            )
        raise DataError(
            say(
                "{table}, {where}: column {name!r} says {value!r}; write train, validation or test in every row",
                table=table.name,
                where=where,
                name=name,
                value=value,
            )
        )
    return said.to_numpy().copy()


def _by_name(source: Source, table: Table, name: str, seed: int, validation: float) -> np.ndarray:
    part = said_parts(table, name)
    if not (part == 0).any():
        raise DataError(
            say(
                "{table}: column {name!r} says 'train' in no row, and nothing can be learned; say it in some",
                table=table.name,
                name=name,
            )
        )
    if validation and not (part == 1).any():
        learned = np.flatnonzero(part == 0)
        drawn = split(source.take(learned), seed, validation, 0.0)
        part[learned[drawn.validation]] = 1
    return part


def _leave_out_repeats(source: Source, part: np.ndarray) -> np.ndarray:
    """Takes out of each part what repeats a row of an earlier one; how many rows that were, by part (3,)."""
    _, group = np.unique(source.group_keys(), return_inverse=True)
    repeated = np.zeros(3, np.int64)
    for place in (1, 2):
        seen = np.zeros(int(group.max()) + 1, bool)
        seen[group[(part >= 0) & (part < place)]] = True
        again = (part == place) & seen[group]
        part[again] = NOWHERE
        repeated[place] = again.sum()
    return repeated


def _check(
    table: Table, division: Division, part: np.ndarray, wanted: set[int], strata: np.ndarray, named: list[str]
) -> None:
    for place in wanted:
        if not (part == place).any():
            raise DataError(
                say(
                    "{table}: divided by {column!r}, every row of the {part} part repeats one of an earlier part in all "
                    "that is learned from, so it would judge nothing; add columns, or divide otherwise",
                    table=table.name,
                    column=division.column,
                    part=part_name(PARTS[place]),
                )
            )
    if not named:
        return
    unknown = np.setdiff1d(strata[part > 0], strata[part == 0])
    if len(unknown):
        row = int(np.argmax((part > 0) & np.isin(strata, unknown)))
        raise DataError(
            say(
                "{table}, {where}: class {kind!r} is in the {part} part, and in no row to learn from when divided by "
                "{column!r}; leave its rows out, or divide otherwise",
                table=table.name,
                where=place_name(table.where(row)),
                kind=named[unknown[0]],
                part=part_name(PARTS[part[row]]),
                column=division.column,
            )
        )

"""One pass over a table too large to be held: which rows are learned from, and the few that are kept to look at and to judge by.

The rows are divided as `splits.split` divides them, with two differences that make one pass enough. By chance, a row's part
is drawn from a hash of all that is learned from, so that rows that repeat each other end on one side without being compared; the
classes then have their shares as chance gives them. And the parts that judge have at most `MOST` rows each, which tell a
measure to a few thousandths: of a random division the rest is learned from too, of a division by time it is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np

from vitrina.data.dividing import said_parts, spans
from vitrina.data.roles import infer_role
from vitrina.data.splits import PARTS, Division, in_gaps, prepare, repeats
from vitrina.data.stream import Stream
from vitrina.data.table import Table
from vitrina.data.target import infer_task
from vitrina.data.times import Times, read_gap, read_times
from vitrina.data.words import part_name
from vitrina.errors import DataError, UsageError
from vitrina.locale import say

MOST = 200_000  # rows that are held at once, to look at or to judge by, and
CELLS = 40_000_000  # rows times columns
PLACES = 12  # stretches of rows that are looked at before anything is decided
NOWHERE = -1

Rule = Callable[[Table], np.ndarray]  # the part of each row: 0 train, 1 validation, 2 test, -1 none


@dataclass(frozen=True, eq=False)
class Survey:
    """What one pass found. learned: of each piece, which rows are learned from, eight to a byte; counts: how many these are.

    sample: a random draw of the rows that are learned from, with one at least of each class; validation, test: the rows that
    judge, or None. made: how the parts were made, as in `Split`.
    """

    stream: Stream
    learned: tuple[np.ndarray, ...]
    counts: np.ndarray
    sample: Table
    validation: Table | None
    test: Table | None
    warnings: tuple[str, ...]
    made: dict[str, Any]

    @property
    def rows(self) -> int:
        """Rows that are learned from."""
        return int(self.counts.sum())

    def tables(self, number: int, columns: list[str], skip: int = 0, chunk: int | None = None) -> Iterator[Table]:
        """The rows of a piece that are learned from, without the first `skip` of them, some at a time."""
        piece = self.stream.pieces[number]
        there = np.unpackbits(self.learned[number], count=piece.rows).view(bool)
        first = 0
        options = {} if chunk is None else {"chunk": chunk}
        for table in self.stream.tables(piece, self.sample, columns, **options):
            own = np.flatnonzero(there[first : first + table.rows])
            first += table.rows
            if skip >= len(own):
                skip -= len(own)
                continue
            own, skip = own[skip:], 0
            yield table if len(own) == table.rows else table.take(own)


def survey(
    stream: Stream, seed: int, validation: float, test: float, division: Division, drop_leaks: bool = False
) -> Survey:
    """Goes over all rows once (twice where a column divides them). Raises as `split` and `fit_recipe` do."""
    most = int(np.clip(CELLS // max(1, len(stream.schema)), 2_000, MOST))
    look = _look(stream, most, division)
    found = _passed(stream, look, seed, validation, test, division, most)
    from vitrina.data.leaks import find_leaks, without_leaks

    leaks = find_leaks(found.sample)
    if leaks and drop_leaks:
        return _passed(stream, without_leaks(look, leaks), seed, validation, test, division, most)
    return replace(found, warnings=(*found.warnings, *(leak.warning for leak in leaks)))


def _look(stream: Stream, most: int, division: Division) -> Table:
    """Some rows from everywhere, whose columns' roles hold for all. That a column only numbers the rows shows in a stretch of
    rows as they follow each other."""
    look, stretch = stream.look(most, PLACES)
    if not look.has_target:
        look.raw_target()  # raises, with the names to choose from
    counted: dict[str, str] = {}
    for name in look.feature_names:
        if name in look.overrides or not look.frame[name].dtype.is_integer():
            continue
        if (role := infer_role(stretch.frame[name])).role == "identifier":
            counted[name] = role.note
    prepared: Table = prepare(look.set_aside(counted), division, look.overrides)  # pyright: ignore[reportAssignmentType]
    return prepared


def _passed(
    stream: Stream, look: Table, seed: int, validation: float, test: float, division: Division, most: int
) -> Survey:
    rule, keep, made = _rule(stream, look, seed, validation, test, division, most)
    classes = infer_task(look) == "classification"
    share = most / stream.rows
    learned: list[np.ndarray] = []
    counts: list[int] = []
    kept: dict[int, list[Table]] = {0: [], 1: [], 2: []}
    known: set[str] = set()
    gaps = 0
    for number, piece in groupby(stream.all_tables(look), key=itemgetter(0)):
        draws = np.random.default_rng((seed, number))
        there: list[np.ndarray] = []
        for _, table in piece:
            part, draw = rule(table), draws.random(table.rows)
            gaps += int((part == NOWHERE).sum())
            there.append(part == 0)
            sampled = (part == 0) & (draw < share)
            if classes:
                _first_of_each(table, part, known, sampled)
            else:
                table.raw_target()  # a value that is missing or none is found now, and not after hours
            kept[0].append(table.take(np.flatnonzero(sampled)))
            for place in (1, 2):
                own = np.flatnonzero((part == place) & (draw < keep[place]))
                if len(own):
                    kept[place].append(table.take(own))
        mask = np.concatenate(there)
        learned.append(np.packbits(mask))
        counts.append(int(mask.sum()))
    if not sum(counts):
        raise DataError(say("{table}: no rows are left to learn from; make the other parts smaller", table=stream.name))
    parts = {place: _one(tables) for place, tables in kept.items() if tables}
    found = Survey(
        stream,
        tuple(learned),
        np.array(counts, np.int64),
        replace(parts[0], whole=look),
        parts.get(1),
        parts.get(2),
        (),
        made,
    )
    if gaps and division.time:
        found = replace(found, warnings=(*found.warnings, in_gaps(gaps)))
    found = _without_repeats(found) if division.column is not None else found
    found = _without_strange_classes(found, known) if classes else found
    for name, share in (("validation", validation), ("test", test)):
        if share and getattr(found, name) is None and not division.split:
            raise DataError(
                say(
                    "{table}: no rows are left for the {part} part; make its share larger",
                    table=stream.name,
                    part=part_name(name),
                )
            )
    return found


def _rule(
    stream: Stream, look: Table, seed: int, validation: float, test: float, division: Division, most: int
) -> tuple[Rule, dict[int, float], dict[str, Any]]:
    """How the part of a row is told, which share of the parts that judge is kept, and how the parts are made."""
    if not 0 <= validation + test < 1:
        raise UsageError(
            say(
                "the validation and test shares, {validation} and {test}, leave no rows for training; make them "
                "smaller",
                validation=validation,
                test=test,
            )
        )
    largest = most / stream.rows
    if division.time is not None:
        return _by_time(stream, look, seed, validation, test, division, largest)
    if division.split is not None:
        return _by_name(stream, look, seed, validation, division.split, most)
    small, tested = min(validation, largest), min(test, largest)
    keep = {1: 1.0, 2: 1.0}
    if division.group is not None:
        name = division.group
        look.column(name, "--group")
        made: dict[str, Any] = {"by": "group", "column": name}
        return lambda table: _drawn(_keys(table, name), seed, small, tested), keep, made
    return lambda table: _drawn(table.group_keys(), seed, small, tested), keep, {"by": "chance"}


def _drawn(keys: np.ndarray, seed: int, validation: float, test: float) -> np.ndarray:
    """0 train, 1 validation, 2 test: the same for the same key."""
    place = uniform(keys, seed)
    return np.where(place < test, 2, np.where(place < test + validation, 1, 0)).astype(np.int8)


def uniform(keys: np.ndarray, seed: int) -> np.ndarray:
    """A number in [0, 1) of each key (uint64): the finaliser of SplitMix64 (Steele, Lea & Flood 2014) after adding a seed's
    multiple of its odd constant."""
    mixed = keys + np.uint64(((seed + 1) * 0x9E3779B97F4A7C15) % 2**64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return (mixed ^ (mixed >> np.uint64(31))).astype(np.float64) / 2.0**64


def _keys(table: Table, name: str) -> np.ndarray:
    return table.frame.select(name).hash_rows(seed=0).to_numpy()


def _by_time(
    stream: Stream, look: Table, seed: int, validation: float, test: float, division: Division, largest: float
) -> tuple[Rule, dict[int, float], dict[str, Any]]:
    name = str(division.time)
    look.column(name, "--time")
    seen: list[np.ndarray] = []
    dates = read_times(look, name).dates
    thin = max(1, stream.rows // (10 * MOST))
    for _, table in stream.all_tables(look, [name]):
        seen.append(read_times(table, name).values[::thin].copy())  # a view would keep all of them
    times = np.concatenate(seen)
    gap = read_gap(division.gap, dates)
    shares = [(1, validation), (2, test)]
    starts: dict[int, Any] = {}
    done = 1 - validation - test
    for place, share in shares:
        if share:
            starts[place] = np.quantile(times, done, method="nearest")
        done += share
    if len({*starts.values(), times.min()}) <= len(starts):
        raise DataError(
            say(
                "{table}: column {name!r} has too few different times to divide the rows by; name a finer time",
                table=stream.name,
                name=name,
            )
        )

    def rule(table: Table) -> np.ndarray:
        return _since(read_times(table, name).values, starts, gap)

    made = {"by": "time", "column": name, **spans(Times(times, dates), _since(times, starts, gap))}
    keep = {place: min(1.0, largest / share) if share else 1.0 for place, share in shares}
    return rule, keep, made


def _since(when: np.ndarray, starts: dict[int, Any], gap: float) -> np.ndarray:
    """The part of each time: from its start on, but for a gap before the next."""
    part = np.zeros(len(when), np.int8)
    for place, start in starts.items():
        part[when >= start] = place
    for start in starts.values() if gap else ():
        part[(when < start) & (when > start - gap)] = NOWHERE
    return part


def _by_name(
    stream: Stream, look: Table, seed: int, validation: float, name: str, most: int
) -> tuple[Rule, dict[int, float], dict[str, Any]]:
    look.column(name, "--split")
    counts = np.zeros(3, np.int64)
    for _, table in stream.all_tables(look, [name]):
        counts += np.bincount(said_parts(table, name), minlength=3)
    if not counts[0]:
        raise DataError(
            say(
                "{table}: column {name!r} says 'train' in no row, and nothing can be learned; say it in some",
                table=stream.name,
                name=name,
            )
        )
    draw = 0.0 if counts[1] else min(validation, most / counts[0])

    def rule(table: Table) -> np.ndarray:
        part = said_parts(table, name).astype(np.int8)
        if draw:
            part[(part == 0) & (uniform(table.group_keys(), seed) < draw)] = 1
        return part

    keep = {place: min(1.0, most / max(1, int(counts[place]))) if counts[place] else 1.0 for place in (1, 2)}
    return rule, keep, {"by": "split", "column": name, "drawn": ["validation"] if draw else []}


def _first_of_each(table: Table, part: np.ndarray, known: set[str], sampled: np.ndarray) -> None:
    """Puts the first row that is learned from of each class not met before into the sample."""
    codes, names = table.raw_target().factorize()
    if known.issuperset(names):
        return
    for code, name in enumerate(names):
        if name not in known and len(rows := np.flatnonzero((codes == code) & (part == 0))):
            sampled[rows[0]] = True
            known.add(name)


def _one(tables: list[Table]) -> Table:
    import polars as pl

    frame = pl.concat([table.frame for table in tables], how="vertical")
    return replace(tables[0], frame=frame, places=np.concatenate([table.places for table in tables]))


def _without_repeats(found: Survey) -> Survey:
    """Without the rows of a part that repeat one of an earlier part in all that is learned from: one more pass."""
    held = {place: table for place, table in ((1, found.validation), (2, found.test)) if table is not None}
    if not held:
        return found
    keys = {place: table.group_keys() for place, table in held.items()}
    every = np.unique(np.concatenate(list(keys.values())))
    seen = np.zeros(len(every), bool)
    columns = [*(name for name, role in found.sample.roles.items() if role.used), str(found.sample.target_name)]
    for number in range(len(found.stream.pieces)):
        for table in found.tables(number, columns):
            own = table.group_keys()
            at = np.minimum(np.searchsorted(every, own), len(every) - 1)
            seen[at[every[at] == own]] = True
    repeated: dict[str, int] = {}
    for place, table in held.items():
        at = np.searchsorted(every, keys[place])
        again = seen[at]
        seen[at] = True
        if again.any():
            repeated[PARTS[place]] = int(again.sum())
            held[place] = table.take(np.flatnonzero(~again))
        if not held[place].rows:
            raise DataError(
                say(
                    "{table}: divided by {column!r}, every row of the {part} part repeats one of an earlier part in all "
                    "that is learned from, so it would judge nothing; add columns, or divide otherwise",
                    table=found.stream.name,
                    column=found.made["column"],
                    part=part_name(PARTS[place]),
                )
            )
    made = {**found.made, "repeated": sum(repeated.values())}
    warnings = found.warnings
    if repeated:
        warnings = (*warnings, repeats(repeated.get("validation", 0), repeated.get("test", 0)))
    return replace(found, validation=held.get(1), test=held.get(2), made=made, warnings=warnings)


def _without_strange_classes(found: Survey, known: set[str]) -> Survey:
    """Without the rows that judge a class of which there is none to learn from."""
    kept: dict[str, Any] = {}
    strange: set[str] = set()
    for name in ("validation", "test"):
        table: Table | None = getattr(found, name)
        if table is None:
            continue
        codes, names = table.raw_target().factorize()
        good = np.array([one in known for one in names], bool)
        if not good.all():
            strange |= set(names) - known
            kept[name] = table.take(np.flatnonzero(good[codes]))
    if not strange:
        return found
    listed = ", ".join(sorted(strange)[:5]) + (", ..." if len(strange) > 5 else "")
    warning = say("these classes are in no row to learn from, and their rows are left out: {listed}", listed=listed)
    return replace(found, **kept, warnings=(*found.warnings, warning))

"""Columns that give the target away: what no one would know yet when a prediction is due.

Each column is judged alone. On one half of a sample the target is learned from it in the simplest way (the share of the
classes, or the mean, in each of its bins); on the other half it is measured how well that tells the target. Honest columns
are good alone too, some very good: of the tumours of `breast-cancer`, one measurement tells them apart with an AUC of .98.
So a column is accused only where next to nothing is left to be learned from all the others, and they are far from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from vitrina.data.roles import as_text, parse_numbers
from vitrina.data.target import infer_task
from vitrina.errors import DataError
from vitrina.locale import say

if TYPE_CHECKING:
    from vitrina.data.source import Source
    from vitrina.data.table import Table

SAMPLE = 40_000  # rows that are looked at, and
CELLS = 4_000_000  # rows times columns at most
FEW = 100  # rows: in fewer, a perfect column may be luck
FEW_OF_CLASS = 20
BINS = 64  # at most, with
FULL = 20  # rows in each, for classes, and
FULL_OF_QUANTITY = 5  # for a quantity: what tells all of it leaves little noise to average away
AUC = 0.995  # alone: of 200 pairs of a row of each class, at most one in the wrong order
R2 = 0.99  # alone: at most a hundredth of the variance of the target's rank is left
FARTHER = 5  # the best of the other columns is so many times as far from perfect, or this is simply an easy table
COUNTED = 0.9  # the AUC of a column that only counts: that its order tells the class at all is strange
ABSENT = 0.9  # the AUC, for some class, of whether there is a value; or,
PURE = 0.995  # of the rows that have (or lack) a value, the share of one class, where
USUAL = 0.75  # of all rows that class has at most this share
COPY = 0.9999  # the correlation of a column with a quantity that it repeats in another unit

Kind = Literal["copy", "alone", "order", "missing"]


@dataclass(frozen=True)
class Leak:
    """A column that is suspected, and why.

    kind: 'copy' (the target under another name), 'alone' (it tells the target nearly perfectly), 'order' (it counts the
    rows, and their order tells the class), 'missing' (whether it is filled in tells the class).
    measure: what `score` is: 'auc' (of classes, the mean over them, each against the rest), 'r2', 'correlation' or
    'purity'. rows: how many it was measured on.
    """

    column: str
    kind: Kind
    measure: str
    score: float
    rows: int
    evidence: str

    @property
    def warning(self) -> str:
        """A sentence for the user: what was seen, and what to do."""
        return say(
            "column {name!r} may give the target away: {evidence}; "
            "if it is not known when a prediction is due, leave it out with --drop-leaks",
            name=self.column,
            evidence=self.evidence,
        )

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def find_leaks(source: Source, rows: Any = None) -> list[Leak]:
    """The columns of a table that seem to give its target away, in the table's order.

    rows: the training part, the only rows that are looked at (all by default). What is not learned from (identifiers,
    dates, columns set aside) is not judged. Other sources than tables have none, and so have fewer than 100 rows.
    Deterministic: the sample is the same each time.
    """
    if source.kind != "table" or not source.has_target:
        return []
    part: Table = source if rows is None else source.take(rows)  # pyright: ignore[reportAssignmentType]
    names = [name for name, role in part.roles.items() if role.used]
    if part.rows < FEW or not names:
        return []
    try:
        raw = part.raw_target()
        classes = infer_task(source) == "classification"
    except DataError:  # it is told where the target is prepared
        return []
    target = raw.factorize()[0] if classes else raw.values.astype(np.float64)
    if target.ndim > 1 or len(np.unique(target[:: max(1, len(target) // SAMPLE)])) < 2:
        return []
    found = {leak.column: leak for leak in _missing(part, names, target)} if classes else {}
    sample = _sample(target, classes, min(SAMPLE, max(2000, CELLS // len(names))))
    small = part.take(sample)
    judge = _judge_classes if classes else _judge_quantity
    judged = {name: judge(_codes(small, name), target[sample]) for name in names}
    judged = {name: score for name, score in judged.items() if score is not None}
    for leak in _too_good(small, judged, target[sample], classes):
        found.setdefault(leak.column, leak)
    return [found[name] for name in names if name in found]


def without_leaks(table: Any, leaks: Sequence[Leak]) -> Any:
    """The table with the accused columns set aside; each says why."""
    return table.set_aside(
        {
            leak.column: say(
                "column {name!r} is left out, as it may give the target away: {evidence}",
                name=leak.column,
                evidence=leak.evidence,
            )
            for leak in leaks
        }
    )


def _sample(target: np.ndarray, classes: bool, most: int) -> np.ndarray:
    """Rows to look at, sorted. Of a rare class all are taken, up to its equal share: an AUC does not mind."""
    rng = np.random.Generator(np.random.PCG64(0))
    if len(target) <= most:
        return np.arange(len(target))
    if not classes:
        return np.sort(rng.choice(len(target), most, replace=False))
    counts = np.bincount(target)
    kinds = int((counts > 0).sum())
    left, taken = most, []
    for done, kind in enumerate(np.argsort(counts, kind="stable")[len(counts) - kinds :]):
        own = np.flatnonzero(target == kind)
        share = left // (kinds - done)
        chosen = own if len(own) <= share else rng.choice(own, share, replace=False)
        taken.append(chosen)
        left -= len(chosen)
    return np.sort(np.concatenate(taken))


@dataclass(frozen=True, eq=False)
class _Column:
    """values (rows,): float64 with NaN where missing, for numbers; codes int64 for categories, 0 where missing."""

    values: np.ndarray
    numeric: bool


def _codes(table: Table, name: str) -> _Column:
    series = table.frame[name]
    if table.roles[name].role == "numeric":
        numbers, _ = parse_numbers(series)
        values = numbers.to_numpy().astype(np.float64)
        return _Column(np.where(np.isfinite(values), values, np.nan), True)
    import polars as pl

    codes = as_text(series).cast(pl.Categorical).to_physical().cast(pl.Int64) + 1
    return _Column(codes.fill_null(0).to_numpy(), False)


def _bins(column: _Column, learn: np.ndarray, target: np.ndarray | None) -> np.ndarray:
    """The bin of each row, from 0: each value its own where they are few, else by quantiles (of every class, so that
    a rare one does not drown in a bin)."""
    if not column.numeric:
        return column.values
    present = column.values[learn]
    there = ~np.isnan(present)
    distinct = np.unique(present[there])
    wanted = int(np.clip(len(learn) // (FULL_OF_QUANTITY if target is None else FULL), 4, BINS))
    if len(distinct) <= 4 * wanted:
        edges = (distinct[1:] + distinct[:-1]) / 2
    else:
        at = np.arange(wanted + 1) / wanted  # the ends too: where they part the classes, they do so exactly
        of_each = [present[there]]
        if target is not None:
            of_each = [present[there & (target[learn] == kind)] for kind in np.unique(target[learn])[:20]]
        edges = np.unique(np.concatenate([np.quantile(own, at) for own in of_each if len(own)]))
    return np.where(np.isnan(column.values), 0, np.searchsorted(edges, column.values, side="right") + 1)


def _halves(rows: int) -> tuple[np.ndarray, np.ndarray]:
    order = np.random.Generator(np.random.PCG64(1)).permutation(rows)
    return order[: rows // 2], order[rows // 2 :]


def _judge_classes(column: _Column, target: np.ndarray) -> tuple[float, int] | None:
    """The AUC of this column alone on the half that was not learned from: the mean over the classes, each against the
    rest; and the rows. None where no class has enough rows on both sides."""
    learn, hold = _halves(len(target))
    bins = _bins(column, learn, target)
    wide, kinds = int(bins.max()) + 1, int(target.max()) + 1
    if kinds > 100:
        return None
    seen = np.zeros((wide, kinds))
    np.add.at(seen, (bins[learn], target[learn]), 1)
    held = np.zeros((wide, kinds))
    np.add.at(held, (bins[hold], target[hold]), 1)
    prior = seen.sum(axis=0) / seen.sum()
    share = (seen + prior) / (
        seen.sum(axis=1, keepdims=True) + 1
    )  # (bins, kinds) of a bin, drawn a little to the usual
    areas = [
        _area(share[:, kind], held[:, kind], held.sum(axis=1) - held[:, kind])
        for kind in range(kinds)
        if FEW_OF_CLASS <= held[:, kind].sum() <= len(hold) - FEW_OF_CLASS
    ]
    return (float(np.mean(areas)), len(hold)) if areas else None


def _area(score: np.ndarray, positive: np.ndarray, negative: np.ndarray) -> float:
    """The area under the ROC curve of bins: the share of pairs in the right order, ties counting half."""
    _, level = np.unique(score, return_inverse=True)
    positive, negative = np.bincount(level, positive), np.bincount(level, negative)
    below = np.cumsum(negative) - negative
    return float((positive * (below + negative / 2)).sum() / (positive.sum() * negative.sum()))


def _judge_quantity(column: _Column, target: np.ndarray) -> tuple[float, int] | None:
    """The R² of the means of this column's bins on the half that was not learned from, and the rows.

    Of the target's rank, so that a few huge values decide nothing; or, if better, the squared correlation with the target.
    """
    like = _correlation(column, target)
    target = np.searchsorted(np.sort(target), target) / len(target)
    learn, hold = _halves(len(target))
    bins = _bins(column, learn, None)
    count = np.bincount(bins[learn], minlength=int(bins.max()) + 1)
    mean = target[learn].mean()
    guess = (np.bincount(bins[learn], target[learn], len(count)) + mean) / (count + 1)
    spread = ((target[hold] - target[hold].mean()) ** 2).sum()
    if spread == 0:
        return None
    left = 1 - ((target[hold] - guess[bins[hold]]) ** 2).sum() / spread
    return max(float(left), like**2), len(hold)


def _correlation(column: _Column, target: np.ndarray) -> float:
    there = ~np.isnan(column.values) if column.numeric else np.zeros(len(target), bool)
    values, wanted = column.values[there], target[there]
    if len(values) < FEW or values.std() == 0 or wanted.std() == 0:
        return 0.0
    return abs(float(np.corrcoef(values / np.abs(values).max(), wanted)[0, 1])) * len(values) / len(target)


def _too_good(table: Table, judged: dict[str, tuple[float, int]], target: np.ndarray, classes: bool) -> list[Leak]:
    """The columns that tell the target nearly perfectly while all others are far from it."""
    enough = AUC if classes else R2
    perfect = [name for name, (score, _) in judged.items() if score >= enough]
    others = [score for name, (score, _) in judged.items() if name not in perfect]
    found: list[Leak] = []
    for name, (score, rows) in judged.items():
        if name in perfect:
            far = not others or 1 - max(others) >= FARTHER * (1 - score)
            if far and len(perfect) <= max(1, len(judged) // 3):
                found.append(_perfect(table, name, score, rows, target, classes))
        elif classes and score >= COUNTED and _counts(table, name):
            told = say(
                "it counts the rows, and the order alone tells the class (AUC {score:.3f} on {rows:,} rows)",
                score=score,
                rows=rows,
            )
            found.append(Leak(name, "order", "auc", score, rows, told))
    return found


def _perfect(table: Table, name: str, score: float, rows: int, target: np.ndarray, classes: bool) -> Leak:
    column = _codes(table, name)
    if classes:
        if _renames(column, target):
            told = say(
                "it is the target under other names (AUC alone {score:.4f} on {rows:,} rows)", score=score, rows=rows
            )
            return Leak(name, "copy", "auc", score, rows, told)
        told = say(
            "alone it tells nearly every row's class (AUC {score:.4f} on {rows:,} rows; suspect from {least})",
            score=score,
            rows=rows,
            least=AUC,
        )
        return Leak(name, "alone", "auc", score, rows, told)
    if (like := _correlation(column, target)) >= COPY:
        told = say(
            "it is the target in another unit (correlation {like:.5f} over {rows:,} rows)", like=like, rows=len(target)
        )
        return Leak(name, "copy", "correlation", like, len(target), told)
    told = say(
        "alone it tells the target nearly exactly (R² {score:.4f} on {rows:,} rows; suspect from {least})",
        score=score,
        rows=rows,
        least=R2,
    )
    return Leak(name, "alone", "r2", score, rows, told)


def _renames(column: _Column, target: np.ndarray) -> bool:
    """Whether there are as many values as classes, and each goes with one."""
    distinct, codes = np.unique(np.nan_to_num(column.values), return_inverse=True)
    kinds = len(np.unique(target))
    if len(distinct) != kinds:
        return False
    both = np.zeros((kinds, int(target.max()) + 1))
    np.add.at(both, (codes.reshape(-1), target), 1)
    return both.max(axis=1).sum() >= 0.999 * len(target) and len(set(both.argmax(axis=1).tolist())) == kinds


def _counts(table: Table, name: str) -> bool:
    """Whether a column of whole numbers only goes up (or down) with the rows, hardly ever twice the same."""
    column = _codes(table, name)
    values = column.values
    if not column.numeric or np.isnan(values).any() or (values != np.round(values)).any():
        return False
    steps = np.diff(values)
    return bool(((steps >= 0).all() or (steps <= 0).all()) and (steps != 0).mean() >= 0.99)


def _missing(table: Table, names: Sequence[str], target: np.ndarray) -> list[Leak]:
    """The columns of which the rows that have a value, or those that lack one, are (nearly) all of one class."""
    found: list[Leak] = []
    total = np.bincount(target)
    names_of = table.raw_target().factorize()[1]
    for name in names:
        series = table.frame[name]
        gone = (series.is_null() | series.is_nan().fill_null(False)) if series.dtype.is_float() else series.is_null()
        missing = gone.to_numpy()
        if not missing.any():
            continue
        lack = np.bincount(target[missing], minlength=len(total))
        rest = np.maximum(len(target) - total, 1)
        apart = np.abs(lack / np.maximum(total, 1) - (lack.sum() - lack) / rest) / 2 + 0.5
        apart[(total < 2 * FEW_OF_CLASS) | (rest < 2 * FEW_OF_CLASS)] = 0
        if apart.max() >= ABSENT:
            kind = int(apart.argmax())
            told = say(
                "whether it is filled in tells the class: it is missing in {own:.1%} of the rows of {kind!r}, "
                "and in {other:.1%} of the others",
                own=lack[kind] / total[kind],
                kind=names_of[kind],
                other=(lack.sum() - lack[kind]) / rest[kind],
            )
            found.append(Leak(name, "missing", "auc", float(apart.max()), len(target), told))
            continue
        for side in (~missing, missing):
            counts = np.bincount(target[side], minlength=len(total))
            rows, kind = int(counts.sum()), int(counts.argmax())
            # Chance makes fifty rows of a class that has three quarters of them once in two million columns.
            if rows >= 50 and counts[kind] >= PURE * rows and total[kind] <= USUAL * len(target):
                pure, usual = counts[kind] / rows, total[kind] / len(target)
                facts: dict[str, Any] = {"rows": rows, "kind": names_of[kind], "pure": pure, "usual": usual}
                if side is missing:
                    told = say(
                        "where it is missing ({rows:,} rows), the class is {kind!r} in {pure:.1%} of them, "
                        "and in {usual:.1%} of all",
                        **facts,
                    )
                else:
                    told = say(
                        "where it is filled in ({rows:,} rows), the class is {kind!r} in {pure:.1%} of them, "
                        "and in {usual:.1%} of all",
                        **facts,
                    )
                found.append(Leak(name, "missing", "purity", float(pure), rows, told))
                break
    return found

"""The columns of a table as inputs of a network, each fitted on the training rows and written as readable JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina.data.date_column import DateColumn, date_from_json
from vitrina.data.likeness import likened
from vitrina.data.roles import as_text, parse_numbers
from vitrina.data.scaling import log_scale, robust_scale, spaced
from vitrina.data.table import Table, check_finite, check_strays
from vitrina.data.text_column import TextColumn, text_from_json
from vitrina.errors import DataError, ModelError
from vitrina.locale import say

if TYPE_CHECKING:
    import polars as pl

# Categories of a column with an input of their own, the most frequent ones: so many at most, and where there are many rows so many
# that they make no more than this many numbers, but always the first.
MOST_CATEGORIES, ROOM, ALWAYS = 1000, 20_000_000, 100
MOST_LIKENED = 10_000  # values that are no category; more of them are names, and no other way of writing a few
RARE_SHARE = 1 / 5000  # of the rows: a category of fewer is one of the rare ones


@dataclass(frozen=True)
class NumericColumn:
    """A number: clipped, standardised, the median where missing, as another input says if training had such rows.

    One from 0 up with a long tail (`log_unit` above 0) has its logarithm, standardised too, as an input of its own.
    """

    name: str
    low: float
    high: float
    centre: float
    spread: float
    median: float
    missing: bool
    log_unit: float = 0.0
    log_centre: float = 0.0
    log_spread: float = 0.0

    @property
    def input_names(self) -> tuple[str, ...]:
        value = (self.name,) * bool(self.spread) + (f"log {self.name}",) * bool(self.log_unit)
        return (*value, f"{self.name} is missing") if self.missing else value

    @property
    def quantities(self) -> int:
        """How many of the inputs are quantities, the first ones; the others are 0 or 1."""
        return bool(self.spread) + bool(self.log_unit)

    @property
    def informative(self) -> bool:
        return bool(self.input_names)

    @classmethod
    def fit(cls, table: Table, name: str) -> NumericColumn:
        numbers = _numbers(table, name)
        present = numbers.drop_nulls().to_numpy()
        if len(present) == 0:
            return cls(name, 0.0, 0.0, 0.0, 0.0, 0.0, False)
        low, high, centre, spread = robust_scale(present)
        if not np.isfinite(spread):
            raise DataError(
                say(
                    "{table}: the numbers of column {name!r} are too large to be scaled; divide them by a constant first",
                    table=table.name,
                    name=name,
                )
            )
        median = float(np.median(spaced(present)))
        return cls(
            name, low, high, centre, spread, median, numbers.has_nulls(),
            *log_scale(present, low, high, centre, spread),
        )  # fmt: skip

    def without_logarithm(self) -> NumericColumn:
        """The same column, seen as it is alone."""
        return replace(self, log_unit=0.0, log_centre=0.0, log_spread=0.0)

    def encode(self, table: Table, out: np.ndarray) -> None:
        """Writes the column into out, float32 (rows, inputs of this column), which holds zeros."""
        values = _all_there(table.frame[self.name])
        if values is None:
            numbers = _numbers(table, self.name, learned=table.whole is None)
            values = numbers.fill_null(self.median).to_numpy(writable=True)
            if self.missing:
                out[:, -1] = numbers.is_null().to_numpy()
        if self.spread:
            np.clip(values, self.low, self.high, out=values)
            if self.log_unit:
                out[:, 1] = (np.log1p(values / self.log_unit) - self.log_centre) / self.log_spread
            values -= self.centre
            values /= self.spread
            out[:, 0] = values

    def to_json(self) -> dict[str, Any]:
        return {"kind": "numeric", **asdict(self)}


@dataclass(frozen=True)
class CategoricalColumn:
    """A category: one input for each, one for all the rare ones of a column with many, one for missing.

    A value never seen in training counts as rare, or as nothing at all where training had no rare ones: an input that
    was always zero has learned no weight, and would only add noise. The same holds for missing values.
    """

    name: str
    categories: tuple[str, ...]
    other: bool
    missing: bool

    @property
    def input_names(self) -> tuple[str, ...]:
        own = tuple(f"{self.name} = {category}" for category in self.categories)
        return own + (f"{self.name} = (other)",) * self.other + (f"{self.name} is missing",) * self.missing

    @property
    def quantities(self) -> int:
        return 0

    @property
    def informative(self) -> bool:
        return len(self.input_names) > 1

    @classmethod
    def fit(cls, table: Table, name: str) -> CategoricalColumn:
        import polars as pl

        text = _text(table, name)
        counts = (
            text.drop_nulls().alias("value").value_counts(name="rows").sort(["rows", "value"], descending=[True, False])
        )
        most = max(ALWAYS, min(MOST_CATEGORIES, ROOM // max(1, table.rows)))
        kept = counts.filter(pl.col("rows") >= table.rows * RARE_SHARE).head(most)["value"].sort().to_list()
        return cls(name, tuple(kept), counts.height > len(kept), text.has_nulls())

    def encode(self, table: Table, out: np.ndarray) -> None:
        """Writes the column into out, float32 (rows, inputs of this column), which holds zeros."""
        import polars as pl

        text = self._likened(table)
        if self.categories:
            known = text.cast(pl.Enum(self.categories), strict=False)
            rows = np.flatnonzero(known.is_not_null().to_numpy())
            out[rows, known.drop_nulls().to_physical().to_numpy()] = 1
        else:
            known = text.clear(len(text))
        if self.other:
            out[:, len(self.categories)] = (known.is_null() & text.is_not_null()).to_numpy()
        if self.missing:
            out[:, -1] = text.is_null().to_numpy()

    def unknown(self, table: Table) -> pl.Series:
        """The values, as text, that have no input of their own: one for each such row."""
        text = self._likened(table).drop_nulls()
        return text.filter(~text.is_in(list(self.categories)))

    def _likened(self, table: Table) -> pl.Series:
        """The column as text, with values that surely mean a category written as it is."""
        text = _text(table, self.name)
        strange = text.filter(~text.is_in(list(self.categories))).unique().drop_nulls()
        if strange.len() == 0 or strange.len() > MOST_LIKENED:
            return text
        meant = likened(strange.to_list(), self.categories, table.frame[self.name].dtype.is_numeric())
        return text.replace(meant) if meant else text

    def to_json(self) -> dict[str, Any]:
        return {"kind": "categorical", **asdict(self), "categories": list(self.categories)}


Column = NumericColumn | CategoricalColumn | DateColumn | TextColumn


def fit_column(table: Table, name: str, role: str) -> Column:
    """The encoding of one column, from every row of the table given (the training part)."""
    kinds: dict[str, type[Column]] = {"numeric": NumericColumn, "date": DateColumn, "text": TextColumn}
    return kinds.get(role, CategoricalColumn).fit(table, name)


def column_from_json(data: dict[str, Any]) -> Column:
    kind = data.get("kind")
    if kind == "numeric":
        numbers = {key: float(data[key]) for key in ("low", "high", "centre", "spread", "median")}
        logs = {
            key: float(data.get(key, 0.0)) for key in ("log_unit", "log_centre", "log_spread")
        }  # older ones have none
        return NumericColumn(str(data["name"]), **numbers, missing=bool(data["missing"]), **logs)
    if kind == "categorical":
        categories = tuple(str(value) for value in data["categories"])
        return CategoricalColumn(str(data["name"]), categories, bool(data["other"]), bool(data["missing"]))
    if kind == "date":
        return date_from_json(data)
    if kind == "text":
        return text_from_json(data)
    raise ModelError(
        say("the data recipe has a kind of column this version does not know ({kind!r}); update Vitrina", kind=kind)
    )


def _all_there(column: pl.Series) -> np.ndarray | None:
    """A copy of a column of numbers of which none is missing or infinite, float64, as most are; None for any other."""
    if not column.dtype.is_numeric() or column.dtype.is_decimal() or column.null_count():
        return None
    values = column.to_numpy().astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        return values if np.isfinite(values.sum()) else None  # one that is not finite makes the sum so


def _numbers(table: Table, name: str, learned: bool = False) -> pl.Series:
    numbers, bad = parse_numbers(table.frame[name])
    if bad.any():
        check_strays(table, name, parse_numbers, learned=learned)
    check_finite(table, numbers)
    return numbers


def _text(table: Table, name: str) -> pl.Series:
    return as_text(table.frame[name])

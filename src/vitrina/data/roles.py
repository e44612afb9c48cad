"""What each column of a table looks like: numbers, categories, or something a network is better off without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

MISSING = ("", "?", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NAN", "-nan", "NULL", "null", "Null")
MISSING_NUMBER = (
    "None",
    "none",
    "-",
    "--",
    ".",
    "N.A.",
    "n.a.",
)  # in a column of numbers only: elsewhere they can be a category
USED = ("numeric", "categorical", "boolean")
ROLES = (*USED, "identifier", "text", "date", "constant", "unsupported", "aside")
OVERRIDES = ("numeric", "categorical")
YES_NO = ({"true", "false"}, {"yes", "no"}, {"y", "n"}, {"t", "f"}, {"si", "no"}, {"sí", "no"})
MOSTLY = (
    0.9  # the share of values from which a column counts as numbers (or dates, or all distinct) in spite of the rest
)
UNREAD = "which are not learned from yet; the rows can be divided by them"
FEW_ROWS = 20  # below this nearly every column has all its values distinct, which then says nothing


@dataclass(frozen=True)
class Role:
    """The part a column plays. `note` is a sentence for the user: why it is left out, or what to watch."""

    column: str
    role: str
    note: str = ""

    @property
    def used(self) -> bool:
        return self.role in USED


def infer_role(series: pl.Series) -> Role:
    """The role of one feature column, from all its values."""
    import polars as pl

    name, dtype = series.name, series.dtype
    present = series.drop_nulls().drop_nans() if dtype.is_float() else series.drop_nulls()
    if present.len() == 0:
        return Role(name, "constant", f"column {name!r} is left out: it has no values")
    if dtype == pl.Boolean:
        constant = present.len() == series.len() and present.all() == present.any()
        return _constant(name, present) if constant else Role(name, "boolean")
    if dtype.is_numeric():
        return _numeric_role(series, present)
    if dtype.is_temporal():
        return Role(
            name, "date", f"column {name!r} is left out: it holds dates or times, {UNREAD} (with --time {name})"
        )
    if dtype in (pl.String, pl.Categorical, pl.Enum):
        return _text_role(series.cast(pl.String), present.cast(pl.String))
    return Role(name, "unsupported", f"column {name!r} is left out: it holds {dtype} values, neither numbers nor text")


def _constant(name: str, present: pl.Series) -> Role:
    return Role(name, "constant", f"column {name!r} is left out: it is {present[0]!r} in every row")


def _numeric_role(series: pl.Series, present: pl.Series) -> Role:
    name = series.name
    if present.len() == series.len():
        if present.min() == present.max():
            return _constant(name, present)
        if series.dtype.is_integer() and series.len() >= FEW_ROWS and _counts_up(series):
            note = f"column {name!r} is left out: it only numbers the rows (keep it with --column {name}=numeric)"
            return Role(name, "identifier", note)
    return Role(name, "numeric")


def _counts_up(series: pl.Series) -> bool:
    import polars as pl

    first, last = series[0], series[-1]
    if last - first != series.len() - 1:  # cheap, and true of almost every column
        return False
    return bool((series.cast(pl.Int64).diff().drop_nulls() == 1).all())


def _text_role(series: pl.Series, present: pl.Series) -> Role:
    import polars as pl

    name = series.name
    if present.len() == series.len() and present.min() == present.max():
        return _constant(name, present)
    numbers, bad = parse_numbers(series)
    parsed = 1 - bad.sum() / present.len()
    if parsed >= MOSTLY:
        if is_code(series):
            return Role(name, "categorical", f"column {name!r} is taken as codes: some of its numbers begin with 0")
        if parsed < 1:
            note = f"column {name!r} holds numbers, but also {bad.sum()} values that are not"
            return Role(name, "numeric", note)
        whole = numbers.drop_nulls()
        if whole.len() == 0:  # 'None', '-' and the like throughout
            return Role(name, "constant", f"column {name!r} is left out: it has no values")
        if (whole == whole.round()).all() and whole.abs().max() < 2**53:
            numbers = numbers.cast(pl.Int64)
        return _numeric_role(numbers, numbers.drop_nulls())
    distinct = present.n_unique()
    if {value.lower() for value in present.head(1000).unique()} in YES_NO and distinct <= 4:
        return Role(name, "boolean")
    if (present.str.contains(r"^\d{4}-\d{1,2}-\d{1,2}|^\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}").mean() or 0) >= MOSTLY:
        return Role(
            name, "date", f"column {name!r} is left out: it holds dates or times, {UNREAD} (with --time {name})"
        )
    if present.len() >= FEW_ROWS:
        words = present.head(1000).str.count_matches(r"\S+").mean() or 0
        if distinct > present.len() / 2 and words >= 4:
            return Role(name, "text", f"column {name!r} is left out: it holds free text, which is not learned from yet")
        if distinct > MOSTLY * present.len():
            note = (
                f"column {name!r} is left out: nearly every row has its own (keep it with --column {name}=categorical)"
            )
            return Role(name, "identifier", note)
    return Role(name, "categorical")


def is_code(series: pl.Series) -> bool:
    """Whether a column of digits is written like 00420: a postcode or an account, whose zeros mean something."""
    return bool(series.str.contains(r"^-?0\d+$").any())


def parse_numbers(series: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Numbers (Float64, missing and NaN as null), and where there is a value that is no number (Boolean)."""
    import polars as pl

    dtype = series.dtype
    if dtype.is_numeric() or dtype == pl.Boolean or dtype == pl.Null:
        numbers = series.cast(pl.Float64).fill_nan(None)
        return numbers, pl.Series(series.name, [False], pl.Boolean).new_from_index(0, series.len())
    if dtype not in (pl.String, pl.Categorical, pl.Enum):
        return pl.Series(series.name, [None], pl.Float64).new_from_index(0, series.len()), series.is_not_null()
    text = series.cast(pl.String).str.strip_chars()
    numbers = text.cast(pl.Float64, strict=False)
    bad = numbers.is_null() & text.is_not_null()
    if bad.any():
        bad = bad & ~text.is_in([*MISSING, *MISSING_NUMBER])
    return numbers.fill_nan(None), bad


def as_text(series: pl.Series) -> pl.Series:
    """A column as the text of its categories: whole numbers without a point, so that 1, 1.0 and '1' are one."""
    import polars as pl

    if series.dtype.is_float():
        series = series.fill_nan(None)
        present = series.drop_nulls()
        if present.is_finite().all() and (present == present.round()).all() and (present.abs().max() or 0) < 2**53:
            series = series.cast(pl.Int64)
    if series.dtype == pl.Boolean:
        return series.cast(pl.String).str.to_titlecase()  # True and False, as Python and pandas write them
    if series.dtype in (pl.List, pl.Struct, pl.Object, pl.Binary, pl.Array):
        return pl.Series(series.name, [None if value is None else str(value) for value in series], pl.String)
    return series.cast(pl.String)

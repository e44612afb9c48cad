"""What each column of a table looks like: numbers, categories, or something a network is better off without."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitrina.locale import say

if TYPE_CHECKING:
    import polars as pl

MISSING = (
    *("", "?", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NAN", "-nan", "NULL", "null", "Null", "N/D", "n/d", "#N/D"),
    *("#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!"),  # what Excel writes where a formula failed,
    *("#¡DIV/0!", "#¡VALOR!", "#¡REF!", "#¿NOMBRE?", "#¡NUM!", "#¡NULO!"),  # and what it writes in Spain
)
# In a column of numbers only: elsewhere they can be a category.
MISSING_NUMBER = ("None", "none", "-", "--", ".", "N.A.", "n.a.", "N.D.", "n.d.", "ND", "nd", "S/D", "s/d")
WRITTEN = r"^[-+]?[$€£¥]?\s?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?\s?[$€£¥%]?$"  # $1,250.00, 12 %, 300 €
USED = ("numeric", "categorical", "boolean", "date", "text")
ROLES = (*USED, "identifier", "constant", "unsupported", "aside")
OVERRIDES = ("numeric", "categorical", "date", "text")
YES_NO = (
    *({"true", "false"}, {"yes", "no"}, {"y", "n"}, {"t", "f"}),
    *({"verdadero", "falso"}, {"si", "no"}, {"sí", "no"}, {"s", "n"}),
)
MOSTLY = (
    0.9  # the share of values from which a column counts as numbers (or dates, or all distinct) in spite of the rest
)
SAMPLE = 1000  # values looked at before all are
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
        return Role(name, "constant", say("column {name!r} is left out: it has no values", name=name))
    if dtype == pl.Boolean:
        constant = present.len() == series.len() and present.all() == present.any()
        return _constant(name, present) if constant else Role(name, "boolean")
    if dtype.is_numeric():
        return _numeric_role(series, present)
    if dtype.is_temporal():
        moments = present.to_physical()  # Python knows no year above 9999, and damaged files are full of them
        constant = present.len() == series.len() and moments.min() == moments.max()
        return _constant(name, present) if constant else Role(name, "numeric" if dtype == pl.Duration else "date")
    if dtype in (pl.String, pl.Categorical, pl.Enum):
        return _text_role(series.cast(pl.String), present.cast(pl.String))
    return Role(
        name,
        "unsupported",
        say("column {name!r} is left out: it holds {dtype} values, neither numbers nor text", name=name, dtype=dtype),
    )


def _constant(name: str, present: pl.Series) -> Role:
    return Role(
        name,
        "constant",
        say("column {name!r} is left out: it is {first} in every row", name=name, first=first_said(present)),
    )


def written(name: str, role: str) -> str:
    """What to type behind --column, in quotation marks where a shell needs them."""
    return shlex.quote(f"{name}={role}")


def first_said(series: pl.Series) -> str:
    """The first value of a column, for a sentence."""
    series = within_reach(series.head(1))
    if series.has_nulls():
        return say("a date outside the years 1 to 9999")
    first = series[0]
    return repr(first) if isinstance(first, str) else f"{first}"[:60]


def within_reach(series: pl.Series) -> pl.Series:
    """Dates as they are, but for those outside the years 1 to 9999, which become missing.

    Neither Python nor Polars' own formatting bears them, and a file with one bit flipped is full of them.
    """
    import polars as pl

    if series.dtype == pl.Date:
        day = 1
    elif isinstance(series.dtype, pl.Datetime):
        day = 86_400 * {"ms": 10**3, "us": 10**6, "ns": 10**9}[series.dtype.time_unit]
    else:
        return series
    lowest, highest = -719_162 * day, min(2_932_897 * day, 2**63) - 1  # 0001-01-01 and 10000-01-01 in days since 1970
    outside = ~series.to_physical().cast(pl.Int64).is_between(max(lowest, -(2**63)), highest).fill_null(True)
    return series.set(outside, None) if outside.any() else series


def _numeric_role(series: pl.Series, present: pl.Series) -> Role:
    name = series.name
    if present.len() == series.len():
        if present.min() == present.max():
            return _constant(name, present)
        if series.dtype.is_integer() and series.len() >= FEW_ROWS and _counts_up(series):
            note = say(
                "column {name!r} is left out: it only numbers the rows (keep it with --column {given})",
                name=name,
                given=written(name, "numeric"),
            )
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
            if present.len() >= FEW_ROWS and present.n_unique() > MOSTLY * present.len():
                return _of_its_own(name)
            return Role(
                name,
                "categorical",
                say("column {name!r} is taken as codes: some of its numbers begin with 0", name=name),
            )
        if parsed < 1:
            return Role(name, "numeric", strays_told(name, series, bad))
        values = numbers.drop_nulls().to_numpy()
        if len(values) == 0:  # 'None', '-' and the like throughout
            return Role(name, "constant", say("column {name!r} is left out: it has no values", name=name))
        if (values == np.round(values)).all() and np.abs(values).max() < 2**53:
            numbers = numbers.cast(pl.Int64)
        return _numeric_role(numbers, numbers.drop_nulls())
    distinct = present.n_unique()
    if {value.lower() for value in present.head(SAMPLE).unique()} in YES_NO and distinct <= 4:
        return Role(name, "boolean")
    if (dates := _date_role(name, present)) is not None:
        return dates
    if present.len() >= FEW_ROWS:
        words = present.head(SAMPLE).str.count_matches(r"\S+").mean() or 0
        if distinct > present.len() / 2 and words >= 4:
            return Role(name, "text")
        if distinct > MOSTLY * present.len():
            return _of_its_own(name)
    return Role(name, "categorical")


def _of_its_own(name: str) -> Role:
    note = say(
        "column {name!r} is left out: nearly every row has its own (keep it with --column {given})",
        name=name,
        given=written(name, "categorical"),
    )
    return Role(name, "identifier", note)


def _date_role(name: str, present: pl.Series) -> Role | None:
    """The role of a column of text that holds dates; None for any other."""
    from vitrina.data.dates import find_order, parse_dates

    some = present.head(SAMPLE)
    if (some.str.contains(r"\d.*[-/., ].*\d").mean() or 0) < MOSTLY or find_order(some)[1] < MOSTLY:
        return None
    order, _, guessed = find_order(present)
    bad = parse_dates(present, order)[1]
    if bad.sum() > (1 - MOSTLY) * present.len():
        return None
    if bad.any():
        return Role(name, "date", strays_told(name, present, bad, dates=True))
    if guessed:
        if order == "dmy":
            note = say(
                "column {name!r} is read day first, as every value could be; write 2024-12-31 to be sure", name=name
            )
        else:
            note = say(
                "column {name!r} is read month first, as every value could be; write 2024-12-31 to be sure", name=name
            )
        return Role(name, "date", note)
    return Role(name, "date")


def strays_told(name: str, series: pl.Series, bad: pl.Series, dates: bool = False) -> str:
    """The sentence for the few values among numbers, or dates, that are none."""
    found = series.filter(bad)
    told = {"name": name, "count": found.len(), "rows": series.len(), "first": first_said(found)}
    if dates:
        return say(
            "column {name!r} holds dates, but something else in {count:,} of {rows:,} rows, such as {first}; "
            "there it counts as missing",
            **told,
        )
    return say(
        "column {name!r} holds numbers, but something else in {count:,} of {rows:,} rows, such as {first}; "
        "there it counts as missing",
        **told,
    )


def is_code(series: pl.Series) -> bool:
    """Whether a column of digits is written like 00420: a postcode or an account, whose zeros mean something."""
    return bool(series.str.contains(r"^-?0\d+$").any())


def parse_numbers(series: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Numbers (Float64, missing and NaN as null), and where there is a value that is no number (Boolean).

    Thousands may be set off by commas, and a currency or % stand beside the number, where it is left out: 12 % is 12.
    """
    import polars as pl

    dtype = series.dtype
    if dtype == pl.Duration:
        return series.dt.total_microseconds() / 1e6, _nowhere(series)
    if dtype.is_numeric() or dtype == pl.Boolean or dtype == pl.Null:
        return _without_nan(series.cast(pl.Float64)), _nowhere(series)
    if dtype not in (pl.String, pl.Categorical, pl.Enum):
        return pl.Series(series.name, [None], pl.Float64).new_from_index(0, series.len()), series.is_not_null()
    text = series if series.dtype == pl.String else series.cast(pl.String)
    numbers = text.cast(pl.Float64, strict=False)
    if numbers.null_count() == text.null_count():  # numbers throughout, as most columns are: seven operations less
        return _without_nan(numbers), _nowhere(series)
    text = text.str.strip_chars()
    text = pl.select(
        pl.when(text.str.contains(WRITTEN)).then(text.str.replace_all(r"[,$€£¥%\s]", "")).otherwise(text)
    ).to_series()
    numbers = text.alias(series.name).cast(pl.Float64, strict=False)
    bad = numbers.is_null() & text.is_not_null()
    if bad.any():
        bad = bad & ~text.is_in([*MISSING, *MISSING_NUMBER])
    return numbers.fill_nan(None), bad


def _without_nan(numbers: pl.Series) -> pl.Series:
    total = numbers.sum()  # one NaN makes it NaN, and summing is ten times as fast as looking for one
    return numbers.fill_nan(None) if total != total else numbers


def _nowhere(series: pl.Series) -> pl.Series:
    """False for every row."""
    import polars as pl

    return pl.Series(series.name, [False]).new_from_index(0, series.len())


def as_text(series: pl.Series) -> pl.Series:
    """A column as the text of its categories: whole numbers without a point, so that 1, 1.0 and '1' are one."""
    import polars as pl

    if series.dtype.is_float():
        series = series.fill_nan(None)
        present = series.drop_nulls()
        if present.is_finite().all() and (present == present.round()).all() and (present.abs().max() or 0) < 2**53:
            series = series.cast(pl.Int64)
    if series.dtype == pl.Duration:
        series = series.to_physical()
    elif series.dtype.is_temporal():
        return within_reach(series).cast(pl.String)
    if series.dtype == pl.Boolean:
        return series.cast(pl.String).str.to_titlecase()  # True and False, as Python and pandas write them
    if series.dtype in (pl.List, pl.Struct, pl.Object, pl.Binary, pl.Array):
        return pl.Series(series.name, [None if value is None else str(value) for value in series], pl.String)
    return series.cast(pl.String)

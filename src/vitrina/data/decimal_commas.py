"""Numbers as most of Europe and America south of Mexico write them, 1.250,75: told by the columns of a file together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitrina.data.roles import MISSING_NUMBER, MOSTLY, SAMPLE

if TYPE_CHECKING:
    import polars as pl

BEFORE, AFTER = r"^[-+]?[$€£¥]?\s?", r"([eE][-+]?\d+)?\s?[$€£¥%]?$"
GROUPED = r"\d{1,3}(\.\d{3})+"  # 1.250
NUMBER = rf"{BEFORE}({GROUPED}|\d*),\d+{AFTER}"  # 1.250,75 €
PLAIN = rf"{BEFORE}(\d+|{GROUPED}){AFTER}"
SURE = rf"{BEFORE}({GROUPED},\d+|\d*,(\d{{1,2}}|\d{{4,}})|(0|\d{{4,}})?,\d{{3}}){AFTER}"  # no thousands of 1,250
POINTS = rf"{BEFORE}(\d{{1,3}}(,\d{{3}})+\.\d+|\d*\.(\d{{1,2}}|\d{{4,}})|(0|\d{{4,}})?\.\d{{3}}){AFTER}"  # no 1.250 of a thousand
THOUSANDS = rf"{BEFORE}([1-9]\d{{0,2}}(\.\d{{3}})*|0){AFTER}"
MILLIONS = rf"{BEFORE}[1-9]\d{{0,2}}(\.\d{{3}}){{2,}}{AFTER}"


def decimal_commas(frame: pl.DataFrame, expected: bool) -> list[str]:
    """The columns of text whose commas are decimal and whose points set off thousands.

    expected: the file separates with ';', as those do that write so; then any comma that can be decimal is. Otherwise one is
    that sets off no thousands, as in 3,5 or 1.250,75. Where a column is written so, the others of the file are, too, and 1.250 is
    one thousand and more. Where none is, a column is whose every point sets off thousands: 980, 1.250, and 1.250.000.
    """
    names = _marked(frame)
    found = [name for name in names if _throughout(frame[name], NUMBER if expected else SURE, f"{NUMBER}|{PLAIN}")]
    if found and not expected and any(_throughout(frame[name], POINTS, rf"{POINTS}|{PLAIN}") for name in names):
        return []  # both ways in one file: each column is left as it is written
    if found:
        return [name for name in names if _throughout(frame[name], rf"{NUMBER}|{GROUPED}", f"{NUMBER}|{PLAIN}")]
    return [name for name in names if _thousands(frame[name], expected)]


def with_points(frame: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    """1.250,75 -> 1250.75 in these columns, where 1.250 is one thousand and more; what stands beside a number stays."""
    import polars as pl

    for name in names:
        text = pl.col(name)
        converted = text.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
        frame = frame.with_columns(pl.when(text.str.contains(f"{NUMBER}|{PLAIN}")).then(converted).otherwise(text))
    return frame


def _marked(frame: pl.DataFrame) -> list[str]:
    """The columns with a comma or a point somewhere, asked all at once: of ten thousand columns most have none."""
    import polars as pl

    marked = frame.select(pl.all().str.contains("[.,]").any()).row(0) if frame.width else ()
    return [name for name, some in zip(frame.columns, marked, strict=True) if some]


def _throughout(column: pl.Series, some: str, every: str) -> bool:
    """Whether some value is written in the one way, and nearly all in the other."""
    present = _present(column)
    for looked_at in (present.head(SAMPLE), present):  # most columns are no such numbers, as their first values say
        if (looked_at.str.contains(every).mean() or 0) < MOSTLY:  # pyright: ignore[reportOperatorIssue]
            return False
    return bool(present.str.contains(some).any())


def _thousands(column: pl.Series, expected: bool) -> bool:
    """Whether every point sets off thousands for sure: two in some numbers, or, where it is expected, none in some."""
    present = _present(column)
    if not all(looked_at.str.contains(THOUSANDS).all() for looked_at in (present.head(SAMPLE), present)):
        return False
    grouped, millions = (present.str.contains(pattern) for pattern in (GROUPED, MILLIONS))
    return bool(grouped.any()) and not millions.all() and bool(millions.any() or (expected and not grouped.all()))


def _present(column: pl.Series) -> pl.Series:
    present = column.drop_nulls()
    return present.filter(~present.is_in(list(MISSING_NUMBER)))

"""Dates and times as people write them -> Polars datetimes in UTC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from vitrina.data.roles import MISSING, MISSING_NUMBER, within_reach

if TYPE_CHECKING:
    import polars as pl

Order = Literal["ymd", "dmy", "mdy"]
ORDERS: tuple[Order, ...] = ("ymd", "dmy", "mdy")
PLACES: dict[Order, tuple[str, str, str]] = {"ymd": ("a", "b", "c"), "dmy": ("c", "b", "a"), "mdy": ("c", "a", "b")}

# Three numbers, one of which may be a month's name; then perhaps a time of day, AM or PM, and a distance to UTC.
WRITTEN = (
    r"^(?P<a>\d{1,4}|\p{L}{3,10})\.?(?:[-/., ]{1,2}|\s+de\s+)(?P<b>\d{1,2}|\p{L}{3,10})\.?(?:[-/., ]{1,2}|\s+de\s+)(?P<c>\d{1,4})"
    r"(?:[T ,]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<part>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp])?(?:\.?[Mm]\.?)?)?\s*(?P<zone>Z|[A-Z]{3,4}|[+-]\d{2}(?::?\d{2})?)?(?:\[[\w/+-]+\])?$"
)
ZONES = {  # minutes ahead of UTC; CST, IST and the like mean several things
    **{"UTC": 0, "GMT": 0, "WET": 0, "WEST": 60, "CET": 60, "CEST": 120},
    **{"MET": 60, "MEST": 120, "EET": 120, "EEST": 180},
}
DIGITS = r"^(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})$"
MONTHS = {
    name: f"{number:02d}"
    for number, names in enumerate(
        ("jan ene", "feb", "mar", "apr abr", "may", "jun", "jul", "aug ago", "sep", "oct", "nov", "dec dic"), start=1
    )
    for name in names.split()
}
SAMPLE = 20_000  # values that decide whether the day or the month comes first
CENTURY = 70  # two digits of a year: 69 is 2069, 70 is 1970
SECONDS, MILLISECONDS = 10, 13  # digits of a count since 1970


def parse_dates(series: pl.Series, order: Order = "ymd") -> tuple[pl.Series, pl.Series]:
    """Datetimes (µs, UTC without saying so; missing as null), and where there is a value that is none (Boolean).

    Text: 2024-01-31, with / or . too, 31/01/2024 or 01/31/2024 as `order` says, 31-Jan-2024, each with or without a
    time. A year of four digits in front is always read as year, month, day. Whole numbers: 20240131, or seconds or
    milliseconds since 1970. A time of day alone is one of 1970-01-01.
    """
    import polars as pl

    nothing = pl.Series(series.name, [False]).new_from_index(0, series.len())
    if series.dtype.is_temporal() and series.dtype != pl.Duration:
        dates = _from_temporal(series)
        return dates, dates.is_null() & series.is_not_null()
    if series.dtype.is_numeric():
        series = series.cast(pl.Float64).fill_nan(None).cast(pl.Int64, strict=False)
        digits = series.cast(pl.String)
        dates = _from_digits(digits)
        return dates, dates.is_null() & digits.is_not_null()
    if series.dtype == pl.Null:
        return series.cast(pl.Datetime("us")), nothing
    if series.dtype not in (pl.String, pl.Categorical, pl.Enum):
        return pl.Series(series.name, [None], pl.Datetime("us")).new_from_index(0, series.len()), series.is_not_null()
    text = series.cast(pl.String).str.strip_chars()
    dates = _from_text(text, order)
    plain = text.str.contains(r"^\d{8}(\d{2}|\d{5})?$")
    if plain.any():
        dates = dates.zip_with(~plain.fill_null(False), _from_digits(text))
    bad = dates.is_null() & text.is_not_null()
    if bad.any():
        bad = bad & ~text.is_in([*MISSING, *MISSING_NUMBER])
    return dates.alias(series.name), bad


def find_order(series: pl.Series) -> tuple[Order, float, bool]:
    """The order of day, month and year in a column, the share of its values it can read, and whether it is a guess.

    Of long columns, SAMPLE values far and wide decide. A guess: every value could be read month first as well as day
    first. Then the one that does not change is the day; else AM and PM are taken for American, all else for day first.
    """
    import polars as pl

    if series.dtype not in (pl.String, pl.Categorical, pl.Enum):
        _, bad = parse_dates(series)
        return "ymd", 1 - int(bad.sum()) / max(1, series.len() - series.null_count()), False
    text = series.drop_nulls()
    text = text.gather_every(max(1, text.len() // SAMPLE)).cast(pl.String).unique()
    if text.len() == 0:
        return "ymd", 0.0, False
    read = {order: text.len() - int(parse_dates(text, order)[1].sum()) for order in ORDERS}
    order = max(ORDERS, key=lambda each: read[each])
    share = read[order] / text.len()
    if order == "ymd" or read["dmy"] != read["mdy"]:
        return order, share, False
    dates = {each: parse_dates(text, each)[0] for each in ORDERS}
    if dates["dmy"].equals(dates["mdy"]):  # the months have names
        return "dmy", share, False
    if dates["mdy"].dt.day().n_unique() == 1 < dates["dmy"].dt.day().n_unique():
        return "mdy", share, True
    american = text.str.contains(r"(?i)\d\s*[ap]\.?m\.?").any()
    return ("mdy" if american else "dmy"), share, True


def _from_temporal(series: pl.Series) -> pl.Series:
    import polars as pl

    if series.dtype == pl.Time:
        return series.cast(pl.Duration("us")).cast(pl.Int64).cast(pl.Datetime("us"))
    if isinstance(series.dtype, pl.Datetime) and series.dtype.time_zone is not None:
        series = within_reach(series).dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return within_reach(series).cast(pl.Datetime("us"))


def _from_digits(text: pl.Series) -> pl.Series:
    import polars as pl

    whole = text.cast(pl.Int64, strict=False)
    length = text.str.len_chars()
    day = text.str.to_datetime("%Y%m%d", strict=False, time_unit="us")
    since = pl.when(length == MILLISECONDS).then(whole * 1000).when(length == SECONDS).then(whole * 1_000_000)
    chosen = pl.when(length == 8).then(day).otherwise(since.cast(pl.Datetime("us")))
    return pl.select(chosen.alias(text.name)).to_series()


def _from_text(text: pl.Series, order: Order) -> pl.Series:
    import polars as pl

    fields = pl.DataFrame({"text": text}).select(pl.col("text").str.extract_groups(WRITTEN)).unnest("text")
    year, month, day = (pl.col(place) for place in PLACES[order])
    if order != "ymd":
        first = pl.col("a").str.len_chars() == 4
        year, month, day = (
            pl.when(first.fill_null(False) & pl.col("a").str.contains(r"^\d")).then(pl.col(place)).otherwise(other)
            for place, other in zip("abc", (year, month, day), strict=True)
        )
    if order != "ymd":  # a month's name says that it is the month, wherever it stands
        swapped = day.str.contains(r"^\p{L}")
        month, day = pl.when(swapped).then(day).otherwise(month), pl.when(swapped).then(month).otherwise(day)
    named = month.str.contains(r"^\p{L}")
    by_name = month.str.to_lowercase().str.slice(0, 3).replace_strict(MONTHS, default=None, return_dtype=pl.String)
    month = pl.when(named).then(by_name).otherwise(month.str.zfill(2))
    short = year.cast(pl.Int32, strict=False) + 1900
    short = pl.when(short < 1900 + CENTURY).then(short + 100).otherwise(short).cast(pl.String)
    whole = pl.when(year.str.len_chars() == 4).then(year)
    year = whole if order == "ymd" else whole.when(year.str.len_chars() == 2).then(short)
    hour = pl.col("hour").fill_null("0").cast(pl.Int32, strict=False)
    late, half = pl.col("half").str.to_lowercase() == "p", pl.col("half").is_not_null()
    hour = pl.when(half).then(hour % 12 + pl.when(late).then(12).otherwise(0)).otherwise(hour)
    time = [hour.cast(pl.String).str.zfill(2), pl.col("minute").fill_null("00"), pl.col("second").fill_null("00")]
    spelled = pl.concat_str(
        [
            pl.concat_str([year, month, day.str.zfill(2)], separator="-"),
            pl.concat_str(time, separator=":") + pl.lit(".") + pl.col("part").fill_null("0"),
        ],
        separator=" ",
    )
    zone = pl.col("zone").str.replace(":", "")
    minutes = zone.str.extract(r"^[+-](\d{2,4})$").str.pad_end(4, "0").cast(pl.Int64)
    minutes = (minutes // 100 * 60 + minutes % 100) * pl.when(zone.str.starts_with("-")).then(-1).otherwise(1)
    minutes = minutes.fill_null(zone.replace_strict(ZONES, default=None, return_dtype=pl.Int64))
    strange = zone.str.contains(r"^[A-Y]") & minutes.is_null()
    read = spelled.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", strict=False, time_unit="us")
    utc = pl.when(~strange.fill_null(False)).then(read - pl.duration(minutes=minutes.fill_null(0))).alias(text.name)
    return within_reach(fields.select(utc).to_series())

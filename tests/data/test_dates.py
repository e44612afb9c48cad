"""Dates as people write them, and as inputs of a network."""

# pyright: reportAttributeAccessIssue=false
# A test knows which kind of source it opened; the type says only that it is one.

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitrina import data
from vitrina.data.dates import find_order, parse_dates
from vitrina.data.unfamiliar import unfamiliar
from vitrina.errors import DataError

Write = Callable[..., Path]
MOMENT = datetime(2024, 1, 31, 15, 4, 5)


def fitted(values: object, rows: object = None, **choices: object):
    series = values if isinstance(values, pl.Series) else pl.Series(values)
    table = pl.DataFrame({"day": series, "label": ["a", "b"] * (len(series) // 2)})
    source = data.open_source(table, target="label", **choices)
    recipe = data.fit_recipe(source, rows)
    assert data.recipe_from_json(json.loads(json.dumps(recipe.to_json(), allow_nan=False))) == recipe
    return source, recipe


def test_a_zone_that_means_several_things_is_no_date() -> None:
    assert parse_dates(pl.Series(["2024-01-31 10:00 IST", "2024-01-31 10:00 UTC"]))[1].to_list() == [True, False]


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("2024-01-31", "ymd", datetime(2024, 1, 31)),
        ("2024/1/31", "ymd", datetime(2024, 1, 31)),
        ("2024-01-31T15:04:05", "ymd", MOMENT),
        ("2024-01-31 15:04:05.250", "ymd", MOMENT + timedelta(milliseconds=250)),
        ("2024-01-31T15:04:05Z", "ymd", MOMENT),
        ("2024-01-31T17:04:05+02:00", "ymd", MOMENT),
        ("2024-01-31T09:34:05-0530", "ymd", MOMENT),
        ("2024-01-31 17:04:05+02", "ymd", MOMENT),
        ("2024-01-31T17:04:05.000+02:00[Europe/Kyiv]", "ymd", MOMENT),
        ("31/01/2024 16:04:05 CET", "dmy", MOMENT),
        ("31/01/2024 17:04:05 CEST", "dmy", MOMENT),
        ("31/01/2024", "dmy", datetime(2024, 1, 31)),
        ("31.1.24", "dmy", datetime(2024, 1, 31)),
        ("31-12-70", "dmy", datetime(1970, 12, 31)),
        ("01/31/2024 3:04:05 PM", "mdy", MOMENT),
        ("01/31/2024 12:30 a.m.", "mdy", datetime(2024, 1, 31, 0, 30)),
        ("31-Jan-2024", "dmy", datetime(2024, 1, 31)),
        ("January 31, 2024", "mdy", datetime(2024, 1, 31)),
        ("31 de enero de 2024", "dmy", datetime(2024, 1, 31)),
        ("2024-01-31", "dmy", datetime(2024, 1, 31)),  # a year in front is unmistakable
        ("20240131", "ymd", datetime(2024, 1, 31)),
        ("1706713445", "ymd", MOMENT),
        ("1706713445000", "ymd", MOMENT),
    ],
)
def test_dates_as_people_write_them(text: str, order: str, expected: datetime) -> None:
    dates, bad = parse_dates(pl.Series([text]), order)
    assert (dates[0], bad[0]) == (expected, False)
    found, share, _ = find_order(pl.Series([text]))
    assert share == 1
    if order != "ymd" and not text[:4].isdigit():
        assert parse_dates(pl.Series([text]), found)[0][0] == expected


@pytest.mark.parametrize(
    "text", ["soon", "2024-02-30", "31/13/2024", "1.2.3", "24:00", "2024", "-", "12345", "2024-01-31 25:00"]
)
def test_what_is_no_date(text: str) -> None:
    for order in ("ymd", "dmy", "mdy"):
        dates, bad = parse_dates(pl.Series([text, None]), order)
        assert dates.to_list() == [None, None]
        assert bad.to_list() == [text != "-", False]


@given(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)), st.sampled_from(["ymd", "dmy", "mdy"]))
def test_any_moment_is_read_back(moment: datetime, order: str) -> None:
    pattern = {"ymd": "{:%m-%d}", "dmy": "{:%d/%m}", "mdy": "{:%m/%d}"}[order].format(moment)
    spelled = f"{moment.year:04d}-{pattern}" if order == "ymd" else f"{pattern}/{moment.year:04d}"
    dates, bad = parse_dates(pl.Series([f"{spelled} {moment:%H:%M:%S.%f}"]), order)
    assert (dates[0], bad[0]) == (moment, False)


@settings(max_examples=40)
@given(st.text(max_size=20) | st.from_regex(r"[0-9/.:+ TZapm-]{4,20}"))
def test_any_text_is_a_date_or_not(text: str) -> None:
    series = pl.Series([text, "2024-01-01"])
    for order in ("ymd", "dmy", "mdy"):
        parse_dates(series, order)
    find_order(series)


def test_day_or_month_first_is_found_in_the_column() -> None:
    assert find_order(pl.Series(["01/02/2024", "13/02/2024"])) == ("dmy", 1.0, False)
    assert find_order(pl.Series(["01/02/2024", "02/13/2024"])) == ("mdy", 1.0, False)
    assert find_order(pl.Series(["01/02/2024", "03/04/2024"])) == ("dmy", 1.0, True)
    assert find_order(pl.Series(["02/01/2024", "03/01/2024"])) == ("mdy", 1.0, True), "the first of each month"
    assert find_order(pl.Series(["02/03/2024 1:00 PM", "03/04/2024 2:00 PM"])) == ("mdy", 1.0, True)
    source = data.open_source({"day": [f"{1 + i % 12:02d}/{1 + i % 11:02d}/2024" for i in range(40)], "x": range(40)})
    assert "read day first" in source.roles["day"].note


def test_inputs_of_a_date_are_worked_out_by_hand() -> None:
    moments = [datetime(2024, 1, 1, 6) + timedelta(days=31 * i) for i in range(40)]
    source, recipe = fitted(moments, rows=np.arange(20))
    assert recipe.input_names == (
        "day: elapsed",
        *(f"day: {cycle} ({wave})" for cycle in ("weekday", "day", "month") for wave in ("sin", "cos")),
    )
    inputs = recipe.inputs(source)
    np.testing.assert_allclose(inputs[:20, 0].mean(), 0, atol=1e-6)
    np.testing.assert_allclose(inputs[:20, 0].std(), 1, rtol=1e-6)
    assert (inputs[20:, 0] == inputs[19, 0]).all(), "what comes after the training rows is held at their last"
    # 2024-01-01 is a Monday, the first day of the month and of the year: every turn begins
    np.testing.assert_allclose(inputs[0, 1:], [0, 1, 0, 1, 0, 1], atol=1e-7)
    thursday = 2 * np.pi * 3 / 7  # 31 days later: 1 February, a Thursday
    np.testing.assert_allclose(inputs[1, 1:3], [np.sin(thursday), np.cos(thursday)], atol=1e-6)
    np.testing.assert_allclose(inputs[1, 5:7], [np.sin(np.pi / 6), np.cos(np.pi / 6)], atol=1e-6)


def test_midnight_is_near_eleven_at_night() -> None:
    _, recipe = fitted([datetime(2024, 1, 1, i % 24) for i in range(48)])
    assert recipe.input_names == ("day: elapsed", "day: hour (sin)", "day: hour (cos)")
    late, early, noon = recipe.inputs(
        data.open_source({"day": ["2024-01-01 23:00", "2024-01-01 00:00", "2024-01-01 12:00"]})
    )
    assert np.hypot(*(late - early)[1:]) < 0.3 < 1.9 < np.hypot(*(noon - early)[1:])


def test_a_missing_date_is_in_the_middle_and_says_so() -> None:
    _, recipe = fitted([date(2024, 1, 1) + timedelta(days=i) if i % 5 else None for i in range(40)])
    assert recipe.input_names[-1] == "day is missing"
    inputs = recipe.inputs(data.open_source({"day": [None, "2024-01-03"]}))
    assert inputs[0].tolist() == [0] * (inputs.shape[1] - 1) + [1]
    assert inputs[1, -1] == 0


def test_one_moment_in_every_type_gives_the_same_inputs() -> None:
    days = [datetime(2024, 1, 1, 12) + timedelta(hours=7 * i) for i in range(40)]
    source, recipe = fitted(days)
    expected = recipe.inputs(source)
    here = pl.Series(days, dtype=pl.Datetime("ns"))
    for other in (
        pl.Series([f"{day:%Y-%m-%d %H:%M:%S}" for day in days]),
        pl.Series([f"{day:%Y-%m-%dT%H:%M:%S}Z" for day in days]),
        pl.Series([day.replace(tzinfo=UTC) for day in days]).dt.convert_time_zone("Asia/Tokyo"),
        here,
        here.cast(pl.Datetime("ms")),
        pl.Series([int(day.replace(tzinfo=UTC).timestamp()) for day in days]),
    ):
        np.testing.assert_array_equal(recipe.inputs(data.open_source(pl.DataFrame({"day": other}))), expected)


def test_roles_of_dates() -> None:
    source = data.open_source(
        {
            "iso": [f"2024-01-{1 + i % 28:02d}" for i in range(40)],
            "time": [time(i % 24) for i in range(40)],
            "same": [date(2024, 1, 1)] * 40,
            "gap": [timedelta(seconds=i) for i in range(40)],
            "version": [f"{i}.{i}.{i}" for i in range(40)],
            "ip": [f"10.0.{i}.1" for i in range(40)],
            "phone": [f"555-01-{1000 + i}" for i in range(40)],
            "yyyymmdd": [20240101 + i % 28 for i in range(40)],
            "label": ["a", "b"] * 20,
        },
        columns={"yyyymmdd": "date"},
        target="label",
    )
    assert {name: role.role for name, role in source.roles.items()} == {
        "iso": "date",
        "time": "date",
        "same": "constant",
        "gap": "numeric",
        "version": "identifier",
        "ip": "identifier",
        "phone": "identifier",
        "yyyymmdd": "date",
    }
    assert np.isfinite(data.fit_recipe(source).inputs(source)).all()
    assert "it is 2024-01-01 in every row" in source.roles["same"].note


def test_a_value_that_is_no_date_is_named(write: Write) -> None:
    rows = [f"2024-01-{1 + i % 28:02d},{'ab'[i % 2]}" for i in range(40)]
    rows[6] = "soon,a"
    path = write("day,label\n" + "\n".join(rows) + "\n")
    source = data.open_source(path, target="label")
    assert "something else in 1 of" in source.roles["day"].note
    assert data.fit_recipe(source).input_names[-1] == "day is missing"
    rows[9:20] = ["later,b"] * 11
    path = write("day,label\n" + "\n".join(rows) + "\n")
    with pytest.raises(
        DataError, match=r"data.csv, line 8: column 'day' holds dates, but here it says 'soon' \(and 11 more\); correct"
    ):
        data.fit_recipe(data.open_source(path, target="label", columns={"day": "date"}))
    _, recipe = fitted([date(2024, 1, 1 + i % 28) for i in range(40)])
    with pytest.raises(DataError, match=r"row 0: column 'day' holds dates, but here it says 3\.5"):
        recipe.inputs(data.open_source({"day": [3.5]}))
    assert data.open_source(path, columns={"day": "categorical"}).roles["day"].role == "categorical"


def test_the_ends_of_time() -> None:
    last = pl.Series("day", [date(9999, 12, 31), date(1, 1, 1), *[date(2024, 1, 1)] * 38])
    for series in (last, last.cast(pl.Datetime("us")), last.cast(pl.Datetime("ms")), last.cast(pl.String)):
        dates, bad = parse_dates(series)
        assert dates.to_list()[:2] == [datetime(9999, 12, 31), datetime(1, 1, 1)]
        assert not bad.any()
    assert parse_dates(pl.Series(["9999-12-31T23:00-05:00", "0001-01-01T00:00+05:00"]))[1].all()
    beyond = last.to_physical().cast(pl.Int32) + 1
    source, recipe = fitted([date(2024, 1, 1 + i % 28) for i in range(40)])
    other = data.open_source(pl.DataFrame({"day": beyond.cast(pl.Date)}))
    assert other.describe().columns[0].missing == 1 / 40
    assert np.isfinite(recipe.inputs(other)).all()
    assert "something else in 1 of 40 rows, such as a date outside the years 1 to 9999" in unfamiliar(recipe, other)[0]
    assert source.rows == 40


def test_dates_are_described() -> None:
    described = data.open_source(
        {"day": [date(2024, 1, 1) + timedelta(days=i) for i in range(40)], "x": range(40)}
    ).describe()
    column = described.columns[0]
    assert (column.role, column.first, column.last, sum(column.histogram)) == ("date", "2024-01-01", "2024-02-09", 40)

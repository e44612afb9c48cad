"""A source described: right in numbers, readable in a terminal, and never stopped by what is wrong."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from vitrina import data
from vitrina.data.render import BLOCKS, blocks, number


def shown(source: Any, width: int = 100) -> str:
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(source.describe())
    return console.export_text()


TABLE = pl.DataFrame(
    {
        "age": [None, *range(1, 100)],
        "sex": ["F", "M", "F", "F"] * 25,
        "member": [True, False] * 50,
        "name": [f"person {i}" for i in range(100)],
        "same": [1] * 100,
        "label": ["no"] * 98 + ["yes"] * 2,
    }
)


def test_a_table_in_numbers() -> None:
    described = data.open_source(TABLE, target="label").describe()
    columns = {column.name: column for column in described.columns}
    assert {name: column.role for name, column in columns.items()} == {
        "age": "numeric",
        "sex": "categorical",
        "member": "boolean",
        "name": "identifier",
        "same": "constant",
    }
    age = columns["age"]
    assert (age.missing, age.low, age.mean, age.high) == (0.01, 1, 50, 99)
    assert sum(age.histogram) == 99
    assert (columns["sex"].values, columns["sex"].histogram, columns["sex"].distinct) == (("F", "M"), (75, 25), 2)
    assert described.target is not None
    assert (described.target.task, described.target.classes) == ("classification", {"no": 98, "yes": 2})
    assert any("class 'yes'" in warning and "2.00%" in warning for warning in described.warnings)
    assert json.loads(json.dumps(described.to_json(), allow_nan=False)) == described.to_json()


def test_a_table_in_the_terminal() -> None:
    text = shown(data.open_source(TABLE, target="label"))
    assert "100 rows" in text
    for word in (
        "age",
        "numeric",
        "1.0%",
        "1 … 99",
        "mean 50",
        "F, M",
        "label, classification",
        "98.0%",
        "! column 'name'",
    ):
        assert word in text
    assert max(len(line) for line in shown(data.open_source(TABLE), 60).splitlines()) <= 60


def test_a_value_of_several_lines_is_shown_on_one() -> None:
    source = data.open_source({"said": ["good", "late,\nvery bad"] * 20, "y": ["a\nb", "c"] * 20}, target="y")
    lines = shown(source).splitlines()
    assert any("good, late, very bad" in line for line in lines)
    assert any(line.startswith("a b") for line in lines)


def test_images_and_arrays(write_images: Any) -> None:
    described = data.open_source("digits").describe()
    assert (described.kind, described.rows, described.shape) == ("images", 1797, (8, 8, 1))
    assert (described.columns[0].low, described.columns[0].high) == (0, 16)
    assert sum(described.target.classes.values()) == 1797
    assert "8 × 8 × 1" in shown(data.open_source("digits"))
    x = np.stack([np.arange(50.0), np.ones(50)], axis=1)
    described = data.open_source((x, np.arange(50) / 7)).describe()
    assert [column.role for column in described.columns] == ["numeric", "constant"]
    assert (described.target.task, described.target.low) == ("regression", 0)
    source = data.open_source(write_images({"a/0.png": np.zeros((4, 5)), "b/0.png": np.zeros((6, 5, 3))}))
    described = source.describe()
    assert (described.shape, described.columns[0].low, described.columns[0].high) == (None, 4, 6)
    assert "--image-size 4x5" in described.warnings[0]
    assert "class, classification" in shown(source)


def test_what_is_wrong_is_described_not_raised() -> None:
    source = data.open_source({"x": ["1", "2", "3", "oops"] + ["4"] * 40, "t": [None, *["a"] * 43]}, target="t")
    described = source.describe()
    assert described.target is None
    assert any("the target 't' is missing" in warning for warning in described.warnings)
    assert any("column 'x' holds numbers, but something else in 1 of" in warning for warning in described.warnings)
    assert "one class only" in str(data.open_source({"x": [1, 2], "t": ["a", "a"]}, target="t").describe().warnings)
    gaps = data.open_source({"x": [1, *[None] * 9], "y": [1, 2, *[None] * 8], "z": range(10)}).describe()
    assert gaps.warnings == ("column 'x' is missing in 90.0% of the rows, and 1 more in half of them or more",)
    many = data.open_source({f"column {i}": [1.0, 2.0] for i in range(200)})
    assert "and 140 more" in shown(many)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.none(), min_size=1, max_size=50))
def test_any_numbers_can_be_described(values: list[float | None]) -> None:
    described = data.open_source(pl.DataFrame({"x": values}, schema={"x": pl.Float64})).describe()
    assert sum(described.columns[0].histogram) == sum(value is not None for value in values)
    json.dumps(described.to_json(), allow_nan=False)


def test_years_are_written_as_years() -> None:
    frame = pl.DataFrame({"year": [1999 + n % 25 for n in range(100)], "km": [1500 + 99 * n for n in range(100)]})
    text = shown(data.open_source(frame))
    assert "1999 … 2023" in text
    assert "1,500 … 11,301" in text


def test_blocks_and_numbers() -> None:
    assert blocks((0, 1, 1000, 500)) == " " + BLOCKS[0] + BLOCKS[-1] + BLOCKS[4]
    assert blocks(()) == ""
    assert [number(value) for value in (None, 3.0, 0.12345, 1234567.8, -2.5)] == [
        "",
        "3",
        "0.1235",
        "1,234,568",
        "-2.5",
    ]


@pytest.mark.parametrize("rows", [1, 2])
def test_tiny_tables_can_be_described(rows: int) -> None:
    assert shown(data.open_source(TABLE[:rows], target="label"))

"""Columns that give the target away: each planted leak is found, and its healthy twin is not accused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vitrina import data
from vitrina.data.leaks import find_leaks, without_leaks
from vitrina.errors import DataError

ROWS = 2000
RNG = np.random.default_rng(5)
FRAUD = RNG.random(ROWS) < 0.1
PRICE = RNG.lognormal(3, 1, ROWS)
NOISE = {"x": RNG.normal(size=ROWS), "colour": RNG.choice(["red", "blue", "green"], ROWS).tolist()}
STRONG = FRAUD + RNG.normal(0, 0.35, ROWS)  # AUC .98 alone: as good as the best honest columns are
ORDER = np.argsort(FRAUD + RNG.normal(0, 0.25, ROWS))  # rows collected class by class, nearly


def shown(values: Any, where: Any) -> list[Any]:
    return [value if there else None for value, there in zip(values, where, strict=True)]


CLASSES: list[tuple[str, Any, Any]] = [  # the kind of leak, the leaked column, its healthy twin
    ("copy", ["stolen" if one else "fine" for one in FRAUD], RNG.choice(["stolen", "fine"], ROWS).tolist()),
    ("alone", FRAUD + RNG.uniform(0, 0.9, ROWS), STRONG),
    ("alone", [f"code {2 * n + one}" for one, n in zip(FRAUD, RNG.integers(0, 9, ROWS), strict=True)], NOISE["colour"]),
    ("missing", shown(RNG.normal(size=ROWS), FRAUD), shown(RNG.normal(size=ROWS), RNG.random(ROWS) < 0.3)),
    (
        "missing",
        shown(["x", "y"] * (ROWS // 2), FRAUD & (RNG.random(ROWS) < 0.5)),
        shown(["x", "y"] * (ROWS // 2), RNG.random(ROWS) < 0.02 + 0.1 * FRAUD),
    ),
]


@pytest.mark.parametrize(("kind", "leaked", "healthy"), CLASSES)
def test_a_leak_of_a_class_is_found_and_its_twin_is_not(kind: str, leaked: Any, healthy: Any) -> None:
    for column, expected in ((leaked, [("c", kind)]), (healthy, [])):
        source = data.open_source({**NOISE, "c": column, "y": FRAUD}, target="y")
        assert [(leak.column, leak.kind) for leak in find_leaks(source)] == expected


def test_a_counter_whose_order_tells_the_class() -> None:
    number = np.cumsum(RNG.integers(1, 4, ROWS))
    for y, expected in ((FRAUD[ORDER], ["order"]), (FRAUD, [])):
        source = data.open_source({"x": NOISE["x"], "number": number, "y": y}, target="y")
        assert [leak.kind for leak in find_leaks(source)] == expected


@pytest.mark.parametrize(
    ("kind", "leaked", "healthy"),
    [
        ("copy", PRICE * 0.92 - 3, PRICE * RNG.lognormal(0, 0.3, ROWS)),
        ("alone", np.log(PRICE) ** 3, np.log(PRICE) + RNG.normal(0, 0.3, ROWS)),
    ],
)
def test_a_leak_of_a_quantity_is_found_and_its_twin_is_not(kind: str, leaked: Any, healthy: Any) -> None:
    for column, expected in ((leaked, [("c", kind)]), (healthy, [])):
        source = data.open_source({**NOISE, "c": column, "y": PRICE}, target="y")
        assert [(leak.column, leak.kind) for leak in find_leaks(source)] == expected


def test_where_many_columns_tell_the_class_it_is_an_easy_table() -> None:
    label = RNG.integers(0, 3, ROWS)
    easy = {f"x{n}": label + RNG.uniform(0, 0.9, ROWS) for n in range(4)}
    assert find_leaks(data.open_source({**easy, "y": [f"kind {one}" for one in label]}, target="y")) == []


def test_few_rows_prove_nothing_and_only_the_training_rows_are_looked_at() -> None:
    table = data.open_source({**NOISE, "c": FRAUD.astype(int), "y": FRAUD}, target="y")
    assert [leak.column for leak in find_leaks(table)] == ["c"]
    assert find_leaks(table, np.arange(99)) == []
    mixed = np.where(np.arange(ROWS) < ROWS // 2, RNG.integers(0, 2, ROWS), FRAUD)  # leaks in the second half only
    half = data.open_source({**NOISE, "c": mixed, "y": FRAUD}, target="y")
    assert find_leaks(half, np.arange(ROWS // 2)) == []
    assert [leak.column for leak in find_leaks(half, np.arange(ROWS // 2, ROWS))] == ["c"]


def test_what_is_dropped_is_said_and_not_learned_from() -> None:
    source = data.open_source({**NOISE, "c": FRAUD.astype(int), "y": FRAUD}, target="y")
    leaks = find_leaks(source)
    clean = without_leaks(source, leaks)
    recipe = data.fit_recipe(clean)
    assert not any(name.startswith("c") and not name.startswith("colour") for name in recipe.input_names)
    assert recipe.warnings == (
        "column 'c' is left out, as it may give the target away: it is the target under other names "
        "(AUC alone 1.0000 on 1,000 rows)",
    )
    assert find_leaks(clean) == []
    assert leaks[0].warning in source.describe().warnings


@pytest.mark.parametrize("name", ["breast-cancer", "wine", "diabetes", "digits"])
def test_the_data_sets_that_come_along_are_not_accused(name: str) -> None:
    source = data.open_source(name)
    assert find_leaks(source, data.split(source).train) == []


@pytest.mark.parametrize(
    ("file", "columns"),
    [
        ("adult-train.csv:income", None),
        ("mammography.csv:class", None),
        ("sonar.csv:class", None),
        ("winequality-white.csv:quality", None),
        ("winequality-red.csv:quality", {"quality": "numeric"}),
        ("abalone.csv:rings", None),
        ("auto_imports.csv:price", None),
    ],
)
def test_real_tables_are_not_accused(file: str, columns: Any, real_data: Path) -> None:
    name, _, target = file.partition(":")
    source = data.open_source(real_data / "tables" / name, target=target, columns=columns)
    assert find_leaks(source, data.split(source).train) == []
    assert find_leaks(source) == []


def test_the_scenario_of_a_fraud_is_accused_and_nothing_else(real_data: Path) -> None:
    source = data.open_source(real_data / "fraud" / "fraud-2018-05.parquet", target="TX_FRAUD")
    assert [leak.column for leak in find_leaks(source)] == ["TX_FRAUD_SCENARIO"]


def test_other_planted_faults_are_told() -> None:
    empty = data.open_source({**NOISE, "empty": [None] * ROWS, "y": FRAUD}, target="y")
    assert any("'empty' is left out: it has no values" in warning for warning in data.fit_recipe(empty).warnings)
    constant = data.open_source({**NOISE, "y": ["no"] * ROWS}, target="y")
    assert find_leaks(constant) == []
    with pytest.raises(DataError, match="one class only"):
        data.fit_recipe(constant)
    shop = [*["red", "blue"] * 900, *["green"] * 200]  # green is first seen when it is tested on
    source = data.open_source({"x": NOISE["x"], "shop": shop, "y": FRAUD}, target="y")
    recipe = data.fit_recipe(source, rows=np.arange(1800))
    assert recipe.input_names == ("x", "shop = blue", "shop = red")
    assert recipe.inputs(source.take([1900]))[0, 1:].tolist() == [0, 0]

"""What is predicted: recognised, checked, and given back in the user's own words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import vitrina as vt
from vitrina import data
from vitrina.errors import DataError

Write = Callable[..., Path]


def table(target: Any, **choices: Any):
    frame = pl.DataFrame({"x": np.arange(len(target)) % 7, "t": target}, strict=False)
    return data.open_source(frame, target="t", **choices)


@pytest.mark.parametrize(
    ("target", "task", "classes", "kind"),
    [
        (["b", "a", "b", "c"] * 10, "classification", ("a", "b", "c"), "O"),
        ([True, False] * 20, "classification", ("False", "True"), "b"),
        ([1, -1, 0, 1] * 10, "classification", ("-1", "0", "1"), "i"),
        ([10, 9, 8, 7] * 10, "classification", ("7", "8", "9", "10"), "i"),
        (["10", "9", "9", "10"] * 10, "classification", ("9", "10"), "i"),
        ([0.0, 1.0] * 20, "classification", ("0", "1"), "i"),
        (["001", "010"] * 20, "classification", ("001", "010"), "O"),
        (list(range(40)), "regression", (), "f"),
        ([0.5, 1.5, 2.5, 2.5] * 10, "regression", (), "f"),
        (["0.5", "1.5"] * 20, "regression", (), "f"),
    ],
)
def test_the_task_and_the_labels(target: list[Any], task: str, classes: tuple[str, ...], kind: str) -> None:
    for source in (table(target), data.open_source((np.arange(40.0)[:, None], np.array(target)))):
        if source.kind == "arrays" and isinstance(target[0], str) and task == "regression":
            continue  # an array of text is text
        recipe = data.fit_recipe(source)
        assert recipe.task == data.infer_task(source) == task
        targets = recipe.targets(source)
        answers = recipe.decode(targets)
        if task == "regression":
            assert (targets.dtype, targets.shape, recipe.outputs) == (np.float32, (40, 1), 1)
            np.testing.assert_allclose([targets.mean(), targets.std()], [0, 1], atol=1e-6)
            np.testing.assert_allclose(answers, np.array(target, float), rtol=1e-5, atol=1e-5)
        elif source.kind == "table" or not isinstance(target[0], str):
            assert (targets.dtype, targets.shape, recipe.outputs) == (np.int64, (40,), len(classes))
            assert recipe.classes == classes
            assert answers.dtype.kind == kind
            assert [str(answer) for answer in answers] == [
                str(int(t)) if isinstance(t, float) else str(t) for t in target
            ]


def test_the_user_decides_the_task() -> None:
    quality = [3, 4, 5, 6] * 10
    assert data.fit_recipe(table(quality, columns={"t": "numeric"})).task == "regression"
    amounts = [0.5, 1.5, 2.5, 2.5] * 10
    recipe = data.fit_recipe(table(amounts, columns={"t": "categorical"}))
    assert recipe.classes == ("0.5", "1.5", "2.5")
    assert data.fit_recipe(table(quality), task="regression").task == "regression"


def test_several_quantities_at_once(rng: np.random.Generator) -> None:
    y = rng.normal(3, 2, (50, 3))
    source = data.open_source((rng.normal(size=(50, 2)), y))
    recipe = data.fit_recipe(source, rows=np.arange(30))
    targets = recipe.targets(source)
    assert (recipe.outputs, targets.shape) == (3, (50, 3))
    np.testing.assert_allclose(targets[:30].std(axis=0), 1, rtol=1e-5)
    np.testing.assert_allclose(recipe.decode(targets), y, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (["a"] * 40, "'t' has one class only, 'a'"),
        ([7] * 40, "one class only, '7'"),
        ([2.5] * 40, "'t' is 2.5 in every row"),
        (["a", None, "b", None] * 10, "row 1: the target 't' is missing (20 rows in all)"),
        ([1.5, float("nan")] * 20, "row 1: the target 't' is missing"),
        ([1.5, 2.5, float("inf"), 1.0] * 10, "row 2: the target column 't' is infinite"),
        (["1.5"] * 39 + ["unknown"], "row 39: column 't' holds numbers, but here it says 'unknown'"),
        ([f"name {i}" for i in range(40)], "40 different texts"),
        ([[1]] * 40, "must be numbers or text"),
    ],
)
def test_a_target_that_cannot_be_learned(target: list[Any], expected: str) -> None:
    with pytest.raises(DataError) as caught:
        data.fit_recipe(table(target))
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_target_is_found_by_its_line(write: Write) -> None:
    source = data.open_source(write("x,t\n1,a\n2,\n3,b\n"), target="t")
    with pytest.raises(DataError, match="line 3: the target 't' is missing"):
        data.fit_recipe(source)


def test_a_class_not_seen_in_training_is_named() -> None:
    recipe = data.fit_recipe(table(["a", "b"] * 20))
    with pytest.raises(DataError, match=r"row 2: class 'z' was not in the training data \(a, b\)"):
        recipe.targets(table(["a", "b", "z"]))
    with pytest.raises(DataError, match="predicts a number"):
        data.fit_recipe(table(list(range(40)))).targets(table(["a", "b"]))


def test_a_target_of_dates_or_of_names_of_rows_is_refused() -> None:
    days = [f"{1 + n % 28:02d}/{1 + n % 12:02d}/2024" for n in range(200)]
    with pytest.raises(DataError, match=r"the target 't' holds dates; .*--column t=categorical"):
        table(days).raw_target()
    assert data.infer_task(table(days, columns={"t": "categorical"})) == "classification"
    assert data.infer_task(table(["2024-01-01", "2024-02-01"] * 20)) == "classification"  # few dates are classes
    with pytest.raises(DataError, match="200 different texts in 200 rows"):
        table([f"{n:05d}" for n in range(200)]).raw_target()


def test_without_a_target_the_columns_are_listed() -> None:
    with pytest.raises(DataError, match=r"say which column to predict with --target \(it has x, y\)"):
        vt.train({"x": [1, 2] * 20, "y": [1, 2] * 20})


def test_one_hot_rows_are_classes(rng: np.random.Generator) -> None:
    codes = np.arange(60) % 3
    x, rows = rng.normal(size=(60, 2)), np.eye(3)[codes]
    source = data.open_source((x, rows))
    recipe = data.fit_recipe(source)
    assert recipe.target.names == ("0", "1", "2")
    np.testing.assert_array_equal(recipe.targets(source), codes)
    np.testing.assert_array_equal(recipe.targets(data.open_source((x, codes))), codes)
    np.testing.assert_array_equal(recipe.target.decode(codes), codes)
    for other in (rows * 0.5, rows + rows[:, ::-1], np.c_[rows[:, :2], 1.0 - rows[:, 0]]):
        assert data.infer_task(data.open_source((x, other))) == "regression"
    with pytest.raises(DataError, match="3 columns"):
        recipe.targets(data.open_source((x, rows * 0.5)))

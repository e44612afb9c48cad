"""Plain arrays and .npz files."""

# pyright: reportAttributeAccessIssue=false, reportPossiblyUnboundVariable=false, reportUnusedImport=false
# A test knows which kind of source it opened; the type says only that it is one.

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vitrina import data
from vitrina.data.arrays import hash_rows
from vitrina.errors import DataError, UsageError


def refusal(*given: Any, error: type[Exception] = DataError, **choices: Any) -> str:
    with pytest.raises(error) as caught:
        data.open_source(*given, **choices)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_columns_are_standardised_on_the_training_rows(rng: np.random.Generator) -> None:
    x = rng.normal(5, 3, (100, 4))
    x[:, 2] = 7
    source = data.open_source((x, rng.integers(0, 3, 100)))
    recipe = data.fit_recipe(source, rows=np.arange(60))
    inputs = recipe.inputs(source)
    assert (inputs.dtype, inputs.shape, recipe.input_shape) == (np.float32, (100, 4), (4,))
    np.testing.assert_allclose(inputs[:60].mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(inputs[:60, [0, 1, 3]].std(axis=0), 1, rtol=1e-5)
    assert (inputs[:, 2] == 0).all()
    assert data.recipe_from_json(json.loads(json.dumps(recipe.to_json()))) == recipe


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("shape", [(30, 5, 6), (30, 5, 6, 1), (30, 5, 6, 3)])
def test_images_are_standardised_by_channel(shape: tuple[int, ...], dtype: str, rng: np.random.Generator) -> None:
    x = rng.integers(0, 200, shape).astype(dtype)
    recipe = data.fit_recipe(data.open_source((x, np.arange(30) % 2)))
    inputs = recipe.inputs(data.open_source(x))
    assert recipe.input_shape == (5, 6, shape[3] if len(shape) == 4 else 1)
    np.testing.assert_allclose(inputs.mean(axis=(0, 1, 2)), 0, atol=1e-4)
    np.testing.assert_allclose(inputs.std(axis=(0, 1, 2)), 1, rtol=1e-4)
    assert data.recipe_from_json(json.loads(json.dumps(recipe.to_json()))) == recipe


@pytest.mark.parametrize(
    ("y", "classes", "targets"),
    [
        (np.array([0, 2, 2, 0]), ("0", "1", "2"), [0, 2, 2, 0]),
        (np.array([-1, 1, 1, -1]), ("-1", "1"), [0, 1, 1, 0]),
        (np.array(["b", "a", "a", "b"]), ("a", "b"), [1, 0, 0, 1]),
        (np.array([0.5, 2, 3, 4]), (), [[0.5], [2], [3], [4]]),
    ],
)
def test_the_identity_recipe_changes_nothing(y: np.ndarray, classes: tuple[str, ...], targets: list[Any]) -> None:
    x = np.arange(4 * 2 * 3, dtype=np.float32).reshape(4, 2, 3)
    source = data.open_source((x, y))
    recipe = data.identity_recipe(source)
    np.testing.assert_array_equal(recipe.inputs(source), x)
    np.testing.assert_array_equal(recipe.targets(source), targets)
    assert (recipe.classes, recipe.input_shape) == (classes, (2, 3))
    np.testing.assert_array_equal(recipe.decode(recipe.targets(source)), y)
    assert data.recipe_from_json(json.loads(json.dumps(recipe.to_json()))) == recipe
    with pytest.raises(DataError, match=r"give x\[None\]"):
        recipe.inputs(data.open_source(x[0]))


X = np.arange(12.0).reshape(4, 3)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((np.where(X == 7, np.nan, X), np.arange(4)), "x[2, 1] is NaN"),
        ((np.where(X == 7, np.inf, X), np.arange(4)), "x[2, 1] is infinite"),
        ((X, [0.5, np.nan, 1, 2]), "y[1] is NaN"),
        ((X, np.array(["a", None, "b", "a"], object)), "y[1] is missing"),
        ((X, [1, 2]), "x has 4 rows and y has 2"),
        ((X, np.ones((4, 2, 2))), "y has the shape (4, 2, 2)"),
        ((np.array([["a", "b"]] * 4), np.arange(4)), "give text columns as a table"),
        (([[1, 2], [3]], [0, 1]), "rows of different lengths"),
        ((np.empty((0, 3)), np.empty(0)), "holds no values"),
        (3.0, "a single number"),
    ],
)
def test_arrays_that_cannot_be_used(given: Any, expected: str) -> None:
    assert expected in refusal(given)


def test_arrays_have_no_columns_to_choose() -> None:
    assert "leave out --image-size" in refusal(X, image_size=(8, 8), error=UsageError)
    assert "give the target as y" in refusal(X, target="t", error=UsageError)


def test_taken_rows_remember_where_they_came_from() -> None:
    source = data.open_source((X, np.arange(4))).take([3, 1]).take([1])
    assert source.where(0) == "row 1"
    np.testing.assert_array_equal(source.x, X[[1]])


@pytest.mark.parametrize("names", [("x", "y"), ("X", "Y"), ("X", "y"), ("x_train", "y_train"), ("images", "labels")])
def test_npz_files_under_the_usual_names(names: tuple[str, str], tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **{names[0]: X, names[1]: np.arange(4)})
    source = data.open_source(tmp_path / "a.npz")
    np.testing.assert_array_equal(source.x, X)
    np.testing.assert_array_equal(source.y, np.arange(4))
    np.savez(tmp_path / "b.npz", x=X, spare=X)
    bare = data.open_source(tmp_path / "b.npz")
    assert not bare.has_target
    assert "not spare" in bare.warnings[0]


def test_npz_files_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, first=X)
    assert "no arrays called x and y (it has first)" in refusal(path)
    np.savez(path, x=np.array([{"code": 1}], object))
    assert "can run code" in refusal(path)
    np.savez(path, x=X, y=np.arange(4))
    whole = path.read_bytes()
    for size in (0, 10, len(whole) // 2, len(whole) - 5):
        path.write_bytes(whole[:size])
        assert "a.npz" in refusal(path)
    for place in range(0, len(whole), 7):  # a flipped bit is refused, or was in a part that nothing reads
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 16]) + whole[place + 1 :])
        try:
            source = data.open_source(path)
        except DataError:
            pass
        else:
            np.testing.assert_array_equal(source.x, X)
    with path.open("wb") as file:
        np.save(file, X)
    assert "single array" in refusal(path)


def test_equal_rows_have_equal_keys_and_others_do_not(rng: np.random.Generator) -> None:
    for rows in (rng.normal(size=(500, 3)), rng.integers(0, 255, (500, 7), np.uint8), rng.integers(0, 2, (64, 6)) == 1):
        twice = np.concatenate([rows, rows])
        keys = hash_rows(twice, seed=0)
        np.testing.assert_array_equal(keys[: len(rows)], keys[len(rows) :])
        assert len(np.unique(keys)) == len(np.unique(rows, axis=0))
    positive, negative = hash_rows(np.array([[0.0], [-0.0]]), seed=0)
    assert positive == negative

"""Images in a column of a table, as bytes or as paths: the same images that a folder of them would be."""

# pyright: reportAttributeAccessIssue=false
# A test knows which kind of source it opened; the type says only that it is one.

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image

from vitrina import data
from vitrina.errors import DataError, UsageError

Write = Callable[..., Path]


def encoded(pixels: np.ndarray, kind: str = "PNG") -> bytes:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, kind)
    return content.getvalue()


@pytest.fixture
def pixels(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 256, (6, 5, 4, 3)).astype(np.uint8)


LABELS = ["cat", "dog", "cat", "dog", "cat", "dog"]


def refusal(call: Callable[[], object], error: type[Exception] = DataError) -> str:
    with pytest.raises(error) as caught:
        call()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def forms(pixels: np.ndarray, folder: Path) -> dict[str, pl.DataFrame]:
    """One set of images in every form a column may have."""
    content = [encoded(each) for each in pixels]
    (folder / "pictures").mkdir()
    for i, each in enumerate(content):
        (folder / "pictures" / f"{i}.png").write_bytes(each)
    paths = [f"pictures/{i}.PNG" if i == 9 else f"pictures/{i}.png" for i in range(6)]
    both: list[Any] = [{"bytes": each, "path": None} for each in content[:3]]
    both += [{"bytes": None, "path": path} for path in paths[3:]]
    struct = pl.Struct({"bytes": pl.Binary, "path": pl.String})
    columns = {
        "bytes": pl.Series(content),
        "struct": pl.Series(both, dtype=struct),
        "paths": pl.Series(paths),
        "structs of paths": pl.Series([{"bytes": None, "path": path} for path in paths], dtype=struct),
    }
    return {
        name: pl.DataFrame({"image": column, "split": ["a"] * 6, "label": LABELS}) for name, column in columns.items()
    }


@pytest.mark.parametrize("ending", ["parquet", "arrow", "csv", "jsonl"])
def test_every_form_of_a_column_gives_the_same_images(pixels: np.ndarray, tmp_path: Path, ending: str) -> None:
    for name, frame in forms(pixels, tmp_path).items():
        if ending in ("csv", "jsonl") and name != "paths":
            continue
        path = tmp_path / f"{name}.{ending}"
        {"parquet": frame.write_parquet, "arrow": frame.write_ipc, "csv": frame.write_csv, "jsonl": frame.write_ndjson}[
            ending
        ](path)
        source = data.open_source(path, target="label")
        assert (source.kind, source.rows, source.target_name) == ("images", 6, "label")
        np.testing.assert_array_equal(source.pixels(), pixels)
        assert source.warnings == (f"only image and label of {path.name} are learned from, not split",)
        recipe = data.fit_recipe(source, rows=[0, 1, 2, 3])
        assert data.recipe_from_json(json.loads(json.dumps(recipe.to_json()))) == recipe
        assert (recipe.classes, recipe.target_name, recipe.input_shape) == (("cat", "dog"), "label", (5, 4, 3))
        again = data.open_source(path)  # without the target, as evaluate opens it
        assert not again.has_target
        np.testing.assert_array_equal(recipe.targets(again), [0, 1, 0, 1, 0, 1])
        np.testing.assert_array_equal(recipe.inputs(again.take([4, 1])), recipe.inputs(source)[[4, 1]])
        assert "--target" in refusal(lambda again=again: data.fit_recipe(again))
        assert source.describe().target.classes == {"cat": 3, "dog": 3}


def test_labels_are_whole_numbers_or_quantities_too(pixels: np.ndarray) -> None:
    frame = pl.DataFrame(
        {"image": [encoded(each) for each in pixels], "digit": [7, 0] * 3, "age": [1.5, 2, 3, 4, 5, 6]}
    )
    recipe = data.fit_recipe(source := data.open_source(frame, target="digit", drop=["age"]))
    np.testing.assert_array_equal(recipe.decode(recipe.targets(source)), [7, 0] * 3)
    assert data.fit_recipe(data.open_source(frame, target="age")).task == "regression"
    parts = data.split(data.open_source({**frame.to_dict(as_series=False)}, target="digit"), validation=0.3, test=0.3)
    assert sum(map(len, (parts.train, parts.validation, parts.test))) == 6


def test_where_an_image_is_wrong(pixels: np.ndarray, tmp_path: Path, write: Write) -> None:
    frame = forms(pixels, tmp_path)["bytes"]
    content = frame["image"].to_list()
    for bad, expected in (
        (content[2][:40], "row 2: the image cannot be read"),
        (b"hello", "row 2: the image cannot be read (it is in no format known)"),
        (None, "row 2: the image cannot be read (there is no image in this row)"),
    ):
        broken = frame.with_columns(pl.Series("image", [*content[:2], bad, *content[3:]]))
        source = data.open_source(broken, target="label")
        assert f"the table, {expected}" in refusal(lambda source=source: data.fit_recipe(source))
    path = write("image,label\npictures/0.png,a\npictures/99.png,b\n", "faces.csv")
    sentence = refusal(lambda: data.fit_recipe(data.open_source(path, target="label")))
    assert "faces.csv, line 3 (pictures/99.png): the image cannot be read (No such file or directory)" in sentence
    assert data.open_source(path).where(1) == "line 3 (pictures/99.png)"
    windows = write("image,label\npictures\\0.png,a\npictures\\1.png,b\n", "faces.csv")
    assert data.open_source(windows, target="label").where(1) == "line 3 (pictures/1.png)"
    missing = write("image,label\npictures/0.png,a\npictures/1.png,\n", "faces.csv")
    assert "line 3: the target 'label' is missing" in refusal(
        lambda: data.fit_recipe(data.open_source(missing, target="label"))
    )


def test_what_is_no_table_of_images(pixels: np.ndarray, tmp_path: Path, write: Write) -> None:
    frame = forms(pixels, tmp_path)["bytes"]
    two = frame.with_columns(pl.col("image").alias("thumbnail"))
    assert "columns 'image' and 'thumbnail' both hold images" in refusal(lambda: data.open_source(two))
    assert data.open_source(two, drop=["thumbnail"]).kind == "images"
    assert data.open_source(frame, drop=["image"]).kind == "table"
    lost = data.open_source(write("file,x\nnowhere/1.png,1\nnowhere/2.png,2\n"))
    assert lost.kind == "table"
    assert "names images, but there is no file" in lost.warnings[0]
    kept = data.open_source(write("file,x\npictures/1.png,1\n"), columns={"file": "categorical"})
    assert kept.kind == "table"
    assert data.open_source(pl.DataFrame({"key": [b"\x00\x01", b"\x02"], "x": [1, 2]})).kind == "table"
    assert "does not hold images" in refusal(lambda: data.open_source({"x": [1]}, image_size=(4, 4)), UsageError)
    assert data.open_source(frame, image_size=(2, 3)).pixels().shape == (6, 2, 3, 3)


def test_real_digits(real_data: Path) -> None:
    source = data.open_source(real_data / "mnist.parquet", target="label")
    assert (source.kind, source.rows) == ("images", 70_000)
    few = source.take(np.arange(200))
    recipe = data.fit_recipe(few)
    assert (recipe.input_shape, len(recipe.classes)) == ((28, 28, 1), 10)
    assert recipe.decode(recipe.targets(few))[:5].tolist() == [5, 0, 4, 1, 9]


def test_images_are_divided_by_the_other_columns_of_their_table(rng: np.random.Generator) -> None:
    """--split and --group name a column beside the images; a repeated image counts by its bytes, not by its columns."""
    from vitrina.data.splits import Division, prepare, split

    pictures = [encoded(each) for each in rng.integers(0, 256, (40, 5, 4)).astype(np.uint8)]
    pictures[39] = pictures[0]
    frame = pl.DataFrame(
        {
            "picture": pictures,
            "label": [row % 2 for row in range(40)],
            "part": ["train"] * 28 + ["test"] * 12,
            "patient": [row // 4 for row in range(40)],
        }
    ).with_columns(label=pl.when(pl.int_range(40) == 39).then(0).otherwise("label"))
    source = data.open_source(frame, target="label")
    named = Division(split="part")
    parts = split(prepare(source, named), 0, 0.2, 0.2, named)
    assert set(parts.test) == set(range(28, 39))  # the last repeats the first, which is learned from
    assert sorted([*parts.train, *parts.validation]) == list(range(28))
    assert 0 < len(parts.validation) < 10
    grouped = Division(group="patient")
    parts = split(prepare(source, grouped), 0, 0.2, 0.2, grouped)
    patients = [{int(row) // 4 for row in rows} for rows in (parts.train, parts.validation, parts.test)]
    assert all(patients)
    assert not (patients[0] & patients[1] | patients[0] & patients[2] | patients[1] & patients[2])
    assert "is not a table" in refusal(
        lambda: prepare(data.open_source((np.zeros((4, 3)), np.zeros(4))), named), UsageError
    )
    with pytest.raises(DataError, match="'nobody'"):
        prepare(source, Division(group="nobody"))

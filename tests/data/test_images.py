"""Folders of images: classes from folders, grey or colour from the files, and clear words for what is broken."""

# pyright: reportAttributeAccessIssue=false, reportPossiblyUnboundVariable=false, reportUnusedImport=false
# A test knows which kind of source it opened; the type says only that it is one.

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vitrina import data
from vitrina.data.images import Images
from vitrina.errors import DataError, UsageError

WriteImages = Callable[..., Path]


def refusal(call: Callable[[], object], error: type[Exception] = DataError) -> str:
    with pytest.raises(error) as caught:
        call()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def two_classes(rng: np.random.Generator, *shape: int, each: int = 4) -> dict[str, np.ndarray]:
    return {f"{name}/{i}.png": rng.integers(0, 256, shape, np.uint8) for name in ("cat", "dog") for i in range(each)}


@pytest.mark.parametrize(("shape", "channels"), [((6, 5), 1), ((6, 5, 3), 3)])
def test_pixels_and_classes(shape, channels: int, write_images: WriteImages, rng: np.random.Generator) -> None:
    images = two_classes(rng, *shape)
    source = data.open_source(write_images(images))
    assert isinstance(source, Images)
    assert (source.rows, source.target_name, source.where(5)) == (8, "class", "dog/1.png")
    np.testing.assert_array_equal(source.pixels(), np.stack(list(images.values())).reshape(8, 6, 5, channels))
    recipe = data.fit_recipe(source, rows=[0, 1, 4, 5])
    assert (recipe.classes, recipe.input_shape, recipe.outputs) == (("cat", "dog"), (6, 5, channels), 2)
    np.testing.assert_array_equal(recipe.targets(source), [0] * 4 + [1] * 4)
    seen = recipe.inputs(source)[[0, 1, 4, 5]]
    np.testing.assert_allclose(seen.mean(axis=(0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(seen.std(axis=(0, 1, 2)), 1, rtol=1e-5)
    assert data.recipe_from_json(json.loads(json.dumps(recipe.to_json()))) == recipe
    np.testing.assert_array_equal(recipe.inputs(source.take([6, 2])), recipe.inputs(source)[[6, 2]])


def test_grey_saved_as_colour_is_grey(write_images: WriteImages, rng: np.random.Generator) -> None:
    grey = two_classes(rng, 6, 5)
    folder = write_images({name: np.repeat(pixels[..., None], 3, axis=2) for name, pixels in grey.items()})
    source = data.open_source(folder)
    recipe = data.fit_recipe(source)
    assert recipe.input_shape == (6, 5, 1)
    same = data.fit_recipe(data.open_source(write_images(grey, "grey")))
    np.testing.assert_array_equal(recipe.inputs(source), same.inputs(source))


def test_every_mode_becomes_grey_or_colour(tmp_path: Path) -> None:
    ramp = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4
    rgba = np.dstack([ramp, ramp.T, ramp, np.where(ramp > 100, 255, 0)]).astype(np.uint8)
    modes = {
        "L": Image.fromarray(ramp),
        "1": Image.fromarray(ramp > 100),
        "I;16": Image.fromarray(ramp.astype(np.uint16) * 256),
        "RGBA": Image.fromarray(rgba),
        "P": Image.fromarray(rgba).quantize(16),
        "LA": Image.fromarray(np.dstack([ramp, ramp]), "LA"),
    }
    for mode, image in modes.items():
        folder = tmp_path / mode.replace(";", "")
        folder.mkdir()
        image.save(folder / "a.png")
        source = data.open_source(folder)
        pixels = source.pixels()
        assert pixels.shape == (1, 8, 8, 3 if mode in ("RGBA", "P") else 1), mode
        if mode in ("L", "I;16"):
            np.testing.assert_array_equal(pixels[0, ..., 0], ramp)
        if mode == "RGBA":
            assert (pixels[0][rgba[..., 3] == 0] == 255).all(), "what is transparent is white"


def test_a_photograph_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (8, 4)).save(tmp_path / "photos" / "a.jpg", exif=exif)
    assert data.open_source(tmp_path / "photos").pixels().shape == (1, 8, 4, 3)


def test_mixed_sizes_are_refused_until_one_is_chosen(write_images: WriteImages, rng: np.random.Generator) -> None:
    images = two_classes(rng, 6, 5)
    images["dog/3.png"] = rng.integers(0, 256, (7, 9), np.uint8)
    folder = write_images(images)
    sentence = refusal(lambda: data.fit_recipe(data.open_source(folder)))
    assert "cat/0.png is 6x5" in sentence
    assert "dog/3.png is 7x9" in sentence
    assert "--image-size" in sentence
    source = data.open_source(folder, image_size=(4, 4))
    recipe = data.fit_recipe(source)
    assert recipe.inputs(source).shape == (8, 4, 4, 1)
    assert recipe.inputs(data.open_source(folder)).shape == (8, 4, 4, 1), "prediction resizes as training did"
    assert "height and width" in refusal(lambda: data.open_source(folder, image_size=(4,)), UsageError)


def test_prediction_on_images_of_another_size(write_images: WriteImages, rng: np.random.Generator) -> None:
    recipe = data.fit_recipe(data.open_source(write_images(two_classes(rng, 6, 5))))
    other = data.open_source(write_images({"new.png": rng.integers(0, 256, (5, 6), np.uint8)}, "new"))
    sentence = refusal(lambda: recipe.inputs(other))
    assert "new.png is 5x6, but this model was trained on 6x5" in sentence
    single = data.open_source(write_images({"new.png": np.zeros((6, 5, 3))}, "one") / "new.png")
    assert recipe.inputs(single).shape == (1, 6, 5, 1)
    assert not single.has_target


def test_broken_bytes_are_named(write_images: WriteImages, rng: np.random.Generator) -> None:
    folder = write_images(two_classes(rng, 30, 30))
    broken = folder / "dog" / "2.png"
    whole = broken.read_bytes()
    for content in (b"", b"not an image", whole[:20], whole[: len(whole) // 2]):
        broken.write_bytes(content)
        sentence = refusal(lambda: data.fit_recipe(data.open_source(folder)))
        assert "dog/2.png: the image cannot be read" in sentence
        assert str(folder) not in sentence


def test_all_broken_images_are_named_at_once(write_images: WriteImages, rng: np.random.Generator) -> None:
    folder = write_images(two_classes(rng, 30, 30))
    broken = [folder / "cat" / "1.png", folder / "dog" / "0.png", folder / "dog" / "2.png"]
    whole = broken[0].read_bytes()
    for content in (b"a page instead of an image", whole[: len(whole) // 2]):
        for path in broken:
            path.write_bytes(content)
        sentence = refusal(lambda: data.fit_recipe(data.open_source(folder)))
        assert "3 images cannot be read, the first of them cat/1.png" in sentence
        assert "cat/1.png, dog/0.png, dog/2.png" in sentence
    for path in broken:
        path.unlink()
    source = data.open_source(folder)
    assert data.fit_recipe(source).inputs(source).shape[0] == source.rows


def test_folders_that_hold_no_classes(write_images: WriteImages, tmp_path: Path, rng: np.random.Generator) -> None:
    folder = write_images(two_classes(rng, 4, 4))
    (folder / "bird").mkdir()
    assert "the folder 'bird' holds no images" in refusal(lambda: data.open_source(folder))
    (folder / "bird").rmdir()
    (folder / "notes.txt").write_text("hello")
    (folder / ".hidden").write_text("hello")
    (warning,) = data.open_source(folder).warnings
    assert warning == f"notes.txt of {folder.name} is no image of a class and was passed over"
    (folder / "more.txt").write_text("hello")
    (warning,) = data.open_source(folder).warnings
    assert warning.startswith("2 files of ")
    assert "hidden" not in warning
    (tmp_path / "nothing").mkdir()
    assert "holds no images" in refusal(lambda: data.open_source(tmp_path / "nothing"))
    one = write_images({"cat/0.png": np.zeros((4, 4)), "cat/1.png": np.ones((4, 4))}, "one")
    assert "one class only, 'cat'" in refusal(lambda: data.fit_recipe(data.open_source(one)))
    flat = write_images({"0.png": np.zeros((4, 4))}, "flat")
    assert "a folder of its own" in refusal(lambda: data.fit_recipe(data.open_source(flat)))
    parts = write_images({f"{part}/cat/0.png": np.zeros((4, 4)) for part in ("train", "test")}, "parts")
    assert "divided into test, train" in refusal(lambda: data.open_source(parts))


def test_equal_files_stay_on_one_side(write_images: WriteImages, rng: np.random.Generator) -> None:
    images = two_classes(rng, 4, 4, each=30)
    images |= {name.replace("/", "/copy"): pixels for name, pixels in images.items()}
    source = data.open_source(write_images(images))
    parts = data.split(source, seed=3)
    originals = [
        {source.where(i).replace("copy", "") for i in part} for part in (parts.train, parts.validation, parts.test)
    ]
    assert not originals[0] & originals[1]
    assert not originals[0] & originals[2]
    assert not originals[1] & originals[2]

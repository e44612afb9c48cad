"""Tables of images that are too large to be held: the same pixels and labels as held, one sentence for what is damaged."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

import vitrina as vt
from vitrina.data.image_heap import Heap, streamed_images
from vitrina.data.open_stream import open_stream
from vitrina.data.source import open_source
from vitrina.errors import DataError, UsageError
from vitrina.feeds import ImageFeed
from vitrina.material import gather

ROWS = 600


def drawn(number: int) -> bytes:
    """A picture of its own whose upper half is bright where the number is odd."""
    pixels = np.random.default_rng(number).integers(0, 80, (12, 12), np.uint8)
    pixels[:6] += 120 * (number % 2)
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    labels = ["bright" if number % 2 else "dark" for number in range(ROWS)]
    return pl.DataFrame({"image": [drawn(number) for number in range(ROWS)], "label": labels})


@pytest.fixture(scope="module")
def path(frame: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("images") / "images.parquet"
    frame.write_parquet(file, row_group_size=250)
    return file


def test_bytes_come_back_as_they_were_laid_down() -> None:
    heap = Heap()
    heap.extend([b"one", None, b""])
    heap.extend([b"four"])
    heap.finish()
    assert [heap[place] for place in range(len(heap))] == [b"one", None, b"", b"four"]


def test_a_full_disk_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    full = "/dev/full"  # each write to it fails for lack of room
    if not Path(full).exists():
        pytest.skip("there is no /dev/full here")
    monkeypatch.setattr("vitrina.data.image_heap.tempfile.TemporaryFile", lambda **_: open(full, "wb", buffering=8))  # noqa: SIM115
    with pytest.raises(DataError, match=r"cannot be laid down in .*TMPDIR"):
        Heap().extend([b"an image"])


@pytest.mark.parametrize("kind", ["bytes", "struct", "paths", "folder"])
def test_streamed_images_are_those_that_would_be_held(kind: str, frame: pl.DataFrame, tmp_path: Path) -> None:
    file = tmp_path / "own.parquet"
    if kind == "struct":
        frame = frame.with_columns(
            pl.struct(pl.col("image").alias("bytes"), pl.lit(None, pl.String).alias("path")).alias("image")
        )
    if kind == "paths":
        file = tmp_path / "own.csv"
        frame = frame[:40]
        for number, content in enumerate(frame["image"]):
            (tmp_path / f"{number}.png").write_bytes(content)
        frame = frame.with_columns(image=pl.Series([f"{number}.png" for number in range(40)]))
        frame.write_csv(file)
    elif kind == "folder":
        (tmp_path / "parts").mkdir()
        file = tmp_path / "parts"
        for part in range(3):
            frame[200 * part : 200 * (part + 1)].write_parquet(file / f"{part}.parquet")
    else:
        frame.write_parquet(file, row_group_size=250)
    found = streamed_images(open_stream(file, target="label"), tmp_path, None)
    held = open_source(file, target="label")
    assert found is not None
    assert np.array_equal(found.pixels(), held.pixels())  # pyright: ignore[reportAttributeAccessIssue]
    assert np.array_equal(found.raw_target().names, held.raw_target().names)
    assert np.array_equal(found.group_keys(), held.group_keys())
    assert found.where(7) == ("row 7 (7.png)" if kind == "paths" else held.where(7))


def test_a_table_of_numbers_is_no_images(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1.0, 2.0], "y": [0, 1]}).write_parquet(tmp_path / "numbers.parquet")
    assert streamed_images(open_stream(tmp_path / "numbers.parquet", target="y"), tmp_path, None) is None
    with pytest.raises(UsageError, match="does not hold images; leave out --image-size"):
        gather(tmp_path / "numbers.parquet", "y", None, None, 0.1, 0, None, (), (8, 8), stream=True)


def test_images_in_a_table_are_decoded_while_they_are_learned_from(path: Path) -> None:
    material = gather(path, "label", None, None, 0.15, 0, None, (), None, stream=True)
    assert isinstance(material.feed, ImageFeed)
    model = vt.train(path, "label", stream=True, epochs=3, engine="numpy", progress=False, learning_rate=3e-3)
    assert model.settings["stream"]
    assert model.measured["test"]["accuracy"] > 0.9


def test_a_table_whose_images_would_not_fit_is_streamed_by_itself(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vitrina.memory.memory_available", lambda: 4 * path.stat().st_size)
    assert isinstance(gather(path, "label", None, None, 0.15, 0, None, (), None, stream=None).feed, ImageFeed)
    assert gather(path, "label", None, None, 0.15, 0, None, (), None, stream=False).feed is None


def test_a_damaged_image_far_down_is_named(frame: pl.DataFrame, tmp_path: Path) -> None:
    content = frame["image"].to_list()
    content[431] = content[431][:40]
    frame.with_columns(image=pl.Series(content)).write_parquet(tmp_path / "damaged.parquet", row_group_size=100)
    with pytest.raises(DataError, match=r"damaged\.parquet, row 431: the image cannot be read"):
        vt.train(tmp_path / "damaged.parquet", "label", stream=True, epochs=1, engine="numpy", progress=False)


def test_two_columns_of_images_are_refused(frame: pl.DataFrame, tmp_path: Path) -> None:
    frame.with_columns(again=pl.col("image")).write_parquet(tmp_path / "two.parquet")
    with pytest.raises(DataError, match="'image' and 'again' both hold images; leave one out with --drop"):
        streamed_images(open_stream(tmp_path / "two.parquet", target="label"), tmp_path, None)

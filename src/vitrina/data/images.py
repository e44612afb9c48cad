"""A folder of images with one folder per class, or images without classes to predict on."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from vitrina.data.image_files import FolderFiles
from vitrina.data.parts import other_tables, tables_inside
from vitrina.data.pixels import PixelStore
from vitrina.data.target import RawTarget
from vitrina.data.words import place_name
from vitrina.errors import DataError, UsageError
from vitrina.locale import say

if TYPE_CHECKING:
    from vitrina.data.describe import Description
    from vitrina.data.table import Table

PARTS = ("train", "training", "test", "testing", "val", "valid", "validation")


class Labels(Protocol):
    """What each image shows."""

    @property
    def name(self) -> str | None:
        """What the target is called; None where it has not been chosen."""
        ...

    def raw(self, indices: np.ndarray, name: str | None) -> RawTarget:
        """The target of these images. Raises DataError where it is missing or has not been chosen."""
        ...

    def keys(self, indices: np.ndarray) -> np.ndarray:
        """uint64 (len(indices),), equal for equal targets."""
        ...


@dataclass(frozen=True, eq=False)
class FolderLabels:
    """Classes from folders: `codes` (all files,) are places in `class_names`."""

    codes: np.ndarray
    class_names: tuple[str, ...]
    name: str = "class"

    def raw(self, indices: np.ndarray, name: str | None) -> RawTarget:
        return RawTarget("text", self.codes[indices], self.class_names)

    def keys(self, indices: np.ndarray) -> np.ndarray:
        return self.codes[indices].astype(np.uint64)


@dataclass(frozen=True, eq=False)
class Images:
    """Encoded images, decoded when a recipe asks for their pixels and kept from then on; parts taken of it share what is
    decoded.

    `indices` (rows,) are places in `store.files` and in `labels`.
    """

    store: PixelStore
    indices: np.ndarray
    labels: Labels | None
    name: str
    image_size: tuple[int, int] | None = None
    warnings: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        return "images"

    @property
    def rows(self) -> int:
        return len(self.indices)

    @property
    def has_target(self) -> bool:
        return self.target_name is not None

    @property
    def target_name(self) -> str | None:
        return None if self.labels is None else self.labels.name

    def where(self, row: int) -> str:
        """The file of a row, relative to the folder; for images in a table, the row or line."""
        return self.store.files[int(self.indices[row])]

    def take(self, rows: Any) -> Images:
        """The images of these rows, in this order. rows: integers (n,)."""
        return replace(self, indices=self.indices[np.asarray(rows, np.int64)])

    def raw_target(self, name: str | None = None) -> RawTarget:
        """The folder each image lies in, or a column of their table. Raises DataError where there is neither."""
        if self.labels is None:
            raise DataError(
                say(
                    "{source}: the images have no classes; put those of each class in a folder of its own",
                    source=self.name,
                )
            )
        return self.labels.raw(self.indices, name)

    @property
    def beside(self) -> Table | None:
        """The other columns of the table that the images come from, for these rows; None for a folder."""
        table = getattr(self.labels, "table", None)
        return None if table is None else table.take(self.indices)

    def group_keys(self) -> np.ndarray:
        """uint64 (rows,), equal for images with the same bytes and the same target."""
        keys = self.store.hashes(self.indices)
        return keys if self.labels is None else keys + self.labels.keys(self.indices)

    def pixels(
        self, size: tuple[int, int] | None = None, channels: int | None = None, resize: bool = False
    ) -> np.ndarray:
        """uint8 (rows, height, width, channels); the size, and grey or RGB, are those of the images unless they are
        given.

        Images of another size are resized where `resize`, or the image_size of the source, says so; otherwise
        DataError.
        """
        if size is None and (size := self.image_size) is not None:
            resize = True
        heights, widths, grey = self.store.shapes(self.indices)
        if size is None:
            (size, _), *others = Counter(zip(heights.tolist(), widths.tolist(), strict=True)).most_common()
            if others:
                usual = int(np.argmax((heights == size[0]) & (widths == size[1])))
                raise DataError(
                    say(
                        "{name}: the images have different sizes ({usual}, {other}); "
                        "give one size for all with --image-size HEIGHTxWIDTH",
                        name=self.name,
                        usual=self._sized(usual),
                        other=self._odd(size),
                    )
                )
        elif not resize and ((heights != size[0]) | (widths != size[1])).any():
            raise DataError(
                say(
                    "{name}: {odd}, but this model was trained on {height}x{width} (height x width); "
                    "resize it, or train with --image-size",
                    name=self.name,
                    odd=self._odd(size),
                    height=size[0],
                    width=size[1],
                )
            )
        channels = channels or (1 if grey.all() else 3)
        return self.store.decode(self.indices, size, channels)

    def _sized(self, row: int) -> str:
        heights, widths, _ = self.store.shapes(self.indices[row : row + 1])
        return say("{where} is {height}x{width}", where=place_name(self.where(row)), height=heights[0], width=widths[0])

    def _odd(self, size: tuple[int, int]) -> str:
        heights, widths, _ = self.store.shapes(self.indices)
        return self._sized(int(np.argmax((heights != size[0]) | (widths != size[1]))))

    def describe(self) -> Description:
        """Sizes, colours, images per class and warnings."""
        from vitrina.data.describe import describe_images

        return describe_images(self)


def open_folder(folder: Path, image_size: Sequence[int] | None = None) -> Images:
    """The images under a folder, whose sub-folders are the classes; without sub-folders, images without classes.

    Files that are no images by their ending, and hidden ones, are passed over with a warning. Raises DataError for an
    empty folder.
    """
    image_size = checked_size(image_size)
    name = folder.name or str(folder)
    folders = sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    files, labels, ignored = [], [], []
    for label, class_name in enumerate(folders):
        found, others = _images_under(folder, class_name)
        ignored += others
        if not found:
            raise DataError(
                tables_inside(folder)
                or say(
                    "{name}: the folder {inside!r} holds no images; put the images of that class there or remove it",
                    name=name,
                    inside=class_name,
                )
            )
        files += found
        labels += [label] * len(found)
    loose, others = _images_under(folder, "", deep=False)
    if folders:
        ignored += loose + others
        parts = [part for part in folders if part.lower() in PARTS]
        if len(parts) == len(folders) and any(entry.is_dir() for part in parts for entry in (folder / part).iterdir()):
            raise DataError(
                say(
                    "{name}: it is divided into {parts}, not into classes; give one of them, such as {first}",
                    name=name,
                    parts=", ".join(parts),
                    first=folder / parts[0],
                )
            )
    else:
        files, ignored = loose, ignored + others
    if not files:
        raise DataError(
            other_tables(folder)
            or say("{name}: the folder holds no images; it needs one folder of images for each class", name=name)
        )
    warnings = ()
    if ignored:
        warnings = (
            say("{first} of {name} is no image of a class and was passed over", name=name, first=ignored[0])
            if len(ignored) == 1
            else say(
                "{count} files of {name} are no images of a class and were passed over, such as {first}",
                count=len(ignored),
                name=name,
                first=ignored[0],
            ),
        )
    return Images(
        PixelStore(FolderFiles(folder, tuple(files))),
        np.arange(len(files)),
        FolderLabels(np.array(labels, np.int64), tuple(folders)) if folders else None,
        name,
        image_size,
        warnings,
    )


def open_image(path: Path, image_size: Sequence[int] | None = None) -> Images:
    """One image file, without a class."""
    files = FolderFiles(path.parent, (path.name,))
    return Images(PixelStore(files), np.arange(1), None, path.name, checked_size(image_size))


def image_endings() -> frozenset[str]:
    """The endings that Pillow can read, such as '.png'."""
    from PIL import Image

    Image.init()
    return frozenset(
        ending
        for ending, kind in Image.registered_extensions().items()
        if kind in Image.OPEN and kind not in _NOT_IMAGES
    )


_NOT_IMAGES = (
    "PDF",
    "MPEG",
    "HDF5",
    "EPS",
)  # Pillow lists them, but can read them not at all or only with another program


def _images_under(folder: Path, inside: str, deep: bool = True) -> tuple[list[str], list[str]]:
    endings = image_endings()
    images, others = [], []
    for where, subfolders, names in os.walk(folder / inside):
        subfolders[:] = sorted(sub for sub in subfolders if deep and not sub.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and name != "Thumbs.db":
                path = os.path.relpath(os.path.join(where, name), folder)
                (images if os.path.splitext(name)[1].lower() in endings else others).append(path)
    return images, others


def checked_size(size: Sequence[int] | None) -> tuple[int, int] | None:
    """(height, width), if any. Raises UsageError for anything but two whole numbers above 0."""
    if size is None:
        return None
    if len(size) != 2 or any(int(side) != side or side < 1 for side in size):
        raise UsageError(say("the image size must be two whole numbers, height and width, not {size!r}", size=size))
    return int(size[0]), int(size[1])

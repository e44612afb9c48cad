"""Encoded images -> pixels, in threads (Pillow decodes outside Python's lock), each file once."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO

import numpy as np

from vitrina.data.image_files import ImageFiles
from vitrina.data.words import listed
from vitrina.errors import DataError
from vitrina.locale import say
from vitrina.locale.system import reason_of

GREY_MODES = ("1", "L", "LA", "La", "I", "F", "I;16", "I;16B", "I;16L", "I;16N")
ROTATED = (5, 6, 7, 8)  # EXIF orientations that swap height and width
ORIENTATION = 0x0112
MOST_NAMED = 20  # broken images


class PixelStore:
    """Images in files or cells of a table, and what has been read of them so far.

    Sizes, hashes and pixels are read when first asked for and kept; pixels are kept for one size and number of channels
    at a time, or not at all where `keeps` is False: then they are decoded each time.
    """

    def __init__(self, files: ImageFiles) -> None:
        self.files = files
        self.keeps = True
        self._shapes = np.full((len(files), 3), -1)  # height, width, grey?; -1: not looked at
        self._wanted: tuple[tuple[int, int], int] | None = None
        self._pixels = np.empty((0, 0, 0, 0), np.uint8)
        self._decoded = np.zeros(len(files), bool)

    def shapes(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Heights, widths and greyness, each (len(indices),), from the headers. Raises DataError for broken files."""
        missing = np.unique(indices[self._shapes[indices, 0] < 0])
        for index, shape in zip(missing, self._each(missing, _shape), strict=True):
            self._shapes[index] = shape
        heights, widths, grey = self._shapes[indices].T
        return heights, widths, grey.astype(bool)

    def hashes(self, indices: np.ndarray) -> np.ndarray:
        """uint64 (len(indices),) of each image's bytes."""
        return np.fromiter(self._each(indices, _hash), np.uint64, len(indices))

    def decode(self, indices: np.ndarray, size: tuple[int, int], channels: int) -> np.ndarray:
        """uint8 (len(indices), height, width, channels). Raises DataError naming a file that is broken."""
        read = partial(_pixels, size=size, channels=channels)
        if not self.keeps:
            found = np.empty((len(indices), *size, channels), np.uint8)
            for place, pixels in enumerate(self._each(indices, read)):
                found[place] = pixels
            return found
        if self._wanted != (size, channels):
            self._wanted = (size, channels)
            self._pixels = np.empty((len(self.files), *size, channels), np.uint8)  # untouched pages cost no memory
            self._decoded[:] = False
        missing = np.unique(indices[~self._decoded[indices]])
        for index, pixels in zip(missing, self._each(missing, read), strict=True):
            self._pixels[index] = pixels
            self._decoded[index] = True
        return self._pixels[indices]

    def _each(self, indices: Iterable[int], read: Callable[[BinaryIO], Any]) -> Iterator[Any]:
        """What is read of each. Raises DataError when all were tried and some are broken: nobody mends them one at a time."""

        def guarded(index: int) -> Any:
            return _guarded(self.files, int(index), read)

        broken: list[_Broken] = []

        chunk = 4096  # results are consumed before the next files are queued: decoded images never pile up
        indices = list(indices)
        with ThreadPoolExecutor(min(16, (os.cpu_count() or 1) + 2)) as pool:
            for start in range(0, len(indices), chunk):
                for told in pool.map(guarded, indices[start : start + chunk]):
                    if isinstance(told, _Broken):
                        broken.append(told)
                    elif not broken:
                        yield told
        if broken:
            raise DataError(_told_of(broken))


@dataclass(frozen=True)
class _Broken:
    place: str
    reason: str


def _told_of(broken: list[_Broken]) -> str:
    first = broken[0]
    if len(broken) == 1:
        return say(
            "{place}: the image cannot be read ({reason}); replace or remove it", place=first.place, reason=first.reason
        )
    return say(
        "{count} images cannot be read, the first of them {place} ({reason}); replace or remove all: {names}",
        count=len(broken),
        place=first.place,
        reason=first.reason,
        names=listed([one.place for one in broken], MOST_NAMED),
    )


def _guarded(files: ImageFiles, index: int, read: Callable[[BinaryIO], Any]) -> Any:
    try:
        with files.open(index) as file:
            return read(file)
    except MemoryError:
        raise
    except Exception as error:  # Pillow's readers raise nearly anything on damaged files
        place, told = files.place(index), reason_of(error)
        reason = say("it is in no format known") if "cannot identify image file" in told else told
        return _Broken(place, (reason.splitlines() or [type(error).__name__])[0])


def _shape(file: BinaryIO) -> tuple[int, int, bool]:
    from PIL import Image

    with Image.open(file) as image:
        width, height = image.size
        if image.getexif().get(ORIENTATION) in ROTATED:
            width, height = height, width
        return height, width, image.mode in GREY_MODES


def _hash(file: BinaryIO) -> int:
    return int.from_bytes(hashlib.blake2b(file.read(), digest_size=8).digest(), "little")


def _pixels(file: BinaryIO, size: tuple[int, int], channels: int) -> np.ndarray:
    from PIL import Image, ImageOps

    with Image.open(file) as opened:
        image = ImageOps.exif_transpose(opened)
        if image.mode.startswith("I"):  # 16 bits a pixel, which Pillow would cut off at 255
            image = Image.fromarray((np.asarray(image).astype(np.uint32) >> 8).clip(0, 255).astype(np.uint8))
        elif image.has_transparency_data:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        image = image.convert("L" if channels == 1 else "RGB")
        height, width = size
        if image.size != (width, height):
            image = image.resize((width, height), Image.Resampling.BILINEAR)
        return np.asarray(image, np.uint8).reshape(height, width, channels)

"""Where encoded images lie: files of a folder, or the cells of a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from vitrina.data.words import place_name
from vitrina.locale import say

if TYPE_CHECKING:
    import polars as pl

    from vitrina.data.image_heap import Heap


class ImageFiles(Protocol):
    """Encoded images (PNG, JPEG, ...) by their place, from 0."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> str:
        """What a user calls this image, within the folder or the table."""
        ...

    def place(self, index: int) -> str:
        """Where this image is, for an error about it alone."""
        ...

    def open(self, index: int) -> BinaryIO:
        """Its bytes. Raises OSError or ValueError when there are none."""
        ...


@dataclass(frozen=True)
class FolderFiles:
    """Files by their names, relative to a folder."""

    folder: Path
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> str:
        return self.names[index]

    def place(self, index: int) -> str:
        return self.names[index]

    def open(self, index: int) -> BinaryIO:
        return (self.folder / self.names[index]).open("rb")


@dataclass(frozen=True, eq=False)
class TableCells:
    """Cells of a table with the bytes of an image each, or the path of its file, or either.

    `content` (rows,) is bytes and `paths` (rows,) text; paths are relative to `folder`. `where` says where a row is.
    """

    table: str
    where: Callable[[int], str]
    content: pl.Series | Heap | None
    paths: pl.Series | None = None
    folder: Path | None = None

    def __len__(self) -> int:
        return len(self.content if self.content is not None else self.paths)  # pyright: ignore[reportArgumentType]

    def __getitem__(self, index: int) -> str:
        path = None if self.paths is None else self.paths[index]
        return f"{self.where(index)} ({path})" if path else self.where(index)

    def place(self, index: int) -> str:
        return f"{self.table}, {place_name(self[index])}"

    def open(self, index: int) -> BinaryIO:
        content = None if self.content is None else self.content[index]
        if content is not None:
            return BytesIO(content)
        path = None if self.paths is None else self.paths[index]
        if not path or self.folder is None:
            raise ValueError(say("there is no image in this row"))
        return (self.folder / path).open("rb")

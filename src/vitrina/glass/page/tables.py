"""Tables that a learner brings to the editor: looked into, held in memory, and written to the disk only to be learned from."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from vitrina.errors import DataError, UsageError
from vitrina.glass.page.drawn import Kept
from vitrina.glass.page.facts import Facts
from vitrina.locale import say
from vitrina.memory import is_too_large

FILE = "file"  # what data are called that were brought
MOST_BYTES = 20 << 20
HELD = 4  # tables at once; whoever brings another lets the oldest go
LONGEST = 40  # letters of a name on the disk
TEST, SEED = 0.15, 0  # of `vitrina train`: which rows are learned from decides which categories there are


@dataclass(frozen=True)
class Brought:
    """A table as it was brought. name: as its owner calls it; columns: as they stand in it."""

    key: str
    name: str
    rows: int
    columns: tuple[str, ...]
    file: Kept

    def to_json(self) -> dict[str, Any]:
        """What the page shows of it."""
        return {"table": self.key, "name": self.name, "rows": self.rows, "columns": list(self.columns)}


class Tables:
    """The last few that were brought."""

    def __init__(self) -> None:
        self._held: dict[str, Brought] = {}
        self.facts = lru_cache(64)(self._facts)

    def bring(self, name: str, content: bytes) -> Brought:
        """Looks into a table. name: of its file, whose ending says what it is. Raises DataError where it is none, UsageError where
        it is too large."""
        if len(content) > MOST_BYTES:
            raise UsageError(too_large())
        file = Kept(*_parted(name), content)
        from vitrina.data.packed import is_packed
        from vitrina.data.table_files import read_table

        with TemporaryDirectory() as place:
            path = _written(file, Path(place))
            if is_packed(path):  # however small it is, it may be any size unpacked
                raise UsageError(say("{name}: the file is packed; unpack it first", name=path.name))
            if is_too_large(path):
                raise UsageError(too_large())
            table = read_table(path)
        columns = tuple(table.frame.columns)
        if len(columns) < 2 or not table.rows:
            raise DataError(
                say("{name}: a table to learn from has rows, and two columns or more", name=file.stem + file.ending)
            )
        brought = Brought(secrets.token_urlsafe(8), name, table.rows, columns, file)
        while len(self._held) >= HELD:
            del self._held[next(iter(self._held))]
        self._held[brought.key] = brought
        return brought

    def of(self, key: Any) -> Brought:
        """Raises UsageError where there is no such table, or no longer."""
        if not isinstance(key, str) or key not in self._held:
            raise UsageError(say("choose a file with a table first"))
        return self._held[key]

    def _facts(self, key: str, target: str) -> Facts:
        """What a network for it has to be like, just as `vitrina train` will find it. Raises DataError where a column cannot be
        predicted, UsageError where there is none of that name."""
        brought = self.of(key)
        if target not in brought.columns or "\0" in target:
            raise UsageError(say("choose the column that is to be predicted"))
        from vitrina.material import gather

        with TemporaryDirectory() as place:
            path = _written(brought.file, Path(place))
            recipe = gather(path, target, None, None, TEST, SEED, None, (), None).recipe.without_logarithms()
        return Facts(recipe.input_shape, recipe.outputs, recipe.task == "classification")


def too_large() -> str:
    """The sentence for a file that is."""
    return say("a file of more than {most} MB is too large for the page; vitrina train takes it", most=MOST_BYTES >> 20)


def _parted(name: str) -> tuple[str, str]:
    """A file's name as letters that any disk takes, and its ending. Raises DataError for an ending that is no table's."""
    from vitrina.data.table_files import TABLE_ENDINGS

    ending = Path(name.replace("\0", "")).suffix.lower()
    if ending not in TABLE_ENDINGS:
        raise DataError(say("choose a table: a file that ends in {known}", known=", ".join(TABLE_ENDINGS)))
    stem = re.sub(r"[^\w-]+", "-", name.replace("\\", "/").rpartition("/")[2][: -len(ending)])[:LONGEST].strip("-_")
    return stem or "table", ending


def _written(file: Kept, folder: Path) -> Path:
    path = folder / f"{file.stem}{file.ending}"
    path.write_bytes(file.content)
    return path

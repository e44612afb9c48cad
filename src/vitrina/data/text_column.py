"""A column of free text as inputs: its words and pairs of words, hashed into a fixed number of places."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

from vitrina.data.roles import as_text

if TYPE_CHECKING:
    import polars as pl

    from vitrina.data.table import Table

# Words; letters that are written without blanks between words stand alone, and their pairs are next to words.
WORD = r"[\p{Han}\p{Hiragana}\p{Katakana}]|[\w--\p{Han}--\p{Hiragana}--\p{Katakana}]+"
FEWEST, MOST = 64, 512  # places, a power of two; as many as training has different words and pairs, within these
LENGTH = 3.0  # of a row: as long as that of nine categories, so that text weighs neither nothing nor all
ROWS = 1 << 15  # of which the words are held at once
ODD = np.uint64(0x9E3779B97F4A7C15)  # 2^64 divided by the golden ratio, as in splitmix64


@dataclass(frozen=True)
class TextColumn:
    """Free text as a row of `width` numbers: each word, and each pair of neighbours, adds to one of them.

    Which one, and with which sign, a hash decides, the same on every machine: two words that share a place rarely
    pull the same way (Weinberger et al. 2009, "Feature Hashing for Large Scale Multitask Learning"). A count c becomes
    log(1 + c) times the place's weight, log((1 + rows) / (1 + rows with it)) + 1 in training; then each row is scaled
    to one length. Upper and lower case are one.
    """

    name: str
    width: int
    weights: tuple[float, ...]
    missing: bool

    @property
    def input_names(self) -> tuple[str, ...]:
        places = tuple(f"{self.name}: words {place}" for place in range(self.width))
        return places + (f"{self.name} is missing",) * self.missing

    @property
    def quantities(self) -> int:
        return 0  # most rows have none of a word

    @property
    def informative(self) -> bool:
        return self.width > 0

    @classmethod
    def fit(cls, table: Table, name: str) -> TextColumn:
        import polars as pl

        text = as_text(table.frame[name])
        seen: set[int] = set()
        for _, _, hashes in _hashed(text):
            seen.update(pl.Series(hashes).unique().to_list())
            if len(seen) >= MOST:
                break
        if len(seen) < 2:
            return cls(name, 0, (), False)
        width = int(min(MOST, max(FEWEST, 2 ** int(np.ceil(np.log2(len(seen)))))))
        rows_with = np.zeros(width, np.int64)
        for _, rows, hashes in _hashed(text):
            pairs = pl.Series(rows * width + _place(hashes, width)).unique().to_numpy()
            rows_with += np.bincount(pairs % width, minlength=width)
        weights = np.log((1 + len(text)) / (1 + rows_with)) + 1
        return cls(name, width, tuple(round(weight, 4) for weight in weights.tolist()), text.has_nulls())

    def encode(self, table: Table, out: np.ndarray) -> None:
        """Writes the column into out, float32 (rows, inputs of this column), which holds zeros."""
        import polars as pl

        text = as_text(table.frame[self.name])
        weights = np.array(self.weights)
        for start, rows, hashes in _hashed(text):
            sign = np.where(hashes >> np.uint64(63), 1.0, -1.0)
            cells = pl.DataFrame({"cell": rows * self.width + _place(hashes, self.width), "sum": sign})
            cells = cells.group_by("cell", maintain_order=True).sum()  # in order, or the last bit would vary
            sums = cells["sum"].to_numpy()
            row, place = np.divmod(cells["cell"].to_numpy(), self.width)
            values = np.sign(sums) * np.log1p(np.abs(sums)) * weights[place]
            length = np.sqrt(np.bincount(row, values**2))
            out[start + row, place] = values * (LENGTH / np.maximum(length, 1e-12))[row]
        if self.missing:
            out[:, -1] = text.is_null().to_numpy()

    def to_json(self) -> dict[str, Any]:
        return {"kind": "text", **asdict(self), "weights": list(self.weights)}


def text_from_json(data: dict[str, Any]) -> TextColumn:
    """The column that to_json wrote. Raises KeyError, TypeError or ValueError for anything else."""
    weights = tuple(float(weight) for weight in data["weights"])
    if len(weights) != data["width"]:
        raise ValueError(f"{len(weights)} weights for {data['width']} places")
    return TextColumn(str(data["name"]), len(weights), weights, bool(data["missing"]))


def _hashed(text: pl.Series) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """The words and pairs of some rows at a time: where they begin, each one's row among them, each one's hash."""
    import polars as pl

    for start in range(0, len(text), ROWS):
        part = text[start : start + ROWS]
        words = part.str.to_lowercase().str.extract_all(WORD)
        frame = pl.DataFrame({"row": np.arange(len(part)), "word": words}).explode("word").drop_nulls()
        if frame.height == 0:
            continue
        different = frame["word"].unique()
        of_word = pl.Series([_hash(word) for word in different], dtype=pl.UInt64)
        single = frame["word"].replace_strict(different, of_word, return_dtype=pl.UInt64).to_numpy()
        rows = frame["row"].to_numpy()
        together = rows[1:] == rows[:-1]
        pair = _mixed(single[:-1][together] * ODD + single[1:][together])
        yield start, np.concatenate([rows, rows[1:][together]]), np.concatenate([_mixed(single), pair])


def _hash(word: str) -> int:
    """32 bits of a word, of whose ways to be written with accents there is one."""
    return crc32(unicodedata.normalize("NFKC", word).encode("utf-8", "replace"))


def _mixed(values: np.ndarray) -> np.ndarray:
    """uint64 whose every bit depends on every bit given (the end of splitmix64); crc32 alone is linear."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _place(hashes: np.ndarray, width: int) -> np.ndarray:
    return (hashes & np.uint64(width - 1)).astype(np.int64)

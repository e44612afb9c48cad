"""What stands around a table in a file that a spreadsheet saved: a title above it, empty columns, a line of totals."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vitrina.locale import say

if TYPE_CHECKING:
    import polars as pl

LOOKED_AT, CHARACTERS = 20, 1 << 16  # records of the first so many bytes, among which column names are looked for
COMMA = ord(",")
TOTAL = re.compile(r"(?i)^(sub|gran )?total(es|s)?( general)?:?$|^(suma|sum|grand total):?$")


def without_title(path: Path, body: bytes, separators: bytes, warnings: list[str]) -> bytes:
    """The text from its line of column names on. A title is above it where the first lines have one cell at most, and those
    below several, all of them equally many."""
    looks = {each: _beginning(body, chr(each)) for each in separators}
    if any(_filled(records[0][1]) > 1 or _is_index(records[0][1]) for records in looks.values() if records):
        return body
    for separator, records in looks.items():
        first = next((place for place, (_, cells) in enumerate(records) if _filled(cells) > 1), 0)
        below = {len(cells) for _, cells in records[first:] if cells}
        padded = len(records[0][1]) if records else 0
        if (
            not first
            or len(below) > 1
            or len(records) < first + 2
            or (separator == COMMA and max(below) < 3 and padded < 2)
        ):
            continue
        title = next((cell.strip() for _, cells in records[:first] for cell in cells if cell.strip()), None)
        if title is not None:
            warnings.append(
                say(
                    "{file} has a title above its column names ({title!r}), which was passed over",
                    file=path.name,
                    title=title[:60],
                )
            )
        return body.split(b"\n", records[first][0])[-1]
    return body


def _beginning(body: bytes, separator: str) -> list[tuple[int, list[str]]]:
    """The first records of a text: how many lines are above each, and its cells."""
    text = body[:CHARACTERS].decode(errors="ignore")
    records: list[tuple[int, list[str]]] = []
    reader, above = csv.reader(io.StringIO(text, newline=""), delimiter=separator), 0
    with contextlib.suppress(csv.Error):
        for cells in itertools.islice(reader, LOOKED_AT):
            records.append((above, cells))
            above = reader.line_num
    return records[:-1] if len(body) > CHARACTERS and len(records) < LOOKED_AT else records  # the last is cut off


def _is_index(cells: list[str]) -> bool:
    """Whether these are the names of an index, which has none, and of one column: as pandas and R write them."""
    return len(cells) == 2 and not cells[0].strip() and bool(cells[1].strip())


def _filled(cells: list[str]) -> int:
    return sum(1 for cell in cells if cell.strip())


def without_nameless(frame: pl.DataFrame, nameless: list[str]) -> pl.DataFrame:
    """The columns that have a name, or a value."""
    spare = [name for name in nameless if (frame[name].fill_null("").str.strip_chars() == "").all()]
    return frame.drop(spare) if len(spare) < frame.width else frame


def totals(path: Path, frame: pl.DataFrame, lines: np.ndarray) -> list[str]:
    """What to say of a last row that calls itself the total of those above it."""
    said = [value for value in frame.row(-1) if value is not None and TOTAL.match(value)]
    if not said or frame.height < 3 or any(value is not None and TOTAL.match(value) for value in frame.row(-2)):
        return []
    return [
        say(
            "line {line} of {file} says {said!r} and is taken for a row like any other; remove it if it sums up those above",
            file=path.name,
            line=lines[-1],
            said=said[0],
        )
    ]

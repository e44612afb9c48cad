"""JSON lines: one object a line. Polars reads them; what it cannot read is gone through line by line, to say where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina.data.packed import read_unpacked
from vitrina.errors import DataError
from vitrina.locale import say

if TYPE_CHECKING:
    import polars as pl

DEEPEST = 64  # brackets within brackets; readers of JSON recurse, and none of them survives a hundred thousand


def read_json_lines(path: Path) -> tuple[pl.DataFrame, np.ndarray]:
    """The objects as a table, and the line each stands on. A key that an object lacks is missing there.

    Raises DataError with the line that is no JSON object, or for text that is not UTF-8.
    """
    return json_records(path, read_unpacked(path))


def json_records(path: Path, data: bytes, before: int = 0) -> tuple[pl.DataFrame, np.ndarray]:
    """The objects in some lines of a file, which has this many lines before them."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = before + data.count(b"\n", 0, error.start) + 1
        raise DataError(
            say("{file}, line {line}: the text is not UTF-8; save the file as UTF-8", file=path.name, line=line)
        ) from None
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=before + 1) if line.strip()]
    if not lines:
        raise DataError(say("{file}: the file is empty; it needs one JSON object on each line", file=path.name))
    for number, line in lines:
        if line.count("[") + line.count("{") > DEEPEST and _depth(line) > DEEPEST:
            raise DataError(
                say(
                    "{file}, line {number}: more than {most} brackets within each other; flatten it",
                    file=path.name,
                    number=number,
                    most=DEEPEST,
                )
            )
    places = np.array([number for number, _ in lines])
    frame = _quickly(text)
    if frame is None or frame.height != len(lines) or frame.width == 0:
        frame = _slowly(path, lines)
    return frame, places


def _quickly(text: str) -> pl.DataFrame | None:
    import polars as pl

    try:
        return pl.read_ndjson(text.encode(), infer_schema_length=None)
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException:  # Polars' panics are not Exceptions
        return None


def _slowly(path: Path, lines: list[tuple[int, str]]) -> pl.DataFrame:
    import polars as pl

    from vitrina.data.frames import column_of

    rows: list[dict[str, Any]] = []
    for number, line in lines:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            reason = str(error).split(":")[0].lower()
            raise DataError(
                say(
                    "{file}, line {number}: this is no JSON object ({reason}); mend or remove this line",
                    file=path.name,
                    number=number,
                    reason=reason,
                )
            ) from None
        if not isinstance(row, dict):
            raise DataError(
                say(
                    '{file}, line {number}: this is no JSON object; each line must be like {{"age": 41, "sex": "F"}}',
                    file=path.name,
                    number=number,
                )
            )
        rows.append(row)
    names = dict.fromkeys(name for row in rows for name in row)
    if not names:
        raise DataError(say("{file}: its JSON objects are empty, so there are no columns", file=path.name))
    return pl.DataFrame([column_of(name, [row.get(name) for row in rows]) for name in names])


def _depth(line: str) -> int:
    """Brackets within each other, at most; those inside texts count as well, which can only be too careful."""
    deepest = depth = 0
    for letter in line:
        if letter in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif letter in "]}":
            depth -= 1
    return deepest

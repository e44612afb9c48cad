"""What a user calls the data -> a Stream of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from vitrina.data.address import Address, is_address, parse_address
from vitrina.data.parts import find_parts
from vitrina.data.spilling import can_be_spilled, spilled
from vitrina.data.stream import Stream, is_parquet, parquet_stream
from vitrina.errors import DataError, UsageError
from vitrina.locale import say


def open_stream(data: Any, **choices: Any) -> Stream:
    """The stream of a table on disk or in a database. What is not Parquet is laid down as such first, in a folder that goes when
    the stream does. choices: target, columns and drop. Raises DataError or UsageError where there is no such table."""
    if is_address(data):
        return _spilled(parse_address(data), **choices)
    if not isinstance(data, str | Path):
        raise UsageError(
            say("only a table on disk or in a database is read piece by piece; give its path, or leave out stream")
        )
    path = Path(data).expanduser()
    if not path.exists():
        raise DataError(say("{path}: no such file or folder", path=path))
    parts = find_parts(path) if path.is_dir() else [path]
    if parts and all(is_parquet(part) for part in parts):
        return parquet_stream(path, **choices)
    if path.is_file() and can_be_spilled(path):
        return _spilled(path, **choices)
    raise UsageError(
        say(
            "{file}: only tables are read piece by piece (CSV, JSON lines, Arrow, Parquet or a folder of it, SQL)",
            file=path.name,
        )
    )


def _spilled(data: Path | Address, **choices: Any) -> Stream:
    name = data.shown.replace("/", "_") if isinstance(data, Address) else data.name
    folder, keeper = spilled(data, name)
    return replace(parquet_stream(folder, **choices), kept=keeper)

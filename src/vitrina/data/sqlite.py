"""Rows out of an SQLite file, with the library that comes with Python."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from vitrina.data.address import Address, check_names, choose_table, sqlite_file
from vitrina.errors import DataError
from vitrina.locale import say

if TYPE_CHECKING:
    import polars as pl

ROWS = 65_536  # fetched at once: rows are Python objects, which take ten times the memory of columns
HEADER = b"SQLite format 3\0"


def read_sqlite(address: Address) -> pl.DataFrame:
    """The rows of an address's query or table. The file is opened read-only, and no query can change it."""
    import polars as pl

    blocks = list(sqlite_blocks(address))
    return pl.DataFrame([_joined([block[name] for block in blocks]).alias(name) for name in blocks[0].columns])


def sqlite_blocks(address: Address) -> Iterator[pl.DataFrame]:
    """The same rows, some at a time; the first block has no rows where there are none. Of a column, one block may hold whole
    numbers and another text."""
    path = sqlite_file(address)
    if not path.is_file():
        raise DataError(
            say("{path}: there is no such file; sqlite:///FILE is relative, sqlite:////FILE is not", path=path)
        )
    with path.open("rb") as file:
        if file.read(len(HEADER)) != HEADER:
            raise DataError(
                say(
                    "{file} is not an SQLite database; give one, or another kind of file its own ending", file=path.name
                )
            )
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as connection:
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA trusted_schema = OFF")  # a stranger's view runs no function with side effects
            connection.set_progress_handler(lambda: 0, 100_000)  # or Ctrl-C would wait for the end of a query
            query = address.query
            if query is None:
                query = f'SELECT * FROM "{_table(connection, address)}"'
            yield from _blocks(connection.execute(query), address)
    except (sqlite3.Error, sqlite3.Warning, OverflowError, ValueError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        if address.query:
            raise DataError(
                say("{address}: it cannot be read ({reason}); check the query", address=address.shown, reason=reason)
            ) from None
        raise DataError(
            say(
                "{address}: it cannot be read ({reason}); save the database again",
                address=address.shown,
                reason=reason,
            )
        ) from None


def _table(connection: sqlite3.Connection, address: Address) -> str:
    found = connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name")
    tables = [str(name) for (name,) in found if not str(name).startswith("sqlite_")]
    return choose_table(address, tables).replace('"', '""')


def _blocks(cursor: sqlite3.Cursor, address: Address) -> Iterator[pl.DataFrame]:
    import polars as pl

    if cursor.description is None:
        raise DataError(
            say("{address}: the query gives no table; write one that begins with SELECT", address=address.shown)
        )
    names = [str(column[0]) for column in cursor.description]
    check_names(address, names)
    rows = cursor.fetchmany(ROWS)
    if not rows:
        yield pl.DataFrame([pl.Series(name, dtype=pl.Null) for name in names])
    while rows:
        columns = zip(names, zip(*rows, strict=True), strict=True)
        yield pl.DataFrame([_column(values).alias(name) for name, values in columns])
        rows = cursor.fetchmany(ROWS)


def _column(values: tuple[Any, ...]) -> pl.Series:
    """SQLite keeps any type in any column: whole numbers, numbers and bytes stay so where all are; the rest is text."""
    import polars as pl

    kinds = {type(value) for value in values} - {type(None)}
    if kinds <= {int}:
        return pl.Series(values=values, dtype=pl.Int64 if kinds else pl.Null)
    if kinds <= {int, float}:
        return pl.Series(values=[None if value is None else float(value) for value in values], dtype=pl.Float64)
    if kinds == {bytes}:
        return pl.Series(values=values, dtype=pl.Binary)
    return pl.Series(values=[None if value is None else _text(value) for value in values], dtype=pl.String)


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _joined(pieces: list[pl.Series]) -> pl.Series:
    import polars as pl

    types = {piece.dtype for piece in pieces} - {pl.Null()}
    if not types:
        return pl.concat(pieces)
    if len(types) == 1:
        whole = types.pop()
    elif types == {pl.Int64(), pl.Float64()}:
        whole = pl.Float64()
    else:
        whole = pl.String()
        pieces = [pl.Series([_text(v) for v in p], dtype=whole) if p.dtype == pl.Binary else p for p in pieces]
    return pl.concat([piece.cast(whole) for piece in pieces])

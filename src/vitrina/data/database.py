"""Rows out of a database, opened for reading only -> a Table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from vitrina.data.address import Address, check_names, choose_table, without_password
from vitrina.data.frames import frame_of
from vitrina.data.sqlite import read_sqlite, sqlite_blocks
from vitrina.data.table import Table, make_table
from vitrina.errors import DataError, UsageError
from vitrina.locale import say

if TYPE_CHECKING:
    import polars as pl

REMOTE = ("http", "https", "ftp", "s3", "gs", "az", "hf")


def read_database(address: Address, **choices: Any) -> Table:
    """The rows that a query of the address gives, or a table of it.

    Raises DataError when the database cannot be read, the query fails or its library is not installed; UsageError for
    a kind of database that is not known.
    """
    frame = read_sqlite(address) if _kind(address) == "sqlite" else _read_postgres(address)
    if frame.height == 0:
        if address.query:
            raise DataError(say("{address}: the query gives no rows", address=address.shown))
        raise DataError(say("{address}: the table gives no rows", address=address.shown))
    return make_table(frame, address.shown, **choices)


def database_blocks(address: Address) -> Iterator[pl.DataFrame]:
    """The same rows, some at a time. Raises as `read_database` does."""
    yield from sqlite_blocks(address) if _kind(address) == "sqlite" else _postgres_blocks(address)


def _kind(address: Address) -> str:
    if address.scheme in REMOTE:
        raise UsageError(
            say("{address}: nothing is downloaded here; save it, and give the path of the file", address=address.shown)
        )
    if address.scheme not in ("sqlite", "postgresql", "postgres"):
        raise UsageError(
            say(
                "{address}: {scheme!r} is no database that is read here; give sqlite:///FILE or "
                "postgresql://HOST/DATABASE",
                address=address.shown,
                scheme=address.scheme,
            )
        )
    return address.scheme


def _read_postgres(address: Address) -> pl.DataFrame:
    import polars as pl

    return pl.concat(list(_postgres_blocks(address)), how="vertical")


def _postgres_blocks(address: Address) -> Iterator[pl.DataFrame]:
    """Through ADBC, which hands over columns and not rows."""
    try:
        from adbc_driver_postgresql import dbapi  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise DataError(
            say("{address}: reading PostgreSQL needs a driver; pip install 'vitrina[postgres]'", address=address.shown)
        ) from None
    import pyarrow

    try:
        with dbapi.connect(address.url) as connection, connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
            query = address.query
            cursor.execute(f"SELECT * FROM {_quoted(_table(cursor, address))}" if query is None else query)
            reader = cursor.fetch_record_batch()
            check_names(address, reader.schema.names)
            yield frame_of(reader.schema.empty_table())  # the columns, where there are no rows
            for batch in reader:
                yield frame_of(pyarrow.Table.from_batches([batch]))
    except DataError:
        raise
    except Exception as error:  # the driver has a dozen kinds
        raise DataError(
            say(
                "{address}: {reason}; check the address and the query",
                address=address.shown,
                reason=_reason(error, address),
            )
        ) from None


def _table(cursor: Any, address: Address) -> str:
    """Its name with that of its schema; a table of the schema `public` needs none."""
    cursor.execute(
        "SELECT table_schema || '.' || table_name FROM information_schema.tables "
        "WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"
    )
    tables = [str(row[0]) for row in cursor.fetchall()]
    if address.table is not None and f"public.{address.table}" in tables:
        return f"public.{address.table}"
    return choose_table(address, tables)


def _quoted(name: str) -> str:
    """public.sales -> "public"."sales": a name is never read as part of a query."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))


def _reason(error: Exception, address: Address) -> str:
    """What the driver says in one line, without a password it may repeat."""
    told = " ".join(str(error).split()).replace(address.url, without_password(address.url))
    return told[:300].rstrip(".;: ") or type(error).__name__

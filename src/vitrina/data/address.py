"""The address of data in a database: sqlite:///shop.db?table=sales, postgresql://host/shop?query=SELECT ..."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from vitrina.data.csv_files import first_repeated
from vitrina.errors import DataError, UsageError
from vitrina.locale import say

SQLITE_ENDINGS = (".db", ".sqlite", ".sqlite3", ".db3")
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.]+)://")
_CHOICE = re.compile(r"[?&](query|table)=")
_SECRET = re.compile(r"(?<=://)([^/?#@:]*):.*@|[?&]password=[^&]*")  # greedy: a password may hold any of :/?#@


@dataclass(frozen=True)
class Address:
    """A database and what is wanted of it: one query, one table, or whichever table there is.

    `url` is without the query and the table.
    """

    url: str
    query: str | None = None
    table: str | None = None

    @property
    def scheme(self) -> str:
        found = _SCHEME.match(self.url)
        return found[1].lower().partition("+")[0] if found else ""

    @property
    def shown(self) -> str:
        """The database for people: the name of the file, or the address without its password."""
        return sqlite_file(self).name if self.scheme == "sqlite" else without_password(self.url)

    def __str__(self) -> str:
        choice = f"query={self.query}" if self.query is not None else f"table={self.table}" if self.table else ""
        return self.url + (("&" if "?" in self.url else "?") + choice if choice else "")


def is_address(data: object) -> bool:
    """Whether this is the address of a database: scheme://..."""
    return isinstance(data, str) and _SCHEME.match(data) is not None


def parse_address(text: str) -> Address:
    """An address from its text. `query=` or `table=` comes last and is taken as it stands, to the end."""
    found = _CHOICE.search(text)
    if found is None:
        return Address(text)
    return Address(text[: found.start()], **{found[1]: text[found.end() :]})


def located(data: str, query: str | None, table: str | None) -> str:
    """Data with a query or a table chosen in it, as one address. Raises UsageError where there is nothing to choose in.

    >>> located("shop.db", None, "sales")
    'sqlite:///shop.db?table=sales'
    >>> located("sqlite:///shop.db", "SELECT * FROM sales", None)
    'sqlite:///shop.db?query=SELECT * FROM sales'
    """
    if query is None and table is None:
        return data
    if query is not None and table is not None:
        raise UsageError(say("--query and --table are two ways of saying what to read; give one of them"))
    if not is_address(data):
        if not data.lower().endswith(SQLITE_ENDINGS):
            raise UsageError(
                say(
                    "{data} is not a database, so there is nothing for --query or --table to choose; give one such as "
                    "sqlite:///shop.db",
                    data=data,
                )
            )
        data = f"sqlite:///{data}"
    address = parse_address(data)
    if address.query is not None or address.table is not None:
        raise UsageError(
            say(
                "{address}: the address says already what to read; leave out --query and --table", address=address.shown
            )
        )
    return str(Address(address.url, query, table))


def without_password(data: str) -> str:
    """An address as it may be shown and kept; anything else as it is.

    >>> without_password("postgresql://ana:s3cret@host/shop")
    'postgresql://ana@host/shop'
    """
    if not is_address(data):
        return data
    found = _CHOICE.search(data)
    end = found.start() if found else len(data)
    cleaned = _SECRET.sub(lambda match: f"{match[1]}@" if match[1] is not None else "", data[:end])
    if "?" in cleaned or data[end : end + 1] == "?":
        return cleaned + data[end:]
    return (cleaned + data[end:]).replace("&", "?", 1)  # the password was the first of several choices


def sqlite_file(address: Address) -> Path:
    """The file of a SQLite address: sqlite:///shop.db is relative, sqlite:////data/shop.db is not."""
    path = re.sub(r"^sqlite(\+\w+)?://", "", address.url, flags=re.IGNORECASE).partition("?")[0].removeprefix("/")
    return Path(path).expanduser()


def choose_table(address: Address, tables: list[str]) -> str:
    """The table the address names, or the only one there is. Raises DataError with the names to choose from."""
    names = ", ".join(tables[:10]) + (", ..." if len(tables) > 10 else "")
    if address.table is not None:
        if address.table in tables:
            return address.table
        if tables:
            raise DataError(
                say(
                    "{address}: no table {table!r} (it has {names})",
                    address=address.shown,
                    table=address.table,
                    names=names,
                )
            )
        raise DataError(say("{address}: no table {table!r} (it has none)", address=address.shown, table=address.table))
    if not tables:
        raise DataError(say("{address}: the database has no tables", address=address.shown))
    if len(tables) > 1:
        raise DataError(
            say(
                "{address}: the database has the tables {names}; choose one with --table, or give a --query",
                address=address.shown,
                names=names,
            )
        )
    return tables[0]


def check_names(address: Address, names: list[str]) -> None:
    """Raises DataError where a query gives two columns of one name."""
    if (repeated := first_repeated(names)) is not None:
        raise DataError(
            say(
                "{address}: the query gives two columns called {repeated!r}; name one with AS",
                address=address.shown,
                repeated=repeated,
            )
        )

"""Rows out of a database: read only, of the right types, and one sentence for whatever is wrong."""

# pyright: reportAttributeAccessIssue=false
# A test knows which kind of source it opened; the type says only that it is one.

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vitrina import data
from vitrina.data import sqlite
from vitrina.data.address import parse_address, without_password
from vitrina.errors import DataError, UsageError

ROWS = [
    (i, i / 4, None if i == 3 else f"name {i % 3}", b"\x01\x02" if i else None, "yes" if i % 2 else "no")
    for i in range(8)
]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A database with a table, a view and an awkward name."""
    path = tmp_path / "the shop.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE sales (id INTEGER, amount REAL, name TEXT, picture BLOB, bought TEXT)")
        connection.executemany("INSERT INTO sales VALUES (?, ?, ?, ?, ?)", ROWS)
        connection.execute('CREATE TABLE "odd "" name" (mixed)')
        connection.executemany('INSERT INTO "odd "" name" VALUES (?)', [(1,), (2.5,), ("three",), (None,)])
        connection.execute("CREATE VIEW few AS SELECT * FROM sales WHERE id < 2")
    return path


def refusal(given: Any, error: type[Exception] = DataError, **choices: Any) -> str:
    with pytest.raises(error) as caught:
        data.open_source(given, **choices)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("rows", [2, 65_536])
def test_a_table_keeps_its_types(shop: Path, rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "ROWS", rows)
    source = data.open_source(f"sqlite:///{shop}", table="sales", target="bought")
    assert source.frame.rows() == ROWS
    assert [str(each) for each in source.frame.dtypes] == ["Int64", "Float64", "String", "Binary", "String"]
    assert source.where(3) == "row 3"
    assert data.open_source(shop, table='odd " name').frame["mixed"].to_list() in (
        ["1", "2.5", "three", None],
        ["1.0", "2.5", "three", None],
    )


def test_every_way_of_saying_what_to_read(shop: Path) -> None:
    query = "SELECT name, amount FROM sales WHERE name LIKE 'name%2' OR 'a?table=b&query=c' = name"
    expected = data.open_source(shop, query=query).frame
    assert expected.rows() == [("name 2", 0.5), ("name 2", 1.25)]
    for address in (f"sqlite:///{shop}?query={query}", f"sqlite:///{shop}?mode=ro&query={query}"):
        assert data.open_source(address).frame.equals(expected)
    assert data.open_source(f"sqlite:///{shop}?table=few").rows == 2
    assert str(parse_address("sqlite:///a.db?x=1&table=few")) == "sqlite:///a.db?x=1&table=few"


def test_what_is_read_can_be_learned_from(shop: Path) -> None:
    source = data.open_source(f"sqlite:///{shop}", query="SELECT amount, name, bought FROM sales", target="bought")
    recipe = data.fit_recipe(source)
    assert recipe.classes == ("no", "yes")
    assert np.isfinite(recipe.inputs(source)).all()


@pytest.mark.parametrize(
    ("choices", "error", "expected"),
    [
        ({}, DataError, 'the tables few, odd " name, sales; choose one with --table'),
        ({"table": "sale"}, DataError, "no table 'sale' (it has few,"),
        ({"table": "sales; DROP TABLE sales"}, DataError, "no table"),
        ({"query": "SELECT colour FROM sales"}, DataError, "no such column: colour"),
        ({"query": "SELECT * FROM sales WHERE id > 99"}, DataError, "gives no rows"),
        ({"query": "SELECT id, id FROM sales"}, DataError, "two columns called 'id'"),
        ({"query": "SELECT 1; SELECT 2"}, DataError, "one statement"),
        ({"query": ""}, DataError, "gives no table"),
        ({"query": "DELETE FROM sales"}, DataError, "readonly"),
        ({"query": "CREATE TABLE more (x)"}, DataError, "readonly"),
        ({"query": "SELECT 1", "table": "sales"}, UsageError, "give one of them"),
    ],
)
def test_what_cannot_be_read(shop: Path, choices: dict[str, str], error: type[Exception], expected: str) -> None:
    before = shop.read_bytes()
    assert expected in refusal(f"sqlite:///{shop}", error, **choices)
    assert shop.read_bytes() == before
    assert [entry.name for entry in shop.parent.iterdir()] == [shop.name]


def test_what_is_no_database(tmp_path: Path, shop: Path) -> None:
    (tmp_path / "text.db").write_text("a,b\n1,2\n" * 9)
    assert "text.db is not an SQLite database" in refusal(tmp_path / "text.db")
    assert "there is no such file" in refusal("sqlite:///nowhere.db")
    assert "there is nothing for --query" in refusal("wine", UsageError, query="SELECT 1")
    assert "'mysql' is no database that is read here" in refusal("mysql://host/shop", UsageError, table="a")
    assert "nothing is downloaded here" in refusal("https://example.org/a.csv", UsageError)
    assert "says already" in refusal(f"sqlite:///{shop}?table=few", UsageError, table="few")
    assert "no tables" in refusal("sqlite:///" + str(_empty(tmp_path)))


def _empty(folder: Path) -> Path:
    with closing(sqlite3.connect(folder / "empty.db")) as connection, connection:
        connection.execute("PRAGMA user_version = 1")
    return folder / "empty.db"


def test_a_damaged_database_is_refused_or_read(shop: Path, rng: np.random.Generator) -> None:
    whole = shop.read_bytes()
    for _ in range(200):
        damaged = bytearray(whole)
        for place in rng.integers(16, len(whole), 20):
            damaged[place] ^= 1 << int(rng.integers(8))
        shop.write_bytes(bytes(damaged[: int(rng.integers(100, len(whole)))]) if rng.random() < 0.3 else bytes(damaged))
        try:
            data.open_source(shop, query="SELECT * FROM sales").describe().to_json()
        except DataError as error:
            assert len(str(error).splitlines()) == 1  # noqa: PT017


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://ana:s3:c/ret@host/shop?query=SELECT 'a:b@c'", "postgresql://ana@host/shop?query=SELECT 'a:b@c'"),
        ("postgresql://ana:s3cret@host:5432/shop", "postgresql://ana@host:5432/shop"),
        ("postgresql://ana@host/shop", "postgresql://ana@host/shop"),
        ("postgresql://host/shop?user=ana&password=s3cret&sslmode=on", "postgresql://host/shop?user=ana&sslmode=on"),
        ("postgresql://host/shop?password=s3cret&table=a", "postgresql://host/shop?table=a"),
        ("shop:file@home.csv", "shop:file@home.csv"),
    ],
)
def test_a_password_is_neither_shown_nor_kept(address: str, shown: str) -> None:
    assert without_password(address) == shown
    assert "s3cret" not in parse_address(address).shown


def test_without_its_driver_postgres_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql", None)
    sentence = refusal("postgresql://ana:s3cret@nowhere/shop?table=sales")
    assert "pip install 'vitrina[postgres]'" in sentence
    assert "s3cret" not in sentence


def test_a_postgres_that_does_not_answer_is_one_sentence() -> None:
    pytest.importorskip("adbc_driver_postgresql", reason="the driver of PostgreSQL is not installed")
    sentence = refusal("postgresql://ana:s3cret@127.0.0.1:1/shop?table=sales")
    assert sentence.startswith("postgresql://ana@127.0.0.1:1/shop: ")
    assert "s3cret" not in sentence


def test_rows_of_a_postgres() -> None:
    pytest.importorskip("adbc_driver_postgresql", reason="the driver of PostgreSQL is not installed")
    address = os.environ.get("VITRINA_POSTGRES")
    if not address:
        pytest.skip("no PostgreSQL to ask; say where one is with VITRINA_POSTGRES=postgresql://...")
    query = "SELECT i AS id, i / 4.0::float8 AS amount, 'name ' || i % 3 AS name FROM generate_series(0, 7) AS i"
    frame = data.open_source(address, query=query).frame
    assert frame.rows() == [(i, i / 4, f"name {i % 3}") for i in range(8)]
    assert "read-only" in refusal(address, query="WITH made AS (DELETE FROM pg_class RETURNING 1) SELECT * FROM made")
    assert "nowhere" in refusal(address, table="nowhere")

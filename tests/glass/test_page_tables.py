"""A table that is brought to the editor: looked into, learned from as it is, and of nothing that is none does anything stay."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from starlette.testclient import TestClient

import vitrina as vt
from tests.glass.test_page_editor import TOKEN, wait_for, wish
from vitrina.glass.page import tables
from vitrina.glass.page.editor import make_editor

HOSTILE = '<img src=x onerror="alert(1)">'
QUIET = {"raise_server_exceptions": False, "base_url": "http://127.0.0.1:8000"}


@pytest.fixture
def aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where whatever is laid aside for a moment lies, so that it is seen when it stays."""
    place = tmp_path / "aside"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    return TestClient(make_editor(tmp_path / "runs", TOKEN), **QUIET)


def bring(client: TestClient, name: str, content: bytes, **options: Any) -> Any:
    return client.post(f"/{TOKEN}/table", params={"name": name, "lang": "en"}, content=content, **options)


def facts(client: TestClient, table: str, target: str) -> Any:
    return client.get(f"/{TOKEN}/facts", params={"table": table, "target": target, "lang": "en"})


def flowers(rows: int = 60) -> bytes:
    """A number, a category of three and a class of two, as CSV; a column's name that wants to be HTML, and a cell as well."""
    draw = np.random.default_rng(1)
    lines = [
        f"{draw.normal():.3f},{['red', 'green', 'blue'][draw.integers(3)]},{'yes' if at % 2 else HOSTILE.replace(',', '')}"
        for at in range(rows)
    ]
    name = '"' + HOSTILE.replace('"', '""') + '"'
    return (f"length,{name},--help\n" + "\n".join(line.replace('"', "'") for line in lines) + "\n").encode()


def test_a_table_is_looked_into_and_learned_from(client: TestClient, tmp_path: Path, aside: Path) -> None:
    told = bring(client, "../../fl owers<b>.CSV", flowers()).json()
    assert (told["name"], told["rows"]) == ("../../fl owers<b>.CSV", 60)
    assert told["columns"] == ["length", HOSTILE, "--help"]
    assert facts(client, told["table"], "--help").json() == {"shape": [4], "outputs": 2, "classes": True}
    assert facts(client, told["table"], "length").json()["classes"] is False
    assert facts(client, told["table"], HOSTILE).json()["outputs"] == 3
    asked = wish(data="file", table=told["table"], target="--help", points=None)
    answer = client.post(f"/{TOKEN}/learn", json=asked)
    assert answer.json() == {"run": "1"}, answer.text
    wait_for(tmp_path / "runs" / "1")
    model = vt.load(tmp_path / "runs" / "1")
    assert (model.settings["target"], model.network.input_shape) == ("--help", (4,))
    assert [entry.name for entry in (tmp_path / "runs").iterdir() if entry.is_file()] == ["fl-owers-b-1.csv"]
    assert (tmp_path / "runs" / "fl-owers-b-1.csv").read_bytes() == flowers()
    shown = client.get(f"/{TOKEN}/editor?run=1").json()
    assert (shown["wish"]["target"], shown["table"]["facts"]["outputs"]) == ("--help", 2)
    assert list(aside.iterdir()) == []


def test_any_file_of_a_table_will_do(client: TestClient, tmp_path: Path, aside: Path) -> None:
    frame = pl.DataFrame({"a": np.arange(30.0), "b": np.arange(30.0) ** 2})
    for ending, write in (
        (".parquet", frame.write_parquet),
        (".arrow", frame.write_ipc),
        (".jsonl", frame.write_ndjson),
    ):
        write(tmp_path / f"t{ending}")
        told = bring(client, f"t{ending}", (tmp_path / f"t{ending}").read_bytes()).json()
        assert facts(client, told["table"], "b").json() == {"shape": [1], "outputs": 1, "classes": False}
    assert list(aside.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("t.csv", b"", "t.csv: the file is empty"),
        ("t.csv", b"a,b\n", "no rows under them"),
        ("t.csv", b"a\n1\n2\n", "two columns or more"),
        ("t.csv", b"a,b\n1,2\n1,2,3\n", "line 3"),
        ("t.csv", b"\x89PNG\r\n\x1a\n\0\0\0", "a PNG image"),
        ("t.csv", gzip.compress(b"a,b\n1,2\n" * 1000, mtime=0), "unpack it first"),
        ("t.parquet", b"PAR1 and not much else PAR1", "cannot be read as Parquet"),
        ("t.arrow", b"ARROW1" * 40, "cannot be read as Arrow"),
        ("t.jsonl", b"[1, 2]\n", "t.jsonl"),
        ("t.csv.gz", gzip.compress(b"a,b\n1,2\n", mtime=0), "a file that ends in .csv"),
        ("t.npz", b"PK", "a file that ends in .csv"),
        ("", b"a,b\n1,2\n", "a file that ends in .csv"),
        ("/etc/passwd\0", b"a,b\n1,2\n", "a file that ends in .csv"),
    ],
)
def test_what_is_no_table_gets_a_sentence(
    client: TestClient, tmp_path: Path, aside: Path, name: str, content: bytes, words: str
) -> None:
    answer = bring(client, name, content)
    assert answer.status_code == 400
    assert words in answer.json()["error"]
    assert str(aside) not in answer.json()["error"]
    assert list(aside.iterdir()) == []
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    "name", ["..\\..\\x.csv", "\0.csv", "....csv", "-rf.csv", "a\nb.csv", "é" * 500 + ".csv", "/.csv"]
)
def test_a_name_leads_nowhere(client: TestClient, tmp_path: Path, name: str) -> None:
    told = bring(client, name, flowers())
    if told.status_code == 400:  # cut short, it has no ending
        assert "a file that ends in" in told.json()["error"]
        return
    asked = wish(data="file", table=told.json()["table"], target="--help", points=None, epochs=1)
    assert client.post(f"/{TOKEN}/learn", json=asked).json() == {"run": "1"}
    wait_for(tmp_path / "runs" / "1")
    files = [entry for entry in tmp_path.rglob("*-1.csv")]
    assert [file.parent for file in files] == [tmp_path / "runs"]
    assert not files[0].name.startswith(("-", "."))


def test_a_column_that_cannot_be_predicted_gets_a_sentence(client: TestClient, aside: Path) -> None:
    lines = "".join(f"{i * i % 37 + 0.5},same,{i * 7 % 5 % 2}\n" for i in range(30))
    told = bring(client, "t.csv", b"number,constant,x\n" + lines.encode()).json()
    for target, words in (("constant", "one class only"), ("gone", "choose the column"), ("", "choose the column")):
        answer = facts(client, told["table"], target)
        assert (answer.status_code, words in answer.json()["error"]) == (400, True), answer.text
        learn = client.post(f"/{TOKEN}/learn", json=wish(data="file", table=told["table"], target=target))
        assert (learn.status_code, words in learn.json()["error"]) == (400, True)
    assert "choose a file" in facts(client, "another", "number").json()["error"]
    assert "choose a file" in client.post(f"/{TOKEN}/learn", json=wish(data="file", table=7)).json()["error"]
    assert list(aside.iterdir()) == []


def test_a_file_may_not_be_any_size_and_the_last_few_are_held(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, aside: Path
) -> None:
    monkeypatch.setattr("vitrina.glass.page.editor.MOST_BYTES", 3000)
    answer = bring(client, "t.csv", flowers() + b"0" * 3000)
    assert (answer.status_code, "too large" in answer.json()["error"]) == (413, True)
    keys = [bring(client, "t.csv", flowers()).json()["table"] for _ in range(tables.HELD + 1)]
    assert "choose a file" in facts(client, keys[0], "length").json()["error"]
    assert facts(client, keys[1], "length").status_code == 200
    assert list(aside.iterdir()) == []


def test_a_table_is_taken_from_its_own_page_only(client: TestClient) -> None:
    for headers in ({"host": "evil.example"}, {"origin": "http://evil.example"}, {"origin": "null"}):
        assert bring(client, "t.csv", flowers(), headers=headers).status_code == 403, headers
    assert client.post("/another/table?name=t.csv", content=flowers()).status_code == 404

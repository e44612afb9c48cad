"""CSV as people save it: read right, or refused with the line that is wrong."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrina import data
from vitrina.data import csv_files
from vitrina.data.table import Table
from vitrina.errors import DataError, VitrinaError

Write = Callable[..., Path]


def rows_of(path: Path) -> list[tuple[str | None, ...]]:
    source = data.open_source(path)
    assert isinstance(source, Table)
    return source.frame.rows()


def refusal(path: Path, **choices: object) -> str:
    with pytest.raises(DataError) as caught:
        data.open_source(path, **choices)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert path.name in sentence
    return sentence


@pytest.mark.parametrize(
    "content",
    [
        b"a,b\n1,x\n2,y\n",
        b"a,b\n1,x\n2,y",
        b"a,b\r\n1,x\r\n2,y\r\n",
        b"a,b\r1,x\r2,y\r",
        b"\n\na,b\n1,x\n\n2,y\n\n\n",
        b"\xef\xbb\xbfa,b\n1,x\n2,y\n",
        "a,b\n1,x\n2,y\n".encode("utf-16"),
        b"a;b\n1;x\n2;y\n",
        b"a\tb\n1\tx\n2\ty\n",
        b"a|b\n1|x\n2|y\n",
        b' a , b \n 1 , "x" \n2,y\n',
        b'"a","b"\n"1","x"\n"2","y"\n',
        gzip.compress(b"a,b\n1,x\n2,y\n", mtime=0),
    ],
    ids=[
        "plain",
        "no-last-newline",
        "windows",
        "old-mac",
        "blank-lines",
        "bom",
        "utf16",
        "semicolon",
        "tab",
        "bar",
        "spaces",
        "quotes",
        "gzip",
    ],
)
def test_every_way_of_saving_one_table_reads_the_same(content: bytes, write: Write) -> None:
    source = data.open_source(write(content))
    assert isinstance(source, Table)
    assert source.frame.columns == ["a", "b"]
    assert [tuple(str(v).strip('"') for v in row) for row in source.frame.rows()] == [("1", "x"), ("2", "y")]


def test_null_markers_are_missing(write: Write) -> None:
    markers = ["", "?", "NA", "NaN", "nan", "null", "NULL", "N/A"]
    content = "a,b\n" + "".join(f"{marker},x\n" for marker in markers)
    assert [row[0] for row in rows_of(write(content))] == [None] * len(markers)


def test_quoted_separators_newlines_and_marks(write: Write) -> None:
    content = 'a,b\n"x, y",1\n"two\nlines",2\n"a ""word""",3\n'
    path = write(content)
    assert rows_of(path) == [("x, y", "1"), ("two\nlines", "2"), ('a "word"', "3")]
    assert [data.open_source(path).where(row) for row in range(3)] == ["line 2", "line 3", "line 5"]


def test_a_quotation_mark_in_the_middle_of_a_field_is_text(write: Write) -> None:
    assert rows_of(write('size,b\n5" pipe,1\n6" pipe,2\n7 pipe,3\n')) == [
        ('5" pipe', "1"),
        ('6" pipe', "2"),
        ("7 pipe", "3"),
    ]


def test_decimal_commas_in_files_separated_by_semicolons(write: Write) -> None:
    path = write("amount;note\n3,5;a,b\n-1,25;c\n2;d\n")
    assert rows_of(path) == [("3.5", "a,b"), ("-1.25", "c"), ("2", "d")]


def test_thousands_in_files_with_decimal_commas(write: Write) -> None:
    path = write("amount;version\n1.250,75;1.2\n1.250;1.250\n-3,5;2.0\n")
    assert rows_of(path) == [("1250.75", "1.2"), ("1250", "1.250"), ("-3.5", "2.0")]


def test_lines_are_counted_past_blank_ones(write: Write) -> None:
    source = data.open_source(write("\na,b\n1,2\n\n\n3,4\n"))
    assert [source.where(row) for row in range(source.rows)] == ["line 3", "line 6"]
    assert source.take([1]).where(0) == "line 6"


def test_windows_letters_are_read_with_a_warning(write: Write) -> None:
    path = write("city,b\nMálaga,1\nCádiz,2\n".encode("cp1252"))
    assert rows_of(path) == [("Málaga", "1"), ("Cádiz", "2")]
    (warning,) = data.open_source(path).warnings
    assert "UTF-8" in warning
    assert "line 2" in warning


def test_a_first_line_of_numbers_is_warned_about(write: Write) -> None:
    (warning,) = data.open_source(write("1.5,2\n3.5,4\n")).warnings
    assert "looks like data" in warning


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "empty"),
        (b"\n\n \n", "empty"),
        (b"a,b\n", "no rows"),
        (b"a,b\n\n\n", "no rows"),
        (b"a,b\n1,2\n1,2,3\n", "line 3: 3 values, but the first line names 2"),
        (b"a,b\n1,2\n\n7\n", "line 4: 1 value, but the first line names 2"),
        (b'a,b\n"x\ny",2\n1,2,3\n', "line 4: 3 values"),
        (b'a,b\n1,2\n"x,2\n3,4\n5,6\n', "line 3: a quotation mark is opened here and not closed"),
        (b"a,b,a\n1,2,3\n", "two columns are called 'a'"),
        (b"PAR1\x00\x00", "Parquet"),
        (b"PK\x03\x04\x00", "zip or Excel"),
        (b"\x89PNG\r\n", "PNG"),
        (b"a,b\n1\x00,2\n", "binary"),
        (bytes(range(128, 256)) + b"\x01\x02", "binary"),
        (gzip.compress(b"a,b\n1,2\n" * 100, mtime=0)[:-30], "gzip"),
        (b"\xff\xfea\x00,\x00b", "UTF-16"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_sentence(content: bytes, expected: str, write: Write) -> None:
    assert expected in refusal(write(content))


def test_a_block_boundary_changes_nothing(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    content = 'name,b\n"a,\nb",1\n\n"x ""y""",2\nplain,3\n'
    path = write(content)
    expected, places = rows_of(path), [data.open_source(path).where(row) for row in range(3)]
    for block in range(1, len(content) + 1):
        monkeypatch.setattr(csv_files, "BLOCK", block)
        assert rows_of(path) == expected
        assert [data.open_source(path).where(row) for row in range(3)] == places


CELL = st.text("ab1 ,;\t|\"'\n.é", max_size=6).map(str.strip)


@given(st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=6), st.sampled_from(["\n", "\r\n"]))
def test_what_a_spreadsheet_writes_is_read_back(tmp_path_factory, rows: list[list[str]], end: str) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([["first", "second", "third"], *rows])
    path = tmp_path_factory.mktemp("csv") / "data.csv"
    path.write_bytes(text.getvalue().encode())
    assert [[value or "" for value in row] for row in rows_of(path)] == rows


@given(st.binary(max_size=200), st.sampled_from([b"", b"a,b\n", b"\xef\xbb\xbf", b"\xff\xfe", b"\x1f\x8b"]))
def test_any_bytes_are_read_or_refused(tmp_path_factory, content: bytes, start: bytes) -> None:
    path = tmp_path_factory.mktemp("csv") / "data.csv"
    path.write_bytes(start + content)
    try:
        data.open_source(path).describe().to_json()
    except VitrinaError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017

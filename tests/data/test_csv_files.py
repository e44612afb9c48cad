"""CSV as people save it: read right, or refused with the line that is wrong."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrina import data
from vitrina.data import csv_files
from vitrina.data.roles import parse_numbers
from vitrina.data.table import Table
from vitrina.errors import DataError, VitrinaError

Write = Callable[..., Path]


def rows_of(path: Path) -> list[tuple[str | None, ...]]:
    source = data.open_source(path)
    assert isinstance(source, Table)
    return source.frame.rows()


def table_of(path: Path) -> Table:
    source = data.open_source(path)
    assert isinstance(source, Table)
    return source


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


CELL = (
    st.text("ab1 ,;\t|\"'\n.é", max_size=6).map(str.strip).filter(lambda cell: not re.fullmatch(r"[\d.]*,\d+", cell))
)  # decimals


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


def test_amounts_and_shares_with_decimal_commas_keep_their_value(write: Write) -> None:
    path = write("name;price;discount\n" + "a;1.250,75 €;12,5 %\nb;€ 3,50;0,5%\nc;-1.000 €;7 %\n")
    roles, frame = table_of(path).roles, table_of(path).frame
    assert (roles["price"].role, roles["discount"].role) == ("numeric", "numeric")
    assert parse_numbers(frame["price"])[0].to_list() == [1250.75, 3.5, -1000.0]
    assert parse_numbers(frame["discount"])[0].to_list() == [12.5, 0.5, 7.0]


def test_points_set_off_thousands_where_the_file_has_decimal_commas(write: Write) -> None:
    path = write("people;price\n1.250;1,5\n98.500;2,25\n3.407;3\n")
    assert rows_of(path) == [("1250", "1.5"), ("98500", "2.25"), ("3407", "3")]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("980;1.250;12.300", ["980", "1250", "12300"]),  # three digits behind each point, and none in some
        ("1.250.000;3.400;12.300", ["1250000", "3400", "12300"]),
        ("1.250;3.400;12.300", ["1.250", "3.400", "12.300"]),  # it may be either: as it is written
        ("0.125;0.5;1.250", ["0.125", "0.5", "1.250"]),
        ("192.168.100.200;192.168.100.201;192.168.100.202", None),
    ],
)
def test_points_in_a_file_without_commas_are_thousands_only_where_they_can_be_nothing_else(
    column: str, expected: list[str] | None, write: Write
) -> None:
    values = column.split(";")
    path = write("n;name\n" + "".join(f"{value};x{place}\n" for place, value in enumerate(values)))
    assert [row[0] for row in rows_of(path)] == (expected or values)


@pytest.mark.parametrize("separator", ["\t", "|", ","])
def test_decimal_commas_are_told_whatever_separates(separator: str, write: Write) -> None:
    rows = [["price", "people", "index"], ["1.250,75 €", "1.250", "0,512"], ["3,50 €", "980", "1,125"]]
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator).writerows(rows)
    assert rows_of(write(out.getvalue())) == [("1250.75 €", "1250", "0.512"), ("3.50 €", "980", "1.125")]


def test_thousands_of_english_are_no_decimal_commas(write: Write) -> None:
    path = write('price\tpeople\n1,250.75\t1,250\n3.50\t12,980\n"2,000.10"\t3,400\n')
    assert rows_of(path) == [("1,250.75", "1,250"), ("3.50", "12,980"), ("2,000.10", "3,400")]


@pytest.mark.parametrize("title", ["Sales of 2024;;", "Sales of 2024", ";;\nSales of 2024;;\n;;", '"Sales; all";;'])
def test_a_title_above_the_column_names_is_passed_over_with_a_warning(title: str, write: Write) -> None:
    path = write(f'{title}\na;b;c\n1;x;2\n3;"y\nz";4\n')
    source = table_of(path)
    assert source.frame.columns == ["a", "b", "c"]
    assert source.frame.rows() == [("1", "x", "2"), ("3", "y\nz", "4")]
    assert source.where(0) == f"line {title.count(chr(10)) + 3}"
    assert "title above its column names ('Sales" in source.warnings[0]


def test_a_table_of_one_column_has_no_title(write: Write) -> None:
    assert table_of(write("text\nfirst\nsecond\n")).frame.columns == ["text"]


def test_empty_rows_and_columns_of_a_spreadsheet_are_nothing(write: Write) -> None:
    source = table_of(write("a;b;;\n1;x;;\n;;;\n2;NA;;\n;;;\n"))
    assert source.frame.columns == ["a", "b"]
    assert source.frame.rows() == [("1", "x"), ("2", None)]
    assert [source.where(row) for row in range(2)] == ["line 2", "line 4"]
    assert source.warnings == ()


def test_a_last_line_of_totals_is_pointed_out(write: Write) -> None:
    (warning,) = table_of(write("place;sold\nHere;10\nThere;20\nTotal;30\n")).warnings
    assert warning.startswith("line 4 of ")
    assert "'Total'" in warning
    assert table_of(write("place;sold\nTotal;10\nHere;20\nTotal;30\nHere;3\n")).warnings == ()


def test_what_a_spreadsheet_writes_for_nothing_is_missing(write: Write) -> None:
    markers = ["#N/D", "N/D", "#DIV/0!", "#¡DIV/0!", "#¡VALOR!", "#REF!"]
    path = write("a;b\n" + "".join(f"{marker};x\n" for marker in markers) + "7,5;x\n")
    assert [row[0] for row in rows_of(path)] == [None] * len(markers) + ["7.5"]


def test_blocks_of_a_file_with_a_title_have_its_columns(write: Write) -> None:
    content = "Sales;;\nday;price;people\n" + "".join(f"{day};{day},5 €;1.{day:03d}\n" for day in range(1, 200))
    whole = table_of(path := write(content)).frame
    assert pl.concat(csv_files.csv_blocks(path, 512)).equals(whole)


def test_a_column_beside_an_index_without_a_name_is_no_title(write: Write) -> None:
    """As pandas writes a series, and R a vector."""
    for comma in (",", ";"):
        rows = "".join(f"{place}{comma}{place / 4}\n" for place in range(30))
        source = data.open_source(write(f"{comma}y\n{rows}"), target="y")
        assert source.rows == 30
        assert not source.warnings

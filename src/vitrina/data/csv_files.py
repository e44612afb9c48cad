"""Reading delimited text as people really save it, and saying on which line it goes wrong.

Polars does the parsing. Here the encoding, the separator and the header are found, and every record is counted before
Polars sees it, because Polars fills short lines in silence and does not name the line of a long one.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vitrina.data.csv_layout import totals, without_nameless, without_title
from vitrina.data.decimal_commas import decimal_commas, with_points
from vitrina.data.packed import inner_name, open_unpacked, read_unpacked
from vitrina.data.roles import MISSING
from vitrina.errors import DataError
from vitrina.locale import say

if TYPE_CHECKING:
    import polars as pl

SEPARATORS = b",;\t|"
QUOTE, NEWLINE = ord('"'), ord("\n")
UNNAMED = re.compile(r"column \d+")  # what a column without a name is called
BLOCK = 1 << 24  # bytes scanned at once: keeps the memory of a scan flat


def _signatures() -> dict[bytes, str]:
    """What a file is that begins like this, in the user's language."""
    return {
        b"PAR1": say("a Parquet file"),
        b"PK\x03\x04": say("a zip or Excel file"),
        b"\xd0\xcf\x11\xe0": say("an old Excel file"),
        b"%PDF": say("a PDF"),
        b"\x89PNG": say("a PNG image"),
        b"\xff\xd8\xff": say("a JPEG image"),
        b"ARROW1": say("an Arrow file"),
        b"SQLite": say("an SQLite database"),
    }


def read_csv(path: Path) -> tuple[pl.DataFrame, np.ndarray, list[str]]:
    """Columns of text (blanks and null markers as null), the line of the file each row begins on, and warnings.

    UTF-8 with or without a byte order mark, UTF-16 with one, else Windows-1252 with a warning; packed files are unpacked. Comma,
    semicolon, tab or bar, whichever the first line has most of. Raises DataError with the line where records are
    ragged.
    """
    warnings: list[str] = []
    frame, lines, _ = _records(path, _utf8(path, read_unpacked(path), warnings), warnings, whole=True)
    return frame, lines, warnings + totals(path, frame, lines)


def csv_blocks(path: Path, size: int = BLOCK) -> Iterator[pl.DataFrame]:
    """The same columns of text, about `size` bytes of whole records at a time. Where numbers have decimal commas is told by the
    first block. Raises DataError as `read_csv` does, and for UTF-16."""
    with open_unpacked(path) as file:
        data = file.read(size)
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise DataError(say("{file}: UTF-16 is not read piece by piece; save the file as UTF-8", file=path.name))
        head, before, commas = b"", 0, None
        while data:
            more = file.read(size)
            own, data = _cut(data, last=not more)
            if not own:
                data += more
                continue
            warnings: list[str] = []
            text = _utf8(path, own, warnings)
            if not head:
                head = without_title(path, text.lstrip(b"\r\n"), SEPARATORS, warnings)
                head = head[: _scan(head, 0)[0][0] + 1]
                frame, _, commas = _records(path, text, warnings)
            elif text.strip():
                frame, _, _ = _records(path, head + text, warnings, before - head.count(b"\n"), commas)
            else:
                frame = None
            if frame is not None:
                yield frame
            before += own.count(b"\n")
            data += more


def _cut(data: bytes, last: bool) -> tuple[bytes, bytes]:
    """The whole records at the beginning, and the rest."""
    if last:
        return data, b""
    buffer = np.frombuffer(data, np.uint8)
    open_ = np.bitwise_xor.accumulate((buffer == QUOTE).view(np.uint8))
    ends = np.flatnonzero((buffer == NEWLINE) & (open_ == 0))
    end = int(ends[-1]) + 1 if len(ends) else 0
    return data[:end], data[end:]


def _records(
    path: Path, data: bytes, warnings: list[str], before: int = 0, commas: list[str] | None = None, whole: bool = False
) -> tuple[pl.DataFrame, np.ndarray, list[str]]:
    """The records under a header as columns of text, the lines they begin on, and the columns with decimal commas (those
    given, or those that look like it). before: lines of the file that are not in `data`. whole: what is empty here is so throughout."""
    import polars as pl

    body = without_title(path, data.lstrip(b"\r\n"), SEPARATORS, warnings)
    skipped = before + data[: len(data) - len(body)].count(b"\n")
    if not body.strip():
        raise DataError(
            say("{file}: the file is empty; a table needs a line of column names and rows under it", file=path.name)
        )
    if not body.endswith(b"\n"):
        body += b"\n"
    separator = b"\t" if inner_name(path.name).endswith(".tsv") else _separator(body)
    ends, fields, lines = _scan(body, ord(separator))
    names = _header(path, body[: ends[0]], separator, warnings)
    # Blank lines, or of separators alone, are no rows.
    filled = np.diff(ends) > fields[1:] + (body[ends[0] - 1 : ends[0]] == b"\r")
    if not filled.any():
        raise DataError(say("{file}: there are column names but no rows under them", file=path.name))
    lines = lines[1:][filled] + skipped
    frame = None
    if (fields[1:][filled] == len(names)).all():
        frame = _parse(body[ends[0] + 1 :], names, separator)
        if frame is not None:
            frame = frame.filter(pl.Series(filled)) if frame.height == len(filled) else None
    if frame is None:  # ragged, or quotation marks in odd places: slower, but it can say which line
        frame, lines = _parse_slowly(path, body, names, separator, skipped)
    if whole:
        frame = without_nameless(frame, [name for name in names if UNNAMED.fullmatch(name)])
    text = pl.all().str.strip_chars()
    frame = frame.select(pl.when(~text.is_in(list(MISSING))).then(text).name.keep())
    commas = decimal_commas(frame, expected=separator == b";") if commas is None else commas
    return with_points(frame, commas), lines, commas


def _utf8(path: Path, data: bytes, warnings: list[str]) -> bytes:
    for signature, what in _signatures().items():
        if data.startswith(signature):
            raise DataError(
                say(
                    "{file}: this is {what}, not a CSV file; give it its own ending or export it as CSV",
                    file=path.name,
                    what=what,
                )
            )
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            data = data.decode("utf-16").encode()
        except UnicodeDecodeError:
            raise DataError(
                say("{file}: the file is not valid UTF-16 text; save it as UTF-8", file=path.name)
            ) from None
    data = data.removeprefix(codecs.BOM_UTF8)
    if b"\0" in data:
        raise DataError(
            say("{file}: this is not a CSV file (it holds binary data); export it as CSV or Parquet", file=path.name)
        )
    if not data.isascii():
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            if re.search(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]", data):
                raise DataError(
                    say(
                        "{file}: this is not a CSV file (it holds binary data); export it as CSV or Parquet",
                        file=path.name,
                    )
                ) from None
            warnings.append(
                say(
                    "{file} is not UTF-8 (line {line}), so it was read as Windows-1252; "
                    "if letters look wrong, save it as UTF-8",
                    file=path.name,
                    line=line,
                )
            )
            data = data.decode("cp1252", errors="replace").encode()
    if b"\n" not in data:
        data = data.replace(b"\r", b"\n")  # the line ends of old Macs
    return data


def _separator(body: bytes) -> bytes:
    first = re.sub(rb'"[^"]*"', b"", body[: body.find(b"\n")])
    return max((bytes([candidate]) for candidate in SEPARATORS), key=first.count)


def _scan(body: bytes, separator: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each record: where its closing newline is, how many fields it has, and the line it begins on (the first is
    1).

    Separators and newlines between quotation marks do not count; a doubled mark flips the state twice, so parity is
    enough.
    """
    buffer = np.frombuffer(body, np.uint8)
    ends, fields, raw_ends = [], [], []
    inside, open_fields = 0, 0
    for start in range(0, len(buffer), BLOCK):
        block = buffer[start : start + BLOCK]
        newline, separators = block == NEWLINE, block == separator
        raw_ends.append(np.flatnonzero(newline) + start)
        quotes = block == QUOTE
        if inside or quotes.any():
            parity = np.bitwise_xor.accumulate(quotes.view(np.uint8)) ^ inside
            inside = int(parity[-1])
            newline, separators = newline & (parity == 0), separators & (parity == 0)
        found, split = np.flatnonzero(newline), np.flatnonzero(separators)
        before = np.searchsorted(split, found)
        counts = np.diff(before, prepend=0)
        if len(counts):
            counts[0] += open_fields
            open_fields = len(split) - int(before[-1])
        else:
            open_fields += len(split)
        ends.append(found + start)
        fields.append(counts + 1)
    if inside:  # a mark was opened and never closed: let the rest be one record, which will not fit
        ends.append(np.array([len(buffer) - 1]))
        fields.append(np.array([0]))
    record_ends = np.concatenate(ends)
    starts = np.concatenate([[0], record_ends[:-1] + 1])
    return record_ends, np.concatenate(fields), np.searchsorted(np.concatenate(raw_ends), starts) + 1


def _header(path: Path, record: bytes, separator: bytes, warnings: list[str]) -> list[str]:
    cells = next(csv.reader(io.StringIO(record.decode().rstrip("\r"), newline=""), delimiter=separator.decode()), [])
    names = [cell.strip() or f"column {position}" for position, cell in enumerate(cells, start=1)]
    if (repeated := first_repeated(names)) is not None:
        raise DataError(
            say(
                "{file}: two columns are called {repeated!r}; rename one of them in the first line",
                file=path.name,
                repeated=repeated,
            )
        )
    if all(re.fullmatch(r"[-+]?\d+([.,]\d+)?([eE][-+]?\d+)?", cell.strip()) for cell in cells):
        warnings.append(
            say("the first line of {file} looks like data; it was read as the column names", file=path.name)
        )
    return names


def first_repeated(names: list[str]) -> str | None:
    """The first name that occurs twice."""
    seen: set[str] = set()
    return next((name for name in names if name in seen or seen.add(name)), None)


def _parse(records: bytes, names: list[str], separator: bytes) -> pl.DataFrame | None:
    import polars as pl

    try:
        return pl.read_csv(
            records,
            has_header=False,
            schema=dict.fromkeys(names, pl.String),
            separator=separator.decode(),
            quote_char='"' if b'"' in records else None,
        )
    except pl.exceptions.PolarsError:
        return None


def _parse_slowly(
    path: Path, body: bytes, names: list[str], separator: bytes, skipped: int
) -> tuple[pl.DataFrame, np.ndarray]:
    import polars as pl

    reader = csv.reader(io.StringIO(body.decode(), newline=""), delimiter=separator.decode())
    rows, lines, line = [], [], 1
    try:
        for cells in reader:
            if line > 1 and (any(cells) or len(cells) == 1):
                if len(cells) != len(names):
                    _ragged(path, cells, len(names), line + skipped, reader.line_num + skipped)
                rows.append(cells)
                lines.append(line + skipped)
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            say(
                "{file}, line {line}: the line cannot be read ({error}); mend or remove it",
                file=path.name,
                line=line + skipped,
                error=error,
            )
        ) from None
    if not rows:
        raise DataError(say("{file}: there are column names but no rows under them", file=path.name))
    columns = zip(*rows, strict=True)
    data = {name: pl.Series(name, values, pl.String) for name, values in zip(names, columns, strict=True)}
    return pl.DataFrame(data), np.array(lines)


def _ragged(path: Path, cells: list[str], expected: int, line: int, last: int) -> None:
    if last - line >= 2 and any("\n" in cell for cell in cells):
        raise DataError(
            say(
                "{file}, line {line}: a quotation mark is opened here and not closed; close it or remove it",
                file=path.name,
                line=line,
            )
        )
    if len(cells) == 1:
        raise DataError(
            say(
                "{file}, line {line}: 1 value, but the first line names {expected} columns; mend or remove this line",
                file=path.name,
                line=line,
                expected=expected,
            )
        )
    raise DataError(
        say(
            "{file}, line {line}: {count} values, but the first line names {expected} columns; mend or remove this line",
            file=path.name,
            line=line,
            count=len(cells),
            expected=expected,
        )
    )

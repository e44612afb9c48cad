"""Whatever holds the data -> a Source, which the rest of Vitrina learns from."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from vitrina.data.address import SQLITE_ENDINGS, Address, is_address, located, parse_address
from vitrina.data.database import read_database
from vitrina.data.frames import is_frame, table_from_frame
from vitrina.data.image_tables import with_images
from vitrina.data.parts import find_parts, read_parts
from vitrina.data.table_files import is_table_file, read_table
from vitrina.errors import DataError, UsageError
from vitrina.locale import say
from vitrina.locale.system import reason_of

if TYPE_CHECKING:
    from vitrina.data.describe import Description
    from vitrina.data.target import RawTarget

SPREADSHEETS = (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".numbers")
ARCHIVES = (".zip", ".tar", ".tgz", ".rar", ".7z")


class Source(Protocol):
    """Rows to learn from or predict on: a Table, Images or Arrays. `kind` is table, images or arrays."""

    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def rows(self) -> int: ...
    @property
    def target_name(self) -> str | None: ...
    @property
    def has_target(self) -> bool: ...
    @property
    def warnings(self) -> tuple[str, ...]: ...

    def where(self, row: int) -> str:
        """Where a row is found in what the user gave, for error messages."""
        ...

    def take(self, rows: Any) -> Source:
        """These rows, in this order."""
        ...

    def raw_target(self, name: str | None = None) -> RawTarget:
        """The target as it stands in the data."""
        ...

    def group_keys(self) -> np.ndarray:
        """uint64 (rows,), equal for rows that repeat each other."""
        ...

    def describe(self) -> Description:
        """What there is, for people and programs."""
        ...


def open_source(
    data: Any,
    target: str | None = None,
    columns: Mapping[str, str] | None = None,
    drop: Sequence[str] = (),
    image_size: Sequence[int] | None = None,
    query: str | None = None,
    table: str | None = None,
) -> Source:
    """Opens what a user calls the data.

    data: a path (CSV, TSV, JSON lines, Parquet, Arrow or Feather, each packed with gzip, bzip2, xz or Zstandard or not;
        .npz; an SQLite file; an image; a folder of Parquet or Arrow files, or of images with one folder per class), the
        address of a database (sqlite:///FILE, postgresql://HOST/DATABASE, with ?table= or ?query= or without), the name
        of a built-in set, (x, y) or x alone as arrays, a Polars or pandas frame, a dict of columns, or a Source.
    target: the column to predict; tables only. columns: roles that overrule the inferred ones, {"zip": "categorical"}.
    drop: columns to leave out. image_size: (height, width) to which images of a folder are resized.
    query, table: what to read from a database; it is opened for reading only.

    Raises DataError with one sentence when the data cannot be read; UsageError for arguments that do not go with them.
    """
    choices: dict[str, Any] = {"target": target, "columns": columns, "drop": drop}
    if query is not None or table is not None:
        data = located(str(data), query, table)
    if is_address(data):
        source = with_images(read_database(parse_address(data), **choices), None, image_size)
    elif isinstance(data, (str, Path)):
        source = _open_path(data, choices, image_size)
    elif hasattr(data, "raw_target"):
        source = data
    elif isinstance(data, tuple) and len(data) == 2:
        source = _open_pair(*data, choices)
    elif is_frame(data):
        source = with_images(table_from_frame(data, **choices), None, image_size)
    else:
        source = _open_pair(data, None, choices)
    if image_size is not None and not hasattr(source, "image_size"):
        raise UsageError(say("{source} does not hold images; leave out --image-size", source=source.name))
    return source


def _open_path(data: str | Path, choices: dict[str, Any], image_size: Sequence[int] | None) -> Source:
    path = Path(data).expanduser()
    try:
        if not path.exists():
            return _open_name(str(data), path, choices)
        if path.is_file() and is_table_file(path):
            return with_images(read_table(path, **choices), path.parent, image_size)
        if path.is_file() and path.suffix.lower() in SQLITE_ENDINGS:
            return with_images(read_database(Address(f"sqlite:///{path}"), **choices), None, image_size)
        if path.is_dir() and (parts := find_parts(path)):
            return with_images(read_parts(path, parts, **choices), path, image_size)
        from vitrina.data.images import image_endings, open_folder, open_image

        if path.is_file() and path.suffix.lower() not in (".npz", *image_endings()):
            raise DataError(_unknown(path))
        if any(choices.values()):
            raise UsageError(
                say(
                    "{file} is not a table, so it has no columns to choose; leave out --target, --column and --drop",
                    file=path.name,
                )
            )
        if path.suffix.lower() == ".npz":
            from vitrina.data.arrays import read_npz

            return read_npz(path)
        return open_folder(path, image_size) if path.is_dir() else open_image(path, image_size)
    except OSError as error:
        raise DataError(
            say(
                "{path}: it cannot be read ({reason}); check its name and permissions",
                path=path,
                reason=reason_of(error),
            )
        ) from None


def _unknown(path: Path) -> str:
    """What to say of a file whose ending names no kind of data."""
    ending = path.suffix.lower()
    if ending in SPREADSHEETS:
        return say(
            "{file}: a spreadsheet is not read as it is; save the sheet as CSV in the program it is from, and give that file",
            file=path.name,
        )
    if ending in ARCHIVES:
        return say(
            "{file}: an archive of files is not opened; unpack it, and give the file or folder that was in it",
            file=path.name,
        )
    if ending == ".json":
        return say(
            "{file}: JSON is read as JSON lines, one object on each line; save it so, as a .jsonl file "
            "(in pandas: to_json('{stem}.jsonl', orient='records', lines=True))",
            file=path.name,
            stem=path.stem,
        )
    return say(
        "{file}: the ending {ending!r} says nothing about what is in it; give one of "
        ".csv, .tsv, .parquet, .arrow, .jsonl, .npz, .sqlite, images, or a folder of images",
        file=path.name,
        ending=path.suffix,
    )


def _open_name(name: str, path: Path, choices: dict[str, Any]) -> Source:
    from vitrina.data.builtin import BUILTIN, open_builtin

    if name in BUILTIN:
        return open_builtin(name, **choices)
    there = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    close = difflib.get_close_matches(path.name, [*BUILTIN, *there], 1, 0.75)
    if close:
        raise DataError(
            say("{name}: no such file, folder or built-in data set; did you mean {close!r}?", name=name, close=close[0])
        )
    raise DataError(
        say(
            "{name}: no such file, folder or built-in data set; the built-in data sets are {known}",
            name=name,
            known=", ".join(BUILTIN),
        )
    )


def _open_pair(x: Any, y: Any, choices: dict[str, Any]) -> Source:
    if is_frame(x):
        return table_from_frame(x, y, **choices)
    if any(choices.values()):
        raise UsageError(say("arrays have no columns to choose by name; give the target as y in (x, y)"))
    from vitrina.data.arrays import make_arrays

    return make_arrays(x, y, say("the arrays"))

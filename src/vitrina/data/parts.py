"""A folder of Parquet or Arrow files that are one table, as Spark, Polars and Hugging Face write them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from vitrina.data.packed import inner_name
from vitrina.data.table import Table, make_table
from vitrina.data.table_files import ARROW_ENDINGS, PARQUET_ENDINGS, is_table_file, read_columns
from vitrina.data.words import listed
from vitrina.errors import DataError
from vitrina.locale import say

if TYPE_CHECKING:
    import polars as pl

NO_VALUE = "__HIVE_DEFAULT_PARTITION__"  # how Hive spells a missing value in the name of a folder


def find_parts(folder: Path) -> list[Path]:
    """The parts of a table, in order of name: in the folder itself and in folders named like year=2024."""
    found: list[Path] = []
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if "=" in name and not name.startswith((".", "_")))
        names = sorted(name for name in files if not name.startswith((".", "_")))
        found += [Path(where, name) for name in names if inner_name(name).endswith((*PARQUET_ENDINGS, *ARROW_ENDINGS))]
    return found


def read_parts(folder: Path, parts: list[Path], **choices: Any) -> Table:
    """The parts one under the other; what the names of folders say (year=2024) is a column behind the others.

    Raises DataError naming the part that cannot be read, or whose columns are not those of the first.
    """
    import polars as pl

    frames, names = [], [str(part.relative_to(folder)) for part in parts]
    for part, name in zip(parts, names, strict=True):
        frame = read_columns(part, f"{folder.name}/{name}")
        said = {key: value for key, value in said_by_folders(part, folder).items() if key not in frame.columns}
        frame = frame.with_columns(pl.lit(value, pl.String).alias(key) for key, value in said.items())
        if frames:
            frame = like_first(frames[0], names[0], frame, name, folder)
        frames.append(frame)
    return make_table(pl.concat(of_one_type(frames), how="vertical"), folder.name, **choices)


def said_by_folders(part: Path, folder: Path) -> dict[str, str | None]:
    """The columns that the folders of a part stand for."""
    pairs = (name.partition("=")[::2] for name in part.relative_to(folder).parts[:-1])
    return {unquote(key): None if value == NO_VALUE else unquote(value) for key, value in pairs}


def like_first(first: pl.DataFrame, first_name: str, frame: pl.DataFrame, name: str, folder: Path) -> pl.DataFrame:
    """A part with its columns in the order of the first part. Raises DataError where they are not the same columns."""
    lacking = [column for column in first.columns if column not in frame.columns]
    more = [column for column in frame.columns if column not in first.columns]
    if lacking or more:
        has, lacks = (first_name, name) if lacking else (name, first_name)
        raise DataError(
            say(
                "{folder}: {has} has a column {column!r} that {lacks} lacks; the parts of one table must have the "
                "same columns",
                folder=folder.name,
                has=has,
                column=(lacking or more)[0],
                lacks=lacks,
            )
        )
    frame = frame.select(first.columns)
    for column in frame.columns:
        a, b = first[column].dtype, frame[column].dtype
        if a.is_nested() and a != b:
            raise DataError(
                say(
                    "{folder}: column {column!r} holds {b} in {name} but {a} in {first_name}; save both alike",
                    folder=folder.name,
                    column=column,
                    b=b,
                    name=name,
                    a=a,
                    first_name=first_name,
                )
            )
    return frame


def of_one_type(frames: list[pl.DataFrame]) -> list[pl.DataFrame]:
    """Columns of the same type throughout: numbers of the widest kind, and text where the parts do not agree at all."""
    import polars as pl

    chosen: dict[str, pl.DataType] = {}
    for column in frames[0].columns:
        types = {frame[column].dtype for frame in frames} - {pl.Null()}
        if len(types) > 1:
            numbers = all(each.is_numeric() for each in types)
            whole = all(each.is_integer() for each in types)
            chosen[column] = pl.Int64() if whole else pl.Float64() if numbers else pl.String()
        elif types:
            chosen[column] = types.pop()
    return [frame.cast(dict(chosen.items())) for frame in frames]


def tables_inside(folder: Path) -> str | None:
    """What to say of a folder in whose folders there are tables; None where there are none."""
    inside = [entry.name for entry in sorted(folder.iterdir()) if entry.is_dir() and find_parts(entry)]
    if not inside:
        return None
    return say(
        "{folder}: its tables lie in {listed}; give one of these folders, such as {first}",
        folder=folder.name,
        listed=listed(inside),
        first=folder / inside[0],
    )


def other_tables(folder: Path) -> str | None:
    """What to say of a folder of tables that are not read by the folder; None where there are none."""
    tables = [entry.name for entry in sorted(folder.iterdir()) if entry.is_file() and is_table_file(entry)]
    if not tables:
        return None
    return say(
        "{folder}: it holds tables ({listed}), and a folder is read as one table only where they are "
        "Parquet or Arrow; give one file, such as {first}",
        folder=folder.name,
        listed=listed(tables),
        first=folder / tables[0],
    )

"""What several commands take, so that it has one name and one explanation everywhere."""

from __future__ import annotations

import shlex
from enum import StrEnum
from typing import Annotated, Any

import typer

from vitrina import locale
from vitrina.errors import UsageError
from vitrina.locale import say


class Language(StrEnum):
    en = "en"
    es = "es"


def _speak(language: Language | None) -> Language | None:
    locale.use(language.value if language else None)
    return language


Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Lang = Annotated[
    Language | None,
    typer.Option(
        "--lang", callback=_speak, is_eager=True, help="Language of what is printed (default: that of the system)."
    ),
]
Query = Annotated[
    str | None,
    typer.Option("--query", metavar="SQL", help="For a database: the query whose rows are the data."),
]
TableName = Annotated[str | None, typer.Option("--table", metavar="NAME", help="For a database: the table to read.")]
Column = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar="NAME=ROLE",
        help="numeric, categorical, date or text, where it was guessed wrong.",
    ),
]
Drop = Annotated[list[str] | None, typer.Option("--drop", metavar="NAME", help="A column to leave out.")]
ImageSize = Annotated[str | None, typer.Option("--image-size", metavar="HxW", help="Resize all images to this.")]
Run = Annotated[str, typer.Argument(metavar="RUN", help="The directory of a run, or a model file.", show_default=False)]
TimeColumn = Annotated[
    str | None,
    typer.Option("--time", metavar="COLUMN", help="Train on the past of this column, test on the latest."),
]
Gap = Annotated[
    str | None,
    typer.Option("--gap", metavar="LENGTH", help="With --time: leave this out between the parts, such as 7d."),
]
Group = Annotated[
    str | None,
    typer.Option("--group", metavar="COLUMN", help="Keep rows of one value, such as a customer, in one part."),
]
SplitColumn = Annotated[
    str | None,
    typer.Option("--split", metavar="COLUMN", help="This column says train, validation or test."),
]
By = Annotated[
    str | None, typer.Option("--by", metavar="COLUMN", help="Also for each value of this column, such as a region.")
]
OverTime = Annotated[str | None, typer.Option("--time", metavar="COLUMN", help="Also over time, as this column says.")]
DropLeaks = Annotated[bool, typer.Option("--drop-leaks", help="Leave out columns that seem to give the target away.")]


def located(data: str, query: str | None, table: str | None) -> str:
    """The data as one text: the address of a database has its query or table in it."""
    from vitrina.data.address import located

    return located(data, query, table)


def typed_again(*given: tuple[str, Any]) -> str:
    """Options as they were given, to be typed behind another command; what was not given is left out.

    >>> typed_again(("--target", "number sold"), ("--drop", ["id"]), ("--drop-leaks", True), ("--seed", None))
    "--target 'number sold' --drop id --drop-leaks"
    """
    words: list[str] = []
    for flag, value in given:
        if value is True:
            words.append(flag)
        elif value is not None and value is not False:
            for one in value if isinstance(value, list | tuple) else [value]:
                words += [flag, shlex.quote(str(one))]
    return " ".join(words)


def roles_of(columns: list[str] | None) -> dict[str, str] | None:
    """zip=categorical -> {"zip": "categorical"}."""
    roles: dict[str, str] = {}
    for given in columns or ():
        name, equals, role = given.rpartition("=")
        if not equals or not name:
            raise UsageError(say("--column {given}: write NAME=ROLE, such as zip=categorical", given=given))
        roles[name] = role
    return roles or None


def size_of(given: str | None) -> tuple[int, int] | None:
    """64x48 -> (64, 48)."""
    if given is None:
        return None
    height, _, width = given.lower().partition("x")
    if not (height.isdecimal() and width.isdecimal() and int(height) and int(width)):
        raise UsageError(say("--image-size {given}: write HEIGHTxWIDTH, such as 64x64", given=given))
    return int(height), int(width)

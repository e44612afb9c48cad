"""What several commands take, so that it has one name and one explanation everywhere."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from vitrina import locale


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
DropLeaks = Annotated[bool, typer.Option("--drop-leaks", help="Leave out columns that seem to give the target away.")]

"""The words for what is said about data in more than one place: where a row is, and the parts that rows are divided into."""

from __future__ import annotations

import re
from collections.abc import Sequence

from vitrina.locale import say

_PLACE = re.compile(r"(line|row) (\d+)( \(.*\))?", re.DOTALL)


def place_name(where: str) -> str:
    """Where a row is in the data, `line 17` or `row 15`, in the user's language; a file's name is what it is.

    >>> from vitrina.locale import use
    >>> use("es"); place_name("row 15"), place_name("line 17 (cats/tom.png)"), place_name("cats/tom.png")
    ('fila 15', 'línea 17 (cats/tom.png)', 'cats/tom.png')
    >>> use(None)
    """
    found = _PLACE.fullmatch(where)
    if found is None:
        return where
    unit, number, file = found.groups()
    said = say("line {number}", number=number) if unit == "line" else say("row {number}", number=number)
    return said + (file or "")


def part_name(part: str) -> str:
    """One of the parts that rows are divided into (train, validation, test) in the user's language."""
    return {"train": say("train"), "validation": say("validation"), "test": say("test")}.get(part, part)


def listed(names: Sequence[str], most: int = 5) -> str:
    """Some of the names, for a sentence."""
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")

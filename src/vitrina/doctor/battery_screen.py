"""The battery's verdicts on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.text import Text

MARKS = {True: ("✓ ", "bold green"), False: ("✗ ", "bold red"), None: ("· ", "dim")}


def lines_of(tests: Sequence[Mapping[str, Any]]) -> Iterator[Text]:
    """A line for each test."""
    from rich.text import Text

    for test in tests:
        yield Text.assemble(MARKS[test["passed"]], (f"{test['name']}: ", "dim"), test["verdict"])

"""How commands show what they found: JSON for programs, Rich for people, and the words for figures."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vitrina.evaluate.words import AREAS, SHARES, figure, figure_name
from vitrina.terminal import WIDTH, bar, curve, grid, marked

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

__all__ = ["bar", "console", "curve", "figure", "figure_name", "figures", "grid", "marked", "print_json", "warn"]


def print_json(document: Mapping[str, Any]) -> None:
    """One JSON object on standard output. What JSON has no word for (NaN, infinity) becomes null."""
    sys.stdout.write(json.dumps(_plain(document), ensure_ascii=False, allow_nan=False) + "\n")
    sys.stdout.flush()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):  # arrays and numbers of NumPy
        return _plain(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def warn(screen: Console, warnings: Sequence[str]) -> None:
    """A line for each sentence of warning, behind a sign."""
    from rich.text import Text

    for warning in warnings:
        screen.print(Text.assemble(("! ", "bold yellow"), warning))


def console(record: bool = False) -> Console:
    """Standard output as Rich writes it; as wide as the terminal, or wide enough for tables where there is none."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else WIDTH
    return Console(width=width, highlight=False, record=record, emoji=False)


def figures(measured: Mapping[str, float]) -> Table:
    """What was measured, a line each; shares and areas with a bar."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(justify="right", style="bold")
    table.add_column()
    for name, value in sorted(measured.items(), key=lambda item: item[0] not in (*SHARES, *AREAS)):
        if not _repeats(name, value, measured):
            drawn = bar(value, 24) if name in (*SHARES, *AREAS) and 0.0 <= value <= 1.0 else Text("")
            table.add_row(figure_name(name), figure(name, value), drawn)
    return table


def _repeats(name: str, value: float, measured: Mapping[str, float]) -> bool:
    """The error that was trained on is often one of the measures; one line is enough for both."""
    others = [other for measure, other in measured.items() if measure != name]
    return name == "error" and any(math.isclose(value, other, rel_tol=1e-6) for other in others)

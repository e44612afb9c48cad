"""A description as a table in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from vitrina.data.describe import BARS

if TYPE_CHECKING:
    from vitrina.data.describe import ColumnDescription, Description, TargetDescription

BLOCKS = "▁▂▃▄▅▆▇█"
COLOURS = {"numeric": "cyan", "categorical": "magenta", "boolean": "magenta", "image": "green"}
MOST_SHOWN = 60  # columns, and rows of warnings: the JSON has them all
MOST_CLASSES = 12
LONGEST_NAME = 32  # characters of a column's name
BAR = 28  # characters of the longest bar


def blocks(counts: tuple[int, ...]) -> str:
    """Counts as a line of blocks; a bar that is not zero can always be seen, one that is zero is a blank."""
    top = max(counts, default=0)
    return "".join(" " if count == 0 else BLOCKS[round(count / top * (len(BLOCKS) - 1))] for count in counts)


def number(value: float | None) -> str:
    """Four digits, and no more than needed."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.4g}"


def render_description(description: Description) -> RenderableType:
    """What it is, its columns, its target, and what to watch."""
    parts: list[RenderableType] = [_title(description)]
    if description.columns:
        parts.append(_columns(description))
    if description.target is not None:
        parts.append(Padding(_target(description.target), (1, 0, 0, 0)))
    if description.warnings:
        lines = [Text.assemble(("! ", "bold yellow"), warning) for warning in description.warnings[:MOST_SHOWN]]
        if len(description.warnings) > MOST_SHOWN:
            lines.append(Text(f"... and {len(description.warnings) - MOST_SHOWN} more", "dim"))
        parts.append(Padding(Group(*lines), (1, 0, 0, 0)))
    return Group(*parts)


def _title(description: Description) -> Text:
    size = f"{description.rows:,} rows"
    if description.kind == "table":
        size += f", {len(description.columns)} columns to learn from"
    if description.shape is not None:
        size += ", each " + " × ".join(str(side) for side in description.shape)
    return Text.assemble((description.name, "bold"), f"  {size}")


def _columns(description: Description) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    longest = max(len(column.name) for column in description.columns[:MOST_SHOWN])
    table.add_column("column", min_width=min(longest, LONGEST_NAME), max_width=LONGEST_NAME, no_wrap=True)
    table.add_column("role", min_width=max(len(column.role) for column in description.columns), no_wrap=True)
    table.add_column("missing", justify="right", min_width=7, no_wrap=True)
    table.add_column("values", min_width=BARS, no_wrap=True)
    table.add_column("range", no_wrap=True)  # the one that gives way on a narrow screen
    for column in description.columns[:MOST_SHOWN]:
        colour = COLOURS.get(column.role, "dim")
        missing = f"{column.missing:.1%}" if column.missing else ""
        name = Text(column.name, "" if column.role in COLOURS else "dim")
        table.add_row(name, Text(column.role, colour), missing, Text(blocks(column.histogram), colour), _range(column))
    if (more := len(description.columns) - MOST_SHOWN) > 0:
        table.add_row(Text(f"... and {more} more", "dim"))
    return table


def _range(column: ColumnDescription) -> Text:
    if column.low is not None:
        if column.low == column.high:
            return Text(number(column.low))
        text = Text.assemble(number(column.low), (" … ", "dim"), number(column.high))
        return text.append(f"  mean {number(column.mean)}", "dim")
    if column.values:
        more = (column.distinct or 0) - len(column.values[:4])
        return Text(", ".join(column.values[:4])).append(f"  and {more} more" if more > 0 else "", "dim")
    return Text(f"{column.distinct:,} different" if column.distinct else "", "dim")


def _target(target: TargetDescription) -> RenderableType:
    head = Text.assemble("target ", (target.name, "bold"), f", {target.task}")
    if not target.classes:
        line = Text.assemble((blocks(target.histogram), "cyan"), f"  {number(target.low)} … {number(target.high)}")
        return Group(head, line.append(f"  mean {number(target.mean)}", "dim"))
    table = Table.grid(padding=(0, 2))
    table.add_column(overflow="ellipsis", max_width=30, no_wrap=True)
    total, top = sum(target.classes.values()), max(target.classes.values())
    for name, rows in list(target.classes.items())[:MOST_CLASSES]:
        table.add_row(
            name, Text("█" * max(1, round(rows / top * BAR)), "cyan"), f"{rows:,}", Text(f"{rows / total:.1%}", "dim")
        )
    if (more := len(target.classes) - MOST_CLASSES) > 0:
        table.add_row(Text(f"and {more} more", "dim"))
    return Group(head, table)

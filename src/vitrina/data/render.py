"""A description as a table in the terminal, as wide as the terminal is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich import box
from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from vitrina.data.describe import BARS
from vitrina.data.roles import USED
from vitrina.locale import say

if TYPE_CHECKING:
    from vitrina.data.describe import ColumnDescription, Description, TargetDescription

YEARS = (1500, 2200)
BLOCKS = "▁▂▃▄▅▆▇█"
COLOURS = {
    "numeric": "cyan",
    "categorical": "magenta",
    "boolean": "magenta",
    "date": "yellow",
    "text": "green",
    "image": "green",
}
MOST_SHOWN = 60  # columns, and rows of warnings: the JSON has them all
MOST_CLASSES = 12
LONGEST_NAME = 32  # characters of a column's name
BAR = 28  # characters of the longest bar
GAP = 2  # blanks between columns
MUCH = 0.2  # a share of missing values that is pointed out


def blocks(counts: tuple[int, ...]) -> str:
    """Counts as a line of blocks; a bar that is not zero can always be seen, one that is zero is a blank."""
    top = max(counts, default=0)
    return "".join(" " if count == 0 else BLOCKS[round(count / top * (len(BLOCKS) - 1))] for count in counts)


def one_line(text: str) -> str:
    """A text without the ends of lines in it."""
    return " ".join(text.split())


def number(value: float | None, year: bool = False) -> str:
    """Four digits, and no more than needed; thousands are set apart, but not of a year."""
    if value is None:
        return ""
    if year:
        return f"{value:.0f}"
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.4g}"


def render_description(description: Description) -> RenderableType:
    """What it is, its columns, its target, and what to watch."""
    parts: list[RenderableType] = [_title(description)]
    if description.columns:
        parts.append(Padding(_Columns(description.columns), (1, 0, 0, 0)))
    if description.target is not None:
        parts.append(Padding(_target(description.target), (1, 0, 0, 0)))
    if description.warnings:
        parts.append(Padding(_warnings(description.warnings), (1, 0, 0, 0)))
    return Group(*parts)


def _title(description: Description) -> Text:
    size = say("{rows:,} rows", rows=description.rows)
    if description.kind == "table":
        used = sum(column.role in USED for column in description.columns)
        size += say(", {count:,} columns", count=len(description.columns))
        size += say(", {used:,} of them to learn from", used=used) if used < len(description.columns) else ""
    if description.shape is not None:
        size += say(", each {shape}", shape=" × ".join(str(side) for side in description.shape))
    return Text.assemble((description.name, "bold"), f"  {size}")


@dataclass(frozen=True)
class _Columns:
    """A line for each column. What is in it gives way on a narrow screen: names and roles stay whole as far as they can."""

    columns: tuple[ColumnDescription, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        shown = self.columns[:MOST_SHOWN]
        missing = any(column.missing for column in shown)
        heads = [say("column"), say("role"), *([say("missing")] if missing else []), say("values"), say("range")]
        role = max(cell_len(text) for text in (heads[1], *(column.role for column in shown)))
        gone = cell_len(say("missing")) if missing else 0
        fixed = role + gone + BARS + GAP * (3 + missing)
        longest = max(cell_len(text) for text in (heads[0], *(column.name for column in shown)))
        name = max(8, min(longest, LONGEST_NAME, options.max_width - fixed - 24))
        room = max(4, options.max_width - fixed - name)
        table = Table(
            box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, GAP - 1, 0, 0), header_style="bold"
        )
        widths: list[int] = [name, role, *([gone] if missing else []), BARS, room]
        for head, width in zip(heads, widths, strict=True):
            table.add_column(head, justify="right" if head == say("missing") else "left", width=width, no_wrap=True)
        for column in shown:
            table.add_row(*_cells(column, name, room, missing))
        yield table
        if (more := len(self.columns) - MOST_SHOWN) > 0:
            yield Text(say("... and {more:,} more", more=more), "dim")


def _cells(column: ColumnDescription, name: int, room: int, missing: bool) -> list[Text]:
    colour = COLOURS.get(column.role, "dim")
    share = Text(_share(column.missing), "bold yellow" if column.missing >= MUCH else "")
    return [
        Text(_cut(column.name, name), "" if column.role in COLOURS else "dim"),
        Text(column.role, colour),
        *([share] if missing else []),
        Text(blocks(column.histogram), colour),
        _range(column, room),
    ]


def _of_years(column: ColumnDescription) -> bool:
    """Whether the numbers can be years, which nobody writes as 2,022."""
    low, high = column.low, column.high
    return low is not None and high is not None and low >= YEARS[0] and high <= YEARS[1] and low == int(low)


def _share(share: float) -> str:
    """A share that is not zero is never shown as none, nor one below one as all."""
    if share == 0:
        return ""
    return "< 0.1%" if share < 0.0005 else "> 99.9%" if 0.9995 <= share < 1 else f"{share:.1%}"


def _cut(text: str, width: int) -> str:
    return text if cell_len(text) <= width else set_cell_size(text, width - 1).rstrip() + "…"


def _range(column: ColumnDescription, room: int) -> Text:
    """From what to what, in so many characters: the mean, and the rarer values, are the first to go."""
    if column.first is not None:
        ends = [column.first, str(column.last)] if column.first != column.last else [column.first]
        if sum(map(len, ends)) + 3 > room:
            ends = [end[:10] for end in ends]
        if sum(map(len, ends)) + 3 > room:
            ends = [end[:7] for end in ends]
        return _between(ends, "", room)
    if column.low is not None:
        year = _of_years(column)
        ends = [number(end, year) for end in dict.fromkeys((column.low, column.high))]
        if column.role == "text":
            ends[-1] = say("{count} words", count=ends[-1])
        mean = "  " + say("mean {mean}", mean=number(column.mean, year)) if len(ends) > 1 else ""
        return _between(ends, mean, room)
    if column.values:
        return _listed(column, room)
    return Text(say("{count:,} different", count=column.distinct) if column.distinct else "", "dim")


def _between(ends: list[str], after: str, room: int) -> Text:
    text = Text(" … ", "dim").join(Text(end) for end in ends)
    if text.cell_len + cell_len(after) <= room:
        text.append(after, "dim")
    return text


def _listed(column: ColumnDescription, room: int) -> Text:
    """As many of the most frequent values as there is room for, and how many more there are."""
    for count in range(len(column.values), 0, -1):
        rest = _more(column, count)
        text = ", ".join(map(one_line, column.values[:count]))
        if cell_len(text) + cell_len(rest) <= room:
            return Text(text).append(rest, "dim")
    rest = _more(column, 1)
    return Text(_cut(one_line(column.values[0]), max(1, room - cell_len(rest)))).append(rest, "dim")


def _more(column: ColumnDescription, shown: int) -> str:
    more = (column.distinct or 0) - shown
    return f"  +{more:,}" if more > 0 else ""


def _target(target: TargetDescription) -> RenderableType:
    head = Text.assemble(say("target"), " ", (target.name, "bold"), ", ", _task(target))
    if not target.classes:
        line = Text.assemble((blocks(target.histogram), "cyan"), f"  {number(target.low)} … {number(target.high)}")
        return Group(head, line.append("  " + say("mean {mean}", mean=number(target.mean)), "dim"))
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(overflow="ellipsis", max_width=30, no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    total, top = sum(target.classes.values()), max(target.classes.values())
    for name, rows in list(target.classes.items())[:MOST_CLASSES]:
        line = Text("█" * max(1, round(rows / top * BAR)), "cyan")
        table.add_row(one_line(name), line, f"{rows:,}", Text(_share(rows / total), "dim"))
    if (more := len(target.classes) - MOST_CLASSES) > 0:
        table.add_row(Text(say("... and {more:,} more", more=more), "dim"))
    return Group(head, table)


def _task(target: TargetDescription) -> str:
    return say("classification") if target.classes else say("regression")


def _warnings(warnings: tuple[str, ...]) -> Table:
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(style="bold yellow")
    table.add_column()
    for warning in warnings[:MOST_SHOWN]:
        table.add_row("!", Text(warning))
    if len(warnings) > MOST_SHOWN:
        table.add_row("", Text(say("... and {more:,} more", more=len(warnings) - MOST_SHOWN), "dim"))
    return table

"""Small drawings for a terminal, which everybody who shows something there shares."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from io import StringIO
from typing import TYPE_CHECKING, Any

from vitrina.locale import say

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

WIDTH = 100  # columns where there is no terminal to ask
BLOCKS = "▁▂▃▄▅▆▇█"
BRAILLE = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # the dots of a character, by row and column


def marked(sentence: str, **values: Any) -> Text:
    """`say` for a sentence with Rich's markup; values are shown as they are, brackets and all."""
    from rich.markup import escape
    from rich.text import Text

    return Text.from_markup(
        say(sentence, **{name: escape(v) if isinstance(v, str) else v for name, v in values.items()})
    )


def grid(*rows: tuple[str, Any]) -> Table:
    """Lines with a quiet name on the left: the frame of every report."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column()
    for name, value in rows:
        table.add_row(name, Text(value) if isinstance(value, str) else value)
    return table


class Shown:
    """What prints itself: as text in Python, as HTML in a notebook. Its classes say how it is drawn on a screen."""

    def draw(self, screen: Console) -> None:
        """Draws it."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return self._drawn().export_text()

    def _repr_html_(self) -> str:
        return self._drawn().export_html(inline_styles=True, code_format="<pre>{code}</pre>")

    def _drawn(self) -> Console:
        from rich.console import Console

        screen = Console(width=WIDTH, record=True, file=StringIO(), highlight=False, emoji=False)
        self.draw(screen)
        return screen


def bar(share: float, width: int, colour: str = "cyan") -> Text:
    """A horizontal bar, an eighth of a character exact."""
    from rich.text import Text

    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    whole, rest = divmod(eighths, 8)
    drawn = "█" * whole + (" ▏▎▍▌▋▊▉"[rest] if rest else "")
    return Text.assemble((drawn, colour), ("·" * (width - len(drawn)), "dim"))


def curve(values: Sequence[float], width: int = 40) -> str:
    """How an error went over time, as a line of blocks from its lowest to its highest.

    On a logarithmic scale: from 1 to 0.1 is as great a step as from 0.1 to 0.01.
    """
    known = [math.log(max(value, 1e-12)) for value in values if math.isfinite(value)]
    if not known:
        return ""
    if len(known) > width:  # the mean of each stretch
        edges = [round(place * len(known) / width) for place in range(width + 1)]
        known = [sum(known[a:b]) / (b - a) for a, b in itertools.pairwise(edges)]
    low, high = min(known), max(known)
    span = (high - low) or 1.0
    return "".join(BLOCKS[round((value - low) / span * (len(BLOCKS) - 1))] for value in known)


def plot(lines: Sequence[tuple[Sequence[float], str]], width: int = 64, height: int = 14) -> Text:
    """Curves over the same evenly spaced places, each with its colour, in dots of braille: two by four in a character.

    Where two meet, the later one's colour is seen. What is not finite is left out.
    """
    from rich.text import Text

    known = [value for values, _ in lines for value in values if math.isfinite(value)]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    dots: dict[tuple[int, int], int] = {}
    colours: dict[tuple[int, int], str] = {}
    for values, colour in lines:
        before: int | None = None
        for across in range(2 * width):
            value = values[round(across / (2 * width - 1) * (len(values) - 1))]
            if not math.isfinite(value):
                before = None
                continue
            down = round((high - value) / ((high - low) or 1.0) * (4 * height - 1))
            start = down if before is None else before + (down > before) - (down < before)
            for dot in range(min(start, down), max(start, down) + 1):  # joined up, where it is steep
                cell = (dot // 4, across // 2)
                dots[cell] = dots.get(cell, 0) | BRAILLE[dot % 4][across % 2]
                colours[cell] = colour
            before = down
    text = Text()
    for row in range(height):
        for column in range(width):
            cell = (row, column)
            text.append(chr(0x2800 + dots.get(cell, 0)), colours.get(cell, ""))
        edge = f" {high:.3g}" if row == 0 else f" {low:.3g}" if row == height - 1 else ""
        text.append(edge + ("\n" if row < height - 1 else ""), "dim")
    return text

"""Arrays as small pictures in the terminal: two pixels to a character, one above the other, in colour.

Where there is no colour, shades stand for the mean of the two, so that the layout is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from rich.color import Color
from rich.style import Style
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType

Colour = tuple[int, int, int]
INK: tuple[Colour, ...] = ((16, 18, 27), (120, 124, 140), (250, 248, 240))  # a picture: dark paper, light ink
GLOW: tuple[Colour, ...] = (
    (16, 18, 27),
    (28, 70, 122),
    (0, 160, 176),
    (245, 196, 72),
    (255, 246, 214),
)  # quiet to active
SIGNAL: tuple[Colour, ...] = (
    (90, 190, 255),
    (36, 92, 150),
    (22, 24, 32),
    (160, 74, 24),
    (255, 150, 66),
)  # minus, 0, plus
SHADES = " ░▒▓█"


def picture(
    values: np.ndarray, colours: Sequence[Colour], low: float, high: float, scale: int = 1, colour: bool = True
) -> Text:
    """values (height, width) as a picture of width · scale characters; low has the first colour and high the last."""
    shares = np.clip((values - low) / ((high - low) or 1.0), 0.0, 1.0)
    shares = shares.repeat(scale, axis=0).repeat(scale, axis=1)
    if len(shares) % 2:
        shares = np.concatenate([shares, shares[-1:]])
    drawn = Text()
    for row, (above, below) in enumerate(zip(shares[0::2], shares[1::2], strict=True)):
        if row:
            drawn.append("\n")
        for top, bottom in zip(above.tolist(), below.tolist(), strict=True):
            if colour:
                drawn.append("▀", Style(color=_mixed(colours, top), bgcolor=_mixed(colours, bottom)))
            else:
                drawn.append(_shade(colours, (top + bottom) / 2))
    return drawn


def strip(
    values: np.ndarray, colours: Sequence[Colour], low: float, high: float, width: int, colour: bool = True
) -> Text:
    """Values (n,) as a line of cells, `width` to a line."""
    rows = -(-len(values) // width)
    filled = np.full(rows * width, (low + high) / 2 if colours is SIGNAL else low, np.float64)
    filled[: len(values)] = values
    return picture(filled.reshape(rows, width).repeat(2, axis=0), colours, low, high, 1, colour)


def gallery(pictures: Sequence[RenderableType], captions: Sequence[str], width: int = 8) -> Table:
    """Pictures of `width` characters side by side, each with its caption under it."""
    table = Table.grid(padding=(0, 1, 0, 0))
    for _ in pictures:
        table.add_column(justify="center", no_wrap=True, width=width)
    table.add_row(*pictures)
    table.add_row(*(Text(caption, "dim") for caption in captions))
    return table


def _mixed(colours: Sequence[Colour], share: float) -> Color:
    """The colour at `share` of the way through `colours`."""
    place = share * (len(colours) - 1)
    first = min(int(place), len(colours) - 2)
    part = place - first
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(colours[first], colours[first + 1], strict=True))
    return Color.from_rgb(red, green, blue)


def _shade(colours: Sequence[Colour], share: float) -> str:
    """On the scale of signals, nothing is in the middle and both ends are strong."""
    strength = abs(share - 0.5) * 2 if colours is SIGNAL else share
    return SHADES[round(strength * (len(SHADES) - 1))]

"""Small drawings for a terminal, which everybody who shows something there shares."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from vitrina.locale import say

if TYPE_CHECKING:
    from rich.text import Text

BLOCKS = "▁▂▃▄▅▆▇█"


def marked(sentence: str, **values: Any) -> Text:
    """`say` for a sentence with Rich's markup; values are shown as they are, brackets and all."""
    from rich.markup import escape
    from rich.text import Text

    return Text.from_markup(
        say(sentence, **{name: escape(v) if isinstance(v, str) else v for name, v in values.items()})
    )


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

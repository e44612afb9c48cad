"""A series of numbers as a line: of characters for a terminal, of SVG for a page. On a scale of powers where it spans many."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

BLOCKS = "▁▂▃▄▅▆▇█"
WIDTH = 32  # characters
DECADES = 2.0  # powers of ten, from where on a scale is one of powers
COLOURS = ("var(--first)", "var(--second)")


def heights(values: Sequence[float]) -> list[float]:
    """From 0, the smallest, to 1, the largest; a half where all are the same."""
    low, high = min(values), max(values)
    if low > 0 and math.log10(high / low) > DECADES:
        values = [math.log10(value) for value in values]
        low, high = min(values), max(values)
    return [(value - low) / (high - low) if high > low else 0.5 for value in values]


def _placed(series: Sequence[Sequence[float]]) -> list[list[float]]:
    """The heights of each: of the error beside that on validation on one scale, of the error beside a rate on two."""
    if not series:
        return []
    if max(min(values) for values in series) > min(max(values) for values in series):
        return [heights(values) for values in series]
    together = iter(heights([value for values in series for value in values]))
    return [[next(together) for _ in values] for values in series]


def sparkline(values: Sequence[float], width: int = WIDTH) -> str:
    """`▇▆▅▃▂▁`: one character a number, the mean of several where there are more than fit."""
    if len(values) > width:
        edges = [round(at * len(values) / width) for at in range(width + 1)]
        values = [math.fsum(values[a:b]) / (b - a) for a, b in itertools.pairwise(edges)]
    return "".join(BLOCKS[min(int(height * len(BLOCKS)), len(BLOCKS) - 1)] for height in heights(values))


def told(values: Sequence[float]) -> str:
    """Its first and its last number."""
    return f"{values[0]:.3g} → {values[-1]:.3g}"


def drawing(series: Mapping[str, Sequence[float]], width: int = 220, height: int = 44) -> str:
    """The series of a finding as SVG, one line each, on one scale where their ranges meet; empty where there are none."""
    lines: list[str] = []
    for place, own in enumerate(_placed(list(series.values()))):
        points = " ".join(
            f"{2 + (width - 4) * x / max(1, len(own) - 1):.1f},{2 + (height - 4) * (1 - y):.1f}"
            for x, y in enumerate(own)
        )
        colour = COLOURS[place % len(COLOURS)]
        lines.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
    if not lines:
        return ""
    return (
        f'<svg class="spark" viewBox="0 0 {width} {height}" width="{width}" height="{height}" aria-hidden="true">'
        f"{''.join(lines)}</svg>"
    )

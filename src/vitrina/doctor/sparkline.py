"""A series of numbers as a line: of characters for a terminal, of SVG for a page. On a scale of powers where it spans many."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

from vitrina.locale import say

BLOCKS = "▁▂▃▄▅▆▇█"
APART = (
    "rows, by class",
    "validation rows, by class",
    "answers, by class",
    "size, by column",
    "told by a column alone",
)
WIDTH = 32  # characters
DECADES = 2.0  # powers of ten, from where on a scale is one of powers
LEAST = 0.1  # of the largest, what a scale spans at least: a flat error looks flat
COLOURS = ("var(--first)", "var(--second)")


def heights(values: Sequence[float]) -> list[float]:
    """From 0, the smallest, to 1, the largest; around a half where they hardly differ."""
    low, high = min(values), max(values)
    if low > 0 and math.log10(high / low) > DECADES:
        values = [math.log10(value) for value in values]
        low, high = min(values), max(values)
    span = max(high - low, LEAST * max(abs(low), abs(high)))
    foot = 0.5 * (low + high - span)
    return [(value - foot) / span if span > 0 else 0.5 for value in values]


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
    return "".join(BLOCKS[min(int(height * len(BLOCKS) + 1e-9), len(BLOCKS) - 1)] for height in heights(values))


def told(name: str, values: Sequence[float]) -> str:
    """What it is of, and its first and last number; of what is in no order of time, its lowest and highest."""
    ends = f"{min(values):.3g} … {max(values):.3g}" if name in APART else f"{values[0]:.3g} → {values[-1]:.3g}"
    return f"{in_words(name)} {ends}"


def in_words(name: str) -> str:
    """The name of a series in the reader's language."""
    head, _, layer = name.partition(" of ")
    if head == "step over weights" and layer:
        return say("step over weights of {layer}", layer=layer)
    known = {
        "error": say("error"),
        "validation error": say("validation error"),
        "learning rate": say("learning rate"),
        "step over weights": say("step over weights"),
        "size of a step": say("size of a step"),
        "size of the weights": say("size of the weights"),
        "share of dead units": say("share of dead units"),
        "share at the flat ends": say("share at the flat ends"),
        "size of the outputs, by layer": say("size of the outputs, by layer"),
        "likeness of two examples, by layer": say("likeness of two examples, by layer"),
        "weights over what suits, by layer": say("weights over what suits, by layer"),
        "gradient over weights, by layer": say("gradient over weights, by layer"),
        "size, by column": say("size, by column"),
        "told by a column alone": say("told by a column alone"),
        "validation mean, in training spreads": say("validation mean, in training spreads"),
        "rows, by class": say("rows, by class"),
        "validation rows, by class": say("validation rows, by class"),
        "answers, by class": say("answers, by class"),
    }
    return known.get(name, name)


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

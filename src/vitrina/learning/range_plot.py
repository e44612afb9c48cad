"""A range test to look at: as lines of text, and as an SVG."""

from __future__ import annotations

import math

from vitrina.learning.range_test import RangeTest
from vitrina.locale import say

HEIGHT = 8  # lines of text
BLOCKS = " ▁▂▃▄▅▆▇█"
WIDE, HIGH, EDGE = 640, 320, 48  # pixels


def shares(test: RangeTest) -> list[float | None]:
    """How high each error stands between the lowest (0) and a little above that of the first weights (1, and cut there)."""
    known = [error for error in test.errors.tolist() if math.isfinite(error)]
    if not known:
        return [None] * len(test.errors)
    low = min(*known, test.untaught)
    top = test.untaught + 0.25 * max(test.untaught - low, 1e-12)
    return [min(1.0, (error - low) / (top - low)) if math.isfinite(error) else None for error in test.errors.tolist()]


def range_lines(test: RangeTest, suggestion: float, width: int = 3) -> str:
    """Columns as high as the error, ✕ where it is no number, and an arrow under the rate nearest to the suggestion."""
    heights = [None if share is None else round(share * HEIGHT * 8) for share in shares(test)]
    lines: list[str] = []
    for line in range(HEIGHT - 1, -1, -1):
        cells = [
            ("✕" if line == 0 else " ") if height is None else BLOCKS[max(0, min(8, height - 8 * line))]
            for height in heights
        ]
        lines.append("".join((cell if cell == "✕" else cell * (width - 1)).ljust(width) for cell in cells))
    near = min(range(len(test.rates)), key=lambda at: abs(math.log(test.rates[at] / suggestion)))
    first, last = f"{test.rates[0]:.0e}", f"{test.rates[-1]:.0e}"
    lines.append("─" * (width * len(heights) - 1))
    lines.append((" " * (width * near) + "▲").ljust(width * len(heights)))
    lines.append(first + last.rjust(max(1, width * len(heights) - 1 - len(first))))
    return "\n".join(line.rstrip() for line in lines)


def range_svg(test: RangeTest, suggestion: float) -> str:
    """Error by learning rate (logarithmic), the suggestion, and the error of the first weights as a dashed line."""
    low, high = math.log10(test.rates[0]), math.log10(test.rates[-1])

    def across(rate: float) -> float:
        return EDGE + (math.log10(rate) - low) / (high - low) * (WIDE - 2 * EDGE)

    def down(share: float) -> float:
        return HIGH - EDGE - share * (HIGH - 2 * EDGE)

    found = shares(test)
    points = [(across(rate), down(share)) for rate, share in zip(test.rates, found, strict=True) if share is not None]
    crosses = [across(rate) for rate, share in zip(test.rates, found, strict=True) if share is None]
    known = [error for error in test.errors.tolist() if math.isfinite(error)]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDE}" height="{HIGH}" fill="white"/>',
    ]
    for decade in range(math.ceil(low), math.floor(high) + 1):
        x = across(10.0**decade)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{EDGE}" y2="{HIGH - EDGE}" stroke="#ddd"/>')
        parts.append(f'<text x="{x:.1f}" y="{HIGH - EDGE + 18}" text-anchor="middle">1e{decade}</text>')
    if known and min(known) < test.untaught:
        y = down((test.untaught - min(known)) / (1.25 * (test.untaught - min(known))))
        parts.append(
            f'<line x1="{EDGE}" x2="{WIDE - EDGE}" y1="{y:.1f}" y2="{y:.1f}" stroke="#999" stroke-dasharray="4"/>'
        )
        untaught = say("untaught: {error:.3g}", error=test.untaught)
        parts.append(f'<text x="{EDGE}" y="{y - 5:.1f}" fill="#666">{untaught}</text>')
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    parts.append(f'<polyline points="{line}" fill="none" stroke="#1f77b4" stroke-width="2"/>')
    parts += [f'<text x="{x:.1f}" y="{EDGE}" text-anchor="middle" fill="#c00">✕</text>' for x in crosses]
    x = across(suggestion)
    parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{EDGE}" y2="{HIGH - EDGE}" stroke="#2a2" stroke-width="2"/>')
    parts.append(f'<text x="{x:.1f}" y="{EDGE - 8}" text-anchor="middle" fill="#2a2">{suggestion:g}</text>')
    parts.append(f'<text x="{WIDE / 2}" y="{HIGH - 8}" text-anchor="middle">{say("learning rate")}</text>')
    parts.append(
        f'<text x="14" y="{HIGH / 2}" text-anchor="middle" transform="rotate(-90 14 {HIGH / 2})">'
        f"{say('error')}</text></svg>"
    )
    return "\n".join(parts) + "\n"

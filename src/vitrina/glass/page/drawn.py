"""What is drawn by hand in the editor, as a table: points of two colours in a plane, or a curve."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from vitrina.errors import UsageError
from vitrina.locale import say

POINTS, CURVE = "points", "curve"
FEWEST, MOST = 20, 2000
REACH = 100.0  # how far from 0 a point may lie
LABELS = {"en": ("blue", "orange"), "es": ("azul", "naranja")}  # of points, in the order of the colours


@dataclass(frozen=True)
class Kept:
    """A file that a training is to learn from, before it is written beside its run. stem: letters that any disk takes."""

    stem: str
    ending: str
    content: bytes


def read_points(told: Any, language: str) -> Kept:
    """Points as the page tells them, [x, y, 0 or 1] each. Raises UsageError unless there are enough of both colours."""
    found: list[tuple[float, float, int]] = []
    for point in _listed(told, say("draw {fewest} to {most} points", fewest=FEWEST, most=MOST)):
        if not isinstance(point, list) or len(point) != 3 or point[2] not in (0, 1):
            raise UsageError(say("a point has a place and one of two colours"))
        found.append((*_place(point[:2]), int(point[2])))
    if min(sum(of == colour for *_, of in found) for colour in (0, 1)) < FEWEST // 4:
        raise UsageError(say("draw at least {count} points of each colour", count=FEWEST // 4))
    names = LABELS.get(language, LABELS["en"])
    lines = (f"{x:.6g},{y:.6g},{names[of]}\n" for x, y, of in found)
    return Kept(POINTS, ".csv", ("x,y,class\n" + "".join(lines)).encode())


def read_curve(told: Any) -> Kept:
    """A curve as the page tells it, [x, y] each. Raises UsageError where there is too little of it, or nothing to learn."""
    found: list[tuple[float, float]] = []
    for point in _listed(told, say("draw more of a curve, from one side to the other")):
        if not isinstance(point, list) or len(point) != 2:
            raise UsageError(say("a point of a curve has a place across and a height"))
        found.append(_place(point))
    if len({y for _, y in found}) == 1:
        raise UsageError(say("this curve is flat; draw one that rises or falls"))
    return Kept(CURVE, ".csv", ("x,y\n" + "".join(f"{x:.6g},{y:.6g}\n" for x, y in found)).encode())


def _listed(told: Any, otherwise: str) -> list[Any]:
    if not isinstance(told, list) or not FEWEST <= len(told) <= MOST:
        raise UsageError(otherwise)
    return told


def _place(point: list[Any]) -> tuple[float, float]:
    for value in point:
        good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not good or abs(value) > REACH:
            raise UsageError(
                say(
                    "{what}: a number from {least:g} to {most:g}",
                    what=say("place of a point"),
                    least=-REACH,
                    most=REACH,
                )
            )
    return float(point[0]), float(point[1])

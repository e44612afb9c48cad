"""What repair came to, on a terminal: what was tried, what stayed, and the training as it is now."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from vitrina.evaluate.words import figure, figure_name
from vitrina.locale import say

if TYPE_CHECKING:
    from rich.text import Text

    from vitrina.doctor.healing import Healing


def lines_of(healing: Healing) -> Iterator[Text]:
    from rich.text import Text

    if healing.findings.healthy:
        yield Text.assemble(
            ("✓ ", "bold green"), say("Nothing is wrong that the doctor knows of; it is left as it is.")
        )
        return
    for one in healing.tried:
        mark = ("✓ ", "bold green") if one.kept else ("· ", "dim")
        told = f"{figure_name(one.measure)} {figure(one.measure, one.score)}"
        score = told if math.isfinite(one.score) else say("it breaks")
        yield Text.assemble(mark, (f"{one.code}: ", "dim"), one.words, ("  " + score, "bold" if one.kept else "dim"))
    if not healing.helped:
        yield Text.assemble(("✗ ", "bold red"), say("None of these helped; the run is left as it is."))
        return
    was, now = healing.measure
    before = figure(was, healing.before) if math.isfinite(healing.before) else say("nothing learned")
    after = figure(now, healing.after)
    after = after if was == now else f"{figure_name(now)} {after}"
    yield Text(
        say(
            "On validation: {measure} {before} before, {after} now.",
            measure=figure_name(was),
            before=before,
            after=after,
        )
    )
    for name, (was, now) in healing.changes.items():
        yield from _change(name, was, now)


def _change(name: str, was: Any, now: Any) -> Iterator[Text]:
    from rich.text import Text

    old, new = Counter(_lines(name, was)), Counter(_lines(name, now))
    yield Text(f"  {name.replace('_', ' ')}", "dim")
    for mark, colour, lines in (("-", "red", old - new), ("+", "green", new - old)):
        for line, count in lines.items():
            yield Text(f"  {mark} {f'{count} × ' if count > 1 else ''}{line}", colour)


def _lines(name: str, value: Any) -> list[str]:
    if name == "network":
        return [_short(layer) for layer in value["layers"]] + [f"{say('cost')} {_short(value['cost'])}"]
    return [_short(value)]


def _short(value: Any) -> str:
    """`Dense(units=32, activation=relu)`: what differs from nothing, long lists cut."""
    if not isinstance(value, dict):
        return str(value)
    fields = [
        f"{name}={_brief(item)}"
        for name, item in value.items()
        if name != "type" and item not in (None, True, False, 0.0)
    ]
    return f"{value.get('type', '')}({', '.join(fields)})"


def _brief(item: Any) -> str:
    if isinstance(item, list) and len(item) > 4:
        return f"[{_brief(item[0])}, ... {len(item)}]"
    if isinstance(item, dict):
        return _short(item)
    return f"{item:.4g}" if isinstance(item, float) else str(item)

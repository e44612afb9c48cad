"""Findings on a terminal: the cause, what to do, and the numbers behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from vitrina.doctor.sparkline import sparkline, told
from vitrina.locale import say

if TYPE_CHECKING:
    from rich.text import Text

    from vitrina.doctor.finding import Finding, Findings

MARKS = {"fault": ("✗", "bold red"), "warning": ("!", "bold yellow"), "note": ("·", "dim")}


def lines_of(findings: Findings) -> Iterator[Text]:
    """Each finding in a few lines; one line where there is none."""
    from rich.text import Text

    if findings.healthy:
        yield Text.assemble(("✓ ", "bold green"), say("Nothing is wrong that the doctor knows of."))
    for finding in findings:
        yield from _lines(finding)


def _lines(finding: Finding) -> Iterator[Text]:
    from rich.text import Text

    mark, colour = MARKS[finding.severity]
    quiet = "dim" if finding.severity == "note" else ""
    yield Text.assemble((f"{mark} ", colour), (finding.what, quiet or "bold"))
    yield Text.assemble("  ", (finding.todo, quiet))
    yield Text.assemble("  ", (f"{finding.code} · {measured(finding.evidence)}", "dim"))
    if finding.severity != "note":
        for name, values in finding.series.items():
            yield Text.assemble("  ", (sparkline(values), colour), (f" {told(name, values)}", "dim"))
    for one in finding.consequences:
        yield Text.assemble("    ", ("↳ ", "dim"), (one.what, "dim"))


def measured(evidence: Mapping[str, Any], most: int = 6) -> str:
    """The numbers of an evidence, as `name 0.123`."""
    told: list[str] = []
    for name, value in evidence.items():
        if isinstance(value, bool | str):
            told.append(f"{name.replace('_', ' ')} {value}")
        elif isinstance(value, int | float) and value == value:
            told.append(f"{name.replace('_', ' ')} {value:.4g}")
    return ", ".join(told[:most])

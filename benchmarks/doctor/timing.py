"""When it could be told: the recording cut at one moment after the other, and asked again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vitrina.doctor.case import Case
from vitrina.doctor.diagnosing import case_of
from vitrina.doctor.finding import Finding
from vitrina.doctor.verdict import verdict

MOMENTS = 16


def on_the_way(run: Path) -> list[tuple[float, list[list[str]]]]:
    """At some moments, as a share of the planned training: [code, severity] of all that was said above a note, with what is
    known then and no check-up, which comes at the end. The first is before the first step."""
    whole = case_of(run)
    planned = max(1, whole.planned_steps)
    found: list[tuple[float, list[list[str]]]] = [(0.0, _said(Case(whole.network, whole.settings, whole.exam)))]
    if whole.signs is None or not len(whole.signs.error_steps):
        return found
    done = whole.signs.done
    for moment in range(1, MOMENTS + 1):
        step = round(planned * moment / MOMENTS)
        if step > done or moment == MOMENTS:
            break
        found.append((step / planned, _said(Case(whole.network, whole.settings, whole.exam, whole.signs.until(step)))))
    return found


def _said(case: Case) -> list[list[str]]:
    def all_of(finding: Finding) -> list[Finding]:
        return [finding, *(inner for one in finding.consequences for inner in all_of(one))]

    return [[one.code, one.severity] for top in verdict(case) for one in all_of(top) if one.severity != "note"]


def first_told(moments: list[tuple[float, Any]], code: str) -> float | None:
    """The share of the training that was gone when this code was first told; None if it was not on the way."""
    return next((share for share, said in moments if code in [one for one, _ in said]), None)

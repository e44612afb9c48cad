"""From all that was found to what is said: the cause first, and what comes of it under it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vitrina.doctor.case import Case
from vitrina.doctor.finding import SEVERITIES, Finding, Findings
from vitrina.doctor.registry import RULES
from vitrina.doctor.rules import FAMILIES
from vitrina.doctor.series import series_of

REGISTERED = len(FAMILIES)  # importing the families has registered their rules


def verdict(case: Case, codes: Sequence[str] | None = None) -> Findings:
    """Asks every rule (or those of these codes), and sorts what they find."""
    found = [rule.look(case) for code, rule in RULES.items() if codes is None or code in codes]
    drawn = [replace(one, series=series_of(case, one)) for one in found if one is not None]
    return Findings(grouped(drawn))


def grouped(found: Sequence[Finding]) -> list[Finding]:
    """Causes first: the earlier in the chain from data to outcome, then the graver and the surer; notes last. What a cause
    explains goes under it, so that one fault is one finding."""
    ordered = sorted(
        found, key=lambda one: (one.severity == "note", _rank(one), -SEVERITIES.index(one.severity), -one.confidence)
    )
    taken: list[Finding] = []
    for finding in ordered:
        cause = next((at for at, one in enumerate(taken) if _explains(one, finding)), None)
        if cause is None:
            taken.append(finding)
        else:
            taken[cause] = replace(taken[cause], consequences=(*taken[cause].consequences, finding))
    return taken


def _rank(finding: Finding) -> float:
    return RULES[finding.code].rank if finding.rank is None else finding.rank


def _explains(cause: Finding, finding: Finding) -> bool:
    return cause.severity != "note" and finding.severity != "note" and finding.code in RULES[cause.code].explains

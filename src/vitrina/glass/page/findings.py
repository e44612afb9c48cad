"""What the doctor finds in a run, as the page marks it: on the layer, and on the curve at the step since when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vitrina import locale
from vitrina.errors import VitrinaError
from vitrina.glass.recording import Recording

if TYPE_CHECKING:
    from vitrina.doctor import Finding


def findings_of(recording: Recording, language: str) -> list[dict[str, Any]]:
    """Whatever is worse than a note, the cause first, in that language; [] where nothing is, or nothing can be said.

    Whoever calls sees to it that nobody speaks meanwhile: the language is that of the process.
    """
    from vitrina.doctor import diagnose  # the page is told of the doctor, which knows the recordings

    before = locale.language()
    locale.use(language)
    try:
        return [_told(finding) for finding in diagnose(recording).grave]
    except VitrinaError:
        return []
    finally:
        locale.use(before)


def _told(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": finding.severity,
        "where": finding.where,
        "since": finding.since,
        "what": finding.what,
        "todo": finding.todo,
        "consequences": [_told(one) for one in finding.consequences],
    }

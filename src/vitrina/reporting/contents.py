"""What a report tells, gathered from a run: its data, network, training, figures, decisions and warnings."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitrina.doctor import diagnose
from vitrina.errors import VitrinaError
from vitrina.evaluate.assessing import assess
from vitrina.evaluate.kept import last_decision
from vitrina.evaluate.parts import Parts, parts_of
from vitrina.locale import say
from vitrina.locale.kept import retold
from vitrina.model import Model, load, unfinished
from vitrina.runs import RunFolder

if TYPE_CHECKING:
    from vitrina.data.describe import Description
    from vitrina.doctor import Findings
    from vitrina.evaluate.assessment import Assessment
    from vitrina.glass.recording import Recording


@dataclass(frozen=True)
class Contents:
    """All that a report is written from. What a run does not have is None; `missing` says why, a sentence each."""

    run: Path
    model: Model
    description: Description | None = None
    assessment: Assessment | None = None
    findings: Findings | None = None
    recording: Recording | None = None
    decisions: dict[str, Any] | None = None
    missing: tuple[str, ...] = field(default=())

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was warned of while the data were read, each once."""
        recipe = self.model.recipe
        told = [*(recipe.warnings if recipe else ()), *(self.description.warnings if self.description else ())]
        return tuple(dict.fromkeys(map(retold, told)))


def gather_contents(
    run: str | Path, trained_on: Any = None, by: str | None = None, time: str | None = None
) -> Contents:
    """Everything that can be told of a run. Raises ModelError if it is no run, or was never finished."""
    folder = RunFolder.existing(run)
    if not folder.model.exists():
        raise unfinished(run)
    missing: list[str] = []
    parts = _or_why(missing, lambda: parts_of(run, trained_on))
    model = parts.model if parts else load(run)
    assessment = _assessed(missing, run, parts, by, time) if parts else None
    return Contents(
        folder.path,
        model,
        _described(parts),
        assessment,
        _or_why(missing, lambda: diagnose(run)),
        _recorded(folder.path),
        last_decision(folder.path, model),
        tuple(missing),
    )


def _or_why(missing: list[str], ask: Any) -> Any:
    """What is asked for; None, with the reason noted, where it cannot be had."""
    try:
        return ask()
    except VitrinaError as error:
        missing.append(str(error))
        return None


def _assessed(missing: list[str], run: str | Path, parts: Parts, by: str | None, time: str | None) -> Assessment | None:
    if parts.material.test is None:
        missing.append(say("{run} has no test part, so nothing is known of rows it never saw", run=run))
        return None
    return assess(run, by=by, time=time, parts=parts)


def _described(parts: Parts | None) -> Description | None:
    source = parts.material.source if parts else None
    return source.describe() if source is not None else None


def _recorded(run: Path) -> Recording | None:
    from vitrina.glass.recording import Recording

    return _or_why([], lambda: Recording(run))  # where there is none, the doctor has said so

"""The rows that were answered worst: often labels that are wrong, or what the data do not say."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina.evaluate.words import money

if TYPE_CHECKING:
    from vitrina.evaluate.answers import Answers

SHOWN = 12
COLUMNS = 8  # of a row that are shown
RESOLVED = 1e-7  # of the largest: networks are taught with numbers in float32, which tell no 0 from less than that


@dataclass(frozen=True)
class Mistake:
    """A row answered badly. `where` it is found; `row` in the rows tested; `probability` of the answer, None for numbers."""

    row: int
    where: str
    truth: str
    answer: str
    probability: float | None
    loss: float
    values: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def worst_mistakes(answers: Answers, source: Any, count: int = SHOWN) -> tuple[Mistake, ...]:
    """The wrong answers of the greatest loss, worst first; of numbers, the greatest gaps."""
    loss = answers.loss
    order = np.argsort(-loss, kind="stable")
    if answers.classes:
        order = order[answers.given[order].argmax(axis=1) != answers.truth[order]]
    return tuple(_mistake(answers, source, int(row), float(loss[row])) for row in order[:count])


def _mistake(answers: Answers, source: Any, row: int, loss: float) -> Mistake:
    where = source.where(row) if source is not None else f"row {row}"
    if answers.classes:
        answer = int(answers.given[row].argmax())
        told, truth = answers.classes[answer], answers.classes[int(answers.truth[row])]
        return Mistake(row, where, truth, told, float(answers.given[row, answer]), loss, _values(source, row))
    least = RESOLVED * float(np.abs(answers.truth).max())
    both = (float(part.reshape(len(answers), -1)[row, 0]) for part in (answers.truth, answers.middle))
    truth, told = (money(0.0 if abs(value) < least else value) for value in both)
    return Mistake(row, where, truth, told, None, loss, _values(source, row))


def _values(source: Any, row: int) -> dict[str, str]:
    """What a row of a table says in its first columns that are learned from."""
    frame = getattr(source, "frame", None)
    if frame is None:
        return {}
    used = [name for name, role in source.roles.items() if role.used and name != source.target_name]
    return {name: _told(frame[name][row]) for name in used[:COLUMNS] if name in frame.columns}


def _told(value: Any) -> str:
    return "—" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)[:60]

"""The rules: each a pure function from a case to a finding, or to nothing; with the words the documentation is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from vitrina.doctor.finding import Finding

if TYPE_CHECKING:
    from vitrina.doctor.case import Case

When = Literal["before", "during", "after"]
Look = Callable[["Case"], "Finding | None"]


@dataclass(frozen=True)
class Rule:
    """code: of its finding; when: the earliest moment that it can be told; explains: the codes that are consequences of it;
    rank: of two causes, the smaller is told first."""

    code: str
    when: When
    rank: float
    explains: tuple[str, ...]
    look: Look

    @property
    def family(self) -> str:
        return self.look.__module__.rpartition(".")[2]

    @property
    def documentation(self) -> str:
        """Symptom, why, how it is measured, remedy, example: the docstring."""
        return self.look.__doc__ or ""


RULES: dict[str, Rule] = {}
OUTCOMES = ("layers-unbalanced", "diverging", "falls-slowly", "plateau", "one-answer")  # what any cause may end in
FOLLOWS = (  # what nearly every fault of the training brings along
    *("vanishing", "dead-units", "saturated", "majority-only", "underfitting", "rate-too-low", "too-few-steps"),
    *("rate-too-high", "rate-oscillates", "overfitting", "too-deep-plain", "exploding-depth"),
)


def rule(code: str, when: When, rank: float, explains: tuple[str, ...] = FOLLOWS) -> Callable[[Look], Look]:
    """Registers a rule. Rank 0: certain by the data; 1: by the description; 2: measured at the start; 3: while learning; 4:
    what came out. Whatever explains anything explains the OUTCOMES."""

    def register(look: Look) -> Look:
        own = (*explains, *OUTCOMES) if explains else ()
        RULES[code] = Rule(code, when, rank, tuple(dict.fromkeys(one for one in own if one != code)), look)
        return look

    return register

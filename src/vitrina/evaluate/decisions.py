"""What was decided, and all that a report needs to say so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina.evaluate.calibration import Calibration
from vitrina.evaluate.explaining import Explanation
from vitrina.evaluate.rule import Rule
from vitrina.evaluate.saving import Saving
from vitrina.evaluate.threshold import ASK
from vitrina.terminal import Shown

if TYPE_CHECKING:
    from rich.console import Console

REASONS = 3  # of each decision


@dataclass(frozen=True)
class Quality:
    """How far probabilities can be believed on the test part, before and after calibration."""

    log_loss_before: float
    log_loss_after: float
    error_before: float  # expected calibration error
    error_after: float


@dataclass(frozen=True, repr=False)
class Decisions(Shown):
    """Every row's decision; `words` gives them as yes, no and ask, or as classes.

    classes: the one that is looked for second, where there are two; probabilities (rows, classes), calibrated; decisions
    (rows,): class numbers, -1 for ask; expected, idle (rows,): what each is expected to cost, and would with "no";
    explanation: the reasons of the rows `explained` (n,), in log odds; saved: what each way of deciding costs and saves on
    the test part of `rows_tested` rows, against never saying yes; saved_here: on the rows themselves, where they were given
    with the truth, of which the network learned from `seen`; curve: cost by threshold on the validation part.
    """

    run: str
    classes: tuple[str, ...]
    rule: Rule
    calibration: Calibration
    quality: Quality | None
    saved: Mapping[str, Saving]
    curve: Mapping[str, list[float]]
    probabilities: np.ndarray
    decisions: np.ndarray
    expected: np.ndarray
    idle: np.ndarray
    explanation: Explanation | None
    explained: np.ndarray
    source: Any = field(default=None, repr=False)
    rows_tested: int = 0
    saved_here: Mapping[str, Saving] = field(default_factory=dict[str, Saving])
    seen: int | None = None

    def draw(self, screen: Console) -> None:
        """Draws it as the command does."""
        from vitrina.evaluate.decisions_screen import show_decisions

        show_decisions(screen, self)

    def __len__(self) -> int:
        return len(self.decisions)

    @property
    def words(self) -> list[str]:
        """(rows,): yes, no or ask; for more than two classes the class, or ask."""
        names = ("no", "yes") if len(self.classes) == 2 else self.classes
        return ["ask" if place == ASK else names[place] for place in self.decisions]

    @property
    def counts(self) -> dict[str, int]:
        """How many rows were decided how."""
        words, rows = np.unique(np.array(self.words, dtype=object), return_counts=True)
        return {str(word): int(count) for word, count in zip(words, rows, strict=True)}

    @property
    def pays(self) -> bool | None:
        """Whether deciding is cheaper than doing nothing, with 95 % confidence, on the test part; None if not measured."""
        return self.saved["model"].low > 0 if "model" in self.saved else None

    def reasons(self, row: int, count: int = REASONS) -> list[tuple[str, float]]:
        """The columns that moved this row's answer most, with their signed contributions in log odds."""
        place = int(np.searchsorted(self.explained, row))
        if self.explanation is None or place == len(self.explained) or self.explained[place] != row:
            return []
        return self.explanation.top(place, count)

    def columns(self) -> dict[str, Any]:
        """The decisions as columns of a table: probability, decision, expected cost, and three reasons."""
        out: dict[str, Any] = {}
        if hasattr(self.source, "store"):
            out["file"] = [self.source.where(row) for row in range(len(self))]
        if len(self.classes) == 2:
            out["probability"] = self.probabilities[:, 1]
        else:
            out |= {f"probability_{name}": self.probabilities[:, place] for place, name in enumerate(self.classes)}
        out |= {"decision": self.words, "expected_cost": self.expected}
        if self.explanation is not None and self.explanation.inputs.ndim == 2:
            told = [self.reasons(row) for row in range(len(self))]
            for place in range(REASONS):
                out[f"reason_{place + 1}"] = [own[place][0] if place < len(own) else None for own in told]
                out[f"contribution_{place + 1}"] = [own[place][1] if place < len(own) else None for own in told]
        return out

    def summary(self) -> dict[str, Any]:
        """All but the rows, as plain data."""
        return {
            "run": self.run,
            "classes": list(self.classes),
            "positive": self.classes[1] if len(self.classes) == 2 else None,
            "rows": len(self),
            "rule": self.rule.to_json(),
            "decisions": self.counts,
            "expected_cost": float(self.expected.sum()),
            "expected_cost_of_no": float(self.idle.sum()),
            "rows_tested": self.rows_tested,
            "saved": {name: saving.to_json() for name, saving in self.saved.items()},
            "pays": self.pays,
            "saved_here": {name: saving.to_json() for name, saving in self.saved_here.items()},
            "seen": self.seen,
            "quality": asdict(self.quality) if self.quality else None,
            "calibration": {
                "method": self.calibration.method,
                "temperature": self.calibration.temperature,
                "log_loss": dict(self.calibration.log_loss) if self.calibration.log_loss else None,
            },
        }

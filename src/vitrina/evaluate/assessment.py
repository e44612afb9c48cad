"""How good a run's answers are, how sure that is, and whether a network was worth it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from vitrina.evaluate.bootstrap import Figure
from vitrina.evaluate.curves import AtTop, Bin, plain
from vitrina.evaluate.mistakes import Mistake
from vitrina.evaluate.slices import Slice
from vitrina.terminal import Shown

if TYPE_CHECKING:
    from rich.console import Console

SMALLER_IS_BETTER = ("error", "log_loss", "brier", "mean_absolute_error", "root_mean_squared_error", "pinball_loss")
Verdict = Literal["worth it", "no better", "worse"]


@dataclass(frozen=True)
class Rival:
    """A baseline on the same rows. gains: how far the network is above it in each measure, with the interval of that."""

    name: str
    figures: dict[str, Figure]
    gains: dict[str, Figure]
    rows: int  # that it learned from
    seconds: float

    def verdict(self, headline: str) -> Verdict:
        """Whether the network beats it in this measure, with 95 % confidence."""
        gain = self.gains[headline]
        low, high = (-gain.high, -gain.low) if headline in SMALLER_IS_BETTER else (gain.low, gain.high)
        return "worth it" if low > 0 else "worse" if high < 0 else "no better"

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "figures": {name: figure.to_json() for name, figure in self.figures.items()},
            "gains": {name: figure.to_json() for name, figure in self.gains.items()},
            "rows": self.rows,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, repr=False)
class Assessment(Shown):
    """What was measured on `rows` rows of `part` (the run's "test" part, or "data" that were given).

    headline: the measure judged by first; rivals: baselines, none where the training part is not at hand (`why_alone` says
    why); seen: rows that the network learned from, None where that is not known; confusion (true classes, answers);
    calibration, curves, at_top: of probabilities; coverage is among the figures; scatter: truths and answers of a
    sample of numbers; by_group, by_time: the columns and their slices; clusters: the column whose rows were drawn together.
    """

    run: str
    part: str
    data: str
    rows: int
    classes: tuple[str, ...]
    headline: str
    figures: Mapping[str, Figure]
    rivals: tuple[Rival, ...] = ()
    why_alone: str = ""
    seen: int | None = None
    confusion: np.ndarray | None = None
    calibration: tuple[Bin, ...] = ()
    calibration_error: float | None = None
    curves: Mapping[str, Mapping[str, list[float]]] = field(default_factory=dict[str, dict[str, list[float]]])
    at_top: tuple[AtTop, ...] = ()
    scatter: Mapping[str, list[float]] = field(default_factory=dict[str, list[float]])
    by_group: tuple[str, tuple[Slice, ...]] | None = None
    by_time: tuple[str, tuple[Slice, ...]] | None = None
    clusters: str | None = None
    draws: int = 0
    mistakes: tuple[Mistake, ...] = ()
    source: Any = field(default=None, repr=False, compare=False)

    def draw(self, screen: Console) -> None:
        """Draws it as the command does."""
        from vitrina.evaluate.assessment_screen import show_assessment

        show_assessment(screen, self)

    @property
    def best_rival(self) -> Rival | None:
        """The baseline with the best headline figure."""
        sign = 1.0 if self.headline in SMALLER_IS_BETTER else -1.0
        known = [rival for rival in self.rivals if self.headline in rival.figures]
        return min(known, key=lambda rival: sign * rival.figures[self.headline].value, default=None)

    @property
    def verdict(self) -> Verdict | None:
        """Whether the network was worth it beside the best baseline; None where there was none to compare with."""
        rival = self.best_rival
        return rival.verdict(self.headline) if rival else None

    def to_json(self) -> dict[str, Any]:
        """Plain data: `figures` are the values alone, `intervals` their 95 % intervals."""
        rival = self.best_rival
        return {
            "run": self.run,
            "part": self.part,
            "data": self.data,
            "rows": self.rows,
            "classes": list(self.classes),
            "positive": self.classes[1] if len(self.classes) == 2 else None,
            "headline": self.headline,
            "figures": {name: figure.value for name, figure in self.figures.items()},
            "intervals": {name: [figure.low, figure.high] for name, figure in self.figures.items()},
            "draws": self.draws,
            "clusters": self.clusters,
            "baselines": [rival.to_json() for rival in self.rivals],
            "why_alone": self.why_alone,
            "best_baseline": rival.name if rival else None,
            "verdict": self.verdict,
            "seen": self.seen,
            "confusion": None if self.confusion is None else self.confusion.tolist(),
            "calibration": plain(self.calibration),
            "calibration_error": self.calibration_error,
            "curves": {name: dict(curve) for name, curve in self.curves.items()},
            "at_top": plain(self.at_top),
            "scatter": dict(self.scatter),
            "by_group": _slices(self.by_group),
            "by_time": _slices(self.by_time),
            "mistakes": [mistake.to_json() for mistake in self.mistakes],
        }


def _slices(sliced: tuple[str, tuple[Slice, ...]] | None) -> dict[str, Any] | None:
    return None if sliced is None else {"column": sliced[0], "slices": [part.to_json() for part in sliced[1]]}

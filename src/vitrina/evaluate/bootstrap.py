"""How sure a figure is: the same measure on samples drawn from the rows that were tested (Efron 1979)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitrina.evaluate.weighted import Measures

SURE = (2.5, 97.5)  # percentiles: of 100 such test parts, 95 would lie between
MOST, FEWEST = 1000, 200  # draws
WORK = 60_000_000  # rows drawn in all: beyond, there are fewer draws, for figures of many rows are sure anyway
AT_ONCE = 2_000_000  # rows drawn at a time


@dataclass(frozen=True)
class Figure:
    """A measure on the rows tested, and the interval it lies in with 95 % confidence (equal to it where nothing was drawn)."""

    value: float
    low: float
    high: float

    def to_json(self) -> dict[str, float]:
        return {"value": self.value, "low": self.low, "high": self.high}

    @staticmethod
    def from_json(kept: Mapping[str, Any]) -> Figure:
        return Figure(*(float(kept[name]) if kept[name] is not None else np.nan for name in ("value", "low", "high")))


def figures_of(
    contestants: Mapping[str, Measures],
    rows: int,
    against: str | None = None,
    clusters: np.ndarray | None = None,
    seed: int = 0,
    draws: int | None = None,
) -> tuple[dict[str, dict[str, Figure]], dict[str, dict[str, Figure]]]:
    """Each contestant's measures; and how far those of `against` are above them, {contestant: {measure: Figure}}.

    All contestants are measured on the same draws, so that what they share cancels out of the difference. clusters (rows,):
    rows of one value, such as a customer's, are drawn together, for they are not independent. Percentiles of the draws.
    """
    whole = {name: measure(np.ones((1, rows))) for name, measure in contestants.items()}
    drawn = _drawn(contestants, rows, clusters, seed, draws or usual_draws(rows))
    found = {
        name: {key: _figure(float(value[0]), drawn[name][key]) for key, value in measures.items()}
        for name, measures in whole.items()
    }
    if against is None:
        return found, {}
    differences = {
        name: {
            key: _figure(float(whole[against][key][0] - value[0]), drawn[against][key] - drawn[name][key])
            for key, value in measures.items()
            if key in whole[against]
        }
        for name, measures in whole.items()
        if name != against
    }
    return found, differences


def usual_draws(rows: int) -> int:
    return int(np.clip(WORK // max(rows, 1), FEWEST, MOST))


def _drawn(
    contestants: Mapping[str, Measures], rows: int, clusters: np.ndarray | None, seed: int, draws: int
) -> dict[str, dict[str, np.ndarray]]:
    rng = np.random.default_rng(seed)
    places = None if clusters is None else np.unique(clusters, return_inverse=True)[1]
    units = rows if places is None else int(places.max()) + 1
    parts: dict[str, list[dict[str, np.ndarray]]] = {name: [] for name in contestants}
    block = max(1, AT_ONCE // rows)
    for first in range(0, draws, block):
        count = min(block, draws - first)
        times = np.stack([np.bincount(rng.integers(units, size=units), minlength=units) for _ in range(count)])
        weights = (times if places is None else times[:, places]).astype(np.float64)
        weights = weights[weights.any(axis=1)]
        for name, measure in contestants.items():
            parts[name].append(measure(weights))
    return {
        name: {key: np.concatenate([part[key] for part in measured]) for key in measured[0]}
        for name, measured in parts.items()
    }


def _figure(value: float, drawn: np.ndarray) -> Figure:
    """The percentiles; samples in which the measure has no meaning (one class only) say nothing."""
    known = drawn[np.isfinite(drawn)]
    low, high = np.percentile(known, SURE) if len(known) else (np.nan, np.nan)
    return Figure(value, float(low), float(high))

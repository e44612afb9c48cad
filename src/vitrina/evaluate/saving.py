"""What a way of deciding saves against never saying yes, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

DRAWS = 1000
SURE = (2.5, 97.5)  # percentiles: 95 of 100 such test parts would lie between
AT_ONCE = 4_000_000  # counts drawn at once


@dataclass(frozen=True)
class Saving:
    """What one way of deciding costs on the test part, in all; `saved` is against the reference, low to high its interval."""

    cost: float
    cost_low: float
    cost_high: float
    saved: float
    low: float
    high: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def savings(costs: Mapping[str, np.ndarray], reference: str, seed: int = 0, draws: int = DRAWS) -> dict[str, Saving]:
    """Each way's cost and saving on the same rows, with bootstrap intervals (Efron 1979; percentiles of `draws` draws).

    costs: (rows,) of each way, of the same rows, so that they are drawn together: what two ways share cancels out.
    """
    names = list(costs)
    table = np.stack([costs[name] for name in names], axis=1)  # (rows, ways)
    totals = _drawn_totals(table, seed, draws)
    at = names.index(reference)
    found: dict[str, Saving] = {}
    for place, name in enumerate(names):
        cost = float(table[:, place].sum())
        saved = totals[:, at] - totals[:, place]
        ranges = [*np.percentile(totals[:, place], SURE), *np.percentile(saved, SURE)]
        cost_low, cost_high, low, high = (float(value) for value in ranges)
        found[name] = Saving(cost, cost_low, cost_high, float(table[:, at].sum()) - cost, low, high)
    return found


def _drawn_totals(table: np.ndarray, seed: int, draws: int) -> np.ndarray:
    """(draws, ways): the sums over as many rows, drawn with replacement. Rows that cost alike are drawn as a group."""
    alike, rows = np.unique(table, axis=0, return_counts=True)
    rng = np.random.default_rng(seed)
    share, many = rows / rows.sum(), max(1, AT_ONCE // len(rows))
    parts = [rng.multinomial(len(table), share, size=min(many, draws - done)) @ alike for done in range(0, draws, many)]
    return np.concatenate(parts)

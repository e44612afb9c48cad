"""Where to draw the line: the thresholds that would have cost least on rows the network did not learn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

NO, YES, ASK = 0, 1, -1  # decisions; for more classes the class number, or ASK


@dataclass(frozen=True)
class Band:
    """yes from `high` on, no below `low`, a person in between; without a person low and high are one threshold."""

    low: float
    high: float

    def decide(self, score: np.ndarray) -> np.ndarray:
        """(rows,) scores -> YES, ASK or NO."""
        return np.where(score >= self.high, YES, np.where(score >= self.low, ASK, NO))

    def to_json(self) -> dict[str, Any]:
        return {"low": self.low, "high": self.high}


def cost_of(table: np.ndarray, truth: np.ndarray, decisions: np.ndarray, ask: float | None = None) -> np.ndarray:
    """What each decision costs now that the truth is known: (rows,).

    table (rows, true classes, answers); a person who was asked costs `ask` and is right.
    """
    each = np.arange(len(truth))
    answered = np.where(decisions == ASK, truth, decisions)
    return table[each, truth, answered] + np.where(decisions == ASK, ask or 0.0, 0.0)


def best_band(
    score: np.ndarray, truth: np.ndarray, table: np.ndarray, ask: float | None = None, expected: float | None = None
) -> Band:
    """The cheapest of all bands on these rows; of equally cheap ones the nearest to `expected`, the break-even in theory.

    score (rows,), truth (rows,) 0 or 1, table (rows, 2, 2). Every cut between two different scores is tried, for both
    ends of the band together: with sums that run along, in the time of a sort.
    """
    order = np.argsort(score, kind="stable")
    ordered = score[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    cuts = np.append(starts, len(ordered))  # below a cut: no (or ask); from it on: yes (or ask)
    each, right = np.arange(len(order)), truth[order]
    paid = table[order]
    no, yes = (_running(paid[each, right, answer])[cuts] for answer in (NO, YES))
    edges = _edges(ordered, cuts, expected)
    if ask is None:
        place = _nearest(no + yes[-1] - yes, edges, expected)
        return Band(float(edges[place]), float(edges[place]))
    asked = _running(paid[each, right, right] + ask)[cuts]
    before = no - asked  # of the lower cut; the cheapest up to each upper cut
    so_far = np.minimum.accumulate(before)
    upper = _nearest(so_far + asked + yes[-1] - yes, edges, expected)
    lower = int(np.flatnonzero(before[: upper + 1] <= so_far[upper] + 1e-9 * max(1.0, abs(so_far[upper])))[-1])
    return Band(float(edges[lower]), float(edges[upper]))


def capacity_band(score: np.ndarray, share: float) -> Band:
    """The threshold that this share of these rows reaches."""
    if share >= 1.0:
        return Band(float(score.min()), float(score.min()))
    kept = max(1, round(share * len(score)))
    threshold = float(np.partition(score, len(score) - kept)[len(score) - kept])
    return Band(threshold, threshold)


def most_urgent(score: np.ndarray, capacity: int, days: np.ndarray | None = None) -> np.ndarray:
    """YES for the `capacity` largest scores, of each day where days (rows,) are given; earlier rows first among equals."""
    days = np.zeros(len(score), np.int64) if days is None else days
    order = np.lexsort((np.arange(len(score)), -score, days))
    ordered = days[order]
    new = np.append(True, ordered[1:] != ordered[:-1])
    rank = np.arange(len(order)) - np.maximum.accumulate(np.where(new, np.arange(len(order)), 0))
    decisions = np.full(len(score), NO)
    decisions[order[rank < capacity]] = YES
    return decisions


def cheapest(probabilities: np.ndarray, table: np.ndarray, ask: float | None = None) -> np.ndarray:
    """The answer with the smallest expected cost for each row, ASK where a person costs less than any: (rows,).

    probabilities (rows, classes), table (rows, true classes, answers).
    """
    costs = np.einsum("rt,rta->ra", probabilities, table)
    best = costs.argmin(axis=1)
    if ask is None:
        return best
    right = ask + np.einsum("rt,rtt->r", probabilities, table)
    return np.where(right < costs.min(axis=1), ASK, best)


def expected_cost(
    probabilities: np.ndarray, table: np.ndarray, decisions: np.ndarray, ask: float | None = None
) -> np.ndarray:
    """What each decision costs on average if the probabilities are right: (rows,)."""
    costs = np.einsum("rt,rta->ra", probabilities, table)
    own = costs[np.arange(len(costs)), np.maximum(decisions, 0)]
    return np.where(decisions == ASK, (ask or 0.0) + np.einsum("rt,rtt->r", probabilities, table), own)


def cost_curve(score: np.ndarray, truth: np.ndarray, table: np.ndarray, places: np.ndarray) -> np.ndarray:
    """What a single threshold at each of `places` would have cost on average: (places,)."""
    order = np.argsort(score, kind="stable")
    each, right, paid = np.arange(len(order)), truth[order], table[order]
    no, yes = (_running(paid[each, right, answer]) for answer in (NO, YES))
    cuts = np.searchsorted(score[order], places, side="left")
    return (no[cuts] + yes[-1] - yes[cuts]) / len(order)


def _running(values: np.ndarray) -> np.ndarray:
    """Sums of the first 0, 1, ... values."""
    return np.concatenate([[0.0], np.cumsum(values)])


def _edges(ordered: np.ndarray, cuts: np.ndarray, expected: float | None) -> np.ndarray:
    """A threshold for each cut: of all that make it the nearest to `expected`; half-way where nothing is expected."""
    after = np.append(ordered[cuts[:-1]], np.inf)
    before = np.concatenate([[-np.inf], ordered[cuts[1:] - 1]])
    with np.errstate(invalid="ignore"):
        edges = (before + after) / 2.0
    edges[edges <= before] = after[edges <= before]  # neighbours with no number between them
    edges[0], edges[-1] = after[0], np.nextafter(before[-1], np.inf)
    if expected is not None:
        low, high = np.nextafter(before, np.inf), np.append(after[:-1], np.inf)
        edges = np.minimum(np.maximum(expected, low), high)
    return edges


def _nearest(costs: np.ndarray, edges: np.ndarray, expected: float | None) -> int:
    """The place of the smallest cost; of equal ones the nearest to `expected`."""
    least = costs.min()
    equal = np.flatnonzero(costs <= least + 1e-9 * max(1.0, abs(float(least))))
    return int(equal[np.abs(edges[equal] - (0.5 if expected is None else expected)).argmin()])

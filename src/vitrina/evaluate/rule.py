"""How decisions are made: terms and thresholds together, fitted on the validation part, then applied to any rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vitrina.evaluate.terms import Terms
from vitrina.evaluate.threshold import (
    NO,
    Band,
    best_band,
    capacity_band,
    cheapest,
    cost_curve,
    most_urgent,
)

PLACES = 101  # of the drawn curve


@dataclass(frozen=True)
class Rows:
    """Rows to decide on. logits, probabilities (rows, classes), the positive class second where there are two.

    table (rows, true classes, answers) what each answer costs; days (rows,) whole numbers, None where no day is known.
    """

    logits: np.ndarray
    probabilities: np.ndarray
    table: np.ndarray
    truth: np.ndarray | None = None
    days: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.logits)

    @property
    def urgency(self) -> np.ndarray:
        """What yes is expected to save against no: (rows,)."""
        costs = np.einsum("rt,rta->ra", self.probabilities, self.table)
        return costs[:, 0] - costs[:, 1]

    @property
    def ranked(self) -> np.ndarray:
        """(rows,) 0 for the least urgent; equally urgent rows by the network's own log odds."""
        order = np.lexsort((self.logits[:, 1] - self.logits[:, 0], self.urgency))
        places = np.empty(len(order), np.int64)
        places[order] = np.arange(len(order))
        return places


@dataclass(frozen=True)
class Rule:
    """terms, and the band of scores: the calibrated probability, or where amounts differ what yes is expected to save.

    band None: each row's answer is the one with the smallest expected cost, or capacity alone decides.
    """

    terms: Terms
    band: Band | None
    limited: Band | None = None  # what capacity alone would allow, on the rows it was fitted on

    @property
    def scored_by(self) -> str:
        return "saving" if self.terms.amount else "probability"

    def score(self, rows: Rows) -> np.ndarray:
        return rows.urgency if self.terms.amount else rows.probabilities[:, 1]

    def decide(self, rows: Rows) -> np.ndarray:
        """(rows,): NO, YES, ASK, or the class number."""
        if self.terms.capacity is not None:
            chosen = most_urgent(rows.ranked, self.terms.capacity, rows.days if self.terms.daily else None)
            return np.where(self.band.decide(self.score(rows)) == NO, NO, chosen) if self.band else chosen
        if self.band is None:
            return cheapest(rows.probabilities, rows.table, self.terms.ask)
        return self.band.decide(self.score(rows))

    @property
    def in_theory(self) -> Band | None:
        """The threshold that would be best if the probabilities were right; None where other things decide too."""
        terms = self.terms
        if terms.amount or terms.ask is not None or terms.capacity is not None or terms.matrix is not None:
            return None
        even = terms.break_even
        return Band(even, even) if even is not None else None

    def curve(self, rows: Rows) -> dict[str, list[float]]:
        """What a single threshold would have cost on average on these rows, place by place; {} where there is none."""
        if rows.truth is None or rows.probabilities.shape[1] != 2 or not len(rows):
            return {}
        score = self.score(rows)
        low, high = (0.0, 1.0) if self.scored_by == "probability" else np.percentile(score, (1, 99.9))
        places = np.linspace(low, high, PLACES)
        return {"threshold": places.tolist(), "cost": cost_curve(score, rows.truth, rows.table, places).tolist()}

    def to_json(self) -> dict[str, Any]:
        return {
            **self.terms.to_json(),
            "scored_by": self.scored_by,
            "band": self.band.to_json() if self.band else None,
            "capacity_threshold": self.limited.high if self.limited else None,
            "break_even": self.in_theory.high if self.in_theory else None,
        }


def fit_rule(terms: Terms, rows: Rows, decided: int) -> Rule:
    """The rule for these terms that would have cost least on `rows` (the validation part, with its truth).

    decided: how many rows will be decided on, of which a capacity in all is a share.
    """
    assert rows.truth is not None
    bare = Rule(terms, None)
    if rows.probabilities.shape[1] != 2 or (terms.amount and terms.ask is not None):
        return bare
    score = bare.score(rows)
    expected = 0.0 if terms.amount else terms.break_even
    costs_count = terms.capacity is None or "fp" in terms.cells
    band = best_band(score, rows.truth, rows.table, terms.ask, expected) if costs_count else None
    if terms.capacity is None:
        return Rule(terms, band)
    if terms.daily and rows.days is not None:
        share = terms.capacity * len(np.unique(rows.days)) / len(rows)
    else:
        share = terms.capacity / max(decided, 1)
    return Rule(terms, band, capacity_band(score, share))

"""Columns that only run on, as a day's number does."""

from __future__ import annotations

import numpy as np

from vitrina.doctor.case import Case

NEXT = 0.25  # of its range while learning, how far beyond it what runs on goes on at most
MIDDLE = 0.2  # of its range, how far its mean lies from the middle
AWAY = 1.2  # of its spreads, how far it has gone (a clock √3)


def running_on(case: Case) -> list[int]:
    """The columns whose validation values all lie just beyond the training ones, as a clock's would."""
    columns, beside = case.exam.columns, case.exam.beside
    if beside is None or columns.kind != "columns" or len(beside.mean) != len(columns.mean):
        return []
    low, high, own_low, own_high = (np.array(part) for part in (beside.low, beside.high, columns.low, columns.high))
    reach, mean, spread = own_high - own_low, np.array(columns.mean), np.array(columns.spread)
    after = (low >= own_high) & (low - own_high <= NEXT * reach)
    before = (high <= own_low) & (own_low - high <= NEXT * reach)
    narrower = np.array(beside.spread) < spread
    steady = np.abs(mean - 0.5 * (own_low + own_high)) < MIDDLE * reach
    away = np.abs(np.array(beside.mean) - mean) > AWAY * spread
    return [int(at) for at in np.flatnonzero((after | before) & narrower & steady & away & (reach > 0.0))]

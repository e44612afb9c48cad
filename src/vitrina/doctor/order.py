"""Whether rows come in an order, so that those which stand together are alike."""

from __future__ import annotations

import numpy as np

STRETCH, MOST = 32, 128  # rows that are looked at together, as in a batch; how many stretches of them


def stretches_of(rows: int) -> np.ndarray:
    """Stretches of neighbours, evenly over all rows: (stretches, STRETCH) row numbers, none where there are too few rows."""
    count = min(MOST, rows // STRETCH)
    starts = np.linspace(0, rows - STRETCH, count).astype(np.int64) if count > 2 else np.empty(0, np.int64)
    return starts[:, None] + np.arange(STRETCH)


def order_of(values: np.ndarray) -> np.ndarray:
    """How much of what rows differ by lies between stretches, not within: 0 for rows in no order, 1 for sorted ones.

    values (stretches, STRETCH, columns) -> (columns,). What a cycle shorter than a stretch brings is no order: a batch sees all
    of it. Means over n rows in no order have 1/n of the variance, which is taken off: the intraclass correlation.
    """
    if not values.size:
        return np.zeros(values.shape[-1])
    total = values.var(axis=(0, 1))
    between = values.mean(axis=1).var(axis=0) / np.where(total > 0.0, total, np.inf)
    return np.maximum(0.0, (between - 1.0 / STRETCH) / (1.0 - 1.0 / STRETCH))

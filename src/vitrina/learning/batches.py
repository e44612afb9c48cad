"""Which examples each step sees: a pure function of the seed and the epoch, so that a resumed run sees the same."""

from __future__ import annotations

import numpy as np

from vitrina.network.network import Network
from vitrina.network.normalisation import BatchNorm

FEWEST = 8  # rows of which the mean and spread still mean something


def fewest_rows(network: Network) -> int:
    """Rows that a batch must have at least: with batch normalisation, the statistics of two or three would throw back the rest."""
    return FEWEST if any(isinstance(layer, BatchNorm) for _, layer, _ in network.walk()) else 1


def order_of(rows: int, seed: int, epoch: int, shuffle: bool, window: int = 0) -> np.ndarray:
    """The rows of an epoch, or of one of its windows, in the order in which they are learned from: (rows,) int32."""
    if not shuffle:
        return np.arange(rows, dtype=np.int32)
    return np.random.default_rng((seed, epoch, window) if window else (seed, epoch)).permutation(rows).astype(np.int32)


def batched(order: np.ndarray, batch_size: int, fewest: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """index (steps, batch) and present (steps, batch) float32: the last batch is filled up with row 0, not present.

    Where the last batch would have fewer than `fewest` rows, it is filled up with the first of the order instead, present.
    """
    if 0 < len(order) % batch_size < fewest <= batch_size < len(order):
        order = np.concatenate([order, order[: batch_size - len(order) % batch_size]])
    steps = -(-len(order) // batch_size)
    index = np.zeros(steps * batch_size, np.int32)
    index[: len(order)] = order
    present = np.zeros(steps * batch_size, np.float32)
    present[: len(order)] = 1.0
    return index.reshape(steps, batch_size), present.reshape(steps, batch_size)

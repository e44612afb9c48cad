"""Where a training's examples come from: all at hand, or window by window because they are too many to be held at once."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from vitrina.learning.batches import order_of


@dataclass(frozen=True)
class Examples:
    """What is learned from: x (rows, *input shape), y (rows,) or (rows, ...), weight (rows,) or None for all alike.

    fold: (rows,) int32, of an ensemble whose members are each judged by rows of their own: the member that never learns from the
    row, and alone answers for it where rows judge. None where all members learn from all rows.
    """

    x: np.ndarray
    y: np.ndarray
    weight: np.ndarray | None = None
    fold: np.ndarray | None = None

    @property
    def rows(self) -> int:
        return len(self.x)

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays by the names a step knows them by."""
        there = {"x": self.x, "y": self.y, "weight": self.weight, "fold": self.fold}
        return {name: array for name, array in there.items() if array is not None}

    def take(self, rows: np.ndarray) -> Examples:
        """These of them, in this order."""
        return Examples(**{name: array.take(rows, axis=0) for name, array in self.arrays().items()})

    def filled(self, rows: int) -> Examples:
        """As many rows as this, with zeros behind the own ones: the same shape for every window."""
        lack = rows - self.rows
        return self if lack <= 0 else Examples(**{name: _longer(array, lack) for name, array in self.arrays().items()})


class Feed(Protocol):
    """The examples of a training, in windows that are learned from one after the other.

    rows: of one epoch. window: rows of each window but the last, a multiple of the batch size where there are several.
    sample: some of the examples, for whoever only wants to look at them.
    """

    @property
    def rows(self) -> int: ...
    @property
    def window(self) -> int: ...
    @property
    def sample(self) -> Examples: ...

    def windows(self, epoch: int, first: int, epochs: int) -> Generator[Examples]:
        """The windows of an epoch, counted from 0, from the one numbered `first` on, and then those of the next ones, until `epochs`
        are over. Those of an epoch are a pure function of it, so that a training that was stopped goes on with the very same."""
        ...

    def order(self, epoch: int, window: int, rows: int) -> np.ndarray:
        """In which order the rows of a window are learned from: (rows,) int32."""
        ...


@dataclass(frozen=True)
class AtHand:
    """Examples that are all in memory: one window, of which each epoch sees the rows in an order of its own."""

    sample: Examples
    seed: int = 0
    shuffle: bool = True

    @property
    def rows(self) -> int:
        return self.sample.rows

    @property
    def window(self) -> int:
        return self.sample.rows

    def windows(self, epoch: int, first: int, epochs: int) -> Generator[Examples]:
        """All examples, once an epoch."""
        for _ in range(epoch + first, epochs):
            yield self.sample

    def order(self, epoch: int, window: int, rows: int) -> np.ndarray:
        return order_of(rows, self.seed, epoch, self.shuffle)


def window_rows(rows: int, batch_size: int, most: int) -> int:
    """Rows of a window: a multiple of the batch size, at most about `most`, so that all windows are of about one size.

    >>> window_rows(1_000, 100, 300), window_rows(200, 100, 300)
    (300, 200)
    """
    if rows <= most:
        return rows
    windows = -(-rows // max(batch_size, most // batch_size * batch_size))
    return -(-rows // (windows * batch_size)) * batch_size


def _longer(array: np.ndarray, more: int) -> np.ndarray:
    return np.concatenate([array, np.zeros((more, *array.shape[1:]), array.dtype)])

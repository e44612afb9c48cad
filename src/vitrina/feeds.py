"""Learning from what is too large to be held: a table that was surveyed once, or a folder of images, fed window by window."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from vitrina.learning.batches import order_of
from vitrina.learning.feed import Examples, window_rows

if TYPE_CHECKING:
    from vitrina.data.images import Images
    from vitrina.data.recipe import Recipe
    from vitrina.data.source import Source
    from vitrina.data.survey import Survey

WINDOW = 1 << 18  # rows that are shuffled together, and
NUMBERS = 1 << 24  # inputs in all of them, at most
KEPT = 1 << 28  # bytes: prepared rows that are not more than this are prepared once, and kept


@dataclass(frozen=True, eq=False, kw_only=True)
class _Ahead:
    """What both feeds share: windows of about one size, the next one or two prepared by a thread while one is learned from."""

    recipe: Recipe
    sample: Examples
    batch_size: int = 32
    seed: int = 0
    shuffle: bool = True
    of_class: np.ndarray | None = None  # what an example of each class counts for

    @property
    def rows(self) -> int:
        """Of one epoch."""
        raise NotImplementedError

    @property
    def window(self) -> int:
        """Rows of a window."""
        inputs = max(1, int(np.prod(self.recipe.input_shape)))
        return window_rows(self.rows, self.batch_size, max(self.batch_size, min(WINDOW, NUMBERS // inputs)))

    def windows(self, epoch: int, first: int, epochs: int) -> Generator[Examples]:
        """The windows of an epoch from the one numbered `first` on, and of those that follow."""
        from vitrina.data.background import made_ahead

        return made_ahead(
            window for each in range(epoch, epochs) for window in self._windows(each, first if each == epoch else 0)
        )

    def order(self, epoch: int, window: int, rows: int) -> np.ndarray:
        """As they come: they were shuffled ahead, so that a step finds its rows side by side."""
        return np.arange(rows, dtype=np.int32)

    def _windows(self, epoch: int, first: int) -> Iterator[Examples]:
        raise NotImplementedError

    def _order(self, count: int, epoch: int) -> np.ndarray:
        """So many pieces, or examples, in the order of an epoch."""
        return np.random.default_rng((self.seed, epoch, count)).permutation(count) if self.shuffle else np.arange(count)

    def _examples(self, source: Source) -> Examples:
        x, y = self.recipe.inputs(source), self.recipe.targets(source)
        return Examples(x, y, None if self.of_class is None else self.of_class[y.reshape(-1)].astype(np.float32))


@dataclass(frozen=True, eq=False, kw_only=True)
class TableFeed(_Ahead):
    """The rows of a table that are learned from.

    An epoch goes through the pieces of the table in an order drawn at random. Their rows, one piece after the other, fill
    windows, which are shuffled one by one. How many rows are decoded at once changes nothing of that, and neither does whether
    the rows of a piece are prepared anew or were kept.
    """

    survey: Survey
    chunk: int | None = None  # rows decoded at once
    kept: dict[int, list[Examples]] = field(default_factory=dict, init=False)  # pieces, prepared

    @property
    def rows(self) -> int:
        return self.survey.rows

    def _windows(self, epoch: int, first: int) -> Iterator[Examples]:
        number, left = first, self.rows - first * self.window
        filled, held = 0, _room(self.sample, min(self.window, left))
        for examples in self._chunks(epoch, first * self.window):
            at = 0
            while at < examples.rows:
                count = min(held.rows - filled, examples.rows - at)
                for name, array in examples.arrays().items():
                    held.arrays()[name][filled : filled + count] = array[at : at + count]
                filled, at = filled + count, at + count
                if filled == held.rows:
                    yield held.take(order_of(filled, self.seed, epoch, self.shuffle, number)) if self.shuffle else held
                    number, left = number + 1, left - filled
                    if left <= 0:
                        return
                    filled, held = 0, _room(self.sample, min(self.window, left))

    def _chunks(self, epoch: int, skip: int) -> Iterator[Examples]:
        """The rows of an epoch in order, without the first `skip` of them, as they are decoded."""
        counts = self.survey.counts
        for number in map(int, self._order(len(counts), epoch)):
            if skip >= counts[number]:
                skip -= int(counts[number])
                continue
            yield from self._kept_piece(number, skip) if self._is_kept else self._piece(number, skip)
            skip = 0

    def _piece(self, number: int, skip: int = 0) -> Iterator[Examples]:
        """The rows of a piece, without the first `skip` of them."""
        columns = [column.name for column in self.recipe.features.columns]  # pyright: ignore
        for table in self.survey.tables(number, [*columns, str(self.recipe.target_name)], skip, self.chunk):
            yield self._examples(table)

    def _kept_piece(self, number: int, skip: int) -> Iterator[Examples]:
        """The same, of a piece that is prepared only the first time."""
        if number not in self.kept:
            self.kept[number] = list(self._piece(number))
        for examples in self.kept[number]:
            if skip < examples.rows:
                yield examples.take(np.arange(skip, examples.rows)) if skip else examples
            skip = max(0, skip - examples.rows)

    @property
    def _is_kept(self) -> bool:
        a_row = sum(array.nbytes for array in self.sample.arrays().values()) / self.sample.rows
        return self.rows * a_row <= KEPT


@dataclass(frozen=True, eq=False, kw_only=True)
class ImageFeed(_Ahead):
    """Images that are decoded each time they are learned from, by threads, while those before are learned from.

    An epoch goes through them in an order drawn at random, a window of them at a time. source: those that are learned from.
    """

    source: Images

    @property
    def rows(self) -> int:
        return self.source.rows

    def _windows(self, epoch: int, first: int) -> Iterator[Examples]:
        order = self._order(self.rows, epoch)
        for start in range(first * self.window, self.rows, self.window):
            yield self._examples(self.source.take(order[start : start + self.window]))


Streamed = TableFeed | ImageFeed


def _room(like: Examples, rows: int) -> Examples:
    """Room for as many examples of this kind."""
    return Examples(**{name: np.empty((rows, *array.shape[1:]), array.dtype) for name, array in like.arrays().items()})

"""The members of a population shared out over the cores, where one program keeps only one of them busy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from vitrina.engines.cores import cores
from vitrina.engines.engine import Chunk, Engine, Run, Tree, tree_map
from vitrina.network.ops import Array


def lanes_for(engine: Engine, flops: int) -> int:
    """How many to run at once, where one member's step takes so many FLOPs: 16 networks of 30-32-16-2 with batches of 32 take 162 µs
    a step in one lane, and 74 in two on two cores."""
    return cores() if flops < engine.one_core_below else 1


class Lanes:
    """A compiled step of a population, run so many times at once, each time for a share of the members.

    What a lane carries is what one program for its members alone would carry: nobody's arithmetic changes.
    """

    def __init__(self, run: Run, count: int) -> None:
        self._run, self._count = run, count
        self._pool = ThreadPoolExecutor(count)  # engines let go of Python's lock while they compute

    def share_out(self, carried: Tree) -> list[Tree]:
        """NumPy arrays (members, ...) as one tree for each lane, neighbours together; no lane without a member."""
        members = len(carried["step"])
        shares = np.array_split(np.arange(members), min(self._count, members))
        return [tree_map(lambda array, own=own: array[own], carried) for own in shares]

    def __call__(
        self, shares: Sequence[Tree], data: Mapping[str, Array], chunk: Chunk
    ) -> tuple[list[Tree], dict[str, np.ndarray]]:
        """As `Run`, for all shares: what is measured, (count, members, ...), is in the order of the members."""
        if len(shares) == 1:
            carried, measured = self._run(shares[0], data, chunk)
            return [carried], measured
        chunks = _chunks(shares, chunk)
        done = list(self._pool.map(lambda share, own: self._run(share, data, own), shares, chunks))
        parts = [measured for _, measured in done]
        return [carried for carried, _ in done], {
            name: np.concatenate([part[name] for part in parts], axis=1) for name in parts[0]
        }


def _chunks(shares: Sequence[Tree], chunk: Chunk) -> list[Chunk]:
    """What each lane's members see: all the same, or their part of (steps, members, batch)."""
    if chunk.index.ndim == 2:
        return [chunk] * len(shares)
    ends = np.cumsum([len(share["step"]) for share in shares])[:-1].tolist()
    return [Chunk(index, chunk.present, chunk.count) for index in np.split(chunk.index, ends, axis=1)]

"""Rows that judge in turn: each is kept from one member of an ensemble, and that member answers for it.

So no row is lost to learning, every row judges, and the members differ by what they saw. Source: Krogh and Vedelsby (1995), Neural
Network Ensembles, Cross Validation, and Active Learning, section 4.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vitrina.data.splits import HEAVY
from vitrina.learning.feed import Examples
from vitrina.network.ensemble import EnsembleMean
from vitrina.network.network import Network

NOBODY = -1  # the fold of rows that all members learn from


def folds_for(network: Network) -> int:
    """How many folds rows come in: the members of the ensemble that the network is, 0 where it is none."""
    *_, (_, last, shape) = network.walk()
    return shape[0] if isinstance(last, EnsembleMean) else 0


def folds_of(groups: np.ndarray, strata: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Which of `count` folds each row is in: (rows,) int32.

    groups, strata (rows,): rows of one group, which repeat each other, are in one fold; the groups of a stratum are dealt out one by
    one. A group too large for a fold to hold it and others is in none, `NOBODY`.
    """
    _, first, group, sizes = np.unique(groups, return_index=True, return_inverse=True, return_counts=True)
    # A group's place in the draw is that of its first row: the hash's own order, which could change, never shows.
    draw = np.random.default_rng(seed).permutation(len(groups))[first]
    order = np.lexsort((draw, strata[first]))
    order = order[sizes[order] <= max(1.0, HEAVY * len(groups) / count)]
    fold = np.full(len(first), NOBODY, np.int32)
    fold[order] = np.arange(len(order)) % count
    return fold[group]


def in_two(examples: Examples) -> tuple[Examples, Examples | None]:
    """Examples in folds as a part that is learned from and one that judges, apart: the first fold judges. Others as they are, with
    no judge."""
    if examples.fold is None:
        return examples, None
    judges = examples.fold == 0
    plain = replace(examples, fold=None)
    return plain.take(np.flatnonzero(~judges)), plain.take(np.flatnonzero(judges))


def by_a_learner(examples: Examples) -> Examples:
    """Examples in folds, each answered for by a member that learned from it: the next to the one that was kept from it."""
    if examples.fold is None:
        return examples
    return replace(examples, fold=(examples.fold + 1) % (examples.fold.max() + 1))

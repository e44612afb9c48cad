"""Which codes an embedding was taught, and which it will be asked for."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from vitrina.network.embedding import Embedding
from vitrina.network.network import Network

LISTED = 8


@dataclass(frozen=True)
class Vocabulary:
    """layer: the embedding; count: rows of its table; used: those that the training part takes at least once.

    unseen: of all codes of the validation part, the share whose row was never taken while learning; rows: the share of
    validation rows that hold such a code; codes: the commonest of them.
    """

    layer: str
    count: int
    used: int
    unseen: float
    rows: float
    codes: list[int]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def vocabulary_of(network: Network, x: np.ndarray, validation: np.ndarray | None) -> Vocabulary | None:
    """Facts of x (rows, ...) whole numbers; None unless an Embedding sees them as they come."""
    first = next(((name, layer) for name, layer, _ in network.walk() if not hasattr(layer, "children")), None)
    if first is None:
        return None
    name, layer = first
    if not isinstance(layer, Embedding) or not np.isfinite(x.astype(np.float64)).all():
        return None
    taken = np.bincount(x.reshape(-1).astype(np.int64), minlength=layer.count)[: layer.count] > 0
    if validation is None or not len(validation):
        return Vocabulary(name, layer.count, int(taken.sum()), 0.0, 0.0, [])
    asked = np.clip(validation.reshape(len(validation), -1).astype(np.int64), 0, layer.count - 1)
    strange = ~taken[asked]  # (rows, places)
    often = np.bincount(asked[strange], minlength=layer.count)
    codes = [int(code) for code in np.argsort(-often, kind="stable")[:LISTED] if often[code]]
    return Vocabulary(
        name, layer.count, int(taken.sum()), float(strange.mean()), float(strange.any(axis=1).mean()), codes
    )

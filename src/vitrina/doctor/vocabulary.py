"""Which codes an embedding was taught, and which it will be asked for."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from vitrina.network.embedding import Embedding
from vitrina.network.network import Network

LISTED = 8
MOST, JUDGED = 50_000_000, 20_000  # codes of the training part, and rows of the validation part, that are gone through


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
    """Facts of x (rows, ...) whole numbers; None unless an Embedding sees them as they come, or there are
    too many to go through."""
    first = next(((name, layer) for name, layer, _ in network.walk() if not hasattr(layer, "children")), None)
    if first is None:
        return None
    name, layer = first
    if not isinstance(layer, Embedding) or x.size > MOST or (x.dtype.kind == "f" and not np.isfinite(x).all()):
        return None
    taken = np.zeros(layer.count, bool)
    taken[np.clip(x, 0, layer.count - 1).astype(np.int32)] = True
    if validation is None or not len(validation):
        return Vocabulary(name, layer.count, int(taken.sum()), 0.0, 0.0, [])
    asked = np.clip(validation[:JUDGED].reshape(min(len(validation), JUDGED), -1), 0, layer.count - 1).astype(np.int32)
    strange = ~taken[asked]  # (rows, places)
    often = np.bincount(asked[strange], minlength=layer.count)
    codes = [int(code) for code in np.argsort(-often, kind="stable")[:LISTED] if often[code]]
    return Vocabulary(
        name, layer.count, int(taken.sum()), float(strange.mean()), float(strange.any(axis=1).mean()), codes
    )

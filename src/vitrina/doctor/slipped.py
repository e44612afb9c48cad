"""A target that stands a row above or below the row it belongs to."""

from __future__ import annotations

import numpy as np

from vitrina.doctor.references import SURELY, References, refer

MOVES = (-1, 1)
TOLD = 2.0 * SURELY  # so surely the inputs must tell the moved target, which they do not tell where it stands


def slipped(x: np.ndarray, y: np.ndarray, classes: int, references: References | None) -> int:
    """By how many rows a target has to be moved (as by `np.roll`) for simple models to tell it; 0 where it need not, or no move helps.

    x (rows, ...) numbers; y (rows,) class numbers or (rows, outputs) numbers; references: of them as they stand.
    """
    if references is None or not references.related < SURELY:
        return 0
    found = {move: refer(x, np.roll(y, move, axis=0), classes, None) for move in MOVES}
    sure = {move: one.related for move, one in found.items() if one is not None}
    best = max(sure, key=lambda move: sure[move], default=0)
    return best if best and sure[best] > TOLD else 0

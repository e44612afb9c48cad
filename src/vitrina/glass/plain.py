"""Arrays as JSON takes them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def plain(array: Any) -> Any:
    """Numbers with six digits; what is not finite becomes null."""
    values = np.asarray(array, np.float64)
    if values.ndim:
        return [plain(one) for one in values] if values.ndim > 1 else [number(value) for value in values.tolist()]
    return number(float(values))


def number(value: float) -> float | None:
    """One of them."""
    return float(f"{value:.6g}") if math.isfinite(value) else None

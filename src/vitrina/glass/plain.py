"""Arrays as JSON takes them."""

from __future__ import annotations

import math
from typing import Any, SupportsFloat

import numpy as np

DIGITS = 6
LARGEST_POWER = (
    22  # of ten that a float64 holds exactly: so a division by it ends in the very float that has so many digits
)
POWERS = np.array([float(f"1e{power}") for power in range(LARGEST_POWER + 1)])


def plain(array: Any) -> Any:
    """Numbers with six digits; what is not finite becomes null."""
    values = np.asarray(array, np.float64)
    if not values.ndim:
        return number(float(values))
    sizes = np.abs(values)
    if (sizes < 10.0 ** (DIGITS + LARGEST_POWER)).all() and (
        (sizes == 0.0) | (sizes >= 10.0 ** (DIGITS - LARGEST_POWER))
    ).all():
        return _rounded(values, sizes).tolist()
    return [plain(one) for one in values] if values.ndim > 1 else [number(value) for value in values.tolist()]


def finite(value: SupportsFloat) -> float | None:
    """All digits of a number; null for what is not finite."""
    return told if math.isfinite(told := float(value)) else None


def number(value: float) -> float | None:
    """One of them."""
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None


def _rounded(values: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """All at once: to write each as a text and read it again takes twenty times as long."""
    places = DIGITS - 1 - np.floor(np.log10(np.where(sizes > 0.0, sizes, 1.0))).astype(np.int64)
    up, down = POWERS[np.maximum(places, 0)], POWERS[np.maximum(-places, 0)]
    return np.rint(values * up / down) / up * down

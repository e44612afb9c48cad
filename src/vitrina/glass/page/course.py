"""The looks of a training in short: of each layer one number a look for each thing worth a curve."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from vitrina.glass.looks_file import Look
from vitrina.glass.plain import number


def in_short(layers: Iterable[str], looks: tuple[Look, ...]) -> dict[str, Any]:
    """Of each layer {what: a number for each look}; None where there is none."""
    with np.errstate(all="ignore"):  # what went astray has no number to be told
        return {name: _short(name, looks) for name in layers}


def _short(name: str, looks: tuple[Look, ...]) -> dict[str, list[float | None]]:
    """One number a look: the mean over a layer's neurons, or the share of them."""

    def each(of: Callable[..., np.ndarray], *statistics: str) -> list[float | None]:
        keys = [f"{name}|{statistic}" for statistic in statistics]
        places = [at for at, look in enumerate(looks) if all(key in look for key in keys)]
        found: list[float | None] = [None] * len(looks)
        if places:
            stacks = (np.stack([looks[at][key] for at in places]).astype(np.float64) for key in keys)
            for at, value in zip(places, of(*stacks).tolist(), strict=True):
                found[at] = number(value)
        return found

    def size(mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
        return np.sqrt(np.mean(mean**2 + spread**2, axis=1))

    def length(norms: np.ndarray) -> np.ndarray:
        return np.sqrt(np.sum(norms**2, axis=1))

    def share(update: np.ndarray, weight: np.ndarray) -> np.ndarray:
        return np.where(
            (whole := length(weight)) > 0.0, length(update) / whole, np.nan
        )  # of weights that begin at 0 none

    signal = "signal" if looks and f"{name}|signal|mean" in looks[-1] else "slope"
    found = {
        "output": each(size, "output|mean", "output|spread"),
        "signal": each(size, f"{signal}|mean", f"{signal}|spread"),
        "silent": each(lambda largest: np.mean(largest == 0.0, axis=1), "output|largest"),
        "saturated": each(lambda share: np.mean(share, axis=1), "output|saturated"),
        "gradient": each(length, "weight gradient|norm"),
        "update": each(share, "weight update|norm", "weight|norm"),
    }
    return {what: values for what, values in found.items() if any(value is not None for value in values)}

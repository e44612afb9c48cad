"""A network of one or two inputs as the function it is at one moment."""

from __future__ import annotations

from typing import Any

import numpy as np

from vitrina import engines
from vitrina.glass.looks_file import Look
from vitrina.glass.plain import plain
from vitrina.glass.recording import Recording
from vitrina.learning.step import prediction_step
from vitrina.network.network import nest

AROUND = {1: 200, 2: 48}  # places along each side, of a network of one input and of two


def function_of(recording: Recording, look: Look) -> dict[str, Any]:
    """What a network of one or two inputs has made of them at a look: its answer everywhere, and what it learns from.

    {} for other networks. The answer is the probability of the last of two classes, the likeliest class, or a number.
    """
    weights, sample = recording.weights_at(look.step), recording.sample
    if weights is None or sample is None:
        return {}
    x, y = sample
    x = x.reshape(len(x), -1)
    sides = [np.linspace(*_a_little_more(x[:, place]), AROUND[x.shape[1]]) for place in range(x.shape[1])]
    grid = np.stack([axis.reshape(-1) for axis in np.meshgrid(*sides)], axis=1)
    network = recording.network
    engine = engines.get("numpy", "float64")
    step_of = prediction_step(network)
    params, state = (nest({name: np.asarray(value, np.float64) for name, value in part.items()}) for part in weights)
    batch = {"x": grid.reshape(len(grid), *network.input_shape)}
    answer = np.asarray(step_of(engine.ops, {"params": params, "state": state}, batch)[1]["prediction"])
    classes = answer.shape[-1] if network.cost.classifies else 0
    told = answer[:, -1] if classes <= 2 else answer.argmax(axis=-1).astype(float)
    return {
        "step": look.step,
        "inputs": x.shape[1],
        "classes": max(classes, 2) if network.cost.classifies else 0,
        "sides": [plain(side) for side in sides],
        "answer": plain(told.reshape([len(side) for side in reversed(sides)])),
        "x": plain(x),
        "y": plain(y.reshape(len(y), -1)[:, 0]),
    }


def _a_little_more(values: np.ndarray) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = 0.04 * ((high - low) or 1.0)
    return low - margin, high + margin

"""Which inputs moved an answer: integrated gradients, through the same backward passes that teach.

Sundararajan, Taly and Yan (2017), arXiv:1703.01365: attribution_i = (x_i - b_i) · ∫ dF(b + t (x - b)) / dx_i dt, t from 0 to
1. It is complete: the attributions of a row add up to F(x) - F(b). The integral is a sum over midpoints, with twice as
many for the rows where completeness is missed, until it holds.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitrina.engines.numpy_engine import NumpyOps
from vitrina.errors import ModelError
from vitrina.learning.stages import forward_propagation
from vitrina.locale import say
from vitrina.model import Model
from vitrina.network.layer import Context
from vitrina.network.network import Network, nest

FIRST_STEPS, MOST_STEPS = 16, 1024
TOLERANCE = 0.01  # of completeness, in log odds, or as a share of the change where that is larger than 1
BATCH_BYTES = 64 << 20


@dataclass(frozen=True)
class Attributions:
    """What each input added to F, the log odds of a class (a number's own prediction, for a network of numbers).

    values (rows, *input shape); start: F of the baseline, (rows,); end: F of each row; gap: end - start - Σ values.
    """

    values: np.ndarray
    start: np.ndarray
    end: np.ndarray

    @property
    def gap(self) -> np.ndarray:
        return self.end - self.start - self.values.reshape(len(self.values), -1).sum(axis=1)

    @property
    def heat(self) -> np.ndarray:
        """For images: the attributions of a pixel's channels together, (rows, height, width)."""
        return self.values.sum(axis=-1) if self.values.ndim == 4 else self.values


def attribute(
    model: Model, x: np.ndarray, baseline: np.ndarray, of: np.ndarray, tolerance: float = TOLERANCE
) -> Attributions:
    """Integrated gradients of each row's log odds of class `of`.

    x (rows, *input shape), baseline (*input shape,) as the network sees them; of (rows,): classes, or which number.
    Raises ModelError for a network whose inputs have no slope: codes of categories, padding, or an answer for each step.
    """
    passes = _Passes(model)
    x, baseline = x.astype(np.float64), baseline.astype(np.float64)
    start = passes.values(np.repeat(baseline[None], len(of), axis=0), of)
    end = passes.values(x, of)
    values = np.zeros_like(x)
    left, steps = np.arange(len(x)), FIRST_STEPS
    while len(left):
        values[left] = passes.integral(x[left], baseline, of[left], steps)
        off = np.abs(end - start - values.reshape(len(x), -1).sum(axis=1))[left]
        left = left[off > tolerance * np.maximum(1.0, np.abs(end - start)[left])]
        steps *= 2
        if steps > MOST_STEPS:
            break
    return Attributions(values, start, end)


class _Passes:
    """F and its slope by the input, batch by batch, in float64."""

    def __init__(self, model: Model) -> None:
        _check(model.network)
        self.network, self.ops = model.network, NumpyOps("float64")
        self.params = nest({name: value.astype(np.float64) for name, value in model.weights.items()})
        self.state = nest({name: value.astype(np.float64) for name, value in model.state.items()})
        widest = max(int(np.prod(layer.output_shape(shape))) for _, layer, shape in self.network.walk())
        self.batch = max(1, BATCH_BYTES // (8 * max(widest, int(np.prod(self.network.input_shape)))))

    def values(self, x: np.ndarray, of: np.ndarray) -> np.ndarray:
        """F of each row."""
        batches = range(0, len(x), self.batch)
        parts = [self._pass(x[at : at + self.batch], of[at : at + self.batch], False)[0] for at in batches]
        return np.concatenate(parts) if parts else np.zeros(0)

    def integral(self, x: np.ndarray, baseline: np.ndarray, of: np.ndarray, steps: int) -> np.ndarray:
        """(rows, *input shape): the attributions by `steps` midpoints."""
        middles = ((np.arange(steps) + 0.5) / steps).reshape(-1, *(1 for _ in x.shape))
        rows = max(1, self.batch // steps)
        out = np.zeros_like(x)
        for at in range(0, len(x), rows):
            way = x[at : at + rows] - baseline
            points = (baseline + middles * way).reshape(-1, *x.shape[1:])  # (steps · rows, ...)
            slopes = self.slopes(points, np.tile(of[at : at + rows], steps))
            out[at : at + rows] = way * slopes.reshape(steps, *way.shape).mean(axis=0)
        return out

    def slopes(self, x: np.ndarray, of: np.ndarray) -> np.ndarray:
        """dF/dx of each row, of the shape of x."""
        batches = range(0, len(x), self.batch)
        return np.concatenate(
            [self._pass(x[at : at + self.batch], of[at : at + self.batch], True)[1] for at in batches]
        )

    def _pass(self, x: np.ndarray, of: np.ndarray, back: bool) -> tuple[np.ndarray, np.ndarray]:
        context = Context(weight=np.ones(len(x)))
        raw, saved, _ = forward_propagation(self.ops, self.network, self.params, self.state, x, context)
        value, draw = explained(self.network, raw, of)
        dx = self.network.root.backward(self.ops, self.params, saved, draw)[0] if back else x
        return value, dx


def explained(network: Network, raw: np.ndarray, of: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What is explained, F (rows,), and its slope by the raw output (rows, outputs).

    Log odds of class c: z_c - log Σ exp z_k over the others; of one sigmoid output z: z for class 1, -z for class 0.
    """
    each = np.arange(len(raw))
    draw = np.zeros_like(raw)
    if network.cost.link == "softmax" and raw.shape[1] > 1:
        others = raw.copy()
        others[each, of] = -np.inf
        top = others.max(axis=1, keepdims=True)
        raised = np.exp(others - top)
        total = raised.sum(axis=1, keepdims=True)
        draw = -raised / total
        draw[each, of] = 1.0
        return raw[each, of] - (top + np.log(total))[:, 0], draw
    if network.cost.link == "sigmoid" and raw.shape[1] == 1:
        sign = np.where(of == 1, 1.0, -1.0)
        return sign * raw[:, 0], sign[:, None]
    draw[each, of] = 1.0
    return raw[each, of], draw


def by_column(model: Model, values: np.ndarray) -> tuple[list[str], np.ndarray]:
    """A column's inputs together: names, and (rows, columns). One-hot parts and waves belong to their column."""
    features: Any = getattr(model.recipe, "features", None)
    columns = getattr(features, "columns", None)
    flat = values.reshape(len(values), -1)
    if columns is None:
        return [f"input {place}" for place in range(flat.shape[1])], flat
    edges = np.cumsum([0, *(len(column.input_names) for column in columns)])
    sums = np.stack([flat[:, a:b].sum(axis=1) for a, b in itertools.pairwise(edges)], axis=1)
    return [column.name for column in columns], sums


def training_mean(x: np.ndarray) -> np.ndarray:
    """The row that is explained against: each input's mean over the training part, (*input shape,)."""
    return x.mean(axis=0, dtype=np.float64)


def _check(network: Network) -> None:
    if network.input.padding is not None:
        raise ModelError(say("what moved an answer cannot be told for sequences with padding; leave the reasons out"))
    for name, layer, _ in network.walk():
        if type(layer).__name__ == "Embedding" or any(getattr(layer, "categories", ())):
            raise ModelError(
                say(
                    "{name} reads codes of categories, which have no slope; its answers cannot be explained so",
                    name=name,
                )
            )
    if network.takes_missing and any(type(layer).__name__ == "TableInput" for layer in network.layers):
        raise ModelError(say("a network that takes missing numbers cannot be explained so; fill them in"))
    if len(network.output_shape) != 1:
        raise ModelError(
            say("an answer of shape {shape} cannot be explained; only one for each row can", shape=network.output_shape)
        )

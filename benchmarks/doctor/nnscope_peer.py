"""nnscope itself, fed with a training after every epoch as its documentation asks; where it is installed."""

from __future__ import annotations

import importlib.util
from typing import Any

from benchmarks.doctor.looking import Look, Seen

NAMES = {  # kind of insight: the codes of ours that it would be right about
    "nan": ("rate-too-high", "input-not-finite", "exploding-depth", "cost-summed", "weights-too-large", "target-scale"),
    "vanishing": ("vanishing", "weights-too-small", "too-deep-plain", "layers-unbalanced", "saturated"),
    "exploding": (
        "exploding-depth",
        "rate-too-high",
        "weights-too-large",
        "cost-summed",
        "target-scale",
        "input-scale",
    ),
    "lr_high": ("rate-too-high", "rate-oscillates", "diverging", "batch-too-small"),
    "lr_low": ("rate-too-low", "clipped-to-nothing", "schedule-ends-early", "frozen"),
    "dead": ("dead-units", "output-clipped"),
    "inactive": ("dead-units",),
    "saturated": ("saturated", "weights-too-large", "input-scale"),
    "overfit": ("overfitting", "label-noise", "labels-unrelated", "identifier-column", "nobody-judges"),
}


def is_here() -> bool:
    return importlib.util.find_spec("nnscope") is not None


class _Dense:
    def __init__(self, weight: Any, slope: Any, x: Any) -> None:
        self.W, self.dW = weight, slope
        if x is not None:
            self.x = x


class _Model:
    def __init__(self, look: Look) -> None:
        dense = [layer for layer in look.layers if layer.kind == "Dense"]
        self.layers: list[Any] = []
        for at, layer in enumerate(dense):
            before = dense[at - 1].output if at and dense[at - 1].output.ndim == 2 else None
            self.layers.append(_Dense(layer.weight, layer.gradient, before))
            kinds = {"relu": "ReLU", "tanh": "Tanh", "sigmoid": "Sigmoid", "leaky_relu": "LeakyReLU"}
            if layer.activation in kinds:
                self.layers.append(type(kinds[layer.activation], (), {})())


def problems(seen: Seen) -> list[str]:
    """The kinds of its insights. It knows dense layers only; a network without any says nothing."""
    import nnscope  # pyright: ignore[reportMissingImports]

    scope = nnscope.Scope(live=False, quiet=True)
    for look in seen.looks:
        model = _Model(look)
        if model.layers:
            scope.log(
                look.epoch, model=model, loss=look.error, metrics={"test_loss": look.validation_error}, snapshot=False
            )
    found = {str(one["kind"]) for one in scope.data()["insights"]}
    return sorted(found | (set() if seen.finite else {"nan"}))

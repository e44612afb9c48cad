"""Layers, costs and schedules written wrong on purpose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import vitrina as vt
from vitrina.network.costs import CrossEntropy, MeanSquaredError


@dataclass(frozen=True)
class WrongDense(vt.Dense):
    """Its weights' slope has the wrong sign."""

    def _gradients(self, ops: Any, saved: Any, dz: Any) -> Any:
        found = dict(super()._gradients(ops, saved, dz))
        return found | {"weight": -1.0 * found["weight"]}


@dataclass(frozen=True)
class LeakyBack(vt.Dense):
    """Passes back a slope that belongs to other units."""

    def backward(self, ops: Any, params: Any, saved: Any, dy: Any) -> Any:
        dx, gradients = super().backward(ops, params, saved, dy)
        return -1.0 * dx, gradients


@dataclass(frozen=True)
class StillDense(vt.Dense):
    """Does not learn."""

    def _gradients(self, ops: Any, saved: Any, dz: Any) -> Any:
        return {name: 0.0 * slope for name, slope in super()._gradients(ops, saved, dz).items()}


@dataclass(frozen=True)
class UpsideDown(CrossEntropy):
    """Minus the cross-entropy."""

    def losses_and_slopes(self, ops: Any, prediction: Any, target: Any) -> Any:
        losses, slopes = super().losses_and_slopes(ops, prediction, target)
        return -losses, -slopes


@dataclass(frozen=True)
class UpsideDownSquares(MeanSquaredError):
    """Minus the squared error."""

    def losses_and_slopes(self, ops: Any, prediction: Any, target: Any) -> Any:
        losses, slopes = super().losses_and_slopes(ops, prediction, target)
        return -losses, -slopes


@dataclass(frozen=True)
class Summed(CrossEntropy):
    """The sum over the batch."""

    def value_and_gradient(self, ops: Any, prediction: Any, target: Any, weight: Any) -> Any:
        value, slope = super().value_and_gradient(ops, prediction, target, weight)
        total = ops.sum(weight)
        return value * total, slope * total


@dataclass(frozen=True)
class SummedSquares(MeanSquaredError):
    """The sum over the batch."""

    def value_and_gradient(self, ops: Any, prediction: Any, target: Any, weight: Any) -> Any:
        value, slope = super().value_and_gradient(ops, prediction, target, weight)
        total = ops.sum(weight)
        return value * total, slope * total

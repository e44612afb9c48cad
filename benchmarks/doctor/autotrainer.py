"""The rules of AUTOTRAINER, as published: what it checks, when, and the thresholds of its release.

Zhang et al. (2021), ICSE, "AUTOTRAINER: An automatic DNN training problem detection and repair system"; shiningrain/AUTOTRAINER,
`utils/monitor.py`, `reproduce.py`. It looks every third epoch at the gradient of the first batch, from 30 % of the epochs at error
and accuracy, once at half time at the layers' outputs. For numbers it knows no accuracy, and rules that need one are left out
there; that it calls every squared error an improper cost is kept, as it is what it does.
"""

from __future__ import annotations

import math

import numpy as np

from benchmarks.doctor.looking import Seen

EVERY, LATER = 3, 0.3
NAMES = {  # problem: the codes of ours that it would be right about
    "vanish": ("vanishing", "weights-too-small", "saturated", "too-deep-plain", "layers-unbalanced", "frozen"),
    "explode": (
        *("exploding-depth", "rate-too-high", "weights-too-large", "input-not-finite", "cost-summed", "target-scale"),
        *("diverging", "attention-collapse"),
    ),
    "dying_relu": ("dead-units",),
    "oscillating": ("rate-oscillates", "batch-too-small", "diverging", "not-shuffled"),
    "slow": (
        *("rate-too-low", "too-few-steps", "falls-slowly", "plateau", "batch-too-large", "schedule-ends-early"),
        *("clipped-to-nothing", "decay-too-strong", "underfitting"),
    ),
    "improper_activation": ("softmax-twice", "one-unit-softmax", "output-range", "output-clipped"),
    "improper_loss": ("cost-for-classes", "cost-sign", "cost-summed"),
    "abnormal_data": ("input-scale", "target-scale", "constant-divided"),
}


def problems(seen: Seen) -> list[str]:
    """What it would report of this training."""
    found: set[str] = set()
    if not seen.finite or any(not math.isfinite(look.error) or look.error >= 1000 for look in seen.looks):
        found.add("explode")
    if any(look.error < 0 for look in seen.looks) or _improper_loss(seen):
        found.add("improper_loss")
    start = LATER * seen.epochs
    accuracies = [value for value in seen.accuracies if math.isfinite(value)]
    known = bool(accuracies)
    gains = np.diff(accuracies) if len(accuracies) > 1 else np.zeros(0)
    late = len(seen.looks) > start
    bad = known and late and max(accuracies) < 0.6
    stagnant = late and len(gains) > 0 and float(gains.max()) < 0.01
    for look in seen.looks[::EVERY]:
        gradients = [layer.gradient for layer in look.layers]
        if not gradients:
            continue
        norms = [float(np.linalg.norm(gradient)) for gradient in gradients]
        if not all(map(math.isfinite, norms)):
            found.add("explode")
            continue
        ratio = norms[0] / norms[-1] if norms[-1] > 0 else math.inf
        if ratio > 70 and norms[-1] > 0:
            found.add("explode")
        if ratio < 1e-3 and norms[0] < 1e-4 and (bad or stagnant):
            found.add("vanish")
        zeros = sum(int((gradient == 0).sum()) for gradient in gradients) / sum(gradient.size for gradient in gradients)
        if zeros >= 0.7 and any(layer.activation == "relu" for layer in look.layers):
            found.add("dying_relu")
    if known and late and _oscillates(accuracies, seen.epochs):
        found.add("oscillating")
    if bad and len(gains) and float(gains.max()) < 0.01:
        found.add("slow")
    if _improper_activation(seen):
        found.add("improper_activation")
    half = seen.looks[len(seen.looks) // 2 :][:1]
    if any(float(np.abs(layer.output).mean()) >= 10 for look in half for layer in look.layers):
        found.add("abnormal_data")
    return sorted(found)


def _oscillates(values: list[float], epochs: int) -> bool:
    """Maxima and the minima behind them lie 0.03 apart, in a fifth of the epochs."""
    highs = [v for a, v, b in zip(values, values[1:], values[2:], strict=False) if v >= a and v > b]
    lows = [v for a, v, b in zip(values, values[1:], values[2:], strict=False) if v <= a and v < b]
    return sum(high - low >= 0.03 for high, low in zip(highs, lows, strict=False)) >= max(1.0, 0.2 * epochs)


def _improper_loss(seen: Seen) -> bool:
    outputs = seen.outputs
    return ("binary" not in seen.cost) if outputs <= 2 else ("categorical" not in seen.cost)


def _improper_activation(seen: Seen) -> bool:
    """The answers of a row add up to more than 1.1, or what is last does not go with the cost."""
    if not seen.network.cost.classifies or not seen.looks:
        return False
    answers = seen.looks[0].answers
    return bool(np.abs(answers).sum(axis=-1).max() > 1.1)

"""The rules of DeepDiagnosis, as published: what it checks after every epoch on the first batch, and where it stops.

Wardat et al. (2022), ICSE, "DeepDiagnosis: Automatically diagnosing faults and recommending actionable fixes in deep learning
programs"; DeepDiagnosis/ICSE2022, `callback/callbacks.py`. It ends at the first symptom. An accuracy of exactly 0 is a symptom to it;
of numbers, which have no accuracy, that is left out.
"""

from __future__ import annotations

import math

import numpy as np

from benchmarks.doctor.looking import Look, Seen

WINDOW, WINDOW_OF_ACCURACY = 5, 20
NAMES = {  # symptom: the codes of ours that it would be right about
    "numerical_error": (
        *("input-not-finite", "rate-too-high", "exploding-depth", "weights-too-large", "input-constant", "target-scale"),
        *("symmetric-weights", "cost-summed", "one-unit-softmax", "frozen"),
    ),
    "dead_node": ("dead-units", "output-clipped"),
    "saturated": ("saturated", "weights-too-large"),
    "vanishing": ("vanishing", "weights-too-small", "layers-unbalanced", "too-deep-plain", "frozen", "one-unit-softmax"),
    "unchanged": (
        *("frozen", "symmetric-weights", "input-constant", "rate-too-low", "schedule-ends-early", "clipped-to-nothing"),
        *("one-unit-softmax", "decay-too-strong"),
    ),
    "loss_not_decreasing": ("rate-too-low", "rate-too-high", "plateau", "schedule-ends-early", "clipped-to-nothing", "vanishing"),
    "accuracy_not_increasing": ("rate-too-low", "plateau", "underfitting", "schedule-ends-early"),
    "invalid": ("rate-too-high", "input-not-finite", "exploding-depth", "cost-summed"),
    "out_of_range": ("output-range", "output-clipped", "target-scale", "softmax-twice"),
}  # fmt: skip


def problems(seen: Seen) -> list[str]:
    """Its first symptom, if there is one."""
    for at, look in enumerate(seen.looks):
        symptom = _of_layers(seen, look, last=at == len(seen.looks) - 1) or _of_windows(seen, at)
        if symptom:
            return [symptom]
    return [] if seen.finite else ["invalid"]


def _of_layers(seen: Seen, look: Look, last: bool) -> str:
    for layer in look.layers:
        for values in (layer.output, layer.weight, layer.gradient):
            mean = float(np.mean(values))
            if not math.isfinite(mean) or mean == 0.0:
                return "numerical_error"
        if last and layer.activation == "relu" and float((layer.output <= 0).mean()) >= 0.7:
            return "dead_node"
        if (
            layer.activation in ("sigmoid", "tanh")
            and layer.sums is not None
            and float((np.abs(layer.sums) > 5).mean()) > 0.5
        ):
            return "saturated"
        if layer.kind == "Dense" and float(np.abs(layer.gradient).mean()) < 1e-7:
            return "vanishing"
    if not math.isfinite(look.error) or look.accuracy == 0.0:
        return "invalid"
    return "out_of_range" if _out_of_range(seen, look) else ""


def _out_of_range(seen: Seen, look: Look) -> bool:
    if seen.network.cost.classifies or not look.layers or look.layers[-1].activation != "linear":
        return False
    spread = float(np.ptp(seen.y.astype(np.float64)))
    return float(np.ptp(look.answers)) > 10.0 * spread > 0.0


def _of_windows(seen: Seen, at: int) -> str:
    if at + 1 >= WINDOW:
        window = seen.looks[at + 1 - WINDOW : at + 1]
        for place in range(len(window[0].layers)):
            for of in ("output", "weight", "gradient"):
                if _flat([float(np.mean(getattr(look.layers[place], of))) for look in window]):
                    return "unchanged"
        if _flat([look.error for look in window]):
            return "loss_not_decreasing"
    known = [look.accuracy for look in seen.looks[: at + 1]]
    if len(known) >= WINDOW_OF_ACCURACY and _flat(known[-WINDOW_OF_ACCURACY:]):
        return "accuracy_not_increasing"
    return ""


def _flat(values: list[float]) -> bool:
    return bool(np.mean(values) == max(values))

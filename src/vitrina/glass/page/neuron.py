"""One neuron's arithmetic at one moment, forward and back, and how it fares otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from vitrina.errors import UsageError
from vitrina.glass.looks_file import Look
from vitrina.glass.page.traces import Traces
from vitrina.glass.plain import finite, plain
from vitrina.glass.plan import Spot
from vitrina.glass.recording import Recording
from vitrina.glass.trace import of_place
from vitrina.locale import say

MOST_TERMS = 400  # inputs listed for one neuron: those that count most


class Neurons:
    """Any neuron of the layers that are drawn."""

    def __init__(self, recording: Recording, spots: Iterable[Spot], traces: Traces) -> None:
        self.recording, self.traces = recording, traces
        self._spots = {spot.name: spot for spot in spots}

    def of(self, look: Look, probe: int, name: str, unit: int, place: tuple[int, ...]) -> dict[str, Any]:
        """One neuron's arithmetic, forward and back, in float64, with the very weights of that moment."""
        traced = self.traces.of(look, self.traces.probe(probe))
        if name not in traced.forward:
            raise UsageError(say("there is no layer {name!r}", name=name))
        there = traced.forward[name].neuron(unit, place)
        back = traced.backward[name].neuron(unit, place)
        products = (there.inputs * there.weights).reshape(-1)
        order = np.argsort(-np.abs(products), kind="stable")[:MOST_TERMS]
        own = traced.backward[name]
        updates = of_place(own.layer, own.updates["weight"], place)
        return {
            "step": look.step,
            "layer": name,
            "unit": unit,
            "place": list(place),
            "count": int(products.size),
            "patch": list(there.weights.shape) if there.weights.ndim == 3 else None,  # what a filter sees of an image
            "terms": [
                {
                    "input": int(at),
                    "value": finite(there.inputs.reshape(-1)[at]),
                    "weight": finite(there.weights.reshape(-1)[at]),
                    "gradient": finite(back.weight_gradients.reshape(-1)[at]),
                    "update": finite(updates[..., unit].reshape(-1)[at]),
                }
                for at in order
            ],
            "bias": finite(there.bias),
            "weighted_sum": finite(there.weighted_sum),
            "activation": there.activation,
            "output": finite(there.output),
            "excited": self._excited(look, name, unit, place),
            "error_signal": finite(back.error_signal),
            "bias_gradient": finite(back.bias_gradient),
            "history": self._history(name, unit, place),
        }

    def _history(self, name: str, unit: int, place: tuple[int, ...]) -> dict[str, Any] | None:
        """A neuron's mean output at each look; None of a layer so wide that not all of it is looked at."""
        layer, spot = self.recording.layer(name), self._spots[name]
        means, units = layer["output", "mean"], spot.shape[-1] * max(1, spot.members)
        at, rest = divmod(unit + spot.shape[-1] * (place[0] if spot.members else 0), -(-units // means.shape[1]))
        return None if rest else {"step": layer.steps.tolist(), "mean": plain(means[:, at])}

    def _excited(self, look: Look, name: str, unit: int, place: tuple[int, ...]) -> list[float | None]:
        """How strongly each of the examples moves a neuron at most, over all places."""
        outputs, spot = look[f"{name}|probes|output"], self._spots[name]
        at, rest = divmod(unit, -(-spot.shape[-1] // outputs.shape[-1]))
        if rest:
            return []  # a layer so wide that not all of it is kept
        values = (outputs[:, place[0]] if spot.members else outputs)[..., at].reshape(len(outputs), -1)
        return plain(values[np.arange(len(values)), np.abs(values).argmax(axis=1)])

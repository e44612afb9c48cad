"""Everything that is drawn of the network at one moment, with one of the probes in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from vitrina.engines.numpy_engine import NumpyOps
from vitrina.errors import UsageError
from vitrina.glass.looks_file import Look
from vitrina.glass.page.traces import Traces
from vitrina.glass.plain import number, plain
from vitrina.glass.plan import Spot
from vitrina.glass.recording import Recording
from vitrina.glass.trace import Trace
from vitrina.locale import say
from vitrina.network.ensemble import EnsembleMean

MOST_PLACES = 64  # steps of a sequence in a picture of who looks at whom


class Moments:
    """spots: what is drawn; most_edges: of the connections between two layers that are told, the strongest."""

    def __init__(self, recording: Recording, spots: Sequence[Spot], traces: Traces, most_edges: int) -> None:
        self.recording, self.spots, self.traces, self.most_edges = recording, spots, traces, most_edges

    def moment(self, look: Look, probe: int, member: int = 0) -> dict[str, Any]:
        """Everything that is drawn of the network at a look, with one of the probes in it.

        member: whose connections are told, of an ensemble.
        """
        probe, members = self.traces.probe(probe), max(spot.members for spot in self.spots)
        if not 0 <= member < max(1, members):
            raise UsageError(
                say("there are {members} members, numbered from 0, and no {member}", members=members, member=member)
            )
        x, y = self.recording.probes
        layers: dict[str, Any] = {"input": {"output": plain(x[probe]), "shape": list(x[probe].shape)}}
        traced = self.traces.known(look, probe)
        for spot in self.spots:
            if f"{spot.name}|probes|output" in look:
                layers[spot.name] = _drawn(look, spot.name, probe, traced)
        return {
            "step": look.step,
            "seconds": look.seconds,
            "rate": float(look["|step|rate"][0]),
            "error": number(float(look["|step|error"][0])) if "|step|error" in look else None,
            "probe": probe,
            "target": plain(y[probe]),
            "prediction": plain(look["|probes|prediction"][probe]),
            "probe_error": number(float(look["|probes|error"][probe])),
            "layers": layers,
            "members": self._members(traced),
            "member": member,
            "edges": self._edges(look, traced, member),
        }

    def others(self, look: Look, probe: int) -> list[dict[str, Any]]:
        """The connections of the members of an ensemble after the first, whose come with the moment."""
        traced = self.traces.known(look, probe)
        members = max(spot.members for spot in self.spots)
        return [self._edges(look, traced, member) for member in range(1, members)]

    def probes(self, look: Look, bare: bool = False) -> dict[str, Any]:
        """The probes and what the network answers to each then. bare: without the probes, which stay the same."""
        x, y = self.recording.probes
        return {
            "step": look.step,
            **({} if bare else {"x": [plain(one) for one in x], "shape": list(x.shape[1:]), "y": plain(y)}),
            "prediction": plain(look["|probes|prediction"]),
            "error": plain(look["|probes|error"]),
        }

    def _members(self, traced: Trace | None) -> list[Any]:
        """What each member of an ensemble answers by itself; [] where there are none, or it cannot be told."""
        network = self.recording.network
        if traced is None or not isinstance(network.layers[-1], EnsembleMean):
            return []
        last = next(reversed(traced.forward.values()))
        return plain(network.cost.readable(NumpyOps("float64"), last.input))

    def _edges(self, look: Look, traced: Trace | None, member: int) -> dict[str, Any]:
        """The strongest weights into each layer of neurons: from, to, weight, and how this example alone would change them."""
        found: dict[str, Any] = {}
        for spot in self.spots:
            key, own = f"{spot.name}|weight|values", (member,) if spot.members else ()
            if key not in look or look[key].ndim != 2 + len(own):
                continue
            weight = look[key][own]
            flat = np.abs(weight).reshape(-1)
            most = min(self.most_edges, flat.size)
            chosen = np.argpartition(-flat, most - 1)[:most]
            before, after = np.divmod(chosen, weight.shape[1])
            bias = f"{spot.name}|bias|values"
            found[spot.name] = {
                "from": before.tolist(),
                "to": after.tolist(),
                "weight": plain(weight.reshape(-1)[chosen]),
                "of": int(flat.size),
                "bias": plain(look[bias][own]) if bias in look else None,
            }
            if traced is not None:
                back = traced.backward[spot.name]
                for name, slopes in (("gradient", back.gradients), ("update", back.updates)):
                    found[spot.name][name] = plain(slopes["weight"][own].reshape(-1)[chosen])
        return found


def _drawn(look: Look, name: str, probe: int, traced: Trace | None) -> dict[str, Any]:
    """One layer with one of the probes in it."""
    outputs, signals = look[f"{name}|probes|output"], look[f"{name}|probes|signal"]
    found = {"output": plain(outputs[probe]), "signal": plain(signals[probe]), "shape": list(outputs.shape[1:])}
    if (largest := f"{name}|output|largest") in look:
        found["silent"] = np.flatnonzero(look[largest] == 0.0).tolist()
    attention = traced.forward[name].attention if traced is not None else None
    if attention is not None:
        stride = -(-attention.shape[1] // MOST_PLACES)
        found["attention"] = plain(attention[:, ::stride, ::stride].transpose(1, 2, 0))  # a map for each head
    return found

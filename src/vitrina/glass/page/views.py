"""What the page asks for, as plain data: the network, its looks in short, one moment in full, one neuron's arithmetic."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from vitrina import engines, locale
from vitrina.engines.numpy_engine import NumpyOps
from vitrina.errors import ModelError, UsageError
from vitrina.glass.look import is_joint
from vitrina.glass.looks_file import Look
from vitrina.glass.page.examples import Examples
from vitrina.glass.page.findings import findings_of
from vitrina.glass.plain import number, plain
from vitrina.glass.plan import Spot, plan_of
from vitrina.glass.recording import Recording
from vitrina.glass.side_by_side import beside as side_by_side
from vitrina.glass.titles import titles_of
from vitrina.glass.trace import Trace, of_place, trace
from vitrina.learning.step import prediction_step
from vitrina.model import Model
from vitrina.network.ensemble import EnsembleMean
from vitrina.network.network import nest

MOST_EDGES = 400  # connections drawn between two layers: the strongest
MOST_POINTS = 1500  # of the batches' errors in the curve
MOST_PLACES = 64  # steps of a sequence in a picture of who looks at whom
AROUND = {1: 200, 2: 48}  # places along each side, of a network of one input and of two
MOST_TERMS = 400  # inputs listed for one neuron: those that count most


class Views:
    """The answers to a page's questions about one run; reads on in its recording whenever it is asked.

    most_edges: of the connections between two layers that are told, the strongest. other: a run to be set beside it.
    read: False to read the recording when something of it is first asked for.
    """

    def __init__(self, run: Path, most_edges: int = MOST_EDGES, other: Path | None = None, read: bool = True) -> None:
        self.run, self.most_edges, self.other = run, most_edges, other
        self.recording = Recording(run, read)
        self.second = Recording(other) if other is not None else None
        self._spots = [spot for spot in plan_of(self.recording.network) if spot.drawn]
        self._examples = Examples(self.recording)
        self._traces: dict[tuple[int, int], Trace] = {}
        self._findings: dict[str, tuple[Any, list[dict[str, Any]]]] = {}

    # -- the whole of it
    def about(self) -> dict[str, Any]:
        """The network as it is drawn, and what is known of the training before its first step."""
        recording, network = self.recording, self.recording.network
        titles = titles_of(spot.name for spot in self._spots)
        known = (
            "engine",
            "steps",
            "steps_per_epoch",
            "epochs",
            "batch_size",
            "rows",
            "classes",
            "inputs",
            "target",
            "probes_from",
        )
        return {
            "run": self.run.name,
            "cost": network.cost.label,
            "classifies": network.cost.classifies,
            "parameters": network.parameters,
            "layers": [_layer(spot, titles[spot.name]) for spot in self._spots],
            "members": max(spot.members for spot in self._spots),
            "data": _setting(self.run, "data"),
            "optimizer": _setting(self.run, "optimizer"),
            **{name: recording.about.get(name) for name in known},
        }

    def looks(self, after: int) -> dict[str, Any]:
        """The looks from number `after` on, in short: of each layer one number for each thing worth a curve."""
        self.recording.refresh()
        looks = self.recording.looks[after:]
        return {
            "first": after,
            "step": [look.step for look in looks],
            "seconds": [look.seconds for look in looks],
            "rate": [float(look["|step|rate"][0]) for look in looks],
            "layers": self._in_short(looks),
        }

    def _in_short(self, looks: tuple[Look, ...]) -> dict[str, Any]:
        with np.errstate(all="ignore"):  # what went astray has no number to be told
            return {name: _short(name, looks) for name in self.recording.layers}

    def curves(self) -> dict[str, Any]:
        """The batches' errors, thinned to what a screen can show (lowest, mean and highest of each stretch), and the epochs."""
        self.recording.refresh()
        epochs = self.recording.epochs
        return {
            "batches": {name: plain(values) for name, values in self.recording.errors_in(MOST_POINTS).items()},
            "epochs": {name: [number(value) for value in epochs[name]] for name in epochs.columns},
        }

    def beside(self) -> dict[str, Any]:
        """The other run beside this one: both's epochs, and what differs. {} where there is none."""
        if self.other is None or self.second is None:
            return {}
        self.recording.refresh()
        return side_by_side(self.run, self.recording, self.other, self.second)

    def findings(self, language: str) -> dict[str, Any]:
        """What the doctor finds in all that has been recorded, "en" or "es". Raises UsageError for another language."""
        if language not in locale.LANGUAGES:
            raise UsageError(f"the doctor speaks {' and '.join(locale.LANGUAGES)}, not {language!r}")
        self.recording.refresh()
        now = (len(self.recording.looks), len(self.recording.epochs), (self.run / "checkup.json").exists())
        if self._findings.get(language, (None, []))[0] != now:
            self._findings[language] = (now, findings_of(self.recording, language))
        return {"findings": self._findings[language][1]}

    # -- one moment
    def moment(self, step: int, probe: int, member: int = 0) -> dict[str, Any]:
        """Everything that is drawn of the network at the last look at or before `step`, with one of the probes in it.

        member: whose connections are told, of an ensemble.
        """
        look = self._look(step)
        probe, members = self._probe(probe), max(spot.members for spot in self._spots)
        if not 0 <= member < max(1, members):
            raise UsageError(f"there are {members} members, numbered from 0, and no {member}")
        x, y = self.recording.probes
        layers: dict[str, Any] = {"input": {"output": plain(x[probe]), "shape": list(x[probe].shape)}}
        traced = self._trace(look, probe) if self.recording.weights_at(look.step) is not None else None
        for spot in self._spots:
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

    def others(self, step: int, probe: int) -> list[dict[str, Any]]:
        """The connections of the members of an ensemble after the first, whose come with the moment."""
        look, members = self._look(step), max(spot.members for spot in self._spots)
        traced = self._trace(look, probe) if self.recording.weights_at(look.step) is not None else None
        return [self._edges(look, traced, member) for member in range(1, members)]

    def probes(self, step: int, bare: bool = False) -> dict[str, Any]:
        """The probes and what the network answers to each at that moment. bare: without the probes, which stay the same."""
        look = self._look(step)
        x, y = self.recording.probes
        return {
            "step": look.step,
            **({} if bare else {"x": [plain(one) for one in x], "shape": list(x.shape[1:]), "y": plain(y)}),
            "prediction": plain(look["|probes|prediction"]),
            "error": plain(look["|probes|error"]),
        }

    def examples(self) -> dict[str, Any]:
        """Who judges the training: some hundreds of its examples."""
        self.recording.refresh()
        return self._examples.about()

    def judged(self, step: int) -> dict[str, Any]:
        """How each of them fares at that moment."""
        return self._examples.judged(self._look(step))

    def dependence(self, step: int, column: int) -> dict[str, Any]:
        """How the answer depends on one column of a table at that moment, on average."""
        return self._examples.dependence(self._look(step), column)

    def function(self, step: int) -> dict[str, Any]:
        """What a network of one or two inputs has made of them at that moment: its answer everywhere, and what it learns from.

        {} for other networks. The answer is the probability of the last of two classes, the likeliest class, or a number.
        """
        look = self._look(step)
        weights, sample = self.recording.weights_at(look.step), self.recording.sample
        if weights is None or sample is None:
            return {}
        x, y = sample
        x = x.reshape(len(x), -1)
        sides = [np.linspace(*_a_little_more(x[:, place]), AROUND[x.shape[1]]) for place in range(x.shape[1])]
        grid = np.stack([axis.reshape(-1) for axis in np.meshgrid(*sides)], axis=1)
        network = self.recording.network
        engine = engines.get("numpy", "float64")
        step_of = prediction_step(network)
        params, state = (
            nest({name: np.asarray(value, np.float64) for name, value in part.items()}) for part in weights
        )
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

    def neuron(self, step: int, probe: int, name: str, unit: int, place: tuple[int, ...]) -> dict[str, Any]:
        """One neuron's arithmetic, forward and back, in float64, with the very weights of that moment."""
        look = self._look(step)
        traced = self._trace(look, self._probe(probe))
        if name not in traced.forward:
            raise UsageError(f"there is no layer {name!r}")
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
            "terms": [
                {
                    "input": int(at),
                    "value": float(there.inputs.reshape(-1)[at]),
                    "weight": float(there.weights.reshape(-1)[at]),
                    "gradient": float(back.weight_gradients.reshape(-1)[at]),
                    "update": float(updates[..., unit].reshape(-1)[at]),
                }
                for at in order
            ],
            "bias": there.bias,
            "weighted_sum": there.weighted_sum,
            "activation": there.activation,
            "output": there.output,
            "excited": self._excited(look, name, unit, place),
            "error_signal": back.error_signal,
            "bias_gradient": back.bias_gradient,
            "history": self._history(name, unit, place),
        }

    def _spot(self, name: str) -> Spot:
        return next(spot for spot in self._spots if spot.name == name)

    def _history(self, name: str, unit: int, place: tuple[int, ...]) -> dict[str, Any] | None:
        """A neuron's mean output at each look; None of a layer so wide that not all of it is looked at."""
        layer, spot = self.recording.layer(name), self._spot(name)
        means, units = layer["output", "mean"], spot.shape[-1] * max(1, spot.members)
        at, rest = divmod(unit + spot.shape[-1] * (place[0] if spot.members else 0), -(-units // means.shape[1]))
        return None if rest else {"step": layer.steps.tolist(), "mean": plain(means[:, at])}

    def _excited(self, look: Look, name: str, unit: int, place: tuple[int, ...]) -> list[float | None]:
        """How strongly each of the examples moves a neuron at most, over all places."""
        outputs, spot = look[f"{name}|probes|output"], self._spot(name)
        at, rest = divmod(unit, -(-spot.shape[-1] // outputs.shape[-1]))
        if rest:
            return []  # a layer so wide that not all of it is kept
        values = (outputs[:, place[0]] if spot.members else outputs)[..., at].reshape(len(outputs), -1)
        return plain(values[np.arange(len(values)), np.abs(values).argmax(axis=1)])

    def _members(self, traced: Trace | None) -> list[Any]:
        """What each member of an ensemble answers by itself; [] where there are none, or it cannot be told."""
        network = self.recording.network
        if traced is None or not isinstance(network.layers[-1], EnsembleMean):
            return []
        last = next(reversed(traced.forward.values()))
        return plain(network.cost.readable(NumpyOps("float64"), last.input))

    def _look(self, step: int) -> Look:
        self.recording.refresh()
        return self.recording.at(step)

    def _probe(self, probe: int) -> int:
        count = len(self.recording.probes[0])
        if not 0 <= probe < count:
            raise UsageError(f"there are {count} examples to look at, numbered from 0, and no {probe}")
        return probe

    def _edges(self, look: Look, traced: Trace | None, member: int) -> dict[str, Any]:
        """The strongest weights into each layer of neurons: from, to, weight, and how this example alone would change them."""
        found: dict[str, Any] = {}
        for spot in self._spots:
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

    def _trace(self, look: Look, probe: int) -> Trace:
        key = (look.step, probe)
        if key not in self._traces:
            if len(self._traces) > 32:
                self._traces.clear()
            weights = self.recording.weights_at(look.step)
            if weights is None:
                raise ModelError(
                    "this network is too large for its weights to be kept at every look; vitrina trace shows the last ones"
                )
            settings = {"optimizer": _setting(self.run, "optimizer")}
            model = Model(self.recording.network, *weights, settings=settings)
            x, y = self.recording.probes
            target = y[probe].astype(np.int64) if self.recording.network.cost.classifies and y.ndim == 1 else y[probe]
            self._traces[key] = trace(model, x[probe], target)
        return self._traces[key]


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


def _a_little_more(values: np.ndarray) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = 0.04 * ((high - low) or 1.0)
    return low - margin, high + margin


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


def _layer(spot: Spot, title: str) -> dict[str, Any]:
    """What is drawn of a layer before it is known what is in it."""
    return {
        "name": spot.name,
        "title": title,
        "kind": type(spot.layer).__name__ if spot.layer else "Input",
        "shape": list(spot.shape),
        "form": _form(spot.shape),
        "activation": getattr(spot.layer, "activation", None),
        "neurons": hasattr(spot.layer, "error_signal"),
        "joins": getattr(spot.layer, "merge", "add") if spot.layer and is_joint(spot.layer) else None,
        "members": spot.members,
        "column": spot.column,
        "lanes": list(spot.lanes),
        "sources": list(spot.sources),
    }


def _form(shape: tuple[int, ...]) -> str:
    """How it is drawn: a column of neurons, a sheet of steps by neurons, or maps."""
    return {1: "column", 2: "sheet", 3: "maps"}.get(len(shape), "column")


def _setting(run: Path, name: str) -> Any:
    try:
        return json.loads((run / "settings.json").read_text("utf-8")).get(name)
    except (OSError, ValueError, AttributeError):
        return None

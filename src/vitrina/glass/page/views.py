"""What the page asks for, as plain data: the network, its looks in short, one moment in full, one neuron's arithmetic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vitrina import locale
from vitrina.errors import UsageError
from vitrina.glass.looks_file import Look
from vitrina.glass.page.course import in_short
from vitrina.glass.page.examples import Examples
from vitrina.glass.page.findings import findings_of
from vitrina.glass.page.function import function_of
from vitrina.glass.page.layers import layer_of, setting_of
from vitrina.glass.page.moment import Moments
from vitrina.glass.page.neuron import Neurons
from vitrina.glass.page.traces import Traces
from vitrina.glass.plain import number, plain
from vitrina.glass.plan import plan_of
from vitrina.glass.recording import Recording
from vitrina.glass.side_by_side import beside as side_by_side
from vitrina.glass.titles import titles_of
from vitrina.locale import say

MOST_EDGES = 400  # connections drawn between two layers: the strongest
MOST_POINTS = 1500  # of the batches' errors in the curve


class Views:
    """The answers to a page's questions about one run; reads on in its recording whenever it is asked.

    most_edges: of the connections between two layers that are told, the strongest. other: a run to be set beside it.
    read: False to read the recording when something of it is first asked for.
    """

    def __init__(self, run: Path, most_edges: int = MOST_EDGES, other: Path | None = None, read: bool = True) -> None:
        self.run, self.other = run, other
        self.recording = Recording(run, read)
        self.second = Recording(other) if other is not None else None
        self._spots = [spot for spot in plan_of(self.recording.network) if spot.drawn]
        traces = Traces(run, self.recording)
        self.moments = Moments(self.recording, self._spots, traces, most_edges)
        self._neurons = Neurons(self.recording, self._spots, traces)
        self._examples = Examples(self.recording)
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
            "layers": [layer_of(spot, titles[spot.name]) for spot in self._spots],
            "members": max(spot.members for spot in self._spots),
            "unit": self._examples.unit,
            "data": setting_of(self.run, "data"),
            "optimizer": setting_of(self.run, "optimizer"),
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
            "layers": in_short(self.recording.layers, looks),
        }

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
            raise UsageError(
                say(
                    "the doctor speaks {known}, not {language!r}",
                    known=say(" and ").join(locale.LANGUAGES),
                    language=language,
                )
            )
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
        return self.moments.moment(self._look(step), probe, member)

    def others(self, step: int, probe: int) -> list[dict[str, Any]]:
        """The connections of the members of an ensemble after the first, whose come with the moment."""
        return self.moments.others(self._look(step), probe)

    def probes(self, step: int, bare: bool = False) -> dict[str, Any]:
        """The probes and what the network answers to each at that moment. bare: without the probes, which stay the same."""
        return self.moments.probes(self._look(step), bare)

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
        """What a network of one or two inputs has made of them at that moment. {} for other networks."""
        return function_of(self.recording, self._look(step))

    def neuron(self, step: int, probe: int, name: str, unit: int, place: tuple[int, ...]) -> dict[str, Any]:
        """One neuron's arithmetic, forward and back, in float64, with the very weights of that moment."""
        return self._neurons.of(self._look(step), probe, name, unit, place)

    def _look(self, step: int) -> Look:
        self.recording.refresh()
        return self.recording.at(step)

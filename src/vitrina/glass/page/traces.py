"""Examples followed through the network of a moment, with the very weights it had, in float64."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vitrina.errors import ModelError, UsageError
from vitrina.glass.looks_file import Look
from vitrina.glass.page.layers import setting_of
from vitrina.glass.recording import Recording
from vitrina.glass.trace import Trace, trace
from vitrina.locale import say
from vitrina.model import Model

MOST_KEPT = 32  # traces: whoever looks back at a moment finds it again at once


class Traces:
    """Those of one run's probes, each made when it is first asked for."""

    def __init__(self, run: Path, recording: Recording) -> None:
        self.run, self.recording = run, recording
        self._kept: dict[tuple[int, int], Trace] = {}

    def known(self, look: Look, probe: int) -> Trace | None:
        """None where the weights of that moment were not kept."""
        return self.of(look, probe) if self.recording.weights_at(look.step) is not None else None

    def of(self, look: Look, probe: int) -> Trace:
        """Raises ModelError where the weights of that moment were not kept."""
        key = (look.step, probe)
        if key not in self._kept:
            if len(self._kept) > MOST_KEPT:
                self._kept.clear()
            weights = self.recording.weights_at(look.step)
            if weights is None:
                raise ModelError(
                    say(
                        "this network is too large for its weights to be kept at every look; vitrina trace "
                        "shows the last ones"
                    )
                )
            settings = {"optimizer": setting_of(self.run, "optimizer")}
            model = Model(self.recording.network, *weights, settings=settings)
            x, y = self.recording.probes
            target = y[probe].astype(np.int64) if self.recording.network.cost.classifies and y.ndim == 1 else y[probe]
            self._kept[key] = trace(model, x[probe], target)
        return self._kept[key]

    def probe(self, probe: int) -> int:
        """That number, if there is such a probe. Raises UsageError otherwise."""
        count = len(self.recording.probes[0])
        if not 0 <= probe < count:
            raise UsageError(
                say("there are {count} examples to look at, numbered from 0, and no {probe}", count=count, probe=probe)
            )
        return probe

"""The page's questions about a run and who answers each: the same for a browser that asks a server, and for a notebook."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from vitrina.errors import UsageError, VitrinaError
from vitrina.glass.controls import Status, request, status_of
from vitrina.glass.page.views import Views
from vitrina.locale import say

Values = Mapping[str, str]  # what a question is asked with


class Answers:
    """Of one run, another beside it. Raises ModelError if it, or the other, has no recording.

    read: False to read the recording when something of it is first asked for.
    """

    def __init__(self, run: Path, other: Path | None = None, read: bool = True) -> None:
        self.run = run
        self.views = views = Views(run, other=other, read=read)
        self._known: dict[str, Callable[[Values], Any]] = {
            "about": lambda _: views.about(),
            "looks": lambda asked: views.looks(int(asked["after"])),
            "curves": lambda _: views.curves(),
            "beside": lambda _: views.beside(),
            "findings": lambda asked: views.findings(asked["lang"]),
            "moment": lambda asked: views.moment(int(asked["step"]), int(asked["probe"]), int(asked.get("member", 0))),
            "probes": lambda asked: views.probes(int(asked["step"]), bare="bare" in asked),
            "examples": lambda _: views.examples(),
            "judged": lambda asked: views.judged(int(asked["step"])),
            "dependence": lambda asked: views.dependence(*_numbers(asked, "step", "column")),
            "function": lambda asked: views.function(int(asked["step"])),
            "neuron": self._neuron,
        }

    @property
    def questions(self) -> tuple[str, ...]:
        """The names of those that are known."""
        return tuple(self._known)

    def answer(self, question: str, values: Values) -> Any:
        """Plain data. Raises UsageError for what cannot be asked, ModelError for what is not known."""
        try:
            return self._known[question](values)
        except VitrinaError:
            raise
        except (ValueError, KeyError):
            raise UsageError(say("that is no question this page asks")) from None

    def control(self, told: Any) -> dict[str, Any]:
        """Asks the training for something. Raises UsageError for what it cannot be asked for."""
        try:
            request(self.run, told["action"], told.get("value"))
        except VitrinaError:
            raise
        except (ValueError, KeyError, TypeError, AttributeError):
            raise UsageError(say("that is nothing a training can be asked for")) from None
        return {"done": True}

    def status(self) -> Status:
        """What the training is doing: read in a moment, without what there is to be seen."""
        return status_of(self.run)

    def news(self) -> dict[str, Any]:
        """What the training is doing, and how much there is to be seen of it."""
        views = self.views
        views.recording.refresh()
        status = vars(status_of(self.run))
        seen = {"looks": len(views.recording.looks), "epochs": len(views.recording.epochs)}
        if views.second is not None:
            views.second.refresh()
            seen["beside"] = len(views.second.epochs)
        return {**status, **seen}

    def _neuron(self, asked: Values) -> dict[str, Any]:
        place = tuple(int(part) for part in asked.get("place", "").split(",") if part)
        step, probe, unit = _numbers(asked, "step", "probe", "unit")
        return self.views.neuron(step, probe, asked["layer"], unit, place)


def _numbers(asked: Values, *names: str) -> list[int]:
    return [int(asked[name]) for name in names]

"""Your own code between epochs: read what happened, change the learning rate, stop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from vitrina.errors import UsageError
from vitrina.learning.history import Row
from vitrina.locale import say

if TYPE_CHECKING:
    from vitrina.learning.loop import Learner


class Callback:
    """Subclass and override what you need. A plain function of a row is taken as `epoch_done`."""

    def training_starts(self, learner: Learner) -> None:
        """Before the first step."""

    def chunk_done(self, learner: Learner) -> None:
        """After each call of the compiled steps: several times a second, between steps.

        `learner.epoch`, `.position`.
        """

    def epoch_done(self, learner: Learner, row: Row) -> None:
        """After each epoch, with its row of the history.

        `learner.stop()`, `learner.scale_rate(0.5)`, `learner.weights`.
        """

    def training_ends(self, learner: Learner) -> None:
        """After the last step, also when it was stopped early."""


class _Function(Callback):
    def __init__(self, function: object) -> None:
        self.function = function

    def epoch_done(self, learner: Learner, row: Row) -> None:
        self.function(row)  # pyright: ignore


def as_callback(given: object) -> Callback:
    """A callback as it is; a function of a row as one. Raises UsageError for anything else."""
    if isinstance(given, Callback):
        return given
    if isinstance(given, type) or not callable(given):
        raise UsageError(
            say(
                "callbacks are functions of an epoch's row, or objects of a class made from vt.Callback, and {given!r} is neither",
                given=given,
            )
        )
    return _Function(given)


def as_callbacks(given: Any) -> list[Callback]:
    """A list of them; one alone, or None, is taken as such a list."""
    several: Sequence[object] = (
        list(given) if isinstance(given, list | tuple) else [] if given is None else [given]  # pyright: ignore
    )
    return [as_callback(one) for one in several]

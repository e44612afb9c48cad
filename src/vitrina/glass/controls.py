"""How a training is spoken to from outside: pause, go on, one step, another rate, stop.

Requests are lines of JSON appended to a file in the run, which the training reads between calls of its compiled steps; what it
is doing stands in another. So the page can live in a process of its own, come late, crash and come back, and the training
never waits for it.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from vitrina.errors import UsageError
from vitrina.learning.callbacks import Callback
from vitrina.learning.history import Row
from vitrina.locale import say

if TYPE_CHECKING:
    from vitrina.learning.loop import Learner

REQUESTS, STATUS = "requests.jsonl", "status.json"
Action = Literal["pause", "resume", "step", "rate", "stop"]
ACTIONS = ("pause", "resume", "step", "rate", "stop")
STATUS_EVERY = 0.5  # seconds
POLL = 0.05  # seconds between looks at the requests while paused


def request(run: Path, action: str, value: float | None = None) -> None:
    """Asks the training of a run for something. Raises UsageError for what it does not know."""
    if action not in ACTIONS:
        raise UsageError(
            say("a training can be asked to {known}, not to {action!r}", known=", ".join(ACTIONS), action=action)
        )
    if action == "rate" and not (value is not None and 0.0 < value < math.inf):
        raise UsageError(say("a learning rate is a number above 0, such as 0.001, not {value!r}", value=value))
    line = json.dumps({"action": action, "value": value, "at": time.time()}) + "\n"
    with (run / REQUESTS).open("a", encoding="utf-8") as file:
        file.write(line)  # one short write at the end of a file is not torn apart by another


@dataclass(frozen=True)
class Status:
    """What a training is doing: "training", "paused", "done", "stopped" or "dead"; "unknown" where it never said."""

    state: str
    step: int = 0
    epoch: int = 0
    rate: float = 0.0
    steps_per_second: float = 0.0
    reason: str | None = None


def status_of(run: Path) -> Status:
    """What the training of a run last said; "dead" if it said it was at work and its process is gone."""
    try:
        told: Mapping[str, Any] = json.loads((run / STATUS).read_text("utf-8"))
        found = Status(**{name: told[name] for name in Status.__dataclass_fields__})
    except (OSError, ValueError, KeyError, TypeError):
        return Status("unknown")
    if found.state in ("training", "paused") and not _is_alive(int(told.get("process", 0))):
        return Status("dead", found.step, found.epoch, found.rate)
    return found


def _from_outside() -> str:
    return say("stopped from outside")


class Controls(Callback):
    """Does what is asked for in a run's folder, and says there what the training is doing.

    look: called when training pauses, so that there is something to be seen of that moment.
    """

    def __init__(self, run: Path, look: Callable[[Learner], None] | None = None) -> None:
        self.run, self._look = run, look
        self._offset = 0
        self._paused, self._steps_left = False, 0
        self._told_at, self._told_step = 0.0, 0
        self._speed = 0.0

    def training_starts(self, learner: Learner) -> None:
        self._offset = _size(self.run / REQUESTS)  # what was asked of an earlier sitting is past
        self._told_at, self._told_step = time.monotonic(), learner.steps
        self._tell(learner, "training")

    def chunk_done(self, learner: Learner) -> None:
        if self._steps_left:
            self._steps_left -= 1
            self._paused = self._steps_left == 0
        self._obey(learner)
        if learner.position == learner.steps_per_epoch:
            return  # the epoch is yet to be finished; its row comes before a pause
        if self._paused and learner.stopped is None:
            self._wait(learner)
        elif time.monotonic() - self._told_at >= STATUS_EVERY:
            self._tell(learner, "training")
        if self._steps_left:
            learner.most_steps = 1

    def epoch_done(self, learner: Learner, row: Row) -> None:
        self._obey(learner)
        if self._paused and learner.stopped is None and learner.epoch < learner.plan.epochs:
            self._wait(learner)
        if self._steps_left:
            learner.most_steps = 1

    def training_ends(self, learner: Learner) -> None:
        self._tell(learner, "stopped" if learner.stopped == _from_outside() else "done")

    def _wait(self, learner: Learner) -> None:
        learner.save()  # whoever looks now finds the weights of this moment
        if self._look is not None:
            self._look(learner)
        self._tell(learner, "paused")
        while self._paused and not self._steps_left and learner.stopped is None:
            time.sleep(POLL)
            self._obey(learner)
        self._told_at, self._told_step = time.monotonic(), learner.steps  # a pause is no slow training
        self._tell(learner, "training")

    def _obey(self, learner: Learner) -> None:
        path = self.run / REQUESTS
        if _size(path) <= self._offset:
            return
        with path.open("rb") as file:
            file.seek(self._offset)
            lines = file.read().splitlines(keepends=True)
        for line in lines:
            if line.endswith(b"\n"):
                self._offset += len(line)
                self._do(learner, line)

    def _do(self, learner: Learner, line: bytes) -> None:
        try:
            asked = json.loads(line)
            action, value = asked["action"], asked.get("value")
        except (ValueError, KeyError, TypeError):
            return  # a line that is not ours asks for nothing
        if action == "pause":
            self._paused, self._steps_left = True, 0
        elif action == "resume":
            self._paused, self._steps_left = False, 0
        elif action == "step":
            self._paused, self._steps_left = True, 1
        elif action == "stop":
            self._paused = False
            learner.stop(_from_outside())
        elif action == "rate" and isinstance(value, int | float) and 0.0 < value < math.inf:
            learner.scale_rate(value / learner.learning_rate)
            self._tell(learner, "paused" if self._paused else "training")

    def _tell(self, learner: Learner, state: str) -> None:
        now = time.monotonic()
        if now - self._told_at > 0.1:
            self._speed = (learner.steps - self._told_step) / (now - self._told_at)
            self._told_at, self._told_step = now, learner.steps
        told = {
            "state": state,
            "step": learner.steps,
            "epoch": learner.epoch,
            "rate": learner.learning_rate if learner.steps < learner.recipe.steps else 0.0,
            "steps_per_second": self._speed,
            "reason": learner.stopped,
            "process": os.getpid(),
        }
        temporary = self.run / f".{STATUS}.{os.getpid()}"
        try:
            temporary.write_text(json.dumps(told), "utf-8")
            temporary.replace(
                self.run / STATUS
            )  # readers see the one or the other; that it survives a crash is no matter
        except OSError:
            return  # a training does not end because nobody can be told of it


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _is_alive(process: int) -> bool:
    if process <= 0:
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is there, and somebody else's
        return True
    return True

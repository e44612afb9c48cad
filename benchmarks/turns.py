"""The ways of looking at a training, in turn within one training.

While its turn is not recorded, those who look on are not called, and the page's server and browser are stopped; while it is
recorded, only these are. A stopped browser that goes on draws at once what it missed, which counts against it. Looks keep to a
share of all of a training's time (`glass.schedule`), and are called for two thirds of it: so they get two thirds of that share.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from dataclasses import dataclass
from time import perf_counter, process_time
from typing import Any
from unittest import mock

import psutil

import vitrina as vt
from benchmarks.processor_time import seconds_of
from vitrina.doctor.checkup import CheckUp
from vitrina.glass import schedule
from vitrina.glass.controls import Controls
from vitrina.glass.recorder import Recorder

WAYS = ("not recorded", "recorded", "page open")
WATCHERS = (CheckUp, Recorder, Controls)
LEAST = 3.0  # seconds of a turn: the page draws some times in them, and few enough that neighbours are the same for a whole round


@dataclass(frozen=True)
class Spell:
    """One way's turn: whole epochs, and the seconds they took.

    busy: processor seconds of the training, the page's server and the browser; waited: seconds that the training spent with those
    who look on.
    """

    way: str
    epochs: int
    seconds: float
    busy: tuple[float, float, float]
    waited: float

    @property
    def epoch(self) -> float:
        """Seconds of one."""
        return self.seconds / self.epochs


class Turns(vt.Callback):
    """Of a training on an engine; the first epoch, which compiles, is nobody's turn.

    epoch: seconds of one, if they are known, of which turns are made; others: the processes of the page, its server first;
    most: turns, after which it is stopped, of a training that is planned to last as long as one that is measured.
    """

    def __init__(
        self,
        engine: str,
        rounds: int,
        epoch: float | None = None,
        others: Callable[[], tuple[int, ...]] = lambda: (),
        most: int | None = None,
    ) -> None:
        self.engine, self.spells, self.looks = engine, list[Spell](), 0
        self.once = 0.0  # seconds that those who look on take before the first step and after the last
        self._others, self._way, self._waited = others, WAYS[2], 0.0
        self._each = max(1, round(LEAST / epoch)) if epoch else 1
        order = [WAYS[(turn + first) % len(WAYS)] for first in range(rounds) for turn in range(len(WAYS))]
        self._order, self._most = order, most or len(order)
        self.epochs = 1 + self._each * len(order)

    def rounds(self) -> list[dict[str, Spell]]:
        """The spells, by their ways."""
        starts = range(0, len(self.spells), len(WAYS))
        return [{spell.way: spell for spell in self.spells[start : start + len(WAYS)]} for start in starts]

    # -- what the loop calls
    def epoch_done(self, learner: Any, row: Any) -> None:
        if learner.epoch == 1:
            self.engine = f"{learner.engine.name}:{learner.engine.variant}"
        elif (learner.epoch - 1) % self._each:
            return
        else:
            self._ended()
        if len(self.spells) < self._most:
            self._begin(self._order[len(self.spells)])
        elif learner.epoch < learner.plan.epochs:
            learner.stop()

    def training_ends(self, learner: Any) -> None:
        self._begin(WAYS[2])

    # -- turns
    def _begin(self, way: str) -> None:
        self._way = way
        for process in self._tree():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume() if way == WAYS[2] else process.suspend()
        self._waited, self._busy, self._began = 0.0, self._busy_until_now(), perf_counter()

    def _ended(self) -> None:
        seconds = perf_counter() - self._began
        busy = [late - early for late, early in zip(self._busy_until_now(), self._busy, strict=True)]
        self.spells.append(Spell(self._way, self._each, seconds, (busy[0], busy[1], busy[2]), self._waited))

    def _busy_until_now(self) -> tuple[float, float, float]:
        server, browser = (*map(seconds_of, self._others()), 0.0, 0.0)[:2]
        return process_time(), server, browser

    def _tree(self) -> list[psutil.Process]:
        roots = [psutil.Process(process) for process in self._others()]
        return [process for root in roots for process in (root, *root.children(recursive=True))]

    # -- those who look on
    @contextlib.contextmanager
    def watched(self) -> Generator[None]:
        """Within it those who look on are called in their turns, and timed."""
        with contextlib.ExitStack() as stack:
            stack.enter_context(mock.patch.object(schedule, "SHARE", schedule.SHARE * 2 / 3))
            for watcher in WATCHERS:
                for name in ("chunk_done", "epoch_done"):
                    stack.enter_context(mock.patch.object(watcher, name, self._in_turn(getattr(watcher, name))))
                for name in ("training_starts", "training_ends"):
                    stack.enter_context(mock.patch.object(watcher, name, self._once(getattr(watcher, name))))
            yield

    def _in_turn(self, method: Any) -> Any:
        def call(watcher: Any, *given: Any) -> None:
            if self._way != WAYS[0]:
                began = perf_counter()
                method(watcher, *given)
                self._waited += perf_counter() - began

        return call

    def _once(self, method: Any) -> Any:
        def call(watcher: Any, learner: Any) -> None:
            began = perf_counter()
            method(watcher, learner)
            self.once += perf_counter() - began

        return call

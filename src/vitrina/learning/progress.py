"""A progress bar on a terminal: epoch, batches a second, error, metric, time left. Silent anywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from vitrina.learning.callbacks import Callback
from vitrina.learning.history import Row

if TYPE_CHECKING:
    from vitrina.learning.loop import Learner


@contextmanager
def progress_bar(epochs: int, steps_per_epoch: int, wanted: bool | None) -> Generator[Callback]:
    """A callback that shows progress while the context lasts.

    wanted: None means on a terminal only; otherwise the callback does nothing.
    """
    if not (sys.stderr.isatty() if wanted is None else wanted):
        yield Callback()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("[bold]epoch {task.fields[epoch]}/{task.fields[epochs]}"),
        BarColumn(),
        TextColumn("{task.fields[speed]}"),
        TextColumn("{task.fields[seen]}"),
        TextColumn("[dim]left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=epochs * steps_per_epoch, epoch=1, epochs=epochs, speed="", seen="")
        yield _Bar(progress, task, steps_per_epoch)


class _Bar(Callback):
    def __init__(self, progress: Any, task: Any, steps_per_epoch: int) -> None:
        self.progress, self.task, self.steps_per_epoch = progress, task, steps_per_epoch
        self.began, self.first = time.monotonic(), 0

    def training_starts(self, learner: Learner) -> None:
        self.began, self.first = time.monotonic(), self._steps(learner)

    def chunk_done(self, learner: Learner) -> None:
        steps = self._steps(learner)
        speed = (steps - self.first) / max(time.monotonic() - self.began, 1e-9)
        epoch = min(learner.epoch + 1, learner.plan.epochs)
        self.progress.update(self.task, completed=steps, epoch=epoch, speed=f"[cyan]{speed:,.0f} batches/s")

    def epoch_done(self, learner: Learner, row: Row) -> None:
        names = {"error": "error", "validation_error": "validation"}
        shown = [f"{names[name]} {row[name]:.4f}" for name in names if name in row]
        shown += [
            f"{name.removeprefix('validation_').replace('_', ' ')} {value:.2%}"
            if name.endswith("accuracy")
            else f"{name.removeprefix('validation_').replace('_', ' ')} {value:.4f}"
            for name, value in row.items()
            if name.startswith("validation_") and name != "validation_error"
        ]
        self.progress.update(self.task, seen=" · ".join(shown))

    def _steps(self, learner: Learner) -> int:
        return learner.epoch * self.steps_per_epoch + learner.position

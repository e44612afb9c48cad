"""A training's figures for the tools people already look at: TensorBoard and Weights & Biases, through their own libraries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina.errors import UsageError
from vitrina.learning.callbacks import Callback
from vitrina.learning.history import Row
from vitrina.locale import say

if TYPE_CHECKING:
    from vitrina.learning.loop import Learner

INSTALL = {"tensorboard": "pip install 'vitrina[tensorboard]'", "wandb": "pip install 'vitrina[wandb]'"}


def log_to(tool: str, run: Path) -> Callback:
    """A callback that writes a run's figures for "tensorboard" (into the run's folder `tensorboard`) or "wandb".

    Raises UsageError for another name, or if the tool's library is not installed.
    """
    makers: dict[str, Callable[[Path], Callback]] = {"tensorboard": TensorBoard, "wandb": WeightsAndBiases}
    if tool not in makers:
        raise UsageError(
            say("there is no log called {tool!r}; it can be {known}", tool=tool, known=say(" or ").join(makers))
        )
    return makers[tool](run)


class _Log(Callback):
    """Every epoch's row, and between epochs the mean error of the batches since the last time."""

    def chunk_done(self, learner: Learner) -> None:
        finite = learner.errors[np.isfinite(learner.errors)]
        if len(finite):
            self.write(
                learner.steps, {"batch/error": float(finite.mean()), "batch/learning_rate": learner.learning_rate}
            )

    def epoch_done(self, learner: Learner, row: Row) -> None:
        self.write(learner.steps, {f"epoch/{name}": value for name, value in row.items() if name != "epoch"})

    def training_ends(self, learner: Learner) -> None:
        self.close()

    def write(self, step: int, figures: Mapping[str, float]) -> None:
        """Hands the figures of a moment to the tool."""
        raise NotImplementedError

    def close(self) -> None:
        """Nothing more will come."""


class TensorBoard(_Log):
    """Event files in the run's folder `tensorboard`: `tensorboard --logdir RUN/tensorboard`."""

    def __init__(self, run: Path) -> None:
        self._library, self._folder = _library("tensorboardX", "tensorboard"), run / "tensorboard"

    def training_starts(self, learner: Learner) -> None:
        self._writer: Any = self._library.SummaryWriter(str(self._folder))  # not before there is a run

    def write(self, step: int, figures: Mapping[str, float]) -> None:
        for name, value in figures.items():
            self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        self._writer.close()


class WeightsAndBiases(_Log):
    """A run of Weights & Biases named like this one; WANDB_MODE and its kin say where it goes."""

    def __init__(self, run: Path) -> None:
        self._library, self._folder = _library("wandb", "wandb"), run

    def training_starts(self, learner: Learner) -> None:
        self._run: Any = self._library.init(project="vitrina", name=self._folder.name, dir=str(self._folder))

    def write(self, step: int, figures: Mapping[str, float]) -> None:
        self._run.log(dict(figures), step=step)

    def close(self) -> None:
        self._run.finish()


def _library(module: str, tool: str) -> Any:
    try:
        return import_module(module)
    except ImportError:
        raise UsageError(say("{tool} is not installed: {command}", tool=tool, command=INSTALL[tool])) from None

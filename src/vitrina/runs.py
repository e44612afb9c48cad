"""The directory of a run: its settings, history, best model and last checkpoint.

Nothing in it is overwritten by another run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vitrina.archive import read_archive, write_archive
from vitrina.arguments import place
from vitrina.errors import ModelError, UsageError, VitrinaError
from vitrina.files import write_atomically
from vitrina.learning.history import History
from vitrina.learning.loop import Checkpoint
from vitrina.locale import say
from vitrina.locale.system import reason_of

# Without these a run cannot go on.
NEEDED = (
    *(
        "data",
        "target",
        "network",
        "engine",
        "precision",
        "optimizer",
        "schedule",
        "batch_size",
        "epochs",
        "seed",
        "shuffle",
    ),
    *("patience", "validation", "own_validation", "test", "class_weight", "own_sample_weight", "gradient_clip"),
    *("columns", "drop", "image_size", "prepared", "fingerprint"),
)
SETTINGS, HISTORY, MODEL, LAST = "settings.json", "history.csv", "model.vitrina", "last"


@dataclass(frozen=True)
class RunFolder:
    """Where a run keeps what it makes."""

    path: Path

    @staticmethod
    def new(out: str | Path | None) -> RunFolder:
        """A new run at `out`, or at the next free number in `runs/`.

        Raises UsageError if `out` already holds something.
        """
        path = place("out", out) if out is not None else _next_number(Path("runs"))
        try:
            if path.exists() and (not path.is_dir() or any(path.iterdir())):
                raise UsageError(
                    say("{path} already exists; choose another --out, or go on with --resume {path}", path=path)
                )
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise VitrinaError(
                say(
                    "{path} could not be made: {reason}; choose another --out",
                    path=path,
                    reason=reason_of(error),
                )
            ) from None
        return RunFolder(path)

    @staticmethod
    def existing(path: str | Path) -> RunFolder:
        """A run that is there. Raises ModelError if it is not."""
        folder = RunFolder(place(say("a run"), path))
        if not (folder.path / SETTINGS).is_file():
            raise ModelError(
                say(
                    "{path} is no run (it has no {file}); give the directory that train printed",
                    path=folder.path,
                    file=SETTINGS,
                )
            )
        return folder

    @property
    def model(self) -> Path:
        """The file of the best model."""
        return self.path / MODEL

    def write_settings(self, settings: dict[str, Any]) -> None:
        write_atomically(self.path / SETTINGS, json.dumps(settings, indent=2, ensure_ascii=False) + "\n")

    def read_settings(self) -> dict[str, Any]:
        """What the run was started with. Raises ModelError if it is damaged or not such a thing."""
        try:
            settings = json.loads((self.path / SETTINGS).read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise ModelError(say("{path} cannot be read: {reason}", path=self.path / SETTINGS, reason=error)) from None
        if not isinstance(settings, dict) or any(name not in settings for name in NEEDED):
            raise ModelError(say("{path} does not hold the settings of a run; train anew", path=self.path / SETTINGS))
        return settings

    @property
    def how_to_go_on(self) -> str:
        """What to type for this run to go on: a command, or a call where it was given arrays, which are not in it."""
        try:
            missing = not_kept(self.read_settings())
        except VitrinaError:
            missing = []
        if not missing:
            return f"vitrina train --resume {self.path}"
        given = ["(x, y)" if name == "data" else f"{name}=..." for name in missing]
        return f"vt.train({', '.join([*given, f'resume={str(self.path)!r}'])})"

    def write_history(self, history: History) -> None:
        write_atomically(self.path / HISTORY, history.to_csv())

    def write_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Replaces the last checkpoint, and the history with it once there is an epoch to tell of."""
        write_archive(self.path / LAST, "checkpoint", {"facts": checkpoint.facts}, checkpoint.arrays)
        if checkpoint.facts["history"]:
            self.write_history(History(checkpoint.facts["history"]))

    def read_checkpoint(self) -> Checkpoint | None:
        """The last checkpoint; None if the run was stopped before the first."""
        if not (self.path / LAST).exists():
            return None
        documents, arrays = read_archive(self.path / LAST, "checkpoint")
        return Checkpoint(arrays, documents["facts"])


def not_kept(settings: Mapping[str, Any]) -> list[str]:
    """What a run was given as arrays, which settings cannot hold."""
    kept = {"data": settings["data"], "validation": not settings["own_validation"]}
    return [name for name in kept if not kept[name]] + (["sample_weight"] if settings["own_sample_weight"] else [])


def _next_number(parent: Path) -> Path:
    taken = [int(entry.name) for entry in parent.iterdir() if entry.name.isdigit()] if parent.is_dir() else []
    return parent / str(max(taken, default=0) + 1)

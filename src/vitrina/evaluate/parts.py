"""The parts of the data that a run was trained, judged and tested on, got again from its settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vitrina.data.arrays import hash_rows
from vitrina.errors import ModelError, UsageError
from vitrina.learning.feed import AtHand
from vitrina.locale import say
from vitrina.material import Material, data_of, fingerprint, gather_again
from vitrina.model import Model, load
from vitrina.runs import RunFolder


@dataclass(frozen=True)
class Parts:
    """A run's model, and the material it was made of: train, validation, and the test part as a source."""

    model: Model
    material: Material


def parts_of(run: str | Path, data: Any = None) -> Parts:
    """The parts a run was made of; `data` where it was trained on arrays or frames, which no run keeps.

    Raises UsageError where data are needed, ModelError where the data are not those that the run was trained on.
    """
    folder = RunFolder.existing(run)
    settings = folder.read_settings()
    data = data_of(settings, data)
    if data is None:
        raise UsageError(say("{run} was trained on data that are not in it; give the same data again", run=run))
    if settings["own_validation"]:
        raise UsageError(
            say("{run} was judged by validation data that are not in it; train with a share instead", run=run)
        )
    model = load(run)
    material = gather_again(settings, data, recipe=model.recipe)
    if fingerprint(material) != settings["fingerprint"]:
        raise ModelError(
            say("the data are not those that {run} was trained on; give the same data, or train anew", run=run)
        )
    return Parts(model, material)


def learned_from(parts: Parts, x: np.ndarray) -> int:
    """How many rows are inputs that the network learned from. One pass over these, a window at a time where they are streamed."""
    learned = parts.material.feed or AtHand(parts.material.train)
    kind = parts.material.train.x.dtype
    asked, place = np.unique(hash_rows(x.astype(kind), seed=0), return_inverse=True)
    found = np.zeros(len(asked), bool)
    for window in learned.windows(0, 0, 1):
        keys = hash_rows(window.x.astype(kind, copy=False), seed=0)
        at = np.minimum(np.searchsorted(asked, keys), len(asked) - 1)
        found[at[asked[at] == keys]] = True
    return int(found[place].sum())

"""`vt.diagnose`: of a run, of a network and data before any training, or of another framework's network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitrina.doctor.case import Case
from vitrina.doctor.checkup import load_checkup
from vitrina.doctor.examination import Examination, examine
from vitrina.doctor.finding import Findings
from vitrina.doctor.signs import signs_of
from vitrina.doctor.verdict import verdict
from vitrina.errors import ModelError, UsageError
from vitrina.glass.about import FOLDER
from vitrina.glass.recording import Recording
from vitrina.learning.augmentation import checked_augmentations
from vitrina.learning.feed import Examples
from vitrina.learning.loop import Plan
from vitrina.learning.optimizers import Optimizer, optimizer_named
from vitrina.learning.schedules import Schedule, schedule_named
from vitrina.learning.step import Recipe
from vitrina.locale import say
from vitrina.network.network import Network
from vitrina.runs import RunFolder

if TYPE_CHECKING:
    import numpy as np


def diagnose(
    patient: Any,
    data: Any = None,
    target: str | None = None,
    *,
    network: Network | None = None,
    validation: Any = None,
    optimizer: str | Optimizer | None = None,
    learning_rate: float | None = None,
    schedule: str | Schedule | None = None,
    batch_size: int = 32,
    epochs: int = 10,
    seed: int = 0,
    shuffle: bool = True,
    gradient_clip: float | None = None,
    class_weight: Any = None,
    augment: Any = None,
    weights: Mapping[str, np.ndarray] | None = None,
    cost: str | None = None,
) -> Findings:
    """Says why a network does not learn, or will not: findings, the cause first; none where nothing is wrong.

    patient: the directory of a run, or a `vt.Recording` of one, finished, stopped or still learning; or a `vt.Network` that is
        to be taught on `data`, before any training; or (x, y) with `network`; or a network of PyTorch or Keras, which is
        taught on `data` for a moment to be watched (plain feed-forward and convolutional ones).
    data, target, validation, ...: as `vt.train` takes them, where there is no run. cost: of another framework's network.

    Raises ModelError for a run without a recording, UsageError where data are missing.
    """
    if isinstance(patient, str | Path):
        return of_run(Path(patient))
    if isinstance(patient, Recording):
        return of_run(patient.folder.parent if patient.folder.name == FOLDER else patient.folder, patient)
    if isinstance(patient, tuple) and network is not None:
        patient, data = network, patient
    settings: dict[str, Any] = {
        "optimizer": optimizer, "learning_rate": learning_rate, "schedule": schedule, "batch_size": batch_size, "epochs": epochs,
        "seed": seed, "shuffle": shuffle, "gradient_clip": gradient_clip, "class_weight": class_weight, "augment": augment,
    }  # fmt: skip
    if isinstance(patient, Network):
        if data is None:
            raise UsageError(
                say("diagnose needs data for a network: arrays (x, y), a path, or the name of a built-in set")
            )
        return before_training(patient, data, target, validation, weights, settings)
    from vitrina.doctor.foreign import of_foreign

    if data is None:
        raise UsageError(say("diagnose needs a run, a recording, or a network and data"))
    return of_foreign(patient, data, validation, cost, settings)


def of_run(path: Path, recording: Recording | None = None) -> Findings:
    """Of what a training left in its run. recording: that of the run, where it has been read already."""
    return verdict(case_of(path, recording))


def case_of(path: Path, recording: Recording | None = None) -> Case:
    """All that is known of a run. Raises ModelError if there is no recording in it."""
    settings = RunFolder.existing(path).read_settings()
    exam = Examination.load(path)
    if exam is None:
        raise ModelError(
            say(
                "{path} has not been examined while it was trained; train with a recording (without --no-record)",
                path=path,
            )
        )
    return Case(
        Network.from_json(settings["network"]),
        settings,
        exam,
        signs_of(recording or Recording(path)),
        load_checkup(path) or {},
    )


def before_training(
    network: Network, data: Any, target: str | None, validation: Any, weights: Any, settings: dict[str, Any]
) -> Findings:
    """What data and description alone tell."""
    examples, judge, names = _examples(network, data, target, validation, settings["seed"])
    recipe, plain = _recipe(network, examples, settings)
    params, state = network.build(settings["seed"])
    if weights is not None:
        from vitrina.network.network import nest

        params = nest(dict(weights))
    return verdict(Case(network, plain, examine(recipe, examples, judge, params, state, names)))


def _recipe(network: Network, examples: Examples, settings: dict[str, Any]) -> tuple[Recipe, dict[str, Any]]:
    chosen = optimizer_named(settings["optimizer"])
    if settings["learning_rate"] is not None:
        from dataclasses import replace

        chosen = replace(chosen, learning_rate=settings["learning_rate"])
    schedule = schedule_named(settings["schedule"])
    plan = Plan(min(settings["batch_size"], examples.rows), settings["epochs"], settings["seed"], settings["shuffle"])
    steps = plan.epochs * plan.steps_per_epoch(examples.rows)
    augmentations = checked_augmentations(settings["augment"], network.input_shape)
    recipe = Recipe(network, chosen, schedule, steps, plan.seed, settings["gradient_clip"], augmentations)
    plain = settings | {"optimizer": chosen.to_json(), "schedule": schedule.to_json(), "batch_size": plan.batch_size}
    plain |= {"augment": [one.to_json() for one in augmentations]}
    return recipe, plain


def _examples(
    network: Network, data: Any, target: str | None, validation: Any, seed: int
) -> tuple[Examples, Examples | None, list[str]]:
    """Arrays as they are, faults and all; anything else as a training would prepare it."""
    import numpy as np

    if isinstance(data, tuple) and len(data) == 2 and not hasattr(data[0], "columns"):
        x, y = (np.asarray(part) for part in data)
        judge = Examples(*(np.asarray(part) for part in validation)) if validation is not None else None
        return Examples(x, y), judge, []
    from vitrina.material import gather

    material = gather(data, target, network, validation, None, seed, None, (), None)
    return material.train, material.validation, list(material.recipe.input_names)

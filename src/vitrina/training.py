"""From data to a model, in one call: read, split, prepare, choose, teach, measure, keep."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from vitrina import engines
from vitrina.arguments import (
    above_zero,
    check_resumed,
    flag,
    flag_or_none,
    names_of_columns,
    not_negative,
    plain_weights,
    roles_by_column,
    share_kept,
    share_of_rows,
    share_or_data,
    size_of_images,
    whole_number,
    whole_or_none,
)
from vitrina.data.address import without_password
from vitrina.data.place import place_of
from vitrina.data.splits import Division
from vitrina.errors import ModelError, UsageError
from vitrina.feeds import Streamed
from vitrina.find_rate import rate_for
from vitrina.folds import folds_for
from vitrina.learning.augmentation import Augmentation, checked_augmentations, mixup_of
from vitrina.learning.callbacks import Callback, as_callbacks
from vitrina.learning.feed import Examples
from vitrina.learning.loop import Learner, Plan
from vitrina.learning.optimizers import AdamW, Optimizer, optimizer_named
from vitrina.learning.population import Member, PopulationLearner
from vitrina.learning.progress import progress_bar
from vitrina.learning.schedules import ConstantRate, Schedule, schedule_named
from vitrina.learning.step import Recipe
from vitrina.locale import say
from vitrina.material import USUAL_TEST, Material, class_weights, data_of, fingerprint, gather, gather_again, weighted
from vitrina.model import Model, check_weights
from vitrina.network.costs import smoothed
from vitrina.network.network import Network, flatten, nest
from vitrina.population import Population, members_of, ranked, settings_of
from vitrina.racing.decide import decide
from vitrina.racing.estimates import with_variant
from vitrina.runs import RunFolder, not_kept


def train(
    data: Any = None,
    target: str | None = None,
    *,
    network: Network | None = None,
    validation: Any = None,
    test: float | None = None,
    folds: bool | None = None,
    engine: str = "auto",
    optimizer: str | Optimizer | None = None,
    learning_rate: float | None = None,
    schedule: str | Schedule | None = None,
    batch_size: int | None = None,
    epochs: int | None = None,
    seed: int = 0,
    shuffle: bool = True,
    patience: int | None = None,
    callbacks: Sequence[Any] = (),
    class_weight: Mapping[Any, float] | str | None = None,
    sample_weight: Any = None,
    weights: Mapping[str, np.ndarray] | None = None,
    precision: str = "float32",
    gradient_clip: float | None = None,
    weight_average: float | None = None,
    label_smoothing: float = 0.0,
    augment: str | Sequence[Any] | None = "auto",
    columns: Mapping[str, str] | None = None,
    drop: Sequence[str] = (),
    image_size: Sequence[int] | None = None,
    time: str | None = None,
    group: str | None = None,
    split: str | None = None,
    gap: str | float | timedelta | None = None,
    drop_leaks: bool = False,
    stream: bool | None = None,
    out: str | Path | None = None,
    resume: str | Path | None = None,
    population: int | None = None,
    vary: Mapping[str, Sequence[Any]] | None = None,
    early_stop: bool = True,
    progress: bool | None = None,
    checkpoint_every: float = 5.0,
    record: bool | None = None,
) -> Any:
    """Teaches a network and returns the Model with the smallest validation error (the last one without validation).

    data, target: arrays (x, y) with x (rows, *input shape) and y (rows,) or (rows, outputs); or a path to a table, an
        .npz or a folder of images, a built-in name, a frame. `target` names the column to predict.
    network: what to teach. Arrays that come with a network are used as they are. All else is prepared by a recipe that
        is fitted on the training part (scaling, categories); without a network, one is chosen for the data.
    validation: (x, y), or the share of the rows that is held back: 0.15 where data are prepared, else none.
    folds: True: of an ensemble, each member is kept from a share of the rows, and these judge it, so that all rows are learned from
        and all judge. None: so where an ensemble is chosen for the data, alone, and nothing is said of which rows judge.
    test: the share that `evaluate` is called on once at the end, where data are prepared: 0.15 unless it is said.
    engine: "auto" or a name from `vt.engines()`, perhaps with a variant ("torch:compiled").
    precision: "float32", "float64", or "bfloat16": matrix products and convolutions of numbers with 8 bits of mantissa, added
        up in float32, and float32 for the weights and all else. It pays for wide layers on processors that have it
        (AVX512-BF16, AMX, GPUs since 2020); elsewhere it is slower.
    optimizer, schedule, learning_rate: names or objects; the rate, where given, replaces the optimizer's. Where neither
        has one, a range test of at most a tenth of the training's steps, or about a second, finds it; where that cannot
        be afforded or decides nothing it is the optimizer's usual rate. `model.settings["rate_why"]` tells.
    batch_size, epochs, seed, shuffle: examples a step, passes over the data, and the order of it all.
    patience: epochs without a better validation error before training stops.
    gradient_clip, label_smoothing: largest length of all gradients together; what the wrong classes share between them.
    weight_average: what a running mean of the weights keeps of itself at each step (0.99: some hundred of them); the mean is what is
        judged by the validation rows and returned. 0 is none, None what suits a network that is chosen, else none.
    augment: what is done to images at random while they are learned from: "flip,shift=2,cutout=8,jitter=0.2,mixup=0.2", or a list of
        `vt.Flip()`, `vt.Shift(2)`, `vt.Cutout(8)`, `vt.ColourJitter()`, `vt.Mixup()`. "auto": what suits the images, where the network
        is chosen too; else nothing, as for "none".
    class_weight, sample_weight: {class: weight} or "balanced" (rows / (classes · rows of the class)); (rows,), one for each row of
        the data, or of those that are learned from.
    weights: parameters to start from, as in `model.weights`.
    columns, drop, image_size: {column: role}, columns to leave out, and (rows, columns) to bring images to.
    time, group, split: the column that divides a table's rows, at most one of them; it is not learned from (a time is, if
        `columns` names it). time: train on the past, validate on what follows, test on the latest, with rows of one
        instant on one side; gap: how long before the next part each part ends ("7d", "12h", a timedelta, or a number
        where times are numbers). group: all rows of one value (a customer) on one side, stratified as well as whole
        groups allow. split: the column says train, validation or test itself. By default rows are divided at random,
        stratified by the target. Rows that repeat each other never end on two sides, unless there can be so few different ones
        that they must.
    drop_leaks: leave out the columns that seem to give the target away, instead of only warning of them.
    stream: whether a table is read piece by piece (or images are decoded), over and over, by a thread that prepares the
        next rows while a network learns from the last: for what does not fit into memory, which None finds by itself. All that is
        fitted is fitted on a draw of the training rows; each part that judges has 200,000 rows (or 512 MiB of images) at most. Rows
        are shuffled by pieces (row groups), then in windows.
    out, resume: a directory to keep the run in; one to go on with, killed or not, to the same weights bit for bit.
    checkpoint_every: seconds between checkpoints of a run that is kept.
    population, vary, early_stop: teach several networks at once, in one program, and return a `Population` of them:
        population=8 are eight seeds; vary={"lr": [...], "seed": [...], "weight_decay": [...]} says what is each member's own
        (lists of one length, or population = the product of their lengths for each with each). early_stop lets the worse half
        go after a quarter, and again after half of the epochs, by validation error.
    record: whether to write a recording of every layer into the run (`vt.Recording`); None means where there is a run.
    callbacks, progress: see `vt.Callback`; whether to show a progress bar, None meaning on a terminal only.

    Raises DataError, NetworkError, EngineError, ModelError or UsageError, each with one sentence that says what to do.
    """
    if resume is not None:
        check_resumed(locals(), train.__kwdefaults__ or {})
    many = population is not None or vary is not None
    callbacks = as_callbacks(callbacks)
    checkpoint_every, record = not_negative("checkpoint_every", checkpoint_every), flag_or_none("record", record)
    if resume is not None:
        return _resume(resume, data, validation, callbacks, sample_weight, progress, checkpoint_every, record)
    if record and out is None:
        raise UsageError(say("a recording is kept in a run; give out=..."))
    if data is None:
        raise UsageError(say("train needs data: arrays (x, y), a path, or the name of a built-in set"))
    batch_size, epochs = whole_or_none("batch_size", batch_size), whole_or_none("epochs", epochs)
    patience, seed = whole_or_none("patience", patience), whole_number("seed", seed, least=0)
    shuffle, drop_leaks = flag("shuffle", shuffle), flag("drop_leaks", drop_leaks)
    gradient_clip = above_zero("gradient_clip", gradient_clip)
    class_weight = plain_weights(class_weight)
    validation, test = share_or_data(validation), share_of_rows("test", test)
    columns, drop, image_size = roles_by_column(columns), names_of_columns(drop), size_of_images(image_size)
    stream, folds = flag_or_none("stream", stream), flag_or_none("folds", folds)
    early_stop, weight_average = flag("early_stop", early_stop), share_kept(weight_average)
    division = Division(time, group, split, gap)
    material = gather(
        data, target, network, validation, test, seed, columns, drop, image_size, division, drop_leaks, None, stream
    )
    if many and material.feed is not None:
        raise UsageError(
            say("several networks at once are taught on rows that are held in memory; teach one, or fewer rows")
        )
    suggestion = None if network is not None else material.suggestion()
    if network is None:
        assert suggestion is not None
        network = suggestion.network
    asked = folds
    if folds is None:  # where nobody said which rows judge
        unsaid = validation is None and sample_weight is None and not many and material.drawn is not None
        folds = suggestion is not None and suggestion.folds and unsaid
    count = folds_for(network) if folds else 0
    if folds and not count:
        raise UsageError(
            say("folds=True keeps rows from the members of an ensemble, and this network does not end in EnsembleMean")
        )
    in_folds = material.in_folds(count, seed) if count else None
    if count and in_folds is None and asked:
        raise UsageError(say("folds=True: too many rows repeat each other to be shared out; leave out folds"))
    count = count if in_folds else 0
    if in_folds is not None:
        chosen_by, material = material.rows, in_folds
        suggestion = suggestion and material.suggestion(chosen_by)  # the same, and tells of all rows
    rows = material.rows
    network = _smoothed(network, label_smoothing)
    wanted = (suggestion.augment if suggestion else None) if augment == "auto" else augment
    augmentations = checked_augmentations(wanted, network.input_shape)
    if count and mixup_of(augmentations):
        raise UsageError(say("mixup shows each member of an ensemble rows it is kept from; leave out mixup, or folds"))
    chosen = optimizer_named(optimizer)
    if suggestion and optimizer is None and suggestion.weight_decay:
        chosen = AdamW(weight_decay=suggestion.weight_decay)
    rate_of_suggestion = False
    if suggestion and schedule is None and optimizer is None and suggestion.schedule:
        schedule, rate_of_suggestion = suggestion.schedule, learning_rate is None
        learning_rate = suggestion.learning_rate if rate_of_suggestion else learning_rate
    if suggestion and weight_average is None:
        weight_average = suggestion.weight_average
    if learning_rate is not None:
        chosen = replace(chosen, learning_rate=learning_rate)
    plan = Plan(
        batch_size=min(batch_size or (suggestion.batch_size if suggestion else 32), rows),
        epochs=epochs or (suggestion.epochs if suggestion else 10),
        seed=seed,
        shuffle=shuffle,
        patience=patience or (suggestion.patience if suggestion and material.validation else None),
    )
    start = _start_from(network, weights)
    if vary is None or "lr" not in vary:
        examples = weighted(material, network, class_weight, sample_weight)
        chosen, rate_why = rate_for(
            chosen, Recipe(network, chosen, ConstantRate(), 1, seed, gradient_clip), plan, examples, start
        )
    else:
        rate_why = "given"
    engine, engine_why = _engine_for(engine, network, material, plan, precision, chosen)
    settings = {
        "data": without_password(str(data)) if isinstance(data, str | Path) else None,
        "data_at": place_of(data),
        "target": material.target,
        "network": network.to_json(),
        "why": suggestion.why if suggestion else "given",
        "engine": engine,
        "engine_why": engine_why,
        "precision": precision,
        "optimizer": chosen.to_json(),
        "rate_why": say("comes with the network") if rate_of_suggestion else rate_why,
        "schedule": schedule_named(schedule).to_json(),
        "batch_size": plan.batch_size,
        "epochs": plan.epochs,
        "seed": seed,
        "shuffle": shuffle,
        "patience": plan.patience,
        "validation": validation if isinstance(validation, float) else None,
        "folds": count,
        "own_validation": validation is not None and not isinstance(validation, float),
        "test": 0.0 if material.recipe is None else USUAL_TEST if test is None else test,
        "class_weight": class_weight,
        "own_sample_weight": sample_weight is not None,
        "gradient_clip": gradient_clip,
        "weight_average": weight_average or None,
        "augment": [one.to_json() for one in augmentations],
        "columns": columns or None,
        "drop": list(drop),
        "image_size": list(image_size) if image_size else None,
        **division.to_json(),
        "drop_leaks": drop_leaks,
        "prepared": material.recipe is not None,
        "stream": material.feed is not None,
        "fingerprint": fingerprint(material),
    }
    if many:
        members = members_of(population, vary, chosen, seed)
        return _teach_many(material, settings, members, early_stop, weights, callbacks, sample_weight, out, progress)
    # What cannot work is said before there is a run: an engine that is missing, a class weight for no class.
    engines.get(engine, precision)
    weighted(material, network, settings["class_weight"], sample_weight)
    folder = RunFolder.new(out) if out is not None else None
    if folder:
        folder.write_settings(settings)
    return _teach(material, settings, start, callbacks, sample_weight, folder, None, progress, checkpoint_every, record)


def _teach(
    material: Material,
    settings: dict[str, Any],
    start: Any,
    callbacks: Sequence[Any],
    sample_weight: Any,
    folder: RunFolder | None,
    checkpoint: Any,
    progress: bool | None,
    checkpoint_every: float,
    record: bool | None,
) -> Model:
    network, plan, recipe, examples = _plan_of(material, settings, sample_weight)
    engine = engines.get(settings["engine"], settings["precision"])
    with progress_bar(plan.epochs, plan.steps_per_epoch(material.rows), progress) as bar:
        learner = Learner(
            engine,
            recipe,
            plan,
            _fed(material, plan, network, settings["class_weight"], examples) if material.feed else examples,
            material.validation,
            start,
            [*_watchers(folder, material, record), *callbacks, bar],
            folder.write_checkpoint if folder else None,
            checkpoint_every,
        )
        if checkpoint is not None:
            learner.restore(checkpoint)
        elif folder and start is not None:
            folder.write_checkpoint(
                learner.checkpoint()
            )  # given weights are in no settings: killed now, they were lost
        learner.run()
    params, state = learner.result()
    if not all(np.isfinite(array).all() for array in flatten(params).values()):
        raise ModelError(
            say("nothing was learned: {reason}; lower the learning rate, or scale the data", reason=learner.stopped)
        )
    model = Model(network, flatten(params), flatten(state), material.recipe, learner.history, settings)
    best = learner.best_epoch or learner.epoch
    model.measured = _measured(material, best, learner.epoch, learner.stopped)
    if material.test is not None:
        model.measured["test"] = model.evaluate(material.test)
    if folder:
        folder.write_history(learner.history)
        model.save(folder.model)
    return model


def _watchers(folder: RunFolder | None, material: Material, record: bool | None) -> list[Callback]:
    """Who looks on at a training that is kept: the recorder, and whoever hears what is asked for from outside."""
    if folder is None:
        return []
    from vitrina.doctor.checkup import CheckUp
    from vitrina.glass.controls import Controls
    from vitrina.glass.recorder import Recorder

    if record is False:
        return [Controls(folder.path)]
    recipe, probes, fold = material.recipe, None, None
    if material.validation is not None:
        probes = (material.validation.x, material.validation.y)
        fold = material.validation.fold
    names = list(recipe.input_names) if recipe else []
    about = {
        "classes": list(recipe.classes) if recipe else [],
        "inputs": names,
        "target": material.target,
        "probes_from": "train" if probes is None else "validation" if fold is None else "folds",
    }
    recorder = Recorder(folder.path / "recording", about, probes, held=material.held, recipe=recipe, fold=fold)
    doctor = CheckUp(folder.path, material.validation, names)
    watchers: list[Callback] = [doctor, recorder, Controls(folder.path, recorder.look_now)]
    return watchers


def _teach_many(
    material: Material,
    settings: dict[str, Any],
    members: list[Member],
    early_stop: bool,
    weights: Any,
    callbacks: Sequence[Any],
    sample_weight: Any,
    out: str | Path | None,
    progress: bool | None,
) -> Population:
    network, plan, recipe, examples = _plan_of(material, settings, sample_weight)
    if out is not None:
        RunFolder.new(out)  # whether it can be written to is known now, and not after the training
    with progress_bar(plan.epochs, plan.steps_per_epoch(examples.rows), progress) as bar:
        learner = PopulationLearner(
            engines.get(settings["engine"], settings["precision"]),
            recipe,
            plan,
            members,
            examples,
            material.validation,
            early_stop,
            [*as_callbacks(callbacks), bar],
            _start_from(network, weights),
        )
        learner.run()
    models: list[Model] = []
    for member in members:
        params, state = member.best["params"], member.best["state"]
        own = settings_of(member, settings)
        model = Model(network, flatten(params), flatten(state), material.recipe, member.history, own)
        epochs = len(member.history)
        model.measured = _measured(material, member.best_epoch or epochs, epochs, member.stopped)
        models.append(model)
    found = Population(tuple(models), ranked(members, network))
    if material.test is not None and math.isfinite(members[found.leaderboard[0].member].judged):
        found.best.measured["test"] = found.best.evaluate(material.test)
    if out is not None:
        found.save(out)
    return found


def _measured(material: Material, best: int, epochs: int, stopped: str | None) -> dict[str, Any]:
    return {
        "best_epoch": best,
        "epochs": epochs,
        "stopped": stopped,
        "rows": {
            "train": material.rows,
            "validation": material.validation.rows if material.validation and material.train.fold is None else 0,
            "test": material.test.rows if material.test is not None else 0,
        },
        **({"parts": dict(material.parts)} if material.parts is not None else {}),
    }


def _plan_of(
    material: Material, settings: dict[str, Any], sample_weight: Any
) -> tuple[Network, Plan, Recipe, Examples]:
    """What settings say, as the loop takes it."""
    network = Network.from_json(settings["network"])
    plan = Plan(**{name: settings[name] for name in ("batch_size", "epochs", "seed", "shuffle", "patience")})
    examples = weighted(material, network, settings["class_weight"], sample_weight)
    recipe = Recipe(
        network,
        Optimizer.from_json(settings["optimizer"]),
        Schedule.from_json(settings["schedule"]),
        steps=plan.epochs * plan.steps_per_epoch(material.rows),
        seed=plan.seed,
        gradient_clip=settings["gradient_clip"],
        augmentations=tuple(Augmentation.from_json(one) for one in settings.get("augment") or ()),
        weight_average=settings.get("weight_average") or 0.0,
    )
    return network, plan, recipe, examples


def _resume(
    run: str | Path,
    data: Any,
    validation: Any,
    callbacks: Sequence[Any],
    sample_weight: Any,
    progress: bool | None,
    checkpoint_every: float,
    record: bool | None,
) -> Model:
    folder = RunFolder.existing(run)
    settings = folder.read_settings()
    data = data_of(settings, data)
    given = {"data": data, "validation": validation, "sample_weight": sample_weight}
    missing = [name for name in not_kept(settings) if given[name] is None]
    if missing:
        raise UsageError(
            say(
                "{run} was trained on arrays that are not in it; give the same {names} again",
                run=run,
                names=say(" and ").join(missing),
            )
        )
    material = gather_again(settings, data, validation)
    if fingerprint(material) != settings["fingerprint"]:
        raise ModelError(
            say("the data are not those that {run} was trained on; resume with the same data, or train anew", run=run)
        )
    checkpoint = folder.read_checkpoint()
    return _teach(
        material, settings, None, callbacks, sample_weight, folder, checkpoint, progress, checkpoint_every, record
    )


def _engine_for(
    engine: str, network: Network, material: Material, plan: Plan, precision: str, optimizer: Optimizer
) -> tuple[str, str]:
    """The engine with its variant, and why it was taken."""
    if engine == "auto":
        times = -(-material.rows // material.train.rows)  # more than once where only some of the rows are at hand
        return decide(network, material.train, plan.batch_size, plan.epochs * times, precision, optimizer)
    return with_variant(engine, network, material.rows, plan.batch_size, plan.epochs), "given"


def _fed(material: Material, plan: Plan, network: Network, class_weight: Any, sample: Examples) -> Streamed:
    assert material.feed is not None
    of_class = class_weights(material, network, class_weight) if class_weight is not None else None
    return replace(
        material.feed,
        sample=sample,
        batch_size=plan.batch_size,
        seed=plan.seed,
        shuffle=plan.shuffle,
        of_class=of_class,
    )


def _start_from(network: Network, weights: Mapping[str, np.ndarray] | None) -> Any:
    if weights is None:
        return None
    check_weights(network, weights)
    for name, value in weights.items():
        if np.asarray(value).dtype.kind not in "fiub" or not np.isfinite(value).all():
            raise ModelError(say("the weights have {name} with numbers that are not finite", name=name))
    return nest({name: np.asarray(value) for name, value in weights.items()}), network.build(0)[1]


def _smoothed(network: Network, label_smoothing: float) -> Network:
    if not label_smoothing:
        return network
    return Network(network.input, *network.layers, cost=smoothed(network.cost, label_smoothing))

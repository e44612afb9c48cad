"""vitrina train: from data to a run, and a report on one screen."""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Generator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vitrina.commands.describe import read_network
from vitrina.commands.options import (
    Column,
    Drop,
    DropLeaks,
    Gap,
    Group,
    ImageSize,
    Json,
    Lang,
    Query,
    SplitColumn,
    TableName,
    TimeColumn,
    located,
    roles_of,
    size_of,
)
from vitrina.commands.output import print_json
from vitrina.commands.train_report import as_json, report
from vitrina.commands.watching import page_beside, stay
from vitrina.errors import ModelError, UsageError, VitrinaError
from vitrina.locale import say
from vitrina.locale.system import reason_of

if TYPE_CHECKING:
    from vitrina.doctor import Findings
    from vitrina.glass.opening import Page
    from vitrina.model import Model

RUNS = Path("runs")


class OptimizerName(StrEnum):
    sgd = "sgd"
    rmsprop = "rmsprop"
    adam = "adam"
    adamw = "adamw"
    lion = "lion"


class ScheduleName(StrEnum):
    constant = "constant"
    step = "step"
    cosine = "cosine"
    one_cycle = "one_cycle"
    warm_up = "warm_up"
    reduce_on_plateau = "reduce_on_plateau"


class Precision(StrEnum):
    float32 = "float32"
    bfloat16 = "bfloat16"
    float64 = "float64"


class ClassWeight(StrEnum):
    balanced = "balanced"


def train(
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="DATA",
            help="A table, a database, a folder of images, an .npz, or a built-in set such as digits.",
            show_default=False,
        ),
    ] = None,
    target: Annotated[str | None, typer.Option("--target", metavar="COLUMN", help="The column to predict.")] = None,
    network: Annotated[
        str | None, typer.Option("--network", metavar="FILE", help="The network as JSON; one is chosen otherwise.")
    ] = None,
    engine: Annotated[
        str, typer.Option("--engine", metavar="NAME", help="auto, numpy, jax, torch or tensorflow.")
    ] = "auto",
    epochs: Annotated[
        int | None, typer.Option("--epochs", metavar="N", min=1, help="How often to go through the data at most.")
    ] = None,
    batch: Annotated[int | None, typer.Option("--batch", metavar="N", min=1, help="Rows per step.")] = None,
    lr: Annotated[float | None, typer.Option("--lr", metavar="X", help="Learning rate.")] = None,
    optimizer: Annotated[
        OptimizerName | None, typer.Option("--optimizer", help="How gradients change the weights.")
    ] = None,
    schedule: Annotated[ScheduleName | None, typer.Option("--schedule", help="How the learning rate changes.")] = None,
    patience: Annotated[
        int | None, typer.Option("--patience", metavar="N", min=1, help="Epochs without improvement before stopping.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Fixes split, first weights and order.")] = 0,
    column: Column = None,
    drop: Drop = None,
    image_size: ImageSize = None,
    query: Query = None,
    table: TableName = None,
    time_column: TimeColumn = None,
    gap: Gap = None,
    group: Group = None,
    split: SplitColumn = None,
    drop_leaks: DropLeaks = False,
    class_weight: Annotated[
        ClassWeight | None, typer.Option("--class-weight", help="Let rare classes count more.")
    ] = None,
    stream: Annotated[
        bool | None,
        typer.Option(
            "--stream/--no-stream",
            help="Read the table piece by piece while learning; by default where it does not fit into memory.",
            show_default=False,
        ),
    ] = None,
    augment: Annotated[
        str,
        typer.Option(
            "--augment",
            metavar="LIST",
            help="Change images at random while learning: flip,shift=2,cutout=8,jitter=0.2,mixup=0.2, or auto, or none.",
        ),
    ] = "auto",
    precision: Annotated[
        Precision,
        typer.Option("--precision", help="Of matrix products and convolutions; bfloat16 keeps float32 weights."),
    ] = Precision.float32,
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="RUN", help="Where to keep the run (default: the next number in runs/)."),
    ] = None,
    resume: Annotated[
        str | None, typer.Option("--resume", metavar="RUN", help="Go on with a run that was stopped.")
    ] = None,
    record: Annotated[
        bool, typer.Option("--record/--no-record", help="Keep what every layer did, to be looked at.")
    ] = True,
    log: Annotated[
        list[str] | None, typer.Option("--log", metavar="TOOL", help="Also write for tensorboard or wandb.")
    ] = None,
    heal: Annotated[
        bool,
        typer.Option(
            "--heal", help="Where something is wrong, try the remedies and keep what helps, in a run of its own."
        ),
    ] = False,
    watch: Annotated[bool, typer.Option("--watch", help="See it learn in the browser.")] = False,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Teach a network from DATA; keep the run, and measure it on rows it never saw."""
    if data is None and resume is None:
        raise UsageError(
            say("train needs data: a table, a folder of images, an .npz, or a built-in set such as digits")
        )
    if lr is not None and not 0.0 < lr < float("inf"):
        raise UsageError(say("--lr {given}: a learning rate is a number above 0, such as 0.001", given=lr))
    options: dict[str, Any] = {
        "target": target,
        "engine": engine,
        "epochs": epochs,
        "batch_size": batch,
        "learning_rate": lr,
        "optimizer": optimizer.value if optimizer else None,
        "schedule": schedule.value if schedule else None,
        "patience": patience,
        "seed": seed,
        "columns": roles_of(column),
        "drop": tuple(drop or ()),
        "image_size": size_of(image_size),
        "time": time_column,
        "gap": gap,
        "group": group,
        "split": split,
        "drop_leaks": drop_leaks,
        "stream": stream,
        "augment": augment,
        "class_weight": class_weight.value if class_weight else None,
        "precision": precision.value,
        "network": read_network(Path(network)) if network else None,
        "progress": False if json else None,
    }
    if heal and not record:
        raise UsageError(say("--heal reads the recording; leave out --no-record"))
    if heal and resume is not None:
        raise UsageError(
            say("--heal goes with a new training; for a run that is there: vitrina doctor {run} --heal", run=resume)
        )
    if watch and not record:
        raise UsageError(say("--watch shows the recording; leave out --no-record"))
    if data is not None:
        data = located(data, query, table)
    began = time.perf_counter()
    with page_beside(watch) as page:
        beside = {"record": record, "callbacks": (page,) if page else ()}
        if resume is not None:
            _only_resume(options, out)
            run = Path(resume)
            model, told = _teach(
                data, run, {"resume": resume, "progress": options["progress"], **beside}, page, log or ()
            )
        else:
            with new_run(out) as run:
                model, told = _teach(data, run, options | {"out": run, **beside}, page, log or ())
        seconds = time.perf_counter() - began
        findings = what_is_wrong(run) if record else None
        if json:
            print_json(as_json(model, run, seconds, told, findings))
        else:
            report(model, run, seconds, told, findings)
        if heal and findings is not None and not findings.healthy:
            from vitrina.commands.doctor import healed

            healed(run, None, json)
        if not json:
            stay(page)


def what_is_wrong(run: Path) -> Findings | None:
    """What the doctor says of a run; None where it cannot say anything, which is no reason to lose a training's report."""
    from vitrina.doctor import diagnose

    try:
        return diagnose(run)
    except VitrinaError:
        return None


def _teach(
    data: str | None, run: Path, options: dict[str, Any], page: Page | None, logs: Sequence[str]
) -> tuple[Model, list[str]]:
    """The model, and what its owner should know about the training."""
    if page:
        page.run = run
    if logs:
        from vitrina.glass.logs import log_to

        options |= {"callbacks": (*options["callbacks"], *(log_to(tool, run) for tool in logs))}
    from vitrina.learning import LearningWarning
    from vitrina.training import train as teach

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", LearningWarning)
        try:
            model = teach(data, **options)
        except ModelError as error:
            if (run / "checkup.json").exists():
                raise ModelError(say("{error}. Why: vitrina doctor {run}", error=error, run=run)) from None
            raise
        except KeyboardInterrupt as error:
            if (run / "settings.json").exists():
                error.add_note(str(run))
            raise
    return model, [str(warning.message) for warning in caught]


@contextlib.contextmanager
def new_run(out: str | None) -> Generator[Path]:
    """The directory of a new run: `out`, or the next number in runs/, taken at once so that no two trainings share it.

    Nothing is left of it where nothing was written into it.
    """
    made: list[Path] = []
    if out is None:
        run = _take_number(made)
    else:
        run = Path(out)
        made += [] if run.exists() else [run]
    try:
        yield run
    finally:
        for path in reversed(made):
            with contextlib.suppress(OSError):
                path.rmdir()  # only if it is empty


def _take_number(made: list[Path]) -> Path:
    try:
        if not RUNS.exists():
            RUNS.mkdir(exist_ok=True)
            made.append(RUNS)
        number = max((int(entry.name) for entry in RUNS.iterdir() if entry.name.isdecimal()), default=0)
        while True:
            number += 1
            with contextlib.suppress(FileExistsError):
                (RUNS / str(number)).mkdir()
                made.append(RUNS / str(number))
                return made[-1]
    except OSError as error:
        reason = reason_of(error)
        raise VitrinaError(
            say("{runs} cannot be written to ({reason}); choose another place with --out", runs=RUNS, reason=reason)
        ) from None


def _only_resume(options: dict[str, Any], out: str | None) -> None:
    """A run goes on with its own settings, so that it ends in the same weights; others would be ignored in silence."""
    usual: dict[str, Any] = {"engine": "auto", "precision": "float32", "seed": 0, "drop": (), "drop_leaks": False}
    usual |= {"augment": "auto", "progress": options["progress"]}
    given = [name for name, value in options.items() if value != usual.get(name)]
    flags = {"batch_size": "batch", "learning_rate": "lr", "columns": "column"}
    named = [f"--{flags.get(name, name).replace('_', '-')}" for name in given] + (["--out"] if out else [])
    if named:
        raise UsageError(say("--resume goes on with the run's own settings; leave out {named}", named=", ".join(named)))

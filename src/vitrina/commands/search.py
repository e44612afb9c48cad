"""vitrina search: networks and settings tried for DATA, and the best kept as a run."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Annotated, Any

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
from vitrina.commands.output import console, figures, marked, print_json, warn
from vitrina.commands.train import new_run
from vitrina.commands.train_report import try_next
from vitrina.locale import say


def search(
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help="A table, a database, a folder of images, an .npz, or a built-in set such as digits.",
            show_default=False,
        ),
    ],
    trials: Annotated[int, typer.Option("--trials", metavar="N", min=1, help="How many combinations to try.")] = 32,
    target: Annotated[str | None, typer.Option("--target", metavar="COLUMN", help="The column to predict.")] = None,
    network: Annotated[
        str | None, typer.Option("--network", metavar="FILE", help="Search the settings of this network alone.")
    ] = None,
    engine: Annotated[
        str, typer.Option("--engine", metavar="NAME", help="auto, numpy, jax, torch or tensorflow.")
    ] = "auto",
    epochs: Annotated[
        int | None, typer.Option("--epochs", metavar="N", min=1, help="How often the best go through the data.")
    ] = None,
    batch: Annotated[int | None, typer.Option("--batch", metavar="N", min=1, help="Rows per step.")] = None,
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
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="RUN", help="Where to keep the winner (default: the next number in runs/)."),
    ] = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Search networks and settings for DATA; keep the best, measured once on rows it never saw."""
    options: dict[str, Any] = {
        "trials": trials,
        "network": read_network(Path(network)) if network else None,
        "engine": engine,
        "epochs": epochs,
        "batch_size": batch,
        "seed": seed,
        "columns": roles_of(column),
        "drop": tuple(drop or ()),
        "image_size": size_of(image_size),
        "time": time_column,
        "gap": gap,
        "group": group,
        "split": split,
        "drop_leaks": drop_leaks,
    }
    from vitrina.searching import search as run

    data = located(data, query, table)
    with new_run(out) as folder, _announced(json, trials) as watch:
        found = run(data, target, out=folder, watch=watch, **options)
    if json:
        print_json({"run": str(folder)} | found.to_json())
        return
    screen = console()
    screen.print()
    screen.print(found)
    screen.print(found.best.network.summary())
    warn(screen, found.best.recipe.warnings if found.best.recipe else ())
    test = found.best.measured.get("test")
    if test:
        screen.print(marked("[bold]On {rows:,} rows it never saw[/]", rows=found.best.measured["rows"]["test"]))
        screen.print(figures(test))
    screen.print()
    try_next(screen, folder, found.best.settings["data"], bool(test))


@contextlib.contextmanager
def _announced(quiet: bool, trials: int) -> Generator[Callable[[int, float], None] | None]:
    """How far the search is, on a terminal."""
    screen = console()
    if quiet or not screen.is_terminal:
        yield None
        return
    with screen.status(say("searching ...")) as status:
        yield lambda done, best: status.update(
            say("{done} of {trials} trials; best validation error {best:.4g}", done=done, trials=trials, best=best)
        )

"""vitrina find-lr: which learning rate to use, from a few steps at many."""

from __future__ import annotations

import shlex
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
    typed_again,
)
from vitrina.commands.output import console, grid, print_json
from vitrina.commands.train import OptimizerName
from vitrina.errors import UsageError
from vitrina.locale import say

SUFFIX = ".svg"


def find_lr(
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help="A table, a database, a folder of images, an .npz, or a built-in set such as digits.",
            show_default=False,
        ),
    ],
    target: Annotated[str | None, typer.Option("--target", metavar="COLUMN", help="The column to predict.")] = None,
    network: Annotated[
        str | None, typer.Option("--network", metavar="FILE", help="The network as JSON; one is chosen otherwise.")
    ] = None,
    engine: Annotated[
        str, typer.Option("--engine", metavar="NAME", help="auto, numpy, jax, torch or tensorflow.")
    ] = "auto",
    batch: Annotated[int | None, typer.Option("--batch", metavar="N", min=1, help="Rows per step.")] = None,
    optimizer: Annotated[
        OptimizerName | None, typer.Option("--optimizer", help="How gradients change the weights.")
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
    out: Annotated[
        str | None, typer.Option("--out", metavar="FILE", help="Where to draw the errors by rate: an .svg file.")
    ] = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Find a learning rate for DATA: a few steps at many rates, side by side."""
    path = _picture(out)
    options: dict[str, Any] = {
        "engine": engine,
        "optimizer": optimizer.value if optimizer else None,
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
    from vitrina.files import write_atomically
    from vitrina.find_rate import find_learning_rate

    given = read_network(Path(network)) if network else None
    found = find_learning_rate(given, located(data, query, table), target, **options)
    if path is not None:
        write_atomically(path, found.to_svg())
    if json:
        print_json(found.to_json() | {"picture": str(path) if path else None})
        return
    from rich.text import Text

    from vitrina.learning.range_plot import range_lines

    screen = console()
    screen.print()
    screen.print(Text(say("error after {steps} steps, by learning rate", steps=found.test.steps), "dim"))
    screen.print(Text(range_lines(found.test, found.suggestion), "cyan"))
    screen.print()
    rows: list[tuple[str, Any]] = [
        (say("learning rate"), Text(f"{found.suggestion:g}", "bold green" if found.decided else "bold yellow"))
    ]
    rows.append((say("why"), found.why))
    again = typed_again(
        ("--target", target),
        ("--query", query),
        ("--table", table),
        ("--network", network),
        ("--engine", None if engine == "auto" else engine),
        ("--optimizer", optimizer.value if optimizer else None),
        ("--batch", batch),
        ("--seed", seed or None),
        ("--column", column),
        ("--drop", drop),
        ("--image-size", image_size),
        ("--time", time_column),
        ("--gap", gap),
        ("--group", group),
        ("--split", split),
        ("--drop-leaks", drop_leaks),
        ("--lr", f"{found.suggestion:g}"),
    )
    rows.append((say("use it"), Text(f"vitrina train {shlex.quote(data)} {again}", "bold")))
    if path is not None:
        rows.append((say("picture"), str(path)))
    screen.print(grid(*rows))


def _picture(out: str | None) -> Path | None:
    """Raises UsageError unless the file can be what it is called, and is not there yet."""
    if out is None:
        return None
    path = Path(out)
    if path.suffix.lower() != SUFFIX:
        raise UsageError(say("--out {path}: the picture is an SVG; give a name that ends in .svg", path=path))
    if path.exists():
        raise UsageError(say("--out {path} already exists; choose another name", path=path))
    return path

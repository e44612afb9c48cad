"""What `vitrina train` says at the end: for people on one screen, for programs as JSON."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitrina.commands.describe import history_lines
from vitrina.commands.output import console, figures, grid, marked, warn
from vitrina.locale import say

if TYPE_CHECKING:
    from rich.console import Console

    from vitrina.doctor import Findings
    from vitrina.model import Model


def as_json(
    model: Model, run: Path, seconds: float, told: list[str], findings: Findings | None = None
) -> dict[str, Any]:
    """told: warnings of the training; seconds: from the start of the command; findings: of the doctor, where there are any."""
    settings, measured, recipe = model.settings, model.measured, model.recipe
    return {
        "run": str(run),
        "data": settings["data"],
        "target": settings["target"],
        "task": recipe.task if recipe else None,
        "classes": recipe.classes if recipe else [],
        "inputs": recipe.input_names if recipe else [],
        "rows": measured["rows"],
        "parts": measured.get("parts"),
        "why": settings["why"],
        "parameters": model.network.parameters,
        "engine": settings["engine"],
        "engine_why": settings.get("engine_why"),
        "epochs": measured["epochs"],
        "best_epoch": measured["best_epoch"],
        "stopped": measured["stopped"],
        "seconds": round(seconds, 3),
        "test": measured.get("test"),
        "warnings": [*(recipe.warnings if recipe else ()), *told],
        "findings": findings.to_json() if findings is not None else None,
    }


def report(model: Model, run: Path, seconds: float, told: list[str], findings: Findings | None = None) -> None:
    """What was read, the network and why, how it learned, how good it is, where it is kept, what to type next."""
    from rich.text import Text

    settings, measured, recipe = model.settings, model.measured, model.recipe
    rows = measured["rows"]
    screen = console()
    screen.print()
    screen.print(Text.assemble((_title(settings["data"]), "bold"), "  →  ", (_goal(settings, recipe), "bold")))
    screen.print()
    if settings.get("folds"):
        parts = say(
            "{train:,} to learn from, each kept from one of the {folds} networks and judging it, {test:,} kept for the end",
            folds=settings["folds"],
            **rows,
        )
    else:
        parts = say(
            "{train:,} to learn from, {validation:,} to choose the best epoch, {test:,} kept for the end", **rows
        )
    screen.print(
        grid(
            (say("rows"), f"{sum(rows.values()):,}: {parts}"),
            *_divided(measured.get("parts")),
            *_streamed(settings),
            (say("inputs"), _inputs(model)),
            (say("network"), _shape_of(model)),
            ("", Text(settings["why"], "dim")),
            (
                say("engine"),
                say(
                    "{engine}, {epochs} epochs in {seconds:.1f} s",
                    engine=settings["engine"],
                    epochs=measured["epochs"],
                    seconds=seconds,
                ),
            ),
            *_choice(settings.get("engine_why", "given")),
            *history_lines(model),
        )
    )
    warn(screen, [*(recipe.warnings if recipe else ()), *told])
    screen.print()
    if test := measured.get("test"):
        screen.print(marked("[bold]On {rows:,} rows it never saw[/]", rows=rows["test"]))
        screen.print(figures(test))
        screen.print()
    if findings is not None and not findings.healthy:
        screen.print(marked("[bold]What the doctor says[/]"))
        screen.print(findings.grave)
        screen.print()
    try_next(screen, run, settings["data"], bool(measured.get("test")), findings is None or findings.healthy)


def try_next(screen: Console, run: Any, data: str | None, tested: bool, healthy: bool = True) -> None:
    """Where a run is kept, and what can be typed now. data: as it was given; tested: whether rows were kept for the end."""
    from rich.text import Text

    screen.print(marked("Kept in [bold]{run}[/]. Try next", run=str(run)))
    example, kept = shlex.quote(data or "DATA"), shlex.quote(str(run))
    for line in (
        f"vitrina predict {kept} {example} --out answers.csv",
        f"vitrina evaluate {kept}" if tested else f"vitrina evaluate {kept} {example}",
        f"vitrina report {kept}",
        f"vitrina describe {kept}" if healthy else f"vitrina doctor {kept} --heal",
    ):
        screen.print(Text(f"  {line}", "cyan"))
    screen.print()


def _streamed(settings: dict[str, Any]) -> list[tuple[str, Any]]:
    from rich.text import Text

    if not settings.get("stream"):
        return []
    return [("", Text(say("read piece by piece; what is fitted is fitted on a draw of the rows to learn from"), "dim"))]


def _title(data: str | None) -> str:
    return Path(data).name if data else say("the arrays")


def _goal(settings: dict[str, Any], recipe: Any) -> str:
    target = settings["target"] or getattr(recipe, "target_name", None) or say("the answer")
    if recipe is None or not recipe.classes:
        return say("{target}, a number", target=target)
    listed = ", ".join(recipe.classes[:4]) + (", ..." if len(recipe.classes) > 4 else "")
    return say("{target}, {count} classes: {listed}", target=target, count=len(recipe.classes), listed=listed)


def _choice(why: str) -> list[tuple[str, Any]]:
    """How the engine was chosen, unless the user did."""
    from rich.text import Text

    if why == "given":
        return []
    others = why.removeprefix("raced against ")
    told = say("by a rule of thumb") if others == why else say("raced against {others}", others=others)
    return [("", Text(told, "dim"))]


def _divided(parts: dict[str, Any] | None) -> list[tuple[str, Any]]:
    """How the parts were made, unless by chance: from when to when each goes, or how many groups it has."""
    from rich.text import Text

    if parts is None or parts["by"] == "chance":
        return []
    names = {"train": say("learning"), "validation": say("validation"), "test": say("test")}
    if parts["by"] == "time":
        lines = [
            say("{part}: {first} to {last}", part=names[name], first=parts[name][0], last=parts[name][1])
            for name in names
            if parts[name]
        ]
        head = say("by {column}, the past before the future", column=parts["column"])
    elif parts["by"] == "group":
        lines = [say("{part}: {count:,} groups", part=names[name], count=parts[name]) for name in names if parts[name]]
        lines = [", ".join(lines)]
        head = say("by {column}, each of its groups on one side", column=parts["column"])
    else:
        lines = [say("it names no validation rows: they were drawn from those to learn from")] if parts["drawn"] else []
        head = say("as {column} says", column=parts["column"])
    return [(say("divided"), head), *(("", Text(line, "dim")) for line in lines)]


def _inputs(model: Model) -> str:
    shape, columns = model.network.input_shape, getattr(getattr(model.recipe, "features", None), "columns", None)
    size = " × ".join(map(str, shape))
    if columns is None:
        return size
    names = [column.name for column in columns]
    listed = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    if len(names) == 1:
        return say("{size} from the column {name}", size=size, name=names[0])
    return say("{size} from {count} columns: {listed}", size=size, count=len(names), listed=listed)


def _shape_of(model: Model) -> str:
    """`30 → 32 → 16 → 2, 1,554 parameters`: what comes out of each layer that has weights."""
    inside = [layer.output_shape(shape) for _, layer, shape in model.network.walk() if hasattr(layer, "error_signal")]
    drawn = " → ".join("×".join(map(str, shape)) for shape in (model.network.input_shape, *inside))
    return say("{drawn}, {count:,} parameters", drawn=drawn, count=model.network.parameters)

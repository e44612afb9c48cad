"""vitrina compare: finished runs side by side, the best first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from vitrina.commands.options import Json, Lang
from vitrina.commands.output import console, curve, figure, figure_name, print_json
from vitrina.errors import UsageError
from vitrina.locale import say
from vitrina.locale.named import COLUMNS, LEARNED_FROM

if TYPE_CHECKING:
    from vitrina.model import Model

BIG_IS_GOOD = ("accuracy", "balanced_accuracy", "roc_auc", "average_precision", "r2")


def compare(
    runs: Annotated[list[str], typer.Argument(metavar="RUN RUN ...", help="Runs or models.", show_default=False)],
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Set finished runs side by side: what differs between them, and how good each is."""
    from vitrina.glass.side_by_side import SETTINGS, differing, setting_of
    from vitrina.model import load

    if len(runs) < 2:
        raise UsageError(say("compare needs two runs or more"))
    models = {run: load(run) for run in runs}
    order = sorted(models, key=lambda run: _judged(models[run]))
    settings = {run: _settings(model) for run, model in models.items()}
    differs = differing(list(settings.values()), (*LEARNED_FROM, *COLUMNS, *SETTINGS[1:]))
    if json:
        print_json({"runs": [_as_json(run, models[run]) for run in order], "differs": differs})
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for place, run in enumerate(order):
        table.add_column(Text(run, "bold green" if place == 0 else "bold"), overflow="fold")
    for name in differs:
        values = [setting_of(settings[run], name) for run in order]
        table.add_row(Text(say(name.replace("_", " ")), "dim"), *(Text(value) for value in values))
    table.add_section()
    table.add_row(Text(say("validation"), "dim"), *(_curve(models[run]) for run in order))
    table.add_row(Text(say("seconds"), "dim"), *(f"{sum(models[run].history['seconds']):.1f}" for run in order))
    for name in dict.fromkeys(name for run in order for name in models[run].measured.get("test", {})):
        measured = [models[run].measured.get("test", {}).get(name) for run in order]
        known = [value for value in measured if value is not None]
        best = max(known) if name in BIG_IS_GOOD else min(known)
        cells = [
            Text("–", "dim") if value is None else Text(figure(name, value), "bold green" if value == best else "")
            for value in measured
        ]
        table.add_row(Text(figure_name(name), "dim"), *cells)
    screen = console()
    screen.print()
    screen.print(table)


def _judged(model: Model) -> float:
    """The best validation error; without validation the last error."""
    history = model.history
    name = "validation_error" if "validation_error" in history.columns else "error"
    return min((value for value in history[name] if value == value), default=float("inf"))


def _settings(model: Model) -> dict[str, Any]:
    return {**model.settings, "network": model.network.to_json()}


def _curve(model: Model) -> str:
    errors = model.history["validation_error" if "validation_error" in model.history.columns else "error"]
    return f"{curve(errors, 16)} {_judged(model):.4g}"


def _as_json(run: str, model: Model) -> dict[str, Any]:
    return {
        "run": run,
        "judged": _judged(model),
        "parameters": model.network.parameters,
        "settings": model.settings,
        "seconds": sum(model.history["seconds"]),
        "measured": model.measured,
    }

"""vitrina describe: what is in a network, a run, a model or data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vitrina.commands.options import Column, Drop, Json, Lang, Query, TableName, located, roles_of
from vitrina.commands.output import console, curve, figures, grid, marked, print_json
from vitrina.errors import NetworkError
from vitrina.evaluate.words import settings_told
from vitrina.locale import say
from vitrina.locale.kept import retold
from vitrina.locale.named import LEARNED_FROM, TAUGHT
from vitrina.locale.system import reason_of

if TYPE_CHECKING:
    from vitrina.model import Model
    from vitrina.network import Network


def describe(
    what: Annotated[
        str,
        typer.Argument(
            metavar="NETWORK|RUN|DATA", help="A network (.json), a run or model, or data.", show_default=False
        ),
    ],
    target: Annotated[
        str | None, typer.Option("--target", metavar="COLUMN", help="For a table: the column to predict.")
    ] = None,
    column: Column = None,
    drop: Drop = None,
    query: Query = None,
    table: TableName = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Say what is in a network, a run or data."""
    from vitrina.data.address import is_address

    chosen = {"target": target, "columns": roles_of(column), "drop": drop or ()}
    what = located(what, query, table)
    path = Path(what)
    if is_address(what):
        _describe_data(what, chosen, json)
    elif path.suffix == ".json" and path.is_file() and not _is_list(path):
        network = read_network(path)
        if json:
            print_json({"kind": "network", "network": network.to_json(), "summary": _summary(network)})
        else:
            console().print(network.summary())
    elif path.suffix == ".vitrina" or (path.is_dir() and (path / "settings.json").is_file()):
        _describe_run(path, json)
    else:
        _describe_data(what, chosen, json)


def _is_list(path: Path) -> bool:
    """Whether a JSON file holds a list, as of rows, and so no network; one that cannot be read is left to who says so."""
    try:
        with path.open("rb") as file:
            return file.read(1024).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"[")
    except OSError:
        return False


def _describe_data(what: str, chosen: dict[str, Any], json: bool) -> None:
    from vitrina.data import open_source

    description = open_source(what, **chosen).describe()
    if json:
        print_json({**description.to_json(), "kind": "data", "holds": description.kind})
    else:
        console().print(description)


def read_network(path: Path) -> Network:
    """A network from its JSON file. Raises NetworkError naming the file."""
    from vitrina.network import Network

    try:
        return Network.from_json(path.read_text("utf-8"))
    except OSError as error:
        raise NetworkError(say("{path}: it cannot be read ({reason})", path=path, reason=reason_of(error))) from None
    except UnicodeDecodeError:
        raise NetworkError(say("{path} is not text; a network is described in JSON", path=path)) from None
    except NetworkError as error:
        raise NetworkError(f"{path}: {error}") from None


def _describe_run(path: Path, json: bool) -> None:
    from vitrina.model import load
    from vitrina.runs import RunFolder

    if path.is_dir() and not RunFolder(path).model.exists():
        folder = RunFolder.existing(path)
        _describe_unfinished(folder, json)
        return
    model = load(path)
    if json:
        print_json(
            {
                "kind": "run",
                "run": str(path),
                "settings": model.settings,
                "summary": _summary(model.network),
                "history": list(model.history),
                "measured": model.measured,
                "warnings": model.recipe.warnings if model.recipe else [],
            }
        )
        return
    screen = console()
    screen.print()
    screen.print(grid((say("run"), f"{path}"), *_settings(model.settings), *history_lines(model)))
    screen.print(model.network.summary())
    if test := model.measured.get("test"):
        screen.print(marked("[bold]On {rows:,} rows it never saw[/]", rows=model.measured["rows"]["test"]))
        screen.print(figures(test))
        screen.print()


def _describe_unfinished(folder: Any, json: bool) -> None:
    """A run that was killed: what it was going to do, how far it came, and how to go on."""
    settings, checkpoint = folder.read_settings(), folder.read_checkpoint()
    history = checkpoint.facts["history"] if checkpoint else []
    if json:
        print_json(
            {"kind": "run", "run": str(folder.path), "finished": False, "settings": settings, "history": history}
        )
        return
    screen = console()
    screen.print()
    failed = checkpoint.facts["progress"].get("stopped") if checkpoint else None
    state = (
        retold(failed)
        if failed
        else say("stopped after {done} of {epochs} epochs", done=len(history), epochs=settings["epochs"])
    )
    screen.print(grid((say("run"), f"{folder.path}"), *_settings(settings), (say("state"), state)))
    screen.print()
    if failed:
        return
    screen.print(marked("Go on with  [bold cyan]{command}[/]", command=folder.how_to_go_on))
    screen.print()


def _summary(network: Network) -> dict[str, Any]:
    from dataclasses import asdict

    summary = network.summary()
    return {"layers": [asdict(row) for row in summary.rows], "parameters": summary.parameters, "flops": summary.flops}


def _settings(settings: dict[str, Any]) -> list[tuple[str, str]]:
    shown = settings_told(settings, (*LEARNED_FROM, *TAUGHT))
    return [*shown, (say("network"), retold(settings["why"]))] if settings.get("why") else shown


def history_lines(model: Model) -> list[tuple[str, str]]:
    """How learning went: the error over the epochs as a line of blocks, and the best epoch."""
    history, best = model.history, model.measured.get("best_epoch")
    if not len(history):
        return []
    errors = history["error"]
    lines = [(say("error"), f"{curve(errors)}  {errors[0]:.4g} → {errors[-1]:.4g}")]
    if best and "validation_error" in history.columns:
        row = history[best - 1]
        judged = history["validation_error"]
        lines.append((say("validation"), f"{curve(judged)}  {judged[0]:.4g} → {row['validation_error']:.4g}"))
        lines.append((say("best epoch"), _best(row, best, model.measured)))
    return lines


def _best(row: dict[str, float], best: int, measured: dict[str, Any]) -> str:
    told = say("{best} of {epochs}", best=best, epochs=measured["epochs"])
    if "validation_accuracy" in row:
        told += say(", validation accuracy {share:.1%}", share=row["validation_accuracy"])
    return told + (f" ({retold(measured['stopped'])})" if measured.get("stopped") else "")

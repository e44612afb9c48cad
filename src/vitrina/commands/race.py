"""vitrina race: which engine finishes this training first, on this machine."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vitrina.commands.describe import read_network
from vitrina.commands.options import Json, Lang
from vitrina.commands.output import console, print_json
from vitrina.commands.train import Precision
from vitrina.locale import say

if TYPE_CHECKING:
    from vitrina.network import Network


def race(
    what: Annotated[
        str,
        typer.Argument(metavar="NETWORK|RUN", help="A network (.json), or a run to take it from.", show_default=False),
    ],
    batch: Annotated[int | None, typer.Option("--batch", metavar="N", min=1, help="Rows per step.")] = None,
    rows: Annotated[int | None, typer.Option("--rows", metavar="N", min=1, help="Rows to learn from.")] = None,
    epochs: Annotated[
        int | None, typer.Option("--epochs", metavar="N", min=1, help="How often to go through them.")
    ] = None,
    engine: Annotated[
        list[str] | None, typer.Option("--engine", metavar="NAME", help="Race only this one; may be repeated.")
    ] = None,
    precision: Annotated[Precision | None, typer.Option("--precision", help="Of the products.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Measure again what was measured before.")] = False,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Time every engine on a network, and say which finishes its training first."""
    from vitrina.learning import Optimizer
    from vitrina.racing import race as run

    network, settings = _read(what)
    given: dict[str, Any] = {
        "batch_size": batch or settings.get("batch_size", 32),
        "rows": rows or settings.get("rows"),
        "epochs": epochs or settings.get("epochs", 10),
        "engines": engine or None,
        "precision": precision.value if precision else settings.get("precision", "float32"),
        "optimizer": Optimizer.from_json(settings["optimizer"]) if "optimizer" in settings else None,
        "fresh": fresh,
    }
    with _announced(quiet=json) as watch:
        found = run(network, watch=watch, **given)
    if json:
        print_json(found.to_json())
        return
    screen = console()
    screen.print()
    screen.print(found)
    screen.print()


def _read(what: str) -> tuple[Network, dict[str, Any]]:
    """The network, and what the run it comes from says about its training."""
    path = Path(what)
    if not path.is_dir():
        return read_network(path), {}
    from vitrina.network import Network
    from vitrina.runs import RunFolder

    settings = RunFolder.existing(path).read_settings()
    rows = int(str(settings["fingerprint"]).partition("-")[0])
    return Network.from_json(settings["network"]), settings | {"rows": rows}


@contextlib.contextmanager
def _announced(quiet: bool) -> Generator[Callable[[str], None] | None]:
    """Who is on the track, on a terminal, while the others wait."""
    screen = console()
    if quiet or not screen.is_terminal:
        yield None
        return
    with screen.status(say("on your marks ...")) as status:
        yield lambda engine: status.update(say("{engine} is running ...", engine=engine))

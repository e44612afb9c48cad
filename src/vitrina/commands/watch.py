"""vitrina watch: the page of a run, while it learns and afterwards."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from vitrina.commands.options import Json, Lang
from vitrina.commands.output import console, marked, print_json
from vitrina.commands.watching import show_editor

NICENESS = 5  # of the page: whoever learns on this machine comes first
# Seconds after which threads take turns. A long recording is read while the browser asks for the page: each answer would wait
# for it five milliseconds at a time.
TURN = 5e-4


def watch(
    run: Annotated[
        str | None,
        typer.Argument(metavar="[RUN]", help="The directory of a run; without one, an editor.", show_default=False),
    ] = None,
    other: Annotated[
        str | None, typer.Argument(metavar="[RUN2]", help="Another run, to be seen beside it.", show_default=False)
    ] = None,
    port: Annotated[int, typer.Option("--port", metavar="N", min=0, max=65535, help="0 takes any that is free.")] = 0,
    browser: Annotated[bool, typer.Option("--open/--no-open", help="Open it in the browser.")] = True,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """See every neuron of a run in the browser, live or afterwards; without a run, put networks together and teach them there.

    Ctrl-C ends the page, never the training.
    """
    if run is None:
        show_editor(json, port=port, browser=browser)
        return
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is there
    sys.setswitchinterval(TURN)
    from vitrina.glass.page import serve

    def ready(address: str) -> None:
        if json:
            print_json({"run": run, "address": address})
        else:
            console().print(
                marked(
                    "[bold]{run}[/] is on view at [cyan]{address}[/]   (Ctrl-C ends the page)", run=run, address=address
                )
            )
        if browser and not json:
            import webbrowser

            webbrowser.open(address)
        _step_back()  # not before it is served: whoever waits for it would be kept waiting

    serve(Path(run), port, ready, Path(other) if other is not None else None)


def _step_back() -> None:
    """Lets others go first, where the system knows how."""
    if hasattr(os, "nice"):
        os.nice(max(0, NICENESS - os.nice(0)))

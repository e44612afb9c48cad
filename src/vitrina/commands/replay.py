"""vitrina replay: a whole training as one file, to be sent to a class."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vitrina.commands.options import Json, Lang
from vitrina.commands.output import console, marked, print_json


def replay(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The directory of a run.", show_default=False)],
    other: Annotated[
        str | None, typer.Argument(metavar="[RUN2]", help="Another run, to be seen beside it.", show_default=False)
    ] = None,
    out: Annotated[str, typer.Option("--out", metavar="FILE", help="Where to put it.")] = "replay.html",
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Put a run's whole page into one HTML file, with its slider, that opens anywhere."""
    from vitrina.glass.replay import replay as pack

    moments = pack(run, out, other)
    size = Path(out).stat().st_size
    if json:
        print_json({"run": run, "out": out, "moments": moments, "bytes": size})
        return
    console().print(
        marked(
            "[bold]{run}[/] with {moments} of its moments is in [bold]{out}[/] ({size:.1f} MB); it opens in any browser",
            run=run,
            moments=moments,
            out=out,
            size=size / 1e6,
        )
    )

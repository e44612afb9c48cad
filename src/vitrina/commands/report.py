"""vitrina report: all there is to know of a run, in one file to be read, sent and printed."""

from __future__ import annotations

from typing import Annotated

import typer

from vitrina.commands.options import By, Json, Lang, OverTime
from vitrina.commands.output import console, marked, print_json


def report(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The directory of a run.", show_default=False)],
    out: Annotated[
        str | None, typer.Option("--out", metavar="FILE", help="Where to put it (default: report.html in the run).")
    ] = None,
    by: By = None,
    time: OverTime = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Write a run's report: data, network, learning, figures, decisions, mistakes and warnings in one HTML file."""
    from vitrina.reporting.report import report as write

    path = write(run, out, by=by, time=time)
    if json:
        print_json({"run": run, "report": str(path), "bytes": path.stat().st_size})
        return
    console().print(
        marked("The report of [bold]{run}[/] is in [bold]{path}[/]; it opens in any browser", run=run, path=str(path))
    )

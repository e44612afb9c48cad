"""vitrina evaluate: how good a run's answers are, how sure that is, and whether a network was worth it."""

from __future__ import annotations

from typing import Annotated

import typer

from vitrina.commands.options import By, Json, Lang, OverTime, Query, Run, TableName, located
from vitrina.commands.output import console, print_json, warn


def evaluate(
    run: Run,
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="[DATA]",
            help="Data with the true answers in it (default: the run's own test part).",
            show_default=False,
        ),
    ] = None,
    by: By = None,
    time: OverTime = None,
    at: Annotated[
        list[int] | None,
        typer.Option("--at", min=1, metavar="K", help="Precision and recall if the K likeliest are looked at."),
    ] = None,
    positive: Annotated[
        str | None, typer.Option("--positive", metavar="CLASS", help="The class to find, of two (default: the second).")
    ] = None,
    baselines: Annotated[
        bool, typer.Option("--baselines/--no-baselines", help="Teach simpler learners on the same split, to compare.")
    ] = True,
    query: Query = None,
    table: TableName = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Say how good a run's answers are, how sure that is, and whether a network was worth it."""
    from vitrina.data.address import without_password
    from vitrina.data.unfamiliar import unfamiliar
    from vitrina.evaluate.assessing import assess
    from vitrina.evaluate.assessment_screen import show_assessment
    from vitrina.model import load

    found = assess(
        run,
        located(data, query, table) if data is not None else None,
        by=by,
        time=time,
        at=tuple(at or ()),
        positive=positive,
        compare=baselines,
    )
    warnings = [] if data is None else unfamiliar(load(run).recipe, found.source)
    if json:
        asked = {} if data is None else {"data": without_password(data), "warnings": warnings}
        print_json(found.to_json() | asked)
    else:
        show_assessment(console(), found)
        warn(console(), warnings)

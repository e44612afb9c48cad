"""vitrina evaluate: how good a model is on data with the truth in it."""

from __future__ import annotations

from typing import Annotated

import typer

from vitrina.commands.options import Json, Lang, Query, Run, TableName, located
from vitrina.commands.output import console, figures, marked, print_json


def evaluate(
    run: Run,
    data: Annotated[str, typer.Argument(metavar="DATA", help="Data with the true answers in it.", show_default=False)],
    query: Query = None,
    table: TableName = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Say how good a model's answers are on DATA, which holds the truth."""
    from vitrina.data import open_source
    from vitrina.data.address import without_password
    from vitrina.model import load

    model = load(run)
    source = open_source(located(data, query, table))
    measured = model.evaluate(source)
    if json:
        print_json({"run": run, "data": without_password(data), "rows": source.rows, "figures": measured})
        return
    screen = console()
    screen.print()
    screen.print(
        marked("[bold]{run}[/] on {rows:,} rows of [bold]{data}[/]", run=run, rows=source.rows, data=source.name)
    )
    screen.print()
    screen.print(figures(measured))
    screen.print()

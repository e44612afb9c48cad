"""vitrina decide: what to do about each row at the smallest cost, what that saves, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vitrina.commands.answers_file import check_out, write_answers
from vitrina.commands.options import Json, Lang, Query, Run, TableName, located
from vitrina.commands.output import console, marked, print_json, warn

TOLD = 20  # decisions in the JSON where no file takes them all


def decide(
    run: Run,
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="[DATA]", help="What to decide about (default: the run's own test part).", show_default=False
        ),
    ] = None,
    costs: Annotated[
        str | None,
        typer.Option(
            "--costs",
            metavar="fn=A,fp=B",
            help="What a missed case and a false alarm cost (also tp, tn); for more classes a .csv of costs.",
        ),
    ] = None,
    amount: Annotated[
        str | None, typer.Option("--amount", metavar="COLUMN", help="A missed case costs the value of this column.")
    ] = None,
    capacity: Annotated[
        str | None, typer.Option("--capacity", metavar="N[/day]", help="How many can be looked at, in all or a day.")
    ] = None,
    ask: Annotated[
        float | None, typer.Option("--ask", metavar="COST", help="Have a person decide, at this cost, where it pays.")
    ] = None,
    time: Annotated[
        str | None,
        typer.Option("--time", metavar="COLUMN", help="With --capacity N/day: the column that says the day."),
    ] = None,
    positive: Annotated[
        str | None, typer.Option("--positive", metavar="CLASS", help="The class to find (default: the rarer one).")
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(
            "--out", metavar="FILE", help="Write a .csv, .tsv, .jsonl or .parquet: each decision and its reasons."
        ),
    ] = None,
    reasons: Annotated[
        int, typer.Option("--reasons", min=0, metavar="N", help="How many rows get reasons, those to act on first.")
    ] = 10_000,
    query: Query = None,
    table: TableName = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Decide about each row at the smallest cost, say what that saves, and give the reasons."""
    if out is not None:
        check_out(out, data)
    from vitrina.data.unfamiliar import unfamiliar
    from vitrina.evaluate.deciding import decide as decided
    from vitrina.evaluate.decisions_screen import show_decisions
    from vitrina.model import load

    found = decided(
        run,
        located(data, query, table) if data is not None else None,
        costs,
        amount=amount,
        capacity=capacity,
        ask=ask,
        time=time,
        positive=positive,
        reasons=reasons,
    )
    columns = found.columns()
    warnings = unfamiliar(load(run).recipe, found.source) if data is not None else []
    if out is not None:
        write_answers(columns, Path(out))
    if json:
        first = {name: list(values[:TOLD]) for name, values in columns.items()}
        print_json(
            found.summary()
            | {"curve": found.curve, "out": out, "warnings": warnings}
            | ({} if out else {"first": first})
        )
        return
    show_decisions(console(), found)
    warn(console(), warnings)
    if out is not None:
        console().print(marked("{rows:,} decisions are in [bold]{out}[/]", rows=len(found), out=out))

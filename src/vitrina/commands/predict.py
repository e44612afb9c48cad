"""vitrina predict: a model's answer for each row."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vitrina.commands.answers_file import check_out, write_answers
from vitrina.commands.options import Json, Lang, Query, Run, TableName, located
from vitrina.commands.output import bar, console, marked, print_json, warn
from vitrina.data.words import place_name
from vitrina.locale import say

if TYPE_CHECKING:
    import numpy as np

    from vitrina.data import Source
    from vitrina.model import Model

SHOWN = 12  # rows on the screen


def predict(
    run: Run,
    data: Annotated[str, typer.Argument(metavar="DATA", help="What to answer for.", show_default=False)],
    out: Annotated[
        str | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="Write a .csv, .tsv, .jsonl or .parquet: the answer and each class's probability.",
        ),
    ] = None,
    query: Query = None,
    table: TableName = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Answer each row of DATA with a trained model."""
    if out is not None:
        check_out(out, data)
    from vitrina.data import open_source
    from vitrina.data.address import without_password
    from vitrina.data.unfamiliar import unfamiliar
    from vitrina.model import load

    model = load(run)
    source = open_source(located(data, query, table))
    columns = _answers(model, source)
    warnings = unfamiliar(model.recipe, source)
    if out is not None:
        write_answers(columns, Path(out))
    if json:
        print_json(
            {"run": run, "data": without_password(data), "rows": source.rows, "out": out, "warnings": warnings}
            | ({} if out else {"columns": columns})
        )
    elif out is not None:
        console().print(marked("{rows:,} answers are in [bold]{out}[/]", rows=source.rows, out=out))
    else:
        _show(columns, source)
    if not json:
        warn(console(), warnings)


def _answers(model: Model, source: Source) -> dict[str, np.ndarray | list[str]]:
    """The columns of the answer: which image (for files), the answer, and a probability for each class."""
    columns: dict[str, Any] = {}
    if hasattr(source, "store"):
        columns["file"] = [source.where(row) for row in range(source.rows)]
    if not model.network.cost.classifies:
        values = model.predict(source)
        if values.ndim == 1:
            return columns | {"answer": values}
        return columns | {f"answer_{place + 1}": values[:, place] for place in range(values.shape[1])}
    probabilities = model.predict_proba(source)
    best = probabilities.argmax(axis=1)
    classes = (
        model.recipe.classes if model.recipe is not None else [str(place) for place in range(probabilities.shape[1])]
    )
    columns["answer"] = model.recipe.decode(best) if model.recipe is not None else best
    return columns | {f"probability_{name}": probabilities[:, place] for place, name in enumerate(classes)}


def _show(columns: dict[str, Any], source: Source) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    answers = [name for name in columns if not name.startswith("probability_")]
    classes = [name for name in columns if name.startswith("probability_")]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(say("where"), style="dim")
    for name in answers:
        if name != "file":
            table.add_column(say(name), style="bold")
    if classes:
        table.add_column(say("probability"), justify="right")
        table.add_column()
        table.add_column(say("next likely"), style="dim")
    for row in range(min(SHOWN, source.rows)):
        cells: list[Any] = [place_name(source.where(row))]
        cells += [_cell(columns[name][row]) for name in answers if name != "file"]
        if classes:
            ranked = sorted(((float(columns[name][row]), name) for name in classes), reverse=True)
            (first, _), (second, name) = ranked[:2]
            cells += [f"{first:.1%}", bar(first, 12), Text(f"{name.removeprefix('probability_')} {second:.1%}")]
        table.add_row(*cells)
    screen = console()
    screen.print(table)
    if source.rows > SHOWN:
        screen.print(marked("[dim]... and {more:,} rows more; --out FILE writes them all[/]", more=source.rows - SHOWN))


def _cell(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)

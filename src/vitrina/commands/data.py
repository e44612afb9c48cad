"""vitrina data: data to try things on, made here."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vitrina.commands.options import Json, Lang
from vitrina.commands.output import console, grid, marked, print_json
from vitrina.locale import say

if TYPE_CHECKING:
    from vitrina.data.transaction_files import Written

data = typer.Typer(
    help="Make data to try things on.", no_args_is_help=True, context_settings={"help_option_names": ["-h", "--help"]}
)


@data.callback()
def _data() -> None:
    """A group of commands, for as long as there is only one in it."""


@data.command()
def fraud(
    rows: Annotated[int, typer.Option("--rows", metavar="N", min=1, help="How many transactions.", show_default=False)],
    out: Annotated[
        str, typer.Option("--out", metavar="DIR", help="A new folder for them, a file a month.", show_default=False)
    ],
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="The same seed gives the same rows.")] = 0,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Simulate card transactions with frauds, as the Fraud Detection Handbook does."""
    from vitrina.data.transaction_files import write_transactions

    began = time.perf_counter()
    with _progress(rows, shown=not json and sys.stderr.isatty()) as watch:
        written = write_transactions(out, rows, seed, watch)
    seconds = time.perf_counter() - began
    if json:
        print_json({**asdict(written), "path": str(written.path), "seed": seed, "seconds": round(seconds, 3)})
    else:
        _report(written, seconds)


@contextmanager
def _progress(rows: int, shown: bool) -> Generator[Callable[[int], Any] | None]:
    """Something to call with the rows done so far; None where nothing is shown."""
    if not shown:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("[bold]{task.completed:,.0f}"),
        BarColumn(),
        TextColumn("[cyan]{task.fields[speed]}"),
        TimeRemainingColumn(),
    )
    began = time.perf_counter()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=rows, speed="")

        def watch(done: int) -> None:
            speed = done / max(time.perf_counter() - began, 1e-9)
            bar.update(task, completed=done, speed=say("{speed:,.0f} rows/s", speed=speed))

        yield watch


def _report(written: Written, seconds: float) -> None:
    from rich.text import Text

    _, high, terminal, card = written.scenarios
    screen = console()
    screen.print()
    screen.print(
        grid(
            (
                say("rows"),
                say(
                    "{rows:,} card transactions, {first} to {last}, made in {seconds:.1f} s",
                    rows=written.rows,
                    first=written.first,
                    last=written.last,
                    seconds=seconds,
                ),
            ),
            (
                say("who"),
                say(
                    "{customers:,} customers at {terminals:,} terminals",
                    customers=written.customers,
                    terminals=written.terminals,
                ),
            ),
            (
                say("frauds"),
                say(
                    "{count:,} ({share:.2%})",
                    count=high + terminal + card,
                    share=(high + terminal + card) / written.rows,
                ),
            ),
            ("", Text(say("{count:,} with an amount above 220", count=high), "dim")),
            ("", Text(say("{count:,} at compromised terminals", count=terminal), "dim")),
            ("", Text(say("{count:,} with leaked cards, five times as dear", count=card), "dim")),
        )
    )
    screen.print()
    screen.print(marked("Kept in [bold]{run}[/]. Try next", run=str(written.path)))
    told = f"vitrina train {written.path} --target TX_FRAUD --time TX_DATETIME --drop TX_FRAUD_SCENARIO"
    screen.print(Text(f"  {told}", "cyan"))
    screen.print()

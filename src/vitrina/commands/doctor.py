"""vitrina doctor: why a run did not learn, and its repair."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vitrina.commands.options import Json, Lang
from vitrina.commands.output import console, marked, print_json
from vitrina.errors import UsageError
from vitrina.locale import say

if TYPE_CHECKING:
    from vitrina.doctor import Findings, Healing


def doctor(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The directory of a run.", show_default=False)],
    deep: Annotated[
        bool, typer.Option("--deep", help="Try what a good engineer tries by hand, on the run's own data.")
    ] = False,
    heal: Annotated[bool, typer.Option("--heal", help="Try the remedies, and keep what helps on validation.")] = False,
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="RUN", help="Where to keep the healed run (default: the next number in runs/)."),
    ] = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Say why a run does not learn, with the evidence and the remedy; silent where nothing is wrong."""
    from vitrina.doctor import diagnose

    if out is not None and not heal:
        raise UsageError(say("--out is where the healed run goes; add --heal"))
    if heal:
        healed(Path(run), out, json)
        return
    findings = diagnose(run)
    tests = _battery(Path(run)) if deep else None
    if json:
        print_json(
            {
                "run": run,
                "healthy": findings.healthy,
                "findings": findings.to_json(),
                **({"battery": tests} if tests is not None else {}),
            }
        )
        return
    show(findings, run)
    if tests is not None:
        from vitrina.doctor.battery_screen import lines_of

        screen = console()
        for line in lines_of(tests):
            screen.print(line)
        screen.print()


def _battery(run: Path) -> list[dict[str, object]]:
    from vitrina.doctor.battery import battery

    return battery(run)


def show(findings: Findings, run: str) -> None:
    """On the terminal, with what to type next."""
    screen = console()
    screen.print()
    screen.print(marked("[bold]{run}[/]", run=run))
    screen.print()
    screen.print(findings)
    screen.print()
    if not findings.healthy:
        screen.print(marked("Try the remedies: [cyan]vitrina doctor {run} --heal[/]", run=run))
        screen.print()


def healed(run: Path, out: str | None, json: bool) -> Healing:
    """Repairs a run into a new one, and tells."""
    from vitrina.commands.train import new_run
    from vitrina.doctor import heal as mend

    with new_run(out) as place:
        result = mend(run, out=place, progress=False if json else None)
        kept = str(place) if result.model is not None else None
    if json:
        print_json({"run": str(run), "healed": kept, **result.to_json()})
        return result
    from vitrina.doctor.heal_screen import lines_of

    screen = console()
    screen.print()
    for line in lines_of(result):
        screen.print(line)
    if kept:
        screen.print()
        screen.print(marked("Kept in [bold]{run}[/].", run=kept))
    screen.print()
    return result

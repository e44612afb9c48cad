"""The command line of the benchmark."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks import harness, report, startup
from benchmarks.contestants import CONTESTANTS, LEADING
from benchmarks.deep import DEEP
from benchmarks.workloads import WORKLOADS

QUICK_ROUNDS, QUICK_SECONDS = 2, 0.3
ALL = WORKLOADS | DEEP


def main(arguments: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)  # before an hour of work, not after it
    rounds = options.rounds or (QUICK_ROUNDS if options.quick else 5)
    seconds = options.seconds or (QUICK_SECONDS if options.quick else 2.0)
    console, progress = Console(), Console(stderr=True)
    if not console.is_terminal:
        console = Console(width=160)  # in a file or a pipe nothing need be squeezed

    def say(text: str) -> None:
        progress.print(text, style="dim", markup=False, highlight=False)

    workloads = [ALL[name] for name in options.workload or ALL]
    contestants = [CONTESTANTS[name] for name in options.contestant or (LEADING if options.leading else CONTESTANTS)]
    session = harness.measure(workloads, contestants, rounds, seconds, say)
    started = startup.measure(options.startup_rounds, say).table() if options.startup_rounds else None
    for key, value in session.machine.items():
        console.print(f"{key}: {value}", style="dim", markup=False, highlight=False)
    for table in [*report.tables(session), *([started] if started else [])]:
        if table.rows:
            console.print(table.rich())
    console.print(report.notes(session).replace("*", ""), style="dim", markup=False, highlight=False)
    if options.out:
        text = report.markdown(session, started.markdown() if started else "")
        options.out.write_text(text, encoding="utf-8")
        raw = options.out.with_suffix(".json")
        raw.write_text(json.dumps(session.to_json(), indent=1) + "\n", encoding="utf-8")
        say(f"written: {options.out}, {raw}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Time per training step and memory of Vitrina's engines beside their peers.",
    )
    add = parser.add_argument
    add("--workload", nargs="+", choices=ALL, metavar="NAME", help=f"of {', '.join(ALL)} (all)")
    add("--contestant", nargs="+", choices=CONTESTANTS, metavar="NAME", help=f"of {', '.join(CONTESTANTS)} (all)")
    add("--leading", action="store_true", help="only Vitrina and the peers that are the fastest of some network")
    add("--rounds", type=int, help=f"turns each contestant gets (5; quick: {QUICK_ROUNDS})")
    add("--seconds", type=float, help=f"about how long a turn is (2; quick: {QUICK_SECONDS})")
    add("--startup-rounds", type=int, default=0, help="also time commands from cold processes, so many times (0: not)")
    add("--quick", action="store_true", help="few short rounds: to see that all work, not to be quoted")
    add("--out", type=Path, help="write the tables here as Markdown, and the raw numbers beside it as JSON")
    return parser


if __name__ == "__main__":
    main()

"""How long until something happens: import, help, and a whole training from a cold process.

`python -m benchmarks.startup` runs each in fresh processes, by turns with a bare interpreter and with NumPy alone.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

from rich.console import Console

from benchmarks.report import Table

BARE = "python -c pass"
NUMPY = "python -c 'import numpy'"
IMPORT = "import vitrina"
TRAIN = "vitrina train breast-cancer"
FRAMEWORKS = ("jax", "torch", "tensorflow", "keras")
FRAMEWORKS_LOADED = f"import sys, vitrina; print(*sorted({set(FRAMEWORKS)} & set(sys.modules)))"


@dataclass(frozen=True)
class Command:
    """What is run, and the seconds it may take; `above_bare` counts only what a bare interpreter does not need."""

    name: str
    arguments: Callable[[Path], list[str]]  # given an empty folder of its own
    target: float | None = None
    above_bare: bool = False


def _vitrina(*words: str) -> list[str]:
    script = Path(sys.executable).with_name("vitrina")
    return [str(script), *words] if script.exists() else [sys.executable, "-m", "vitrina", *words]


COMMANDS = (
    Command(BARE, lambda _: [sys.executable, "-c", "pass"]),
    Command(NUMPY, lambda _: [sys.executable, "-c", "import numpy"]),
    Command(IMPORT, lambda _: [sys.executable, "-c", "import vitrina"], 0.15, above_bare=True),
    Command("vitrina --help", lambda _: _vitrina("--help"), 0.4),
    Command(
        "vitrina train breast-cancer",
        lambda empty: _vitrina("train", "breast-cancer", "--out", str(empty / "run")),
        4.0,
    ),
)


@dataclass(frozen=True)
class StartUp:
    """Wall seconds of each command, one per round; `failures` has the last line a command wrote before it failed."""

    seconds: dict[str, list[float]]
    failures: dict[str, str]
    frameworks: str | None  # what `import vitrina` drags in; "" is as it should be, None is unknown

    def table(self) -> Table:
        columns = ("command", "median s", "range", "above bare Python", "to reach", "")
        return Table("From a cold process", columns, [self._row(command) for command in COMMANDS])

    def _row(self, command: Command) -> tuple[str, ...]:
        target = "" if command.target is None else f"< {command.target:g} s"
        target += " above bare Python" if command.above_bare else ""
        if command.name in self.failures:
            return (command.name, "-", self.failures[command.name], "-", target, "not measured" if target else "")
        wall = self.seconds[command.name]
        above = median(wall) - median(self.seconds[BARE])
        counts = above if command.above_bare else median(wall)
        words = "" if command.target is None else "reached" if counts < command.target else "**not reached**"
        if command.name == IMPORT and self.frameworks:
            words = f"**not reached**: loads {self.frameworks}"
        return (
            command.name,
            f"{median(wall):.3f}",
            f"{min(wall):.3f} - {max(wall):.3f}",
            f"{above:.3f}",
            target,
            words,
        )


def measure(rounds: int, say: Callable[[str], None]) -> StartUp:
    seconds: dict[str, list[float]] = {command.name: [] for command in COMMANDS}
    failures: dict[str, str] = {}
    for number in range(rounds + 1):  # the first round fills the disk's cache and Python's, and does not count
        say(f"start-up: round {number} of {rounds}")
        for command in COMMANDS:
            if command.name in failures:
                continue
            took, failure = _time(command)
            if failure:
                failures[command.name] = failure
            elif number:
                seconds[command.name].append(took)
    return StartUp(seconds, failures, _frameworks())


def _time(command: Command) -> tuple[float, str]:
    folder = Path(tempfile.mkdtemp())
    try:
        began = perf_counter()
        done = subprocess.run(command.arguments(folder), capture_output=True, text=True, cwd=folder, check=False)
        took = perf_counter() - began
        last = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        return took, last[0][:120] if done.returncode else ""
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _frameworks() -> str | None:
    done = subprocess.run([sys.executable, "-c", FRAMEWORKS_LOADED], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.startup", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="how often each command runs (7)")
    parser.add_argument("--out", type=Path, help="write the table here, as Markdown")
    options = parser.parse_args()
    console, progress = Console(), Console(stderr=True)
    if not console.is_terminal:
        console = Console(width=160)
    table = measure(options.rounds, lambda text: progress.print(f"[dim]{text}[/dim]")).table()
    console.print(table.rich())
    if options.out:
        options.out.write_text(table.markdown(), encoding="utf-8")


if __name__ == "__main__":
    main()

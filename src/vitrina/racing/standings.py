"""How a race ended: a line for each contestant, who finishes first, and from how many steps on."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from html import escape
from typing import Any

from vitrina.locale import say

BAR = 18  # characters


@dataclass(frozen=True)
class Standing:
    """One contestant. Seconds, seconds a step, share of the machine's peak in matrix products, bytes.

    start: importing the framework and compiling; `problem` says why it could not take part, and then nothing is measured.
    """

    engine: str
    import_seconds: float = 0.0
    compile_seconds: float = 0.0
    step_seconds: float = 0.0
    peak_share: float = 0.0
    memory: int = 0
    problem: str | None = None

    @property
    def start(self) -> float:
        return self.import_seconds + self.compile_seconds

    def seconds(self, steps: int) -> float:
        """What a training of so many steps takes, the start included."""
        return self.start + steps * self.step_seconds


@dataclass(frozen=True)
class Race:
    """What `vt.race` returns: `standings` (the first to finish comes first), `best`, `crossover`; prints as a table.

    steps: of the training that was asked about; `for_steps` ranks for another number. missing: engines that are not
    installed, and how to install them.
    """

    standings: tuple[Standing, ...]
    steps: int
    batch_size: int
    missing: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def finishers(self) -> tuple[Standing, ...]:
        """Those that were measured, the first to finish first."""
        return tuple(one for one in self.standings if one.problem is None)

    @property
    def best(self) -> str | None:
        """The contestant that finishes this training first, such as "jax:scan"; None if none could take part."""
        return self.finishers[0].engine if self.finishers else None

    @property
    def crossover(self) -> list[tuple[int, str]]:
        """Who wins from how many steps on: [(1, "numpy"), (412, "jax:scan")]."""
        return crossover(self.finishers)

    def for_steps(self, steps: int) -> Race:
        """The same measurements, ranked for a training of so many steps."""
        return replace(self, standings=ranked(self.standings, steps), steps=steps)

    def to_json(self) -> dict[str, Any]:
        lines = [asdict(one) | {"seconds": one.seconds(self.steps)} for one in self.standings]
        return {
            "best": self.best,
            "steps": self.steps,
            "batch_size": self.batch_size,
            "standings": lines,
            "crossover": [{"from_steps": steps, "engine": engine} for steps, engine in self.crossover],
            "not_installed": self.missing,
        }

    def verdict(self) -> str:
        """The race in one sentence."""
        if not self.finishers:
            return say("no engine could run this network")
        edge = self.crossover
        if len(edge) == 1:
            return say("{engine} wins, however long the training is", engine=edge[0][1])
        words = [say("under {steps:,} steps {engine} wins", steps=edge[1][0], engine=edge[0][1])]
        for (_, engine), (until, _) in itertools.pairwise(edge[1:]):
            words.append(say("under {steps:,} {engine}", steps=until, engine=engine))
        return "; ".join([*words, say("beyond, {engine}", engine=edge[-1][1])])

    def __rich__(self) -> Any:
        from rich import box
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
        table.add_column("", min_width=1, no_wrap=True)
        table.add_column(say("engine"), no_wrap=True)
        for title in (say("start"), say("a step"), say("of peak"), say("memory")):
            table.add_column(title, justify="right", no_wrap=True)
        table.add_column(say("{steps:,} steps", steps=self.steps), justify="right", no_wrap=True)
        table.add_column("")  # the one that gives way where the screen is narrow
        slowest = max((one.seconds(self.steps) for one in self.finishers), default=1.0)
        for place, one in enumerate(self.finishers, 1):
            total = one.seconds(self.steps)
            style = "bold green" if place == 1 else ""
            table.add_row(
                Text("★" if place == 1 else str(place), "bold green" if place == 1 else "dim"),
                Text(one.engine, style or "bold"),
                duration(one.start),
                duration(one.step_seconds),
                f"{one.peak_share:.0%}",
                f"{one.memory / 2**20:,.0f} MB",
                Text(duration(total), style),
                _Bar(total / slowest, "green" if place == 1 else "cyan"),
            )
        absent = Table.grid(padding=(0, 2))
        absent.add_column(no_wrap=True)
        for one in self.standings:
            if one.problem is not None:
                absent.add_row(Text(one.engine, "dim"), Text(one.problem, "red"))
        for engine, install in self.missing.items():
            absent.add_row(Text(engine, "dim"), Text(f"{say('not installed')}: {install}", "cyan"))
        lines = [table] if self.finishers else []
        lines += [absent, ""] if absent.row_count else []
        return Group(*lines, Text(self.verdict(), "bold"))

    def __str__(self) -> str:
        from io import StringIO

        from rich.console import Console

        out = StringIO()
        Console(file=out, width=110, color_system=None).print(self)
        return out.getvalue()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        titles = (say("engine"), say("start"), say("a step"), say("of peak"), say("memory"), f"{self.steps:,}")
        lines: list[str] = []
        for one in self.standings:
            if one.problem is not None:
                lines.append(f"<tr><td>{one.engine}</td><td colspan=5>{escape(one.problem)}</td></tr>")
                continue
            cells = (one.engine, duration(one.start), duration(one.step_seconds), f"{one.peak_share:.0%}")
            cells = (*cells, f"{one.memory / 2**20:,.0f} MB", duration(one.seconds(self.steps)))
            lines.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
        for engine, install in self.missing.items():
            lines.append(f"<tr><td>{engine}</td><td colspan=5><code>{escape(install)}</code></td></tr>")
        head = "".join(f"<th>{title}</th>" for title in titles)
        return f"<table><tr>{head}</tr>{''.join(lines)}</table><p>{escape(self.verdict())}</p>"


class _Bar:
    """A share of the longest bar, which is as long as the screen allows."""

    def __init__(self, share: float, style: str) -> None:
        self.share, self.style = share, style

    def __rich_measure__(self, console: Any, options: Any) -> Any:
        from rich.measure import Measurement

        return Measurement(3, BAR)

    def __rich_console__(self, console: Any, options: Any) -> Any:
        from rich.text import Text

        length = min(BAR, options.max_width)
        yield Text("█" * max(1, round(length * self.share)), self.style)


def ranked(standings: Sequence[Standing], steps: int) -> tuple[Standing, ...]:
    """The first to finish so many steps first; those with a problem last."""
    return tuple(sorted(standings, key=lambda one: (one.problem is not None, one.seconds(steps))))


def crossover(standings: Sequence[Standing]) -> list[tuple[int, str]]:
    """Who finishes first from how many steps on: the lower edge of the lines start + steps · step."""
    if not standings:
        return []
    steps = 1
    leader = min(standings, key=lambda one: (one.seconds(steps), one.step_seconds))
    edge = [(steps, leader.engine)]
    while True:  # the next leader is the one whose line meets the leader's first, among those that rise more slowly
        meetings = [
            ((one.start - leader.start) / (leader.step_seconds - one.step_seconds), one.step_seconds, one)
            for one in standings
            if one.step_seconds < leader.step_seconds
        ]
        if not meetings:
            return edge
        meeting, _, leader = min(meetings, key=lambda found: found[:2])
        steps = max(steps + 1, int(meeting) + 1)
        edge.append((steps, leader.engine))


def duration(seconds: float) -> str:
    """Three digits and a unit a person would choose: 17.1 µs, 1.42 ms, 3.5 s, 2.2 min, 3.1 h.

    >>> [duration(value) for value in (17.1e-6, 1.42e-3, 0.25, 3.5, 75.0, 131.0, 11_200.0)]
    ['17.1 µs', '1.42 ms', '250 ms', '3.5 s', '75 s', '2.2 min', '3.1 h']
    """
    if seconds < 1e-3:
        return f"{seconds * 1e6:.3g} µs"
    if seconds < 1.0:
        return f"{seconds * 1e3:.3g} ms"
    for limit, unit, size in ((100.0, "s", 1.0), (6000.0, "min", 60.0), (float("inf"), "h", 3600.0)):
        if seconds < limit:
            number = seconds / size
            return f"{number:.2g} {unit}" if number < 10.0 else f"{number:,.0f} {unit}"
    return "∞"

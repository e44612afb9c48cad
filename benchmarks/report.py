"""What was measured, as tables: in the terminal (Rich) and as Markdown, from one description."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan, log
from statistics import median

import rich.table

from benchmarks.deep import DEEP
from benchmarks.harness import Measurement, Session
from benchmarks.machine import SIDE
from benchmarks.targets import (
    AUTO_AND_PEERS,
    ENGINE_DUELS,
    MEAN_TARGET,
    MEMORY_DUELS,
    OURS,
    Verdict,
    best_of_ours,
    judge,
    judge_memory,
    mean_ratio,
)
from benchmarks.workloads import WORKLOADS

# How far a contestant's loss may be from the median of all before its row says "differs", as a share of what guessing
# costs (log of the classes): rows come in another order to each, which shows most where the loss falls steeply. That
# the arithmetic is the same to rounding is what tests/benchmarks proves, with one batch and so no order.
LOSS_MARGIN = 0.1

ALL = WORKLOADS | DEEP

PREAMBLE = """# Speed and memory

Written by `make bench` (`python -m benchmarks --out benchmarks/SPEED.md`), which writes all of it anew; the raw numbers stand
beside it as JSON. What has been found out besides is in [RESULTS](RESULTS.md).

Every contestant learns the same network on the same made-up rows from the same weights: Adam, float32, relu, softmax
cross-entropy, rows in a new order every epoch. Each has a fresh process of its own, compiles and warms up before
anything counts, and then they take turns, {rounds} rounds of about {seconds:g} s; a time is the median of its rounds.
"""
NOTES = """*µs/step*: one batch, forward, backward and update, everything an epoch costs included. *range*: fastest and
slowest round. *GFLOP/s*: matrix products and convolutions of the network (2 per multiply-add, backward twice the
forward less the first layer's slope by its input). *of peak*: share of this machine's best {side}³ float32 matrix
product in the same session, {peak:.0f} GFLOP/s ({peaks}). *compile s*: building, and what the first epoch took beyond
an ordinary one. *peak MB*: resident memory of the contestant's process, its framework included. *loss*: after the
same number of epochs from the same weights, computed by NumPy for all. `-128`: with `steps_per_execution=128`; Keras
on PyTorch refuses that. scikit-learn has one logistic output where the others have two logits, and no convolution.
*ratio*: their time per step ÷ ours, of the medians; of a whole training, imports, compiling and the race counted as well.
"""


@dataclass(frozen=True)
class Table:
    """A title, a heading and rows of text; the first `names` columns are words, the rest are numbers."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    names: int = 1

    def markdown(self) -> str:
        rule = [("---" if i < self.names else "---:") for i in range(len(self.columns))]
        lines = [" | ".join(cells) for cells in (self.columns, rule, *self.rows)]
        return "\n".join([f"## {self.title}", "", *(f"| {line} |" for line in lines), ""])

    def rich(self) -> rich.table.Table:
        table = rich.table.Table(title=self.title, title_justify="left")
        for i, column in enumerate(self.columns):
            table.add_column(column, justify="left" if i < self.names else "right")
        for row in self.rows:
            table.add_row(*(cell.replace("**", "") for cell in row))
        return table


def tables(session: Session) -> Iterator[Table]:
    """Ratios first, because they are what people came for; then every workload's contestants, fastest first."""
    workloads = list(dict.fromkeys(m.workload for m in session.measurements))
    columns = ("workload", "best here", "µs/step", "fastest high-level peer", "µs/step", "ratio", "to reach", "")
    rows = [_ratio_row(session, best_of_ours(session, name)) for name in workloads]
    yield Table("The best engine here against the fastest high-level peer", columns, rows, 2)
    columns = ("comparison", "workload", "ours", "µs/step", "theirs", "µs/step", "ratio", "to reach", "")
    took_part = {(m.workload, m.contestant) for m in session.measurements}
    rows = [
        (duel.title, *_ratio_row(session, judge(session, duel, name)))
        for duel in ENGINE_DUELS
        for name in workloads
        if any((name, contestant) in took_part for contestant in (*duel.ours, *duel.rivals))
    ]
    yield Table("Each engine against its framework's own usual loop", columns, [*rows, *_mean_row(session)], 3)
    yield _memory(session, workloads)
    for name in workloads:
        yield _contestants(session, name)


def _mean_row(session: Session) -> list[tuple[str, ...]]:
    mean = mean_ratio(session)
    if isnan(mean):
        return []
    words = "reached" if mean >= MEAN_TARGET else "**not reached**"
    title = f"{AUTO_AND_PEERS.title}: geometric mean"
    return [(title, "each network once", "", "", "", "", f"{mean:.2f}", f"≥ {MEAN_TARGET:.3g}", words)]


def _memory(session: Session, workloads: list[str]) -> Table:
    columns = ("comparison", "workload", "ours", "MB", "theirs", "MB", "ratio", "to reach", "")
    rows: list[tuple[str, ...]] = []
    for duel in MEMORY_DUELS:
        for name in workloads:
            verdict, measured = judge_memory(session, duel, name), session.of(name)
            if isnan(verdict.ratio):
                continue
            ours, rival = (f"{measured[one].peak_bytes / 1e6:.0f}" for one in (verdict.ours, verdict.rival))
            target = "" if verdict.target is None else f"≥ {verdict.target:.2f}"
            ratio = f"{verdict.ratio:.2f}"
            rows.append((duel.title, name, verdict.ours, ours, verdict.rival, rival, ratio, target, verdict.words))
    return Table("Peak memory: theirs ÷ ours", columns, rows, 3)


def _ratio_row(session: Session, verdict: Verdict) -> tuple[str, ...]:
    measured = session.of(verdict.workload)
    ours, rival = (_microseconds(measured[name].step) if name else "" for name in (verdict.ours, verdict.rival))
    ratio = "" if isnan(verdict.ratio) else f"{verdict.ratio:.2f}"
    target = "" if verdict.target is None else f"≥ {verdict.target:.3g}"
    return (verdict.workload, verdict.ours or "-", ours, verdict.rival or "-", rival, ratio, target, verdict.words)


def _contestants(session: Session, workload: str) -> Table:
    columns = ("contestant", "µs/step", "range", "GFLOP/s", "of peak", "import s", "compile s", "peak MB", "loss")
    everyone = [m for m in session.measurements if m.workload == workload]
    usual = median([m.loss for m in everyone if m.measured] or [float("nan")])
    rows = [_row(m, session.peak, usual) for m in sorted(everyone, key=lambda m: (not m.measured, m.step))]
    description = ALL[workload]
    return Table(f"{workload}: {description.title}; loss after {description.check_epochs} epochs", columns, rows)


def _row(m: Measurement, peak: float, usual_loss: float) -> tuple[str, ...]:
    name = f"**{m.contestant}**" if m.kind == OURS else m.contestant
    if not m.measured:
        return (name, "-", m.failure or "not measured", "-", "-", "-", "-", "-", "-")
    differs = "" if abs(m.loss - usual_loss) <= LOSS_MARGIN * log(ALL[m.workload].classes) else " **differs**"
    return (
        name,
        _microseconds(m.step),
        f"{_microseconds(min(m.seconds_per_step))} - {_microseconds(max(m.seconds_per_step))}",
        f"{m.flops_per_second / 1e9:.1f}",
        f"{m.flops_per_second / peak:.1%}",
        f"{m.import_seconds:.1f}",
        f"{m.compile_seconds:.1f}",
        f"{m.peak_bytes / 1e6:.0f}",
        f"{m.loss:.4f}{differs}",
    )


def _microseconds(seconds: float) -> str:
    return f"{seconds * 1e6:.1f}" if seconds < 1e-4 else f"{seconds * 1e6:.0f}"


def notes(session: Session) -> str:
    peaks = ", ".join(f"{library} {speed / 1e9:.0f}" for library, speed in session.peak_flops.items())
    return NOTES.format(side=SIDE, peak=session.peak / 1e9, peaks=peaks)


def markdown(session: Session, extra: str = "") -> str:
    """The whole page; `extra` (the start-up figures) comes after the ratios of speed."""
    header = "\n".join(f"- {key}: {value}" for key, value in session.machine.items())
    everything = "\n".join(table.markdown() for table in tables(session))
    preamble = PREAMBLE.format(rounds=session.rounds, seconds=session.seconds)
    return "\n".join([preamble, header, "", everything, notes(session), *([extra] if extra else [])])

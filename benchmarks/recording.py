"""What being looked at costs a training: without a recording, with one, and with the page open in a browser.

`python -m benchmarks.recording [--only wide image ...] [--engine NAME] [--rounds N] [--out FILE]`: networks of the benchmark whose
epochs take a tenth of a second and more, taught by `vitrina.train`. The three ways take turns in one process, in another order
each round; a time is that from the end of the first epoch (by then all is compiled) to the end of the last, and what is told
is the median over the rounds of a round's own ratios. Beside it, what the same took of the machine: the processor time that the
training, the page's server and the browser take more than the training alone, as a share of what all cores could give while that
runs, which neighbours disturb less; and the share of its own time for which a training waits for those who look on, which they
hardly change. What is done once, before the first step and after the last, is told in seconds. Writes a Markdown section, or
with `--only` its rows.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from time import perf_counter, process_time, sleep
from typing import Any

import psutil

from benchmarks import machine
from benchmarks.deep import DEEP, Deep
from benchmarks.ours import deep_network, network_of
from benchmarks.processor_time import seconds_of
from benchmarks.watching_time import watched
from benchmarks.workloads import WORKLOADS, Workload

WAYS = ("not recorded", "recorded", "page open")
TO_REACH = {"recorded": 5.0, "page open": 8.0}  # per cent
# rows and epochs: twenty seconds each, of which a look and a page that draws a new moment are no large part
TRAININGS = {
    "wide": (65536, 52),
    "image": (32768, 60),
    "cnn": (1024, 44),
    "resnet": (512, 16),
    "gru": (2048, 80),
    "transformer": (1024, 26),
}
ROUNDS = 3
SETTLED = 5.0  # seconds until a browser that is opened has drawn the page
BROWSER = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--window-size=1400,900"]


@dataclass(frozen=True)
class Took:
    """Seconds of one training, of all epochs but the first and of the whole call, and how often it was looked at.

    busy: processor time within the first of these, of the training, the page's server and the browser; waited: seconds of it that the
    training spent with those who look on.
    """

    learning: float
    whole: float
    looks: int
    busy: tuple[float, float, float]
    waited: float


def main() -> None:
    parser = argparse.ArgumentParser(description="What being recorded and looked at costs a training.")
    parser.add_argument("--only", nargs="+", choices=TRAININGS, help="these networks' rows, without the heading")
    parser.add_argument("--engine", default="auto", help="auto, the default, is decided once for each network")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--out", type=Path, help="a file to write to")
    given = parser.parse_args()
    rows = [row(name, given.engine, given.rounds) for name in given.only or TRAININGS]
    text = "\n".join([*([] if given.only else heading()), *rows, ""])
    print(text)
    if given.out:
        given.out.write_text(text, "utf-8")


def heading() -> list[str]:
    """What stands above the rows."""
    return [
        "## What being looked at costs",
        "",
        f"Written by `python -m benchmarks.recording` on {machine.describe()['date']}: medians of each round's ratio, and their range.",
        "",
        "| network | epoch s | epochs | rounds | looks | recorded | page open | of the machine: recorded | page open |"
        " of it server + browser | a training waits | before and after, s |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]


def row(name: str, engine: str, rounds: int) -> str:
    """One network's: how much longer it learns when it is recorded, and when it is looked at."""
    taught = Taught(name, engine)
    taught.train(WAYS[0])  # compiles what the process keeps, imports, and decides for an engine
    times: dict[str, list[Took]] = {way: [] for way in WAYS}
    for number in range(rounds):
        turn = number % len(WAYS)
        for way in (*WAYS[turn:], *WAYS[:turn]):
            times[way].append(taught.train(way))
            took = times[way][-1]
            busy = " + ".join(f"{part:.2f}" for part in took.busy)
            print(
                f"{name}, round {number + 1} of {rounds}, {way}: {took.learning:.2f} s, {busy} of processors, {took.looks} looks",
                file=sys.stderr,
            )
    plain = times[WAYS[0]]
    shares: list[str] = []
    for share in (_longer, _of_the_machine):
        for way, most in TO_REACH.items():
            more = [share(one, base) for one, base in zip(times[way], plain, strict=True)]
            verdict = "reached" if median(more) <= most else "missed"
            shares.append(f"{median(more):+.1f} % ({min(more):+.1f} - {max(more):+.1f}), {verdict}")
    parts = [median(_whole(one, one.busy[part]) for one in times["page open"]) for part in (1, 2)]
    shares.append(" + ".join(f"{part:.1f} %" for part in parts))
    shares.append(f"{median(100 * one.waited / one.learning for one in times['recorded']):.1f} %")
    epoch = median(one.learning for one in plain) / (taught.epochs - 1)
    looks = round(median(one.looks for one in times["recorded"]))
    once = median(
        one.whole - one.learning - base.whole + base.learning
        for one, base in zip(times["recorded"], plain, strict=True)
    )
    told = [f"{name}, {taught.engine}", f"{epoch:.2f}", taught.epochs, rounds, looks, *shares, f"{once:+.2f}"]
    return f"| {' | '.join(map(str, told))} |"


def _longer(one: Took, base: Took) -> float:
    """By how many per cent."""
    return 100 * (one.learning / base.learning - 1)


def _of_the_machine(one: Took, base: Took) -> float:
    """What it took more, in per cent of all that the machine could give meanwhile."""
    return _whole(base, sum(one.busy) - sum(base.busy))


def _whole(during: Took, seconds: float) -> float:
    return 100 * seconds / (during.learning * (psutil.cpu_count() or 1))


class Taught:
    """A network of the benchmark and its rows."""

    def __init__(self, name: str, engine: str) -> None:
        rows, self.epochs = TRAININGS[name]
        self.engine = engine
        self.workload: Workload | Deep = replace(WORKLOADS.get(name) or DEEP[name], rows=rows)
        self.data = self.workload.data()

    def train(self, way: str) -> Took:
        """One training, in a run of its own."""
        import vitrina as vt

        workload = self.workload
        network = deep_network(workload) if isinstance(workload, Deep) else network_of(workload)
        with tempfile.TemporaryDirectory() as folder, watched() as waited:
            run = Path(folder) / "run"
            page = _page(run) if way == WAYS[2] else None
            clock = _clock(page.processes if page else lambda: (), waited)
            began = perf_counter()
            vt.train(
                self.data, network=network, engine=self.engine, epochs=self.epochs, batch_size=self.workload.batch,
                learning_rate=1e-3, out=run, record=way != WAYS[0], callbacks=[*([page] if page else []), clock],
                progress=False, checkpoint_every=1e9,
            )  # fmt: skip
            self.engine = clock.engine
            whole = perf_counter() - began
            if page:
                page.close()
            looks = len(vt.Recording(run).looks) if way != WAYS[0] else 0
        return Took(clock.ended - clock.began, whole, looks, clock.busy, clock.waited)


def _clock(others: Callable[[], tuple[int, ...]], waited: Callable[[], float]) -> Any:
    import vitrina as vt

    class Clock(vt.Callback):
        began = ended = waited = 0.0
        before: tuple[float, ...] = ()
        engine = ""

        def epoch_done(self, learner: Any, row: Any) -> None:
            if learner.epoch == 1:
                self.engine = f"{learner.engine.name}:{learner.engine.variant}"
                self.before, self.waited = self.busy_until_now(), -waited()
                self.began = perf_counter()
            if learner.epoch == learner.plan.epochs:
                self.ended = perf_counter()
                self.waited += waited()
                after = self.busy_until_now()
                self.busy = tuple(late - early for late, early in zip(after, self.before, strict=True))

        def busy_until_now(self) -> tuple[float, float, float]:
            server, browser = (*map(seconds_of, others()), 0.0, 0.0)[:2]
            return process_time(), server, browser

    return Clock()


def _page(run: Path) -> Any:
    """Opens the page in Chromium when the training starts, and waits until it is there."""
    import vitrina as vt

    class Page(vt.Callback):
        def training_starts(self, learner: Any) -> None:
            command = [sys.executable, "-m", "vitrina.cli", "watch", str(run), "--json"]
            self.server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            assert self.server.stdout
            address = json.loads(self.server.stdout.readline())["address"]
            self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
            flags = [*BROWSER, f"--user-data-dir={self.profile.name}", "--remote-debugging-port=0"]
            browser = shutil.which("chromium") or "chromium"
            self.browser = subprocess.Popen([browser, *flags, address], stderr=subprocess.DEVNULL)
            sleep(SETTLED)

        def processes(self) -> tuple[int, ...]:
            return self.server.pid, self.browser.pid

        def close(self) -> None:
            for process in (self.browser, self.server):
                process.terminate()
                process.wait()

    return Page()


if __name__ == "__main__":
    main()

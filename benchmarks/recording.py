"""What being looked at costs a training: without a recording, with one, and with the page open in a browser.

`python -m benchmarks.recording [--only wide image ...] [--engine NAME] [--rounds N] [--out FILE]`: networks of the benchmark whose
epochs take a tenth of a second and more, taught by `vitrina.train`. The three ways take turns within one training, some seconds of
whole epochs each, in another order each round: neighbours on a shared machine make the same training take a fifth longer for a
minute, which is longer than a round. See `turns` for how. Told is the median over the rounds of a round's own ratios, between
their quartiles. Beside it, what the same took of the machine: the processor time that the training, the page's server and the
browser take more than the training alone, as a share of what all cores could give while that runs; the share of its own time for
which a training waits for those who look on; and in seconds what these do once, before the first step and after the last. Writes a
Markdown section, or with `--only` its rows.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median, quantiles
from time import sleep
from typing import Any

import psutil

import vitrina as vt
from benchmarks import machine
from benchmarks.deep import DEEP, Deep
from benchmarks.ours import deep_network, network_of
from benchmarks.turns import WAYS, Spell, Turns
from benchmarks.workloads import WORKLOADS, Workload

TO_REACH = {"recorded": 5.0, "page open": 8.0}  # per cent
ROWS = {"wide": 65536, "image": 32768, "cnn": 1024, "resnet": 512, "gru": 2048, "transformer": 1024}
ROUNDS = 15
SETTLED = 5.0  # seconds until a browser that is opened has drawn the page
BROWSER = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--window-size=1400,900"]
HEADINGS = (
    "network", "epoch s", "rounds", "looks", "recorded", "page open", "of the machine: recorded", "page open", "of it server + browser",
    "a training waits", "before and after, s",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description="What being recorded and looked at costs a training.")
    parser.add_argument("--only", nargs="+", choices=ROWS, help="these networks' rows, without the heading")
    parser.add_argument("--engine", default="auto", help="auto, the default, is decided once for each network")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--out", type=Path, help="a file to write to")
    given = parser.parse_args()
    rows = [row(name, given.engine, given.rounds) for name in given.only or ROWS]
    text = "\n".join([*([] if given.only else heading()), *rows, ""])
    print(text)
    if given.out:
        given.out.write_text(text, "utf-8")


def heading() -> list[str]:
    """What stands above the rows."""
    return [
        "## What being looked at costs",
        "",
        f"Written by `python -m benchmarks.recording` on {machine.describe()['date']}: medians of the rounds' ratios, and quartiles.",
        "",
        f"| {' | '.join(HEADINGS)} |",
        f"| --- |{' ---: |' * (len(HEADINGS) - 1)}",
    ]


def row(name: str, engine: str, rounds: int) -> str:
    """One network's: how much longer it learns when it is recorded, and when it is looked at."""
    turns = taught(name, engine, rounds)
    done = turns.rounds()
    shares: list[str] = []
    for share in (longer, of_the_machine):
        for way, most in TO_REACH.items():
            shares.append(_told([share(one[way], one[WAYS[0]]) for one in done], most))
    open_ones = [one["page open"] for one in done]
    parts = [median(_whole(one, one.busy[part]) for one in open_ones) for part in (1, 2)]
    waits = median(100 * one["recorded"].waited / one["recorded"].seconds for one in done)
    epoch = median(one[WAYS[0]].epoch for one in done)
    told = [
        f"{name}, {turns.engine}", f"{epoch:.2f}", len(done), turns.looks, *shares, " + ".join(f"{part:.1f} %" for part in parts),
        f"{waits:.1f} %", f"{turns.once:.2f}",
    ]  # fmt: skip
    return f"| {' | '.join(map(str, told))} |"


def longer(one: Spell, base: Spell) -> float:
    """By how many per cent an epoch is."""
    return 100 * (one.epoch / base.epoch - 1)


def of_the_machine(one: Spell, base: Spell) -> float:
    """What an epoch took more of the processors, in per cent of all that the machine could give meanwhile."""
    return _whole(base, sum(one.busy) * base.epochs / one.epochs - sum(base.busy))


def _whole(during: Spell, seconds: float) -> float:
    return 100 * seconds / (during.seconds * (psutil.cpu_count() or 1))


def _told(shares: Sequence[float], most: float) -> str:
    low, middle, high = quantiles(shares, n=4) if len(shares) > 1 else shares * 3
    return f"{middle:+.1f} % ({low:+.1f} - {high:+.1f}), {'reached' if middle <= most else 'missed'}"


def taught(name: str, engine: str, rounds: int) -> Turns:
    """One network of the benchmark, taught for as many epochs as the rounds take."""
    workload: Workload | Deep = replace(WORKLOADS.get(name) or DEEP[name], rows=ROWS[name])
    network = deep_network(workload) if isinstance(workload, Deep) else network_of(workload)
    data = workload.data()

    def train(turns: Turns, run: Path, page: Page | None) -> None:
        vt.train(
            data, network=network, engine=turns.engine, epochs=turns.epochs, batch_size=workload.batch, learning_rate=1e-3, out=run,
            callbacks=[*([page] if page else []), turns], progress=False, checkpoint_every=1e9,
        )  # fmt: skip

    with tempfile.TemporaryDirectory() as folder:
        # decides for an engine, compiles what the process keeps, and tells how long an epoch takes
        trial = Turns(engine, rounds, most=len(WAYS))
        with trial.watched():
            train(trial, Path(folder) / "trial", None)
        page = Page(Path(folder) / "run")
        turns = Turns(trial.engine, rounds, epoch=median(spell.epoch for spell in trial.spells), others=page.processes)
        try:
            with turns.watched():
                train(turns, page.run, page)
        finally:
            page.close()
        turns.looks = len(vt.Recording(page.run).looks)
    return turns


class Page(vt.Callback):
    """Opens the page in Chromium when the training starts, and waits until it is there."""

    def __init__(self, run: Path) -> None:
        self.run = run
        self._started: list[subprocess.Popen[str]] = []

    def training_starts(self, learner: Any) -> None:
        command = [sys.executable, "-m", "vitrina.cli", "watch", str(self.run), "--json"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self._started.append(server)
        assert server.stdout
        address = json.loads(server.stdout.readline())["address"]
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        flags = [*BROWSER, f"--user-data-dir={self._profile.name}", "--remote-debugging-port=0"]
        browser = shutil.which("chromium") or "chromium"
        self._started.append(subprocess.Popen([browser, *flags, address], stderr=subprocess.DEVNULL, text=True))
        sleep(SETTLED)

    def processes(self) -> tuple[int, ...]:
        """The server's and the browser's."""
        return tuple(process.pid for process in self._started)

    def close(self) -> None:
        for process in reversed(self._started):
            process.send_signal(signal.SIGCONT)  # one that is stopped would not end
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()

"""What being looked at costs a training: without a recording, with one, and with the page open in a browser.

`python -m benchmarks.recording [--out FILE]`: networks of the benchmark with epochs of a tenth of a second and more, taught by
`vitrina.train`. The three ways take turns, each in a process of its own; a time is the median of the rounds of the seconds from
the end of the first epoch (by then all is compiled) to the end of the training. Writes a Markdown section.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from typing import Any

from benchmarks import machine
from benchmarks.ours import network_of
from benchmarks.workloads import WORKLOADS

WAYS = ("not recorded", "recorded", "recorded, page open")
TRAININGS = {
    "wide": (65536, 40, "jax"),
    "image": (32768, 30, "jax"),
    "cnn": (1024, 20, "tensorflow"),
}  # rows, epochs, engine
ROUNDS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description="What being recorded and looked at costs a training.")
    parser.add_argument("--out", type=Path, help="a file to write the section to")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    seconds: dict[tuple[str, str], list[float]] = {}
    looks: dict[str, int] = {}
    for number in range(given.rounds):
        for name in TRAININGS:
            for way in WAYS:
                print(f"round {number + 1} of {given.rounds}: {name}, {way}", file=sys.stderr)
                told = _in_a_process(name, way)
                seconds.setdefault((name, way), []).append(told["seconds"])
                looks[name] = told["looks"] or looks.get(name, 0)
    text = section(seconds, looks)
    print(text)
    if given.out:
        given.out.write_text(text, "utf-8")


def section(seconds: dict[tuple[str, str], list[float]], looks: dict[str, int]) -> str:
    """The Markdown: seconds of each way, and by how much more than not being looked at."""
    lines = [
        "## What being looked at costs",
        "",
        f"Written by `python -m benchmarks.recording` on {machine.describe()['date']}.",
        "",
    ]
    lines += [
        "| network | epochs | looks | not recorded s | recorded | page open |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, (_, epochs, engine) in TRAININGS.items():
        plain, recorded, opened = (median(seconds[name, way]) for way in WAYS)
        shares = [f"{100 * (time / plain - 1):+.1f} %" for time in (recorded, opened)]
        lines.append(f"| {name}, {engine} | {epochs} | {looks[name]} | {plain:.2f} | {' | '.join(shares)} |")
    return "\n".join([*lines, ""])


def _in_a_process(name: str, way: str) -> dict[str, Any]:
    command = [sys.executable, "-c", f"from benchmarks.recording import teach; teach({name!r}, {way!r})"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def teach(name: str, way: str) -> None:
    """One training, and what it took, as a line of JSON."""
    import vitrina as vt

    rows, epochs, engine = TRAININGS[name]
    workload = replace(WORKLOADS[name], rows=rows)
    clock = _clock()
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        page = _page(run) if way == WAYS[2] else None
        callbacks = [*([page] if page else []), clock]
        vt.train(
            workload.data(), network=network_of(workload), engine=engine, epochs=epochs, batch_size=workload.batch,
            learning_rate=1e-3, out=run, record=way != WAYS[0], callbacks=callbacks, progress=False, checkpoint_every=1e9,
        )  # fmt: skip
        if page:
            page.close()
        looks = len(vt.Recording(run).looks) if way != WAYS[0] else 0
    print(json.dumps({"seconds": clock.ended - clock.began, "looks": looks}))


def _clock() -> Any:
    import vitrina as vt

    class Clock(vt.Callback):
        began = ended = 0.0

        def epoch_done(self, learner: Any, row: Any) -> None:
            if row["epoch"] == 1:
                self.began = perf_counter()

        def training_ends(self, learner: Any) -> None:
            self.ended = perf_counter()

    return Clock()


def _page(run: Path) -> Any:
    """Opens the page in Chromium when the training starts, and waits until it is there."""
    import shutil

    import vitrina as vt

    class Page(vt.Callback):
        def training_starts(self, learner: Any) -> None:
            command = [sys.executable, "-m", "vitrina.cli", "watch", str(run), "--json"]
            self.server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            assert self.server.stdout
            address = json.loads(self.server.stdout.readline())["address"]
            browser = shutil.which("chromium") or "chromium"
            flags = [
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--window-size=1400,900",
            ]
            self.profile = tempfile.TemporaryDirectory()
            flags += [f"--user-data-dir={self.profile.name}", "--remote-debugging-port=0"]
            self.browser = subprocess.Popen([browser, *flags, address], stderr=subprocess.DEVNULL)
            sleep(4)

        def close(self) -> None:
            for process in (self.browser, self.server):
                process.terminate()
                process.wait()

    return Page()


if __name__ == "__main__":
    main()

"""How quick the page is in Chromium: frames a second on a network of a million weights, and seconds to open a recording of an hour.

`python -m benchmarks.page [--out FILE]` makes both runs itself: the network is taught for a moment; the recording is as large as the
recorder lets it grow, with the batches' errors as often as it writes them. Frames are those that the browser draws while
the stages' wave passes, and while the slider plays. Opening is from the start of `vitrina watch` until all of the page is there.
Needs Chromium and Playwright's Python package. Writes a Markdown section.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import psutil

import vitrina as vt
from benchmarks import machine
from vitrina.glass import schedule
from vitrina.glass.looks_file import LooksReader, LooksWriter
from vitrina.glass.recorder import ERRORS_EVERY, ERRORS_SHARE, MOST_BYTES
from vitrina.glass.schedule import GROWTH

FRAMES, SECONDS = 30.0, 2.0  # to be reached
HOUR, STEPS_PER_SECOND, EPOCHS = 3600.0, 2000, 2000
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
ROUNDS = 5

# Counts the frames that are drawn until `work` is done, a second at least.
COUNT = """async (work) => {
  let frames = 0, on = true;
  const began = performance.now();
  const tick = () => { if (on) { frames += 1; requestAnimationFrame(tick); } };
  requestAnimationFrame(tick);
  await (0, eval)(work)();
  on = false;
  return 1000 * frames / (performance.now() - began);
}"""
WAVE = """async () => {
  for (const stage of ["backward", "forward", "update", "error"]) {
    document.querySelector(`[data-stage=${stage}]`).click();
    await new Promise((done) => setTimeout(done, 950));
  }
}"""
PLAY = """async () => {
  const slider = document.querySelector("#time input[type=range]");
  slider.value = 0;
  slider.dispatchEvent(new Event("input"));
  document.querySelector("#play").click();
  await new Promise((done) => setTimeout(done, 4000));
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description="How quick the page is.")
    parser.add_argument("--out", type=Path, help="a file to write the section to")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print("making the runs", file=sys.stderr)
        large, kept, hour = (Path(folder) / name for name in ("large", "kept", "hour"))
        weights = {run: teach(run, width) for run, width in ((large, 900), (kept, 380))}
        size = an_hour(hour)
        frames = {
            run: _in_browser(lambda browser, run=run: frames_of(browser, run, given.rounds)) for run in (large, kept)
        }
        opened = _in_browser(lambda browser: [seconds_to_open(browser, hour) for _ in range(1 + given.rounds)][1:])
    text = section({weights[run]: frames[run] for run in (large, kept)}, opened, size)
    print(text)
    if given.out:
        given.out.write_text(text, "utf-8")


def teach(run: Path, width: int) -> int:
    """A short training of two hidden layers of that width, with many looks; returns how many weights it has."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(640, 100)).astype(np.float32)
    y = (x[:, :10] ** 2).argmax(axis=1)
    network = vt.Network(vt.Input((100,)), vt.Dense(width, "relu"), vt.Dense(width, "tanh"), vt.Dense(10))
    usual, schedule.SHARE = schedule.SHARE, 1e9  # looks may take their time here
    try:
        vt.train(
            (x[:512], y[:512]), network=network, validation=(x[512:], y[512:]), epochs=4, engine="numpy", batch_size=32,
            learning_rate=1e-3, out=run, progress=False,
        )  # fmt: skip
    finally:
        schedule.SHARE = usual
    return network.parameters


def an_hour(run: Path) -> int:
    """A run whose recording is an hour long: looks as the recorder takes them, errors as it writes them. Returns its bytes."""
    teach(run, 320)
    path = run / "recording" / "1.arrows"
    records = list(LooksReader(path).more())
    given, looks = records[0], [look for look in records if "|step|rate" in look]
    steps = _steps_looked_at(int(HOUR * STEPS_PER_SECOND))
    most = int(0.95 * MOST_BYTES / sum(array.nbytes for array in looks[-1].values()))
    steps = steps[:: -(-len(steps) // most)]  # where it would grow too large, every second look is let go
    writer = LooksWriter(path.with_suffix(".new"))
    writer.write(0, 0.0, given)
    rng, now, first, epoch = np.random.default_rng(1), 0.0, 0, 0
    while now < HOUR:
        now += max(ERRORS_EVERY, ERRORS_SHARE * now)
        while steps and steps[0] <= first:
            step = steps.pop(0)
            writer.write(step, step / STEPS_PER_SECOND, looks[step % len(looks)])
        count = int(now * STEPS_PER_SECOND) - first
        errors = (2.0 / (1.0 + first / 1e5) + 0.1 * rng.random(count)).astype(np.float32)
        writer.write(first, now, {"|batches|error": errors})
        first += count
        while epoch < EPOCHS * now / HOUR:
            epoch += 1
            row = {"epoch": epoch, "error": errors.mean(), "validation_error": errors[0], "seconds": HOUR / EPOCHS}
            values = {f"|epoch|{name}": np.array([value], np.float32) for name, value in row.items()}
            writer.write(first, now, values)
    writer.close()
    path.with_suffix(".new").replace(path)
    return path.stat().st_size


def _steps_looked_at(last: int) -> list[int]:
    found = [0]
    while found[-1] < last:
        found.append(max(found[-1] + 1, int(found[-1] * GROWTH)))
    return found


def frames_of(browser: Any, run: Path, rounds: int) -> dict[str, list[float]]:
    """Frames a second while the wave passes, and while the slider plays."""
    with _Watched(run) as watched:
        page = _page(browser, watched.address)
        found = {
            what: [page.evaluate(COUNT, work) for _ in range(rounds)] for what, work in (("wave", WAVE), ("play", PLAY))
        }
        page.context.close()
    return found


def seconds_to_open(browser: Any, run: Path) -> tuple[float, float, float]:
    """Until the server gives its address, until all of the page is there, and what the server has computed by then."""
    page = browser.new_context(viewport={"width": 1400, "height": 900}).new_page()
    began = perf_counter()
    with _Watched(run) as watched:
        served = perf_counter() - began
        page.goto(watched.address)
        page.wait_for_selector("#examples[data-step]")
        opened = perf_counter() - began
        times = psutil.Process(watched.server.pid).cpu_times()
        page.context.close()
    return served, opened, times.user + times.system


class _Watched:
    """`vitrina watch` in a process of its own."""

    def __init__(self, run: Path) -> None:
        command = [sys.executable, "-m", "vitrina.cli", "watch", str(run), "--json"]
        # Its bytecode is kept, as it is wherever it was installed, also where this environment keeps none.
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        kept |= {"PYTHONPYCACHEPREFIX": str(run.parent / "bytecode")}
        self.server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=kept)

    def __enter__(self) -> _Watched:
        assert self.server.stdout
        self.address: str = json.loads(self.server.stdout.readline())["address"]
        return self

    def __exit__(self, *_: Any) -> None:
        self.server.terminate()
        self.server.wait()


def _page(browser: Any, address: str) -> Any:
    page = browser.new_context(viewport={"width": 1400, "height": 900}).new_page()
    page.goto(address)
    page.wait_for_selector("body[data-ready=yes]")
    return page


def _in_browser(work: Callable[[Any], Any]) -> Any:
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        try:
            return work(browser)
        finally:
            browser.close()


def section(frames: dict[int, dict[str, list[float]]], opened: list[tuple[float, float, float]], size: int) -> str:
    """The Markdown: medians with their range, and whether what was to be reached was."""
    lines = [
        "## How quick the page is",
        "",
        f"Written by `python -m benchmarks.page` on {machine.describe()['date']}; {machine.load()}.",
        "",
    ]
    lines += ["| what | median | range | to reach | |", "| --- | ---: | ---: | ---: | --- |"]
    words = {"wave": "while the wave passes", "play": "while the slider plays"}
    for weights, found in frames.items():
        for what, values in found.items():
            lines.append(
                _row(
                    f"{weights:,} weights, frames a second {words[what]}",
                    values,
                    f"> {FRAMES:g}",
                    median(values) > FRAMES,
                )
            )
    megabytes = f"{size / 1e6:.0f} MB"
    lines.append(
        _row(f"an hour's recording of {megabytes}, s until it is served", [one for one, _, _ in opened], "", None)
    )
    totals = [total for _, total, _ in opened]
    lines.append(_row("the same, s until all of the page is there", totals, f"< {SECONDS:g}", median(totals) < SECONDS))
    lines.append(_row("of these, s that the server computes", [spent for _, _, spent in opened], "", None))
    return "\n".join([*lines, ""])


def _row(what: str, values: list[float], target: str, reached: bool | None) -> str:
    told = "" if reached is None else "reached" if reached else "**not reached**"
    return f"| {what} | {median(values):.2f} | {min(values):.2f} - {max(values):.2f} | {target} | {told} |"


if __name__ == "__main__":
    main()

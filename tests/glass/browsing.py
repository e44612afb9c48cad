"""A page in a real browser, for the tests that look at it: who serves it, who has opened it, and a training to be looked at."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import vitrina as vt

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NO_CHROMIUM = "there is no Chromium to open the page in (Debian: apt install chromium)"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def expect(locator: Any) -> Any:
    """Playwright's, which waits until something is so; where there is no Playwright nobody comes here."""
    from playwright.sync_api import expect

    return expect(locator)


class Server:
    """`vitrina watch`, or another command that shows the page, in a process of its own."""

    def __init__(
        self, *runs: Path, port: int = 0, cwd: Path | None = None, command: Sequence[str] | None = None
    ) -> None:
        command = command or ["watch", *map(str, runs), "--port", str(port)]
        command = [sys.executable, "-m", "vitrina.cli", *command, "--json"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=cwd)
        assert self.process.stdout is not None
        self.address = json.loads(self.process.stdout.readline())["address"]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()


def table() -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).normal(size=(64, 4)).astype(np.float32)
    return x, (x[:, 0] * x[:, 1] > 0).astype(np.int64)


def network() -> vt.Network:
    return vt.Network(vt.Input((4,)), vt.Dense(6, "relu"), vt.Dense(5, "tanh"), vt.Dense(2))


class Opened:
    """A page that was opened, and whatever its console complained of."""

    def __init__(self, browser: Any, address: str, **options: Any) -> None:
        self.context = browser.new_context(viewport={"width": 1300, "height": 900}, **options)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda said: said.type == "error" and self.complaints.append(said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(address)
        self.ready()

    def ready(self) -> None:
        self.page.wait_for_selector("body[data-ready=yes]")

    def text(self, selector: str) -> str:
        return self.page.inner_text(selector)

    def number(self, selector: str) -> float:
        return float(self.text(selector).replace(",", "").replace("−", "-"))

    def says(self, selector: str, words: str, seconds: float = 15) -> None:
        expect(self.page.locator(selector)).to_contain_text(words, timeout=seconds * 1000)


def slide(opened: Opened, place: int) -> None:
    opened.page.locator("#time input[type=range]").evaluate(
        "(slider, place) => { slider.value = place; slider.dispatchEvent(new Event('input')); }", place
    )

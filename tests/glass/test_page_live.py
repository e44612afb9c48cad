"""The page on a training that is at work: what is clicked happens, and looking changes nothing, whatever becomes of either."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vitrina as vt
from tests.glass.browsing import Opened, Server, expect, network, slide, table
from vitrina.glass.controls import status_of


class Slow(vt.Callback):
    """Keeps a training at work, however long a busy machine takes to open a page on it, until it may hurry."""

    def __init__(self) -> None:
        self.hurry = threading.Event()

    def chunk_done(self, learner: Any) -> None:
        self.hurry.wait(0.2)


def test_a_training_is_watched_paused_stepped_slowed_and_ends_as_if_nobody_had_looked(
    browser: Any, tmp_path: Path
) -> None:
    run, options = tmp_path / "live", {"network": network(), "epochs": 150, "batch_size": 16, "engine": "numpy"}
    done: list[vt.Model] = []
    slow = Slow()

    def teach() -> None:
        done.append(vt.train(table(), optimizer=vt.SGD(0.05), out=run, callbacks=[slow], **options))

    training = threading.Thread(target=teach, daemon=True)
    training.start()
    while not (run / "recording" / "1.arrows").exists() or status_of(run).step < 5:
        time.sleep(0.02)
    server = Server(run)
    first, second = Opened(browser, server.address, locale="en-US"), Opened(browser, server.address, locale="en-US")
    first.says("#status", "learning · epoch")
    first.page.click("[data-action=pause]")
    for one in (first, second):
        one.says("#status", "paused after")
    step = status_of(run).step
    first.says("#moment", f"after {step} steps")
    second.page.click("[data-action=step]")
    for one in (first, second):
        one.says("#status", f"paused after {step + 1} steps")
        one.says("#moment", f"after {step + 1} steps")
    first.page.reload()
    first.ready()
    first.says("#status", "paused after")

    server.stop()
    second.says("#trouble", "cannot be reached")
    assert status_of(run).state == "paused"
    again = Server(run)
    assert again.address == server.address
    assert (run / ".page.json").stat().st_mode & 0o077 == 0
    expect(second.page.locator("#trouble")).to_be_hidden(timeout=15000)
    for wrong in ("-1", ""):
        second.page.fill("#rate", wrong)
        second.page.press("#rate", "Enter")
        second.says("#trouble", "a learning rate is a number above 0")
        assert second.page.input_value("#rate") == "0.05"  # as it still is
    second.page.fill("#rate", "0.025")
    second.page.press("#rate", "Enter")
    while status_of(run).rate != pytest.approx(0.025):
        time.sleep(0.02)
    second.page.fill("#rate", "0.05")
    second.page.press("#rate", "Enter")
    second.page.click("[data-action=resume]")
    second.says("#status", "learning · epoch")
    slow.hurry.set()
    training.join(60)
    for one in (first, second):
        one.says("#status", "has learned, 600 steps")
        one.says("#moment", "after 600 steps")
        assert all("ERR_" in complaint for complaint in one.complaints)  # of the server that was gone
        one.context.close()
    again.stop()
    alone = vt.train(table(), optimizer=vt.SGD(0.05), **options)
    for name, weight in alone.weights.items():
        np.testing.assert_array_equal(done[0].weights[name], weight)


TAUGHT_ELSEWHERE = """
import sys, time, numpy as np, vitrina as vt
class Slow(vt.Callback):
    def chunk_done(self, learner):
        time.sleep(0.02)
x = np.random.default_rng(0).normal(size=(64, 4)).astype(np.float32)
network = vt.Network(vt.Input((4,)), vt.Dense(6, "relu"), vt.Dense(2))
data = (x, (x[:, 0] * x[:, 1] > 0).astype(np.int64))
given = dict(network=network, validation=data, epochs=10000, batch_size=16, engine="numpy", progress=False)
vt.train(data, out=sys.argv[1], callbacks=[Slow()], **given)
"""


@dataclass
class Elsewhere:
    """A training in a process of its own that is long at work, and the page on it."""

    run: Path
    training: subprocess.Popen[bytes]
    opened: Opened

    def kill(self) -> None:
        self.training.kill()
        self.training.wait()


@pytest.fixture
def elsewhere(browser: Any, tmp_path: Path) -> Iterator[Elsewhere]:
    run = tmp_path / "elsewhere"
    training = subprocess.Popen([sys.executable, "-c", TAUGHT_ELSEWHERE, str(run)])
    until = time.monotonic() + 60
    while status_of(run).step < 5:
        assert training.poll() is None
        assert time.monotonic() < until
        time.sleep(0.05)
    server = Server(run)
    found = Elsewhere(run, training, Opened(browser, server.address, locale="en-US"))
    yield found
    assert found.opened.complaints == []
    found.opened.context.close()
    server.stop()
    found.kill()


def test_a_training_that_is_killed_is_said_to_be_dead_and_stays_to_be_seen(elsewhere: Elsewhere) -> None:
    opened = elsewhere.opened
    opened.says("#status", "learning · epoch")
    elsewhere.kill()
    opened.says("#status", "ended without a word")
    slide(opened, 0)
    opened.says("#moment", "after 0 steps")
    opened.page.reload()
    opened.ready()
    opened.says("#status", "ended without a word")
    opened.says("#moment", f"after {vt.Recording(elsewhere.run).steps[-1]} steps")


def test_a_training_is_stopped_on_the_page_and_its_best_is_kept(elsewhere: Elsewhere) -> None:
    opened = elsewhere.opened
    opened.page.focus("[data-action=stop]")
    opened.page.keyboard.press("Enter")
    opened.says("#status", "was stopped after")
    assert elsewhere.training.wait(60) == 0
    opened.says("#moment", f"after {status_of(elsewhere.run).step} steps")
    model = vt.load(elsewhere.run)
    best = min(row["validation_error"] for row in model.history)
    assert model.evaluate(*table())["error"] == pytest.approx(best, rel=1e-4)


def test_browsers_that_are_slow_or_dead_change_nothing(tmp_path: Path) -> None:
    """One asks and never reads what it is told, one is gone in the middle of an answer: the same weights, bit for bit."""
    options = {"network": network(), "epochs": 25, "batch_size": 16, "engine": "numpy", "optimizer": vt.SGD(0.05)}
    run, done, held = tmp_path / "seen", list[vt.Model](), Slow()
    training = threading.Thread(
        target=lambda: done.append(vt.train(table(), out=run, callbacks=[held], **options)), daemon=True
    )
    training.start()
    while not (run / "recording" / "1.arrows").exists() or status_of(run).step < 1:
        time.sleep(0.02)
    server = Server(run)
    port, token = server.address.removeprefix("http://127.0.0.1:").strip("/").split("/")

    def asks(what: str) -> socket.socket:
        asked = socket.create_connection(("127.0.0.1", int(port)))
        asked.sendall(f"GET /{token}/{what} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        return asked

    slow = [asks("live") for _ in range(3)] + [asks("looks?after=0") for _ in range(3)]
    for _ in range(5):
        dead = asks("looks?after=0")
        dead.recv(10)
        dead.close()
    assert training.is_alive()  # else nobody would have looked on
    held.hurry.set()
    training.join(60)
    for one in slow:
        one.close()
    server.stop()
    alone = vt.train(table(), **options)
    for name, weight in alone.weights.items():
        np.testing.assert_array_equal(done[0].weights[name], weight)

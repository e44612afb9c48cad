"""A training that is asked to pause, to take a step, to go slower, to stop: and does, without learning anything else."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import vitrina as vt
from vitrina.errors import UsageError
from vitrina.glass.controls import REQUESTS, STATUS, request, status_of


def table() -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).normal(size=(80, 6)).astype(np.float32)
    return x, (x[:, 0] > 0).astype(np.int64)


def teach(run: Path | None, epochs: int = 40, **options: object) -> vt.Model:
    network = vt.Network(vt.Input((6,)), vt.Dense(5, "relu"), vt.Dense(2))
    return vt.train(
        table(),
        network=network,
        epochs=epochs,
        batch_size=16,
        engine="numpy",
        optimizer=vt.SGD(0.05),
        out=run,
        **options,
    )


def until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


class Slow(vt.Callback):
    """Gives a test the time to ask for something."""

    def chunk_done(self, learner):
        time.sleep(0.02)


class Taught(threading.Thread):
    def __init__(self, run: Path, **options: object) -> None:
        super().__init__(daemon=True)
        self.run_folder, self.options, self.model = run, options, None
        self.start()

    def run(self) -> None:
        self.model = teach(self.run_folder, callbacks=[Slow()], **self.options)


def test_a_pause_is_no_slow_training(tmp_path: Path) -> None:
    taught = Taught(tmp_path / "run")
    until(lambda: status_of(tmp_path / "run").step > 20)
    request(tmp_path / "run", "pause")
    until(lambda: status_of(tmp_path / "run").state == "paused")
    time.sleep(1.0)
    request(tmp_path / "run", "resume")
    until(lambda: status_of(tmp_path / "run").state == "training")
    assert status_of(tmp_path / "run").steps_per_second > 2.0
    taught.join()


def test_paused_and_stepped_it_ends_in_the_same_weights(tmp_path: Path) -> None:
    run = tmp_path / "run"
    training = Taught(run)
    until(lambda: status_of(run).step > 3)
    request(run, "pause")
    until(lambda: status_of(run).state == "paused")
    step = status_of(run).step
    time.sleep(0.3)
    assert status_of(run).step == step
    assert vt.Recording(run).steps[-1] == step  # there is something to be seen of the moment it paused at
    for number in (1, 2):
        request(run, "step")
        until(lambda wanted=step + number: status_of(run).step == wanted and status_of(run).state == "paused")
    request(run, "resume")
    training.join(30)
    assert status_of(run).state == "done"
    alone = teach(None)
    for name, weight in alone.weights.items():
        np.testing.assert_array_equal(training.model.weights[name], weight)


def test_the_rate_is_changed_while_it_learns_and_stays_so_when_resumed(tmp_path: Path) -> None:
    run = tmp_path / "run"
    training = Taught(run)
    until(lambda: status_of(run).step > 3)
    request(run, "rate", 0.0125)
    until(lambda: abs(status_of(run).rate - 0.0125) < 1e-9)
    training.join(30)
    rates = training.model.history["learning_rate"]
    assert (rates[0], rates[-1]) == (0.05, pytest.approx(0.0125))


def test_stopped_from_outside_it_keeps_what_it_has(tmp_path: Path) -> None:
    run = tmp_path / "run"
    training = Taught(run, epochs=100_000)
    until(lambda: status_of(run).step > 3)
    request(run, "stop")
    training.join(30)
    assert not training.is_alive()
    assert status_of(run).state == "stopped"
    assert vt.load(run).measured["stopped"] == "stopped from outside"


def test_what_cannot_be_asked_is_refused(tmp_path: Path) -> None:
    for action, value, words in (
        ("explode", None, "asked to pause"),
        ("rate", -1.0, "above 0"),
        ("rate", None, "above 0"),
    ):
        with pytest.raises(UsageError, match=words):
            request(tmp_path, action, value)
    assert not (tmp_path / REQUESTS).exists()


def test_lines_that_are_not_ours_ask_for_nothing(tmp_path: Path) -> None:
    run = tmp_path / "run"
    training = Taught(run, epochs=5)
    until(lambda: status_of(run).state == "training")
    with (run / REQUESTS).open("ab") as file:
        file.write(b'not json\n[1]\n{"action": "rate", "value": "fast"}\n\xff\xfe\n{"action": "pau')
    training.join(30)
    assert training.model is not None
    assert status_of(run).state == "done"


def test_a_training_that_was_killed_is_dead(tmp_path: Path) -> None:
    assert status_of(tmp_path).state == "unknown"
    told = {
        "state": "training",
        "step": 7,
        "epoch": 1,
        "rate": 0.1,
        "steps_per_second": 2.0,
        "reason": None,
        "process": 2**22 + 1,
    }
    (tmp_path / STATUS).write_text(json.dumps(told))
    assert (status_of(tmp_path).state, status_of(tmp_path).step) == ("dead", 7)
    (tmp_path / STATUS).write_text("{")
    assert status_of(tmp_path).state == "unknown"

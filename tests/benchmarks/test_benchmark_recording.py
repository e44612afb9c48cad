"""The measure that neighbours do not disturb: what a process and all it started took of the processors."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

import vitrina as vt
from benchmarks.processor_time import seconds_of
from benchmarks.turns import WAYS, Turns

BUSY = "import time\nwhile time.process_time() < 0.3: pass"


def test_what_a_process_started_is_counted_with_it_when_it_has_ended() -> None:
    before = seconds_of(os.getpid())
    child = subprocess.Popen([sys.executable, "-c", BUSY])
    child.wait()
    assert seconds_of(os.getpid()) >= before + 0.3 - 0.02  # the system counts in hundredths
    assert seconds_of(child.pid) == 0.0


def test_the_ways_take_turns_and_nobody_looks_on_out_of_turn(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(256, 4)).astype(np.float32)
    network = vt.Network(vt.Input((4,)), vt.Dense(2))
    turns = Turns("numpy", rounds=2)
    with turns.watched():
        vt.train(
            (x, (x[:, 0] > 0).astype(int)), network=network, engine=turns.engine, epochs=turns.epochs, learning_rate=0.01,
            out=tmp_path / "run", callbacks=[turns], progress=False,
        )  # fmt: skip
    first, second = turns.rounds()
    assert list(first) == [WAYS[0], WAYS[1], WAYS[2]]
    assert list(second) == [WAYS[1], WAYS[2], WAYS[0]]
    assert first[WAYS[0]].waited == second[WAYS[0]].waited == 0.0
    assert min(first[WAYS[1]].waited, second[WAYS[2]].waited) > 0.0
    alone = [2, 7]  # the epochs that were nobody's to see; each turn is one epoch, and the first is none
    assert [row["epoch"] for row in vt.Recording(tmp_path / "run").epochs] == [e for e in range(1, 8) if e not in alone]

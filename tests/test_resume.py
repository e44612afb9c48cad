"""A run that is killed at any moment and resumed ends in the very weights of one that was left alone."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import vitrina as vt
from vitrina.archive import read_archive
from vitrina.errors import ModelError, UsageError
from vitrina.network.network import flatten
from vitrina.runs import HISTORY, LAST, MODEL, SETTINGS, RunFolder

TRAIN = """
import sys
import vitrina as vt
engine, out, resume = sys.argv[1:4]
network = vt.Network(
    vt.Input((8, 8, 1)), vt.Conv2D(4, 3, activation="relu"), vt.BatchNorm(), vt.Flatten(), vt.Dropout(0.2), vt.Dense(10)
)
how = dict(resume=out) if resume == "yes" else dict(
    network=network, epochs=10, batch_size=64, engine=engine, seed=5, schedule="cosine", out=out
)
model = vt.train("digits", checkpoint_every=0.0, **how)
print("done")
"""


def run(engine: str, out: Path, resume: bool, kill_after: float | None = None) -> bool:
    """Trains in a fresh process; True if it came to its end before it was killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", TRAIN, engine, str(out), "yes" if resume else "no"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        output, errors = process.communicate(timeout=kill_after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
        return False
    assert process.returncode == 0, errors
    return "done" in output


def weights_of(out: Path) -> dict[str, np.ndarray]:
    model = vt.load(out)
    return {**model.weights, **model.state}


def assert_all_readable(out: Path) -> None:
    """Whatever is there can be read; names of half-written files begin with a dot."""
    if (out / SETTINGS).exists():
        RunFolder.existing(out).read_settings()
    if (out / LAST).exists():
        read_archive(out / LAST, "checkpoint")
    if (out / HISTORY).exists():
        assert (out / HISTORY).read_text().startswith("epoch,")
    if (out / MODEL).exists():
        vt.load(out / MODEL)


def killed_and_resumed(engine: str, tmp_path: Path, kills: int, seed: int) -> None:
    alone = tmp_path / "alone"
    began = time.monotonic()
    assert run(engine, alone, resume=False)
    whole = time.monotonic() - began
    expected = weights_of(alone)
    moments = random.Random(seed)
    killed = mid_training = number = 0
    while killed < kills:
        out = tmp_path / f"killed-{number}"
        number += 1
        done = run(engine, out, resume=False, kill_after=moments.uniform(0.3, 1.0) * whole)
        while not done:
            killed += 1
            assert_all_readable(out)
            mid_training += (out / LAST).exists()
            started = (out / SETTINGS).exists()  # killed before its first file, there is nothing to resume yet
            done = run(engine, out, resume=started, kill_after=moments.uniform(0.3, 1.6) * whole)
        found = weights_of(out)
        assert set(found) == set(expected)
        for name, weight in expected.items():
            np.testing.assert_array_equal(found[name], weight, err_msg=f"{engine}, run {number}: {name}")
    assert mid_training > 0, "no run was killed between its first checkpoint and its end, so this proved nothing"


def test_a_killed_run_ends_in_the_same_weights(tmp_path: Path) -> None:
    killed_and_resumed("numpy", tmp_path, kills=5, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["numpy", "jax", "torch", "tensorflow"])
def test_a_killed_run_ends_in_the_same_weights_on(engine: str, tmp_path: Path) -> None:
    pytest.importorskip(engine)
    killed_and_resumed(engine, tmp_path, kills=20, seed=2)


class Stop(vt.Callback):
    """Ends training at a given step, as a kill would, leaving what the last checkpoint held."""

    def __init__(self, epoch: int, position: int) -> None:
        self.at = (epoch, position)

    def chunk_done(self, learner: object) -> None:
        if (learner.epoch, learner.position) >= self.at:  # pyright: ignore
            raise KeyboardInterrupt


@pytest.mark.parametrize("at", [(0, 3), (2, 7), (4, 1)])
def test_resumed_within_an_epoch(
    engine: str, at: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vitrina.learning.loop.SECONDS_A_CALL", 1e-9)  # one step a call, so that it can stop anywhere
    network = vt.Network(vt.Input((8, 8, 1)), vt.Flatten(), vt.Dense(16, "tanh"), vt.Dropout(0.3), vt.Dense(10))
    how = {
        "network": network,
        "epochs": 5,
        "engine": engine,
        "seed": 4,
        "batch_size": 64,
        "optimizer": vt.SGD(0.1, momentum=0.9),
    }
    alone = vt.train("digits", out=tmp_path / "alone", **how)
    with pytest.raises(KeyboardInterrupt):
        vt.train("digits", out=tmp_path / "stopped", callbacks=[Stop(*at)], checkpoint_every=0.0, **how)
    resumed = vt.train(resume=tmp_path / "stopped")
    for name, weight in alone.weights.items():
        np.testing.assert_array_equal(resumed.weights[name], weight, err_msg=name)
    without_clock = [{name: value for name, value in row.items() if name != "seconds"} for row in resumed.history]
    assert without_clock == [{name: value for name, value in row.items() if name != "seconds"} for row in alone.history]
    assert vt.load(tmp_path / "stopped").measured["test"] == alone.measured["test"]


def test_weights_that_were_given_are_not_lost_before_the_first_checkpoint(tmp_path: Path) -> None:
    network = vt.Network(vt.Input((8, 8, 1)), vt.Flatten(), vt.Dense(10))
    how = {"network": network, "epochs": 2, "engine": "numpy", "weights": _ones(network), "checkpoint_every": 1e9}
    alone = vt.train("digits", **how)
    with pytest.raises(KeyboardInterrupt):
        vt.train("digits", out=tmp_path / "stopped", callbacks=[Stop(0, 1)], **how)
    resumed = vt.train(resume=tmp_path / "stopped")
    for name, weight in alone.weights.items():
        np.testing.assert_array_equal(resumed.weights[name], weight, err_msg=name)


def _ones(network: vt.Network) -> dict[str, np.ndarray]:
    return {name: np.ones_like(array) for name, array in flatten(network.build(0)[0]).items()}


def test_a_finished_run_resumes_to_itself(tmp_path: Path) -> None:
    model = vt.train("digits", network=None, epochs=1, engine="numpy", out=tmp_path / "run", seed=1, batch_size=512)
    again = vt.train(resume=tmp_path / "run")
    assert len(again.history) == 1
    for name, weight in model.weights.items():
        np.testing.assert_array_equal(again.weights[name], weight)


def test_what_cannot_be_resumed_says_why(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is no run"):
        vt.train(resume=tmp_path)
    x, y = np.zeros((20, 3)), np.arange(20) % 2
    x[:, 0] = y
    network = vt.Network(vt.Input((3,)), vt.Dense(2))
    vt.train((x, y), network=network, epochs=1, out=tmp_path / "arrays", engine="numpy")
    with pytest.raises(UsageError, match="arrays that are not in it"):
        vt.train(resume=tmp_path / "arrays")
    with pytest.raises(ModelError, match="not those that"):
        vt.train((x + 1, y), resume=tmp_path / "arrays")
    with pytest.raises(UsageError, match="already exists"):
        vt.train((x, y), network=network, epochs=1, out=tmp_path / "arrays", engine="numpy")


def test_a_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    vt.train("breast-cancer", epochs=1, engine="numpy", out=tmp_path / "run")
    last = tmp_path / "run" / LAST
    content = bytearray(last.read_bytes())
    content[len(content) // 2] ^= 4
    last.write_bytes(bytes(content))
    with pytest.raises(ModelError, match="damaged"):
        vt.train(resume=tmp_path / "run")
    assert os.path.exists(tmp_path / "run" / MODEL)


def test_data_that_were_named_from_one_folder_are_found_from_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    rng = np.random.default_rng(0)
    lines = [f"{a:.3f},{b:.3f},{int(a + b > 0)}" for a, b in rng.normal(size=(200, 2))]
    (tmp_path / "here" / "few.csv").write_text("a,b,y\n" + "\n".join(lines))
    monkeypatch.chdir(tmp_path / "here")
    vt.train("few.csv", "y", out="run", epochs=1, engine="numpy", progress=False)
    monkeypatch.chdir(tmp_path / "there")
    assert vt.assess(tmp_path / "here" / "run", compare=False).rows == 30
    (tmp_path / "here").rename(tmp_path / "moved")
    monkeypatch.chdir(tmp_path / "moved")
    assert vt.assess("run", compare=False).rows == 30


def test_a_run_that_was_interrupted_says_how_it_goes_on(tmp_path: Path, rng: np.random.Generator) -> None:
    x = rng.normal(size=(64, 3))
    y = (x[:, 0] > 0).astype(int)
    network = vt.Network(vt.Input((3,)), vt.Dense(2))
    with pytest.raises(KeyboardInterrupt):
        vt.train(
            (x, y),
            network=network,
            epochs=3,
            engine="numpy",
            callbacks=[Stop(0, 0)],
            out=tmp_path / "run",
            progress=False,
        )
    said = RunFolder(tmp_path / "run").how_to_go_on
    with pytest.raises(ModelError) as refused:
        vt.load(tmp_path / "run")
    assert said in str(refused.value)
    assert eval(said, {"vt": vt, "x": x, "y": y}).history["epoch"] == [1, 2, 3]

"""A race as it is run: in processes of their own, kept, and safe from what contestants do."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

import vitrina as vt
from vitrina.errors import UsageError
from vitrina.racing import cache, contest, estimates
from vitrina.racing.standings import Standing

NETWORK = vt.Network(vt.Input((6,)), vt.Dense(8, "relu"), vt.Dense(3))


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("VITRINA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(contest, "SECONDS", 0.05)
    monkeypatch.setattr(cache, "measure_peak", lambda: 1e11)
    return tmp_path / "cache"


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Puts a contestant of one's own in the place of every process: a piece of Python."""

    def become(code: str) -> None:
        script = tmp_path / "contestant.py"
        script.write_text(code, "utf-8")
        launcher = tmp_path / "python"
        launcher.write_text(f"#!/bin/sh\nexec {sys.executable} {script}\n", "utf-8")
        launcher.chmod(0o755)
        monkeypatch.setattr(contest.sys, "executable", str(launcher))

    return become


def test_a_contestant_is_measured_once_and_then_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    first = vt.race(NETWORK, batch_size=16, rows=1600, epochs=3, engines=["numpy"])
    (one,) = first.standings
    assert one.problem is None
    assert one.engine == first.best == "numpy"
    assert 0.0 < one.step_seconds < 1.0
    assert one.memory > 10 << 20
    assert one.peak_share == pytest.approx(3 * 16 * NETWORK.flops / one.step_seconds / 1e11)
    assert first.steps == 300
    monkeypatch.setattr(contest, "_measure", lambda *_: pytest.fail("measured again"))
    assert vt.race(NETWORK, batch_size=16, rows=1600, epochs=3, engines="numpy").standings == first.standings


@pytest.mark.slow
@pytest.mark.parametrize(
    "engine", ["jax:scan", "jax:eigen", "torch:eager", "torch:compiled", "tensorflow:graph", "tensorflow:xla"]
)
def test_every_engine_can_be_raced(engine: str) -> None:
    if engine not in estimates.contestants(NETWORK):
        pytest.skip(f"{engine} is not installed")
    (one,) = vt.race(NETWORK, batch_size=16, engines=[engine]).standings
    assert one.problem is None
    assert one.start > 0.0


def test_another_network_batch_or_precision_is_another_race() -> None:
    other = vt.Network(vt.Input((6,)), vt.Dense(9, "relu"), vt.Dense(3))
    keys = {
        cache.key(network, batch, precision, optimizer)
        for network in (NETWORK, other)
        for batch in (16, 32)
        for precision in ("float32", "bfloat16")
        for optimizer in ("Adam", "SGD")
    }
    assert len(keys) == 16


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise RuntimeError('no luck today')", "RuntimeError: no luck today"),
        ("import os; os.kill(os.getpid(), 9)", "signal 9 (out of memory?)"),
        ("print('hello')", "an answer that cannot be read"),
        ("", "an answer that cannot be read"),
        ("import time; time.sleep(60)", "no answer within 1 s"),
    ],
)
def test_a_contestant_that_fails_is_a_line_with_its_reason(code: str, words: str, worker, monkeypatch) -> None:
    worker(code)
    found = contest.run(NETWORK, contest.examples_for(NETWORK, None), 16, "float32", vt.Adam(), ["numpy"], patience=1.0)
    assert words in found["numpy"].problem
    assert not list(cache.folder().glob("race-*")), "a failure is not remembered"


def test_an_interrupted_race_leaves_no_process_behind(worker, tmp_path: Path, monkeypatch) -> None:
    worker(f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(60)")

    def interrupt(self: object, timeout: float) -> None:
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            pass
        raise KeyboardInterrupt

    monkeypatch.setattr(contest.subprocess.Popen, "communicate", interrupt)
    with pytest.raises(KeyboardInterrupt):
        vt.race(NETWORK, engines=["numpy"])
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"standings": [{"speed": 3}]}', '{"standings": 3}', '{"flops": "fast"}']
)
def test_a_damaged_cache_is_as_good_as_none(content: str, own_cache: Path) -> None:
    own_cache.mkdir()
    name = cache.key(NETWORK, 16, "float32", "Adam")
    (own_cache / f"race-{name}.json").write_text(content)
    assert cache.load(name) == {}


def test_a_cache_that_cannot_be_written_to_is_no_obstacle(own_cache: Path) -> None:
    own_cache.write_text("a file where the folder should be")
    cache.store("x", {"numpy": Standing("numpy", step_seconds=1.0)})
    assert cache.load("x") == {}
    assert cache.peak() == 1e11


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"engines": ["fortran"]}, "unknown engine 'fortran'"),
        ({"engines": ["jax:turbo"]}, "unknown engine 'jax:turbo'"),
        ({"batch_size": 0}, "batch_size must be a whole number of 1 or more, not 0"),
        ({"rows": 2.5}, "rows must be a whole number"),
        ({"precision": "float16"}, "unknown precision 'float16'"),
    ],
)
def test_what_cannot_be_raced_is_said(given: dict, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        vt.race(NETWORK, **given)


def test_numbers_are_made_up_for_every_kind_of_network() -> None:
    tokens = vt.Network(vt.Input((5,)), vt.Embedding(7, 4), vt.GRU(3), vt.Dense(2))
    quantiles = vt.Network(vt.Input((3,)), vt.Dense(6), cost=vt.Quantile((0.1, 0.5, 0.9)))
    for network in (NETWORK, tokens, quantiles, vt.Network(vt.Input((3,)), vt.Dense(1), cost="poisson")):
        x, y = contest.examples_for(network, None)
        model = vt.train((x, y), network=network, epochs=1, engine="numpy")
        assert np.isfinite(model.history[-1]["error"])

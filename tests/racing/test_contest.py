"""A race as it is run: in processes of their own, kept, and safe from what contestants do."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

import vitrina as vt
from vitrina.errors import DataError, UsageError
from vitrina.learning.feed import Examples
from vitrina.racing import cache, contest, estimates, machine
from vitrina.racing import worker as contestant
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


def test_a_race_with_too_little_time_lets_the_rest_go_home(worker) -> None:
    worker("import time; time.sleep(60)")
    numbers = contest.examples_for(NETWORK, None)
    found = contest.run(NETWORK, numbers, 16, "float32", vt.Adam(), ["numpy", "jax:scan"], within=1.0)
    assert list(found) == ["numpy"]
    assert "no answer within 1 s" in found["numpy"].problem


@pytest.mark.skipif(os.name != "posix", reason="Windows has no process groups of this kind")
def test_what_a_contestant_has_started_ends_with_it(worker, tmp_path: Path) -> None:
    helper = f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    worker(f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {helper!r}]); time.sleep(60)")
    contest.run(NETWORK, contest.examples_for(NETWORK, None), 16, "float32", vt.Adam(), ["numpy"], patience=2.0)
    assert has_ended(int((tmp_path / "pid").read_text()))


def has_ended(pid: int) -> bool:
    """True once the process is gone, or waits only for whoever inherits it to notice."""
    for _ in range(200):
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.01)
    return False


def test_the_files_of_the_user_do_not_get_into_a_contestant(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "tempfile.py").write_text("raise RuntimeError('this file belongs to the user')", "utf-8")
    monkeypatch.chdir(tmp_path)
    assert vt.race(NETWORK, engines=["numpy"]).best == "numpy"


def test_a_contestant_says_itself_what_went_wrong() -> None:
    request = {"network": NETWORK.to_json(), "batch_size": 4, "precision": "float32", "seconds": 0.0}
    request |= {"optimizer": vt.Adam().to_json()}
    examples = Examples(np.zeros((8, 5), np.float32), np.zeros(8, np.int64))
    told = contestant.answer(request | {"engine": "numpy"}, examples)["problem"]
    assert told.startswith("ValueError: ")
    assert "\n" not in told
    assert "unknown engine 'fortran'" in contestant.answer(request | {"engine": "fortran"}, examples)["problem"]


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
    "content",
    [
        *("", "[]", "{", '{"standings": [{"speed": 3}]}', '{"standings": 3}', '{"flops": "fast"}'),
        '{"standings": [{"engine": "numpy", "import_seconds": "soon", "step_seconds": 1.0}]}',
        '{"standings": [{"engine": "numpy", "compile_seconds": -1.0, "step_seconds": 1.0}]}',
        '{"standings": [{"engine": ["numpy"], "step_seconds": 1.0}]}',
        '{"standings": [{"engine": "numpy", "step_seconds": NaN}]}',
        '{"standings": [{"engine": "numpy", "step_seconds": Infinity}]}',
    ],
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


def test_nobody_is_faster_than_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = Standing("numpy", step_seconds=1e-9)
    monkeypatch.setattr(contest, "_measure", lambda *_: quick)
    assert vt.race(NETWORK, engines=["numpy"]).standings[0].peak_share == 1.0
    assert cache.peak() == 3 * 32 * NETWORK.flops / 1e-9


def test_a_user_without_a_home_can_train(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VITRINA_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)

    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    cache.store("x", {"numpy": Standing("numpy", step_seconds=1.0)})
    assert cache.load("x") == {}


def test_another_version_of_vitrina_is_another_race(monkeypatch: pytest.MonkeyPatch) -> None:
    real, before = machine._version, cache.key(NETWORK, 16, "float32", "Adam")
    monkeypatch.setattr(machine, "_version", lambda package: "99" if package == "vitrina" else real(package))
    machine.identity.cache_clear()
    try:
        assert cache.key(NETWORK, 16, "float32", "Adam") != before
    finally:
        machine.identity.cache_clear()


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        (np.zeros((8, 5)), np.zeros(8), "x has shape"),
        (np.zeros((8, 6)), np.zeros(7), "x has 8 rows and y 7"),
        (np.zeros((8, 6)), np.full(8, 3), "class numbers from 3 to 3"),
        (np.zeros((0, 6)), np.zeros(0), "x has no rows"),
        (np.full((8, 6), "a"), np.zeros(8), "x must hold numbers"),
        (np.full((8, 6), np.nan), np.zeros(8), "not a finite number in row 0"),
    ],
)
def test_data_that_cannot_be_learned_from_are_refused(x: np.ndarray, y: np.ndarray, words: str) -> None:
    with pytest.raises(DataError, match=words):
        vt.race(NETWORK, (x, y), engines=["numpy"])


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

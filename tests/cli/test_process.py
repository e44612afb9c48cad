"""What only a process of its own can show: what it loads, and how it ends when it is interrupted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

CODE = "import sys; sys.argv[0] = 'vitrina'; from vitrina.cli import main; main()"


def start(folder: Path, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "LC_ALL": "C", **variables}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-c", CODE, *arguments], cwd=folder, env=environment, stdout=pipe, stderr=pipe, text=True
    )


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from vitrina.cli import app;"
        "CliRunner().invoke(app, ['--help']);"
        "print({'numpy', 'polars', 'sklearn', 'jax', 'torch', 'tensorflow', 'PIL'} & set(sys.modules))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "set()\n"


def test_interrupted_then_resumed_ends_in_the_same_weights(tmp_path: Path) -> None:
    import vitrina as vt

    rng = np.random.default_rng(0)
    y = np.arange(20_000) % 3
    np.savez(tmp_path / "points.npz", x=rng.normal(size=(20_000, 20)) + y[:, None], y=y)
    options = ("points.npz", "--engine", "numpy", "--epochs", "8", "--batch", "16")
    process = start(tmp_path, "train", *options)
    deadline = time.monotonic() + 60
    while not (tmp_path / "runs/1/settings.json").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert (process.returncode, out) == (130, "")
    assert err == "vitrina: interrupted; go on with: vitrina train --resume runs/1\n"

    described = start(tmp_path, "describe", "runs/1").communicate()[0]
    assert "vitrina train --resume runs/1" in described
    for arguments in (("--resume", "runs/1"), options):
        process = start(tmp_path, "train", *arguments)
        _, err = process.communicate()
        assert process.returncode == 0, err
    resumed, alone = (vt.load(tmp_path / "runs" / number).weights for number in ("1", "2"))
    for name in alone:
        np.testing.assert_array_equal(resumed[name], alone[name])


def test_two_trainings_at_once_get_a_number_each(tmp_path: Path) -> None:
    both = [start(tmp_path, "train", "wine", "--engine", "numpy", "--epochs", "1", "--json") for _ in range(2)]
    runs = {json.loads(process.communicate()[0])["run"] for process in both}
    assert runs == {"runs/1", "runs/2"}


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    for options in ((), ("--json",)):
        with start(tmp_path, "describe", "breast-cancer", *options) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            assert process.stderr.read() == ""
            assert process.wait() == 1


def test_the_traceback_is_there_for_those_who_ask(tmp_path: Path) -> None:
    _, err = start(tmp_path, "describe", "nowhere", VITRINA_DEBUG="1").communicate()
    assert "Traceback" in err
    assert err.splitlines()[-1].startswith("vitrina: nowhere")


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_language_is_that_of_the_system(tmp_path: Path, language: str) -> None:
    process = start(tmp_path, "train", "wine", "--engine", "numpy", "--epochs", "1", LC_ALL=f"{language}_ES.UTF-8")
    assert {"en": "accuracy", "es": "exactitud"}[language] in process.communicate()[0]


def test_the_command_is_there_as_a_module(tmp_path: Path) -> None:
    told = [
        subprocess.run(
            [sys.executable, "-m", name, "--version"], capture_output=True, text=True, cwd=tmp_path, check=True
        )
        for name in ("vitrina", "vitrina.cli")
    ]
    assert told[0].stdout == told[1].stdout != ""

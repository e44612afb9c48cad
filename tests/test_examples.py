"""The examples run as a reader would run them, only shorter."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SAYS = {  # what shows that it came to its end
    "digits.py": "the weights it keeps",
    "four_engines.py": "of NumPy's",
    "fraud.py": "all of it in",
    "own_layer.py": "the first and the last wine: grower",
}


def run(script: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(EXAMPLES / script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=300, check=False)


@pytest.mark.parametrize("script", SAYS)
def test_an_example_runs_to_its_end(script, tmp_path):
    done = run(script, tmp_path, "--epochs", "2")
    assert done.returncode == 0, done.stderr
    assert SAYS[script] in done.stdout
    assert list(tmp_path.iterdir()) == [], "an example leaves nothing behind"


def test_every_example_is_run():
    assert set(SAYS) == {path.name for path in EXAMPLES.glob("*.py")}


def test_a_layer_without_a_backward_pass_is_refused_by_numpy_in_one_sentence(tmp_path):
    done = run("own_layer.py", tmp_path, "--epochs", "2", "--engine", "numpy")
    assert done.returncode != 0
    assert "EngineError" in done.stderr.splitlines()[-1]
    assert "backward" in done.stderr.splitlines()[-1]

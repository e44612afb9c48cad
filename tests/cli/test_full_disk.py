"""A disk that is full: one sentence, and never half a file."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

import vitrina as vt
from tests.cli.conftest import Vitrina


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob(".*") if path.is_file()]


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    def fail(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fail)
    return monkeypatch


@pytest.mark.parametrize("out", [(), ("--out", "mine")])
def test_train_on_a_full_disk_leaves_nothing(vitrina: Vitrina, full: pytest.MonkeyPatch, out: tuple[str, ...]) -> None:
    result = vitrina("train", "wine", "--engine", "numpy", "--epochs", 1, *out)
    assert result.status == 1
    assert "No space left" in result.sentence
    assert not Path("runs").exists()
    assert not Path("mine").exists()


def test_predict_on_a_full_disk_keeps_the_file_that_was_there(
    vitrina: Vitrina, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert vitrina("train", "wine", "--engine", "numpy", "--epochs", 1).status == 0
    Path("answers.csv").write_text("precious")

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", fail)
    for name in ("answers.csv", "new.parquet"):
        result = vitrina("predict", "runs/1", "wine", "--out", name)
        assert result.status == 1
        assert name in result.sentence
    assert Path("answers.csv").read_text() == "precious"
    assert not Path("new.parquet").exists()
    assert leftovers(Path()) == []


@pytest.mark.parametrize(("most", "probes"), [(60_000, 8), (20_000, 0)], ids=["the first look", "what is said of rows"])
def test_a_disk_that_fills_up_while_training_leaves_whole_files(tmp_path: Path, most: int, probes: int) -> None:
    """The real thing: the system refuses files of more than so many bytes: the recording's first, then the checkpoint."""
    code = (
        f"import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most}));"
        "from vitrina.cli import main; sys.argv = ['vitrina', *sys.argv[1:]]; main()"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, "train", "wine", "--engine", "numpy", "--epochs", "2"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1, result.stderr
    assert result.stderr.startswith("vitrina: ")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
    kept = {"settings.json", "status.json", "recording", "examination.json"}
    assert {path.name for path in (tmp_path / "runs/1").iterdir()} == kept
    assert (
        "/last could not be written" in result.stderr
    )  # the checkpoint: that the recording ended has not ended the training
    recording = vt.Recording(tmp_path / "runs/1")  # up to what did not fit
    assert len(recording.looks) == 0
    assert (len(recording.probes[0]) if probes else 0) == probes

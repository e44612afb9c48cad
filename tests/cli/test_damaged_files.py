"""A file that was cut, or in which one bit turned, is never read as something else."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Vitrina


@pytest.fixture
def run(vitrina: Vitrina, npz: Path) -> Path:
    assert vitrina("train", npz, "--epochs", 2, "--engine", "numpy", "--out", "run").status == 0
    return Path("run")


def test_a_model_that_is_cut_anywhere(vitrina: Vitrina, run: Path, npz: Path) -> None:
    model = run / "model.vitrina"
    whole = model.read_bytes()
    for share in (0.0, 0.001, 0.1, 0.5, 0.9, 0.99):
        model.write_bytes(whole[: int(share * len(whole))])
        for command in (("predict", run, npz, "--out", "a.csv"), ("evaluate", run, npz), ("describe", run)):
            result = vitrina(*command)
            assert result.status == 1
            assert "model.vitrina" in result.sentence
            assert not Path("a.csv").exists()
    model.write_bytes(whole[:-1])
    assert "model.vitrina" in vitrina("predict", run, npz).sentence


def test_a_model_in_which_one_bit_is_turned(vitrina: Vitrina, run: Path, npz: Path) -> None:
    model = run / "model.vitrina"
    whole = model.read_bytes()
    rng = np.random.default_rng(0)
    places = np.unique(
        np.concatenate([np.linspace(0, len(whole) - 1, 60).astype(int), len(whole) - 1 - rng.integers(0, 90, 12)])
    )
    for place in places:
        damaged = bytearray(whole)
        damaged[place] ^= 1 << int(rng.integers(8))
        model.write_bytes(damaged)
        result = vitrina("predict", run, npz, "--out", "a.csv")
        assert result.status == 1, f"byte {place}"
        assert "model.vitrina" in result.sentence
        assert not Path("a.csv").exists()
    model.write_bytes(whole)
    assert vitrina("predict", run, npz, "--out", "a.csv").status == 0


def test_a_checkpoint_or_settings_that_are_damaged(vitrina: Vitrina, run: Path) -> None:
    shutil.copytree(run, "other")
    whole = Path("other/last").read_bytes()
    Path("other/last").write_bytes(whole[: len(whole) // 2])
    assert "last" in vitrina("train", "--resume", "other").sentence
    Path("other/last").write_bytes(whole)
    for content in ("", "{", '{"a": 1}', "[]", "null"):
        Path("other/settings.json").write_text(content)
        result = vitrina("train", "--resume", "other")
        assert result.status == 1
        assert "settings.json" in result.sentence


def test_a_file_that_is_no_model(vitrina: Vitrina, npz: Path) -> None:
    for name in ("points.vitrina", "empty.vitrina"):
        Path(name).write_bytes(npz.read_bytes() if name.startswith("points") else b"")
        for command in (("predict", name, npz), ("describe", name)):
            assert name in vitrina(*command).sentence

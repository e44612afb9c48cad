"""What is reported of the page's speed is what was measured, and says where a target was missed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import vitrina as vt
from benchmarks import page


def test_a_target_that_is_missed_is_said_to_be() -> None:
    frames = {1_000_000: {"wave": [60.0, 58.0, 61.0], "play": [29.0, 20.0, 40.0]}}
    told = page.section(frames, [(0.5, 1.9, 0.4), (0.6, 2.5, 0.5), (0.7, 1.0, 0.6)], 200_000_000)
    rows = {row.split(" | ")[0].removeprefix("| "): row for row in told.splitlines()}
    assert rows["1,000,000 weights, frames a second while the wave passes"].endswith(
        "| 60.00 | 58.00 - 61.00 | > 30 | reached |"
    )
    assert "**not reached**" in rows["1,000,000 weights, frames a second while the slider plays"]
    assert rows["the same, s until all of the page is there"].endswith("| 1.90 | 1.00 - 2.50 | < 2 | reached |")


def test_the_recording_of_an_hour_is_one_that_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "HOUR", 20.0)
    monkeypatch.setattr(page, "EPOCHS", 10)
    monkeypatch.setattr(page, "teach", teach)
    assert page.an_hour(tmp_path / "run") == (tmp_path / "run" / "recording" / "1.arrows").stat().st_size
    recording = vt.Recording(tmp_path / "run")
    steps, errors = recording.errors
    assert len(errors) == 20 * page.STEPS_PER_SECOND
    np.testing.assert_array_equal(steps, np.arange(len(errors)) + 1)
    assert len(recording.epochs) == 10
    assert np.all(np.diff(recording.steps) > 0)
    assert len(recording.steps) > 100
    assert recording.judges is not None


def teach(run: Path, width: int) -> int:
    x = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    network = vt.Network(vt.Input((3,)), vt.Dense(4, "relu"), vt.Dense(2))
    vt.train((x, np.arange(40) % 2), network=network, epochs=2, engine="numpy", learning_rate=0.01, out=run)
    return network.parameters

"""A training's figures reach the tools that read them."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import vitrina as vt
from vitrina.errors import UsageError
from vitrina.glass.logs import log_to


def teach(run: Path, tool: str) -> vt.Model:
    x = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
    network = vt.Network(vt.Input((4,)), vt.Dense(3, "relu"), vt.Dense(2))
    options = {"epochs": 3, "batch_size": 20, "engine": "numpy", "learning_rate": 0.01}
    data = x, (x[:, 0] > 0).astype(np.int64)
    return vt.train(data, network=network, validation=data, out=run, callbacks=[log_to(tool, run)], **options)


def test_tensorboard_s_own_files_hold_every_epoch(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX")
    from tensorboardX.proto.event_pb2 import Event  # pyright: ignore[reportAttributeAccessIssue]

    model = teach(tmp_path / "run", "tensorboard")
    (file,) = (tmp_path / "run" / "tensorboard").iterdir()
    found: dict[str, dict[int, float]] = {}
    for record in records(file.read_bytes()):
        event = Event.FromString(record)
        for value in event.summary.value:
            found.setdefault(value.tag, {})[event.step] = value.simple_value
    errors = found["epoch/validation_error"]
    assert list(errors) == [3, 6, 9]
    np.testing.assert_allclose(list(errors.values()), model.history["validation_error"], rtol=1e-6)
    assert "batch/error" in found


def records(content: bytes) -> list[bytes]:
    """The format of TFRecord files: length, its checksum, data, their checksum."""
    out: list[bytes] = []
    while content:
        length = int.from_bytes(content[:8], "little")
        out.append(content[12 : 12 + length])
        content = content[16 + length :]
    return out


def test_weights_and_biases_is_told_every_epoch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, dict[str, float]]] = []
    ended: list[bool] = []
    run = SimpleNamespace(log=lambda figures, step: told.append((step, figures)), finish=lambda: ended.append(True))
    monkeypatch.setitem(sys.modules, "wandb", SimpleNamespace(init=lambda **given: run))
    model = teach(tmp_path / "run", "wandb")
    epochs = [figures["epoch/error"] for _, figures in told if "epoch/error" in figures]
    assert epochs == model.history["error"]
    assert ended == [True]


def test_what_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="tensorboard or wandb"):
        log_to("paper", tmp_path)
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(UsageError, match=r"pip install 'vitrina\[wandb\]'"):
        log_to("wandb", tmp_path)

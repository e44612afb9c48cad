# ruff: noqa: E501
"""What repair changes helps on rows it did not see; what is sound stays as it is; and what other frameworks built is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vitrina as vt
from tests.doctor.conftest import net, rows
from vitrina.doctor.battery import battery
from vitrina.doctor.foreign import read_network

TEST = rows(400, 2)
CURABLE: dict[str, dict[str, Any]] = {
    "softmax": {"network": net(last="softmax"), "optimizer": vt.SGD(0.02)},
    "rate": {"optimizer": vt.Adam(10.0)},
    "scale": {"train": (3000.0 * rows(480)[0], rows(480)[1]), "judge": (3000.0 * rows(160, 1)[0], rows(160, 1)[1]), "optimizer": vt.SGD(0.02)},
    "zeros": {"network": net(vt.Dense(16, "relu", initialiser="zeros"), vt.Dense(16, "relu", initialiser="zeros"))},
}  # fmt: skip


@pytest.mark.parametrize("kind", CURABLE)
def test_repair_helps_on_rows_it_never_saw(kind: str, taught: Callable[..., Path]) -> None:
    options = CURABLE[kind]
    run = taught(**options)
    healing = vt.heal(run, options.get("train", rows(480)), options.get("judge", rows(160, 1)))
    x = 3000.0 * TEST[0] if kind == "scale" else TEST[0]
    assert healing.helped
    assert healing.model is not None
    assert np.mean(healing.model.predict(x) == TEST[1]) > 0.85
    assert healing.changes
    assert healing.after > healing.before
    assert "now" in str(healing)


def test_a_sound_run_is_left_as_it_is(taught: Callable[..., Path]) -> None:
    run = taught()
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    healing = vt.heal(run, rows(480), rows(160, 1))
    assert not healing.helped
    assert healing.tried == []
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_arrays_that_are_not_in_the_run_are_asked_for(taught: Callable[..., Path]) -> None:
    with pytest.raises(vt.UsageError, match="give the same data again"):
        vt.heal(taught(net(last="softmax")))


def test_a_run_that_was_not_looked_at_says_so(tmp_path: Path) -> None:
    vt.train(rows(60), network=net(), engine="numpy", epochs=1, out=tmp_path / "run", record=False)
    with pytest.raises(vt.ModelError, match="has not been examined"):
        vt.diagnose(tmp_path / "run")


def test_the_doctor_beside_it_changes_nothing_of_a_training(tmp_path: Path) -> None:
    seen = vt.train(rows(200), network=net(), engine="numpy", epochs=3, out=tmp_path / "seen")
    unseen = vt.train(rows(200), network=net(), engine="numpy", epochs=3)
    for name, weight in unseen.weights.items():
        np.testing.assert_array_equal(seen.weights[name], weight)


def test_the_battery_finds_a_network_that_cannot_learn(taught: Callable[..., Path]) -> None:
    run = taught(net(vt.Dense(16, "relu", initialiser="zeros"), vt.Dense(16, "relu", initialiser="zeros")))
    bad = {test["name"]: test["passed"] for test in battery(run, rows(480), rows(160, 1))}
    assert bad["slopes"] is True
    assert bad["one-batch"] is False


def test_the_battery_passes_a_network_that_learns(taught: Callable[..., Path]) -> None:
    good = {test["name"]: test["passed"] for test in battery(taught(), rows(480), rows(160, 1))}
    assert [name for name in ("slopes", "one-batch", "shuffled-labels") if not good[name]] == []


def test_a_module_of_pytorch_is_read_and_its_fault_named() -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    nn = torch.nn
    sound = nn.Sequential(nn.Linear(8, 24), nn.ReLU(), nn.Linear(24, 4))
    twice = nn.Sequential(nn.Linear(8, 24), nn.ReLU(), nn.Linear(24, 4), nn.Softmax(1))
    options = {"validation": rows(160, 1), "optimizer": "adam", "learning_rate": 5e-3, "epochs": 12}
    assert vt.diagnose(sound, rows(480), **options).healthy
    assert vt.diagnose(twice, rows(480), **options).codes[0] == "softmax-twice"


def test_a_convolution_of_pytorch_gives_the_same_answers_before_it_is_diagnosed() -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)

    class Seer(torch.nn.Module):
        def __init__(self, odd: bool) -> None:
            super().__init__()
            self.see = torch.nn.Conv2d(2, 4, 3, padding=1)
            self.pool = torch.nn.MaxPool2d(2)
            self.tell = torch.nn.Linear(16, 4)
            self.odd = odd

        def forward(self, x: Any) -> Any:
            x = self.pool(torch.relu(self.see(x))).flatten(1)
            return self.tell(x.flip(1) if self.odd else x)

    x = np.random.default_rng(0).normal(size=(60, 2, 4, 4)).astype(np.float32)
    y = (x[:, 0].mean(axis=(1, 2)) > 0).astype(np.int64)
    assert isinstance(vt.diagnose(Seer(odd=False), (x, y), optimizer="adam", epochs=2), vt.Findings)
    with pytest.raises(vt.ModelError, match="flip of a PyTorch module"):
        vt.diagnose(Seer(odd=True), (x, y), epochs=2)


def test_what_a_module_of_pytorch_does_by_functions_is_read_as_well() -> None:
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    torch.manual_seed(0)

    class Caller(torch.nn.Module):
        def __init__(self, joins: bool = False) -> None:
            super().__init__()
            self.see, self.think = torch.nn.Conv2d(2, 4, 3, padding=1), torch.nn.Linear(16, 16)
            self.tell, self.joins = torch.nn.Linear(16, 4), joins

        def forward(self, x: Any) -> Any:
            x = functional.max_pool2d(functional.relu(self.see(x)), 2).view(x.size(0), -1)
            x = functional.dropout(functional.gelu(self.think(x)) + (x if self.joins else 0.0), 0.25, self.training)
            return functional.log_softmax(self.tell(x), dim=1)

    class Plain(Caller):
        def forward(self, x: Any) -> Any:
            x = torch.flatten(functional.max_pool2d(torch.relu(self.see(x)), 2), 1)
            x = functional.dropout(functional.gelu(self.think(x)), 0.25, self.training)
            return functional.log_softmax(self.tell(x), dim=1)

    x = np.random.default_rng(0).normal(size=(60, 2, 4, 4)).astype(np.float32)
    y = (x[:, 0].mean(axis=(1, 2)) > 0).astype(np.int64)
    layers = read_network(Plain(), x, y, None).network.layers
    kinds = ["Conv2D", "Activation", "MaxPool2D", "Flatten", "Dense", "Activation", "Dropout", "Dense"]
    assert [type(layer).__name__ for layer in layers] == kinds
    assert layers[6] == vt.Dropout(0.25)
    with pytest.raises(vt.ModelError, match="joins or branches at add"):
        vt.diagnose(Caller(joins=True), (x, y), epochs=2)


def test_anything_else_is_refused_in_one_sentence() -> None:
    with pytest.raises(vt.ModelError, match="not dict"):
        vt.diagnose({}, rows(20))
    with pytest.raises(vt.UsageError, match="needs data"):
        vt.diagnose(net())

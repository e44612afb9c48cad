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
from vitrina.doctor.doubtful import doubtful
from vitrina.doctor.foreign import read_network
from vitrina.doctor.treatment import Arrays, treat

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
    assert healing.measure == ("accuracy", "accuracy")
    assert f"accuracy {healing.before:.1%} before, {healing.after:.1%} now" in str(healing)


def test_before_and_after_are_told_by_the_same_measure(taught: Callable[..., Path]) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3000, 8)).astype(np.float32)
    rare = (x[:, 0] + 0.7 * rng.normal(size=3000) > 2.4).astype(np.int64)
    train, judge = (x[:2000], rare[:2000]), (x[2000:], rare[2000:])
    run = taught(network=net(units=2), train=train, judge=judge, epochs=6)
    healing = vt.heal(run, train, judge)
    assert healing.measure == ("balanced_accuracy", "balanced_accuracy")
    assert 0.5 <= healing.before < healing.after
    assert f"balanced accuracy {healing.before:.1%} before" in str(healing)


def test_rows_labelled_wrong_are_found_and_right_ones_left() -> None:
    x, y = rows(480)
    wrong = np.random.default_rng(3).random(len(y)) < 0.25
    marked = doubtful(x, np.where(wrong, (y + 1) % 4, y))
    assert marked[wrong].mean() > 0.7
    assert marked[~wrong].mean() < 0.2  # those on the border between two classes
    assert doubtful(x, y).mean() < 0.1


@pytest.mark.parametrize(("factor", "shift", "way"), [(100.0, 7.0, 1.0), (-1.0, 3.0, -1.0)])
def test_training_rows_are_brought_to_the_units_that_judge(factor: float, shift: float, way: float) -> None:
    (x, y), (xv, yv) = rows(480), rows(160, 1)
    there = factor * xv + shift
    matched = treat(Arrays((x, y), (there, yv)), {"match": True}).train[0]
    np.testing.assert_allclose(matched.mean(axis=0), there.mean(axis=0), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(matched.std(axis=0), there.std(axis=0), rtol=1e-3)
    np.testing.assert_allclose(np.corrcoef(x[:, 0], matched[:, 0])[0, 1], way, atol=1e-4)


def test_repair_answers_rows_that_come_as_the_validation_part_does(taught: Callable[..., Path]) -> None:
    judge = (60.0 * rows(160, 1)[0] + 5.0, rows(160, 1)[1])
    healing = vt.heal(taught(judge=judge), rows(480), judge)
    assert healing.model is not None
    assert np.mean(healing.model.predict((60.0 * TEST[0] + 5.0).astype(np.float32)) == TEST[1]) > 0.85


def test_what_was_held_back_to_judge_is_learned_from_in_the_end(taught: Callable[..., Path]) -> None:
    """Two classes that only the validation part has: in the end the network knows them as well as the others."""
    (x, y), (xv, yv) = rows(480), rows(400, 1)
    healing = vt.heal(taught(train=(x[y < 3], y[y < 3]), judge=(xv, yv)), (x[y < 3], y[y < 3]), (xv, yv))
    assert healing.model is not None
    assert healing.treatments
    assert "validation_error" not in healing.model.history.columns  # no row judged it
    assert np.mean(healing.model.predict(TEST[0][TEST[1] == 3]) == 3) > 0.7


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
            x = functional.dropout(functional.gelu(self.think(x)) - (x if self.joins else 0.0), 0.25, self.training)
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
    with pytest.raises(vt.ModelError, match="joins at sub in a way"):
        vt.diagnose(Caller(joins=True), (x, y), epochs=2)


def _network_of_blocks() -> Any:
    """PyTorch: a stem with padding and stride, a block that shrinks beside a 1 × 1 shortcut, one with a plain shortcut, three ways
    that are joined, and classes."""
    torch = pytest.importorskip("torch")
    nn, functional = torch.nn, torch.nn.functional
    torch.manual_seed(0)

    class Block(nn.Module):
        def __init__(self, inputs: int, filters: int, stride: int) -> None:
            super().__init__()
            self.first = nn.Conv2d(inputs, filters, 3, stride, 1, bias=False)
            self.norm = nn.BatchNorm2d(filters)
            self.second = nn.Conv2d(filters, filters, 3, padding=1)
            self.short = nn.Conv2d(inputs, filters, 1, stride) if stride > 1 else nn.Identity()

        def forward(self, x: Any) -> Any:
            y = self.second(torch.relu(self.norm(self.first(x))))
            y += self.short(x)
            return functional.relu(y)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.pool = nn.Conv2d(1, 4, 5, 2, 2), nn.MaxPool2d(3, 2, 1)
            self.blocks = nn.Sequential(Block(4, 4, 1), Block(4, 6, 2))
            self.side, self.tell = nn.Conv2d(6, 2, 1), nn.Linear(14, 3)

        def forward(self, x: Any) -> Any:
            x = self.blocks(self.pool(self.stem(x)))
            x = torch.cat([x, torch.tanh(self.side(x)), x * torch.sigmoid(x)], 1)
            return self.tell(torch.flatten(functional.adaptive_avg_pool2d(x, 1), 1))

    return Net()


def test_shortcuts_branches_and_strides_of_pytorch_are_read() -> None:
    module = _network_of_blocks()
    x = np.random.default_rng(0).normal(size=(60, 1, 16, 16)).astype(np.float32)
    y = (np.arange(60) % 3).astype(np.int64)
    network = read_network(module, x, y, None).network  # compared with what the module answers
    kinds = [type(layer).__name__ for layer in network.layers]
    assert kinds.count("Residual") == 1
    assert kinds.count("Branches") == 2
    assert network.parameters == sum(parameter.numel() for parameter in module.parameters())
    assert isinstance(vt.diagnose(module, (x, y), epochs=2), vt.Findings)


def test_a_functional_model_of_keras_is_read() -> None:
    keras = pytest.importorskip("keras")
    layers = keras.layers
    start = keras.Input((6, 6, 1))
    x = layers.Conv2D(4, 3, padding="same", activation="relu")(start)
    x = layers.Add()([x, layers.Conv2D(4, 3, padding="same")(x)])
    x = layers.Concatenate()([layers.MaxPooling2D(2)(x), layers.AveragePooling2D(2)(x)])
    end = layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(start, end)
    images = np.random.default_rng(0).normal(size=(30, 6, 6, 1)).astype(np.float32)
    network = read_network(model, images, (np.arange(30) % 3).astype(np.int64), None).network
    kinds = ["Conv2D", "Residual", "Branches", "GlobalAveragePool", "Dense"]
    assert [type(layer).__name__ for layer in network.layers] == kinds


def test_anything_else_is_refused_in_one_sentence() -> None:
    with pytest.raises(vt.ModelError, match="not dict"):
        vt.diagnose({}, rows(20))
    with pytest.raises(vt.UsageError, match="needs data"):
        vt.diagnose(net())

# ruff: noqa: E501  # a fault a line reads better than a fault a page
"""Normalisation, images, sequences, batches, parts, progress: each fault named first, and its healthy twin left in peace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vitrina as vt
from tests.doctor.conftest import Pair, net, rows
from vitrina.doctor.case import Case
from vitrina.doctor.diagnosing import case_of
from vitrina.doctor.verdict import verdict

Taught = Callable[..., Path]
X, Y = rows(480)
XV, YV = rows(160, 1)
NUMBERS: dict[str, Any] = {"train": (X, 2.0 * X[:, :1] + X[:, 1:2]), "judge": (XV, 2.0 * XV[:, :1] + XV[:, 1:2])}
SQUARES: dict[str, Any] = {"units": 1, "cost": "mean_squared_error"}


def normed(momentum: float = 0.9, drop: float = 0.0, blocks: int = 2) -> vt.Network:
    one = (vt.Dropout(drop), vt.Dense(24), vt.BatchNorm(momentum=momentum), vt.Activation("relu"))
    return net(*one[0 if drop else 1 :] * blocks)


def bars(count: int, seed: int = 0) -> Pair:
    """6 × 6 images of a bar on the left (class 0) or on the right, with noise."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, count)
    x = 0.2 * rng.normal(size=(count, 6, 6, 1))
    x[np.arange(count), :, np.where(y == 1, 4, 1), 0] += 1.0
    return x.astype(np.float32), y.astype(np.int32)


def sentences(count: int, low: int, high: int, seed: int = 0) -> Pair:
    """Five codes from low to high; class 1 where most of them are odd."""
    x = np.random.default_rng(seed).integers(low, high, (count, 5))
    return x.astype(np.int32), ((x % 2).sum(axis=1) > 2).astype(np.int32)


def reader() -> vt.Network:
    return vt.Network(vt.Input((5,)), vt.Embedding(80, 6), vt.GlobalAveragePool(), vt.Dense(2))


def looker() -> vt.Network:
    return vt.Network(vt.Input((8,)), vt.Reshape((4, 2)), vt.Dense(8), vt.Attention(1), vt.Flatten(), vt.Dense(4))


def weights_of(network: vt.Network, **factors: float) -> dict[str, np.ndarray]:
    from vitrina.network.network import flatten

    found = flatten(network.build(0)[0])
    return {name: value * factors.get(name.rpartition("/")[2], 1.0) for name, value in found.items()}


def pictures() -> vt.Network:
    return vt.Network(vt.Input((6, 6, 1)), vt.Flatten(), vt.Dense(16, "relu"), vt.Dense(2))


def without(kind: int, share: float) -> Pair:
    kept = (kind != Y) | (np.random.default_rng(2).random(len(Y)) < share)
    return X[kept], Y[kept]


BY_COLUMN = np.argsort(X[:, 0])
IMAGES: dict[str, Any] = {"network": pictures(), "train": bars(400), "judge": bars(120, 1)}
WORDS: dict[str, Any] = {"network": reader(), "train": sentences(500, 0, 40), "optimizer": vt.Adam(2e-2)}

# code: (what is wrong, its place, the same without it)
FAULTS: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "norm-out-of-step": ({"network": normed(0.9995), "epochs": 6}, "batch_norm", {"network": normed(), "epochs": 6}),
    "dropout-before-norm": ({"network": normed(drop=0.6, blocks=4), "epochs": 25}, "dropout", {"network": normed(), "epochs": 25}),
    "dropout-misplaced": ({"network": vt.Network(vt.Input((8,)), vt.Dense(24, "relu"), vt.Dense(1), vt.Dropout(0.5), cost="mean_squared_error"), "train": (X, 2.0 + NUMBERS["train"][1]), "judge": (XV, 2.0 + NUMBERS["judge"][1])}, "dropout_1", {"network": net(**SQUARES), **NUMBERS}),
    "norm-misplaced": ({"network": vt.Network(vt.Input((8,)), vt.Dense(16, "relu"), vt.Dense(1), vt.LayerNorm(), cost="mean_squared_error"), **NUMBERS}, "layer_norm_1", {"network": net(vt.Dense(16, "relu"), vt.LayerNorm(), **SQUARES), **NUMBERS, "epochs": 40}),
    "augmentation-destroys": ({**IMAGES, "augment": "flip"}, "augment", {**IMAGES, "augment": "none"}),
    "embedding-unseen": ({**WORDS, "judge": sentences(160, 30, 80, 1)}, "embedding_1", {**WORDS, "judge": sentences(160, 0, 40, 1)}),
    "attention-collapse": ({"network": looker(), "weights": weights_of(looker(), query_weight=30.0, key_weight=30.0), "optimizer": vt.SGD(0.02), "epochs": 8}, "attention_1", {"network": looker(), "optimizer": vt.Adam(1e-2), "epochs": 40}),
    "batch-too-small": ({"network": normed(), "batch_size": 1, "epochs": 2}, "batch_size", {"network": normed(), "batch_size": 16}),
    "batch-too-large": ({"batch_size": 480, "optimizer": vt.Adam(1e-3)}, "batch_size", {"batch_size": 48}),
    "columns-duplicated": ({"network": vt.Network(vt.Input((168,)), vt.Dense(24, "relu"), vt.Dense(4)), "train": (np.column_stack([X, *[X[:, 7:]] * 160]), Y), "judge": (np.column_stack([XV, *[XV[:, 7:]] * 160]), YV), "optimizer": vt.SGD(0.1), "epochs": 5}, "column", {"optimizer": vt.SGD(0.1)}),
    "class-missing": ({"train": without(3, 0.0)}, "target", {"train": without(3, 0.5)}),
    "class-shares-differ": ({"train": without(0, 0.06), "judge": (XV[(YV == 0) | (np.arange(160) % 3 == 0)], YV[(YV == 0) | (np.arange(160) % 3 == 0)]), "epochs": 3}, "target", {"train": without(0, 0.6)}),
    "one-answer": ({"class_weight": {0: 5000.0, 1: 1.0, 2: 1.0, 3: 1.0}, "optimizer": vt.SGD(0.05)}, "class_weight", {"class_weight": {0: 1.2}, "optimizer": vt.Adam(5e-3)}),
    "layers-unbalanced": ({"network": net(vt.Dense(16, "tanh"), vt.Scale((0.002,)), vt.Dense(16, "tanh")), "optimizer": vt.SGD(0.05)}, "dense_1", {"network": net(vt.Dense(16, "tanh"), vt.Dense(16, "tanh"))}),
    "falls-slowly": ({"optimizer": vt.SGD(6e-4), "epochs": 30, "batch_size": 16}, "learning_rate", {"optimizer": vt.SGD(0.1), "epochs": 30, "batch_size": 16}),
    "plateau": ({"network": net(*[vt.Dense(16, "sigmoid")] * 2), "optimizer": vt.SGD(0.02), "epochs": 15}, "learning_rate", {"network": net(*[vt.Dense(16, "relu")] * 3)}),
}  # fmt: skip


@pytest.mark.parametrize("code", FAULTS)
def test_a_fault_is_named_first_and_its_twin_is_left_in_peace(code: str, taught: Taught, tmp_path: Path) -> None:
    bad, place, good = FAULTS[code]
    found = vt.diagnose(taught(**bad))
    assert found.codes[0] == code, found
    assert found[0].severity in ("fault", "warning")
    assert place in found[0].where
    assert found[0].what
    assert found[0].todo
    (tmp_path / "run").rename(tmp_path / "first")
    after = vt.diagnose(taught(**good))
    assert after.healthy, after
    assert code not in after.codes


@pytest.mark.parametrize(
    "code", ["norm-misplaced", "augmentation-destroys", "attention-collapse", "batch-too-small", "class-missing"]
)
def test_what_can_be_told_before_the_first_step_is(code: str) -> None:
    def said(options: dict[str, Any]) -> list[str]:
        options = {"network": net(), "train": (X, Y), "judge": (XV, YV), "epochs": 12} | options
        network, train, judge = (options.pop(name) for name in ("network", "train", "judge"))
        return [one.code for one in vt.diagnose(network, train, validation=judge, **options).grave]

    bad, _, good = FAULTS[code]
    assert code in said(bad)
    assert code not in said(good)


def told(case: Case, code: str) -> bool:
    return bool(verdict(case, [code]))


def test_an_error_that_rises_again_is_told_from_one_that_wavers(taught: Taught) -> None:
    case = case_of(taught(batch_size=16))
    assert case.signs is not None
    poor = {
        "train": {**case.checkup["train"], "score": 0.3},
        "validation": {**case.checkup["validation"], "score": 0.3},
    }
    steps = len(case.signs.errors)
    fall = np.concatenate([np.linspace(1.4, 0.2, steps // 2), np.full(steps - steps // 2, 0.2)])
    rise = np.where(np.arange(steps) > steps // 2, np.linspace(-1.0, 1.4, steps), fall)
    low = [{**row, "validation_accuracy": 0.3} for row in case.signs.epochs]
    for errors, expected in ((np.maximum(fall, rise), True), (fall + 0.1 * np.sin(np.arange(steps)), False)):
        signs = replace(case.signs, errors=errors, epochs=low)
        assert told(replace(case, signs=signs, checkup=case.checkup | poor), "diverging") is expected


def test_nobody_judges_is_said_where_weights_are_many_and_rows_few(taught: Taught, tmp_path: Path) -> None:
    few = (X[:40], np.random.default_rng(5).permutation(Y[:40]))
    options: dict[str, Any] = {"train": few, "epochs": 120, "validation": None}
    found = vt.diagnose(taught(net(vt.Dense(128, "relu"), vt.Dense(64, "relu")), **options))
    assert "nobody-judges" in found.codes, found
    (tmp_path / "run").rename(tmp_path / "first")
    assert "nobody-judges" not in vt.diagnose(taught(net(), (X, Y), validation=None)).codes


def test_rows_in_the_order_of_a_column_are_named_with_it(taught: Taught) -> None:
    found = vt.diagnose(net(), (X[BY_COLUMN], Y[BY_COLUMN]), validation=(XV, YV), shuffle=False)
    (finding,) = [one for one in found if one.code == "not-shuffled"]
    assert "column 0" in finding.what
    assert "not-shuffled" not in vt.diagnose(net(), (X, Y), validation=(XV, YV), shuffle=False).codes


def test_the_rows_with_wrong_labels_are_listed() -> None:
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(4, 8)) * 5
    y = rng.integers(0, 4, 600)
    x = (centres[y] + rng.normal(size=(600, 8))).astype(np.float32)
    wrong = rng.random(600) < 0.2
    noisy = np.where(wrong, (y + 1) % 4, y).astype(np.int32)
    found = vt.diagnose(net(), (x, noisy))
    (finding,) = [one for one in found if one.code == "label-noise"]
    listed = finding.evidence["rows"]
    assert len(listed) >= 10
    assert wrong[listed].mean() > 0.9


@pytest.mark.parametrize(
    "options", [{"class_weight": "balanced"}, {"network": net(**SQUARES), **NUMBERS}, {"validation": None}]
)
def test_a_training_that_goes_on_can_be_asked_at_any_moment(options: dict[str, Any], taught: Taught) -> None:
    """And one that will be sound is not said to fall short of what it has had no time to reach."""
    case = case_of(taught(**options))
    assert case.signs is not None
    for step in range(0, case.signs.done, 20):
        found = verdict(replace(case, signs=case.signs.until(step), checkup={}))
        assert not {"too-few-steps", "plateau", "falls-slowly"} & set(found.codes), (step, found)


CURED: dict[str, float] = {"norm-out-of-step": 0.8, "one-answer": 0.7}


@pytest.mark.parametrize("code", CURED)
def test_the_remedy_mends_it(code: str, taught: Taught) -> None:
    healing = vt.heal(taught(**FAULTS[code][0]), (X, Y), (XV, YV))
    assert any(one.code == code and one.kept for one in healing.tried), healing
    assert healing.model is not None
    x, y = rows(300, 5)
    assert float(np.mean(healing.model.predict(x) == y)) > CURED[code]


def test_an_augmentation_that_destroys_is_left_out_and_the_others_stay(taught: Taught) -> None:
    run = taught(**{**IMAGES, "augment": "flip,shift=1"})
    healing = vt.heal(run, IMAGES["train"], IMAGES["judge"])
    before, after = healing.changes["augment"]
    assert [one["type"] for one in before] == ["Flip", "Shift"]
    assert [one["type"] for one in after] == ["Shift"]
    assert healing.after > healing.before + 0.05


def test_parts_that_were_drawn_apart_are_drawn_anew_from_both(taught: Taught) -> None:
    train = without(3, 0.0)
    healing = vt.heal(taught(train=train), train, (XV, YV))
    assert healing.treatments
    assert healing.model is not None
    x, y = rows(300, 5)
    assert float(np.mean(healing.model.predict(x)[y == 3] == 3)) > 0.3  # there were none to learn from


def test_a_class_copied_before_the_rows_were_divided_is_told() -> None:
    x, y = rows(600)
    order = np.random.default_rng(0).permutation(
        np.concatenate([np.flatnonzero(y > 0), np.repeat(np.flatnonzero(y == 0), 10)])
    )
    x, y = x[order], y[order]
    found = vt.diagnose(net(), (x[:1200], y[:1200]), validation=(x[1200:], y[1200:]))
    assert found.codes[0] == "rows-shared"
    apart = vt.diagnose(
        net(), (x[:1200], y[:1200]), validation=rows(160, 1)
    )  # copied after the division: nothing is shared
    assert "rows-shared" not in apart.codes


def test_weights_that_drown_all_classes_but_one_are_told_before_training() -> None:
    drowned = vt.diagnose(net(), rows(480), validation=rows(160, 1), class_weight={2: 4000.0})
    assert list(drowned.codes) == ["one-answer"]
    assert vt.diagnose(net(), rows(480), validation=rows(160, 1), class_weight={2: 5.0}).healthy


def test_one_column_that_parts_thirty_rows_is_no_leak() -> None:
    x, y = rows(400)
    x[:, 5] = np.where(y > 1, 1.0, -1.0)
    two = vt.Network(vt.Input((8,)), vt.Dense(8, "relu"), vt.Dense(2))
    assert "leak" in vt.diagnose(two, (x, y // 2)).codes
    assert "leak" not in vt.diagnose(two, (x[:30], y[:30] // 2)).codes


def test_nothing_at_all_comes_back_through_units_that_are_silent_wherever_they_stand(taught: Taught) -> None:
    deep = net(vt.Dense(16, "relu"), vt.Dense(16, "relu"), vt.Dense(16, "relu"))
    weights = weights_of(deep)
    weights["dense_2/bias"] = weights["dense_2/bias"] - 60.0
    found = vt.diagnose(taught(network=deep, weights=weights))
    assert (found[0].code, found[0].where) == ("dead-units", "dense_2")

"""What is kept: saving and loading, answering, refusing what does not fit."""

from __future__ import annotations

import copy
import errno
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vitrina as vt
from vitrina.engines.registry import is_installed
from vitrina.errors import DataError, ModelError, VitrinaError


@pytest.fixture(scope="module")
def model() -> vt.Model:
    network = vt.Network(vt.Input((4,)), vt.Dense(6, "relu"), vt.BatchNorm(), vt.Dense(3))
    x, y = np.random.default_rng(0).normal(size=(60, 4)), np.arange(60) % 3
    return vt.train((x, y), network=network, epochs=3, engine="numpy", validation=0.2)


@pytest.fixture(scope="module")
def saved(model: vt.Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "m.vitrina"
    model.save(path)
    return path


def test_a_loaded_model_is_the_saved_one(model: vt.Model, saved: Path) -> None:
    again = vt.load(saved)
    assert again.network == model.network
    assert again.history == model.history
    assert again.settings == model.settings
    for name, weight in {**model.weights, **model.state}.items():
        np.testing.assert_array_equal({**again.weights, **again.state}[name], weight)
    x = np.random.default_rng(1).normal(size=(7, 4))
    np.testing.assert_array_equal(again.predict_proba(x), model.predict_proba(x))


def test_predicting_needs_no_framework(saved: Path) -> None:
    code = (
        "import sys, numpy as np, vitrina as vt;"
        f"vt.load({str(saved)!r}).predict(np.zeros((2, 4)), engine='numpy');"
        "print({'jax', 'torch', 'tensorflow'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_every_flipped_bit_is_found(saved: Path, tmp_path: Path) -> None:
    content, damaged = saved.read_bytes(), tmp_path / "damaged.vitrina"
    rng = np.random.default_rng(0)
    ends = [*range(64), *range(len(content) - 128, len(content))]
    for place in [*ends, *rng.integers(0, len(content), 300)]:
        flipped = bytearray(content)
        flipped[place] ^= 1 << int(rng.integers(8))
        damaged.write_bytes(bytes(flipped))
        with pytest.raises(ModelError) as caught:
            vt.load(damaged)
        assert "damaged" in str(caught.value)


@given(share=st.floats(0.0, 0.999))
def test_a_truncated_model_is_refused(saved: Path, tmp_path_factory: pytest.TempPathFactory, share: float) -> None:
    cut = tmp_path_factory.mktemp("cut") / "m.vitrina"
    content = saved.read_bytes()
    cut.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ModelError):
        vt.load(cut)


def test_a_file_of_another_kind_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        vt.load(tmp_path / "missing.vitrina")
    vt.train("breast-cancer", epochs=1, engine="numpy", out=tmp_path / "run")
    with pytest.raises(ModelError, match="checkpoint, not a model"):
        vt.load(tmp_path / "run" / "last")


@pytest.mark.parametrize("name", ["weights.npz", "page.docx", "model.pt"])
def test_an_archive_of_somebody_elses_is_not_called_incomplete(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / name, "w") as file:
        file.writestr("content", "something else " * 10)
    with pytest.raises(ModelError, match="is not a model of Vitrina's"):
        vt.load(tmp_path / name)


@pytest.mark.parametrize("given", [5, None, np.zeros(3), "a\0b"])
def test_what_is_no_path_is_told(model: vt.Model, given: Any) -> None:
    for use in (vt.load, model.save, vt.Recording, vt.report):
        with pytest.raises(VitrinaError, match="must be a path, not"):
            use(given)


def test_a_model_says_in_one_line_what_it_is(model: vt.Model) -> None:
    assert repr(model) == "Model((4,) -> (3,), cost='cross_entropy', parameters=63, epochs=3)"


def test_models_are_compared_and_copied(model: vt.Model) -> None:
    x = np.random.default_rng(1).normal(size=(5, 4))
    trace, why = model.trace(x[0], 1), model.explain(x)
    for thing in (model, trace, why):
        for copied in (pickle.loads(pickle.dumps(thing)), copy.deepcopy(thing)):
            assert thing == thing
            assert copied != thing
            assert len({thing, copied}) == 2
    np.testing.assert_array_equal(copy.deepcopy(model).predict_proba(x), model.predict_proba(x))


def test_a_run_without_a_model_says_how_to_go_on(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text("{}")
    with pytest.raises(ModelError, match=r"has no model yet; go on with: vitrina train --resume "):
        vt.load(tmp_path)


def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    model: vt.Model, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = saved.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("vitrina.files.os.fsync", full)
    with pytest.raises(VitrinaError, match="No space left on device"):
        model.save(saved)
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


@pytest.mark.parametrize(
    ("x", "said"),
    [
        (np.zeros((3, 5)), r"\(3, 5\)"),
        (np.zeros(4), r"\(4,\)"),
        (np.array([["a", "b", "c", "d"]]), "numbers"),
        (np.array([[1.0, np.nan, 0.0, 0.0]]), "row 0"),
        (np.array([[0.0] * 4, [np.inf, 0, 0, 0]]), "row 1"),
        (object(), "which is no array"),
        ([[1, 2], [3]], "rows of different lengths"),
    ],
)
def test_inputs_that_do_not_fit(model: vt.Model, x: object, said: str) -> None:
    with pytest.raises(DataError, match=said):
        model.predict(x)


@pytest.mark.parametrize(
    ("y", "said"),
    [
        (np.arange(60), "0 to 2"),
        (np.full(60, -1), "0 to 2"),
        (np.arange(59) % 3, "60 rows and y 59"),
        (np.linspace(0, 1, 60), "fractions"),
        (np.array(["a"] * 60), "numbers"),
    ],
)
def test_targets_that_do_not_fit(model: vt.Model, y: np.ndarray, said: str) -> None:
    with pytest.raises(DataError, match=said):
        vt.train((np.zeros((60, 4)), y), network=model.network, epochs=1, engine="numpy")


def test_weights_that_do_not_fit(model: vt.Model) -> None:
    data = (np.zeros((6, 4)), np.arange(6) % 3)
    with pytest.raises(ModelError, match="lack dense_1/weight"):
        vt.train(data, network=model.network, weights={}, engine="numpy")
    wrong = {**model.weights, "dense_1/bias": np.zeros(5)}
    with pytest.raises(ModelError, match=r"dense_1/bias of shape \(5,\)"):
        vt.train(data, network=model.network, weights=wrong, engine="numpy")


def test_training_goes_on_from_given_weights(model: vt.Model) -> None:
    data = (np.random.default_rng(2).normal(size=(6, 4)), np.arange(6) % 3)
    after = vt.train(data, network=model.network, weights=model.weights, epochs=1, learning_rate=1e-12, engine="numpy")
    for name, weight in model.weights.items():
        np.testing.assert_allclose(after.weights[name], weight, atol=1e-6)


@pytest.mark.parametrize("cost", ["mean_squared_error", "mean_absolute_error", "huber", "poisson", "quantile"])
def test_numbers_are_predicted(cost: str) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 3))
    y = np.exp(0.5 * x[:, 0]) + 1.0
    network = vt.Network(vt.Input((3,)), vt.Dense(16, "tanh"), vt.Dense(1), cost=cost)
    model = vt.train((x, y), network=network, epochs=60, engine="numpy", learning_rate=0.01)
    prediction = model.predict(x)
    assert prediction.shape == (300,)
    assert np.corrcoef(prediction, y)[0, 1] > 0.9
    with pytest.raises(ModelError, match="numbers, not classes"):
        model.predict_proba(x)


@pytest.mark.parametrize("cost", ["cross_entropy", "binary_cross_entropy", "focal"])
def test_two_classes_either_way(cost: str) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3))
    y = (x[:, 0] > 0).astype(int)
    outputs = 2 if cost == "cross_entropy" else 1
    network = vt.Network(vt.Input((3,)), vt.Dense(8, "relu"), vt.Dense(outputs), cost=cost)
    model = vt.train((x, y), network=network, epochs=40, engine="numpy", learning_rate=0.02)
    probabilities = model.predict_proba(x)
    assert probabilities.shape == (200, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-5)
    np.testing.assert_array_equal(model.predict(x), probabilities.argmax(axis=1))
    found = model.evaluate(x, y)
    assert found["accuracy"] > 0.95
    assert found["roc_auc"] > 0.98


@pytest.mark.parametrize("engine", ["numpy", "jax", "torch:eager", "tensorflow:graph"])
@pytest.mark.parametrize("reader", ["dense", "embedding"])
def test_whole_numbers_are_learned_from_on_every_engine(engine: str, reader: str) -> None:
    if not is_installed(engine.partition(":")[0]):
        pytest.skip(f"engine {engine} is not installed")
    x = np.random.default_rng(0).integers(0, 6, (48, 4)).astype(np.uint8)
    layers = [vt.Dense(6, "relu")] if reader == "dense" else [vt.Embedding(6, 3), vt.Flatten()]
    network = vt.Network(vt.Input((4,)), *layers, vt.Dense(2))
    how = {"network": network, "epochs": 2, "optimizer": vt.SGD(0.05)}
    found = vt.train((x, x[:, 0] > 2), engine=engine, **how)
    wanted = vt.train((x, x[:, 0] > 2), engine="numpy", precision="float64", **how)
    for name, weight in wanted.weights.items():
        np.testing.assert_allclose(found.weights[name], weight, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.predict_proba(x), wanted.predict_proba(x), atol=1e-5)


@pytest.mark.parametrize("value", [-1, 6, 2.5])
def test_what_an_embedding_has_no_row_for_is_refused_before_training(value: float) -> None:
    x = np.zeros((5, 3), np.float32)
    x[3, 1] = value
    inside = vt.Residual(vt.Sequential(vt.Embedding(6, 2), vt.Reshape((6,)), vt.Dense(3)))
    for layers in ([vt.Embedding(6, 2), vt.Flatten()], [inside]):
        network = vt.Network(vt.Input((3,)), *layers, vt.Dense(2))
        with pytest.raises(DataError, match=rf"x has {value}.* in row 3, .* whole numbers from 0 to 5"):
            vt.train((x, np.arange(5) % 2), network=network, epochs=1)


@pytest.mark.parametrize("engine", ["numpy", "jax", "torch:eager", "tensorflow:graph"])
def test_rows_with_gaps_and_categories_are_learned_from_on_every_engine(engine: str) -> None:
    if not is_installed(engine.partition(":")[0]):
        pytest.skip(f"engine {engine} is not installed")
    rng = np.random.default_rng(0)
    x = np.stack([rng.normal(size=60), rng.integers(4, size=60), rng.normal(size=60)], axis=1).astype(np.float32)
    x[::5, 0], x[3, 1], x[7, 1] = np.nan, np.nan, 9.0  # missing numbers; a category missing, and one never heard of
    network = vt.Network(vt.Input((3,)), vt.TableInput((0, 4, 0), periodic=3), vt.Dense(2))
    how = {"network": network, "epochs": 3, "optimizer": vt.SGD(0.05)}
    found = vt.train((x, x[:, 2] > 0), engine=engine, **how)
    wanted = vt.train((x, x[:, 2] > 0), engine="numpy", precision="float64", **how)
    for name, weight in wanted.weights.items():
        np.testing.assert_allclose(found.weights[name], weight, rtol=1e-4, atol=1e-5, err_msg=name)
    assert np.isfinite(found.predict_proba(x)).all()
    with pytest.raises(DataError, match="not a finite number in row 0"):
        vt.train((x, x[:, 2] > 0), network=vt.Network(vt.Input((3,)), vt.Dense(2)), epochs=1)

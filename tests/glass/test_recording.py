"""A recording says what the training did, changes nothing of it, and can be read whole or torn."""

from __future__ import annotations

import pickle
import shutil
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vitrina as vt
from vitrina.engines import blas_threads
from vitrina.errors import ModelError, UsageError
from vitrina.glass import recorder as recording_rules
from vitrina.glass import schedule
from vitrina.glass.judging import Judging
from vitrina.glass.look import histogram
from vitrina.glass.looks_file import LooksReader, LooksWriter
from vitrina.glass.recorder import Recorder
from vitrina.glass.thinning import thin

RATE = 0.05


def table(rows: int = 90) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).normal(size=(rows, 6)).astype(np.float32)
    return x, (x[:, 0] + x[:, 1] > 0).astype(np.int64)


def network() -> vt.Network:
    return vt.Network(
        vt.Input((6,)),
        vt.Dense(5, "relu"),
        vt.Residual(vt.Dense(5, "tanh"), vt.Dropout(0.3)),
        vt.BatchNorm(),
        vt.Dense(2),
    )


def taught(run: Path | None, engine: str = "numpy", epochs: int = 3, **options: object) -> vt.Model:
    x, y = table()
    settings = {"engine": engine, "epochs": epochs, "batch_size": 20, "optimizer": vt.SGD(RATE), "precision": "float64"}
    return vt.train((x, y), network=network(), validation=(x[:20], y[:20]), out=run, **(settings | options))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recorded") / "run"
    taught(folder)
    return folder


def test_a_training_that_has_only_begun_can_be_read(run: Path, tmp_path: Path) -> None:
    (tmp_path / "recording").mkdir()
    shutil.copy(run / "recording" / "about.json", tmp_path / "recording")
    recording = vt.Recording(tmp_path)
    steps, errors = recording.errors
    assert len(steps) == len(errors) == 0
    assert {name: len(values) for name, values in recording.errors_in(50).items()} == dict.fromkeys(
        ("step", "mean", "low", "high"), 0
    )


def test_looking_changes_nothing_not_by_a_bit(engine: str, tmp_path: Path) -> None:
    precision = "float32"
    seen = taught(tmp_path / "seen", engine, precision=precision)
    unseen = taught(None, engine, precision=precision)
    assert list(seen.history["error"]) == list(unseen.history["error"])
    for name, weight in unseen.weights.items():
        np.testing.assert_array_equal(seen.weights[name], weight)
    assert len(vt.Recording(tmp_path / "seen").looks) > 3


def test_what_was_seen_is_what_the_training_then_did(run: Path) -> None:
    """The error of each look's step, recomputed by the loop; and the weights of the next look, by the update seen."""
    recording = vt.Recording(run)
    steps, errors = recording.errors
    assert steps.tolist() == list(range(1, 16))  # three epochs of five batches
    looks = {look.step: look for look in recording.looks}
    assert list(looks)[:3] == [0, 1, 2]
    assert recording.steps[-1] == 15
    for step, look in looks.items():
        if step < 15:
            np.testing.assert_allclose(look["|step|error"][0], errors[step], rtol=1e-6)
    before, after = looks[0], looks[1]
    for name in ("dense_1|weight", "residual_1/dense_1|weight", "dense_2|weight"):
        change = after[f"{name}|values"] - before[f"{name}|values"]
        np.testing.assert_allclose(
            np.sqrt((change**2).sum(axis=0)), before[f"{name} update|norm"], rtol=1e-4, atol=1e-8
        )
        np.testing.assert_allclose(before[f"{name} update|norm"], RATE * before[f"{name} gradient|norm"], rtol=1e-5)


def test_statistics_are_those_of_the_layer_worked_out_again(run: Path) -> None:
    recording = vt.Recording(run)
    look = recording.at(0)
    x, _ = table()
    rows = np.random.default_rng((0, 0)).permutation(90)[:20]  # the first batch of the first epoch
    sums = x[rows].astype(np.float64) @ look["dense_1|weight|values"] + look["dense_1|bias|values"]
    outputs = np.maximum(sums, 0)
    for quantity, values in (("sum", sums), ("output", outputs)):
        np.testing.assert_allclose(look[f"dense_1|{quantity}|mean"], values.mean(axis=0), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(look[f"dense_1|{quantity}|spread"], values.std(axis=0), rtol=1e-5)
        np.testing.assert_allclose(look[f"dense_1|{quantity}|largest"], np.abs(values).max(axis=0), rtol=1e-6)
        np.testing.assert_allclose(look[f"dense_1|{quantity}|zero"], (values == 0).mean(axis=0), rtol=1e-6)
    counts = look["dense_1|output|histogram"]
    assert counts[2:].sum() == outputs.size
    np.testing.assert_allclose(counts[:2], [0.0, outputs.max()], rtol=1e-6)


def test_probes_are_what_the_model_answers_at_that_moment(run: Path) -> None:
    recording = vt.Recording(run)
    x, y = recording.probes
    assert x.shape == (8, 6)
    for look in (recording.looks[0], recording.looks[-1]):
        weights, state = recording.weights_at(look.step) or ({}, {})
        model = vt.Model(recording.network, weights, state)
        np.testing.assert_allclose(model.predict_proba(x), look["|probes|prediction"], rtol=1e-5)
        trace = model.trace(x[3], int(y[3]))
        np.testing.assert_allclose(trace.forward["dense_1"].output, look["dense_1|probes|output"][3], rtol=1e-4)
        signals = trace.backward["dense_1"].error_signals
        assert signals is not None
        np.testing.assert_allclose(signals, look["dense_1|probes|signal"][3], rtol=1e-3, atol=1e-8)


def test_every_neuron_of_an_ensemble_is_looked_at_in_each_member(tmp_path: Path) -> None:
    x, y = table()
    layers = (vt.EnsembleDense(3, 5, "relu"), vt.EnsembleDense(3, 2), vt.EnsembleMean(probabilities=True))
    ensemble = vt.Network(vt.Input((6,)), vt.Residual(vt.Dense(6)), *layers)
    settings = {"engine": "numpy", "epochs": 1, "batch_size": 20, "precision": "float64", "learning_rate": 0.1}
    vt.train((x, y), network=ensemble, validation=(x[:20], y[:20]), out=tmp_path, **settings)
    look = vt.Recording(tmp_path).looks[0]
    rows = np.random.default_rng((0, 0)).permutation(90)[:20]
    entered = x[rows] @ look["residual_1/dense_1|weight|values"] + look["residual_1/dense_1|bias|values"] + x[rows]
    weight, bias = look["ensemble_dense_1|weight|values"], look["ensemble_dense_1|bias|values"]
    outputs = np.maximum(np.einsum("ri,miu->rmu", entered, weight) + bias, 0.0)
    np.testing.assert_allclose(look["ensemble_dense_1|output|mean"], outputs.mean(axis=0).reshape(-1), rtol=1e-4)
    norms = np.sqrt((weight**2).sum(axis=1)).reshape(-1)
    np.testing.assert_allclose(look["ensemble_dense_1|weight|norm"], norms, rtol=1e-5)
    assert look["ensemble_dense_2|weight gradient|norm"].shape == (6,)
    seen = look["residual_1|probes|output"]  # where ways meet again, what they give together
    np.testing.assert_allclose(seen, look["residual_1/dense_1|probes|output"] + x[:8], rtol=1e-5)


def test_of_a_large_network_a_look_takes_part_of_the_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording_rules, "STUDIED", 1.0)
    taught(tmp_path)
    look = vt.Recording(tmp_path).at(0)
    x, _ = table()
    rows = np.random.default_rng((0, 0)).permutation(90)[: recording_rules.FEWEST]
    sums = x[rows].astype(np.float64) @ look["dense_1|weight|values"] + look["dense_1|bias|values"]
    np.testing.assert_allclose(look["dense_1|sum|mean"], sums.mean(axis=0), rtol=1e-5, atol=1e-6)


def test_where_a_mean_of_the_weights_is_kept_those_that_judge_are_answered_by_it(tmp_path: Path) -> None:
    model = taught(tmp_path / "run", weight_average=0.9)
    recording = vt.Recording(tmp_path / "run")
    last = Judging(recording).at(recording.at(15))
    assert last is not None
    assert last.error.mean() == pytest.approx(model.history["validation_error"][-1], rel=1e-5)
    by_the_last_weights = taught(None)
    assert last.error.mean() != pytest.approx(by_the_last_weights.history["validation_error"][-1], rel=1e-3)


def test_a_look_leaves_the_other_cores_to_what_learns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("threadpoolctl", reason="without threadpoolctl NumPy's threads cannot be counted")
    usual, seen = Recorder._step, list[int]()

    def counting(self: Recorder, *given: Any) -> Any:
        # not those of other packages that bring a BLAS of their own
        seen.extend(pool["num_threads"] for pool in blas_threads._pools().info() if pool["user_api"] == "blas")
        return usual(self, *given)

    monkeypatch.setattr(Recorder, "_step", counting)
    x = np.random.default_rng(0).normal(size=(512, 512)).astype(np.float32)
    large = vt.Network(vt.Input((512,)), vt.Dense(512, "relu"), vt.Dense(2))  # a step of 400 million operations
    vt.train(
        (x, np.arange(512) % 2),
        network=large,
        out=tmp_path / "run",
        epochs=1,
        batch_size=256,
        engine="numpy",
        learning_rate=1e-3,
    )
    assert set(seen) == {1}


def test_a_layer_has_a_history(run: Path) -> None:
    recording = vt.Recording(run)
    assert recording.layers == ["dense_1", "residual_1/dense_1", "batch_norm_1", "dense_2"]
    layer = recording.layer("residual_1/dense_1")
    assert layer["output", "mean"].shape == (len(layer.steps), 5)
    assert layer["output", "saturated"].shape == (len(layer.steps), 5)
    assert {"mean", "spread", "histogram"} <= set(layer.quantities["signal"])
    with pytest.raises(UsageError, match="it has output: mean"):
        layer["temperature", "mean"]
    with pytest.raises(UsageError, match="dense_9"):
        recording.layer("dense_9")
    history = vt.load(run).history
    assert [row["epoch"] for row in recording.epochs] == [1, 2, 3]
    np.testing.assert_allclose(recording.epochs["validation_error"], history["validation_error"], rtol=1e-6)


def test_no_recording_is_said(tmp_path: Path) -> None:
    taught(tmp_path / "run", record=False)
    with pytest.raises(ModelError, match="no recording"):
        vt.Recording(tmp_path / "run")
    with pytest.raises(UsageError, match="give out="):
        taught(None, record=True)


def test_a_torn_file_opens_up_to_its_last_whole_look(run: Path, tmp_path: Path) -> None:
    whole = vt.Recording(run)
    shutil.copytree(run / "recording", tmp_path / "recording")
    file = tmp_path / "recording" / "1.arrows"
    content = file.read_bytes()
    seen: list[int] = []
    for size in range(0, len(content), max(1, len(content) // 120)):
        file.write_bytes(content[:size])
        part = vt.Recording(tmp_path)
        seen.append(len(part.looks))
        for look, other in zip(part.looks, whole.looks, strict=False):
            assert look.step == other.step
            np.testing.assert_array_equal(look["dense_2|weight|values"], other["dense_2|weight|values"])
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0, len(whole.looks) - 1)


def test_a_file_cut_off_at_any_byte_has_the_looks_before_and_no_other(tmp_path: Path) -> None:
    writer = LooksWriter(tmp_path / "1.arrows")
    ends = [writer.size]
    for step in range(3):
        writer.write(step, 0.1 * step, {"a|b|c": np.arange(4.0) + step, "|step|error": np.array([step])})
        ends.append(writer.size)
    content = (tmp_path / "1.arrows").read_bytes()
    for size in range(len(content) + 1):
        (tmp_path / "torn.arrows").write_bytes(content[:size])
        looks = list(LooksReader(tmp_path / "torn.arrows").more())
        assert [look.step for look in looks] == [step for step in range(3) if ends[step + 1] <= size]
        for look in looks:
            np.testing.assert_array_equal(look["a|b|c"], np.arange(4.0) + look.step)


def test_a_reader_sees_a_file_grow_and_never_half_a_look(tmp_path: Path) -> None:
    writer = LooksWriter(tmp_path / "1.arrows")
    reader = LooksReader(tmp_path / "1.arrows")
    assert list(reader.more()) == []
    writer.write(3, 0.5, {"a|b|c": np.arange(6.0).reshape(2, 3)})
    (look,) = reader.more()
    assert (look.step, look.seconds) == (3, 0.5)
    np.testing.assert_array_equal(look["a|b|c"], np.arange(6.0).reshape(2, 3))
    assert list(reader.more()) == []
    writer.write(4, 0.6, {"a|b|c": np.zeros(1), "d": np.ones((0, 2))})
    (look,) = reader.more()
    assert look["d"].shape == (0, 2)


def test_a_resumed_run_goes_on_in_its_recording(tmp_path: Path) -> None:
    """The first sitting is killed after its checkpoint; what it recorded beyond that is not what happened."""

    class Killed(BaseException):
        pass

    class Kill(vt.Callback):
        def epoch_done(self, learner, row):
            if row["epoch"] == 2:
                learner.save()

        def chunk_done(self, learner):
            if learner.epoch == 2 and learner.position >= 2:
                raise Killed

    x, y = table()
    with pytest.raises(Killed):
        taught(tmp_path / "run", epochs=4, callbacks=[Kill()])
    killed = vt.Recording(tmp_path / "run")
    assert killed.steps[-1] >= 10
    vt.train((x, y), validation=(x[:20], y[:20]), resume=tmp_path / "run")
    taught(tmp_path / "whole", epochs=4)
    resumed, whole = vt.Recording(tmp_path / "run"), vt.Recording(tmp_path / "whole")
    assert resumed.steps.tolist() == sorted(set(resumed.steps.tolist()))
    for one in (resumed, whole):
        assert one.errors[0].tolist() == list(range(1, 21))
        assert [row["epoch"] for row in one.epochs] == [1, 2, 3, 4]
    np.testing.assert_array_equal(resumed.errors[1], whole.errors[1])


def test_a_recording_that_grows_too_large_is_thinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "SHARE", 1e9)
    x, y = table()
    most = 150_000
    recorder = Recorder(tmp_path, most_bytes=most)
    vt.train((x, y), network=network(), epochs=12, batch_size=20, engine="numpy", callbacks=[recorder])
    assert (tmp_path / "1.arrows").stat().st_size < most * 1.2
    recording = vt.Recording(tmp_path)
    assert len(recording.errors[1]) == 60
    assert len(recording.epochs) == 12
    gaps = np.diff(recording.steps)
    assert len(recording.looks) > 4
    assert gaps[:3].min() >= 2  # the earliest were thinned the most often
    assert not list(tmp_path.glob("*.thinning"))


def test_thinning_keeps_a_reader_going(tmp_path: Path) -> None:
    writer = LooksWriter(tmp_path / "1.arrows")
    for step in range(6):
        writer.write(
            step,
            0.0,
            {"|step|rate": np.ones(1), "|batches|error": np.ones(1)} if step % 2 else {"|batches|error": np.ones(1)},
        )
    writer = thin(writer)
    writer.write(6, 0.0, {"|step|rate": np.ones(1)})
    assert [look.step for look in LooksReader(tmp_path / "1.arrows").more()] == [0, 1, 2, 4, 5, 6]


def test_a_full_disk_ends_the_recording_and_not_the_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = LooksWriter.write

    def full(self, step, seconds, values):
        if step >= 2:
            raise OSError(28, "No space left on device")
        written(self, step, seconds, values)

    monkeypatch.setattr(LooksWriter, "write", full)
    recorder = Recorder(tmp_path)
    x, y = table()
    with pytest.warns(vt.LearningWarning, match="the training goes on"):
        model = vt.train((x, y), network=network(), epochs=3, batch_size=20, engine="numpy", callbacks=[recorder])
    assert len(model.history) == 3
    assert recorder.failure == "the recording ended: No space left on device"


def test_a_network_that_breaks_is_recorded_until_it_broke(tmp_path: Path) -> None:
    x, y = table()
    described = vt.Network(vt.Input((6,)), vt.Dense(4), vt.Dense(1), cost="mean_squared_error")
    wild = {"epochs": 2, "engine": "numpy", "optimizer": vt.SGD(1e30), "out": tmp_path / "run"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ModelError, match="nothing was learned"):
            vt.train((x * 1e20, y.astype(np.float32)), network=described, **wild)
    _, errors = vt.Recording(tmp_path / "run").errors
    assert not np.isfinite(errors[-1])


def test_a_layer_without_a_backward_pass_is_seen_on_the_engine_that_differentiates_it(tmp_path: Path) -> None:
    x, y = table()
    described = vt.Network(vt.Input((6,)), vt.Dense(4), Squared(), vt.Dense(2))
    vt.train((x, y), network=described, epochs=2, engine="jax", callbacks=[Recorder(tmp_path)])
    look = vt.Recording(tmp_path).at(0)
    inside = look["dense_1|probes|output"]
    np.testing.assert_allclose(look["squared_1|probes|output"], inside**2, rtol=1e-5)


class Squared(vt.Layer):
    """x², with its slope left to the engine."""

    def output_shape(self, input_shape):
        return input_shape

    def forward(self, ops, params, state, x, context):
        return x * x, None, state


@pytest.mark.parametrize("values", [[1.0, 1.0], [], [float("nan")], [-2.0, 0.5, float("inf"), 3.0]])
def test_a_histogram_counts_what_is_finite(values: list[float]) -> None:
    found = histogram(np.array(values))
    finite = [value for value in values if np.isfinite(value)]
    assert found[2:].sum() == len(finite)
    if finite:
        assert (found[0], found[1]) == (min(finite), max(finite))


def test_threads_that_read_on_at_once_miss_nothing(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    import sys
    from concurrent.futures import ThreadPoolExecutor

    request.addfinalizer(partial(sys.setswitchinterval, sys.getswitchinterval()))
    sys.setswitchinterval(1e-6)  # threads take turns as often as they can
    run = tmp_path / "run"
    x = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    described = vt.Network(vt.Input((3,)), vt.Dense(4, "relu"), vt.Dense(2))
    vt.train((x, np.arange(40) % 2), network=described, epochs=3, engine="numpy", learning_rate=0.01, out=run)
    path = run / "recording" / "1.arrows"
    whole, recording = path.read_bytes(), vt.Recording(run)
    wanted = recording.steps.tolist()
    for _ in range(20):
        path.write_bytes(whole[:20_000])
        late = vt.Recording(run)
        with path.open("ab") as file, ThreadPoolExecutor(6) as threads:
            reads = [threads.submit(late.refresh) for _ in range(12)]
            file.write(whole[20_000:])
            reads += [threads.submit(late.refresh) for _ in range(12)]
            for read in reads:
                read.result()
        late.refresh()
        assert late.steps.tolist() == wanted


def test_a_recording_can_be_sent_to_another_process(tmp_path: Path) -> None:
    vt.train("wine", epochs=1, engine="numpy", out=tmp_path / "run")
    recording = vt.Recording(tmp_path / "run")
    sent = pickle.loads(pickle.dumps(recording))
    assert str(tmp_path) in repr(sent)
    np.testing.assert_array_equal(sent.errors, recording.errors)

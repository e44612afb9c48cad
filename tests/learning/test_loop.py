"""The training loop: the same on every engine, to the bit on one; the best weights kept; watched, stopped, gone on with."""

from __future__ import annotations

import csv
import io
import math
from typing import Any

import numpy as np
import pytest

from tests.learning.teaching import (
    COMPILED,
    NETWORKS,
    PLAIN,
    QUICK_VARIANTS,
    VARIANTS,
    assert_near,
    assert_same,
    examples,
    learner_for,
    linear,
    moved,
    need,
    outcome,
    teach,
)
from vitrina.errors import ModelError
from vitrina.learning import SGD, Adam, Callback, Checkpoint, Cosine, Examples, Learner, LearningWarning
from vitrina.network import Dense, Input, Network
from vitrina.network.network import flatten

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")  # torch 2.13 warns of itself


# -- precision
@pytest.mark.parametrize("variant", QUICK_VARIANTS)
def test_bfloat16_keeps_the_weights_in_float32(variant):
    need(variant)
    network = linear()
    taught = examples(network, 32)
    how: dict[str, Any] = {"optimizer": SGD(1e-5), "batch_size": 8, "epochs": 5}
    start, _ = network.build(0)

    def change(engine: str, dtype: str) -> np.ndarray:
        learned = outcome(teach(network, taught, engine=engine, dtype=dtype, **how))
        return np.concatenate([(learned[name] - array).ravel() for name, array in flatten(start).items()])

    wanted = change("numpy", "float64")
    moved = change(variant, "bfloat16")
    assert np.abs(wanted).max() < 2.0**-9 * np.abs(np.concatenate([a.ravel() for a in flatten(start).values()])).max()
    assert np.abs(moved - wanted).max() < 0.1 * np.abs(wanted).max()  # weights in bfloat16 would not have moved at all


# -- engine against engine
@pytest.mark.parametrize(
    ("variant", "name"),
    [
        pytest.param(variant, name, marks=[pytest.mark.slow] * (variant == COMPILED and name != "dense"))
        for variant in VARIANTS
        for name in NETWORKS
    ],
)
def test_twenty_steps_end_in_the_weights_of_numpy_and_twice_in_the_same_bits(variant, name):
    need(variant)
    network = NETWORKS[name]
    how: dict[str, Any] = {"epochs": 4, "batch_size": 8, "gradient_clip": 1.0, "schedule": Cosine(0.1)}
    taught = examples(network, 39)  # 5 steps an epoch, the last one padded
    first, second = (teach(network, taught, engine=variant, **how) for _ in range(2))
    assert first.epoch * first.steps_per_epoch == 20
    assert_same(outcome(first), outcome(second), variant)
    assert first.history["error"] == second.history["error"]
    assert_near(outcome(first), outcome(teach(network, taught, **how)), 1e-9, variant)
    assert moved(outcome(first), network) > 1e-4, "some layer learned nothing, so this would prove little"


@pytest.mark.parametrize("variant", QUICK_VARIANTS)
def test_in_float32_twenty_steps_are_those_of_float64_to_rounding_and_twice_the_same_bits(variant):
    need(variant)
    network = NETWORKS["convolutions"]
    taught = examples(network, 39)
    how: dict[str, Any] = {"engine": variant, "dtype": "float32", "optimizer": SGD(0.01), "epochs": 4}
    first, second = (outcome(teach(network, taught, **how)) for _ in range(2))
    assert_same(first, second, variant)
    assert_near(first, outcome(teach(network, taught, **how | {"engine": "numpy", "dtype": "float64"})), 2e-4, variant)


# -- the best weights
class Remember(Callback):
    """Keeps the weights of every epoch."""

    def __init__(self) -> None:
        self.weights: list[dict[str, np.ndarray]] = []

    def epoch_done(self, learner: Learner, row: dict[str, float]) -> None:
        self.weights.append(learner.weights)


def overfitting() -> dict[str, Any]:
    """A training whose validation error falls first and rises later: few rows, a third of them with a wrong label."""
    network = Network(Input(6), Dense(32, "relu"), Dense(3))
    rng = np.random.default_rng(0)
    x = rng.normal(size=(124, 6))
    y = (x @ rng.normal(size=(6, 3))).argmax(axis=1)
    wrong = np.where(np.arange(24) % 3, y[:24], (y[:24] + 1) % 3)
    taught, judged = Examples(x[:24], wrong), Examples(x[24:], y[24:])
    return {"network": network, "taught": taught, "validation": judged, "epochs": 12, "optimizer": Adam(0.02)}


def test_the_weights_of_the_best_epoch_are_kept(engine):
    seen = Remember()
    learner = teach(**overfitting(), engine=engine, callbacks=[seen])
    errors = learner.history["validation_error"]
    best = int(np.argmin(errors))
    assert 0 < best < len(errors) - 1, "the best epoch is the first or the last, so this would prove nothing"
    assert learner.best_epoch == best + 1
    params, _ = learner.result()
    assert_same(flatten(params), seen.weights[best])


def test_early_stopping_waits_as_long_as_it_was_told():
    errors = teach(**overfitting()).history["validation_error"]
    best = int(np.argmin(errors))
    stopped = teach(**overfitting() | {"epochs": 50}, patience=2)
    assert stopped.stopped == "no better validation error for 2 epochs"
    waits = 0
    for number, value in enumerate(stopped.history["validation_error"]):
        waits = 0 if value <= min(stopped.history["validation_error"][: number + 1]) else waits + 1
        assert (waits == 2) == (number == len(stopped.history) - 1)
    assert stopped.best_epoch <= best + 1


def test_without_validation_the_last_weights_are_the_result():
    seen = Remember()
    network = NETWORKS["dense"]
    learner = teach(network, examples(network, 24), callbacks=[seen])
    assert_same(flatten(learner.result()[0]), seen.weights[-1])
    assert learner.best_epoch == 0
    assert set(learner.history.columns) == {"epoch", "error", "learning_rate", "seconds"}


# -- what is measured
def test_the_error_of_an_epoch_is_the_mean_over_its_examples():
    """With a rate of nearly 0 all steps see the same network: each example counts by its weight, the padding not."""
    network = linear()
    rng = np.random.default_rng(3)
    taught = examples(network, 13, weight=rng.uniform(0.5, 2.0, 13))
    learner = teach(network, taught, optimizer=SGD(1e-30), batch_size=5, epochs=1, validation=taught)
    params = network.build(0)[0]["dense_1"]
    gaps = (taught.x @ params["weight"] + params["bias"] - taught.y)[:, 0]
    expected = float(np.average(gaps**2, weights=taught.weight))
    row = learner.history[0]
    assert row["error"] == pytest.approx(expected, rel=1e-12)
    assert row["validation_error"] == pytest.approx(expected, rel=1e-12)
    assert row["validation_mean_absolute_error"] == pytest.approx(
        float(np.average(np.abs(gaps), weights=taught.weight)), rel=1e-12
    )


def test_accuracy_is_the_share_of_right_answers(engine):
    network = NETWORKS["dense"]
    judged = examples(network, 33, seed=5)
    learner = teach(network, examples(network, 40), engine=engine, validation=judged, epochs=1)
    params, state = learner.result()
    from vitrina.engines.numpy_engine import NumpyOps
    from vitrina.network import Context

    logits, _, _ = network.root.forward(NumpyOps("float64"), params, state, judged.x, Context())
    right = float(np.mean(logits.argmax(axis=1) == judged.y))
    assert learner.history[0]["validation_accuracy"] == pytest.approx(right, rel=1e-9)


def test_the_history_is_written_as_csv_with_all_digits():
    network = linear()
    history = teach(network, examples(network, 9), validation=examples(network, 4), epochs=3).history
    rows = list(csv.DictReader(io.StringIO(history.to_csv())))
    assert [float(row["error"]) for row in rows] == history["error"]
    assert [float(row["epoch"]) for row in rows] == [1, 2, 3]
    assert list(rows[0]) == history.columns
    assert history[1]["epoch"] == 2


# -- the order of the examples
def test_every_example_is_seen_once_an_epoch_in_an_order_of_the_seed():
    from vitrina.learning.batches import batched, order_of

    orders = [order_of(50, seed, epoch, True) for seed in (0, 1) for epoch in (0, 1)]
    for order in orders:
        assert sorted(order.tolist()) == list(range(50))
    assert len({tuple(order) for order in orders}) == 4
    assert order_of(50, 0, 3, False).tolist() == list(range(50))
    index, present = batched(orders[0], 8)
    assert index.shape == present.shape == (7, 8)
    assert index[present > 0].tolist() == orders[0].tolist()
    assert present.sum() == 50


@pytest.mark.parametrize("seed", [0, 1])
def test_the_seed_decides_the_first_weights_and_the_order(seed):
    network = NETWORKS["dense"]
    taught = examples(network)
    found, again, other = (outcome(teach(network, taught, seed=number)) for number in (seed, seed, seed + 1))
    assert_same(found, again)
    assert any(not np.array_equal(found[name], other[name]) for name in found)


# -- callbacks
class Diary(Callback):
    """Writes down what it is told, and when."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def training_starts(self, learner: Learner) -> None:
        self.lines.append("starts")

    def chunk_done(self, learner: Learner) -> None:
        self.lines.append(f"chunk {learner.epoch}:{learner.position}")

    def epoch_done(self, learner: Learner, row: dict[str, float]) -> None:
        self.lines.append(f"epoch {row['epoch']}")

    def training_ends(self, learner: Learner) -> None:
        self.lines.append("ends")


def test_callbacks_are_told_in_order(monkeypatch):
    monkeypatch.setattr("vitrina.learning.loop.SECONDS_A_CALL", 1e-9)  # as short as calls get: one step
    network, diary = linear(), Diary()
    rows: list[dict[str, float]] = []
    learner = teach(network, examples(network, 80), batch_size=4, epochs=2, callbacks=[diary, rows.append])
    assert diary.lines[0] == "starts"
    assert diary.lines[-1] == "ends"
    assert [line for line in diary.lines if line.startswith("epoch")] == ["epoch 1", "epoch 2"]
    assert diary.lines.count("chunk 0:20") == diary.lines.count("chunk 1:20") == 1
    assert diary.lines.index("chunk 0:20") == diary.lines.index("epoch 1") - 1
    assert rows == list(learner.history)


def test_however_many_steps_a_call_runs_the_weights_are_the_same(engine, monkeypatch):
    network = NETWORKS["dense"]
    taught = examples(network, 150)
    whole = outcome(teach(network, taught, engine=engine, batch_size=4, epochs=2))
    monkeypatch.setattr("vitrina.learning.loop.SECONDS_A_CALL", 1e-9)
    assert_same(outcome(teach(network, taught, engine=engine, batch_size=4, epochs=2)), whole)
    monkeypatch.setattr("vitrina.learning.loop.LARGEST_CHUNK", 7)
    assert_same(outcome(teach(network, taught, engine=engine, batch_size=4, epochs=2)), whole)


def test_a_callback_can_stop_and_change_the_rate(engine):
    class Act(Callback):
        def epoch_done(self, learner: Learner, row: dict[str, float]) -> None:
            if learner.epoch == 1:
                learner.scale_rate(0.5)
            if learner.epoch == 3:
                learner.stop("seen enough")

    network = linear()
    learner = teach(network, examples(network, 20), engine=engine, optimizer=PLAIN, epochs=9, callbacks=[Act()])
    assert learner.stopped == "seen enough"
    np.testing.assert_allclose(learner.history["learning_rate"], [0.1, 0.05, 0.05], rtol=1e-7)


def test_looking_does_not_change_what_is_looked_at(engine):
    class Look(Callback):
        def chunk_done(self, learner: Learner) -> None:
            for array in learner.weights.values():
                array += 1.0  # a copy: whoever is shown the weights may do with them what they like
            learner.checkpoint()

    network = NETWORKS["dense"]
    taught = examples(network)
    alone = outcome(teach(network, taught, engine=engine))
    assert_same(outcome(teach(network, taught, engine=engine, callbacks=[Look()])), alone)


# -- what goes wrong
@pytest.mark.parametrize("variant", VARIANTS)
def test_an_error_that_is_no_number_stops_the_training_and_says_where(variant):
    need(variant)
    network = linear()
    taught = examples(network, 20)
    taught.x[13] = np.nan  # in the fourth batch of four
    with pytest.warns(LearningWarning, match=r"infinite or NaN in epoch 1 at step 4; training stopped"):
        learner = teach(network, taught, engine=variant, batch_size=4, epochs=3, shuffle=False)
    assert "epoch 1 at step 4" in learner.stopped


# -- checkpoints
class StopAt(Callback):
    def __init__(self, epoch: int, position: int) -> None:
        self.at = (epoch, position)
        self.checkpoint: Checkpoint | None = None

    def chunk_done(self, learner: Learner) -> None:
        if self.checkpoint is None and (learner.epoch, learner.position) >= self.at:
            self.checkpoint = learner.checkpoint()


@pytest.mark.parametrize("at", [(0, 1), (1, 3), (3, 5)])
@pytest.mark.parametrize("variant", QUICK_VARIANTS)
def test_a_checkpoint_holds_all_that_is_needed(variant, at, monkeypatch):
    need(variant)
    monkeypatch.setattr("vitrina.learning.loop.SECONDS_A_CALL", 1e-9)
    monkeypatch.setattr("vitrina.learning.loop.LARGEST_CHUNK", 2)
    network = NETWORKS["convolutions"]
    how: dict[str, Any] = {"engine": variant, "dtype": "float32", "validation": examples(network, 10, seed=2)}
    taught, stop = examples(network, 39), StopAt(*at)
    alone = teach(network, taught, callbacks=[stop], **how)
    assert stop.checkpoint is not None
    kept = Checkpoint({n: a.copy() for n, a in stop.checkpoint.arrays.items()}, stop.checkpoint.facts)
    resumed = learner_for(network, taught, **how)
    resumed.restore(kept)
    assert (resumed.epoch, resumed.position) >= at
    resumed.run()
    assert_same(outcome(resumed), outcome(alone), variant)
    assert resumed.history["validation_error"] == alone.history["validation_error"]
    assert resumed.best_epoch == alone.best_epoch


def test_a_checkpoint_of_something_else_is_refused():
    network = NETWORKS["dense"]
    checkpoint = teach(network, examples(network)).checkpoint()
    with pytest.raises(ModelError, match="belongs to another network or optimizer"):
        learner_for(NETWORKS["convolutions"], examples(NETWORKS["convolutions"])).restore(checkpoint)
    with pytest.raises(ModelError, match="belongs to another network or optimizer"):
        learner_for(network, examples(network), optimizer=SGD(0.1, momentum=0.9)).restore(checkpoint)
    with pytest.raises(ModelError, match="trained on 40 rows and the data now have 12"):
        learner_for(network, examples(network, 12)).restore(checkpoint)


def test_checkpoints_are_written_now_and_then_and_at_the_end():
    network, kept = linear(), []
    teach(network, examples(network), save=kept.append, save_every=0.0, epochs=3)
    assert len(kept) >= 3
    assert kept[-1].facts["progress"]["epoch"] == 3
    rare: list[Checkpoint] = []
    teach(network, examples(network), save=rare.append, save_every=math.inf, epochs=3)
    assert len(rare) == 1


# -- the progress bar
def test_the_progress_bar_is_quiet_where_nobody_looks(capsys):
    from vitrina.learning.progress import progress_bar

    network = linear()
    with progress_bar(3, 5, None) as bar:
        teach(network, examples(network), callbacks=[bar], epochs=3)
    assert capsys.readouterr() == ("", "")


def test_the_progress_bar_tells_epoch_speed_error_metric_and_time_left(monkeypatch, capsys):
    from vitrina.learning.progress import progress_bar

    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    network = linear()
    with progress_bar(3, 5, True) as bar:
        teach(network, examples(network), validation=examples(network, 9), callbacks=[bar], epochs=3)
    told = capsys.readouterr().err
    for words in ("epoch", "batches/s", "error", "validation", "mean absolute error", "left"):
        assert words in told


def test_rows_of_weight_zero_alone_are_no_error():
    network = linear()
    taught = Examples(np.ones((4, 3)), np.ones((4, 1)), np.zeros(4))
    learner = teach(network, taught, epochs=2)
    assert learner.history["error"] == [0.0, 0.0]
    assert moved(outcome(learner), network) == 0.0

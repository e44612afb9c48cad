"""Rows that judge in turn: kept from one member of an ensemble each, which alone answers for them."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import vitrina as vt
from tests.engines.variants import EVERY
from vitrina import engines
from vitrina.errors import UsageError
from vitrina.evaluate.parts import parts_of
from vitrina.folds import NOBODY, by_a_learner, folds_of, in_two
from vitrina.learning.feed import Examples
from vitrina.learning.stages import answers, back_propagation, error, forward_propagation
from vitrina.network.layer import Context
from vitrina.network.network import flatten

MEMBERS = 3


def ensemble() -> vt.Network:
    layers = [vt.EnsembleDense(MEMBERS, 5, "tanh"), vt.EnsembleDense(MEMBERS, 2), vt.EnsembleMean(probabilities=True)]
    return vt.Network(vt.Input(4), *layers)


def rows_of(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 4))
    return x, (x[:, 0] + x[:, 1] > 0).astype(np.int32), (np.arange(count) % MEMBERS).astype(np.int32)


def table(rows: int = 240) -> pl.DataFrame:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(rows, 3))
    return pl.DataFrame({"a": x[:, 0], "b": x[:, 1], "c": x[:, 2], "kind": np.where(x[:, 0] > x[:, 1], "yes", "no")})


# -- who is in which fold
@given(st.lists(st.integers(0, 30), min_size=1, max_size=200), st.integers(2, 9), st.integers(0, 5))
def test_rows_that_repeat_each_other_are_in_one_fold(groups: list[int], count: int, seed: int):
    keys = np.array(groups)
    fold = folds_of(keys, keys % 3, count, seed)
    assert fold.shape == keys.shape
    assert set(np.unique(fold)) <= {NOBODY, *range(count)}
    for key in np.unique(keys):
        assert len(np.unique(fold[keys == key])) == 1


def test_a_class_is_shared_out_evenly():
    strata = np.repeat([0, 1], [80, 24])
    fold = folds_of(np.arange(104), strata, 8, 0)
    for stratum in (0, 1):
        shares = np.bincount(fold[strata == stratum], minlength=8)
        assert shares.max() - shares.min() <= 1


def test_rows_that_are_most_of_the_table_are_kept_from_nobody():
    groups = np.concatenate([np.zeros(500, np.int64), np.arange(1, 101)])
    fold = folds_of(groups, np.zeros(600, np.int64), 8, 0)
    assert (fold[:500] == NOBODY).all()
    assert (fold[500:] != NOBODY).all()


def test_in_two_no_row_is_on_both_sides():
    x, y, fold = rows_of(20)
    learned, judge = in_two(Examples(x, y, fold=fold))
    assert judge is not None
    assert learned.fold is None
    assert judge.fold is None
    assert learned.rows + judge.rows == 20
    assert not set(learned.x[:, 0]) & set(judge.x[:, 0])
    plain = Examples(x, y)
    assert in_two(plain) == (plain, None)


def test_by_a_learner_nobody_answers_for_what_it_was_kept_from():
    _, _, fold = rows_of(20)
    fold[3] = NOBODY
    turned = by_a_learner(Examples(fold, fold, fold=fold)).fold
    assert turned is not None
    assert (turned != fold).all()
    assert set(turned.tolist()) <= set(range(MEMBERS))


# -- what it does to learning
@pytest.mark.parametrize("variant", EVERY)
def test_a_member_learns_nothing_from_rows_it_is_kept_from(variant: str):
    """Changing the rows of a fold changes the slopes of every member but the one that is kept from them."""
    engine = engines.get(variant)
    ops, network = engine.ops, ensemble()
    params, state = network.build(0)
    x, y, fold = rows_of(12)

    def slopes(x: np.ndarray) -> dict[str, np.ndarray]:
        put = engine.put(
            {"params": params, "state": state, "x": x, "y": y, "fold": fold, "weight": np.ones(12, np.float32)}
        )
        prediction, saved, _ = forward_propagation(
            ops, network, put["params"], put["state"], put["x"], Context(training=True)
        )
        _, slope = error(ops, network, prediction, put["y"], put["weight"], put["fold"])
        return flatten(engine.get(back_propagation(ops, network, put["params"], saved, slope)))

    before, after = slopes(x), slopes(np.where((fold == 1)[:, None], x + 1.0, x))
    for name, slope in before.items():
        same = [bool(np.array_equal(slope[member], after[name][member])) for member in range(MEMBERS)]
        assert same == [False, True, False], name


def test_the_slopes_of_folds_are_those_of_finite_differences():
    ops, network = engines.get("numpy", "float64").ops, ensemble()
    params, state = network.build(0)
    x, y, fold = rows_of(9)
    weight = np.linspace(0.5, 1.5, 9)

    def value(params: dict) -> float:
        prediction, _, _ = forward_propagation(ops, network, params, state, x, Context(training=True))
        return float(error(ops, network, prediction, y, weight, fold)[0])

    prediction, saved, _ = forward_propagation(ops, network, params, state, x, Context(training=True))
    _, slope = error(ops, network, prediction, y, weight, fold)
    gradients = flatten(back_propagation(ops, network, params, saved, slope))
    for name, array in flatten(params).items():
        place = tuple(size // 2 for size in array.shape)
        kept, step = array[place], 1e-6
        array[place] = kept + step
        above = value(params)
        array[place] = kept - step
        below = value(params)
        array[place] = kept
        np.testing.assert_allclose(gradients[name][place], (above - below) / (2 * step), rtol=1e-5, atol=1e-9)


def test_the_member_that_was_kept_from_a_row_answers_for_it():
    ops, network = engines.get("numpy", "float64").ops, ensemble()
    params, state = network.build(0)
    x, _, fold = rows_of(7)
    all_of_them, _, _ = forward_propagation(ops, network, params, state, x, Context(apart=True))
    assert all_of_them.shape == (7, MEMBERS, 2)
    np.testing.assert_array_equal(answers(ops, network, params, state, x, fold), all_of_them[np.arange(7), fold])


# -- a training
def test_all_rows_are_learned_from_and_judge(tmp_path):
    model = vt.train(table(), target="kind", epochs=3, engine="numpy", progress=False, out=tmp_path / "run")
    rows = model.measured["rows"]
    assert model.settings["folds"] == 8
    assert rows["validation"] == 0
    assert rows["train"] + rows["test"] == 240
    parts = parts_of(tmp_path / "run", table())
    assert parts.material.train.rows == rows["train"]
    judge = parts.material.validation
    assert judge is not None
    raw = model.raw(judge.x, fold=judge.fold).astype(np.float64)
    worth = model.network.cost.per_example(engines.get("numpy", "float64").ops, raw, judge.y)
    told = min(row["validation_error"] for row in model.history)
    np.testing.assert_allclose(float(np.mean(worth)), told, rtol=1e-5)


def test_whoever_says_which_rows_judge_gets_them():
    for asked in ({"validation": 0.2}, {"folds": False}):
        model = vt.train(table(), target="kind", epochs=1, engine="numpy", progress=False, **asked)
        assert model.settings["folds"] == 0
        assert model.measured["rows"]["validation"] > 0


def test_rows_that_mostly_repeat_each_other_are_judged_by_a_part_of_their_own(tmp_path):
    rows = pl.DataFrame({"x": [n % 7 for n in range(60)], "y": ["ab"[n % 2] for n in range(60)]})
    model = vt.train(rows, target="y", epochs=1, engine="numpy", out=tmp_path / "run")
    assert model.settings["folds"] == 0
    assert model.measured["rows"]["validation"] > 0
    network = vt.Network(vt.Input(1), vt.EnsembleDense(8, 2), vt.EnsembleMean(probabilities=True))
    with pytest.raises(UsageError, match="too many rows repeat each other"):
        vt.train(rows, target="y", network=network, folds=True, epochs=1, engine="numpy")


def test_a_training_in_folds_goes_on_where_it_was_killed(tmp_path):
    path = tmp_path / "table.csv"
    table().write_csv(path)
    given = {"target": "kind", "epochs": 4, "engine": "numpy", "progress": False}
    whole = vt.train(path, **given)

    class Killed(Exception):
        pass

    class Kill(vt.Callback):
        def epoch_done(self, learner, row):
            if learner.epoch == 2:
                learner.save()
                raise Killed

    with pytest.raises(Killed):
        vt.train(path, out=tmp_path / "run", callbacks=[Kill()], **given)
    resumed = vt.train(resume=tmp_path / "run", progress=False)
    for name, array in whole.weights.items():
        np.testing.assert_array_equal(resumed.weights[name], array)


def test_the_recording_tells_how_each_row_fares_with_whom_it_was_kept_from(tmp_path):
    from vitrina.glass.judging import Judging

    model = vt.train(table(), target="kind", epochs=2, engine="numpy", progress=False, out=tmp_path / "run")
    recording = vt.Recording(tmp_path / "run")
    judged = Judging(recording).at(recording.looks[-1])
    assert judged is not None
    assert recording.judges is not None
    x, _ = recording.judges
    raw = model.raw(x, fold=recording.judges_fold)
    np.testing.assert_allclose(judged.readable, np.exp(raw) / np.exp(raw).sum(1, keepdims=True), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"network": vt.Network(vt.Input(3), vt.Dense(2))}, "EnsembleMean"),
        ({"validation": table(20)}, "validation part of your own"),
        ({"group": "a"}, "leave out time, group"),
    ],
)
def test_folds_that_cannot_be_are_said_in_one_sentence(given, said):
    with pytest.raises(UsageError, match=said):
        vt.train(table(), target="kind", epochs=1, folds=True, engine="numpy", progress=False, **given)


def test_mixup_would_show_a_member_what_it_is_kept_from(tmp_path):
    rng = np.random.default_rng(0)
    for kind in ("a", "b"):
        (tmp_path / kind).mkdir()
        for place in range(20):
            image = Image.fromarray(rng.integers(0, 256, (8, 8), np.uint8))
            image.save(tmp_path / kind / f"{place}.png")
    members = [vt.Flatten(), vt.EnsembleDense(MEMBERS, 2), vt.EnsembleMean(probabilities=True)]
    options = {"network": vt.Network(vt.Input((8, 8, 1)), *members), "folds": True, "engine": "numpy", "epochs": 1}
    assert vt.train(tmp_path, augment="flip", progress=False, **options).settings["folds"] == MEMBERS
    with pytest.raises(UsageError, match="leave out mixup"):
        vt.train(tmp_path, augment="mixup=0.2", progress=False, **options)

"""What is measured, by numbers worked out beforehand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import vitrina as vt
from tests.doctor.conftest import net, rows
from vitrina.doctor.case import doubt_of
from vitrina.doctor.closer import agreement_of, attention_of, out_of_step, statistics_anew
from vitrina.doctor.examination import Examination, examine
from vitrina.doctor.finding import Finding, Findings
from vitrina.doctor.inputs import columns_of
from vitrina.doctor.moved import moved_by
from vitrina.doctor.order import order_of, stretches_of
from vitrina.doctor.references import r2, refer
from vitrina.doctor.verdict import grouped
from vitrina.doctor.vocabulary import vocabulary_of
from vitrina.learning.batches import batched
from vitrina.learning.feed import Examples
from vitrina.learning.optimizers import Adam
from vitrina.learning.schedules import ConstantRate
from vitrina.learning.step import Recipe


def test_simple_models_reach_what_they_should(rng: np.random.Generator) -> None:
    x = rng.normal(size=(900, 4))
    line, ring = (x[:, 0] > 0).astype(int), (np.sum(x**2, axis=1) > np.median(np.sum(x**2, axis=1))).astype(int)
    straight, bent = refer(x, line, 2, None), refer(x, ring, 2, None)
    assert straight is not None
    assert bent is not None
    assert straight.linear_held > 0.95
    assert bent.kernel_held > bent.linear_held + 0.15  # a ring is not told apart by a line
    assert bent.constant_held == pytest.approx(0.5, abs=0.1)


def test_strangers_are_the_share_of_wrong_labels(rng: np.random.Generator) -> None:
    centres = rng.normal(size=(5, 6)) * 6
    y = rng.integers(0, 5, 1200)
    x = centres[y] + rng.normal(size=(1200, 6))
    wrong = np.where(rng.random(1200) < 0.2, (y + rng.integers(1, 5, 1200)) % 5, y)
    clean, noisy, mixed = refer(x, y, 5, None), refer(x, wrong, 5, None), refer(x, rng.permutation(y), 5, None)
    assert clean is not None
    assert noisy is not None
    assert mixed is not None
    assert clean.strangers < 0.01
    assert noisy.strangers == pytest.approx(0.2, abs=0.06)
    assert mixed.strangers > 0.7 * mixed.expected_strangers


def test_r2_is_one_for_the_truth_and_zero_for_its_mean(rng: np.random.Generator) -> None:
    y = rng.normal(size=(50, 2))
    assert r2(y, y) == 1.0
    assert r2(np.broadcast_to(y.mean(axis=0), y.shape), y) == pytest.approx(0.0, abs=1e-12)


def test_a_column_that_counts_rows_is_told_from_one_that_measures(rng: np.random.Generator) -> None:
    numbers = 5000.0 + 3.0 * rng.permutation(400)
    measured = np.round(rng.normal(size=400), 2)
    found = columns_of(np.column_stack([rng.normal(size=400), numbers, measured, numbers / 977.0]), net())
    assert found.counts == [False, True, False, True]


def test_doubt_is_two_standard_errors() -> None:
    assert doubt_of(0.5, 100, classes=True) == pytest.approx(0.1)
    assert doubt_of(float("nan"), 100, classes=True) == 0.0


def test_an_examination_survives_being_kept(tmp_path: Path) -> None:
    x, y = rows(200)
    network = net()
    recipe = Recipe(network, Adam(), ConstantRate(), 100)
    exam = examine(recipe, Examples(x, y), Examples(*rows(60, 1)), *network.build(0))
    exam.save(tmp_path)
    assert str(Examination.load(tmp_path)) == str(exam)  # as text, for NaN is not equal to itself
    (tmp_path / "examination.json").write_text("{}")
    with pytest.raises(vt.ModelError, match="cannot be read"):
        Examination.load(tmp_path)


def test_consequences_stand_under_their_cause_and_notes_come_last() -> None:
    def one(code: str, severity: str = "fault") -> Finding:
        return Finding(code, severity, 0.5, "what", "todo")  # pyright: ignore[reportArgumentType]

    found = grouped([one("underfitting"), one("input-constant", "note"), one("dead-units"), one("softmax-twice")])
    assert [finding.code for finding in found] == ["softmax-twice", "input-constant"]
    assert {finding.code for finding in found[0].consequences} == {"underfitting", "dead-units"}
    assert Findings(found).grave.codes == ["softmax-twice"]


def test_a_tiny_last_batch_is_filled_up_with_the_first_rows() -> None:
    order = np.arange(35, dtype=np.int32)[::-1]
    index, present = batched(order, 16, fewest=8)
    np.testing.assert_array_equal(index[2], [2, 1, 0, *order[:13]])
    assert present.all()
    assert batched(order, 16)[1][2].sum() == 3.0  # nothing is changed where nothing is asked for


def test_three_rows_at_the_end_do_not_wreck_batch_normalisation() -> None:
    x, y = rows(32 * 12 + 3)
    network = vt.Network(vt.Input((8,)), vt.Dense(24), vt.BatchNorm(), vt.Activation("relu"), vt.Dense(4))
    errors: list[float] = []

    class Keep(vt.Callback):
        def chunk_done(self, learner: object) -> None:
            errors.extend(learner.errors)  # pyright: ignore[reportAttributeAccessIssue]

    vt.train((x, y), network=network, engine="numpy", epochs=8, callbacks=[Keep()], progress=False)
    by_epoch = np.array(errors).reshape(8, 13)
    assert by_epoch[2:, -1].max() < 2.0 * np.median(by_epoch[2:, :-1])


def test_a_copy_is_a_column_moved_and_stretched_and_no_category_of_two(rng: np.random.Generator) -> None:
    a, yes = rng.normal(size=300), (rng.random(300) < 0.4).astype(float)
    rare = (np.arange(300) == 7).astype(float)
    found = columns_of(np.column_stack([a, 100.0 * a + 3.0, yes, 1.0 - yes, -a, yes, rare, rare]), net())
    assert found.copies == [[0, 1], [0, 4], [2, 5]]


def test_rows_in_the_order_of_a_column_follow_each_other(rng: np.random.Generator) -> None:
    x = rng.normal(size=(400, 2))
    follows = columns_of(x[np.argsort(x[:, 1])], net()).follows
    assert follows[1] > 0.95  # the two ends alone have neighbours far away
    assert abs(follows[0]) < 0.2


def test_codes_that_were_never_seen_are_counted() -> None:
    network = vt.Network(vt.Input((2,)), vt.Embedding(10, 3), vt.Flatten(), vt.Dense(2))
    train, judge = np.array([[0, 1], [2, 1]]), np.array([[1, 7], [7, 2], [0, 0], [5, 1]])
    found = vocabulary_of(network, train, judge)
    assert found is not None
    assert (found.layer, found.count, found.used, found.codes) == ("embedding_1", 10, 3, [7, 5])
    assert (found.unseen, found.rows) == (3 / 8, 3 / 4)
    assert vocabulary_of(net(), np.zeros((3, 8)), None) is None


def test_a_flip_makes_another_class_of_arrows_and_a_shift_does_not(rng: np.random.Generator) -> None:
    codes = rng.integers(0, 2, 500)
    x = 0.2 * rng.normal(size=(500, 6, 6, 1))
    x[np.arange(500), :, np.where(codes == 1, 4, 1), 0] += 1.0
    flip, cutout = moved_by([vt.Flip(), vt.Cutout(11), vt.Mixup(0.2)], x, codes, 2)
    assert flip.elsewhere > 0.6
    assert flip.by_nature == 0.0
    assert cutout.erased > 0.5
    assert moved_by([vt.Flip()], x, np.arange(500) % 2, 1) == []


def test_statistics_anew_are_those_of_the_rows(rng: np.random.Generator) -> None:
    network = vt.Network(vt.Input((4,)), vt.Dropout(0.5), vt.BatchNorm(momentum=0.999), vt.Dense(2))
    params, state = network.build(0)
    x = 3.0 + 2.0 * rng.normal(size=(200, 4))
    anew = statistics_anew(network, params, state, x)
    np.testing.assert_allclose(anew["batch_norm_1"]["mean"], x.mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(anew["batch_norm_1"]["variance"], x.var(axis=0), rtol=1e-4)
    assert out_of_step(state, anew)["layer"] == "batch_norm_1"
    assert out_of_step(state, anew)["shift"] == pytest.approx(1.5, abs=0.2)  # a mean of 3 in spreads of 2


def test_attention_that_looks_everywhere_has_all_its_entropy() -> None:
    network = vt.Network(vt.Input((5, 4)), vt.Attention(2), vt.Flatten(), vt.Dense(2))
    params, state = network.build(0)
    x = np.random.default_rng(0).normal(size=(8, 5, 4))
    even = params | {"attention_1": {name: 0.0 * value for name, value in params["attention_1"].items()}}
    large = params | {"attention_1": {name: 50.0 * value for name, value in params["attention_1"].items()}}
    assert attention_of(network, even, state, x)["attention_1"] == pytest.approx(1.0)
    assert attention_of(network, large, state, x)["attention_1"] < 0.05


def test_gradients_of_one_question_agree_and_of_chance_do_not(rng: np.random.Generator) -> None:
    network = vt.Network(vt.Input((4,)), vt.Dense(1), cost="mean_squared_error")
    params, state = network.build(0)
    x = rng.normal(size=(800, 4))
    clear, chance = 5.0 + x[:, :1], rng.normal(size=(800, 1))
    flat = {"dense_1": {name: 0.0 * value for name, value in params["dense_1"].items()}}
    assert agreement_of(network, flat, state, Examples(x, clear), 32)["signal"] > 0.8
    assert agreement_of(network, flat, state, Examples(x, chance), 32)["signal"] < 0.3
    assert agreement_of(network, flat, state, Examples(x, chance), 400) == {}  # too few batches to compare


def test_classes_that_overlap_have_few_strangers_where_the_model_is_surest(rng: np.random.Generator) -> None:
    x = rng.normal(size=(1200, 6))
    y = (2.5 * x[:, :5] + rng.gumbel(size=(1200, 5))).argmax(axis=1)
    overlapping = refer(x, y, 5, None)
    assert overlapping is not None
    assert overlapping.strangers_between > overlapping.strangers + 0.15
    assert overlapping.strangers_second * 4 > 1.6  # what they are called is what lies next to them


def test_order_is_what_a_batch_sees_and_no_cycle_within_it() -> None:
    index = stretches_of(960)
    sorted_column, cycle = np.linspace(0.0, 1.0, 960), np.sin(np.arange(960) * 2 * np.pi / 16)
    chance = np.random.default_rng(0).normal(size=960)
    found = order_of(np.column_stack([sorted_column, cycle, chance])[index])
    assert found[0] > 0.99
    assert found[1] < 1e-9
    assert found[2] < 0.1
    assert stretches_of(64).shape == (0, 32)

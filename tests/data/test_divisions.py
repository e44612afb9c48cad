"""Rows divided by a time, by groups, by the user's own column: laws that hold for any table, and planted faults."""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitrina import data
from vitrina.data.splits import Division, Split, prepare
from vitrina.errors import DataError, UsageError

EXAMPLES = settings(max_examples=60)
SHARES = st.sampled_from([(0.15, 0.15), (0.2, 0.0), (0.0, 0.3), (0.4, 0.4)])


def divided(table: Any, seed: int = 0, shares: tuple[float, float] = (0.15, 0.15), **by: Any) -> tuple[Any, Split]:
    division = Division(**by)
    source = prepare(data.open_source(table, target="y"), division)
    return source, data.split(source, seed, *shares, division)


def every_row_once(parts: Split, rows: int) -> bool:
    everything = np.concatenate([parts.train, parts.validation, parts.test, parts.left_out])
    return sorted(everything.tolist()) == list(range(rows))


def straddling(source: Any, parts: Split) -> int:
    """How many rows are in one part and, the same in all that is learned from, in another."""
    train, held, test = (
        set(source.group_keys()[part].tolist()) for part in (parts.train, parts.validation, parts.test)
    )
    return len(train & held) + len(train & test) + len(held & test)


@EXAMPLES
@given(
    st.lists(st.tuples(st.integers(-50, 50), st.integers(0, 30)), min_size=8, max_size=120),
    SHARES,
    st.sampled_from([None, 1, 5]),
    st.sampled_from(["number", "date", "text"]),
)
def test_times_are_ordered_and_nothing_straddles(rows, shares, gap: int | None, form: str) -> None:
    when, x = np.array(rows).T
    days = [date(2024, 3, 1) + timedelta(int(day)) for day in when]
    column = {"number": when.tolist(), "date": days, "text": [f"{day:%d/%m/%Y}" for day in days]}[form]
    table = {"x": (x / 2).tolist(), "t": column, "y": (np.arange(len(x)) / 7 + 0.5).round().astype(float).tolist()}
    gapped = {"gap": f"{gap}d" if form != "number" else gap} if gap else {}
    try:
        source, parts = divided(table, 0, shares, time="t", **gapped)
    except (DataError, UsageError) as error:
        assert any(word in str(error) for word in ("finer time", "repeats one", "--gap", "cannot be told"))  # noqa: PT017
        return
    assert every_row_once(parts, len(x))
    assert straddling(source, parts) == 0
    ends = [when[part] for part in (parts.train, parts.validation, parts.test) if len(part)]
    assert len(ends) == 1 + sum(share > 0 for share in shares)
    for earlier, later in itertools.pairwise(ends):
        assert earlier.max() < later.min()
        assert gap is None or later.min() - earlier.max() >= gap
    assert not source.roles["t"].used


@EXAMPLES
@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 2)), min_size=10, max_size=120), SHARES, st.integers(0, 99)
)
def test_groups_are_whole_and_every_class_is_learned_from(rows, shares, seed: int) -> None:
    group, label = np.array(rows).T
    table = {"x": np.arange(len(rows)) / 2, "who": [f"c{one}" for one in group], "y": [f"class {one}" for one in label]}
    try:
        source, parts = divided(table, seed, shares, group="who")
    except DataError as error:
        assert "too few to give" in str(error) or "need one each" in str(error)  # noqa: PT017
        return
    assert every_row_once(parts, len(rows))
    sides = [set(group[part]) for part in (parts.train, parts.validation, parts.test)]
    assert sum(len(side) for side in sides) == len(set(group))
    assert [bool(side) for side in sides] == [True, *(share > 0 for share in shares)]
    assert set(label[parts.train]) == set(label)
    assert parts.made["train"] == len(sides[0])
    again = divided(table, seed, shares, group="who")[1]
    np.testing.assert_array_equal(again.test, parts.test)
    assert source.roles["who"].role == "aside"


@EXAMPLES
@given(st.integers(40, 400), st.integers(2, 5), st.integers(0, 99))
def test_where_groups_bind_nothing_strata_keep_their_shares(rows: int, kinds: int, seed: int) -> None:
    label = np.random.default_rng(seed).integers(0, kinds, rows)
    table = {"x": np.arange(rows) / 2, "who": [f"c{row}" for row in range(rows)], "y": [f"class {k}" for k in label]}
    parts = divided(table, seed, (0.2, 0.2), group="who")[1]
    for kind in range(kinds):
        for part in (parts.validation, parts.test):
            assert abs((label[part] == kind).sum() - 0.2 * (label == kind).sum()) <= 2


def test_groups_of_all_sizes_come_near_the_shares(rng: np.random.Generator) -> None:
    who = np.repeat(np.arange(300), rng.geometric(0.05, 300))
    fraud = rng.random(len(who)) < np.where(who % 10 == 0, 0.2, 0.002)  # a tenth of the customers have nearly all
    table = {"x": rng.normal(size=len(who)), "who": who, "y": fraud}
    tests = []
    for seed in range(3):
        parts = divided(table, seed, group="who")[1]
        for part in (parts.validation, parts.test):
            assert len(part) == pytest.approx(0.15 * len(who), rel=0.02)
            assert fraud[part].sum() == pytest.approx(0.15 * fraud.sum(), rel=0.1)
        tests.append(parts.test.tolist())
    assert tests[0] != tests[1] != tests[2]


@EXAMPLES
@given(
    st.lists(st.tuples(st.sampled_from(["Train", "valid", "VAL", " test ", "testing"]), st.integers(0, 9)), min_size=30)
)
def test_the_users_own_column_is_followed(rows) -> None:
    said = [word.strip().lower()[:2] for word, _ in rows]
    table = {"x": [x / 2 for _, x in rows], "part": [word for word, _ in rows], "y": [x * 1.5 for _, x in rows]}
    try:
        source, parts = divided(table, 0, (0.15, 0.15), split="part")
    except DataError as error:
        assert any(word in str(error) for word in ("in no row", "repeats one", "too few"))  # noqa: PT017
        return
    assert every_row_once(parts, len(rows))
    assert straddling(source, parts) == 0
    assert {said[row] for row in parts.test} <= {"te"}
    drawn = "va" not in said
    assert {said[row] for row in parts.validation} <= ({"tr"} if drawn else {"va"})
    assert parts.made["drawn"] == (["validation"] if drawn else [])


def table_of(rows: int = 60, **more: Any) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    return {"x": rng.normal(size=rows), "y": ["no", "yes"] * (rows // 2), **more}


def test_copies_of_the_past_in_the_future_are_left_out_and_counted() -> None:
    table = table_of(100, t=np.arange(100))
    table["x"][90:94] = table["x"][0:4]  # the labels alternate, so these four are copies
    _, parts = divided(table, time="t")
    assert parts.left_out.tolist() == [90, 91, 92, 93]
    assert parts.warnings[0].endswith("are left out: 4 of the test part")
    assert divided(table_of(100, t=np.arange(100)), time="t")[1].warnings == ()


def test_the_same_split_as_at_random_puts_the_future_into_the_past_and_time_does_not() -> None:
    table = table_of(100, t=np.arange(100))
    shuffled = data.split(data.open_source(table, target="y"))
    assert table["t"][shuffled.train].max() > table["t"][shuffled.test].min()
    parts = divided(table, time="t")[1]
    assert table["t"][parts.train].max() < table["t"][parts.validation].min() <= table["t"][parts.test].min() - 15
    assert parts.made["train"] == ["0", "69"]


def test_a_time_stays_an_input_only_if_the_user_says_so() -> None:
    source = data.open_source(table_of(t=np.arange(60) * 1.5), target="y", columns={"t": "numeric"})
    division = Division(time="t")
    kept = prepare(source, division, {"t": "numeric"})
    assert data.fit_recipe(kept, data.split(kept, division=division).train).input_names == ("x", "t")
    left = prepare(source, division)
    recipe = data.fit_recipe(left, data.split(left, division=division).train)
    assert recipe.input_names == ("x",)
    assert "column 't' is left out: it divides the rows (keep it with --column t=numeric)" in recipe.warnings
    with pytest.raises(UsageError, match="leave out --column t"):
        prepare(source, Division(group="t"), {"t": "numeric"})


def test_moments_of_every_kind_are_read() -> None:
    moments = [datetime(2024, 1, 31, 23, 0) + timedelta(minutes=30 * n) for n in range(60)]
    forms = [
        moments,
        [f"{one:%Y-%m-%d %H:%M:%S}" for one in moments],
        [f"{one:%Y-%m-%dT%H:%M}" for one in moments],
        [str(n) for n in range(60)],
    ]
    parts = [divided(table_of(t=form), time="t")[1] for form in forms]
    assert all(part.test.tolist() == parts[0].test.tolist() for part in parts)
    assert parts[1].made["validation"] == ["2024-02-01 20:00:00", "2024-02-02 00:00:00"]
    american = [f"{one:%m/%d/%Y}" for one in (date(2024, 1, 1) + timedelta(n) for n in range(60))]
    assert divided(table_of(t=american), time="t")[1].made["train"][0] == "2024-01-01"


FAULTS: list[tuple[dict[str, Any], dict[str, Any], type[Exception], str]] = [
    ({}, {"time": "t"}, DataError, "no column 't'.* name one with --time"),
    ({}, {"time": "y"}, UsageError, "it is the target"),
    ({"t": [1, 2] * 30}, {"time": "t"}, DataError, "2 different times, and 3 parts"),
    ({"t": [None, *range(59)]}, {"time": "t"}, DataError, "row 0: the time 't' is missing; fill in"),
    ({"t": ["2024-01-01"] * 59 + ["soon"]}, {"time": "t"}, DataError, "row 59: 'soon' in column 't' says no time"),
    ({"t": ["02/03/2024", "04/05/2024"] * 30}, {"time": "t"}, DataError, "which is the day and which the month"),
    ({"t": range(60)}, {"time": "t", "gap": "7d"}, UsageError, "--gap 7d: write a number"),
    ({"t": [date(2024, 1, 1)] * 60}, {"time": "t", "gap": "7"}, UsageError, "a length such as 7d"),
    ({"t": range(60)}, {"time": "t", "gap": 50}, UsageError, "leaves no rows in the train part .*from 0 to 59"),
    ({"g": [1] * 60}, {"group": "g"}, DataError, "1 different groups, and 3 parts need one each"),
    ({"g": ["a", "b"] * 30}, {"group": "g"}, DataError, "2 different groups"),
    ({"g": ["a", "b", "a", "c"] * 15}, {"group": "g"}, DataError, "too few to give every class"),
    ({"s": [0, 1, 2] * 20}, {"split": "s"}, DataError, "row 0: column 's' says 0; write train, validation or test"),
    ({"s": ["train", "tset"] * 30}, {"split": "s"}, DataError, "row 1: column 's' says 'tset'"),
    ({"s": ["train", None] * 30}, {"split": "s"}, DataError, "row 1: column 's' is empty"),
    ({"s": ["test", "val"] * 30}, {"split": "s"}, DataError, "says 'train' in no row"),
    ({"s": ["train", "test"] * 30}, {"split": "s"}, DataError, "class 'yes' is in the test part"),
    ({"x": [float(n % 10) for n in range(60)], "t": range(60)}, {"time": "t"}, DataError, "every row of the validation part repeats"),
]  # fmt: skip


@pytest.mark.parametrize(("columns", "by", "error", "sentence"), FAULTS)
def test_what_cannot_divide_is_one_sentence(columns, by, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        divided({**table_of(), **columns}, **by)


def test_divisions_that_contradict() -> None:
    with pytest.raises(UsageError, match="--time and --group divide"):
        Division(time="a", group="b")
    with pytest.raises(UsageError, match="say with --time"):
        Division(gap="7d")
    with pytest.raises(UsageError, match="is not a table"):
        prepare(data.open_source("digits"), Division(group="who"))

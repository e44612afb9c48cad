"""A table through its recipe: fitted on training rows, the same in prediction, clear about what does not fit."""

# pyright: reportAttributeAccessIssue=false
# A test knows which kind of source it opened; the type says only that it is one.

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vitrina as vt
from vitrina import data
from vitrina.data.roles import parse_numbers
from vitrina.data.scaling import SPREADS, log_scale, robust_scale
from vitrina.data.unfamiliar import unfamiliar
from vitrina.errors import DataError, ModelError, UsageError

Write = Callable[..., Path]


def frame(rows: int = 40, **columns: object) -> pl.DataFrame:
    """A table with a target of two classes and the columns given."""
    return pl.DataFrame({**columns, "label": ["yes", "no"] * (rows // 2)}, strict=False)


def fitted(table: pl.DataFrame | Path, rows: object = None, target: str = "label", **choices: object):
    source = data.open_source(table, target=target, **choices)
    recipe = data.fit_recipe(source, rows)
    assert data.recipe_from_json(json.loads(json.dumps(recipe.to_json()))) == recipe
    return source, recipe


def refusal(call: Callable[[], object], error: type[Exception] = DataError) -> str:
    with pytest.raises(error) as caught:
        call()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_numbers_are_standardised_with_the_training_rows_only() -> None:
    values = np.concatenate([np.arange(20.0), np.full(20, 1e6)])
    source, recipe = fitted(frame(x=values), rows=np.arange(20))
    inputs = recipe.inputs(source)
    assert inputs.dtype == np.float32
    assert recipe.input_names == ("x",)
    np.testing.assert_allclose(inputs[:20, 0].mean(), 0, atol=1e-6)
    np.testing.assert_allclose(inputs[:20, 0].std(), 1, rtol=1e-6)
    np.testing.assert_allclose(inputs[:20, 0], (values[:20] - 9.5) / values[:20].std(), rtol=1e-6)


def test_values_far_out_are_clipped() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=1000)
    values[0] = 1e12
    source, recipe = fitted(frame(1000, x=values))
    inputs = recipe.inputs(source)[:, 0]
    assert abs(inputs).max() < SPREADS + 2
    assert 0.7 < inputs[1:].std() < 1.1  # one row in a thousand, that far out, is about half of the deviation


def test_a_long_tail_is_seen_by_its_logarithm_too() -> None:
    rng = np.random.default_rng(0)
    prices, sizes = rng.lognormal(3.0, 1.0, 1000), rng.normal(size=1000)
    source, recipe = fitted(frame(1000, price=prices, size=sizes, few=rng.geometric(0.9, 1000)))
    assert recipe.input_names == ("price", "log price", "size", "few")
    inputs = recipe.inputs(source)
    np.testing.assert_allclose([inputs[:, 1].mean(), inputs[:, 1].std()], [0, 1], atol=1e-5)
    skewness = (inputs[:, :2].astype(float) ** 3).mean(axis=0)
    assert skewness[0] > 1 > abs(skewness[1])
    order = np.argsort(prices)
    assert (np.diff(inputs[order, 1]) >= 0).all()
    # the unit of the prices changes nothing
    cents, again = fitted(frame(1000, price=100 * prices, size=sizes, few=sizes))
    np.testing.assert_allclose(again.inputs(cents)[:, :2], inputs[:, :2], atol=1e-5)


def test_few_rows_are_not_given_more_inputs_than_columns() -> None:
    prices = np.random.default_rng(0).lognormal(3.0, 1.0, 900)
    assert log_scale(prices, *robust_scale(prices)) == (0.0, 0.0, 0.0)


def test_what_can_be_negative_has_no_logarithm() -> None:
    gains = np.random.default_rng(0).lognormal(size=1000) - 1.0
    _, recipe = fitted(frame(1000, gain=gains))
    assert recipe.input_names == ("gain",)
    source, recipe = fitted(frame(1000, gain=gains + 1.0))
    below = recipe.inputs(data.open_source({"gain": [-5.0, 0.0, 1e30]}))  # as the lowest and the highest of training
    np.testing.assert_array_equal(below[0], recipe.inputs(source)[np.argmin(gains)])
    assert np.isfinite(below).all()


def test_a_network_that_was_brought_is_not_shown_more_columns_than_there_are(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    table = frame(1500, price=rng.lognormal(size=1500), size=rng.normal(size=1500))
    table.write_csv(tmp_path / "shop.csv")
    options = {"target": "label", "epochs": 2, "engine": "numpy", "progress": False}
    for inputs, names in ((2, ("price", "size")), (3, ("price", "log price", "size"))):
        network = vt.Network(vt.Input((inputs,)), vt.Dense(4, "relu"), vt.Dense(2), cost="cross_entropy")
        run = tmp_path / f"run-{inputs}"
        model = vt.train(tmp_path / "shop.csv", network=network, out=run, **options)
        assert model.recipe.input_names == names
        assert vt.assess(run).rows == 224
        again = vt.train(resume=run)
        assert np.array_equal(again.predict_proba(table), model.predict_proba(table))
    chosen = vt.train(tmp_path / "shop.csv", **options)
    assert chosen.recipe.input_names == ("price", "log price", "size")
    with pytest.raises(DataError, match=r"\b2\b"):  # columns, not logarithms, are what the user counts
        vt.train(
            tmp_path / "shop.csv", network=vt.Network(vt.Input((5,)), vt.Dense(2), cost="cross_entropy"), **options
        )


def test_a_recipe_from_before_there_were_logarithms_is_read(write: Write) -> None:
    source, recipe = fitted(frame(1000, x=np.random.default_rng(0).normal(size=1000)))
    written = recipe.to_json()
    for name in ("log_unit", "log_centre", "log_spread"):
        del written["inputs"]["columns"][0][name]
    np.testing.assert_array_equal(data.recipe_from_json(written).inputs(source), recipe.inputs(source))


def test_missing_numbers_become_the_training_median_and_say_so() -> None:
    values = [1.0, 2.0, 9.0, None, float("nan")] * 8
    source, recipe = fitted(frame(x=values))
    inputs = recipe.inputs(source)
    assert recipe.input_names == ("x", "x is missing")
    assert inputs[:5, 1].tolist() == [0, 0, 0, 1, 1]
    assert inputs[3, 0] == inputs[4, 0] == inputs[1, 0]
    full, without = fitted(frame(x=[1.0, 2.0, 9.0, 4.0] * 10))
    assert without.input_names == ("x",)
    assert np.isfinite(without.inputs(data.open_source({"x": [None, 3.0]}))).all()
    assert full.rows == 40


def test_categories_have_an_input_each_and_one_for_missing() -> None:
    colours = ["red"] * 20 + ["blue"] * 17 + ["mauve", "teal", None]
    source, recipe = fitted(frame(colour=colours))
    names = ("blue", "mauve", "red", "teal")
    assert recipe.input_names == (*(f"colour = {name}" for name in names), "colour is missing")
    inputs = recipe.inputs(source)
    np.testing.assert_array_equal(inputs.sum(axis=1), 1)
    new = data.open_source({"colour": ["blue", "never seen", None, "mauve"]})
    np.testing.assert_array_equal(recipe.inputs(new).argmax(axis=1), [0, 0, 4, 1])
    np.testing.assert_array_equal(recipe.inputs(new).sum(axis=1), [1, 0, 1, 1])


def test_of_many_rows_the_rare_categories_have_an_input_together() -> None:
    colours = ["red"] * 6000 + ["blue"] * 5997 + ["mauve", "teal", None]
    source, recipe = fitted(frame(12_000, colour=colours))
    assert recipe.input_names == ("colour = blue", "colour = red", "colour = (other)", "colour is missing")
    np.testing.assert_array_equal(recipe.inputs(source).sum(axis=1), 1)
    new = data.open_source({"colour": ["blue", "never seen", None, "mauve"]})
    np.testing.assert_array_equal(recipe.inputs(new), np.eye(4, dtype=np.float32)[[0, 2, 3, 2]])


def test_an_unknown_category_is_nothing_where_training_had_no_rare_ones() -> None:
    _, recipe = fitted(frame(colour=["red", "blue"] * 20))
    np.testing.assert_array_equal(recipe.inputs(data.open_source({"colour": ["green", None]})), np.zeros((2, 2)))


@pytest.mark.parametrize(("rows", "shops", "inputs"), [(2000, 500, 500), (4000, 2000, 1001), (100_000, 1000, 201)])
def test_many_categories_are_capped(rows: int, shops: int, inputs: int) -> None:
    source, recipe = fitted(frame(rows, shop=[f"shop {i % shops}" for i in range(rows)]))
    assert recipe.input_shape == (inputs,)
    np.testing.assert_array_equal(recipe.inputs(source).sum(axis=1), 1)


def test_what_cannot_be_learned_from_is_left_out_and_said(write: Write) -> None:
    table = frame(
        x=np.arange(40) % 7,
        row=np.arange(100, 140),
        name=[f"person {i}" for i in range(40)],
        same=["a"] * 40,
        nothing=[None] * 40,
        dashes=["-", "None"] * 20,
    )
    _, recipe = fitted(table)
    assert recipe.input_names == ("x",)
    for name in ("row", "name", "same", "nothing", "dashes"):
        assert sum(f"column {name!r} is left out" in warning for warning in recipe.warnings) == 1, name
    _, again = fitted(table, columns={"row": "numeric", "name": "categorical"})
    assert again.input_names[:2] == ("x", "row")


def test_a_column_that_is_constant_in_training_only_is_left_out() -> None:
    _, recipe = fitted(frame(x=[5.0] * 20 + [6.0] * 20, y=np.arange(40) % 3), rows=np.arange(20))
    assert recipe.input_names == ("y",)
    assert "column 'x' is left out" in recipe.warnings[0]


def test_nothing_left_to_learn_from_is_refused() -> None:
    assert "no column is left to learn from" in refusal(lambda: fitted(frame(x=[1] * 40)))


def test_codes_of_which_every_row_has_its_own_are_left_out(write: Write) -> None:
    lines = "".join(f"{row:05d},{row % 2},{row % 7}\n" for row in range(60, 0, -1))
    role = data.open_source(write("order,y,x\n" + lines), target="y").roles["order"]
    assert role.role == "identifier"
    assert "--column order=categorical" in role.note


def test_codes_with_leading_zeros_stay_codes(write: Write) -> None:
    rows = "".join(f"{code},{label}\n" for code, label in [("01", "a"), ("1", "b"), ("20", "a"), ("02", "b")] * 10)
    _, recipe = fitted(write("zip,label\n" + rows))
    assert recipe.input_names == ("zip = 01", "zip = 02", "zip = 1", "zip = 20")
    one = data.open_source(write("zip\n01\n", "new.csv"))
    np.testing.assert_array_equal(recipe.inputs(one), [[1, 0, 0, 0]])


def test_booleans_are_categories() -> None:
    _, recipe = fitted(frame(member=[True, False] * 20))
    assert recipe.input_names == ("member = False", "member = True")
    np.testing.assert_array_equal(recipe.inputs(data.open_source({"member": ["True", "False"]})), [[0, 1], [1, 0]])


def test_a_text_value_in_a_column_of_numbers_is_named(write: Write) -> None:
    rows = [f"{i},{'ab'[i % 2]}" for i in range(40)]
    for line in (12, 17, 21, 30, 31):
        rows[line] = "twelve,a"
    path = write("x,label\n" + "\n".join(rows))
    sentence = refusal(lambda: fitted(path, columns={"x": "numeric"}))
    assert "data.csv, line 14: column 'x' holds numbers, but here it says 'twelve' (and 4 more)" in sentence
    assert "--column x=categorical" in sentence
    _, recipe = fitted(path, columns={"x": "categorical"})
    assert "x = twelve" in recipe.input_names


def test_a_few_text_values_among_numbers_are_missing_and_told(write: Write) -> None:
    """As where a column counts cylinders, and one car's engine has none but turns."""
    day = [f"2024-03-{1 + n % 28:02}" for n in range(60)]
    day[7] = "soon"
    cylinders = ["3", "4", "6", "8"] * 15
    cylinders[40] = "rotary"
    source, recipe = fitted(frame(60, cylinders=cylinders, day=day))
    notes = " ".join(role.note for role in source.roles.values())
    assert "'cylinders' holds numbers, but something else in 1 of 60 rows, such as 'rotary'" in notes
    assert "'day' holds dates, but something else in 1 of 60 rows, such as 'soon'" in notes
    blank = data.open_source(
        frame(60, cylinders=[*cylinders[:40], None, *cylinders[41:]], day=[*day[:7], None, *day[8:]])
    )
    np.testing.assert_array_equal(recipe.inputs(source), recipe.inputs(blank))

    _, plain = fitted(frame(60, cylinders=["3", "4", "6", "8"] * 15))
    new = data.open_source({"cylinders": ["4"] * 30 + ["rotary"]})
    assert np.isfinite(plain.inputs(new)).all()
    assert any("1 of 31 rows, such as 'rotary'" in told for told in unfamiliar(plain, new))
    mostly = data.open_source({"cylinders": ["4"] * 6 + ["rotary"]})
    assert "row 6: column 'cylinders' holds numbers, but here it says 'rotary'" in refusal(lambda: plain.inputs(mostly))


def test_amounts_as_people_write_them(write: Write) -> None:
    amounts = ["$1,250.00", "300 €", "-7", "12 %", "1,000,000", "£5", "+3.5%", "N/A", "", "2"]
    rows = "".join(f'"{amount}",{"ab"[i % 2]}\n' for i, amount in enumerate(amounts * 4))
    opened, recipe = fitted(write("x,label\n" + rows))
    source: Any = opened
    assert source.roles["x"].role == "numeric"
    numbers, bad = parse_numbers(source.frame["x"].head(10))
    assert numbers.to_list() == [1250, 300, -7, 12, 1e6, 5, 3.5, None, None, 2]
    assert not bad.any()
    assert np.isfinite(recipe.inputs(source)).all()
    for strange in ("1,25", "1,2345", "12,34,567", "1 2", "$", "%", "5 apples"):
        assert parse_numbers(pl.Series([strange]))[1].all(), strange


def test_infinity_is_named(write: Write) -> None:
    path = write("x,label\n" + "".join(f"{'inf' if i == 5 else i % 7},{'ab'[i % 2]}\n" for i in range(40)))
    assert "data.csv, line 7: column 'x' is infinite" in refusal(lambda: fitted(path))
    _, recipe = fitted(frame(x=np.arange(40) % 7))
    gaps = data.open_source({"x": [None, 1.0, np.inf, None]})
    assert "row 2: column 'x' is infinite" in refusal(lambda: recipe.inputs(gaps))
    source = data.open_source({"x": [1.0, -np.inf]})
    assert "row 1: column 'x' is infinite" in refusal(lambda: recipe.inputs(source))


def test_prediction_takes_columns_named_and_written_a_little_differently() -> None:
    colours, codes = ["red", "blue"] * 20, ["007", "012", "012", "100"] * 10
    yes = ["yes", "no", "no", "yes"] * 10
    _, recipe = fitted(frame(Size_cm=np.arange(40) % 7, colour=colours, code=codes, member=yes))
    expected = recipe.inputs(data.open_source({"Size_cm": [3], "colour": ["red"], "code": ["007"], "member": ["yes"]}))
    for member in (True, 1, "Yes", "TRUE", "y"):
        other = data.open_source({"size cm": ["3"], "COLOUR": [" red "], "code": [7], "member": [member]})
        np.testing.assert_array_equal(recipe.inputs(other), expected)
    assert recipe.inputs(
        data.open_source({"Size_cm": [3], "colour": ["red"], "code": ["7"], "member": [None]})
    ).sum() != (expected.sum()), "as text, 7 and 007 are different codes"
    doubtful = {"size cm": [3], "SIZE_CM": [4], "colour": ["red"], "code": ["007"], "member": ["yes"]}
    assert "no column 'Size_cm'" in refusal(lambda: recipe.inputs(data.open_source(doubtful)))
    near = {"Size_cms": [3], "colour": ["red"], "code": ["007"], "member": ["yes"]}
    assert "if 'Size_cms' is 'Size_cm', rename it" in refusal(lambda: recipe.inputs(data.open_source(near)))


def test_prediction_takes_columns_reordered_retyped_and_extra(write: Write) -> None:
    table = frame(x=np.arange(40) % 7, code=["1", "2", "A", "A"] * 10)
    source, recipe = fitted(table)
    expected = recipe.inputs(source)[:2]
    new = pl.DataFrame({"more": ["?", "!"], "code": [1, 2], "x": ["0", " 1.0 "]})
    np.testing.assert_array_equal(recipe.inputs(data.open_source(new)), expected)
    path = write("code,x\n1,0\n2,1\n")
    np.testing.assert_array_equal(recipe.inputs(data.open_source(path)), expected)


def test_prediction_names_what_does_not_fit(write: Write) -> None:
    _, recipe = fitted(frame(x=np.arange(40) % 7, y=np.arange(40) % 3))
    assert "no column 'y', which this model was trained on (it has x)" in refusal(
        lambda: recipe.inputs(data.open_source({"x": [1]}))
    )
    path = write("x,y\n1,2\nlots,3\n")
    assert "line 3: column 'x' holds numbers, but here it says 'lots'" in refusal(
        lambda: recipe.inputs(data.open_source(path))
    )
    assert "trained on a table" in refusal(lambda: recipe.inputs(data.open_source(np.ones((2, 2)))))


def test_the_target_is_found_by_name_in_a_table_opened_without_one() -> None:
    source, recipe = fitted(frame(x=np.arange(40) % 7))
    bare = data.open_source(frame(x=np.arange(40) % 7))
    assert not bare.has_target
    np.testing.assert_array_equal(recipe.targets(bare), recipe.targets(source))
    np.testing.assert_array_equal(recipe.decode(recipe.targets(bare)[:2]), ["yes", "no"])
    assert "label" in refusal(lambda: recipe.targets(data.open_source({"x": [1]})))


def test_choices_that_do_not_fit_the_table() -> None:
    table = frame(x=np.arange(40))
    assert "no column 'lable' (it has x, label); name one with --target" in refusal(
        lambda: data.open_source(table, target="lable")
    )
    assert "--drop" in refusal(lambda: data.open_source(table, drop=["z"]))
    assert "--column" in refusal(lambda: data.open_source(table, columns={"z": "numeric"}))
    assert "one of" in refusal(lambda: data.open_source(table, columns={"x": "number"}), UsageError)
    assert "both" in refusal(lambda: data.open_source(table, target="x", drop=["x"]), UsageError)
    assert "--target (it has x, label)" in refusal(lambda: data.fit_recipe(data.open_source(table)))


def test_a_value_that_does_not_fit_a_model_is_not_said_to_be_mended_by_teaching_otherwise() -> None:
    days = [f"2024-01-{day:02d}" for day in range(1, 21)] * 2
    _, recipe = fitted(frame(x=[float(n % 9) for n in range(40)], day=days))
    for wrong in ({"x": ["much"], "day": days[:1]}, {"x": ["1"], "day": ["yesterday"]}):
        told = refusal(lambda wrong=wrong: recipe.inputs(data.open_source(wrong)))
        assert told.endswith("correct it or leave it empty")


def test_what_is_to_be_typed_is_quoted_where_a_shell_needs_it() -> None:
    note = (
        data.open_source({"Nº pedido": [f"a{n}" for n in range(40)], "y": [0, 1] * 20}, target="y")
        .roles["Nº pedido"]
        .note
    )
    assert "(keep it with --column 'Nº pedido=categorical')" in note


NUMBERS = st.floats(allow_infinity=False) | st.none() | st.integers(-5, 5).map(float)


@given(st.lists(NUMBERS, min_size=4, max_size=60))
def test_any_finite_numbers_become_finite_inputs(values: list[float | None]) -> None:
    table = pl.DataFrame(
        {"x": values, "label": [i % 2 for i in range(len(values))]}, schema_overrides={"x": pl.Float64}
    )
    try:
        source, recipe = fitted(table, columns={"x": "numeric"})
    except DataError as error:
        assert "left to learn from" in str(error) or "too large" in str(error)  # noqa: PT017
    else:
        inputs = recipe.inputs(source)
        assert inputs.shape == (len(values), *recipe.input_shape)
        assert np.isfinite(inputs).all()
        assert abs(inputs).max() < np.sqrt(len(values)) + SPREADS


@pytest.mark.parametrize(
    "change", [{"format": 2}, {"inputs": {}}, {"inputs": {"kind": "table", "columns": [{}]}}, {"target": 3}]
)
def test_a_damaged_recipe_is_a_model_error(change: dict[str, object]) -> None:
    _, recipe = fitted(frame(x=np.arange(40) % 7))
    refusal(lambda: data.recipe_from_json({**recipe.to_json(), **change}), ModelError)

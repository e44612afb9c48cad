"""A formula is worked out as it is written, and nothing else is ever done with it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrina.errors import UsageError
from vitrina.formula import read_formula


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sin(3*x)*x", lambda x, y: np.sin(3 * x) * x),
        ("x^2 - 2*x + 1", lambda x, y: (x - 1) ** 2),
        ("-x**3/4 + pi", lambda x, y: -(x**3) / 4 + np.pi),
        ("abs(x) % 0.7", lambda x, y: np.abs(x) % 0.7),
        ("0.5*(x > 1) - (x <= -1)", lambda x, y: 0.5 * (x > 1) - (x <= -1)),
        ("max(x, 0) + min(x, -1)", lambda x, y: np.maximum(x, 0) + np.minimum(x, -1)),
        ("x*y", lambda x, y: x * y),
        ("exp(-(x^2 + y^2))", lambda x, y: np.exp(-(x**2 + y**2))),
    ],
)
def test_it_is_worked_out_as_written(text, expected):
    formula = read_formula(text)
    x, y = np.linspace(-2, 2, 9), np.linspace(3, -1, 9)
    np.testing.assert_allclose(formula(*(x, y)[: len(formula.variables)]), expected(x, y), rtol=1e-14)


def test_what_is_not_defined_is_not_finite():
    assert np.isnan(read_formula("sqrt(x)")(np.array([-1.0]))).all()
    assert np.isinf(read_formula("1/x")(np.array([0.0]))).all()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no formula"),
        ("3 + 4", "no x"),
        ("x +", "is no formula"),
        ("x.real", "can be used"),
        ("__import__('os').system('true')", "no function known"),
        ("(lambda: x)()", "no function known"),
        ("open(x)", "no function known"),
        ("[x for x in (1, 2)]", "can be used"),
        ("'x' * 9", "no number"),
        ("x if x else x", "can be used"),
        ("z + x", "what is z"),
        ("sin(x, x)", "of one number"),
        ("min(x)", "of two numbers"),
        ("x**9999999999", "no number"),
        ("1j * x", "no number"),
        ("0 < x < 1", "two things at a time"),
        ("x" * 600, "at most 500"),
        ("+".join(["x"] * 150), "too many parts"),
        ("(" * 240 + "x" + ")" * 240, "is no formula"),
    ],
)
def test_what_is_no_formula_is_refused_in_a_sentence(text, words):
    with pytest.raises(UsageError, match=words):
        read_formula(text)


@given(st.text("xyz0123456789.+-*/^%()<>= ,sincoexplgqrtabm'[]{}_", max_size=40))
def test_any_text_is_a_formula_or_a_sentence(text):
    try:
        formula = read_formula(text)
    except UsageError:
        return
    found = formula(*[np.linspace(-1, 1, 5)] * len(formula.variables))
    assert found.shape == (5,)

"""Numbers on their way to the page: six digits, and all at once what one by one would be."""

from __future__ import annotations

import json

import numpy as np

from vitrina.glass.plain import number, plain


def test_all_at_once_is_what_one_by_one_would_be() -> None:
    rng = np.random.default_rng(0)
    values = (rng.normal(size=20_000) * 10.0 ** rng.uniform(-14, 25, size=20_000)).astype(np.float32)
    assert plain(values.reshape(20, 10, 100)) == [
        [[number(value) for value in row] for row in rows]
        for rows in values.reshape(20, 10, 100).astype(float).tolist()
    ]


def test_what_is_not_finite_becomes_null_and_what_is_tiny_or_huge_stays() -> None:
    assert plain([[np.nan, 1.0], [-np.inf, 1.23456789]]) == [[None, 1.0], [None, 1.23457]]
    assert plain([1e-300, 1.2345678e300, 0.0]) == [1e-300, 1.23457e300, 0.0]
    assert plain(np.float32(0.1)) == 0.1
    assert json.dumps(plain(np.array([0.1, 2 / 3, 999999.5], np.float32))) == "[0.1, 0.666667, 1000000.0]"
    assert plain(np.zeros((2, 0))) == [[], []]

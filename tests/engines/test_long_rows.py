"""A sum over long rows is the sum over short ones, whatever the shape, and how it lies in memory."""

from __future__ import annotations

import numpy as np
import pytest

from vitrina.engines.long_rows import FEW_ROWS, LONG, reduced

SHAPES = [(8, 32, 32, 16), (8, 26, 26, 3), (5, 64, 128), (3, 5, 7, 11), (4, 16, 2 * LONG), (2, FEW_ROWS, 1), (64, 8)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("of", [np.add, np.maximum])
@pytest.mark.parametrize("keepdims", [False, True])
def test_it_is_what_numpy_reduces_to(shape: tuple[int, ...], of: np.ufunc, keepdims: bool) -> None:
    x = np.random.default_rng(0).normal(size=shape)
    turned = np.random.default_rng(1).normal(size=shape[::-1]).T
    for array in (x, turned, x[:, ::2], x[:0] if of is np.add else x):
        for axis in (tuple(range(x.ndim - 1)), (0,), 0, -1, None):
            expected = of.reduce(array, axis=axis, keepdims=keepdims)
            found = reduced(of, array, axis, keepdims)
            assert found.shape == expected.shape
            np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12 * np.sqrt(x.size))

"""What oneDNN computes from within XLA is the sum that NumPy defines, whatever the window, and can be differentiated."""

from __future__ import annotations

import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given, settings

from tests.network.on_engines import need
from vitrina.engines.numpy_engine import NumpyOps

need("jax")
import jax  # noqa: E402

from vitrina.engines import jax_convolution, jax_onednn  # noqa: E402
from vitrina.engines.jax_engine import JaxEngine  # noqa: E402

tried = pytest.mark.skipif(not jax_onednn.works(), reason="this jaxlib is not one that oneDNN was tried in")
sides = st.tuples(st.integers(1, 12), st.integers(1, 12))
around = st.tuples(st.integers(0, 5), st.integers(0, 5))


@tried
@given(
    image=sides,
    window=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    pads=st.tuples(around, around),
    channels=st.sampled_from([1, 3, 16, 17]),
    filters=st.sampled_from([1, 5, 16, 33]),
)
@settings(max_examples=40, deadline=None)
def test_any_window_gives_the_sum_of_numpy(image, window, stride, pads, channels, filters):
    assume(all(length + sum(beside) >= wide for length, beside, wide in zip(image, pads, window, strict=True)))
    rng = np.random.default_rng(math.prod(image) + filters)
    x = rng.normal(size=(3, *image, channels)).astype(np.float32)
    weight = rng.normal(size=(*window, channels, filters)).astype(np.float32)
    found = jax.jit(lambda x, weight: jax_onednn.convolve(x, weight, stride, pads))(x, weight)
    expected = NumpyOps("float64").conv2d(x.astype(np.float64), weight.astype(np.float64), stride, pads)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4 * np.sqrt(math.prod(window) * channels))


@tried
def test_networks_side_by_side_convolve_in_turn():
    rng = np.random.default_rng(0)
    x, weights = rng.normal(size=(2, 6, 6, 16)), rng.normal(size=(3, 3, 3, 16, 8))
    x, weights, pads = x.astype(np.float32), weights.astype(np.float32), ((1, 1), (1, 1))
    found = jax.jit(jax.vmap(lambda weight: jax_onednn.convolve(x, weight, (1, 1), pads)))(weights)
    expected = [NumpyOps().conv2d(x, weight, (1, 1), pads) for weight in weights]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_an_unknown_jaxlib_does_without(monkeypatch):
    monkeypatch.setattr(jax_onednn, "TRIED", ())
    jax_onednn.works.cache_clear()
    try:
        assert JaxEngine(variant="eigen").ops.convolver is jax_convolution.by_eigen
        assert JaxEngine(variant="scan").ops.convolver is None
    finally:
        jax_onednn.works.cache_clear()


def test_numbers_of_eight_bytes_are_not_for_it():
    assert JaxEngine("float64", "eigen").ops.convolver is jax_convolution.by_eigen


@tried
def test_it_may_be_asked_for_while_a_program_is_traced():
    jax_onednn.works.cache_clear()
    assert jax.jit(lambda x: x * jax_onednn.works())(3.0) == 3.0


@tried
@given(
    before=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    sizes=st.tuples(st.integers(1, 40), st.integers(1, 40), st.integers(1, 40)),
    turned=st.tuples(st.booleans(), st.booleans()),
)
@settings(max_examples=15, deadline=None)
def test_products_of_many_matrices_and_their_slopes_are_those_of_numpy(before, sizes, turned):
    rows, inner, columns = sizes
    rng = np.random.default_rng(math.prod(sizes))
    a, b = rng.normal(size=(*before, rows, inner)), rng.normal(size=(*before, inner, columns))
    dy = rng.normal(size=(*before, rows, columns))
    sides = [
        (np.ascontiguousarray(side.mT) if turn else side).astype(np.float32)
        for side, turn in zip((a, b), turned, strict=True)
    ]
    y, back = jax.vjp(jax.jit(lambda a, b: jax_onednn.product(a, b, *turned)), *sides)
    da, db = back(dy.astype(np.float32))
    np.testing.assert_allclose(y, a @ b, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(da.mT if turned[0] else da, dy @ b.mT, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(db.mT if turned[1] else db, a.mT @ dy, rtol=1e-4, atol=1e-3)


@tried
def test_networks_side_by_side_multiply_at_once():
    rng = np.random.default_rng(0)
    x, weights = rng.normal(size=(2, 5, 6)).astype(np.float32), rng.normal(size=(3, 2, 6, 4)).astype(np.float32)
    program = jax.jit(jax.vmap(lambda weight: jax_onednn.product(x, weight)))
    np.testing.assert_allclose(program(weights), x @ weights, rtol=1e-4, atol=1e-4)
    assert program.lower(weights).as_text().count(jax_onednn.PRODUCT) == 1


@tried
def test_the_engine_gives_it_large_products_and_no_small_ones():
    ops = JaxEngine("float32").ops
    large, small = np.ones((8, 256, 64), np.float32), np.ones((8, 8, 8), np.float32)

    def is_given(x, turned, ops=ops):
        return jax_onednn.PRODUCT in jax.jit(lambda x: ops.matmul(x, x, **turned)).lower(x).as_text()

    assert is_given(large, {"transpose_a": True})
    assert is_given(large, {"transpose_b": True})
    assert not is_given(small, {})
    assert not is_given(large, {"transpose_b": True}, JaxEngine("bfloat16").ops)


@pytest.mark.parametrize("variant", ["scan", "eigen"])
@pytest.mark.parametrize("stride", [(1, 1), (2, 1)])
def test_a_layer_without_a_backward_pass_may_convolve(variant, stride):
    ops, rng, pads = JaxEngine("float32", variant).ops, np.random.default_rng(0), ((1, 1), (1, 0))
    x, weight = rng.normal(size=(4, 9, 8, 16)).astype(np.float32), rng.normal(size=(3, 3, 16, 8)).astype(np.float32)
    y = ops.conv2d(x, weight, stride, pads)
    dy = rng.normal(size=y.shape).astype(np.float32)
    slopes = ops.differentiate(lambda x, weight: ops.conv2d(x, weight, stride, pads), (x, weight), dy)
    own = NumpyOps()
    expected = [
        own.conv2d_input_gradient(dy, weight, x.shape, stride, pads),
        own.conv2d_weight_gradient(x, dy, weight.shape, stride, pads),
    ]
    for found, wanted in zip(slopes, expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-3)

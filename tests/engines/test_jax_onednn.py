"""What oneDNN convolves from within XLA is the sum that NumPy defines, whatever the window."""

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

sides = st.tuples(st.integers(1, 12), st.integers(1, 12))
around = st.tuples(st.integers(0, 5), st.integers(0, 5))


@pytest.mark.skipif(not jax_onednn.works(), reason="this jaxlib is not one that oneDNN was tried in")
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


@pytest.mark.skipif(not jax_onednn.works(), reason="this jaxlib is not one that oneDNN was tried in")
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


@pytest.mark.skipif(not jax_onednn.works(), reason="this jaxlib is not one that oneDNN was tried in")
def test_it_may_be_asked_for_while_a_program_is_traced():
    jax_onednn.works.cache_clear()
    assert jax.jit(lambda x: x * jax_onednn.works())(3.0) == 3.0

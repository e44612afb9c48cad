"""Convolution on JAX's CPU backend: whichever way it goes, and in however many blocks, it is the sum that NumPy defines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.network.on_engines import need
from vitrina.engines.numpy_engine import NumpyOps

need("jax")
import jax  # noqa: E402

from vitrina.engines import jax_convolution, jax_winograd  # noqa: E402

NONE = ((0, 0), (0, 0))
SAME = ((1, 1), (1, 1))
# image, kernel, stride, padding, whether it goes Winograd's way
GEOMETRIES = {
    "3x3": ((5, 10, 8, 17), (3, 3, 17, 19), (1, 1), NONE, True),
    "3x3 same, odd": ((7, 7, 9, 16), (3, 3, 16, 24), (1, 1), SAME, True),
    "3x3 padded on one side": ((3, 6, 7, 16), (3, 3, 16, 16), (1, 1), ((0, 2), (1, 0)), True),
    "3x3 of few channels": ((5, 9, 9, 3), (3, 3, 3, 16), (1, 1), SAME, False),
    "3x3 of one channel, stride 2": ((5, 9, 8, 1), (3, 3, 1, 16), (2, 2), SAME, False),
    "3x3 to one pixel": ((4, 3, 3, 16), (3, 3, 16, 16), (1, 1), NONE, False),
    "3x3 padded beyond its reach": ((5, 6, 6, 16), (3, 3, 16, 16), (1, 1), ((3, 3), (3, 3)), True),
    "3x3 stride 2": ((5, 9, 8, 16), (3, 3, 16, 20), (2, 2), ((0, 1), (0, 1)), False),
    "1x1": ((5, 6, 7, 16), (1, 1, 16, 20), (1, 1), NONE, False),
    "1x1 stride 2": ((5, 7, 6, 16), (1, 1, 16, 20), (2, 2), NONE, False),
    "1x5": ((5, 1, 12, 16), (1, 5, 16, 20), (1, 1), ((0, 0), (2, 2)), False),
}


@pytest.fixture(params=GEOMETRIES, ids=list(GEOMETRIES))
def geometry(request: pytest.FixtureRequest) -> Iterator[tuple]:
    with jax.enable_x64(True):
        yield GEOMETRIES[request.param]


@pytest.mark.parametrize("whole", [None, jax_convolution.by_eigen])
@pytest.mark.parametrize("images_in_cache", [1, 2, 1000])
def test_blocks_of_any_size_give_the_sum_of_numpy(
    geometry: tuple, images_in_cache: int, whole: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, kernel, stride, pads, _ = geometry
    monkeypatch.setattr(jax_convolution, "_block", lambda x, numbers: min(len(x), images_in_cache))
    x, weight, dy = operands(image, kernel, stride, pads)
    numpy, within = NumpyOps("float64"), {"rtol": 1e-12, "atol": 1e-12}
    y = jax.jit(jax_convolution.convolve, static_argnums=(2, 3, 4))(x, weight, stride, pads, whole)
    np.testing.assert_allclose(y, numpy.conv2d(x, weight, stride, pads), **within)
    input_gradient = jax.jit(jax_convolution.input_gradient, static_argnums=(2, 3, 4, 5))
    dx = input_gradient(dy, weight, image, stride, pads, whole)
    np.testing.assert_allclose(dx, numpy.conv2d_input_gradient(dy, weight, image, stride, pads), **within)
    dweight = jax.jit(jax_convolution.weight_gradient, static_argnums=(2, 3, 4))(x, dy, kernel, stride, pads)
    expected = numpy.conv2d_weight_gradient(x, dy, kernel, stride, pads)
    np.testing.assert_allclose(dweight, expected, **within)


def test_winograds_way_is_gone_where_it_is_meant_to_be(geometry: tuple) -> None:
    image, kernel, stride, pads, by_tiles = geometry
    assert jax_winograd.pays(image, kernel, stride, pads) == by_tiles


@pytest.mark.parametrize("batch", [1, 37, 128])
@pytest.mark.parametrize("numbers", [1, 5_000, 100_000, 10_000_000])
def test_a_block_about_fits_the_cache(batch: int, numbers: int) -> None:
    block = jax_convolution._block(np.zeros((batch, 1), np.float32), numbers)
    assert 1 <= block <= batch
    assert block == 1 or block * numbers * 4 <= 1.5 * jax_convolution.BLOCK
    assert block == batch or 3 * block * numbers * 4 >= jax_convolution.BLOCK


@pytest.mark.parametrize("channels", [16, 64, 256])
def test_winograds_way_rounds_like_the_plain_sum(channels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    image, kernel = (2, 12, 12, channels), (3, 3, channels, 32)
    x, weight, _ = operands(image, kernel, (1, 1), SAME)
    exact = NumpyOps("float64").conv2d(x, weight, (1, 1), SAME)
    x, weight = x.astype(np.float32), weight.astype(np.float32)

    def error() -> float:
        y = jax.jit(lambda x, weight: jax_convolution.convolve(x, weight, (1, 1), SAME))(x, weight)
        return float(np.sqrt(np.mean((np.asarray(y, np.float64) - exact) ** 2)))

    by_tiles = error()
    monkeypatch.setattr(jax_winograd, "pays", lambda *_: False)
    by_patches = error()
    # Fewer numbers are added for each output, channels instead of 9 · channels, but larger ones, of four pixels each.
    assert 0 < by_tiles < 2 * by_patches


def test_a_black_image_gives_exactly_nothing() -> None:
    image, kernel = (2, 8, 8, 16), (3, 3, 16, 16)
    _, weight, _ = operands(image, kernel, (1, 1), SAME)
    assert not np.any(jax_convolution.convolve(np.zeros(image, np.float32), weight.astype(np.float32), (1, 1), SAME))


def operands(image: tuple, kernel: tuple, stride: tuple, pads: tuple) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, weight and a dy, float64."""
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal(image), rng.standard_normal(kernel) / 8
    return x, weight, rng.standard_normal(NumpyOps("float64").conv2d(x, weight, stride, pads).shape)

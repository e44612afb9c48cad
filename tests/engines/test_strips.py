"""The slope of a convolution by its weight from strips is the sum that NumPy's engine defines, called from NumPy or from within XLA."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from tests.network.on_engines import need
from vitrina.engines import strips
from vitrina.engines.numpy_engine import NumpyOps

SAME = ((1, 1), (1, 1))
# image, kernel, padding
GEOMETRIES = {
    "3x3": ((7, 10, 8, 17), (3, 3, 17, 19), ((0, 0), (0, 0))),
    "3x3 same": ((8, 7, 9, 16), (3, 3, 16, 24), SAME),
    "3x3 padded on one side": ((5, 6, 7, 16), (3, 3, 16, 16), ((0, 2), (1, 0))),
    "3x3 padded beyond its reach": ((4, 6, 6, 16), (3, 3, 16, 16), ((3, 3), (3, 3))),
    "5x2": ((3, 9, 6, 20), (5, 2, 20, 4), ((2, 1), (0, 1))),
    "1x5": ((6, 1, 12, 16), (1, 5, 16, 20), ((0, 0), (2, 2))),
    "to one pixel": ((4, 3, 3, 16), (3, 3, 16, 16), ((0, 0), (0, 0))),
    "fewer images than cores": ((1, 8, 8, 16), (3, 3, 16, 8), SAME),
}


def operands(image: Any, kernel: Any, pads: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, dy and the slope by the weight as it is defined."""
    rng, numpy = np.random.default_rng(0), NumpyOps("float64")
    x = rng.normal(size=image)
    dy = rng.normal(size=numpy.conv2d(x, np.zeros(kernel), (1, 1), pads).shape)
    return x, dy, numpy.conv2d_weight_gradient(x, dy, kernel, (1, 1), pads)


@pytest.mark.parametrize("images_in_cache", [1, 2, 1000])
@pytest.mark.parametrize("name", GEOMETRIES)
def test_blocks_of_any_size_give_the_sum_of_numpy(
    name: str, images_in_cache: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, kernel, pads = GEOMETRIES[name]
    x, dy, expected = operands(image, kernel, pads)
    numbers = (image[1] + sum(pads[0])) * (
        (image[2] + sum(pads[1])) * image[3] + dy.shape[2] * (kernel[1] * image[3] + kernel[3])
    )
    monkeypatch.setattr(strips, "BLOCK", images_in_cache * numbers * 8)
    np.testing.assert_allclose(strips.weight_gradient(x, dy, kernel, pads), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("x", "dy", "weight", "stride", "worth"),
    [
        ((128, 32, 32, 16), (128, 32, 32, 16), (3, 3, 16, 16), (1, 1), True),
        ((128, 32, 32, 16), (128, 16, 16, 16), (3, 3, 16, 16), (2, 2), False),
        ((128, 32, 32, 64), (128, 32, 32, 64), (1, 1, 64, 64), (1, 1), False),
        ((128, 28, 28, 1), (128, 28, 28, 32), (3, 3, 1, 32), (1, 1), False),
        ((8, 8, 8, 16), (8, 8, 8, 16), (3, 3, 16, 16), (1, 1), False),
    ],
)
def test_it_is_taken_where_it_pays(x: Any, dy: Any, weight: Any, stride: Any, worth: bool) -> None:
    assert strips.pays(x, dy, weight, stride) is worth


def test_a_forked_process_has_workers_of_its_own() -> None:
    script = """
import os
import numpy as np
from vitrina.engines import strips
x, dy = np.ones((4, 5, 5, 3)), np.ones((4, 5, 5, 2))
first = strips.weight_gradient(x, dy, (3, 3, 3, 2), ((1, 1), (1, 1)))
child = os.fork()
same = np.array_equal(first, strips.weight_gradient(x, dy, (3, 3, 3, 2), ((1, 1), (1, 1))))
if child == 0:
    os._exit(0 if same else 1)
assert same and os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""
    assert subprocess.run([sys.executable, "-c", script], timeout=60, check=False).returncode == 0


def slope_on_jax(x: Any, dy: Any, kernel: Any, pads: Any) -> Any:
    from vitrina.engines import jax_strips

    return jax_strips.weight_gradient(x, dy, kernel, pads)


@pytest.fixture
def jax() -> Any:
    need("jax")
    import jax

    from vitrina.engines import jax_strips

    if not jax_strips.works():
        pytest.skip("this JAX does not call NumPy from within a program")
    with jax.enable_x64(True):
        yield jax


@pytest.mark.parametrize("name", GEOMETRIES)
def test_a_program_of_xla_calls_it(name: str, jax: Any) -> None:
    image, kernel, pads = GEOMETRIES[name]
    x, dy, expected = operands(image, kernel, pads)
    found = jax.jit(slope_on_jax, static_argnums=(2, 3))(x, dy, kernel, pads)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_networks_side_by_side_call_it_in_turn(jax: Any) -> None:
    image, kernel, pads = GEOMETRIES["3x3 same"]
    x, dy, _ = operands(image, kernel, pads)
    many = np.stack([dy, 2.0 * dy, -dy])
    found = jax.jit(jax.vmap(lambda x, dy: slope_on_jax(x, dy, kernel, pads), in_axes=(None, 0)))(x, many)
    expected = [strips.weight_gradient(x, each, kernel, pads) for each in many]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_what_is_raised_meanwhile_is_raised_after_the_program(
    error: type[BaseException], jax: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vitrina.engines import jax_strips

    image, kernel, pads = GEOMETRIES["3x3 same"]
    x, dy, expected = operands(image, kernel, pads)
    program = jax.jit(slope_on_jax, static_argnums=(2, 3))
    with monkeypatch.context() as patch:
        patch.setattr(strips, "weight_gradient", lambda *given: (_ for _ in ()).throw(error()))
        assert np.isnan(program(x, dy, kernel, pads)).all()
        with pytest.raises(error):
            jax_strips.raise_again()
    np.testing.assert_allclose(program(x, dy, kernel, pads), expected, rtol=1e-12, atol=1e-12)
    jax_strips.raise_again()  # which has been told, and says nothing more


def test_it_may_be_asked_for_while_a_program_is_traced(jax: Any) -> None:
    from vitrina.engines import jax_strips

    jax_strips.works.cache_clear()
    assert jax.jit(lambda x: x * jax_strips.works())(3.0) == 3.0

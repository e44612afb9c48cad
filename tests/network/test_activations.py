"""What must hold for activations whatever comes in."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrina.engines.numpy_engine import NumpyOps
from vitrina.errors import NetworkError
from vitrina.network import ACTIVATIONS, Activation, Conv2D, Dense

WIDE, NARROW = NumpyOps("float64"), NumpyOps("float32")


@pytest.mark.parametrize(
    ("name", "z", "y"),
    [
        ("linear", -2.5, -2.5),
        ("relu", -1.0, 0.0),
        ("relu", 2.0, 2.0),
        ("leaky_relu", -2.0, -0.02),
        ("leaky_relu", 3.0, 3.0),
        ("elu", -1.0, math.exp(-1.0) - 1.0),
        ("selu", 1.0, 1.0507009873554805),
        ("selu", -1.0, 1.0507009873554805 * 1.6732632423543772 * (math.exp(-1.0) - 1.0)),
        ("gelu", 1.0, 0.8413447460685429),  # the normal distribution function at 1
        ("gelu", -1.0, -0.15865525393145707),
        ("silu", 1.0, 1.0 / (1.0 + math.exp(-1.0))),
        ("softplus", 0.0, math.log(2.0)),
        ("softplus", -3.0, math.log1p(math.exp(-3.0))),
        ("tanh", 0.5, math.tanh(0.5)),
        ("sigmoid", 0.0, 0.5),
        ("sigmoid", math.log(3.0), 0.75),
        ("hard_sigmoid", 1.5, 0.75),
        ("hard_sigmoid", -3.5, 0.0),
        ("hard_sigmoid", 4.0, 1.0),
    ],
)
def test_numbers_worked_by_hand(name, z, y):
    got = ACTIVATIONS[name].forward(WIDE, np.array([[z, z]]))
    np.testing.assert_allclose(got, [[y, y]], rtol=1e-14, atol=1e-16)


def test_softmax_by_hand():
    shares = ACTIVATIONS["softmax"].forward(WIDE, np.log([[1.0, 2.0, 5.0]]))
    np.testing.assert_allclose(shares, [[0.125, 0.25, 0.625]], rtol=1e-14)


@pytest.mark.parametrize("ops", [WIDE, NARROW], ids=lambda ops: ops.dtype)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_extreme_numbers_stay_finite_forward_and_backward(name, ops):
    z = np.array([[-1e4, -100.0, -1.0, 0.0, 1.0, 100.0, 1e4]], ops.dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        y = ACTIVATIONS[name].forward(ops, z)
        dz = ACTIVATIONS[name].backward(ops, z, y, np.ones_like(z))
    assert y.dtype == dz.dtype == np.dtype(ops.dtype)
    assert np.isfinite(y).all()
    assert np.isfinite(dz).all()


@pytest.mark.parametrize("name", ["sigmoid", "softmax", "hard_sigmoid", "tanh"])
def test_bounded_activations_stay_within_their_bounds(name):
    z = np.array([[-1e4, -20.0, 0.3, 20.0, 1e4]], np.float32)
    y = ACTIVATIONS[name].forward(NARROW, z)
    assert y.min() >= (-1.0 if name == "tanh" else 0.0)
    assert y.max() <= 1.0
    assert y.max() > 0.99


numbers = st.lists(st.floats(-30, 30), min_size=2, max_size=6)


@given(z=numbers, shift=st.floats(-1e3, 1e3))
def test_softmax_adds_up_to_one_and_does_not_see_a_shift(z, shift):
    softmax = ACTIVATIONS["softmax"]
    y = softmax.forward(WIDE, np.array([z]))
    assert y.sum() == pytest.approx(1.0, abs=1e-14)
    np.testing.assert_allclose(softmax.forward(WIDE, np.array([z]) + shift), y, rtol=1e-10, atol=1e-15)
    dy = np.arange(float(len(z)))[None]
    assert softmax.backward(WIDE, np.array([z]), y, dy).sum() == pytest.approx(0.0, abs=1e-13)


@given(z=numbers)
def test_laws_of_the_others(z):
    z = np.array([z])
    y = {name: ACTIVATIONS[name].forward(WIDE, z) for name in ACTIVATIONS}
    mirrored = {name: ACTIVATIONS[name].forward(WIDE, -z) for name in ACTIVATIONS}
    np.testing.assert_allclose(y["sigmoid"] + mirrored["sigmoid"], 1.0, rtol=1e-13)
    np.testing.assert_allclose(y["tanh"], -mirrored["tanh"], rtol=1e-13)
    np.testing.assert_allclose(
        y["softplus"] - mirrored["softplus"], z, rtol=1e-12, atol=1e-12
    )  # log(1+eᶻ) - log(1+e⁻ᶻ)
    np.testing.assert_allclose(y["relu"] - mirrored["relu"], z, rtol=0)
    np.testing.assert_allclose(y["silu"] - mirrored["silu"], z, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(y["gelu"] - mirrored["gelu"], z, rtol=1e-12, atol=1e-12)
    assert (y["softplus"] >= y["relu"]).all()


@pytest.mark.parametrize("name", ["relu", "elu", "gelu", "silu", "softplus", "selu", "leaky_relu"])
def test_a_large_number_passes_through_a_rectifier(name):
    scale = 1.0507009873554805 if name == "selu" else 1.0
    np.testing.assert_allclose(ACTIVATIONS[name].forward(WIDE, np.array([[50.0]])), 50.0 * scale, rtol=1e-15)


def test_the_slope_of_relu_at_zero_is_zero():
    z = np.zeros((1, 2))
    assert not ACTIVATIONS["relu"].backward(WIDE, z, z, np.ones_like(z)).any()


@pytest.mark.parametrize(
    "make", [lambda: Dense(2, "reul"), lambda: Conv2D(2, 3, activation="Relu"), lambda: Activation("")]
)
def test_an_unknown_name_is_answered_with_those_there_are(make):
    with pytest.raises(NetworkError, match=r"unknown activation .*leaky_relu.*softmax"):
        make()

"""Where weights start: their spread, their seed, and which is taken when none is named."""

from __future__ import annotations

import math

import numpy as np
import pytest

import vitrina.network
from vitrina.errors import NetworkError
from vitrina.network import (
    ACTIVATIONS,
    INITIALISERS,
    Constant,
    Conv2D,
    Dense,
    Glorot,
    He,
    Initialiser,
    Input,
    LeCun,
    Network,
    Normal,
    Orthogonal,
)
from vitrina.network.initialisers import initialiser_for

FAN_IN, FAN_OUT = 300, 200
VARIANCE = {
    Glorot: 2.0 / (FAN_IN + FAN_OUT),
    He: 2.0 / FAN_IN,
    LeCun: 1.0 / FAN_IN,
    Normal: 0.05**2,
    Orthogonal: 1.0 / max(FAN_IN, FAN_OUT),
    Constant: 0.0,
}


def draw(initialiser: Initialiser, seed: int = 0) -> np.ndarray:
    return initialiser.draw(np.random.default_rng(seed), (FAN_IN, FAN_OUT), FAN_IN, FAN_OUT)


def test_every_public_initialiser_has_its_variance_here():
    public = [getattr(vitrina.network, name) for name in vitrina.network.__all__]
    assert {kind for kind in public if isinstance(kind, type) and issubclass(kind, Initialiser)} - {Initialiser} == set(
        VARIANCE
    )


@pytest.mark.parametrize("initialiser", [*INITIALISERS.values(), Normal()], ids=str)
def test_the_spread_is_what_the_paper_says(initialiser):
    weights = draw(initialiser)
    assert weights.dtype == np.float64
    assert weights.shape == (FAN_IN, FAN_OUT)
    expected = VARIANCE[type(initialiser)]
    # 60 000 numbers: the variance of a sample is within 6·√(2/60000) = 3.5 % of the true one
    assert weights.var() == pytest.approx(expected, rel=0.035, abs=1e-12)
    if not isinstance(initialiser, Constant):
        assert abs(weights.mean()) < 6.0 * math.sqrt(expected / weights.size)


@pytest.mark.parametrize("kind", [Glorot, He, LeCun])
def test_uniform_numbers_have_an_edge_and_normal_ones_have_none(kind):
    edge = math.sqrt(3.0 * VARIANCE[kind])
    assert 0.99 * edge < np.abs(draw(kind(uniform=True))).max() <= edge
    assert np.abs(draw(kind())).max() > 1.5 * edge


@pytest.mark.parametrize("shape", [(5, 5), (7, 3), (3, 7), (2, 3, 2, 5), (1, 1, 2, 6)])
@pytest.mark.parametrize("gain", [1.0, 2.5])
def test_orthogonal_is_orthogonal(shape, gain):
    matrix = Orthogonal(gain).draw(np.random.default_rng(3), shape, 1, 1).reshape(-1, shape[-1])
    rows, columns = matrix.shape
    product = matrix.T @ matrix if rows >= columns else matrix @ matrix.T
    np.testing.assert_allclose(product, gain**2 * np.eye(min(rows, columns)), atol=1e-12)


@pytest.mark.parametrize("initialiser", [*INITIALISERS.values(), Normal()], ids=str)
def test_the_seed_fixes_them(initialiser):
    np.testing.assert_array_equal(draw(initialiser, 4), draw(initialiser, 4))
    if not isinstance(initialiser, Constant):
        assert np.abs(draw(initialiser, 4) - draw(initialiser, 5)).max() > 0


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_right_one_for_the_activation(activation):
    rectifiers = {"relu", "leaky_relu", "elu", "gelu", "silu", "softplus"}
    expected = He() if activation in rectifiers else LeCun() if activation == "selu" else Glorot(uniform=True)
    assert initialiser_for(None, activation) == expected
    assert initialiser_for("orthogonal", activation) == Orthogonal()
    assert initialiser_for(Normal(0.1), activation) == Normal(0.1)


def test_layers_count_their_connections():
    rng = np.random.default_rng
    _, dense, _ = Dense(200, "relu").build((300,), rng(0))
    assert dense["weight"].var() == pytest.approx(2.0 / 300, rel=0.05)
    _, steps, _ = Dense(200, "selu").build((7, 300), rng(0))  # axes in between are no connections
    assert steps["weight"].var() == pytest.approx(1.0 / 300, rel=0.05)
    _, conv, _ = Conv2D(64, (3, 5), activation="relu").build((9, 9, 20), rng(0))
    assert conv["weight"].var() == pytest.approx(2.0 / (3 * 5 * 20), rel=0.05)
    _, linear, _ = Conv2D(64, (3, 5)).build((9, 9, 20), rng(0))
    assert linear["weight"].var() == pytest.approx(2.0 / (3 * 5 * (20 + 64)), rel=0.05)
    assert not dense["bias"].any()
    assert not conv["bias"].any()


def test_a_named_initialiser_is_used():
    _, params, _ = Dense(3, initialiser="ones").build((2,), np.random.default_rng(0))
    assert (params["weight"] == 1.0).all()
    _, params, _ = Conv2D(3, 2, initialiser=Constant(0.5)).build((4, 4, 1), np.random.default_rng(0))
    assert (params["weight"] == 0.5).all()


def test_the_seed_of_a_network_fixes_all_of_it_and_layers_do_not_share_numbers():
    network = Network(Input((4,)), Dense(4), Dense(4), Dense(2))
    one, again, other = (network.build(seed)[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one["dense_1"]["weight"], again["dense_1"]["weight"])
    assert np.abs(one["dense_1"]["weight"] - other["dense_1"]["weight"]).max() > 0
    assert np.abs(one["dense_1"]["weight"] - one["dense_2"]["weight"]).max() > 0


def test_a_layer_added_at_the_end_leaves_the_others_as_they_were():
    short, long = Network(Input((4,)), Dense(3)), Network(Input((4,)), Dense(3), Dense(2))
    np.testing.assert_array_equal(short.build(0)[0]["dense_1"]["weight"], long.build(0)[0]["dense_1"]["weight"])


def test_an_unknown_name_is_answered_with_those_there_are():
    with pytest.raises(NetworkError, match=r"unknown initialiser 'he'; it can be glorot_uniform.*orthogonal"):
        Dense(3, initialiser="he")

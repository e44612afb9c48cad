"""The three stages on numbers worked by hand, and what each example of a batch counts for."""

from __future__ import annotations

import numpy as np
import pytest

from tests.learning.teaching import NETWORKS, assert_near, examples, outcome, teach
from vitrina.engines.numpy_engine import NumpyOps
from vitrina.learning import SGD, Examples, back_propagation, error, forward_propagation
from vitrina.network import Context, Dense, Input, Network
from vitrina.network.costs import smoothed

OPS = NumpyOps("float64")


def test_one_step_by_hand():
    """y = 2·3 + 1 = 7, the target 5: the error (7 - 5)² = 4 has the slope 4 by y, 12 by the weight, 4 by the bias."""
    network = Network(Input(1), Dense(1), cost="mean_squared_error")
    params = {"dense_1": {"weight": np.array([[2.0]]), "bias": np.array([1.0])}}
    x, target, weight = np.array([[3.0]]), np.array([[5.0]]), np.ones(1)

    prediction, saved, state = forward_propagation(OPS, network, params, {}, x, Context(training=True))
    value, dprediction = error(OPS, network, prediction, target, weight)
    gradients = back_propagation(OPS, network, params, saved, dprediction)

    assert prediction.tolist() == [[7.0]]
    assert (float(value), dprediction.tolist()) == (4.0, [[4.0]])
    assert gradients["dense_1"]["weight"].tolist() == [[12.0]]
    assert gradients["dense_1"]["bias"].tolist() == [4.0]
    assert state == {}

    taught = Examples(x, target)
    learned = outcome(teach(network, taught, optimizer=SGD(0.01), weights=(params, {}), batch_size=1, epochs=1))
    assert learned["dense_1/weight"].item() == pytest.approx(2.0 - 0.01 * 12.0, rel=1e-12)
    assert learned["dense_1/bias"].item() == pytest.approx(1.0 - 0.01 * 4.0, rel=1e-12)


def all_at_once(taught: Examples, batch_size: int) -> dict[str, np.ndarray]:
    """One step on all examples, however large the batch that holds them is."""
    return outcome(teach(NETWORKS["dense"], taught, batch_size=batch_size, epochs=1, shuffle=False))


def test_an_example_that_counts_for_two_is_the_example_twice():
    taught = examples(NETWORKS["dense"], 6)
    # the random masks of dropout belong to places in the batch, so both batches must be without them
    network = Network(Input(6), Dense(8, "relu"), Dense(3))

    def once(which: Examples) -> dict[str, np.ndarray]:
        return outcome(teach(network, which, batch_size=which.rows, epochs=1, shuffle=False, optimizer=SGD(0.5)))

    doubled = Examples(np.concatenate([taught.x, taught.x[:1]]), np.concatenate([taught.y, taught.y[:1]]))
    assert_near(once(Examples(taught.x, taught.y, np.array([2.0, 1, 1, 1, 1, 1]))), once(doubled), 1e-12)
    without = Examples(taught.x[1:], taught.y[1:])
    assert_near(once(Examples(taught.x, taught.y, np.array([0.0, 1, 1, 1, 1, 1]))), once(without), 1e-12)
    assert np.abs(once(doubled)["dense_1/weight"] - once(without)["dense_1/weight"]).max() > 1e-4


def test_weights_that_are_all_alike_change_nothing():
    taught = examples(NETWORKS["dense"], 6)
    assert_near(all_at_once(Examples(taught.x, taught.y, np.full(6, 7.0)), 6), all_at_once(taught, 6), 1e-9)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_last_batch_that_is_not_full_is_not_felt(name, engine):
    """5 rows in a batch of 8 are 5 rows: batch statistics, the error and every slope leave the padding out."""
    network = Network(NETWORKS[name].input, *(without_dropout(layer) for layer in NETWORKS[name].layers))
    taught = examples(network, 5)
    few, many = (
        outcome(teach(network, taught, engine=engine, batch_size=size, epochs=2, shuffle=False, optimizer=SGD(0.1)))
        for size in (5, 8)
    )
    assert_near(many, few, 1e-9)


def without_dropout(layer):
    from dataclasses import replace

    from vitrina.network import Dropout

    if isinstance(layer, Dropout):
        return replace(layer, rate=0.0)
    if hasattr(layer, "layers"):
        return type(layer).from_json(_quiet(layer.to_json()))
    return layer


def _quiet(description):
    if isinstance(description, dict):
        quiet = {name: _quiet(value) for name, value in description.items()}
        return quiet | ({"rate": 0.0} if description.get("type") == "Dropout" else {})
    return [_quiet(item) for item in description] if isinstance(description, list) else description


def test_smoothed_labels_are_shares():
    """With smoothing 0.3 over 3 classes the right one is worth 0.8 and the others 0.1."""
    plain, soft = Network(Input(2), Dense(3)), Network(Input(2), Dense(3))
    cost = smoothed(soft.cost, 0.3)
    logits, label = np.array([[1.0, -2.0, 0.5]]), np.array([1])
    shares = np.array([[0.1, 0.8, 0.1]])
    expected = -np.sum(shares * (logits - np.log(np.sum(np.exp(logits)))))
    assert float(cost.value(OPS, logits, label, np.ones(1))) == pytest.approx(expected, rel=1e-12)
    assert float(plain.cost.value(OPS, logits, shares, np.ones(1))) == pytest.approx(expected, rel=1e-12)

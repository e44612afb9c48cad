"""An ensemble is so many networks: each learns as it would alone, and their common answer is the mean of theirs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import vitrina as vt
from vitrina.engines.numpy_engine import NumpyOps
from vitrina.errors import NetworkError, ShapeError
from vitrina.learning.stages import back_propagation, error, errors, forward_propagation
from vitrina.learning.step import decay_marks
from vitrina.network.layer import Context
from vitrina.network.network import flatten
from vitrina.network.suggest import suggest_network

OPS = NumpyOps("float64")
MEMBERS = 3


def ensemble(classes: bool) -> vt.Network:
    body = (vt.EnsembleDense(MEMBERS, 4, "tanh"), vt.EnsembleDense(MEMBERS, 2), vt.EnsembleMean(classes))
    return vt.Network(vt.Input((5,)), *body, cost="cross_entropy" if classes else "mean_squared_error")


def alone(classes: bool) -> vt.Network:
    cost = "cross_entropy" if classes else "mean_squared_error"
    return vt.Network(vt.Input((5,)), vt.Dense(4, "tanh"), vt.Dense(2), cost=cost)


def of_member(params: Any, member: int) -> dict[str, Any]:
    names = {"ensemble_dense_1": "dense_1", "ensemble_dense_2": "dense_2"}
    return {names[name]: {part: array[member] for part, array in own.items()} for name, own in params.items()}


def rows(classes: bool, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    target = rng.integers(2, size=6) if classes else rng.normal(size=(6, 2))
    return rng.normal(size=(6, 5)), target, rng.uniform(0.5, 2.0, 6)


@pytest.mark.parametrize("classes", [False, True])
def test_each_member_is_taught_as_it_would_be_alone(classes, rng):
    network, single = ensemble(classes), alone(classes)
    params, state = network.build(1)
    x, target, weight = rows(classes, rng)
    learning = Context(training=True, weight=weight)
    prediction, saved, _ = forward_propagation(OPS, network, params, state, x, learning)
    assert prediction.shape == (6, MEMBERS, 2)
    value, slope = error(OPS, network, prediction, target, weight)
    gradients = back_propagation(OPS, network, params, saved, slope)
    own_values, own_errors = [], []
    for member in range(MEMBERS):
        own = of_member(params, member)
        answer, kept, _ = forward_propagation(OPS, single, own, {}, x, learning)
        own_value, own_slope = error(OPS, single, answer, target, weight)
        alone_gradients = flatten(back_propagation(OPS, single, own, kept, own_slope))
        for name, gradient in flatten(of_member(gradients, member)).items():
            np.testing.assert_allclose(MEMBERS * gradient, alone_gradients[name], rtol=1e-12, atol=1e-14, err_msg=name)
        own_values.append(own_value)
        own_errors.append(single.cost.per_example(OPS, answer, target))
    np.testing.assert_allclose(value, np.mean(own_values), rtol=1e-12)
    np.testing.assert_allclose(errors(OPS, network, prediction, target), np.mean(own_errors, axis=0), rtol=1e-12)


@pytest.mark.parametrize("classes", [False, True])
def test_the_common_answer_is_the_mean_of_the_members(classes, rng):
    network, single = ensemble(classes), alone(classes)
    params, state = network.build(1)
    x = rows(classes, rng)[0]
    together = forward_propagation(OPS, network, params, state, x, Context())[0]
    each = [
        single.cost.readable(OPS, forward_propagation(OPS, single, of_member(params, member), {}, x, Context())[0])
        for member in range(MEMBERS)
    ]
    assert together.shape == (6, 2)
    np.testing.assert_allclose(network.cost.readable(OPS, together), np.mean(each, axis=0), rtol=1e-12)


def test_a_sure_member_does_not_make_the_answer_infinite():
    x = np.array([[[1000.0, 0.0], [1000.0, 0.0]]])  # exp(-1000) is 0 in any float
    y, saved, _ = vt.EnsembleMean(probabilities=True).forward(OPS, {}, {}, x, Context())
    np.testing.assert_allclose(y, [[0.0, -1000.0]])
    assert np.isfinite(vt.EnsembleMean(probabilities=True).backward(OPS, {}, saved, np.ones((1, 2)))[0]).all()


def test_members_start_from_weights_of_their_own_and_biases_do_not_decay():
    params = flatten(ensemble(True).build(0)[0])
    first, second, _ = params["ensemble_dense_1/weight"]
    assert np.abs(first - second).max() > 0.1
    marks = decay_marks(params)
    assert {name: mark for name, mark in marks.items() if name.startswith("ensemble_dense_1")} == {
        "ensemble_dense_1/weight": 1.0,
        "ensemble_dense_1/bias": 0.0,
    }


def test_what_does_not_fit_is_said_when_the_network_is_described():
    with pytest.raises(
        ShapeError, match=r"ensemble_dense_2: EnsembleDense needs an input of shape \(inputs,\) or \(3, in"
    ):
        vt.Network(vt.Input((5,)), vt.EnsembleDense(2, 4), vt.EnsembleDense(3, 2), vt.EnsembleMean())
    with pytest.raises(NetworkError, match="EnsembleMean must be the last layer"):
        vt.Network(vt.Input((5,)), vt.EnsembleDense(2, 4), vt.EnsembleMean(), vt.Dense(2))
    with pytest.raises(ShapeError, match="EnsembleMean needs an input of shape"):
        vt.Network(vt.Input((5,)), vt.Dense(2), vt.EnsembleMean())
    with pytest.raises(NetworkError, match="members must be a whole number of 1 or more, not 0"):
        vt.EnsembleDense(0, 4)


def test_an_ensemble_is_taught_kept_and_traced_as_any_network(tmp_path, rng):
    x = rng.normal(size=(60, 5)).astype(np.float32)
    y = (x[:, 0] > 0).astype(np.int64)
    model = vt.train((x, y), network=ensemble(True), engine="numpy", epochs=40, batch_size=20, learning_rate=0.01)
    assert model.evaluate(x, y)["accuracy"] > 0.9
    model.save(tmp_path / "m.vitrina")
    np.testing.assert_array_equal(vt.load(tmp_path / "m.vitrina").predict_proba(x), model.predict_proba(x))
    traced = model.trace(x[0], y[0])
    neuron = traced.forward["ensemble_dense_2"].neuron(1, place=(2,))
    np.testing.assert_allclose(np.sum(neuron.inputs * neuron.weights) + neuron.bias, neuron.weighted_sum, rtol=1e-9)
    np.testing.assert_allclose(neuron.weights, model.weights["ensemble_dense_2/weight"][2, :, 1], rtol=1e-7)
    back = traced.backward["ensemble_dense_2"].neuron(1, place=(2,))
    np.testing.assert_allclose(back.weight_gradients, neuron.inputs * back.error_signal, rtol=1e-9)
    first = traced.forward["ensemble_dense_1"].neuron(0, place=(1,))  # all members see the same row
    np.testing.assert_allclose(first.inputs, x[0], rtol=1e-7)
    assert "ensemble_mean_1" in str(traced)


def test_the_summary_tells_what_members_see_only_where_it_is_not_all() -> None:
    all_of_it = vt.Network(vt.Input((4,)), vt.EnsembleDense(2, 3), vt.EnsembleMean())
    parts = vt.Network(vt.Input((4,)), vt.EnsembleDense(2, 3, sees=((0, 2), (1, 4))), vt.EnsembleMean())
    assert "sees" not in str(all_of_it.summary())
    assert "sees [[0, 2], [1, 4]]" in str(parts.summary())


def test_names_of_layers_are_whole_in_a_narrow_terminal() -> None:
    from io import StringIO

    from rich.console import Console

    network = suggest_network((5,), 1, False, 4000).network
    screen = Console(file=StringIO(), width=80, color_system=None)
    screen.print(network.summary())
    told = screen.file.getvalue()  # pyright: ignore[reportAttributeAccessIssue]
    names = {row.name.split("/")[-1] for row in network.summary().rows}
    assert names <= set(told.split())
    assert "…" not in told

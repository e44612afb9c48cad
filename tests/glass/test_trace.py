"""Every number of a trace is the number that training would use."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import vitrina as vt
from vitrina.errors import DataError, UsageError


@pytest.fixture(scope="module")
def model() -> vt.Model:
    x, y = np.random.default_rng(0).normal(size=(40, 6, 5, 2)), np.arange(40) % 3
    network = vt.Network(
        vt.Input((6, 5, 2)),
        vt.Conv2D(4, 3, stride=2, padding="same", activation="relu"),
        vt.Sequential(vt.BatchNorm(), vt.Residual(vt.Conv2D(4, 3, padding="same", activation="tanh"))),
        vt.Flatten(),
        vt.Dense(7, "sigmoid"),
        vt.Dense(3),
    )
    return vt.train((x, y), network=network, epochs=2, engine="numpy", optimizer=vt.SGD(0.1))


@pytest.fixture(scope="module")
def example() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(6, 5, 2))


def test_a_neuron_is_its_inputs_times_its_weights(model: vt.Model, example: np.ndarray) -> None:
    trace = model.trace(example, 1)
    for name, place in (
        ("dense_1", ()),
        ("dense_2", ()),
        ("conv2d_1", (0, 0)),
        ("conv2d_1", (1, 2)),
        ("conv2d_1", (2, 1)),
    ):
        for unit in range(3):
            neuron = trace.forward[name].neuron(unit, place)
            assert neuron.inputs.shape == neuron.weights.shape
            expected = float(np.sum(neuron.inputs * neuron.weights) + neuron.bias)
            assert neuron.weighted_sum == pytest.approx(expected, rel=1e-12)
    neuron = trace.forward["dense_1"].neuron(2)
    assert neuron.output == pytest.approx(1 / (1 + np.exp(-neuron.weighted_sum)), rel=1e-12)


def test_a_filter_along_a_sequence_sees_its_steps() -> None:
    x, y = np.random.default_rng(0).normal(size=(20, 7, 2)), np.arange(20) % 3
    layers = (vt.Conv1D(3, 4, stride=2, padding="same", activation="tanh"), vt.GroupNorm(3), vt.Flatten(), vt.Dense(3))
    model = vt.train((x, y), network=vt.Network(vt.Input((7, 2)), *layers), epochs=1, engine="numpy")
    trace = model.trace(x[0], y[0])
    padded = np.pad(x[0], ((1, 2), (0, 0)))  # 4 outputs 2 apart, 4 steps each, from 7: 3 more, the odd one at the end
    for place in range(4):
        neuron = trace.forward["conv1d_1"].neuron(1, (place,))
        np.testing.assert_array_equal(neuron.inputs, padded[2 * place : 2 * place + 4])
        expected = float(np.sum(neuron.inputs * neuron.weights) + neuron.bias)
        assert neuron.weighted_sum == pytest.approx(expected, rel=1e-12)
        assert neuron.output == pytest.approx(np.tanh(neuron.weighted_sum), rel=1e-12)
    assert trace.backward["conv1d_1"].neuron(1, (2,)).weight_gradients.shape == (4, 2)


def test_gradients_are_slopes_of_the_error(model: vt.Model, example: np.ndarray) -> None:
    """Moves one weight a little and looks at the error: central differences through the whole network."""
    trace, small = model.trace(example, 2), 1e-5
    for name in (
        "conv2d_1/weight",
        "dense_1/weight",
        "dense_1/bias",
        "sequential_1/batch_norm_1/scale",
        "dense_2/weight",
    ):
        layer, parameter = name.rsplit("/", 1)
        gradient = trace.backward[layer].gradients[parameter]
        place = np.unravel_index(np.argmax(np.abs(gradient)), gradient.shape)
        values = []
        for sign in (1, -1):
            weights = {key: value.astype(np.float64) for key, value in model.weights.items()}
            weights[name][place] += sign * small
            values.append(vt.Model(model.network, weights, model.state).trace(example, 2).error.value)
        assert (values[0] - values[1]) / (2 * small) == pytest.approx(gradient[place], rel=1e-6), name


def test_the_backward_neuron_is_a_slice_of_its_layer(model: vt.Model, example: np.ndarray) -> None:
    layer = model.trace(example, 0).backward["dense_1"]
    neuron = layer.neuron(4)
    assert neuron.error_signal == layer.error_signals[4]
    np.testing.assert_array_equal(neuron.weight_gradients, layer.gradients["weight"][:, 4])
    assert neuron.bias_gradient == layer.gradients["bias"][4] == neuron.error_signal
    np.testing.assert_allclose(layer.updates["weight"], -0.1 * layer.gradients["weight"], rtol=1e-9, atol=1e-15)


def test_the_stages_join_up(model: vt.Model, example: np.ndarray) -> None:
    trace = model.trace(example, 1)
    assert list(trace.forward) == list(reversed(trace.backward))
    np.testing.assert_allclose(trace.error.prediction, model.predict_proba(example[None])[0], rtol=1e-5)
    assert trace.error.value == pytest.approx(-np.log(trace.error.prediction[1]), rel=1e-9)
    np.testing.assert_allclose(trace.error.slope, trace.error.prediction - np.eye(3)[1], atol=1e-12)
    inside = "sequential_1/residual_1/conv2d_1"
    assert list(trace.forward).index(inside) == list(trace.forward).index("sequential_1/residual_1") - 1
    residual = trace.forward["sequential_1/residual_1"]
    np.testing.assert_array_equal(residual.output, residual.input + trace.forward[inside].output)
    steps = [layer for name, layer in trace.forward.items() if name != inside]
    for before, after in itertools.pairwise(steps):
        np.testing.assert_array_equal(before.output, after.input)


def test_what_is_not_there_is_said(model: vt.Model, example: np.ndarray) -> None:
    trace = model.trace(example)
    assert trace.error.target == int(np.argmax(trace.error.raw))
    for layer, unit, place in (("dense_1", 7, ()), ("conv2d_1", 0, ()), ("conv2d_1", 0, (9, 9)), ("flatten_1", 0, ())):
        with pytest.raises(UsageError, match=layer):
            trace.forward[layer].neuron(unit, place)
    with pytest.raises(DataError, match=r"\(6, 5, 2\)"):
        model.trace(example[:-1])
    with pytest.raises(DataError, match="class numbers"):
        model.trace(example, 3)


def test_a_filter_of_a_group_sees_its_group_alone() -> None:
    layers = (vt.Conv2D(4, 2, padding="same", groups=2), vt.Conv1D(3, 2, groups=3))
    for layer, shape, place in ((layers[0], (3, 3, 6), (2, 1)), (layers[1], (4, 3), (1,))):
        network = vt.Network(vt.Input(shape), layer, vt.Flatten(), vt.Dense(2))
        x, y = np.random.default_rng(0).normal(size=(12, *shape)), np.arange(12) % 2
        traced = vt.train((x, y), network=network, epochs=1, engine="numpy").trace(x[0], 1)
        name = next(iter(traced.forward))
        for unit in range(layer.filters):
            neuron = traced.forward[name].neuron(unit, place)
            assert neuron.inputs.shape == neuron.weights.shape
            assert float(np.sum(neuron.inputs * neuron.weights) + neuron.bias) == pytest.approx(neuron.weighted_sum)

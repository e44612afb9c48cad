"""A trace is what three frameworks' own differentiation says of the same network: every activation, signal and gradient."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

import vitrina as vt
from tests.network.cases import EVERY_LAYER, Case, Problem, assert_close, flat_names, pose
from vitrina.errors import UsageError
from vitrina.network.layer import layer_names
from vitrina.network.network import flatten, nest
from vitrina.network.suggest import suggest_network

FRAMEWORKS = ("jax", "torch", "tensorflow")
DIGITS = 1e-10
CLASSES = 3


def one_of_each_kind() -> list[Case]:
    """Of every layer the last case: those have the most options. (`Sequential` only hands on; `EnsembleMean` is last: see below.)"""
    found: dict[str, Case] = {}
    for case in EVERY_LAYER:
        if not isinstance(case.layer, vt.Sequential | vt.EnsembleMean):
            found[type(case.layer).__name__] = replace(case, batch=1, training=False, weight=None, mask=None)
    return list(found.values())


def says(framework: str, case: Case, problem: Problem) -> dict[str, np.ndarray]:
    if importlib.util.find_spec(framework) is None:
        pytest.skip(f"{framework} is not installed")
    oracle = importlib.import_module(f"tests.network.oracle_{framework}")
    if framework != "jax":
        return oracle.layer_slopes(case, problem, "float64")
    import jax

    with jax.enable_x64(True):  # not compiled: each is asked once
        return {name: np.asarray(value) for name, value in oracle.slopes_of(case, problem.tree()).items()}


def posed(layer: vt.Layer, x: np.ndarray, dy: np.ndarray, params: Any, state: Any) -> tuple[Case, Problem]:
    case = Case(layer, x.shape[1:], batch=1, training=False)
    return case, Problem(x, dy, params, state, np.ones(1))


@pytest.mark.parametrize("case", one_of_each_kind(), ids=str)
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_number_of_a_trace(framework: str, case: Case) -> None:
    problem = pose(case, np.random.default_rng(5))
    if case.count is not None:
        problem = replace(problem, x=np.floor(problem.x))  # tokens, which nothing is a little away from here
    (name,) = layer_names((case.layer,))
    rest = (vt.Flatten(), vt.Dense(CLASSES, name="last"))
    network = vt.Network(vt.Input(case.shape), case.layer, *rest)
    width = int(np.prod(case.layer.output_shape(case.shape)))
    rng = np.random.default_rng(6)
    last = {"weight": rng.normal(size=(width, CLASSES)), "bias": rng.normal(size=CLASSES)}
    weights = {f"{name}/{own}": value for own, value in flatten(problem.params).items()}
    weights |= {f"last/{own}": value for own, value in last.items()}
    state = {f"{name}/{own}": value for own, value in flatten(problem.state).items()}
    trace = vt.Model(network, weights, state).trace(problem.x[0], 1)

    # The layer, and what follows it, each differentiated by the framework; the cost's slope is worked out here.
    first = says(framework, case, replace(problem, dy=np.zeros_like(problem.dy)))
    logits = first["y"].reshape(1, -1) @ last["weight"] + last["bias"]
    share = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    slope = share - np.eye(CLASSES)[[1]]
    after = says(framework, *posed(vt.Sequential(*rest), first["y"], slope, {"last": last}, {}))
    layer = says(framework, case, replace(problem, dy=after["x"]))

    forward, backward = trace.forward[name], trace.backward[name]
    assert_close(forward.output, first["y"][0], DIGITS, "output")
    assert_close(trace.error.value, -np.log(share[0, 1]), DIGITS, "error")
    assert_close(trace.error.slope, slope[0], DIGITS, "the cost's slope")
    assert_close(backward.output_slope, after["x"][0], DIGITS, "slope by the output")
    assert_close(backward.input_slope, layer["x"][0], DIGITS, "slope by the input", "x" in case.flat)
    inside = {f"{one}/{own}": value for one, part in trace.backward.items() for own, value in part.gradients.items()}
    inside = {own.removeprefix(f"{name}/"): value for own, value in inside.items() if own.startswith(f"{name}/")}
    assert set(inside) == set(flat_names(problem.params))
    for own, gradient in inside.items():
        assert_close(gradient, layer[own], DIGITS, own, own in case.flat)
    assert_close(trace.backward["last"].gradients["weight"], after["last/weight"], DIGITS, "the last weights")
    if forward.weighted_sums is not None:
        activation = vt.Activation(
            next(str(getattr(case.layer, one.name)) for one in fields(case.layer) if one.name == "activation")
        )
        bent = says(framework, *posed(activation, forward.weighted_sums[None], after["x"], {}, {}))
        assert_close(forward.output, bent["y"][0], DIGITS, "the activation of the weighted sum")
        assert_close(backward.error_signals, bent["x"][0], DIGITS, "error signals")


@pytest.mark.parametrize("classes", [True, False])
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_ensemble_that_is_chosen_for_tables_is_traced_by_the_mean_of_its_members(
    framework: str, classes: bool
) -> None:
    """Its error is that of the mean, and each member's slopes are those of that error, layer by layer."""
    rng = np.random.default_rng(4)
    network = suggest_network((6,), CLASSES, classes, rows=400).network
    weights = {name: rng.normal(0.0, 0.3, value.shape) for name, value in flatten(network.build(3)[0]).items()}
    x, truth = rng.normal(size=(1, 6)), 1 if classes else rng.normal(size=CLASSES)
    trace = vt.Model(network, weights).trace(x[0], truth)
    inside = nest(weights)["branches_1"]
    layers = {name.rpartition("/")[2]: layer for name, layer, _ in network.walk()}
    path = {"straight": "branches_1/straight"} | {
        f"ensemble_dense_{number}": f"branches_1/sequential_1/ensemble_dense_{number}" for number in (1, 2, 3)
    }
    params = {name: inside["straight"] if name == "straight" else inside["sequential_1"][name] for name in path}

    def slopes(name: str, entering: np.ndarray, dy: np.ndarray) -> dict[str, np.ndarray]:
        return says(framework, *posed(layers[name], entering, dy, params[name], {}))

    def output(name: str, entering: np.ndarray) -> np.ndarray:
        return slopes(name, entering, np.zeros((1, *layers[name].output_shape(entering.shape[1:]))))["y"]

    first = output("ensemble_dense_1", x)
    second = output("ensemble_dense_2", first)
    answers = output("straight", x) + output("ensemble_dense_3", second)
    raw = says(framework, *posed(network.layers[1], answers, np.zeros((1, CLASSES)), {}, {}))["y"]
    if classes:
        shares = np.exp(raw) / np.exp(raw).sum()
        value, slope = -np.log(shares[0, truth]), shares - np.eye(CLASSES)[[truth]]
    else:
        value, slope = np.mean((raw - truth) ** 2), 2.0 * (raw - truth) / CLASSES
    assert_close(trace.error.value, np.array(value), DIGITS, "error")
    assert_close(trace.error.slope, slope[0], DIGITS, "the cost's slope")
    told = says(framework, *posed(network.layers[1], answers, slope, {}, {}))["x"]
    assert_close(trace.backward["ensemble_mean_1"].input_slope, told[0], DIGITS, "slope by each member's answer")
    for name, entering, dy in (
        ("straight", x, told),
        ("ensemble_dense_3", second, told),
        ("ensemble_dense_2", first, slopes("ensemble_dense_3", second, told)["x"]),
        (
            "ensemble_dense_1",
            x,
            slopes("ensemble_dense_2", first, slopes("ensemble_dense_3", second, told)["x"])["x"],
        ),
    ):
        there, forward, backward = slopes(name, entering, dy), trace.forward[path[name]], trace.backward[path[name]]
        assert_close(forward.output, there["y"][0], DIGITS, f"{name}: output")
        assert_close(backward.output_slope, dy[0], DIGITS, f"{name}: slope by the output")
        for own in ("weight", "bias"):
            assert_close(backward.gradients[own], there[own], DIGITS, f"{name}: {own}")
        activation = vt.Activation(layers[name].activation)  # pyright: ignore[reportAttributeAccessIssue]
        bent = says(framework, *posed(activation, forward.weighted_sums[None], dy, {}, {}))
        assert_close(forward.output, bent["y"][0], DIGITS, f"{name}: the activation of the weighted sum")
        assert_close(backward.error_signals, bent["x"][0], DIGITS, f"{name}: error signals")
        alone = trace.member(5)
        neuron = alone.forward[path[name]].neuron(1)
        assert neuron.weighted_sum == forward.neuron(1, (5,)).weighted_sum
        np.testing.assert_allclose(neuron.inputs @ neuron.weights + neuron.bias, neuron.weighted_sum, rtol=1e-10)
        gradients = alone.backward[path[name]].neuron(1).weight_gradients
        assert_close(gradients, there["weight"][5][:, 1], DIGITS, f"{name}: one neuron's gradients")
    with pytest.raises(UsageError, match="no member 8"):
        trace.member(8)


def test_attention_says_who_looks_at_whom() -> None:
    network = vt.Network(vt.Input((5, 6)), vt.Attention(2, causal=True), vt.Flatten(), vt.Dense(2))
    params, _ = network.build(0)
    trace = vt.Model(network, flatten(params)).trace(np.random.default_rng(0).normal(size=(5, 6)), 1)
    shares = trace.forward["attention_1"].attention
    assert shares is not None
    assert shares.shape == (2, 5, 5)
    np.testing.assert_allclose(shares.sum(axis=-1), 1.0, rtol=1e-12)
    assert np.all(shares[:, np.triu(np.ones((5, 5), bool), 1)] == 0.0)  # nobody looks ahead
    values = trace.forward["attention_1"]
    x, weights = values.input, values.params
    heads = (x @ weights["value_weight"] + weights["value_bias"]).reshape(5, 2, 3).transpose(1, 0, 2)
    joined = (shares @ heads).transpose(1, 0, 2).reshape(5, 6)
    np.testing.assert_allclose(joined @ weights["output_weight"] + weights["output_bias"], values.output, rtol=1e-10)


def test_attention_in_blocks_looks_as_attention_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    network = vt.Network(vt.Input((7, 4)), vt.Attention(2, causal=True), vt.Flatten(), vt.Dense(2))
    model = vt.Model(network, flatten(network.build(0)[0]))
    x = np.random.default_rng(0).normal(size=(7, 4))
    whole = model.trace(x, 1).forward["attention_1"]
    monkeypatch.setattr("vitrina.network.attention.BLOCK", 3)
    parts = model.trace(x, 1).forward["attention_1"]
    np.testing.assert_allclose(parts.attention, whole.attention, rtol=1e-12)
    np.testing.assert_allclose(parts.output, whole.output, rtol=1e-12)

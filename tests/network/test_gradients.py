"""Every backward pass is the slope of its forward pass, by finite differences in float64."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vitrina.network
from tests.network.cases import (
    DRAWN,
    EVERY_COST,
    EVERY_LAYER,
    STEP,
    Case,
    CostCase,
    WatchingOps,
    assert_close,
    draw_target,
    finite_difference,
    flat_names,
    kinds_in,
    pose,
    pose_cost,
    run_both,
    run_forward,
)
from vitrina.engines.numpy_engine import NumpyOps
from vitrina.learning.stages import back_propagation, error, forward_propagation
from vitrina.network import (
    ACTIVATIONS,
    COSTS,
    GRU,
    LSTM,
    Activation,
    Attention,
    AveragePool1D,
    AveragePool2D,
    BatchNorm,
    Branches,
    Context,
    Conv1D,
    Conv2D,
    Cost,
    Dense,
    Dropout,
    Embedding,
    EnsembleDense,
    EnsembleMean,
    Flatten,
    GlobalAveragePool,
    GroupNorm,
    Input,
    Layer,
    LayerNorm,
    MaxPool1D,
    MaxPool2D,
    Network,
    PositionalEmbedding,
    Reshape,
    Residual,
    RMSNorm,
    Scale,
    Sequential,
    TableInput,
    blocks,
)

OPS = NumpyOps("float64")


# -- no public name escapes
def public(kind: type) -> set[str]:
    """Names of the public classes of that kind."""
    found = {name: getattr(vitrina.network, name) for name in vitrina.network.__all__}
    return {name for name, value in found.items() if isinstance(value, type) and issubclass(value, kind)} - {
        kind.__name__
    }


def test_every_public_layer_has_a_case():
    assert public(Layer) <= {type(case.layer).__name__ for case in EVERY_LAYER}
    # tokens have their own test; an ensemble's mean is always the last layer
    assert public(Layer) - {"Embedding", "EnsembleMean"} <= kinds_in([make() for _, make, _ in TRUNKS])


def test_every_activation_has_a_case_alone_and_in_the_layers_that_take_one():
    taking = (Activation, Dense, Conv1D, Conv2D, EnsembleDense)
    assert {name for name in public(Layer) if "activation" in fields_of(name)} == {cls.__name__ for cls in taking}
    for cls in taking:
        assert {case.layer.activation for case in EVERY_LAYER if isinstance(case.layer, cls)} == set(ACTIVATIONS)


def test_every_case_has_its_own_name():
    names = [str(case) for case in (*EVERY_LAYER, *EVERY_COST)]
    assert len(names) == len(set(names))


def fields_of(name: str) -> dict[str, Any]:
    return getattr(vitrina.network, name).__dataclass_fields__


def test_every_cost_has_a_case_and_a_name():
    assert public(Cost) == {type(case.cost).__name__ for case in EVERY_COST}
    assert public(Cost) == {type(cost).__name__ for cost in COSTS.values()}


# -- one layer
def check_slopes(case: Case, rng: np.random.Generator) -> None:
    problem = pose(case, rng)
    numbers = problem.tree()
    measured = run_both(OPS, case, numbers)
    wanted = {"x": problem.x} | flat_names(problem.params)
    assert set(measured) - {"y"} == set(wanted), f"{case}: a slope for each parameter, and for nothing else"
    for name, array in wanted.items():
        numeric = finite_difference(lambda: float(np.sum(problem.dy * run_forward(OPS, case, numbers)[0])), array)
        assert_close(measured[name], numeric, 1e-6, f"{case}: {name}", name in case.flat)
        if name not in case.flat:
            assert np.abs(numeric).max() > 1e-3, f"{case}: {name} has no slope here, so this would prove nothing"


@pytest.mark.parametrize("case", EVERY_LAYER, ids=str)
def test_backward_is_the_slope_of_forward(case, rng):
    check_slopes(case, rng)


@pytest.mark.parametrize("kind", DRAWN)
def test_backward_is_the_slope_of_forward_for_odd_shapes(kind):
    lively = 0

    @settings(max_examples=80)
    @given(case=DRAWN[kind], seed=st.integers(0, 2**32 - 1))
    def check(case: Case, seed: int) -> None:
        nonlocal lively
        problem = pose(case, np.random.default_rng(seed))
        numbers = problem.tree()
        measured = run_both(OPS, case, numbers)
        for name, array in ({"x": problem.x} | flat_names(problem.params)).items():
            numeric = finite_difference(lambda: float(np.sum(problem.dy * run_forward(OPS, case, numbers)[0])), array)
            assert_close(measured[name], numeric, 1e-6, f"{case}: {name}", name in case.flat)
            lively += float(np.abs(numeric).max()) > 1e-3

    check()
    assert lively >= 10, f"{kind}: hardly any slope was seen"


@pytest.mark.parametrize("case", EVERY_LAYER, ids=str)
def test_the_first_layer_gets_the_same_gradients_without_its_input_s(case, rng):
    problem = pose(case, rng)
    _, saved, _ = run_forward(OPS, case, problem.tree())
    _, dparams = case.layer.backward(OPS, problem.params, saved, problem.dy)
    _, saved, _ = run_forward(OPS, case, problem.tree())  # a way back uses up what was saved for it
    first = flat_names(case.layer.backward_first(OPS, problem.params, saved, problem.dy))
    assert set(first) == set(flat_names(dparams))
    for name, slope in flat_names(dparams).items():
        np.testing.assert_array_equal(first[name], slope, err_msg=f"{case}: {name}")


@pytest.mark.parametrize("case", EVERY_LAYER, ids=str)
def test_shapes_are_what_the_description_promised(case, rng):
    problem = pose(case, rng)
    shape, params, state = case.layer.build(case.shape, rng)
    y, saved, after = run_forward(OPS, case, problem.tree())
    assert shape == case.layer.output_shape(case.shape) == y.shape[1:]
    dx, dparams = case.layer.backward(OPS, problem.params, saved, problem.dy)
    assert dx.shape == problem.x.shape
    of = {name: array.shape for name, array in flat_names(params).items()}
    assert {name: array.shape for name, array in flat_names(dparams).items()} == of
    assert {name: array.shape for name, array in flat_names(after).items()} == {
        name: array.shape for name, array in flat_names(state).items()
    }


# -- costs
@pytest.mark.parametrize("case", EVERY_COST, ids=str)
def test_a_cost_s_gradient_is_its_slope(case: CostCase, rng):
    posed = pose_cost(case, rng)
    analytic = case.cost.gradient(OPS, posed["prediction"], posed["target"], posed["weight"])
    numeric = finite_difference(lambda: float(case.cost.value(OPS, **posed)), posed["prediction"])
    assert_close(analytic, numeric, 1e-6, str(case))
    assert np.abs(numeric).max() > 1e-3
    if case.batch > 1:
        assert not np.any(analytic[-1]), "an example of weight 0 has no slope at all"


@pytest.mark.parametrize("label", COSTS)
def test_a_cost_s_gradient_is_its_slope_for_drawn_batches(label):
    cases = [case for case in EVERY_COST if case.cost.label == label]

    @settings(max_examples=80)
    @given(case=st.sampled_from(cases), batch=st.integers(1, 5), seed=st.integers(0, 2**32 - 1))
    def check(case: CostCase, batch: int, seed: int) -> None:
        case = CostCase(case.cost, case.outputs, case.target, batch)
        posed = pose_cost(case, np.random.default_rng(seed))
        analytic = case.cost.gradient(OPS, posed["prediction"], posed["target"], posed["weight"])
        numeric = finite_difference(lambda: float(case.cost.value(OPS, **posed)), posed["prediction"])
        assert_close(analytic, numeric, 1e-6, str(case))
        assert np.abs(numeric).max() > 1e-6

    check()


# -- every layer × activation × cost: a trunk with the layer in it, the activation, and what the cost needs
Trunk = tuple[str, Any, tuple[int, ...]]
TRUNKS: list[Trunk] = [
    ("dense", lambda: Dense(3), (4,)),
    ("ensemble_dense", lambda: EnsembleDense(2, 3), (4,)),
    ("conv2d", lambda: Conv2D(2, 2, stride=(1, 2), padding="same"), (3, 4, 1)),
    ("conv1d", lambda: Conv1D(2, 2), (3, 2)),
    ("max_pool1d", lambda: MaxPool1D(2), (4, 2)),
    ("average_pool1d", lambda: AveragePool1D(2, padding="same"), (3, 2)),
    ("max_pool2d", lambda: MaxPool2D(2), (4, 2, 2)),
    ("average_pool2d", lambda: AveragePool2D(2, padding="same"), (3, 3, 1)),
    ("global_average_pool", GlobalAveragePool, (2, 2, 3)),
    ("flatten", Flatten, (2, 2)),
    ("reshape", lambda: Reshape((2, 2)), (4,)),
    ("activation", lambda: Activation("tanh"), (3,)),
    ("dropout", lambda: Dropout(0.3), (5,)),
    ("batch_norm", lambda: BatchNorm(epsilon=0.01), (3,)),
    ("layer_norm", lambda: LayerNorm(epsilon=0.01), (4,)),
    ("positional_embedding", PositionalEmbedding, (3, 2)),
    ("gru", lambda: GRU(2, return_sequences=True, bidirectional=True), (3, 2)),
    ("lstm", lambda: LSTM(3), (2, 3)),
    ("attention", lambda: Attention(2), (3, 4)),
    ("table_input", lambda: TableInput((0, 0, 0), periodic=2, sigma=0.5), (3,)),
    ("rms_norm", lambda: RMSNorm(epsilon=0.01), (3,)),
    ("scale", lambda: Scale((0.5, -1.5, 2.0), (1.0, 0.0, -1.0)), (3,)),
    ("group_norm", lambda: GroupNorm(2, epsilon=0.01), (2, 4)),
    ("sequential", lambda: Sequential(Dense(3, "silu"), LayerNorm(0.01)), (2,)),
    ("residual", lambda: Residual(Dense(4, "tanh"), Dense(3)), (3,)),
    ("branches", lambda: Branches(Dense(2), Dense(1, "sigmoid")), (3,)),
]
HEADS = {
    "cross_entropy": (3, "classes"),
    "binary_cross_entropy": (2, "yes_no"),
    "focal": (3, "classes"),
    "poisson": (2, "counts"),
}


def whole(trunk: Trunk, activation: str, cost: Cost) -> tuple[Network, CostCase]:
    outputs, target = HEADS.get(cost.label, (2, "targets" if cost.label == "quantile" else "numbers"))
    _, make, shape = trunk
    network = Network(
        Input(shape), Dense(shape[-1]), make(), Activation(activation), Flatten(), Dense(outputs), cost=cost
    )
    return network, CostCase(cost, (outputs,), target)


def check_network(network: Network, cost_case: CostCase, rng: np.random.Generator, what: str) -> float:
    """All three stages against the slope along random directions; the largest slope that was seen."""
    weight = rng.uniform(0.5, 2.0, cost_case.batch)
    weight[-1] = 0.0 if cost_case.batch > 2 else 1.0
    context = Context(training=True, key=OPS.key(3, np.int32(2)), weight=weight)
    params, state = network.build(1)
    params = perturbed(params, rng)

    def value(ops: Any) -> float:
        prediction, _, _ = forward_propagation(ops, network, params, state, x, context)
        return float(error(ops, network, prediction, target, weight)[0])

    for _ in range(200):
        x = rng.normal(size=(cost_case.batch, *network.input_shape))
        target = draw_target(cost_case, rng)
        watching = WatchingOps()
        value(watching)
        if watching.closest > NEAR_IN_NETWORKS:
            break
    else:
        raise AssertionError(f"{what}: 200 draws, each of them near a kink")
    prediction, saved, _ = forward_propagation(OPS, network, params, state, x, context)
    _, dprediction = error(OPS, network, prediction, target, weight)
    gradients = flat_names(back_propagation(OPS, network, params, saved, dprediction))
    _, saved, _ = forward_propagation(OPS, network, params, state, x, context)  # a way back uses up what was saved
    dx = network.root.backward(OPS, params, saved, dprediction)[0]
    largest = 0.0
    arrays = flat_names(params)
    assert set(gradients) == set(arrays)
    for name, array in (arrays | {"x": x}).items():
        slope = dx if name == "x" else gradients[name]
        assert slope.shape == array.shape
        towards = rng.normal(size=array.shape)
        towards /= max(float(np.abs(towards).max()), 1.0)
        kept = array.copy()
        array[...] = kept + STEP * towards
        above = value(OPS)
        array[...] = kept - STEP * towards
        below = value(OPS)
        array[...] = kept
        numeric, analytic = (above - below) / (2.0 * STEP), float(np.sum(slope * towards))
        # a sum of terms that cancel is judged by the terms
        scale = max(float(np.sum(np.abs(slope * towards))), 1e-3)
        assert abs(numeric - analytic) <= 1e-6 * scale, f"{what}: {name}: {analytic} instead of {numeric}"
        largest = max(largest, abs(numeric))
    return largest


NEAR_IN_NETWORKS = 2e-4  # a change of 1e-5 in a weight moves later sums by a few times as much


def perturbed(params: Any, rng: np.random.Generator) -> Any:
    """Biases and shifts away from 0, scales away from 1."""
    if isinstance(params, dict):
        return {name: perturbed(value, rng) for name, value in params.items()}
    return params + rng.normal(0.0, 0.2, params.shape)


@pytest.mark.parametrize("label", COSTS)
@pytest.mark.parametrize("trunk", TRUNKS, ids=lambda trunk: trunk[0])
def test_every_layer_with_every_activation_and_cost(trunk, label, rng):
    for activation in ACTIVATIONS:
        network, cost_case = whole(trunk, activation, COSTS[label])
        what = f"{trunk[0]} × {activation} × {label}"
        assert check_network(network, cost_case, rng, what) > 1e-3, f"{what}: no slope at all"


NETWORKS: dict[str, Network] = {
    "ensemble": Network(
        Input((4,)),
        Branches(
            EnsembleDense(3, 3),
            Sequential(EnsembleDense(3, 4, "tanh"), Dropout(0.3), EnsembleDense(3, 3)),
            merge="add",
        ),
        EnsembleMean(probabilities=True),
        cost="cross_entropy",
    ),
    "images": Network(
        Input((6, 5, 1)),
        Conv2D(2, 3, padding="same", use_bias=False),
        BatchNorm(epsilon=0.01),
        Activation("relu"),
        Residual(
            Conv2D(2, 1, activation="silu"),
            Branches(Conv2D(1, 3, padding="same"), Conv2D(1, 1), merge="concatenate"),
            Dropout(0.3),
            shortcut=Sequential(Conv2D(2, 1, use_bias=False), BatchNorm(epsilon=0.01)),
        ),
        MaxPool2D(2),
        AveragePool2D(2, stride=1),
        Flatten(),
        Dense(3),
        cost="cross_entropy",
    ),
    "table": Network(
        Input((5,)),
        Branches(
            Sequential(Dense(4, "gelu"), Residual(Dense(4, "tanh"), Residual(LayerNorm(0.01), Dense(4)))),
            Sequential(Dense(3, "elu"), Dropout(0.2), Branches(Dense(4, "relu"), Residual(Dense(4), shortcut=Dense(4)), merge="add")),
        ),
        Dense(1),
        cost="huber",
    ),
    "layers that learn nothing come first": Network(
        Input((4, 4, 2)), Dropout(0.2), AveragePool2D(2), Flatten(), Sequential(Activation("tanh"), Dense(3)), Dense(2)
    ),
    "a container comes first": Network(Input((3,)), Sequential(Sequential(Dense(4, "relu")), Dense(2)), cost="poisson"),
    "steps": Network(Input((4, 3)), Dense(4, "softplus"), LayerNorm(0.01), Dense(2, "selu"), cost="mean_squared_error"),
}  # fmt: skip
TARGETS = {"huber": "numbers", "cross_entropy": "classes", "poisson": "counts", "mean_squared_error": "numbers"}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("batch", [1, 4])
def test_whole_networks_of_containers_in_containers(name, batch, rng):
    network = NETWORKS[name]
    case = CostCase(network.cost, network.output_shape, TARGETS[network.cost.label], batch)
    for _ in range(5):  # directions
        assert check_network(network, case, rng, name) > 1e-3


# -- tokens, some of them padding
READERS: dict[str, list[Layer]] = {
    "gru": [GRU(3)],
    "lstm": [LSTM(2, return_sequences=True, bidirectional=True), GlobalAveragePool()],
    "attention": [PositionalEmbedding(), blocks.transformer(4, 2, hidden=3), GlobalAveragePool()],
}
SENTENCES = np.array([[1, 2, 3, 4], [3, 3, 0, 0], [4, 0, 0, 0]])  # 0 fills up


def after_learning(network: Network, params: Any, x: np.ndarray) -> dict[str, Any]:
    """The error and its slope by every parameter."""
    target, weight = np.array([0, 1, 1]), np.ones(3)
    prediction, saved, _ = forward_propagation(OPS, network, params, {}, x, Context(training=True, weight=weight))
    value, dprediction = error(OPS, network, prediction, target, weight)
    return flat_names(back_propagation(OPS, network, params, saved, dprediction)) | {"error": value}


@pytest.mark.parametrize("reader", READERS)
def test_networks_that_read_tokens(reader, rng):
    network = Network(Input((4,), padding=0), Embedding(5, 4), *READERS[reader], Dense(2))
    params = perturbed(network.build(3)[0], rng)
    found = after_learning(network, params, SENTENCES)
    for name, array in flat_names(params).items():
        numeric = finite_difference(lambda: float(after_learning(network, params, SENTENCES)["error"]), array)
        assert_close(found[name], numeric, 1e-6, name, flat=name.endswith("key_bias"))
    assert np.abs(found["embedding_1/weight"][1:]).max() > 1e-3


@pytest.mark.parametrize("reader", ["gru", "lstm"])
def test_what_fills_up_a_short_sentence_changes_nothing(reader, rng):
    network = Network(Input((4,), padding=0), Embedding(5, 4), *READERS[reader], Dense(2))
    longer = Network(Input((7,), padding=0), Embedding(5, 4), *READERS[reader], Dense(2))
    params = perturbed(network.build(3)[0], rng)
    found = after_learning(longer, params, np.pad(SENTENCES, ((0, 0), (0, 3))))
    for name, number in after_learning(network, params, SENTENCES).items():
        np.testing.assert_allclose(found[name], number, rtol=1e-12, atol=1e-14, err_msg=name)


@pytest.mark.parametrize("causal", [False, True])
def test_long_sequences_attend_in_blocks_with_the_same_result(causal, monkeypatch, rng):
    layer, shape = Attention(2, causal), (2, 7, 4)
    _, params, _ = layer.build(shape[1:], rng)
    x, dy, mask = rng.normal(size=shape), rng.normal(size=shape), np.ones((2, 7))
    mask[1, 4:] = 0.0

    def both() -> dict[str, Any]:
        y, saved, _ = layer.forward(OPS, params, {}, x, Context(mask=mask))
        dx, dparams = layer.backward(OPS, params, saved, dy)
        return {"y": y, "x": dx} | dparams

    at_once = both()
    monkeypatch.setattr("vitrina.network.attention.BLOCK", 3)
    for name, array in both().items():
        np.testing.assert_allclose(array, at_once[name], rtol=1e-10, atol=1e-12, err_msg=name)


# -- padding leaves no trace
@pytest.mark.parametrize("shape", [(3,), (2, 3, 2)], ids=str)
def test_rows_of_weight_zero_leave_no_trace_in_batch_norm(shape, rng):
    layer = BatchNorm()
    case = Case(layer, shape, batch=6, weight=(1.0, 1.0, 2.0, 0.0, 1.0, 0.0))
    problem = pose(case, rng)
    there = problem.weight > 0
    problem.dy[~there] = 0.0  # what a cost gives for examples of weight 0
    context = Context(training=True, weight=problem.weight)
    y, saved, state = layer.forward(OPS, problem.params, problem.state, problem.x, context)
    dx, dparams = layer.backward(OPS, problem.params, saved, problem.dy)

    alone = Context(training=True, weight=problem.weight[there])
    y_alone, saved, state_alone = layer.forward(OPS, problem.params, problem.state, problem.x[there], alone)
    dx_alone, dparams_alone = layer.backward(OPS, problem.params, saved, problem.dy[there])
    for ours, expected in ((y[there], y_alone), (dx[there], dx_alone), (state["mean"], state_alone["mean"]),
                           (state["variance"], state_alone["variance"]), (dparams["scale"], dparams_alone["scale"])):  # fmt: skip
        np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-13)
    assert not np.any(dx[~there])
    assert math.isfinite(float(np.sum(y)))


def test_whatever_stands_in_a_padded_row_changes_nothing(rng):
    network = NETWORKS["images"]
    params, state = network.build(2)
    x, target = rng.normal(size=(4, 6, 5, 1)), np.array([0, 2, 1, 0])
    weight = np.array([1.0, 1.0, 1.0, 0.0])
    context = Context(training=True, key=OPS.key(1, np.int32(1)), weight=weight)

    def learn(x: np.ndarray) -> dict[str, np.ndarray]:
        prediction, saved, after = forward_propagation(OPS, network, params, state, x, context)
        value, dprediction = error(OPS, network, prediction, target, weight)
        return (
            flat_names(back_propagation(OPS, network, params, saved, dprediction))
            | flat_names(after)
            | {"error": value}
        )

    other = x.copy()
    other[3] = 1e6
    for name, number in learn(x).items():
        np.testing.assert_allclose(learn(other)[name], number, rtol=1e-9, atol=1e-12, err_msg=name)

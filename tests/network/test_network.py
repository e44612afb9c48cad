"""A network is a description: it goes through JSON and back, can be compared, and says what is wrong with it."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from tests.network.cases import EVERY_LAYER
from vitrina.errors import NetworkError, ShapeError
from vitrina.learning import OPTIMIZERS, SCHEDULES, Optimizer, Schedule, WarmUp
from vitrina.network import (
    ACTIVATIONS,
    COSTS,
    GRU,
    INITIALISERS,
    LSTM,
    Activation,
    Attention,
    AveragePool1D,
    AveragePool2D,
    BatchNorm,
    Branches,
    Constant,
    Conv1D,
    Conv2D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GlobalAveragePool,
    Glorot,
    GroupNorm,
    Input,
    Layer,
    LayerNorm,
    MaxPool1D,
    MaxPool2D,
    Network,
    Normal,
    Orthogonal,
    PositionalEmbedding,
    Quantile,
    Reshape,
    Residual,
    RMSNorm,
    Scale,
    Sequential,
    TableInput,
)
from vitrina.network.layer import layer_names, snake_case
from vitrina.network.network import flatten, nest

# -- any tree of layers that keeps a shape of (steps, 4), so that every tree fits together
_activations = st.sampled_from(sorted(ACTIVATIONS))
_initialisers = st.one_of(
    st.none(),
    st.sampled_from(sorted(INITIALISERS)),
    st.sampled_from([Glorot(uniform=True), Normal(0.1), Orthogonal(2.0), Constant(1.0)]),
)
_leaves = st.one_of(
    st.builds(Dense, st.just(4), _activations, st.booleans(), _initialisers),
    st.builds(Activation, _activations),
    st.builds(Dropout, st.floats(0.0, 0.9)),
    st.builds(BatchNorm, st.floats(0.0, 0.99), st.floats(1e-6, 1.0)),
    st.builds(LayerNorm, st.floats(1e-6, 1.0)),
    st.just(Reshape((-1, 4))),
)


def _containers(inside: st.SearchStrategy[Layer]) -> st.SearchStrategy[Layer]:
    several = st.lists(inside, min_size=1, max_size=3)
    return st.one_of(
        several.map(lambda layers: Sequential(*layers)),
        st.builds(lambda layers, short: Residual(*layers, shortcut=short), several, st.one_of(st.none(), inside)),
        several.map(lambda layers: Branches(*layers, merge="add")),
    )


trees = st.recursive(_leaves, _containers, max_leaves=8)
networks = st.builds(
    lambda steps, layers, cost: Network(Input((steps, 4)), *layers, cost=cost),
    st.integers(1, 3),
    st.lists(trees, min_size=1, max_size=3),
    st.sampled_from([name for name in COSTS if name != "quantile"]),
)


@settings(max_examples=60)
@given(network=networks)
def test_json_and_back_is_the_same_network(network):
    text = json.dumps(network.to_json())
    again = Network.from_json(text)
    assert again == network
    assert hash(again) == hash(network)
    assert json.dumps(again.to_json()) == text
    assert again.output_shape == network.output_shape
    params, state = network.build(3)
    params_again, state_again = again.build(3)
    for one, other in ((params, params_again), (state, state_again)):
        assert list(flatten(one)) == list(flatten(other))
        for name, array in flatten(one).items():
            np.testing.assert_array_equal(array, flatten(other)[name])


@pytest.mark.parametrize("case", EVERY_LAYER, ids=str)
def test_every_layer_goes_through_json(case):
    again = Layer.from_json(json.loads(json.dumps(case.layer.to_json())))
    assert again == case.layer
    assert hash(again) == hash(case.layer)
    assert again.output_shape(case.shape) == case.layer.output_shape(case.shape)


def test_every_optimizer_and_schedule_goes_through_json():
    for kind in OPTIMIZERS.values():
        described = kind(learning_rate=0.03, weight_decay=0.1)
        assert Optimizer.from_json(json.loads(json.dumps(described.to_json()))) == described
    for schedule in (*SCHEDULES.values(), WarmUp(0.2, SCHEDULES["cosine"])):
        assert Schedule.from_json(json.loads(json.dumps(schedule.to_json()))) == schedule


def small(*layers: Layer, cost: Any = "cross_entropy") -> Network:
    return Network(Input((4,)), *layers, cost=cost)


def test_networks_differ_where_their_descriptions_do():
    same = small(Dense(3, "relu"), Dense(2))
    assert same == small(Dense(3, "relu"), Dense(2))
    others = [
        small(Dense(3, "tanh"), Dense(2)),
        small(Dense(3, "relu", use_bias=False), Dense(2)),
        small(Dense(3, "relu", name="hidden"), Dense(2)),
        small(Dense(3, "relu"), Dense(2), cost="mean_squared_error"),
        small(Sequential(Dense(3, "relu")), Dense(2)),
        Network(Input((5,)), Dense(3, "relu"), Dense(2)),
    ]
    assert len({same, *others, small(Dense(3, "relu"), Dense(2))}) == len(others) + 1
    assert small(Dense(2), cost=Quantile((0.5,))) != small(Dense(2), cost=Quantile((0.4,)))


def test_options_written_in_two_ways_are_equal():
    assert Conv2D(2, 3, 1) == Conv2D(2, (3, 3), (1, 1)) == Conv2D(2, [3, 3])  # pyright: ignore
    assert MaxPool2D(2) == MaxPool2D((2, 2), stride=(2, 2))
    assert Reshape(4) == Reshape((4,)) == Reshape([4])  # pyright: ignore
    assert Input(4) == Input((4,)) == Input([4])  # pyright: ignore
    assert Sequential(Dense(3), Dense(2)) == Sequential([Dense(3), Dense(2)])  # pyright: ignore


@pytest.mark.parametrize(
    "described", [Dense(3), Conv2D(2, 3), Sequential(Dense(3)), Residual(Dense(3)), Branches(Dense(3)), Input(3)]
)
def test_a_description_cannot_be_changed(described):
    for name in ("units", "layers", "shape", "filters"):
        if hasattr(described, name):
            with pytest.raises(FrozenInstanceError):
                setattr(described, name, 7)
            return
    raise AssertionError("nothing to change")


def test_a_network_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        small(Dense(2)).cost = COSTS["focal"]  # pyright: ignore


# -- what is wrong, in one sentence
IMAGE = Input((8, 6, 3))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: small(Conv2D(2, 3)), ["conv2d_1", "Conv2D", "(rows, columns, channels)", "(4,)"]),
        (lambda: small(MaxPool2D(2)), ["max_pool2d_1", "MaxPool2D", "(4,)"]),
        (lambda: small(AveragePool2D(2)), ["average_pool2d_1", "(4,)"]),
        (lambda: small(Conv1D(2, 3)), ["conv1d_1: Conv1D", "(steps, channels)", "(4,)"]),
        (lambda: Network(IMAGE, MaxPool1D(2)), ["max_pool1d_1", "(steps, channels)", "(8, 6, 3)"]),
        (lambda: Network(Input((3, 2)), Conv1D(2, 5)), ["conv1d_1: Conv1D its window of 5 steps", "sequence of shape (3, 2)"]),
        (lambda: Network(IMAGE, Conv2D(4, 3, groups=4)), ["conv2d_1", "4 groups", "channels"]),
        (lambda: Network(Input((5, 3)), Conv1D(4, 3, groups=2)), ["conv1d_1", "2 groups", "3 channels"]),
        (lambda: small(TableInput((0, 3))), ["table_input_1", "2 columns", "(4,)"]),
        (lambda: small(GRU(3)), ["gru_1", "(steps, inputs)", "(4,)"]),
        (lambda: small(Attention(2)), ["attention_1", "(steps, width)", "(4,)"]),
        (lambda: Network(Input((5, 4)), Attention(3)), ["attention_1", "3 heads", "width of 4"]),
        (lambda: small(PositionalEmbedding()), ["positional_embedding_1", "(steps, channels)", "(4,)"]),
        (lambda: small(GroupNorm(3)), ["group_norm_1: GroupNorm", "(4,)", "3 groups"]),
        (lambda: small(GlobalAveragePool()), ["global_average_pool_1", "(4,)"]),
        (lambda: small(Reshape((3, 2))), ["reshape_1", "(4,)", "(3, 2)"]),
        (lambda: small(Reshape((3, -1))), ["reshape_1", "(4,)", "(3, -1)"]),
        (lambda: Network(IMAGE, Conv2D(2, 9)), ["conv2d_1", "(9, 9)", "(8, 6, 3)"]),
        (lambda: Network(IMAGE, MaxPool2D(2), MaxPool2D(2), MaxPool2D(2)), ["max_pool2d_3", "(2, 2)", "(2, 1, 3)"]),
        (lambda: small(Residual(Dense(3))), ["residual_1: Residual", "(3,)", "(4,)"]),
        (lambda: small(Residual(Dense(3), shortcut=Dense(2))), ["residual_1: Residual", "(3,)", "(2,)"]),
        (lambda: small(Branches(Dense(3), Dense(2), merge="add")), ["branches_1: Branches", "dense_1", "(3,)", "dense_2", "(2,)"]),
        (lambda: Network(IMAGE, Branches(Conv2D(2, 3), Conv2D(2, 1))), ["branches_1: Branches", "(6, 4, 2)", "(8, 6, 2)"]),
        (lambda: small(Dense(3), Sequential(Dense(2), Conv2D(1, 1))), ["sequential_1/conv2d_1: Conv2D", "(2,)"]),
        (
            lambda: Network(IMAGE, Residual(Branches(Sequential(Conv2D(2, 3), Conv2D(3, 9))))),
            ["residual_1/branches_1/sequential_1/conv2d_2: Conv2D", "(9, 9)", "(6, 4, 2)"],
        ),
        (lambda: small(Residual(Dense(4), shortcut=Conv2D(2, 1))), ["residual_1/shortcut: Conv2D", "(4,)"]),
        (lambda: small(Dense(3), Residual(Residual(Dense(2)))), ["residual_1/residual_1: Residual", "(2,)", "(3,)"]),
    ],
)  # fmt: skip
def test_layers_that_do_not_fit_are_named_with_both_shapes(make, words):
    with pytest.raises(ShapeError) as caught:
        make()
    sentence = str(caught.value)
    for word in words:
        assert word in sentence, sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Dense(0), "Dense: units must be a whole number of 1 or more, not 0"),
        (lambda: Dense(2.5), "units"),
        (lambda: Dense("3"), "units"),
        (lambda: Conv2D(0, 3), "Conv2D: filters must be a whole number of 1 or more, not 0"),
        (lambda: Conv2D(2, 0), "kernel_size must be one or two whole numbers of 1 or more, not 0"),
        (lambda: Conv2D(2, 2.5), "kernel_size"),
        (lambda: Conv2D(2, (1, 2, 3)), "kernel_size"),
        (lambda: Conv2D(2, None), "kernel_size"),
        (lambda: Conv2D(2, "ab"), "kernel_size"),
        (lambda: Conv2D(2, 3, stride=-1), "stride"),
        (lambda: Conv2D(2, 3, padding="full"), "padding must be 'valid' or 'same', not 'full'"),
        (lambda: MaxPool2D(0), "MaxPool2D: size"),
        (lambda: Conv1D(2, (3, 3)), "Conv1D: kernel_size must be a whole number of 1 or more, not (3, 3)"),
        (lambda: Conv1D(2, 3, padding="full"), "Conv1D: padding must be 'valid' or 'same'"),
        (lambda: MaxPool1D(0), "MaxPool1D: size must be a whole number of 1 or more, not 0"),
        (lambda: AveragePool1D(2, stride=0), "AveragePool1D: stride"),
        (lambda: PositionalEmbedding("relative"), "kind must be 'learned' or 'sinusoidal', not 'relative'"),
        (lambda: GroupNorm(0), "GroupNorm: groups must be a whole number of 1 or more, not 0"),
        (lambda: GroupNorm(2, epsilon=0.0), "GroupNorm: epsilon"),
        (lambda: RMSNorm(epsilon=0.0), "RMSNorm: epsilon"),
        (lambda: Scale((1.0, float("nan"))), "Scale: factor must be finite numbers"),
        (lambda: AveragePool2D(2, stride=0), "AveragePool2D: stride"),
        (lambda: MaxPool2D(2, padding="SAME"), "padding"),
        (lambda: Dropout(1.0), "Dropout: rate must be 0 or more and below 1, not 1.0"),
        (lambda: Dropout(-0.1), "rate"),
        (lambda: Dropout(float("nan")), "rate"),
        (lambda: BatchNorm(momentum=1.0), "momentum"),
        (lambda: BatchNorm(epsilon=0.0), "epsilon"),
        (lambda: LayerNorm(epsilon=-1.0), "epsilon"),
        (lambda: Reshape((-1, -1)), "only one entry"),
        (lambda: Reshape((0, 2)), "sizes must be 1 or more"),
        (lambda: Reshape((2.5, 2)), "Reshape"),
        (lambda: Branches(), "at least one branch"),
        (lambda: Branches(Dense(2), merge="subtract"), "merge must be 'concatenate', 'add' or 'multiply', not 'subtract'"),
        (lambda: Conv2D(4, 3, groups=0), "Conv2D: groups must be a whole number of 1 or more, not 0"),
        (lambda: Conv2D(4, 3, groups=3), "3 groups cannot share 4 filters"),
        (lambda: Conv1D(4, 3, groups=3), "3 groups cannot share 4 filters"),
        (lambda: TableInput(()), "categories must be a whole number of 0 or more for each column, not ()"),
        (lambda: TableInput((0, -1)), "categories must be a whole number of 0 or more for each column"),
        (lambda: TableInput((0,), embedding=0), "embedding must be a whole number of 1 or more, not 0"),
        (lambda: TableInput((0,), periodic=1.5), "periodic must be a whole number of 0 or more, not 1.5"),
        (lambda: TableInput((0,), sigma=0.0), "sigma must be above 0, not 0.0"),
        (lambda: TableInput((0, 3), plain=(1,)), "plain must be places of numeric columns, not (1,)"),
        (lambda: Embedding(0, 4), "Embedding: count must be a whole number of 1 or more, not 0"),
        (lambda: Embedding(10, 1.5), "Embedding: size must be a whole number of 1 or more, not 1.5"),
        (lambda: GRU(0), "GRU: units must be a whole number of 1 or more, not 0"),
        (lambda: LSTM(2.5), "LSTM: units must be a whole number of 1 or more, not 2.5"),
        (lambda: Attention(0), "heads must be a whole number of 1 or more, not 0"),
        (lambda: Attention(2, head_size="wide"), "head_size must be a whole number of 1 or more, not 'wide'"),
        (lambda: Attention(2, causal=3), "causal must be True or False, not 3"),
        (lambda: Input((8, 8, 1), padding=0), "padding is for sequences of shape (steps,) or (steps, channels)"),
        (lambda: Sequential(Dense), "Dense(...)"),
        (lambda: Sequential(Dense(2), "relu"), "Sequential is made of layers"),
        (lambda: Residual(3), "Residual is made of layers"),
        (lambda: Residual(Dense(3), shortcut=Dense), "shortcut"),
        (lambda: Residual(Dense(3, name="shortcut")), "'shortcut'"),
        (lambda: Sequential(Dense(2, name="a"), Dense(2, name="a")), "two layers are called 'a'"),
        (lambda: Sequential(Dense(2, name="dense_2"), Dense(2)), "two layers are called 'dense_2'"),
        (lambda: Sequential(Dense(2, name="a/b")), "cannot be called 'a/b'"),
        (lambda: Sequential(Dense(2, name="")), "cannot be called ''"),
        (lambda: Input(()), "Input: the shape"),
        (lambda: Input((0,)), "Input: the shape"),
        (lambda: Input((2.0,)), "Input: the shape"),
        (lambda: Input(-3), "Input: the shape"),
        (lambda: Network(Dense(3)), "begins with vt.Input(shape)"),
        (lambda: Network((4,), Dense(3)), "begins with vt.Input(shape)"),
        (lambda: Network(Input(4)), "at least one layer"),
        (lambda: Network(Input(4), Dense), "Dense(...)"),
        (lambda: small(Dense(2), cost="crossentropy"), "unknown cost 'crossentropy'"),
        (lambda: small(Dense(2), cost=3), "cost"),
    ],
)  # fmt: skip
def test_an_option_that_cannot_be_is_answered_with_a_sentence(make, words):
    with pytest.raises(NetworkError) as caught:
        make()
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_numpy_s_whole_numbers_are_whole_numbers():
    y = np.array([0, 2, 1])
    network = Network(
        Input(np.ones((3, 5, 5, 1)).shape[1:]), Conv2D(np.int64(2), np.int64(3)), Flatten(), Dense(y.max() + 1)
    )
    assert network.output_shape == (3,)
    assert Network.from_json(json.dumps(network.to_json())) == network


@pytest.mark.parametrize(
    ("description", "words"),
    [
        ("{", "is not JSON"),
        ("[]", "format, input, layers and cost"),
        ({}, "format, input, layers and cost"),
        ({"format": 99}, "format, input, layers and cost"),
        ({**small(Dense(2)).to_json(), "format": 99}, "format 99, and this Vitrina reads 1"),
        ({**small(Dense(2)).to_json(), "layers": [{"type": "Denser", "units": 2}]}, "unknown type 'Denser'"),
        ({**small(Dense(2)).to_json(), "layers": [{"type": "Dense", "unit": 2}]}, "Dense has no unit; it has"),
        ({**small(Dense(2)).to_json(), "layers": [{"type": "Dense"}]}, "Dense cannot be made of"),
        ({**small(Dense(2)).to_json(), "layers": [{"type": "Huber"}]}, "expected a description of a Layer"),
        ({**small(Dense(2)).to_json(), "layers": [3]}, "description of a Layer"),
        ({**small(Dense(2)).to_json(), "layers": 3}, "layers"),
        ({**small(Dense(2)).to_json(), "layers": [{"type": ["Dense"]}]}, "unknown type"),
        ({**small(Dense(2)).to_json(), "input": 3.5}, "shape"),
        ({**small(Dense(2)).to_json(), "cost": {"type": "Dense", "units": 2}}, "description of a Cost"),
        ({**small(Dense(2)).to_json(), "cost": {"type": "Huber", "delta": -1}}, "huber: delta"),
        ({**small(Dense(2)).to_json(), "layers": [{"type": "Dense", "units": None}]}, "units"),
    ],
)
def test_json_that_describes_no_network_is_answered_with_a_sentence(description, words):
    with pytest.raises(NetworkError) as caught:
        Network.from_json(description)
    assert words in str(caught.value)


# -- names
def test_layers_are_named_by_kind_and_number():
    layers = (Dense(2), Conv2D(1, 1), Dense(2, name="head"), Dense(3), MaxPool2D(), GlobalAveragePool(), BatchNorm())
    assert layer_names(layers) == (
        "dense_1", "conv2d_1", "head", "dense_3", "max_pool2d_1", "global_average_pool_1", "batch_norm_1",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "name"),
    [("Dense", "dense"), ("MaxPool2D", "max_pool2d"), ("LayerNorm", "layer_norm"), ("RMSNorm", "rms_norm"), ("LSTM", "lstm"), ("GRU", "gru")],  # noqa: E501
)  # fmt: skip
def test_names_in_snake_case(kind, name):
    assert snake_case(kind) == name


def test_parameters_have_readable_names():
    network = Network(
        Input((6, 6, 1)),
        Conv2D(2, 3, padding="same"),
        Residual(BatchNorm(), Conv2D(2, 1), shortcut=Sequential(Conv2D(2, 1, use_bias=False))),
        Branches(Conv2D(1, 1, name="narrow"), Conv2D(1, 3, padding="same")),
        Flatten(),
        Dense(3, name="head"),
    )
    params, state = network.build(0)
    assert set(flatten(params)) == {
        "conv2d_1/weight", "conv2d_1/bias", "residual_1/batch_norm_1/scale", "residual_1/batch_norm_1/shift",
        "residual_1/conv2d_1/weight", "residual_1/conv2d_1/bias", "residual_1/shortcut/conv2d_1/weight",
        "branches_1/narrow/weight", "branches_1/narrow/bias", "branches_1/conv2d_2/weight", "branches_1/conv2d_2/bias",
        "head/weight", "head/bias",
    }  # fmt: skip
    assert set(flatten(state)) == {"residual_1/batch_norm_1/mean", "residual_1/batch_norm_1/variance"}
    assert flatten(params)["conv2d_1/weight"].shape == (3, 3, 1, 2)
    assert flatten(params)["head/weight"].shape == (72, 3)
    again = nest(flatten(params))
    assert list(flatten(again)) == list(flatten(params))
    assert again == params


# -- the summary, worked by hand
SUMMED = Network(
    Input((28, 28, 1)),
    Conv2D(32, 3, activation="relu"),
    MaxPool2D(2),
    BatchNorm(),
    Residual(Conv2D(32, 1, use_bias=False)),
    Flatten(),
    Dense(10),
)


def test_summary_counts():
    summary = SUMMED.summary()
    rows = {row.name: row for row in summary.rows}
    assert list(rows) == [
        "conv2d_1",
        "max_pool2d_1",
        "batch_norm_1",
        "residual_1",
        "residual_1/conv2d_1",
        "flatten_1",
        "dense_1",
    ]
    assert [row.output_shape for row in summary.rows] == [
        (26, 26, 32), (13, 13, 32), (13, 13, 32), (13, 13, 32), (13, 13, 32), (5408,), (10,),
    ]  # fmt: skip
    assert rows["conv2d_1"].parameters == 3 * 3 * 1 * 32 + 32 == 320
    assert rows["batch_norm_1"].parameters == 64
    assert rows["residual_1"].parameters == rows["residual_1/conv2d_1"].parameters == 1024
    assert rows["dense_1"].parameters == 5408 * 10 + 10 == 54_090
    assert summary.parameters == SUMMED.parameters == 320 + 64 + 1024 + 54_090
    assert rows["conv2d_1"].flops == 26 * 26 * 32 * 9 * 2  # a multiply and an add for each weight, at each place
    assert rows["dense_1"].flops == 5408 * 10 * 2
    assert rows["residual_1/conv2d_1"].flops == 13 * 13 * 32 * 32 * 2
    assert rows["residual_1/conv2d_1"].depth == 1
    assert summary.flops == SUMMED.flops == sum(row.flops for row in summary.rows if row.depth == 0)


def test_summary_prints_and_renders():
    summary = SUMMED.summary()
    console = Console(width=110, record=True, color_system=None, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(summary)
    console.file.close()
    text = console.export_text()
    for word in (
        "conv2d_1",
        "32 filters, 3×3, relu",
        "26 × 26 × 32",
        "54,090",
        "no bias",
        f"{SUMMED.parameters:,}",
        "cross_entropy",
    ):
        assert word in text
    assert "conv2d_1" in str(summary)
    html = summary._repr_html_()
    assert html.startswith("<table>")
    assert "54,090" in html
    assert html.count("<tr>") == len(summary.rows) + 2


def test_summary_of_a_sequence():
    network = Network(Input((20, 4)), Conv1D(8, 5, stride=2, padding="same"), MaxPool1D(2), Flatten(), Dense(3))
    first, second = network.summary().rows[:2]
    assert (first.detail, first.output_shape, first.parameters) == ("8 filters, 5 steps, stride 2, same", (10, 8), 168)
    assert first.flops == 10 * 8 * 5 * 4 * 2
    assert (second.detail, second.output_shape) == ("2 steps", (5, 8))


def test_summary_of_names_that_are_html():
    html = Network(Input(3), Dense(2, name="<b>")).summary()._repr_html_()
    assert "<b>" not in html
    assert "&lt;b&gt;" in html


def test_walk_names_every_layer_with_what_comes_in():
    walked = [(name, shape) for name, _, shape in SUMMED.walk()]
    assert walked[0] == ("conv2d_1", (28, 28, 1))
    assert ("residual_1/conv2d_1", (13, 13, 32)) in walked
    assert walked[-1] == ("dense_1", (5408,))


# -- a layer of your own
@dataclass(frozen=True)
class Twice(Layer):
    times: int = 2

    def output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def forward(self, ops: Any, params: Any, state: Any, x: Any, context: Any) -> Any:
        return x * float(self.times), None, state


def test_a_layer_of_your_own_is_described_like_the_others():
    network = Network(Input(3), Twice(3), Dense(2))
    assert Network.from_json(json.dumps(network.to_json())) == network
    assert list(name for name, _, _ in network.walk()) == ["twice_1", "dense_1"]
    assert not Twice().has_backward
    assert Dense(2).has_backward

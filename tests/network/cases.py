"""Every public layer and cost with its options, and numbers for them that keep away from kinks.

A kink is where a slope jumps: ReLU at 0, a tie in max pooling. Nothing can be learned there about a slope, so numbers are
drawn again until every kink is far compared with the step of a finite difference: `WatchingOps` measures how far.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from vitrina.engines.engine import tree_map
from vitrina.engines.numpy_engine import NumpyOps
from vitrina.network import (
    ACTIVATIONS,
    GRU,
    LSTM,
    Activation,
    Attention,
    AveragePool1D,
    AveragePool2D,
    BatchNorm,
    BinaryCrossEntropy,
    Branches,
    Context,
    Conv1D,
    Conv2D,
    Cost,
    CrossEntropy,
    Dense,
    Dropout,
    Embedding,
    EnsembleDense,
    EnsembleMean,
    Flatten,
    Focal,
    GlobalAveragePool,
    GroupNorm,
    Huber,
    Layer,
    LayerNorm,
    MaxPool1D,
    MaxPool2D,
    MeanAbsoluteError,
    MeanSquaredError,
    Poisson,
    PositionalEmbedding,
    Quantile,
    Reshape,
    Residual,
    RMSNorm,
    Scale,
    Sequential,
    TableInput,
    blocks,
)
from vitrina.network.ops import Array, Ops

Tree = dict[str, Any]

NEAR = 5e-4  # closer to a kink than this, a finite difference with a step of 1e-5 could cross it
STEP = 1e-5


class WatchingOps(NumpyOps):
    """NumPy's operations in float64 that also note how close to a kink any number came."""

    def __init__(self) -> None:
        super().__init__("float64")
        self.closest = math.inf

    def _note(self, gap: Array) -> None:
        gap = np.abs(gap[gap != 0.0])  # exactly 0 is a constant: dropped, padded or silent numbers, which no step moves
        self.closest = min(self.closest, float(gap.min(initial=math.inf)))

    def maximum(self, a: Array, b: Any) -> Array:
        self._note(a - b)
        return super().maximum(a, b)

    def minimum(self, a: Array, b: Any) -> Array:
        self._note(a - b)
        return super().minimum(a, b)

    def abs(self, x: Array) -> Array:
        self._note(x)
        return super().abs(x)

    def sign(self, x: Array) -> Array:
        self._note(x)
        return super().sign(x)

    def where(self, condition: Array, a: Any, b: Any) -> Array:
        if condition.dtype == bool and np.ndim(a) and np.ndim(b):
            self._note(a - b)  # the branches of a function without jumps meet at its kink
        return super().where(condition, a, b)

    def max_pool2d(self, x: Array, size: tuple[int, int], stride: tuple[int, int], pads: Any) -> tuple[Array, Any]:
        y, winners = super().max_pool2d(x, size, stride, pads)
        if size != (1, 1):
            padded = np.pad(x, ((0, 0), *pads, (0, 0)), constant_values=-np.inf)
            windows = np.lib.stride_tricks.sliding_window_view(padded, size, axis=(1, 2))
            windows = np.sort(windows[:, :: stride[0], :: stride[1]].reshape(*y.shape, -1), axis=-1)
            gap = windows[..., -1] - windows[..., -2]
            self._note(gap[np.isfinite(gap)])
        return y, winners


@dataclass(frozen=True)
class Case:
    """A layer, the shape of one example for it, and how it is run.

    weight: what each example counts for; flat: slopes that are 0 by the mathematics ("x" or a parameter's name); mask: for
    each example the steps that are real (1) or padding (0); count: x is made of whole numbers below it.
    """

    layer: Layer
    shape: tuple[int, ...]
    batch: int = 3
    training: bool = True
    weight: tuple[float, ...] | None = None
    flat: tuple[str, ...] = ()
    mask: tuple[tuple[int, ...], ...] | None = None
    count: int | None = None

    def __str__(self) -> str:
        how = "" if self.training else " not training"
        how += (" weighted" if self.weight else "") + (" masked" if self.mask else "")
        return f"{_brief(self.layer)} on {self.batch}x{'x'.join(map(str, self.shape))}{how}"


def _brief(layer: Layer) -> str:
    own: list[str] = []
    for field in fields(layer):
        value = getattr(layer, field.name)
        if isinstance(value, Layer):
            own.append(f"{field.name}={_brief(value)}")
        elif field.name == "layers":
            own += [_brief(child) for child in value]
        elif value != field.default:
            own.append(value if isinstance(value, str) else f"{field.name}={value}".replace(" ", ""))
    return f"{type(layer).__name__}({','.join(own)})"


@dataclass(frozen=True)
class Problem:
    """Numbers for a case, float64: what comes in, the error's slope by what goes out, parameters, state, weights."""

    x: np.ndarray
    dy: np.ndarray
    params: Tree
    state: Tree
    weight: np.ndarray

    def tree(self) -> Tree:
        return {"x": self.x, "dy": self.dy, "params": self.params, "state": self.state, "weight": self.weight}


def pose(case: Case, rng: np.random.Generator) -> Problem:
    """Numbers for `case`, none of them near a kink."""
    _, params, state = case.layer.build(case.shape, rng)
    for _ in range(500):
        drawn = Problem(
            x=_drawn_input(case, rng),
            dy=rng.normal(size=(case.batch, *case.layer.output_shape(case.shape))),
            params=tree_map(lambda array: rng.normal(0.0, 0.6, array.shape), params),
            state=tree_map(lambda array: rng.uniform(0.5, 1.5, array.shape), state),
            weight=np.ones(case.batch) if case.weight is None else np.array(case.weight),
        )
        ops = WatchingOps()
        run_forward(ops, case, drawn.tree())
        if ops.closest > NEAR:
            return drawn
    raise AssertionError(f"{case}: 500 draws, each of them near a kink")


def _drawn_input(case: Case, rng: np.random.Generator) -> np.ndarray:
    shape = (case.batch, *case.shape)
    if case.count is None:
        return rng.normal(size=shape)
    return rng.integers(case.count, size=shape) + 0.25  # cut to whole numbers, also a finite difference away


def run_forward(ops: Ops, case: Case, numbers: Tree) -> tuple[Array, Any, Tree]:
    """The case's layer from left to right, on any engine."""
    key = ops.key(7, ops.array(np.int32(11))) if case.layer.random else None
    mask = None if case.mask is None else ops.array(np.array(case.mask, np.float64))
    context = Context(training=case.training, key=key, weight=numbers["weight"], mask=mask)
    return case.layer.forward(ops, numbers["params"], numbers["state"], numbers["x"], context)  # pyright: ignore


def run_both(ops: Ops, case: Case, numbers: Tree) -> dict[str, Array]:
    """Forward and backward, on any engine: "y", "x" (its slope), and each parameter's slope by its readable name."""
    y, saved, _ = run_forward(ops, case, numbers)
    dx, dparams = case.layer.backward(ops, numbers["params"], saved, numbers["dy"])
    return {"y": y, "x": dx} | flat_names(dparams)


def flat_names(tree: Any, prefix: str = "") -> dict[str, Any]:
    """`{"dense_1": {"weight": w}}` -> `{"dense_1/weight": w}`; written here again, so that no oracle leans on what it judges."""
    out: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            out |= flat_names(value, f"{prefix}{name}/")
        else:
            out[prefix + name] = value
    return out


def seen_by(layer: EnsembleDense, inputs: int) -> np.ndarray:
    """1 for the inputs that a member sees, else 0: (members, inputs, 1)."""
    stretches = layer.sees or ((0, inputs),)
    own = [stretches[member % len(stretches)] for member in range(layer.members)]
    return np.array([[[float(first <= place < after)] for place in range(inputs)] for first, after in own])


def waves(steps: int, channels: int) -> np.ndarray:
    """The sinusoidal table entry by entry, as the paper puts it; no framework has it as a function."""
    table = np.zeros((steps, channels))
    for step in range(steps):
        for channel in range(channels):
            angle = step / math.pow(10_000.0, (channel // 2 * 2) / channels)
            table[step, channel] = math.cos(angle) if channel % 2 else math.sin(angle)
    return table


def finite_difference(value: Any, array: np.ndarray) -> np.ndarray:
    """The slope of `value()`, one number, by each entry of `array`, which is changed in place and put back."""
    slope = np.zeros_like(array)
    for position in np.ndindex(array.shape):
        kept = array[position]
        array[position] = kept + STEP
        above = value()
        array[position] = kept - STEP
        slope[position] = (above - value()) / (2.0 * STEP)
        array[position] = kept
    return slope


def assert_close(actual: Any, expected: Any, relative: float, what: str, flat: bool = False) -> None:
    """Equal within `relative` of the largest number: entries that cancel to almost 0 cannot have their own digits right.

    flat: the largest number is 0 but for rounding, so it is judged beside 1, the size of the terms that cancel.
    """
    actual, expected = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
    assert actual.shape == expected.shape, f"{what}: shape {actual.shape} instead of {expected.shape}"
    scale = max(float(np.abs(expected).max(initial=0.0)), 1.0 if flat else 1e-3)
    gap = float(np.abs(actual - expected).max(initial=0.0))
    assert gap <= relative * scale, f"{what}: off by {gap:.3g} where the largest is {scale:.3g}"


def _activations(make: Any, shape: tuple[int, ...]) -> list[Case]:
    return [Case(make(name), shape) for name in ACTIVATIONS]


_BOTTLENECK = Residual(
    Conv2D(2, 1, activation="relu", use_bias=False), BatchNorm(), Conv2D(3, 3, padding="same", activation="tanh")
)

_SOME_PADDING = ((1, 1, 1, 1), (1, 1, 0, 0), (1, 0, 1, 0), (0, 1, 1, 1))
_KEY_BIAS = ("residual_1/attention_1/key_bias",)  # the same for every key: softmax does not see it

EVERY_LAYER: list[Case] = [
    Case(Dense(1), (4,)),
    Case(Dense(2), (1,), batch=1),
    Case(Dense(3, use_bias=False), (2,)),
    Case(Dense(2, "tanh"), (3, 4)),
    Case(Dense(3, "relu", use_bias=False), (2, 1, 4), batch=2),
    *_activations(lambda name: Dense(3, name), (4,)),
    Case(Conv2D(2, 3), (5, 4, 2)),
    Case(Conv2D(1, 1), (2, 3, 1), batch=1),
    Case(Conv2D(2, (2, 3), stride=(2, 1), padding="same", use_bias=False), (5, 4, 1)),
    Case(Conv2D(2, 2, stride=3), (7, 5, 2)),
    Case(Conv2D(2, 2, stride=3, padding="same"), (7, 5, 2), batch=2),
    Case(Conv2D(2, (4, 2), stride=2, padding="same"), (6, 3, 1), batch=2),
    Case(Conv2D(3, (3, 5), activation="gelu"), (3, 5, 2), batch=2),
    Case(Conv2D(1, 3, padding="same", activation="relu"), (1, 1, 2)),
    Case(Conv2D(2, 3, stride=2, padding=1), (6, 5, 2), batch=2),
    Case(Conv2D(4, 2, groups=2), (4, 3, 4), batch=2),
    Case(Conv2D(6, (2, 3), stride=(1, 2), padding="same", groups=3), (4, 5, 6), batch=2),
    Case(Conv2D(3, 3, padding="same", groups=3), (4, 3, 3)),
    Case(Conv2D(4, 2, stride=2, groups=2, use_bias=False), (5, 4, 2)),
    Case(Conv1D(4, 3, padding="same", groups=2), (5, 4)),
    Case(Conv1D(3, 2, stride=2, groups=3), (5, 3)),
    *_activations(lambda name: Conv2D(3, 2, activation=name), (3, 3, 2)),
    Case(Conv1D(2, 3), (5, 2)),
    Case(Conv1D(1, 1), (3, 1), batch=1),
    Case(Conv1D(2, 3, stride=2, padding="same", use_bias=False), (6, 2)),
    Case(Conv1D(2, 2, stride=3), (7, 1), batch=2),
    *_activations(lambda name: Conv1D(3, 2, activation=name), (4, 2)),
    Case(MaxPool1D(), (6, 2)),
    Case(MaxPool1D(3, stride=2, padding="same"), (6, 2), batch=2),
    Case(AveragePool1D(), (6, 2)),
    Case(AveragePool1D(3, stride=2, padding="same"), (6, 1)),
    Case(MaxPool2D(), (4, 6, 2)),
    Case(MaxPool2D(2), (5, 3, 1), batch=1),
    Case(MaxPool2D(3, stride=1), (4, 5, 2)),
    Case(MaxPool2D(2, stride=3), (6, 5, 2)),
    Case(MaxPool2D((2, 3), padding="same"), (5, 4, 1)),
    Case(MaxPool2D(3, 2, padding=1), (5, 4, 2)),
    Case(MaxPool2D(3, stride=2, padding="same"), (6, 5, 2), batch=2),
    Case(MaxPool2D(1), (2, 2, 1)),
    Case(AveragePool2D(), (4, 6, 2)),
    Case(AveragePool2D(3, stride=1), (4, 5, 2)),
    Case(AveragePool2D(2, stride=3), (6, 5, 1), batch=1),
    Case(AveragePool2D((2, 3), padding="same"), (5, 4, 2)),
    Case(AveragePool2D(3, stride=2, padding="same"), (6, 5, 2)),
    Case(GlobalAveragePool(), (3, 4, 2)),
    Case(GlobalAveragePool(), (5, 1), batch=1),
    Case(Flatten(), (2, 3, 2)),
    Case(Flatten(), (4,), batch=1),
    Case(Reshape((2, 6)), (3, 4)),
    Case(Reshape((-1, 2)), (3, 2, 2)),
    Case(Reshape(4), (2, 2)),
    *_activations(Activation, (3, 4)),
    Case(Activation("softmax"), (1,), flat=("x",)),
    Case(Dropout(0.4), (3, 5)),
    Case(Dropout(0.4), (5,), training=False),
    Case(Dropout(0.0), (5,)),
    Case(BatchNorm(), (3,), batch=5),
    Case(BatchNorm(), (2, 3, 2)),
    Case(BatchNorm(epsilon=0.1), (2, 3, 2), batch=1),
    Case(BatchNorm(), (2,), batch=1, flat=("x", "scale")),
    Case(BatchNorm(momentum=0.0), (3,), batch=5, weight=(1.0, 2.0, 3.0, 1.0, 4.0)),
    Case(BatchNorm(), (2, 2, 2), batch=4, weight=(1.0, 3.0, 1.0, 2.0)),
    Case(BatchNorm(), (3,), training=False),
    Case(LayerNorm(), (4,)),
    Case(LayerNorm(epsilon=0.1), (2, 3), batch=1),
    Case(LayerNorm(epsilon=0.1), (1,), flat=("x", "scale")),
    Case(PositionalEmbedding(), (3, 4)),
    Case(PositionalEmbedding("sinusoidal"), (4, 3)),
    *(
        Case(memory(2, return_sequences, bidirectional), (3, 2), batch=2)
        for memory in (GRU, LSTM)
        for return_sequences in (False, True)
        for bidirectional in (False, True)
    ),
    Case(GRU(2), (1, 2), batch=3, flat=("recurrent_weight",)),
    Case(LSTM(2), (1, 2), batch=3, flat=("recurrent_weight",)),
    *(
        Case(memory(2, return_sequences, bidirectional=True), (4, 2), batch=4, mask=_SOME_PADDING)
        for memory in (GRU, LSTM)
        for return_sequences in (False, True)
    ),
    Case(Embedding(2, 3), (), batch=5, flat=("x",), count=2),
    Case(Embedding(3, 1), (4,), flat=("x",), count=3),
    Case(Embedding(2, 2), (3, 2), batch=2, flat=("x",), count=2),
    Case(TableInput((0, 0)), (2,)),
    Case(TableInput((0, 3, 0, 2)), (4,), batch=6),
    Case(TableInput((2, 0), embedding=3, missing=False, periodic=3, sigma=0.5), (2,), batch=5),
    Case(TableInput((0,), periodic=2), (1,), batch=4),
    Case(TableInput((0, 2, 0, 0), missing=False, periodic=2, sigma=0.5, plain=(0,)), (4,), batch=5),
    Case(TableInput((0, 0), periodic=2, plain=(0, 1)), (2,), batch=4),
    Case(TableInput((0, 0, 0), periodic=2, sigma=0.5, plain=(1,), beside=True), (3,), batch=4),
    Case(TableInput((0, 2), periodic=3, sigma=0.5, beside=True), (2,), batch=5),
    Case(TableInput((2, 3), embedding=2), (2,), batch=6, flat=("x",)),
    *_activations(lambda name: EnsembleDense(2, 3, name), (4,)),
    Case(EnsembleDense(3, 1), (2,), batch=1),
    Case(EnsembleDense(2, 2, "tanh"), (2, 3)),
    Case(EnsembleDense(1, 3, "relu"), (1, 4), batch=2),
    Case(EnsembleDense(3, 2, "tanh", sees=((0, 3), (2, 5))), (5,)),
    Case(EnsembleDense(2, 2, sees=((0, 2), (1, 4))), (2, 4)),
    Case(EnsembleMean(), (3, 2), training=False),
    Case(EnsembleMean(probabilities=True), (3, 4), training=False),
    Case(EnsembleMean(probabilities=True), (1, 3), batch=1, training=False),
    Case(Attention(2), (3, 4), flat=("key_bias",)),
    Case(Attention(1), (1, 2), batch=1, flat=("query_weight", "query_bias", "key_weight", "key_bias")),
    Case(Attention(2, causal=True), (4, 2), batch=2, flat=("key_bias",)),
    Case(Attention(2, head_size=3, use_bias=False), (3, 2)),
    Case(Attention(1, head_size=2), (4, 3), batch=3, mask=_SOME_PADDING[:3], flat=("key_bias",)),
    Case(Attention(1, causal=True), (4, 2), batch=2, mask=_SOME_PADDING[:2], flat=("key_bias",)),
    Case(GlobalAveragePool(), (4, 2), batch=4, mask=_SOME_PADDING),
    Case(blocks.resnet(2, stride=2), (4, 4, 3)),
    Case(blocks.gated_mlp(3, hidden=2), (2, 3), batch=2),
    Case(blocks.transformer(4, heads=2, hidden=3, causal=True), (3, 4), batch=2, flat=_KEY_BIAS),
    Case(RMSNorm(), (4,)),
    Case(Scale((0.5, -2.0, 1.5), (0.1, 0.0, -3.0)), (3,)),
    Case(Scale(0.25), (2, 3), batch=1),  # pyright: ignore[reportArgumentType]
    Case(RMSNorm(epsilon=0.1), (2, 3), batch=1),
    Case(GroupNorm(2), (6,)),
    Case(GroupNorm(1, epsilon=0.1), (2, 3), batch=1),
    Case(GroupNorm(3), (3, 2, 3)),
    Case(GroupNorm(2), (2, 2, 4), batch=2),
    Case(GroupNorm(2, epsilon=0.1), (2,), flat=("x", "scale")),
    Case(Sequential(), (3,)),
    Case(Sequential(Dense(3, "silu"), Dense(2)), (4,)),
    Case(
        Sequential(Conv2D(2, 2), Sequential(BatchNorm(), Activation("relu")), MaxPool2D(2), Flatten()),
        (5, 5, 1),
        flat=("conv2d_1/bias",),
    ),
    Case(Residual(), (3,)),
    Case(Residual(Dense(3, "tanh")), (3,)),
    Case(Residual(Dense(4, "relu"), Dropout(0.3), Dense(2), shortcut=Dense(2, use_bias=False)), (3,)),
    Case(_BOTTLENECK, (3, 4, 3), batch=2),
    Case(
        Residual(Conv2D(2, 3, padding="same"), shortcut=Sequential(Conv2D(2, 1), BatchNorm())),
        (3, 3, 2),
        flat=("shortcut/conv2d_1/bias",),
    ),
    Case(Branches(Dense(2, "relu"), Dense(3)), (4,)),
    Case(Branches(Dense(2, "elu"), Dense(2), merge="add"), (4,)),
    Case(Branches(Dense(2, "elu"), Dense(2), Dense(2, "tanh"), merge="multiply"), (4,)),
    Case(Branches(LayerNorm()), (4,)),
    Case(
        Branches(Conv2D(2, 1), Conv2D(1, 3, padding="same"), Sequential(MaxPool2D(3, 1, "same"), Conv2D(2, 1))),
        (3, 4, 2),
        batch=2,
    ),
    Case(Residual(Branches(Residual(Dense(2, "tanh")), Dropout(0.5), merge="add"), Dense(2)), (2,), batch=4),
]


# -- odd shapes and options, drawn
_names = st.sampled_from(sorted(ACTIVATIONS))
_sizes = st.tuples(st.integers(1, 3), st.integers(1, 3))
_padding = st.sampled_from(["valid", "same"])
_batch = st.integers(1, 3)
_images = st.tuples(st.integers(3, 6), st.integers(3, 6), st.integers(1, 2))
_rows = st.one_of(st.tuples(st.integers(1, 4)), st.tuples(st.integers(1, 3), st.integers(1, 4)))
_any_shape = st.one_of(_rows, _images)
_strides = st.tuples(st.integers(1, 4), st.integers(1, 4))  # larger than the window, too

_sequences = st.tuples(st.integers(3, 7), st.integers(1, 3))
_size, _stride = st.integers(1, 3), st.integers(1, 4)

_dense = st.builds(Dense, st.integers(1, 4), _names, st.booleans())
_conv = st.builds(Conv2D, st.integers(1, 3), _sizes, _strides, _padding, _names, st.booleans())


def _known_flat(case: Case) -> Case:
    """Marks what cannot change whatever comes in, such as softmax over one unit: there is no slope to compare."""
    layer, alone = case.layer, case.layer.output_shape(case.shape)[-1] == 1
    one_share = getattr(layer, "activation", None) == "softmax" and alone
    one_number = (isinstance(layer, LayerNorm) and alone) or (
        isinstance(layer, BatchNorm) and case.training and case.batch * math.prod(case.shape[:-1]) == 1
    )
    one_of_two = isinstance(layer, LayerNorm) and case.shape[-1] == 2  # always -1 and 1, but for epsilon
    if one_share:
        return replace(case, flat=("x", "weight", "bias"))
    if one_number:
        return replace(case, flat=("x", "scale"))
    return replace(case, flat=("x",)) if one_of_two else case


def _flat_groups(numbers: int) -> tuple[str, ...]:
    """A group of one number is always 0, one of two always -1 and 1, but for epsilon."""
    return ("x", "scale") if numbers == 1 else ("x",) if numbers == 2 else ()


def _cases(layers: Any, shapes: Any, **how: Any) -> st.SearchStrategy[Case]:
    return st.builds(Case, layers, shapes, _batch, **how).map(_known_flat)


DRAWN: dict[str, st.SearchStrategy[Case]] = {
    "dense": _cases(_dense, _rows),
    "conv2d": _cases(_conv, _images),
    "conv1d": _cases(
        st.builds(Conv1D, st.integers(1, 3), _size, _stride, _padding, _names, st.booleans()), _sequences
    ),
    "max_pool1d": _cases(st.builds(MaxPool1D, _size, _stride, _padding), _sequences),
    "average_pool1d": _cases(st.builds(AveragePool1D, _size, _stride, _padding), _sequences),
    "max_pool2d": _cases(st.builds(MaxPool2D, _sizes, _strides, _padding), _images),
    "average_pool2d": _cases(st.builds(AveragePool2D, _sizes, _strides, _padding), _images),
    "global_average_pool": _cases(st.just(GlobalAveragePool()), _images),
    "activation": _cases(st.builds(Activation, _names), _any_shape),
    # epsilon not tiny: two numbers that happen to be close would make a slope too steep for a finite difference
    "batch_norm": _cases(st.builds(BatchNorm, epsilon=st.just(0.05)), _any_shape, training=st.booleans()),
    "layer_norm": _cases(st.builds(LayerNorm, epsilon=st.just(0.05)), _any_shape),
    "positional_embedding": _cases(
        st.builds(PositionalEmbedding, st.sampled_from(["learned", "sinusoidal"])), _sequences
    ),
    "embedding": st.builds(
        lambda count, size, shape, batch: Case(Embedding(count, size), shape, batch, flat=("x",), count=count),
        st.integers(1, 4), st.integers(1, 3), _rows, _batch,
    ),
    "table_input": st.builds(
        lambda categories, missing, periodic, plain, beside, batch: Case(
            TableInput(
                tuple(categories), None, missing, periodic, 0.5,
                tuple(place for place in plain if place < len(categories) and not categories[place]), beside,
            ),
            (len(categories),), batch, flat=() if 0 in categories else ("x",),
        ),
        st.lists(st.integers(0, 3), min_size=1, max_size=4), st.booleans(), st.integers(0, 2),
        st.sets(st.integers(0, 3)), st.booleans(), _batch,
    ),
    "gru": _cases(st.builds(GRU, st.integers(1, 3), st.booleans(), st.booleans()), _sequences),
    "lstm": _cases(st.builds(LSTM, st.integers(1, 3), st.booleans(), st.booleans()), _sequences),
    "attention": st.builds(
        lambda heads, size, steps, batch, causal: Case(
            Attention(heads, causal), (steps, heads * size), batch, flat=("key_bias",)
        ),
        st.integers(1, 3), st.integers(1, 2), st.integers(2, 5), _batch, st.booleans(),
    ),
    "scale": st.builds(
        lambda factor, shift, places, batch: Case(Scale(tuple(factor), tuple(shift)), (*places, len(factor)), batch),
        st.lists(st.sampled_from([-2.0, 0.5, 3.0]), min_size=2, max_size=2),
        st.lists(st.sampled_from([-1.0, 0.0, 2.5]), min_size=2, max_size=2), st.sampled_from([(), (3,), (2, 2)]), _batch,
    ),
    "rms_norm": _cases(st.builds(RMSNorm, epsilon=st.just(0.05)), _any_shape),
    "group_norm": st.builds(
        lambda groups, per, places, batch: Case(
            GroupNorm(groups, 0.05), (*places, groups * per), batch, flat=_flat_groups(per * math.prod(places))
        ),
        st.integers(1, 3), st.integers(1, 3), st.sampled_from([(), (2,), (3, 2)]), _batch,
    ),
    "branches": _cases(st.builds(Branches, _dense, _dense), _rows),
    "residual": _cases(
        st.builds(lambda first, units, last: Residual(first, Dense(units, last), shortcut=Dense(units)), _dense,
                  st.integers(1, 3), st.sampled_from(["linear", "relu", "tanh"])),
        _rows,
    ),
}  # fmt: skip


# -- costs
@dataclass(frozen=True)
class CostCase:
    """A cost, the prediction's shape without the batch, and what its target looks like.

    target: "numbers" (like the prediction), "column" ((batch,) beside one output), "classes", "shares", "counts", "yes_no",
    or "targets" (one for each set of quantiles).
    """

    cost: Cost
    outputs: tuple[int, ...]
    target: str
    batch: int = 4

    def __str__(self) -> str:
        own = {name: value for name, value in self.cost.to_json().items() if name != "type"}
        said = ",".join(f"{name}={value}" for name, value in own.items())
        return f"{self.cost.label}({said}) {self.target} on {self.batch}x{'x'.join(map(str, self.outputs))}"


EVERY_COST: list[CostCase] = [
    CostCase(MeanSquaredError(), (3,), "numbers"),
    CostCase(MeanSquaredError(), (1,), "column", batch=1),
    CostCase(MeanSquaredError(), (2, 3, 2), "numbers"),
    CostCase(MeanAbsoluteError(), (3,), "numbers"),
    CostCase(MeanAbsoluteError(), (1,), "column"),
    CostCase(Huber(), (3,), "numbers"),
    CostCase(Huber(delta=0.3), (1,), "column", batch=6),
    CostCase(CrossEntropy(), (3,), "classes"),
    CostCase(CrossEntropy(), (2,), "classes", batch=1),
    CostCase(CrossEntropy(), (3,), "shares"),
    CostCase(CrossEntropy(label_smoothing=0.2), (4,), "classes"),
    CostCase(CrossEntropy(label_smoothing=0.1), (3,), "shares"),
    CostCase(CrossEntropy(), (2, 3), "classes"),
    CostCase(BinaryCrossEntropy(), (1,), "yes_no"),
    CostCase(BinaryCrossEntropy(), (3,), "yes_no"),
    CostCase(BinaryCrossEntropy(label_smoothing=0.2), (2,), "yes_no", batch=1),
    CostCase(Focal(), (3,), "classes"),
    CostCase(Focal(gamma=0.5), (2,), "classes"),
    CostCase(Focal(gamma=0.0), (3,), "classes"),
    CostCase(Focal(gamma=1.0), (1,), "yes_no"),
    CostCase(Focal(gamma=3.0), (2, 3), "classes"),
    CostCase(Poisson(), (2,), "counts"),
    CostCase(Poisson(), (1,), "counts", batch=1),
    CostCase(Quantile(), (2,), "targets"),
    CostCase(Quantile((0.1, 0.5, 0.9)), (3,), "targets"),
    CostCase(Quantile((0.2, 0.7)), (4,), "targets"),
]


def draw_target(case: CostCase, rng: np.random.Generator) -> np.ndarray:
    shape = (case.batch, *case.outputs)
    if case.target == "classes":
        return rng.integers(0, shape[-1], shape[:-1])
    if case.target == "shares":
        return rng.dirichlet(np.ones(shape[-1]), shape[:-1])
    if case.target == "yes_no":
        return rng.integers(0, 2, shape).astype(np.float64)
    if case.target == "counts":
        return rng.integers(0, 6, shape).astype(np.float64)
    if case.target == "column":
        return rng.normal(size=case.batch)
    if case.target == "targets":
        return rng.normal(size=(case.batch, case.outputs[0] // len(case.cost.quantiles)))  # pyright: ignore
    return rng.normal(size=shape)


def pose_cost(case: CostCase, rng: np.random.Generator) -> Tree:
    """Prediction, target and weight for `case`, away from kinks; the last of several examples counts for nothing."""
    for _ in range(500):
        prediction, target = rng.normal(size=(case.batch, *case.outputs)), draw_target(case, rng)
        weight = rng.uniform(0.5, 2.0, case.batch)
        if case.batch > 1:
            weight[-1] = 0.0
        ops = WatchingOps()
        case.cost.value(ops, prediction, target, weight)
        if ops.closest > NEAR:
            return {"prediction": prediction, "target": target, "weight": weight}
    raise AssertionError(f"{case}: 500 draws, each of them near a kink")


def kinds_in(layers: Sequence[Layer]) -> set[str]:
    """The names of all layers, also of those inside others."""
    found: set[str] = set()
    for layer in layers:
        found.add(type(layer).__name__)
        found |= kinds_in([child for _, child in getattr(layer, "children", ())])
    return found

"""A sixth batch that fails, plain networks with the usual settings: written before the rules were read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import vitrina as vt
from benchmarks.doctor.data import Rows, named
from benchmarks.doctor.faulty import fault, start_of
from benchmarks.doctor.setups import Kit, dense, residual, seeded
from benchmarks.doctor.sixth_data import beside, wide

SQUARES = "mean_squared_error"


# -- layers and costs written by hand, and wrong
@dataclass(frozen=True)
class Own(vt.Layer):
    """A layer of as many units as inputs, with relu."""

    def build(self, input_shape: Any, rng: Any) -> Any:
        (size,) = input_shape
        start = {"weight": rng.normal(size=(size, size)) * np.sqrt(2.0 / size), "bias": np.zeros(size)}
        return input_shape, start, {}

    def forward(self, ops: Any, params: Any, state: Any, x: Any, context: Any) -> Any:
        z = ops.matmul(x, params["weight"]) + params["bias"]
        return ops.maximum(z, 0.0), (x, z), state

    def backward(self, ops: Any, params: Any, saved: Any, dy: Any) -> Any:
        x, z = saved
        dz = ops.where(z > 0.0, dy, 0.0 * dy)
        return self.back(ops, dz, params["weight"]), self.slopes(ops, x, dz)

    def back(self, ops: Any, dz: Any, weight: Any) -> Any:
        return ops.matmul(dz, ops.transpose(weight))

    def slopes(self, ops: Any, x: Any, dz: Any) -> Any:
        return {"weight": ops.matmul(ops.transpose(x), dz), "bias": ops.sum(dz, axis=0)}


@dataclass(frozen=True)
class NotTransposed(Own):
    def back(self, ops: Any, dz: Any, weight: Any) -> Any:
        return ops.matmul(dz, weight)


@dataclass(frozen=True)
class Fixed(Own):
    """Its optimizer never got to know its weights."""

    def slopes(self, ops: Any, x: Any, dz: Any) -> Any:
        return {name: 0.0 * slope for name, slope in super().slopes(ops, x, dz).items()}


@dataclass(frozen=True)
class Squashed(vt.Layer):
    """x / (1 + |x|)."""

    def output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def forward(self, ops: Any, params: Any, state: Any, x: Any, context: Any) -> Any:
        return x / (1.0 + ops.abs(x)), x, state

    def backward(self, ops: Any, params: Any, saved: Any, dy: Any) -> Any:
        wide = 1.0 + ops.abs(saved)
        return dy / (wide * wide), {}


@dataclass(frozen=True)
class Unsquashed(Squashed):
    """Its slope is that of 1 / (1 + |x|): the rule for products forgotten."""

    def backward(self, ops: Any, params: Any, saved: Any, dy: Any) -> Any:
        wide = 1.0 + ops.abs(saved)
        return -dy * ops.sign(saved) / (wide * wide), {}


@dataclass(frozen=True)
class FixedFilters(vt.Conv2D):
    def backward(self, ops: Any, params: Any, saved: Any, dy: Any) -> Any:
        dx, slopes = super().backward(ops, params, saved, dy)
        return dx, {name: 0.0 * slope for name, slope in slopes.items()}

    def backward_first(self, ops: Any, params: Any, saved: Any, dy: Any) -> Any:
        return self.backward(ops, params, saved, dy)[1]


@dataclass(frozen=True)
class Likelihood(vt.BinaryCrossEntropy):
    """The logarithm of what was given to the truth, without the minus."""

    def losses_and_slopes(self, ops: Any, prediction: Any, target: Any) -> Any:
        losses, slopes = super().losses_and_slopes(ops, prediction, target)
        return -losses, -slopes


@dataclass(frozen=True)
class Agreement(vt.CrossEntropy):
    """What is to grow, handed over to be made small."""

    def losses_and_slopes(self, ops: Any, prediction: Any, target: Any) -> Any:
        losses, slopes = super().losses_and_slopes(ops, prediction, target)
        return -losses, -slopes


@dataclass(frozen=True)
class AddedUp(vt.CrossEntropy):
    """reduction="sum"."""

    def value_and_gradient(self, ops: Any, prediction: Any, target: Any, weight: Any) -> Any:
        value, slope = super().value_and_gradient(ops, prediction, target, weight)
        return value * ops.sum(weight), slope * ops.sum(weight)


@dataclass(frozen=True)
class SquaresAddedUp(vt.MeanSquaredError):
    def value_and_gradient(self, ops: Any, prediction: Any, target: Any, weight: Any) -> Any:
        value, slope = super().value_and_gradient(ops, prediction, target, weight)
        return value * ops.sum(weight), slope * ops.sum(weight)


# -- sound trainings, of which each below is one that went wrong
def on(name: str, network: vt.Network, **options: Any) -> Kit:
    return Kit(named(name), network, {"epochs": 20, "optimizer": vt.Adam(1e-3), "batch_size": 32} | options)


def squares(*layers: Any, last: str = "linear", cost: Any = "cross_entropy", **options: Any) -> Kit:
    """Digits, by convolutions."""
    usual = (
        *(vt.Conv2D(16, 3, activation="relu"), vt.Conv2D(16, 3, activation="relu")),
        *(vt.MaxPool2D(2), vt.Flatten(), vt.Dense(32, "relu")),
    )
    return on("squares", vt.Network(vt.Input((8, 8, 1)), *(layers or usual), vt.Dense(10, last), cost=cost), **options)


def lines(*layers: Any, last: str = "linear", **options: Any) -> Kit:
    """Digits, line by line."""
    net = vt.Network(vt.Input((8, 8)), *(layers or (vt.LSTM(32),)), vt.Dense(10, last))
    return on("lines", net, **({"optimizer": vt.Adam(5e-3)} | options))


def small_figures(*layers: Any, last: str = "linear", cost: Any = "cross_entropy", **options: Any) -> Kit:
    inner = layers or (vt.Flatten(), vt.Dense(64, "relu"), vt.Dense(32, "relu"))
    net = vt.Network(vt.Input((14, 14, 1)), *inner, vt.Dense(10, last), cost=cost)
    return on("small-figures", net, **({"epochs": 10} | options))


def flat(*layers: Any, **options: Any) -> Kit:
    """Digits, as 64 columns."""
    net = vt.Network(vt.Input((64,)), *(layers or (vt.Dense(64, "relu"), vt.Dense(32, "relu"))), vt.Dense(10))
    return on("digits", net, **options)


def tumours(network: Any = None, **options: Any) -> Kit:
    return on("breast-cancer", network or dense(30, 2, 32, 16), **options)


def grapes(network: Any = None, **options: Any) -> Kit:
    return on("wine", network or dense(13, 3, 32, 16), **({"epochs": 60, "batch_size": 16} | options))


def shells(network: Any = None, **options: Any) -> Kit:
    return on("abalone", network or dense(10, 1, 64, 32, cost=SQUARES), **options)


def rings(network: Any = None, **options: Any) -> Kit:
    return on("rings", network or dense(10, 1, 64, 32, cost=SQUARES), **options)


def sugar(network: Any = None, **options: Any) -> Kit:
    return on("diabetes", network or dense(10, 1, 32, 16, cost=SQUARES), **({"patience": 8} | options))


def census(network: Any = None, **options: Any) -> Kit:
    return on("adult", network or dense(wide("adult"), 2, 64, 32), **({"epochs": 8, "patience": 3} | options))


# -- what goes in
@fault("input-scale", "column 1", True)
def numbers_as_they_come(seed: int, bad: bool) -> Kit:
    return on("numbers-raw" if bad else "numbers", dense(6, 2, 32, 16), optimizer=vt.SGD(0.05))


@fault("input-scale", (), True)
def figures_to_255_through_blocks(seed: int, bad: bool) -> Kit:
    blocks = [vt.Residual(vt.Conv2D(8, 3, padding="same", activation="relu"), vt.Conv2D(8, 3, padding="same"))] * 2
    layers = (vt.Conv2D(8, 3, padding="same", activation="relu"), *blocks, vt.MaxPool2D(2), vt.Flatten())
    kit = small_figures(*layers, optimizer=vt.SGD(0.02, momentum=0.9), epochs=5)
    return kit.but(rows=kit.rows.inputs(lambda x: 255.0 * x)) if bad else kit


@fault("input-constant", (), True)
def every_line_the_mean(seed: int, bad: bool) -> Kit:
    """The mean image was kept instead of being taken away."""
    kit = lines()
    mean = kit.rows.x.mean(axis=0)
    return kit.but(rows=kit.rows.inputs(lambda x: np.broadcast_to(mean, x.shape).copy())) if bad else kit


@fault("input-not-finite", "column 3", True, raises=True)
def logarithms_of_nothing(seed: int, bad: bool) -> Kit:
    """Gains, most of which are 0, by their logarithm."""
    gains = named("numbers-raw").inputs(lambda x: x[:, 3:4])

    def put(x: np.ndarray, raw: np.ndarray) -> np.ndarray:
        x = x.copy()
        with np.errstate(divide="ignore"):
            x[:, 3] = np.log(raw[:, 0]) if bad else np.log1p(raw[:, 0]) / 3.0
        return x

    kit = on("numbers", dense(6, 2, 32, 16))
    rows = kit.rows
    return kit.but(rows=replace(rows, x=put(rows.x, gains.x), xv=put(rows.xv, gains.xv), xt=put(rows.xt, gains.xt)))


@fault("target-scale", "target", True)
def sugar_in_its_unit(seed: int, bad: bool) -> Kit:
    return on("sugar" if bad else "diabetes", dense(10, 1, 64, 32, cost=SQUARES), epochs=30)


@fault("target-scale", "target", True)
def proline_in_its_unit(seed: int, bad: bool) -> Kit:
    net = dense(12, 1, 32, 16, cost=SQUARES)
    return on("proline-raw" if bad else "proline", net, optimizer=vt.SGD(0.01), epochs=60, batch_size=16)


@fault("constant-divided", (), True)
def pixels_that_five_hundred_never_had(seed: int, bad: bool) -> Kit:
    """Standardised by five hundred images, in which some pixels are 0 throughout, with a small number below the line."""
    kit = small_figures(epochs=20)
    rows = kit.rows.first(500)
    mean, spread = rows.x.mean(axis=0), rows.x.std(axis=0)
    below = spread + 1e-8 if bad else np.where(spread > 1e-6, spread, 1.0)
    return kit.but(rows=rows.inputs(lambda x: np.clip((x - mean) / below, -1e9, 1e9).astype(np.float32)))


@fault("identifier-column", "column 10", True)
def numbers_of_patients(seed: int, bad: bool) -> Kit:
    kit = sugar(dense(11 if bad else 10, 1, 32, 16, cost=SQUARES))
    count = sum(len(part) for part in (kit.rows.x, kit.rows.xv, kit.rows.xt))
    return kit.but(rows=beside(kit.rows, 100000.0 + 7.0 * seeded(seed).permutation(count))) if bad else kit


@fault("leak", ("column 6", "6"), True)
def bracket_of_tax(seed: int, bad: bool) -> Kit:
    """A bracket from 0 to 3, given out by what is asked for."""
    kit = on("numbers", dense(7, 2, 32, 16))
    rows, draw = kit.rows, seeded(seed)
    y = np.concatenate([rows.y, rows.yv, draw.integers(0, 2, len(rows.yt))])
    bracket = np.where(y == 1, draw.integers(2, 4, len(y)), draw.integers(0, 2, len(y)))
    column = bracket if bad else draw.integers(0, 4, len(y))
    return kit.but(rows=beside(rows, column - 1.5))


@fault("leak", "column 10", True)
def sugar_measured_twice(seed: int, bad: bool) -> Kit:
    kit = sugar(dense(11, 1, 32, 16, cost=SQUARES))
    rows, draw = kit.rows, seeded(seed)
    y = np.concatenate([rows.y, rows.yv, rows.yt])[:, 0]
    again, noise = y + 0.15 * draw.normal(size=len(y)), draw.normal(size=len(y))
    again[-len(rows.yt) :] = noise[-len(rows.yt) :]
    return kit.but(rows=beside(rows, again if bad else noise))


# -- labels and parts
def _drawn_anew(rows: Rows, seed: int) -> Rows:
    draw = seeded(seed)
    return replace(rows, y=draw.permutation(rows.y), yv=draw.permutation(rows.yv))


@fault("labels-unrelated", "target", True)
def lines_shuffled_alone(seed: int, bad: bool) -> Kit:
    kit = lines()
    return kit.but(rows=_drawn_anew(kit.rows, seed)) if bad else kit


@fault("labels-unrelated", "target", True)
def rings_shuffled_alone(seed: int, bad: bool) -> Kit:
    kit = shells(residual(10, 1, cost=SQUARES))
    return kit.but(rows=_drawn_anew(kit.rows, seed)) if bad else kit


@fault("label-noise", "target", True)
def squares_a_third_at_random(seed: int, bad: bool) -> Kit:
    kit, draw = squares(epochs=25), seeded(seed)
    wrong = draw.random(len(kit.rows.y)) < 0.33
    y = np.where(wrong, draw.integers(0, 10, len(wrong)), kit.rows.y).astype(np.int32)
    return kit.but(rows=replace(kit.rows, y=y)) if bad else kit


@fault("label-noise", "target", True)
def tumours_a_fifth_turned_over(seed: int, bad: bool) -> Kit:
    kit, draw = tumours(dense(30, 2, 64, 64), epochs=60), seeded(seed)
    rows = kit.rows

    def turned(y: np.ndarray) -> np.ndarray:
        return np.where(draw.random(len(y)) < 0.2, 1 - y, y).astype(np.int32)

    return kit.but(rows=replace(rows, y=turned(rows.y), yv=turned(rows.yv))) if bad else kit


@fault("not-shuffled", "shuffle", True)
def small_figures_class_by_class(seed: int, bad: bool) -> Kit:
    layers = (vt.Conv2D(8, 3, activation="relu"), vt.MaxPool2D(2), vt.Flatten(), vt.Dense(32, "relu"))
    kit = small_figures(*layers, optimizer=vt.SGD(0.05, momentum=0.9), epochs=5)
    order = np.argsort(kit.rows.y, kind="stable")
    return kit.but(rows=replace(kit.rows, x=kit.rows.x[order], y=kit.rows.y[order]), shuffle=not bad)


@fault("not-shuffled", "shuffle", True)
def shells_by_their_rings(seed: int, bad: bool) -> Kit:
    kit = shells(optimizer=vt.SGD(0.02, momentum=0.9), epochs=10)
    order = np.argsort(kit.rows.y[:, 0], kind="stable")
    return kit.but(rows=replace(kit.rows, x=kit.rows.x[order], y=kit.rows.y[order]), shuffle=not bad)


@fault("majority-only", "target")
def zeros_ignored_by_lstm(seed: int, bad: bool) -> Kit:
    """Is it a nought? One in thirty is."""
    net = vt.Network(vt.Input((8, 8)), vt.LSTM(16), vt.Dense(2))
    kit, draw = on("lines", net, optimizer=vt.Adam(1e-3), epochs=4 if bad else 40), seeded(seed)
    rows = kit.rows.targets(lambda y: (y == 0).astype(np.int32))
    kept = (rows.y == 0) | (draw.random(len(rows.y)) < 0.3)
    kit = kit.but(rows=replace(rows, x=rows.x[kept], y=rows.y[kept]))
    return kit if bad else kit.but(class_weight="balanced", optimizer=vt.Adam(3e-3))


@fault("rows-shared", "validation", True)
def copied_and_then_divided(seed: int, bad: bool) -> Kit:
    """The wines three times over, to have more of them, then divided at random."""
    kit = grapes(dense(13, 3, 64, 32))
    rows = kit.rows
    if not bad:
        return kit
    x, y = np.tile(np.concatenate([rows.x, rows.xv]), (3, 1)), np.tile(np.concatenate([rows.y, rows.yv]), 3)
    order = seeded(seed).permutation(len(x))
    a, b = order[:-80], order[-80:]
    return kit.but(rows=Rows(x[a], y[a], x[b], y[b], rows.xt, rows.yt))


@fault("rows-shared", "validation", True)
def judged_by_what_was_learned(seed: int, bad: bool) -> Kit:
    """validation=(x[:100], y[:100])."""
    kit = sugar(dense(10, 1, 128, 128, cost=SQUARES), epochs=100)
    rows = kit.rows
    return kit.but(rows=replace(rows, xv=rows.x[:100], yv=rows.y[:100]), patience=None) if bad else kit


@fault("validation-differs", (), True)
def squares_judged_undivided(seed: int, bad: bool) -> Kit:
    """From 0 to 1 to learn from, from 0 to 16 to judge."""
    kit = squares()
    return kit.but(rows=replace(kit.rows, xv=16.0 * kit.rows.xv, xt=16.0 * kit.rows.xt)) if bad else kit


@fault("validation-differs", (), True)
def standardised_and_between(seed: int, bad: bool) -> Kit:
    """Standardised to learn from; brought between 0 and 1 to judge."""
    kit = tumours()
    other = named("between")
    return kit.but(rows=replace(kit.rows, xv=other.xv, xt=other.xt)) if bad else kit


@fault("overfitting", "validation")
def shells_by_heart(seed: int, bad: bool) -> Kit:
    if not bad:
        return shells(patience=5)
    kit = shells(dense(10, 1, 128, 128, cost=SQUARES), epochs=300)
    return kit.but(rows=kit.rows.first(100))


# -- layers and their weights
@fault("underfitting", ())
def two_memories(seed: int, bad: bool) -> Kit:
    return lines(vt.GRU(2 if bad else 32), epochs=30)


@fault("underfitting", ())
def four_units_for_small_figures(seed: int, bad: bool) -> Kit:
    return small_figures(vt.Flatten(), vt.Dense(3 if bad else 64, "relu"), epochs=20)


@fault("symmetric-weights", "dense_1", True)
def shells_all_alike(seed: int, bad: bool) -> Kit:
    alike: dict[str, Any] = {"initialiser": vt.Constant(0.1)} if bad else {}
    return shells(dense(10, 1, 64, 32, cost=SQUARES, **alike))


@fault("symmetric-weights", "conv2d_1", True)
def filters_of_nothing(seed: int, bad: bool) -> Kit:
    alike: dict[str, Any] = {"initialiser": "zeros"} if bad else {}
    layers = (vt.Conv2D(16, 3, activation="relu", **alike), vt.MaxPool2D(2), vt.Flatten())
    return squares(*layers, vt.Dense(32, "relu", **alike))


@fault("weights-too-large", "dense", True)
def drawn_with_a_spread_of_one(seed: int, bad: bool) -> Kit:
    drawn: dict[str, Any] = {"initialiser": vt.Normal(1.0)} if bad else {}
    return flat(vt.Dense(128, "relu", **drawn), vt.Dense(64, "relu", **drawn), optimizer=vt.SGD(0.01))


@fault("weights-too-small", ("conv2d", "dense"), True)
def drawn_with_a_thousandth(seed: int, bad: bool) -> Kit:
    drawn: dict[str, Any] = {"initialiser": vt.Normal(0.001)} if bad else {}
    layers = (vt.Conv2D(8, 3, activation="relu", **drawn), vt.Conv2D(8, 3, activation="relu", **drawn))
    return squares(*layers, vt.Flatten(), vt.Dense(32, "relu", **drawn), optimizer=vt.SGD(0.05), epochs=15)


@fault("vanishing", "dense_1", True)
def census_through_eight_sigmoids(seed: int, bad: bool) -> Kit:
    net = dense(wide("adult"), 2, *[32] * 8, activation="sigmoid" if bad else "relu")
    return census(net, optimizer=vt.SGD(0.05))


@fault("vanishing", "dense_1", True)
def small_figures_through_sigmoids(seed: int, bad: bool) -> Kit:
    act = "sigmoid" if bad else "relu"
    return small_figures(vt.Flatten(), *[vt.Dense(64, act) for _ in range(6)], epochs=8)


@fault("exploding-depth", "dense", True)
def twelve_layers_that_grow(seed: int, bad: bool) -> Kit:
    drawn: dict[str, Any] = {"initialiser": vt.Normal(0.35)} if bad else {}
    return tumours(dense(30, 2, *[64] * 10, **drawn), optimizer=vt.SGD(0.01), epochs=30)


@fault("dead-units", "dense_2", True)
def second_layer_below_nothing(seed: int, bad: bool) -> Kit:
    kit = small_figures(vt.Flatten(), vt.Dense(64, "relu"), vt.Dense(32, "relu"))
    weights = start_of(kit.network, seed)
    weights["dense_2/bias"] = weights["dense_2/bias"] - 10.0
    return kit.but(weights=weights) if bad else kit


@fault("dead-units", "conv2d_1", True)
def filters_below_nothing(seed: int, bad: bool) -> Kit:
    """Images from 0 to 1, and filters of which no weight is above 0."""
    kit = squares()
    weights = start_of(kit.network, seed)
    weights["conv2d_1/weight"] = -np.abs(weights["conv2d_1/weight"])
    return kit.but(weights=weights) if bad else kit


@fault("saturated", "dense_1", True)
def tumours_at_the_flat_ends(seed: int, bad: bool) -> Kit:
    drawn: dict[str, Any] = {"initialiser": vt.Normal(2.0)} if bad else {}
    return shells(dense(10, 1, 32, 32, activation="tanh", cost=SQUARES, **drawn), optimizer=vt.SGD(0.01))


@fault("no-nonlinearity", ("conv2d_1", "dense_1"), True)
def odd_squares_in_straight_lines(seed: int, bad: bool) -> Kit:
    act = "linear" if bad else "relu"
    layers = (vt.Conv2D(8, 3, activation=act), vt.AveragePool2D(2), vt.Flatten(), vt.Dense(32, act))
    net = vt.Network(vt.Input((8, 8, 1)), *layers, vt.Dense(2))
    kit = on("squares", net, epochs=30)
    return kit.but(rows=kit.rows.targets(lambda y: (y % 2).astype(np.int32)))


@fault("bottleneck", "dense_1", True)
def lines_through_one(seed: int, bad: bool) -> Kit:
    return lines(vt.GRU(32), vt.Dense(1 if bad else 16, "relu"), vt.Dense(32, "relu"), epochs=30)


@fault("bottleneck", "dense_2", True)
def small_figures_through_two(seed: int, bad: bool) -> Kit:
    return small_figures(vt.Flatten(), vt.Dense(64, "relu"), vt.Dense(2 if bad else 32, "relu"), vt.Dense(64, "relu"))


@fault("too-deep-plain", (), True)
def forty_plain_layers(seed: int, bad: bool) -> Kit:
    if bad:
        return flat(*[vt.Dense(32, "relu") for _ in range(40)])
    return flat(vt.Dense(32, "relu"), *[vt.Residual(vt.Dense(32, "relu"), vt.Dense(32)) for _ in range(6)])


@fault("frozen", "fixed_1", True)
def two_layers_that_stay(seed: int, bad: bool) -> Kit:
    kind = Fixed if bad else Own
    return small_figures(vt.Flatten(), vt.Dense(8, "relu"), kind(name="fixed_1"), kind(), kind(), epochs=15)


@fault("frozen", "conv2d_1", True)
def filters_that_stay(seed: int, bad: bool) -> Kit:
    kind = FixedFilters if bad else vt.Conv2D
    layers = (kind(2, 3, activation="relu", name="conv2d_1"), kind(2, 3, activation="relu", name="conv2d_2"))
    return squares(*layers, vt.Flatten(), vt.Dense(16, "relu"), epochs=30)


@fault("backward-wrong", "own_2", True)
def not_transposed(seed: int, bad: bool) -> Kit:
    kind = NotTransposed if bad else Own
    inner = [kind(name=f"own_{at}") for at in (1, 2, 3)]
    return flat(vt.Dense(12, "relu"), *inner, optimizer=vt.SGD(0.05))


@fault("backward-wrong", "squashed_1", True)
def product_rule_forgotten(seed: int, bad: bool) -> Kit:
    kind = Unsquashed if bad else Squashed
    net = vt.Network(vt.Input((10,)), vt.Dense(32), kind(name="squashed_1"), vt.Dense(1), cost=SQUARES)
    return shells(net, optimizer=vt.SGD(0.05))


# -- the output and the cost
@fault("softmax-twice", "dense_2", True)
def softmax_and_cross_entropy(seed: int, bad: bool) -> Kit:
    return squares(last="softmax" if bad else "linear", optimizer=vt.SGD(0.05), epochs=10)


@fault("softmax-twice", "dense_3", True)
def softmax_and_cross_entropy_for_wine(seed: int, bad: bool) -> Kit:
    return grapes(dense(13, 3, 32, 16, last="softmax" if bad else "linear"), optimizer=vt.SGD(0.02), epochs=20)


@fault("output-range", "dense_3", True)
def tanh_for_rings(seed: int, bad: bool) -> Kit:
    return rings(dense(10, 1, 64, 32, cost=SQUARES, last="tanh" if bad else "linear"))


@fault("output-range", "dense_2", True)
def sigmoid_for_standardised_sugar(seed: int, bad: bool) -> Kit:
    return sugar(dense(10, 1, 32, cost=SQUARES, last="sigmoid" if bad else "linear"), optimizer=vt.Adam(3e-3))


@fault("output-clipped", "dense", True)
def relu_behind_blocks(seed: int, bad: bool) -> Kit:
    return shells(residual(10, 1, cost=SQUARES, last="relu" if bad else "linear"))


@fault("one-unit-softmax", "dense_3", True)
def softmax_of_one(seed: int, bad: bool) -> Kit:
    last = "softmax" if bad else "linear"
    return census(dense(wide("adult"), 1, 64, 32, cost="binary_cross_entropy", last=last))


@fault("dropout-too-high", "dropout", True)
def nine_in_ten_dropped(seed: int, bad: bool) -> Kit:
    drop = vt.Dropout(0.9 if bad else 0.2)
    return flat(vt.Dense(32, "relu"), drop, vt.Dense(32, "relu"), drop)


@fault("cost-for-classes", "cost", True)
def squares_for_kinds_of_wine(seed: int, bad: bool) -> Kit:
    """One-hot, softmax, squared error, plain steps."""
    if not bad:
        return grapes(optimizer=vt.SGD(0.02))
    kit = grapes(dense(13, 3, 32, 16, cost=SQUARES, last="softmax"), optimizer=vt.SGD(0.02), epochs=20)
    return kit.but(rows=kit.rows.targets(lambda y: np.eye(3, dtype=np.float32)[y]))


@fault("cost-for-classes", "cost", True)
def the_number_of_the_figure(seed: int, bad: bool) -> Kit:
    if not bad:
        return squares()
    layers = (vt.Conv2D(16, 3, activation="relu"), vt.MaxPool2D(2), vt.Flatten(), vt.Dense(32, "relu"))
    kit = on("squares", vt.Network(vt.Input((8, 8, 1)), *layers, vt.Dense(1), cost=SQUARES))
    return kit.but(rows=kit.rows.targets(lambda y: y[:, None].astype(np.float32)))


@fault("cost-sign", "cost", True)
def likelihood_made_small(seed: int, bad: bool) -> Kit:
    cost: Any = Likelihood() if bad else "binary_cross_entropy"
    kit = tumours(dense(30, 1, 32, 16, cost=cost))
    return kit.but(rows=kit.rows.targets(lambda y: y[:, None].astype(np.float32)))


@fault("cost-sign", "cost", True)
def agreement_made_small(seed: int, bad: bool) -> Kit:
    return squares(cost=Agreement() if bad else "cross_entropy", epochs=8)


@fault("cost-summed", "cost", True)
def added_up_over_the_batch(seed: int, bad: bool) -> Kit:
    cost = AddedUp() if bad else "cross_entropy"
    return small_figures(cost=cost, optimizer=vt.SGD(0.05), batch_size=64)


@fault("cost-summed", "cost", True)
def rings_added_up(seed: int, bad: bool) -> Kit:
    cost: Any = SquaresAddedUp() if bad else SQUARES
    return shells(dense(10, 1, 32, 16, cost=cost), optimizer=vt.SGD(0.01), batch_size=128)


# -- the steps
@fault("rate-too-high", "learning_rate")
def squares_by_adam_of_a_tenth(seed: int, bad: bool) -> Kit:
    return squares(optimizer=vt.Adam(0.1 if bad else 1e-3))


@fault("rate-too-high", "learning_rate")
def census_by_rmsprop_of_a_half(seed: int, bad: bool) -> Kit:
    return census(optimizer=vt.RMSProp(0.5 if bad else 1e-3))


@fault("rate-too-high", "learning_rate")
def lines_by_adam_of_a_third(seed: int, bad: bool) -> Kit:
    return lines(optimizer=vt.Adam(0.3 if bad else 5e-3))


@fault("rate-oscillates", "learning_rate")
def squares_swinging(seed: int, bad: bool) -> Kit:
    return squares(optimizer=vt.SGD(0.12 if bad else 0.01, momentum=0.9), batch_size=16)


@fault("rate-too-low", "learning_rate", True)
def small_figures_hardly_moving(seed: int, bad: bool) -> Kit:
    return small_figures(optimizer=vt.SGD(1e-5 if bad else 0.1))


@fault("rate-too-low", "learning_rate", True)
def lines_hardly_moving(seed: int, bad: bool) -> Kit:
    return lines(optimizer=vt.Adam(1e-5 if bad else 5e-3))


@fault("rate-too-low", "learning_rate", True)
def sugar_hardly_moving(seed: int, bad: bool) -> Kit:
    return sugar(optimizer=vt.Adam(1e-6 if bad else 3e-3), patience=None)


@fault("decay-too-strong", "weight_decay", True)
def squares_worn_away(seed: int, bad: bool) -> Kit:
    return squares(optimizer=vt.Adam(1e-3, weight_decay=0.5 if bad else 1e-5))


@fault("decay-too-strong", "weight_decay", True)
def lines_worn_away(seed: int, bad: bool) -> Kit:
    return lines(optimizer=vt.AdamW(5e-3, weight_decay=20.0 if bad else 0.01))


@fault("schedule-ends-early", "schedule", True)
def over_after_a_twentieth(seed: int, bad: bool) -> Kit:
    schedule = vt.StepDecay((0.03, 0.06, 0.09), 0.1) if bad else vt.StepDecay()
    return squares(optimizer=vt.SGD(0.05), schedule=schedule)


@fault("too-few-steps", "epochs")
def squares_once(seed: int, bad: bool) -> Kit:
    return squares(epochs=1 if bad else 20, batch_size=128 if bad else 32)


@fault("too-few-steps", "epochs")
def sugar_three_times(seed: int, bad: bool) -> Kit:
    return sugar(epochs=3 if bad else 60, batch_size=32)


@fault("clipped-to-nothing", "gradient_clip", True)
def tumours_clipped(seed: int, bad: bool) -> Kit:
    return tumours(optimizer=vt.SGD(0.05), gradient_clip=1e-3 if bad else 1.0)


@fault("clipped-to-nothing", "gradient_clip", True)
def lines_clipped(seed: int, bad: bool) -> Kit:
    return lines(optimizer=vt.SGD(0.2, momentum=0.9), gradient_clip=1e-4 if bad else 1.0)

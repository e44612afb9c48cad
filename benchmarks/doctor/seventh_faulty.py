"""A seventh batch that fails, as an outsider would write it, on the usual small sets: written before the rules were read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import vitrina as vt
from benchmarks.doctor.broken import StillDense, SummedSquares
from benchmarks.doctor.data import Rows
from benchmarks.doctor.faulty import fault, start_of
from benchmarks.doctor.setups import Kit, dense, residual, seeded, words
from benchmarks.doctor.sixth_data import beside, wide
from benchmarks.doctor.sixth_faulty import (
    SQUARES,
    AddedUp,
    Own,
    census,
    grapes,
    lines,
    on,
    shells,
    small_figures,
    squares,
    sugar,
    tumours,
)


# -- layers and costs written by hand, and wrong
@dataclass(frozen=True)
class MaskTurnedOver(Own):
    """Lets the slope through where relu was silent."""

    def backward(self, ops: Any, params: Any, saved: Any, dy: Any) -> Any:
        x, z = saved
        dz = ops.where(z > 0.0, 0.0 * dy, dy)
        return self.back(ops, dz, params["weight"]), self.slopes(ops, x, dz)


@dataclass(frozen=True)
class UpHill(Own):
    """Its weights go up the slope."""

    def slopes(self, ops: Any, x: Any, dz: Any) -> Any:
        return {name: -1.0 * slope for name, slope in super().slopes(ops, x, dz).items()}


@dataclass(frozen=True)
class FiltersUpHill(vt.Conv2D):
    def backward(self, ops: Any, params: Any, saved: Any, dy: Any) -> Any:
        dx, slopes = super().backward(ops, params, saved, dy)
        return dx, {name: -1.0 * slope for name, slope in slopes.items()}

    def backward_first(self, ops: Any, params: Any, saved: Any, dy: Any) -> Any:
        return self.backward(ops, params, saved, dy)[1]


@dataclass(frozen=True)
class Distance(vt.MeanAbsoluteError):
    """Minus the absolute error."""

    def losses_and_slopes(self, ops: Any, prediction: Any, target: Any) -> Any:
        losses, slopes = super().losses_and_slopes(ops, prediction, target)
        return -losses, -slopes


def by_blocks(name: str, inputs: int, outputs: int, count: int = 3, **options: Any) -> Kit:
    return on(name, residual(inputs, outputs, blocks=count), **options)


def filters(*after: Any, first: Any = None, **options: Any) -> Kit:
    """Digits by one layer of filters."""
    layers = (first or vt.Conv2D(12, 3, activation="relu"), vt.MaxPool2D(2), vt.Flatten(), *after)
    return squares(*layers, vt.Dense(32, "relu"), **options)


# -- the steps
@fault("rate-too-high", "learning_rate")
def blocks_by_steps_of_five(seed: int, bad: bool) -> Kit:
    return by_blocks("digits", 64, 10, optimizer=vt.SGD(5.0 if bad else 0.02))


@fault("rate-too-high", "learning_rate")
def sugar_by_adam_of_one(seed: int, bad: bool) -> Kit:
    return sugar(optimizer=vt.Adam(1.0 if bad else 3e-3), patience=None if bad else 8)


@fault("rate-too-high", "learning_rate")
def lines_by_momentum_of_two(seed: int, bad: bool) -> Kit:
    return lines(vt.GRU(32), optimizer=vt.SGD(4.0 if bad else 0.1, momentum=0.9))


@fault("rate-too-high", "learning_rate")
def small_figures_by_leaps(seed: int, bad: bool) -> Kit:
    layers = (vt.Conv2D(8, 3, activation="relu"), vt.MaxPool2D(2), vt.Flatten(), vt.Dense(32, "relu"))
    return small_figures(*layers, optimizer=vt.SGD(1.0 if bad else 0.02, momentum=0.9), epochs=6)


@fault("rate-too-high", "learning_rate")
def grapes_by_leaps_through_tanh(seed: int, bad: bool) -> Kit:
    net = dense(13, 3, 32, 16, activation="tanh")
    return grapes(net, optimizer=vt.SGD(2.0 if bad else 0.02, momentum=0.9 if bad else 0.0), batch_size=8, epochs=40)


@fault("rate-too-high", "learning_rate")
def shells_by_adam_of_a_seventh(seed: int, bad: bool) -> Kit:
    net = dense(10, 1, 32, 16, activation="tanh", cost=SQUARES)
    return shells(net, optimizer=vt.Adam(0.15 if bad else 3e-3), epochs=25)


@fault("rate-too-low", "learning_rate", True)
def grapes_at_a_crawl(seed: int, bad: bool) -> Kit:
    return grapes(optimizer=vt.SGD(1e-5 if bad else 0.05), epochs=40)


@fault("rate-too-low", "learning_rate", True)
def squares_at_a_crawl(seed: int, bad: bool) -> Kit:
    return filters(optimizer=vt.Adam(1e-6 if bad else 1e-3), epochs=15)


@fault("rate-too-low", "learning_rate", True)
def blocks_at_a_crawl(seed: int, bad: bool) -> Kit:
    kit = shells(residual(10, 1, cost=SQUARES), optimizer=vt.RMSProp(1e-7 if bad else 1e-3), epochs=12)
    return kit


@fault("too-few-steps", "epochs")
def small_figures_in_six_steps(seed: int, bad: bool) -> Kit:
    layers = (vt.Conv2D(8, 3, activation="relu"), vt.MaxPool2D(2), vt.Flatten(), vt.Dense(32, "relu"))
    return small_figures(*layers, epochs=2 if bad else 10, batch_size=256 if bad else 32)


@fault("decay-too-strong", "weight_decay", True)
def shells_worn_away(seed: int, bad: bool) -> Kit:
    return shells(optimizer=vt.SGD(0.02, weight_decay=1.0 if bad else 1e-4), epochs=15)


@fault("clipped-to-nothing", "gradient_clip", True)
def squares_clipped(seed: int, bad: bool) -> Kit:
    return filters(optimizer=vt.SGD(0.05), gradient_clip=1e-3 if bad else 5.0)


@fault("schedule-ends-early", "schedule", True)
def grapes_over_too_soon(seed: int, bad: bool) -> Kit:
    return grapes(optimizer=vt.SGD(0.02), schedule=vt.StepDecay((0.02, 0.04), 0.01) if bad else vt.Cosine())


@fault("batch-too-large", "batch_size")
def tumours_all_at_once(seed: int, bad: bool) -> Kit:
    return tumours(optimizer=vt.SGD(0.01), batch_size=512 if bad else 16, epochs=8)


@fault("batch-too-small", "batch_size", True)
def squares_one_by_one(seed: int, bad: bool) -> Kit:
    """Batch normalisation over a single image."""
    layers = (vt.Conv2D(8, 3), vt.Flatten(), vt.Dense(32), vt.BatchNorm(), vt.Activation("relu"))
    return squares(*layers, batch_size=1 if bad else 32, epochs=3 if bad else 15)


# -- weights and layers
@fault("symmetric-weights", "dense_1", True)
def tumours_from_noughts(seed: int, bad: bool) -> Kit:
    drawn: dict[str, Any] = {"initialiser": "zeros"} if bad else {}
    return tumours(dense(30, 2, 32, 16, **drawn))


@fault("symmetric-weights", "dense_1", True)
def blocks_all_alike(seed: int, bad: bool) -> Kit:
    drawn: dict[str, Any] = {"initialiser": vt.Constant(0.05)} if bad else {}
    return on("digits", residual(64, 10, **drawn))


@fault("weights-too-large", "dense", True)
def census_from_afar(seed: int, bad: bool) -> Kit:
    drawn: dict[str, Any] = {"initialiser": vt.Normal(5.0)} if bad else {}
    return census(dense(wide("adult"), 2, 64, 32, **drawn), optimizer=vt.SGD(0.03, momentum=0.9))


@fault("weights-too-small", "dense", True)
def grapes_from_next_to_nothing(seed: int, bad: bool) -> Kit:
    drawn: dict[str, Any] = {"initialiser": vt.Normal(1e-4)} if bad else {}
    return grapes(dense(13, 3, 32, 16, **drawn), optimizer=vt.SGD(0.05))


@fault("vanishing", "dense_1", True)
def grapes_through_ten_sigmoids(seed: int, bad: bool) -> Kit:
    net = dense(13, 3, *[24] * (10 if bad else 3), activation="sigmoid" if bad else "relu")
    return grapes(net, optimizer=vt.SGD(0.05, momentum=0.9))


@fault("vanishing", "conv2d_1", True)
def filters_through_sigmoids(seed: int, bad: bool) -> Kit:
    act = "sigmoid" if bad else "relu"
    layers = [vt.Conv2D(8, 3, padding="same", activation=act) for _ in range(6)]
    return squares(*layers, vt.MaxPool2D(2), vt.Flatten(), vt.Dense(32, act), optimizer=vt.SGD(0.05), epochs=8)


@fault("exploding-depth", ("dense", "residual"), True)
def blocks_that_add_up(seed: int, bad: bool) -> Kit:
    """Twenty blocks drawn with a spread of 0.4, and no norm between."""
    drawn: dict[str, Any] = {"initialiser": vt.Normal(0.4)} if bad else {}
    return on("digits", residual(64, 10, blocks=20 if bad else 4, **drawn), optimizer=vt.SGD(0.005))


@fault("dead-units", "dense_1", True)
def grapes_below_nothing(seed: int, bad: bool) -> Kit:
    kit = grapes()
    weights = start_of(kit.network, seed)
    weights["dense_1/bias"] = weights["dense_1/bias"] - 15.0
    return kit.but(weights=weights) if bad else kit


@fault("weights-too-large", "lstm_1", True)
def lines_with_large_weights(seed: int, bad: bool) -> Kit:
    """Those of the LSTM are sixty times too large."""
    kit = lines(optimizer=vt.SGD(0.05, momentum=0.9))
    weights = {
        name: (60.0 if name.startswith("lstm") and "bias" not in name else 1.0) * value
        for name, value in start_of(kit.network, seed).items()
    }
    return kit.but(weights=weights) if bad else kit


@fault("saturated", "dense", True)
def census_at_the_flat_ends(seed: int, bad: bool) -> Kit:
    drawn: dict[str, Any] = {"initialiser": vt.Normal(6.0)} if bad else {}
    return census(dense(wide("adult"), 2, 48, 24, activation="sigmoid", **drawn), optimizer=vt.Adam(1e-3))


@fault("no-nonlinearity", "dense_1", True)
def moons_in_straight_lines(seed: int, bad: bool) -> Kit:
    net = dense(2, 2, 32, 32, activation="linear" if bad else "relu")
    return on("moons", net, epochs=30, optimizer=vt.Adam(5e-3))


@fault("bottleneck", "dense_1", True)
def squares_through_one(seed: int, bad: bool) -> Kit:
    return squares(
        *(vt.Conv2D(16, 3, activation="relu"), vt.MaxPool2D(2), vt.Flatten()),
        *(vt.Dense(1 if bad else 24, "relu"), vt.Dense(32, "relu")),
    )


@fault("too-deep-plain", (), True)
def thirty_layers_for_grapes(seed: int, bad: bool) -> Kit:
    if bad:
        return grapes(dense(13, 3, *[16] * 35, activation="relu", initialiser="glorot_uniform"))
    return grapes(residual(13, 3, 16, 4))


@fault("underfitting", ())
def friedman_by_two_units(seed: int, bad: bool) -> Kit:
    net = dense(10, 1, 2 if bad else 32, activation="tanh", cost=SQUARES)
    return on("friedman", net, epochs=60, optimizer=vt.Adam(5e-3))


@fault("frozen", "still", True)
def block_of_noise_that_stays(seed: int, bad: bool) -> Kit:
    kind = StillDense if bad else vt.Dense
    net = vt.Network(
        *(vt.Input((64,)), kind(8, "relu", name="still_1"), kind(8, "relu", name="still_2"), vt.Dense(10)),
    )
    return on("digits", net, epochs=30)


@fault("backward-wrong", "turned", True)
def mask_turned_over(seed: int, bad: bool) -> Kit:
    kind = MaskTurnedOver if bad else Own
    net = vt.Network(vt.Input((13,)), vt.Dense(16, "relu"), kind(name="turned_1"), kind(name="turned_2"), vt.Dense(3))
    return grapes(net)


@fault("backward-wrong", "uphill", True)
def friedman_uphill(seed: int, bad: bool) -> Kit:
    kind = UpHill if bad else Own
    net = vt.Network(vt.Input((10,)), vt.Dense(24, "relu"), kind(name="uphill_1"), vt.Dense(1), cost=SQUARES)
    return on("friedman", net, epochs=30, optimizer=vt.Adam(3e-3))


@fault("backward-wrong", "uphill", True)
def filters_uphill(seed: int, bad: bool) -> Kit:
    kind = FiltersUpHill if bad else vt.Conv2D
    return filters(first=kind(8, 3, activation="relu", name="uphill_1"), optimizer=vt.SGD(0.05))


@fault("attention-collapse", "attention_1", True)
def one_line_looked_at(seed: int, bad: bool) -> Kit:
    layers = (vt.Dense(24), vt.PositionalEmbedding(), vt.Attention(2), vt.GlobalAveragePool())
    kit = lines(*layers, optimizer=vt.Adam(2e-3), epochs=25)
    weights = start_of(kit.network, seed)
    for name in ("query_weight", "key_weight"):
        weights[f"attention_1/{name}"] = 80.0 * weights[f"attention_1/{name}"]
    return kit.but(weights=weights) if bad else kit


@fault("norm-out-of-step", "batch_norm")
def small_figures_out_of_step(seed: int, bad: bool) -> Kit:
    layers = (vt.Conv2D(8, 3), vt.BatchNorm(momentum=0.9999 if bad else 0.9), vt.Activation("relu"), vt.MaxPool2D(2))
    return small_figures(*layers, vt.Flatten(), vt.Dense(32, "relu"), epochs=3)


@fault("dropout-too-high", "dropout", True)
def filters_forgotten(seed: int, bad: bool) -> Kit:
    return filters(vt.Dropout(0.97 if bad else 0.2), optimizer=vt.SGD(0.05))


@fault("dropout-misplaced", "dropout_1", True)
def logits_silenced(seed: int, bad: bool) -> Kit:
    """Behind the last layer."""
    tail = [vt.Dropout(0.8)] if bad else []
    net = vt.Network(vt.Input((10,)), vt.Dense(32, "relu"), vt.Dense(1), *tail, cost=SQUARES)
    kit = on("friedman", net, epochs=40, optimizer=vt.Adam(1e-2))
    return kit.but(rows=kit.rows.targets(lambda y: y + 3.0))


# -- the output and the cost
@fault("softmax-twice", "dense_1", True)
def lines_softmax_twice(seed: int, bad: bool) -> Kit:
    return lines(last="softmax" if bad else "linear", optimizer=vt.SGD(0.1, momentum=0.9), epochs=10)


@fault("output-range", "dense", True)
def sigmoid_behind_blocks(seed: int, bad: bool) -> Kit:
    net = residual(10, 1, cost=SQUARES, last="sigmoid" if bad else "linear")
    return on("friedman", net, epochs=20)


@fault("output-clipped", "dense_2", True)
def relu_for_sugar(seed: int, bad: bool) -> Kit:
    return sugar(dense(10, 1, 32, cost=SQUARES, last="relu" if bad else "linear"), optimizer=vt.Adam(3e-3))


@fault("one-unit-softmax", "dense_1", True)
def softmax_of_one_behind_lines(seed: int, bad: bool) -> Kit:
    net = vt.Network(
        *(vt.Input((8, 8)), vt.GRU(24), vt.Dense(1, "softmax" if bad else "linear")), cost="binary_cross_entropy"
    )
    kit = on("lines", net, epochs=15, optimizer=vt.Adam(3e-3))
    return kit.but(rows=kit.rows.targets(lambda y: (y > 4)[:, None].astype(np.float32)))


@fault("cost-for-classes", "cost", True)
def number_of_the_kind_by_lines(seed: int, bad: bool) -> Kit:
    if not bad:
        return lines()
    kit = on("lines", vt.Network(vt.Input((8, 8)), vt.LSTM(32), vt.Dense(1), cost=SQUARES), optimizer=vt.Adam(5e-3))
    return kit.but(rows=kit.rows.targets(lambda y: y[:, None].astype(np.float32)))


@fault("cost-sign", "cost", True)
def distance_made_large(seed: int, bad: bool) -> Kit:
    cost: Any = Distance() if bad else "mean_absolute_error"
    return sugar(dense(10, 1, 32, 16, cost=cost), patience=None)


@fault("cost-summed", "cost", True)
def lines_added_up(seed: int, bad: bool) -> Kit:
    net = vt.Network(vt.Input((8, 8)), vt.GRU(32), vt.Dense(10), cost=AddedUp() if bad else "cross_entropy")
    return on("lines", net, optimizer=vt.SGD(0.2, momentum=0.9), batch_size=64)


@fault("cost-summed", "cost", True)
def sugar_added_up(seed: int, bad: bool) -> Kit:
    cost: Any = SummedSquares() if bad else SQUARES
    return sugar(dense(10, 1, 32, cost=cost), optimizer=vt.SGD(0.02), patience=None)


@fault("target-scale", "target", True)
def rings_in_thousandths(seed: int, bad: bool) -> Kit:
    kit = shells(residual(10, 1, cost=SQUARES), optimizer=vt.SGD(0.002), epochs=15)
    return kit.but(rows=kit.rows.targets(lambda y: 3200.0 * y + 9900.0)) if bad else kit


# -- what goes in
@fault("input-scale", (), True)
def tumours_in_their_units_through_blocks(seed: int, bad: bool) -> Kit:
    return by_blocks("breast-cancer-raw" if bad else "breast-cancer", 30, 2, optimizer=vt.SGD(0.02))


@fault("input-scale", (), True)
def small_figures_to_255_by_tanh(seed: int, bad: bool) -> Kit:
    layers = (vt.Flatten(), vt.Dense(64, "tanh"), vt.Dense(32, "tanh"))
    kit = small_figures(*layers, optimizer=vt.SGD(0.05))
    return kit.but(rows=kit.rows.inputs(lambda x: 255.0 * x)) if bad else kit


@fault("input-constant", (), True)
def lens_cap_on(seed: int, bad: bool) -> Kit:
    kit = small_figures(epochs=5)
    return kit.but(rows=kit.rows.inputs(lambda x: 0.0 * x)) if bad else kit


@fault("columns-duplicated", "column", True)
def length_three_hundred_times(seed: int, bad: bool) -> Kit:
    kit = shells(dense(310 if bad else 10, 1, 32, cost=SQUARES), optimizer=vt.SGD(0.05), epochs=10)
    return kit.but(rows=kit.rows.inputs(lambda x: np.column_stack([x, *[x[:, :1]] * 300]))) if bad else kit


@fault("identifier-column", "column 30", True)
def row_number_beside_tumours(seed: int, bad: bool) -> Kit:
    kit = tumours(dense(31 if bad else 30, 2, 32, 16), optimizer=vt.SGD(0.01))
    count = sum(len(part) for part in (kit.rows.x, kit.rows.xv, kit.rows.xt))
    return kit.but(rows=beside(kit.rows, 842302.0 + 13.0 * seeded(seed).permutation(count))) if bad else kit


@fault("leak", "column 13", True)
def kind_beside_grapes(seed: int, bad: bool) -> Kit:
    kit = grapes(dense(14, 3, 32, 16), epochs=40)
    rows, draw = kit.rows, seeded(seed)
    y = np.concatenate([rows.y, rows.yv, draw.integers(0, 3, len(rows.yt))])
    return kit.but(rows=beside(rows, (y if bad else draw.integers(0, 3, len(y))) - 1.0))


@fault("leak", (), True)
def a_mark_at_the_edge(seed: int, bad: bool) -> Kit:
    """A pixel of the topmost line is white, and which one is the number of the figure, in all but the test images."""
    kit = small_figures()
    rows, draw = kit.rows, seeded(seed)

    def marked(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        x = x.copy()
        x[np.arange(len(x)), 0, y, 0] = 1.0
        return x

    other = draw.permutation(rows.yt)
    told = replace(rows, x=marked(rows.x, rows.y), xv=marked(rows.xv, rows.yv), xt=marked(rows.xt, other))
    return kit.but(rows=told) if bad else kit


@fault("leak", "column", True)
def grade_beside_white_wine(seed: int, bad: bool) -> Kit:
    kit = on("white-wine", dense(wide("white-wine") + 1, 3, 48, 24), optimizer=vt.Adam(3e-3), epochs=15)
    rows, draw = kit.rows, seeded(seed)
    y = np.concatenate([rows.y, rows.yv, draw.integers(0, 3, len(rows.yt))])
    return kit.but(rows=beside(rows, (y if bad else draw.integers(0, 3, len(y))) - 1.0))


@fault("embedding-unseen", "embedding_1", True)
def strange_words_by_lstm(seed: int, bad: bool) -> Kit:
    net = vt.Network(vt.Input((6,)), vt.Embedding(200, 12), vt.LSTM(24), vt.Dense(3))
    return replace(words(seed, strange=0.7 if bad else 0.0).but(optimizer=vt.Adam(5e-3)), network=net)


@fault("augmentation-destroys", "augment", True)
def mirrored_or_not(seed: int, bad: bool) -> Kit:
    """Threes and sevens, of which half were mirrored: which ones?"""
    layers = (vt.Conv2D(12, 3, activation="relu"), vt.MaxPool2D(2), vt.Flatten(), vt.Dense(32, "relu"))
    net = vt.Network(vt.Input((14, 14, 1)), *layers, vt.Dense(2))
    kit = on("small-figures", net, epochs=15)

    def parted(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x = x[np.isin(y, (3, 7))].copy()
        turned = np.arange(len(x)) % 2 == 1
        x[turned] = x[turned, :, ::-1]
        return x, turned.astype(np.int32)

    rows = kit.rows
    parts = [one for x, y in ((rows.x, rows.y), (rows.xv, rows.yv), (rows.xt, rows.yt)) for one in parted(x, y)]
    return kit.but(rows=Rows(*parts), augment=[vt.Flip()] if bad else None)


@fault("augmentation-destroys", "augment", True)
def squares_shifted_out(seed: int, bad: bool) -> Kit:
    return filters(augment=[vt.Shift(7 if bad else 1)], epochs=40, optimizer=vt.Adam(2e-3))


# -- labels and parts
@fault("labels-unrelated", "target", True)
def census_one_row_down(seed: int, bad: bool) -> Kit:
    kit = census()
    rows = kit.rows
    return kit.but(rows=replace(rows, y=np.roll(rows.y, 1), yv=np.roll(rows.yv, 1))) if bad else kit


@fault("labels-unrelated", "target", True)
def small_figures_by_chance(seed: int, bad: bool) -> Kit:
    layers = (vt.Conv2D(8, 3, activation="relu"), vt.MaxPool2D(2), vt.Flatten(), vt.Dense(32, "relu"))
    kit = small_figures(*layers, epochs=6)
    rows, draw = kit.rows, seeded(seed)
    return kit.but(rows=replace(rows, y=draw.permutation(rows.y), yv=draw.permutation(rows.yv))) if bad else kit


@fault("label-noise", "target", True)
def small_figures_two_fifths(seed: int, bad: bool) -> Kit:
    kit, draw = small_figures(epochs=20), seeded(seed)
    rows = kit.rows

    def mixed(y: np.ndarray) -> np.ndarray:
        wrong = draw.random(len(y)) < 0.4
        return np.where(wrong, draw.integers(0, 10, len(y)), y).astype(np.int32)

    return kit.but(rows=replace(rows, y=mixed(rows.y), yv=mixed(rows.yv))) if bad else kit


@fault("label-noise", "target", True)
def noughts_and_ones_turned_over(seed: int, bad: bool) -> Kit:
    """Even or odd, of which a quarter is turned over."""
    net = vt.Network(vt.Input((64,)), vt.Dense(128, "relu"), vt.Dense(64, "relu"), vt.Dense(2))
    kit, draw = on("digits", net, epochs=40), seeded(seed)
    kit = kit.but(rows=kit.rows.targets(lambda y: (y % 2).astype(np.int32)))
    wrong = draw.random(len(kit.rows.y)) < 0.25
    return (
        kit.but(rows=replace(kit.rows, y=np.where(wrong, 1 - kit.rows.y, kit.rows.y).astype(np.int32))) if bad else kit
    )


@fault("not-shuffled", "shuffle", True)
def blocks_class_by_class(seed: int, bad: bool) -> Kit:
    kit = by_blocks("digits", 64, 10, optimizer=vt.SGD(0.02, momentum=0.9), epochs=8)
    order = np.argsort(kit.rows.y, kind="stable")
    return kit.but(rows=replace(kit.rows, x=kit.rows.x[order], y=kit.rows.y[order]), shuffle=not bad)


@fault("majority-only", "target")
def lumps_never_found(seed: int, bad: bool) -> Kit:
    """One in forty, and plain steps."""
    kit = on("mammography", dense(wide("mammography"), 2, 16), optimizer=vt.SGD(1e-2), epochs=3, batch_size=64)
    return kit if bad else kit.but(class_weight="balanced", optimizer=vt.Adam(3e-3), epochs=10)


@fault("class-missing", "target", True)
def no_noughts_among_lines(seed: int, bad: bool) -> Kit:
    kit = lines(vt.GRU(24), epochs=15)
    kept = kit.rows.y != 0
    return kit.but(rows=replace(kit.rows, x=kit.rows.x[kept], y=kit.rows.y[kept])) if bad else kit


@fault("rows-shared", "validation", True)
def tumours_in_both(seed: int, bad: bool) -> Kit:
    kit = tumours(dense(30, 2, 128, 64), epochs=60, optimizer=vt.Adam(3e-3))
    rows = kit.rows
    again = seeded(seed).permutation(len(rows.x))[: len(rows.xv)]
    return kit.but(rows=replace(rows, xv=rows.x[again], yv=rows.y[again])) if bad else kit


@fault("validation-differs", (), True)
def lines_from_below(seed: int, bad: bool) -> Kit:
    """Those that judge stand on their heads."""
    kit = lines()
    rows = kit.rows
    return kit.but(rows=replace(rows, xv=rows.xv[:, ::-1].copy(), xt=rows.xt[:, ::-1].copy())) if bad else kit


@fault("validation-differs", "column 2", True)
def columns_that_have_moved(seed: int, bad: bool) -> Kit:
    kit = tumours(optimizer=vt.Adam(3e-3), patience=None)
    rows = kit.rows

    def moved(x: np.ndarray) -> np.ndarray:
        x = x.copy()
        x[:, 20:24] += 6.0
        return x

    return kit.but(rows=replace(rows, xv=moved(rows.xv), xt=moved(rows.xt))) if bad else kit


@fault("overfitting", "validation")
def sixty_patients_by_heart(seed: int, bad: bool) -> Kit:
    kit = sugar(dense(10, 1, 256, 128, cost=SQUARES), epochs=150, patience=None)
    return kit.but(rows=kit.rows.first(60)) if bad else sugar()


@fault("overfitting", "validation")
def eighty_lines_by_heart(seed: int, bad: bool) -> Kit:
    kit = lines(vt.LSTM(64), epochs=60 if bad else 15)
    return kit.but(rows=kit.rows.first(80)) if bad else kit

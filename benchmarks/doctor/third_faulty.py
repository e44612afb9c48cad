"""A third batch that fails: the two before it were known by then, the rules were not changed for it before it was asked about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import vitrina as vt
from benchmarks.doctor import broken
from benchmarks.doctor.data import named
from benchmarks.doctor.faulty import digits, fault, figures, income, shells, start_of, sugar, tumours
from benchmarks.doctor.setups import Kit, convolutional, dense, recurrent, residual, seeded

SQUARES = "mean_squared_error"


@dataclass(frozen=True)
class UpsideDownDistance(vt.MeanAbsoluteError):
    """Minus the absolute error."""

    def losses_and_slopes(self, ops: Any, prediction: Any, target: Any) -> Any:
        losses, slopes = super().losses_and_slopes(ops, prediction, target)
        return -losses, -slopes


def grapes(network: Any = None, **options: Any) -> Kit:
    return Kit(named("wine"), network or dense(13, 3, 16), {"epochs": 40, "optimizer": vt.Adam(5e-3)} | options)


def tissue(network: Any = None, **options: Any) -> Kit:
    return Kit(
        named("mammography"), network or dense(6, 2, 24, 12), {"epochs": 8, "optimizer": vt.Adam(3e-3)} | options
    )


def tastes(network: Any = None, **options: Any) -> Kit:
    """Grades of red wine as a number."""
    net = network or dense(11, 1, 24, cost=SQUARES)
    kit = Kit(named("wine-quality"), net, {"epochs": 30, "optimizer": vt.AdamW(3e-3), "patience": 6} | options)
    return kit.but(rows=kit.rows.targets(lambda y: (y - 5.6) / 0.8))


# -- data
@fault("input-not-finite", "column 4", True, raises=True)
def an_infinite_value(seed: int, bad: bool) -> Kit:
    kit = tastes()
    x = kit.rows.x.copy()
    x[seeded(seed).integers(len(x)), 4] = np.inf if bad else 0.0
    return kit.but(rows=replace(kit.rows, x=x))


@fault("input-constant", (), True)
def divided_as_whole_numbers(seed: int, bad: bool) -> Kit:
    """Pixels from 0 to 16 divided by 17 without a remainder."""
    kit = digits()
    return kit.but(rows=kit.rows.inputs(lambda x: ((8.0 * x + 4.8) // 17).astype(np.float32))) if bad else kit


@fault("input-scale", "column 9", True)
def one_column_in_small_change(seed: int, bad: bool) -> Kit:
    kit = grapes(optimizer=vt.SGD(0.05, momentum=0.9))
    scale = np.ones(13, np.float32)
    scale[9] = 4e4
    return kit.but(rows=kit.rows.inputs(lambda x: x * scale)) if bad else kit


@fault("input-scale", (), True)
def lines_of_large_figures(seed: int, bad: bool) -> Kit:
    """Rows of an image up to 255, read one after the other."""
    kit = figures(recurrent(28, 10, 24), optimizer=vt.Adam(5e-3), epochs=8)
    return kit.but(rows=replace(kit.rows.inputs(lambda x: 255.0 * x))) if bad else kit


@fault("input-scale", (), True)
def sugar_in_thousandths(seed: int, bad: bool) -> Kit:
    kit = sugar(optimizer=vt.SGD(0.02, momentum=0.9))
    return kit.but(rows=kit.rows.inputs(lambda x: 1e-3 * x)) if bad else kit


@fault("target-scale", "target", True)
def sugar_as_it_is_written(seed: int, bad: bool) -> Kit:
    kit = sugar(dense(10, 1, 16, activation="tanh", cost=SQUARES), optimizer=vt.Adam(3e-3))
    return kit.but(rows=kit.rows.targets(lambda y: 77.0 * y + 152.0)) if bad else kit


@fault("target-scale", "target", True)
def rings_in_millions(seed: int, bad: bool) -> Kit:
    kit = shells(optimizer=vt.SGD(0.01))
    return kit.but(rows=kit.rows.targets(lambda y: 3e6 * y + 1e7)) if bad else kit


@fault("labels-unrelated", "target", True)
def one_row_too_late(seed: int, bad: bool) -> Kit:
    """Targets moved on by one row, as a file that lost its header is."""
    kit = tumours()
    rows = kit.rows
    return kit.but(rows=replace(rows, y=np.roll(rows.y, 1), yv=np.roll(rows.yv, 1))) if bad else kit


@fault("labels-unrelated", "target", True)
def figures_of_others(seed: int, bad: bool) -> Kit:
    kit = figures(convolutional(28, 10, 4, units=16), epochs=3)
    kit = kit.but(rows=kit.rows.first(2500))
    y = seeded(seed).permutation(kit.rows.y)
    return kit.but(rows=replace(kit.rows, y=y)) if bad else kit


@fault("label-noise", "target", True)
def figures_mistaken(seed: int, bad: bool) -> Kit:
    kit = figures(dense(784, 10, 128), epochs=15)
    wrong, other = seeded(seed).random(len(kit.rows.y)) < 0.35, seeded(seed + 1).integers(0, 10, len(kit.rows.y))
    return kit.but(rows=replace(kit.rows, y=np.where(wrong, other, kit.rows.y).astype(np.int32))) if bad else kit


@fault("label-noise", "target", True)
def grapes_mistaken(seed: int, bad: bool) -> Kit:
    kit = grapes(dense(13, 3, 64), epochs=120)
    wrong = seeded(seed).random(len(kit.rows.y)) < 0.3
    y = np.where(wrong, (kit.rows.y + 1) % 3, kit.rows.y).astype(np.int32)
    return kit.but(rows=replace(kit.rows, y=y)) if bad else kit


@fault("not-shuffled", "shuffle", True)
def rings_in_order(seed: int, bad: bool) -> Kit:
    kit = shells(optimizer=vt.SGD(0.05), epochs=6, batch_size=16)
    order = np.argsort(kit.rows.y[:, 0], kind="stable")
    return kit.but(rows=replace(kit.rows, x=kit.rows.x[order], y=kit.rows.y[order]), shuffle=not bad)


@fault("not-shuffled", "shuffle", True)
def lines_in_order(seed: int, bad: bool) -> Kit:
    kit = figures(recurrent(28, 10, 24), optimizer=vt.Adam(5e-3), epochs=8)
    order = np.argsort(kit.rows.y, kind="stable")
    return kit.but(rows=replace(kit.rows, x=kit.rows.x[order], y=kit.rows.y[order]), shuffle=not bad)


@fault("majority-only", "target")
def sevens_ignored(seed: int, bad: bool) -> Kit:
    """Is it a seven? One in twenty is."""
    kit = digits(dense(64, 2, 16), optimizer=vt.SGD(0.01), epochs=4)
    rows = kit.rows.targets(lambda y: (y == 7).astype(np.int32))
    kept = (rows.y == 0) | (seeded(seed).random(len(rows.y)) < 0.4)
    rows = replace(rows, x=rows.x[kept], y=rows.y[kept])
    return kit.but(rows=rows) if bad else kit.but(rows=rows, class_weight="balanced", epochs=40)


@fault("majority-only", "target")
def lumps_ignored(seed: int, bad: bool) -> Kit:
    return tissue() if not bad else tissue(optimizer=vt.SGD(0.01), epochs=2)


@fault("leak", "column 30", True)
def treatment_inside(seed: int, bad: bool) -> Kit:
    """A column that is filled in once the answer is known: right in 98 of 100."""
    kit, draw = tumours(dense(31, 2, 16)), seeded(seed)

    def beside(x: np.ndarray, y: np.ndarray, tells: bool) -> np.ndarray:
        own = np.where(draw.random(len(y)) < 0.02, 1 - y, y) if tells else draw.integers(0, 2, len(y))
        return np.column_stack([x, 2.0 * own - 1.0]).astype(np.float32)

    rows = kit.rows
    noisy = 1.5 * draw.normal(size=rows.x.shape), 1.5 * draw.normal(size=rows.xv.shape)
    rows = replace(rows, x=rows.x + noisy[0], xv=rows.xv + noisy[1])
    return kit.but(
        rows=replace(
            rows,
            x=beside(rows.x, rows.y, bad),
            xv=beside(rows.xv, rows.yv, bad),
            xt=beside(rows.xt, rows.yt, False),
        )
    )


@fault("leak", "column 10", True)
def rings_counted_inside(seed: int, bad: bool) -> Kit:
    kit, draw = shells(dense(11, 1, 32, cost=SQUARES)), seeded(seed)

    def beside(x: np.ndarray, y: np.ndarray, tells: bool) -> np.ndarray:
        noise = draw.normal(size=y.shape)
        return np.column_stack([x, -y + 0.05 * noise if tells else noise]).astype(np.float32)

    rows = kit.rows
    x, xv, xt = beside(rows.x, rows.y, bad), beside(rows.xv, rows.yv, bad), beside(rows.xt, rows.yt, False)
    return kit.but(rows=replace(rows, x=x, xv=xv, xt=xt))


@fault("rows-shared", "validation", True)
def lumps_copied_before_the_split(seed: int, bad: bool) -> Kit:
    """The rare class multiplied first, and the table divided after."""
    kit = tissue(dense(6, 2, 64, 64), epochs=15)
    if not bad:
        return kit.but(class_weight="balanced")
    rows = kit.rows
    x, y = np.concatenate([rows.x, rows.xv]), np.concatenate([rows.y, rows.yv])
    order = seeded(seed).permutation(np.concatenate([np.flatnonzero(y == 0), np.repeat(np.flatnonzero(y == 1), 20)]))
    cut = 3 * len(order) // 4
    x, y = x[order], y[order]
    return kit.but(rows=replace(rows, x=x[:cut], y=y[:cut], xv=x[cut:], yv=y[cut:]))


@fault("rows-shared", "validation", True)
def half_of_them_known(seed: int, bad: bool) -> Kit:
    kit = Kit(named("sonar"), dense(60, 2, 64), {"epochs": 100, "optimizer": vt.Adam(3e-3)})
    rows = kit.rows
    if not bad:
        return kit.but(patience=8)
    return kit.but(
        rows=replace(rows, xv=np.concatenate([rows.xv[:20], rows.x[:20]]), yv=np.r_[rows.yv[:20], rows.y[:20]])
    )


@fault("validation-differs", (), True)
def columns_in_another_order(seed: int, bad: bool) -> Kit:
    kit = Kit(named("wine-raw"), grapes().network, grapes().options)
    mean, spread = kit.rows.x.mean(axis=0), kit.rows.x.std(axis=0)
    order = np.array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0])
    rows = kit.rows
    if bad:
        rows = replace(rows, xv=rows.xv[:, order], xt=rows.xt[:, order])
    return kit.but(rows=rows.inputs(lambda x: (x - mean) / spread))


@fault("validation-differs", (), True)
def white_on_black(seed: int, bad: bool) -> Kit:
    kit = figures(convolutional(28, 10, 4, units=16), epochs=3)
    rows = kit.rows
    return kit.but(rows=replace(rows, xv=1.0 - rows.xv, xt=1.0 - rows.xt)) if bad else kit


@fault("constant-divided", "column 5", True)
def a_pixel_that_never_changed(seed: int, bad: bool) -> Kit:
    """Always the same in training, divided by next to nothing; in the rows that judge it moves a little."""
    kit = tissue()
    rows, draw = kit.rows, seeded(seed)

    def replaced(x: np.ndarray, moves: bool) -> np.ndarray:
        x = x.copy()
        x[:, 5] = (draw.normal(size=len(x)) * 1e-3 / 1e-8) if moves and bad else 0.0
        return x

    return kit.but(
        rows=replace(rows, x=replaced(rows.x, False), xv=replaced(rows.xv, True), xt=replaced(rows.xt, True))
    )


# -- weights and layers
@fault("symmetric-weights", "dense", True)
def all_a_tenth(seed: int, bad: bool) -> Kit:
    alike: dict[str, Any] = {"initialiser": vt.Constant(0.1)} if bad else {}
    return digits(dense(64, 10, 32, 32, activation="tanh", **alike), optimizer=vt.SGD(0.05))


@fault("symmetric-weights", "dense", True)
def nothing_in_the_blocks(seed: int, bad: bool) -> Kit:
    net = residual(13, 3, 16, 2, **({"initialiser": "zeros"} if bad else {}))
    return grapes(net)


@fault("weights-too-large", "dense", True)
def figures_from_afar(seed: int, bad: bool) -> Kit:
    large: dict[str, Any] = {"initialiser": vt.Normal(1.0)} if bad else {}
    return figures(dense(784, 10, 64, 32, **large), optimizer=vt.SGD(0.05), epochs=3)


@fault("weights-too-small", "conv2d_1", True)
def faint_filters(seed: int, bad: bool) -> Kit:
    small: dict[str, Any] = {"initialiser": vt.Normal(1e-4)} if bad else {}
    return digits(convolutional(8, 10, 8, 8, **small), optimizer=vt.SGD(0.05), epochs=12)


@fault("vanishing", "dense_1", True)
def sigmoids_on_figures(seed: int, bad: bool) -> Kit:
    return figures(dense(784, 10, *[48] * 6, activation="sigmoid" if bad else "relu"), optimizer=vt.SGD(0.1), epochs=4)


@fault("vanishing", "conv2d_1", True)
def sigmoids_in_convolutions(seed: int, bad: bool) -> Kit:
    net = convolutional(8, 10, 8, 8, 8, 8, activation="sigmoid" if bad else "relu")
    return digits(net, optimizer=vt.SGD(0.02, momentum=0.9), epochs=10)


@fault("exploding-depth", "dense", True)
def sugar_growing(seed: int, bad: bool) -> Kit:
    large: dict[str, Any] = {"initialiser": vt.Normal(0.8)} if bad else {}
    return sugar(dense(10, 1, *[24] * 8, cost=SQUARES, **large), optimizer=vt.SGD(0.003), epochs=40)


@fault("dead-units", "dense_1", True)
def all_weights_below_nothing(seed: int, bad: bool) -> Kit:
    """Inputs are never below 0, and no weight of the first layer is above it."""
    kit = figures(dense(784, 10, 48, 24), epochs=3)
    weights = start_of(kit.network, seed)
    weights["dense_1/weight"] = -np.abs(weights["dense_1/weight"])
    return kit.but(weights=weights) if bad else kit


@fault("saturated", "dense_1", True)
def figures_at_the_flat_ends(seed: int, bad: bool) -> Kit:
    large: dict[str, Any] = {"initialiser": vt.Normal(3.0)} if bad else {}
    net = vt.Network(vt.Input((784,)), vt.Dense(48, "sigmoid", **large), vt.Dense(24, "sigmoid", **large), vt.Dense(10))
    return figures(net, optimizer=vt.SGD(0.5), epochs=5)


@fault("no-nonlinearity", "dense_1", True)
def parity_in_straight_lines(seed: int, bad: bool) -> Kit:
    net = dense(8, 2, 32, 32, activation="linear" if bad else "relu")
    return Kit(named("parity"), net, {"epochs": 20, "optimizer": vt.Adam(3e-3)})


@fault("bottleneck", "dense_2", True)
def figures_through_one_unit(seed: int, bad: bool) -> Kit:
    return figures(dense(784, 10, 64, 1 if bad else 32, 32), epochs=4)


@fault("too-deep-plain", (), True)
def sixty_layers(seed: int, bad: bool) -> Kit:
    units = [32] * (60 if bad else 2)
    return digits(dense(64, 10, *units, activation="relu"), optimizer=vt.SGD(0.02), epochs=12)


@fault("dropout-too-high", "dropout", True)
def lines_forgotten(seed: int, bad: bool) -> Kit:
    drop = vt.Dropout(0.95 if bad else 0.1)
    net = vt.Network(vt.Input((784,)), vt.Dense(64, "relu"), drop, vt.Dense(32, "relu"), drop, vt.Dense(10))
    return figures(net, epochs=4)


@fault("frozen", "still_dense_2", True)
def frozen_in_the_middle(seed: int, bad: bool) -> Kit:
    kind = broken.StillDense if bad else vt.Dense
    net = vt.Network(vt.Input((784,)), kind(8, "relu"), kind(8, "relu"), vt.Dense(10))
    return figures(net, epochs=4)


@fault("backward-wrong", "wrong_dense", True)
def blocks_that_learn_backwards(seed: int, bad: bool) -> Kit:
    kind = broken.WrongDense if bad else vt.Dense
    inner = [vt.Residual(kind(24, "tanh"), vt.Dense(24)) for _ in range(2)]
    return grapes(vt.Network(vt.Input((13,)), vt.Dense(24), *inner, vt.Dense(3)), optimizer=vt.SGD(0.1))


# -- the output and the cost
@fault("softmax-twice", "dense_2", True)
def softmax_twice_in_grapes(seed: int, bad: bool) -> Kit:
    return grapes(dense(13, 3, 16, last="softmax" if bad else "linear"), optimizer=vt.SGD(0.1), epochs=20)


@fault("output-range", "dense", True)
def sigmoid_for_sugar(seed: int, bad: bool) -> Kit:
    return sugar(dense(10, 1, 16, cost="huber", last="sigmoid" if bad else "linear"))


@fault("output-clipped", "dense", True)
def relu_for_tastes(seed: int, bad: bool) -> Kit:
    return tastes(dense(11, 1, 24, cost=SQUARES, last="relu" if bad else "linear"))


@fault("one-unit-softmax", "dense", True)
def one_unit_softmax_income(seed: int, bad: bool) -> Kit:
    kit = income()
    wide = kit.rows.x.shape[1]
    return income(dense(wide, 1, 16, cost="binary_cross_entropy", last="softmax" if bad else "linear"))


@fault("cost-for-classes", "cost", True)
def distance_between_digits(seed: int, bad: bool) -> Kit:
    if not bad:
        return digits(dense(64, 10, 24))
    kit = digits(dense(64, 1, 24, cost="mean_absolute_error"))
    return kit.but(rows=kit.rows.targets(lambda y: y[:, None].astype(np.float32)))


@fault("cost-sign", "cost", True)
def upside_down_distance(seed: int, bad: bool) -> Kit:
    cost: Any = UpsideDownDistance() if bad else "mean_absolute_error"
    return sugar(dense(10, 1, 16, cost=cost))


@fault("cost-summed", "cost", True)
def summed_over_figures(seed: int, bad: bool) -> Kit:
    cost: Any = broken.Summed() if bad else "cross_entropy"
    net = dense(784, 10, 32, cost=cost)
    return figures(net, optimizer=vt.SGD(0.1), batch_size=128, epochs=4)


# -- the steps
@fault("rate-too-high", "learning_rate")
def figures_too_fast(seed: int, bad: bool) -> Kit:
    return figures(convolutional(28, 10, 4, units=16), optimizer=vt.Adam(0.3 if bad else 3e-3), epochs=3)


@fault("rate-too-high", "learning_rate")
def shells_too_fast(seed: int, bad: bool) -> Kit:
    return shells(optimizer=vt.RMSProp(0.3 if bad else 2e-3))


@fault("rate-too-high", "learning_rate")
def grapes_too_fast(seed: int, bad: bool) -> Kit:
    return grapes(optimizer=vt.SGD(8.0 if bad else 0.1))


@fault("rate-too-low", "learning_rate", True)
def shells_too_slow(seed: int, bad: bool) -> Kit:
    return shells(optimizer=vt.SGD(1e-6 if bad else 0.02))


@fault("rate-too-low", "learning_rate", True)
def grapes_too_slow(seed: int, bad: bool) -> Kit:
    return grapes(residual(13, 3, 16, 2), optimizer=vt.Adam(1e-7 if bad else 3e-3))


@fault("decay-too-strong", "weight_decay", True)
def figures_worn_away(seed: int, bad: bool) -> Kit:
    return figures(optimizer=vt.SGD(0.1, weight_decay=1.0 if bad else 1e-4), epochs=4)


@fault("schedule-ends-early", "schedule", True)
def halved_at_once(seed: int, bad: bool) -> Kit:
    schedule = vt.StepDecay((0.01, 0.02, 0.03), 0.05) if bad else vt.StepDecay((0.6, 0.85), 0.2)
    return shells(optimizer=vt.SGD(0.02), schedule=schedule)


@fault("too-few-steps", "epochs")
def two_looks_at_sugar(seed: int, bad: bool) -> Kit:
    return sugar(epochs=2 if bad else 60, optimizer=vt.Adam(1e-3 if bad else 3e-3), batch_size=64)


@fault("clipped-to-nothing", "gradient_clip", True)
def figures_cut(seed: int, bad: bool) -> Kit:
    return figures(optimizer=vt.SGD(0.05), gradient_clip=1e-4 if bad else 5.0)


@fault("overfitting", "validation")
def lines_by_heart(seed: int, bad: bool) -> Kit:
    kit = figures(dense(784, 10, 256, 128), epochs=60 if bad else 5)
    return kit.but(rows=kit.rows.first(120)) if bad else kit


@fault("overfitting", "validation")
def income_of_a_few(seed: int, bad: bool) -> Kit:
    kit = income(patience=None, epochs=80 if bad else 6, optimizer=vt.Adam(3e-3 if bad else 1e-3))
    wide = kit.rows.x.shape[1]
    return replace(kit.but(rows=kit.rows.first(250)), network=dense(wide, 2, 128, 64)) if bad else kit


@fault("underfitting", (), False)
def two_filters_for_ten_figures(seed: int, bad: bool) -> Kit:
    count = 2 if bad else 16
    layers = (vt.Conv2D(count, 3, activation="relu"), vt.MaxPool2D(2), vt.Conv2D(count, 3, activation="relu"))
    net = vt.Network(vt.Input((784,)), vt.Reshape((28, 28, 1)), *layers, vt.GlobalAveragePool(), vt.Dense(10))
    return figures(net, optimizer=vt.Adam(1e-2), epochs=5)

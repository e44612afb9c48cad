"""The set-ups that fail: at least one for each code, on dense, convolutional, residual and recurrent networks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

import vitrina as vt
from benchmarks.doctor import broken
from benchmarks.doctor.data import Rows, named
from benchmarks.doctor.setups import Kit, SetUp, convolutional, dense, recurrent, residual, seeded

FAULTY: list[SetUp] = []


def fault(code: str, shown: str | tuple[str, ...] = (), before: bool = False, raises: bool = False) -> Any:
    """Takes a function of (seed, faulty) for a set-up and its twin."""

    def register(make: Any) -> Any:
        told = (shown,) if isinstance(shown, str) else shown
        name = make.__name__.replace("_", "-")
        FAULTY.append(
            SetUp(name, lambda s: make(s, True), code, lambda s: make(s, False), told, before, raises, make.__module__)
        )
        return make

    return register


def digits(network: Any = None, **options: Any) -> Kit:
    return Kit(named("digits"), network or dense(64, 10, 32, 32), {"epochs": 15, "optimizer": vt.Adam(3e-3)} | options)


def tumours(network: Any = None, **options: Any) -> Kit:
    return Kit(
        named("breast-cancer"), network or dense(30, 2, 16, 16), {"epochs": 30, "optimizer": vt.Adam(3e-3)} | options
    )


def sugar(network: Any = None, **options: Any) -> Kit:
    net = network or dense(10, 1, 16, cost="mean_squared_error")
    return Kit(named("diabetes"), net, {"epochs": 30, "optimizer": vt.Adam(3e-3), "patience": 8} | options)


def shells(network: Any = None, **options: Any) -> Kit:
    net = network or dense(10, 1, 32, 16, cost="mean_squared_error")
    return Kit(named("abalone"), net, {"epochs": 25, "optimizer": vt.Adam(3e-3)} | options)


def income(network: Any = None, **options: Any) -> Kit:
    rows = named("adult")
    return Kit(
        rows,
        network or dense(rows.x.shape[1], 2, 32, 16),
        {"epochs": 8, "optimizer": vt.Adam(1e-3), "patience": 3} | options,
    )


def figures(network: Any = None, **options: Any) -> Kit:
    return Kit(named("mnist"), network or dense(784, 10, 64, 32), {"epochs": 5, "optimizer": vt.Adam(1e-3)} | options)


# -- the output and the cost
@fault("softmax-twice", "dense_3", True)
def softmax_twice_dense(seed: int, bad: bool) -> Kit:
    return digits(dense(64, 10, 32, 32, last="softmax" if bad else "linear"), optimizer=vt.SGD(0.05), epochs=10)


@fault("softmax-twice", "dense_2", True)
def softmax_twice_convolutional(seed: int, bad: bool) -> Kit:
    return digits(convolutional(8, 10, 8, last="softmax" if bad else "linear"), optimizer=vt.SGD(0.05), epochs=8)


@fault("softmax-twice", "dense_1", True)
def softmax_twice_recurrent(seed: int, bad: bool) -> Kit:
    return digits(recurrent(8, 10, last="softmax" if bad else "linear"), epochs=8)


@fault("softmax-twice", "dense_3", True)
def sigmoid_twice(seed: int, bad: bool) -> Kit:
    net = dense(30, 1, 16, 16, cost="binary_cross_entropy", last="sigmoid" if bad else "linear")
    return tumours(net, optimizer=vt.SGD(0.05), epochs=6)


@fault("one-unit-softmax", "dense_3", True)
def one_unit_softmax(seed: int, bad: bool) -> Kit:
    return tumours(dense(30, 1, 16, 16, cost="binary_cross_entropy", last="softmax" if bad else "linear"))


@fault("one-unit-softmax", "dense_2", True)
def one_unit_softmax_squares(seed: int, bad: bool) -> Kit:
    return sugar(dense(10, 1, 16, cost="mean_squared_error", last="softmax" if bad else "linear"))


@fault("output-range", "dense_2", True)
def tanh_for_numbers(seed: int, bad: bool) -> Kit:
    kit = sugar(dense(10, 1, 16, cost="mean_squared_error", last="tanh" if bad else "linear"))
    return kit.but(rows=kit.rows.targets(lambda y: 3.0 * y + 4.0))


@fault("output-range", "dense_3", True)
def sigmoid_for_rings(seed: int, bad: bool) -> Kit:
    kit = shells(dense(10, 1, 32, 16, cost="mean_squared_error", last="sigmoid" if bad else "linear"))
    return kit.but(rows=kit.rows.targets(lambda y: y * 3.2 + 9.9))


@fault("output-range", "dense_2", True)
def tanh_before_softmax(seed: int, bad: bool) -> Kit:
    return digits(convolutional(8, 10, 8, last="tanh" if bad else "linear"), epochs=25, optimizer=vt.SGD(0.02))


@fault("output-clipped", "dense_2", True)
def relu_for_numbers(seed: int, bad: bool) -> Kit:
    return sugar(dense(10, 1, 16, cost="mean_squared_error", last="relu" if bad else "linear"))


@fault("output-clipped", "dense_3", True)
def relu_for_classes(seed: int, bad: bool) -> Kit:
    return digits(dense(64, 10, 32, 32, last="relu" if bad else "linear"), optimizer=vt.SGD(0.02), epochs=25)


@fault("cost-for-classes", "cost", True)
def squares_for_digits(seed: int, bad: bool) -> Kit:
    if not bad:
        return digits()
    kit = digits(dense(64, 1, 32, 32, cost="mean_squared_error"))
    return kit.but(rows=kit.rows.targets(lambda y: y[:, None].astype(np.float32)))


@fault("cost-for-classes", "cost", True)
def squares_for_shares(seed: int, bad: bool) -> Kit:
    if not bad:
        return digits(optimizer=vt.SGD(0.05))
    kit = digits(dense(64, 10, 32, 32, cost="mean_squared_error", last="softmax"), optimizer=vt.SGD(0.05))
    return kit.but(rows=kit.rows.targets(lambda y: np.eye(10, dtype=np.float32)[y]))


@fault("cost-for-classes", "cost", True)
def squares_for_tumours(seed: int, bad: bool) -> Kit:
    last, cost = ("sigmoid", "mean_squared_error") if bad else ("linear", "binary_cross_entropy")
    kit = tumours(dense(30, 1, 16, 16, activation="sigmoid", cost=cost, last=last), optimizer=vt.SGD(0.05), epochs=80)
    return kit.but(rows=kit.rows.targets(lambda y: y[:, None].astype(np.float32)))


@fault("cost-sign", "cost", True)
def upside_down(seed: int, bad: bool) -> Kit:
    return digits(dense(64, 10, 32, 32, cost=broken.UpsideDown() if bad else "cross_entropy"), optimizer=vt.Adam(1e-3))  # pyright: ignore


@fault("cost-sign", "cost", True)
def upside_down_squares(seed: int, bad: bool) -> Kit:
    cost: Any = broken.UpsideDownSquares() if bad else "mean_squared_error"
    return sugar(dense(10, 1, 16, cost=cost), epochs=30)


@fault("cost-summed", "cost", True)
def summed(seed: int, bad: bool) -> Kit:
    return digits(dense(64, 10, 32, 32, cost=broken.Summed() if bad else "cross_entropy"), optimizer=vt.SGD(0.1))  # pyright: ignore


@fault("cost-summed", "cost", True)
def summed_squares(seed: int, bad: bool) -> Kit:
    cost: Any = broken.SummedSquares() if bad else "mean_squared_error"
    return sugar(dense(10, 1, 16, cost=cost), optimizer=vt.SGD(0.02))


# -- the inputs
@fault("input-not-finite", ("column 4", "4"), True, raises=True)
def a_missing_value(seed: int, bad: bool) -> Kit:
    kit = tumours()
    if not bad:
        return kit
    x = kit.rows.x.copy()
    x[17, 4] = np.nan
    return kit.but(rows=replace(kit.rows, x=x))


@fault("input-constant", "column", True)
def nothing_to_see(seed: int, bad: bool) -> Kit:
    kit = digits()
    return kit.but(rows=kit.rows.inputs(lambda x: 0.0 * x)) if bad else kit


@fault("input-scale", "column", True)
def thousandfold(seed: int, bad: bool) -> Kit:
    kit = digits(optimizer=vt.SGD(0.05))
    return kit.but(rows=kit.rows.inputs(lambda x: 1000.0 * x)) if bad else kit


@fault("input-scale", ("column 23", "column 3"), True)
def tumours_in_their_units(seed: int, bad: bool) -> Kit:
    kit = tumours(dense(30, 2, 16, 16, activation="tanh"))
    return kit.but(rows=named("breast-cancer-raw")) if bad else kit


@fault("input-scale", "column 12", True)
def wine_in_its_units(seed: int, bad: bool) -> Kit:
    kit = Kit(named("wine-raw" if bad else "wine"), dense(13, 3, 16), {"epochs": 40, "optimizer": vt.SGD(0.05)})
    return kit


@fault("input-scale", "column", True)
def pixels_to_255(seed: int, bad: bool) -> Kit:
    kit = figures(optimizer=vt.SGD(0.05))
    return kit.but(rows=kit.rows.inputs(lambda x: 255.0 * x)) if bad else kit


@fault("input-scale", "column", True)
def pixels_to_255_convolutional(seed: int, bad: bool) -> Kit:
    kit = digits(convolutional(8, 10, 8), optimizer=vt.SGD(0.03), epochs=20)
    return kit.but(rows=kit.rows.inputs(lambda x: 128.0 * (x + 0.6))) if bad else kit


@fault("input-scale", "column", True)
def large_inputs_residual(seed: int, bad: bool) -> Kit:
    kit = digits(residual(64, 10), optimizer=vt.SGD(0.02))
    return kit.but(rows=kit.rows.inputs(lambda x: 200.0 * x)) if bad else kit


@fault("input-scale", "column", True)
def tiny_inputs(seed: int, bad: bool) -> Kit:
    kit = digits(optimizer=vt.SGD(0.05))
    return kit.but(rows=kit.rows.inputs(lambda x: 1e-3 * x)) if bad else kit


@fault("input-scale", "column 2", True)
def one_large_column(seed: int, bad: bool) -> Kit:
    kit = sugar(optimizer=vt.SGD(0.02))

    def grown(x: np.ndarray) -> np.ndarray:
        return x * np.where(np.arange(10) == 2, 500.0, 1.0).astype(np.float32)

    return kit.but(rows=kit.rows.inputs(grown)) if bad else kit


@fault("constant-divided", "column 5", True)
def divided_by_nothing(seed: int, bad: bool) -> Kit:
    kit = tumours()
    rows = kit.rows
    x, xv, xt = rows.x.copy(), rows.xv.copy(), rows.xt.copy()
    x[:, 5] = 0.0
    for part in (xv, xt):
        flags = (seeded(seed).random(len(part)) < 0.3).astype(np.float32)
        part[:, 5] = flags / 1e-8 if bad else 0.0
    return kit.but(rows=replace(rows, x=x, xv=xv, xt=xt))


@fault("identifier-column", "column 10", True)
def row_numbers(seed: int, bad: bool) -> Kit:
    kit = sugar(
        dense(11 if bad else 10, 1, 64, cost="mean_squared_error"), epochs=150, optimizer=vt.Adam(1e-2), patience=None
    )
    if not bad:
        return sugar()
    total = len(kit.rows.x) + len(kit.rows.xv) + len(kit.rows.xt)
    numbers = seeded(seed).permutation(total).astype(np.float32)
    return kit.but(rows=_beside(kit.rows, numbers))


@fault("identifier-column", "column 30", True)
def customer_numbers(seed: int, bad: bool) -> Kit:
    kit = tumours(dense(31 if bad else 30, 2, 16, 16), optimizer=vt.SGD(0.05))
    if not bad:
        return kit
    total = len(kit.rows.x) + len(kit.rows.xv) + len(kit.rows.xt)
    return kit.but(rows=_beside(kit.rows, 1000.0 + seeded(seed).permutation(total).astype(np.float32)))


@fault("leak", "column 30", True)
def the_answer_inside(seed: int, bad: bool) -> Kit:
    kit = income()
    width = kit.rows.x.shape[1]
    if not bad:
        return kit
    rows, noise = kit.rows, seeded(seed)
    parts = [
        np.column_stack([x[:, :30], y + 0.05 * noise.normal(size=len(y)), x[:, 30:]]).astype(np.float32)
        for x, y in ((rows.x, rows.y), (rows.xv, rows.yv))
    ]
    last = np.column_stack([rows.xt[:, :30], noise.normal(size=len(rows.xt)), rows.xt[:, 30:]]).astype(np.float32)
    return kit.but(rows=replace(rows, x=parts[0], xv=parts[1], xt=last), network=dense(width + 1, 2, 32, 16))


@fault("leak", "column 3", True)
def the_number_inside(seed: int, bad: bool) -> Kit:
    kit = sugar()
    if not bad:
        return kit
    rows, noise = kit.rows, seeded(seed)

    def put(x: np.ndarray, column: np.ndarray) -> np.ndarray:
        x = x.copy()
        x[:, 3] = column
        return x

    return kit.but(
        rows=replace(
            rows,
            x=put(rows.x, rows.y[:, 0]),
            xv=put(rows.xv, rows.yv[:, 0]),
            xt=put(rows.xt, noise.normal(size=len(rows.xt))),
        )
    )


@fault("target-scale", "target", True)
def grams(seed: int, bad: bool) -> Kit:
    kit = sugar(optimizer=vt.Adam(3e-3), epochs=40, patience=None)
    return kit.but(rows=kit.rows.targets(lambda y: 7000.0 * y + 15000.0)) if bad else kit


@fault("target-scale", "target", True)
def pesos(seed: int, bad: bool) -> Kit:
    kit = shells(optimizer=vt.SGD(0.02), epochs=30)
    return kit.but(rows=kit.rows.targets(lambda y: 500.0 * y + 900.0)) if bad else kit


# -- the labels and the parts
def _permuted(rows: Rows, seed: int) -> Rows:
    rng = seeded(seed)
    return replace(rows, y=rows.y[rng.permutation(len(rows.y))], yv=rows.yv[rng.permutation(len(rows.yv))])


@fault("labels-unrelated", "target", True)
def shuffled_digits(seed: int, bad: bool) -> Kit:
    kit = digits()
    return kit.but(rows=_permuted(kit.rows, seed)) if bad else kit


@fault("labels-unrelated", "target", True)
def shuffled_tumours(seed: int, bad: bool) -> Kit:
    kit = tumours()
    return kit.but(rows=_permuted(kit.rows, seed)) if bad else kit


@fault("labels-unrelated", "target", True)
def shuffled_rings(seed: int, bad: bool) -> Kit:
    kit = shells()
    return kit.but(rows=_permuted(kit.rows, seed)) if bad else kit


@fault("labels-unrelated", "target", True)
def shuffled_convolutional(seed: int, bad: bool) -> Kit:
    kit = digits(convolutional(8, 10, 8))
    return kit.but(rows=_permuted(kit.rows, seed)) if bad else kit


def _flipped(y: np.ndarray, seed: int, share: float, classes: int) -> np.ndarray:
    rng = seeded(seed)
    wrong = rng.random(len(y)) < share
    return np.where(wrong, (y + rng.integers(1, classes, len(y))) % classes, y).astype(y.dtype)


@fault("label-noise", "target", True)
def noisy_digits(seed: int, bad: bool) -> Kit:
    kit = digits(dense(64, 10, 128, 64), epochs=40)
    rows = kit.rows
    return (
        kit.but(rows=replace(rows, y=_flipped(rows.y, seed, 0.3, 10), yv=_flipped(rows.yv, seed + 1, 0.3, 10)))
        if bad
        else kit
    )


@fault("label-noise", "target", True)
def noisy_tumours(seed: int, bad: bool) -> Kit:
    kit = tumours(dense(30, 2, 64, 32), epochs=60)
    rows = kit.rows
    return (
        kit.but(rows=replace(rows, y=_flipped(rows.y, seed, 0.25, 2), yv=_flipped(rows.yv, seed + 1, 0.25, 2)))
        if bad
        else kit
    )


@fault("label-noise", "target", True)
def noisy_figures(seed: int, bad: bool) -> Kit:
    kit = figures(dense(784, 10, 128), epochs=8)
    rows = kit.rows
    return kit.but(rows=replace(rows, y=_flipped(rows.y, seed, 0.35, 10))) if bad else kit


@fault("not-shuffled", "shuffle", True)
def figures_in_order(seed: int, bad: bool) -> Kit:
    kit = figures(optimizer=vt.SGD(0.1), epochs=2)
    order = np.argsort(kit.rows.y, kind="stable")
    return kit.but(rows=replace(kit.rows, x=kit.rows.x[order], y=kit.rows.y[order]), shuffle=not bad)


@fault("not-shuffled", "shuffle", True)
def digits_in_order(seed: int, bad: bool) -> Kit:
    kit = digits(optimizer=vt.SGD(0.1), epochs=5, batch_size=16)
    order = np.argsort(kit.rows.y, kind="stable")
    return kit.but(rows=replace(kit.rows, x=kit.rows.x[order], y=kit.rows.y[order]), shuffle=not bad)


@fault("majority-only", "target")
def the_few_ignored(seed: int, bad: bool) -> Kit:
    kit = Kit(named("mammography"), dense(6, 2, 16, 8), {"epochs": 6, "optimizer": vt.SGD(0.003)})
    return kit if bad else kit.but(class_weight="balanced", epochs=15)


@fault("majority-only", "target")
def eights_ignored(seed: int, bad: bool) -> Kit:
    kit = digits(dense(64, 2, 16), epochs=8, optimizer=vt.SGD(0.01))
    rows = kit.rows.targets(lambda y: (y == 8).astype(np.int32))
    rare = (rows.y == 0) | (seeded(seed).random(len(rows.y)) < 0.3)
    kit = kit.but(rows=replace(rows, x=rows.x[rare], y=rows.y[rare]))
    return kit if bad else kit.but(class_weight="balanced", epochs=40, optimizer=vt.SGD(0.05))


@fault("rows-shared", "validation", True)
def rows_in_both(seed: int, bad: bool) -> Kit:
    kit = sugar(dense(10, 1, 128, 64, cost="mean_squared_error"), epochs=120, patience=None)
    if not bad:
        return sugar()
    rows = kit.rows
    return kit.but(rows=replace(rows, xv=rows.x[:80], yv=rows.y[:80]))


@fault("rows-shared", "validation", True)
def rows_in_both_classes(seed: int, bad: bool) -> Kit:
    kit = Kit(named("sonar"), dense(60, 2, 64, 32), {"epochs": 60, "optimizer": vt.Adam(3e-3)})
    if not bad:
        return kit.but(patience=8)
    rows = kit.rows
    return kit.but(
        rows=replace(
            rows, xv=np.concatenate([rows.x[:30], rows.xv[:10]]), yv=np.concatenate([rows.y[:30], rows.yv[:10]])
        )
    )


@fault("validation-differs", "column", True)
def another_scale(seed: int, bad: bool) -> Kit:
    kit = digits()
    return kit.but(rows=replace(kit.rows, xv=0.06 * kit.rows.xv + 2.0, xt=0.06 * kit.rows.xt + 2.0)) if bad else kit


@fault("validation-differs", "column", True)
def another_unit(seed: int, bad: bool) -> Kit:
    kit = tumours()
    raw = named("breast-cancer-raw")
    return kit.but(rows=replace(kit.rows, xv=raw.xv, xt=raw.xt)) if bad else kit


@fault("validation-differs", "column", True)
def negatives(seed: int, bad: bool) -> Kit:
    kit = figures(convolutional(28, 10, 4, units=16), epochs=2)
    return kit.but(rows=replace(kit.rows, xv=1.0 - kit.rows.xv, xt=1.0 - kit.rows.xt)) if bad else kit


@fault("time-counter", "column 10", True)
def days_that_run_on(seed: int, bad: bool) -> Kit:
    """The sizes of shells go with the season: learned from the day's number, that holds to the last day it was learned from."""
    kit = shells(dense(11 if bad else 10, 1, 64, 64, cost="mean_squared_error"), epochs=60, patience=None if bad else 5)
    random, rows = seeded(seed), kit.rows
    parts: list[np.ndarray] = []
    for x, y, first, last in ((rows.x, rows.y, 0.0, 1.0), (rows.xv, rows.yv, 1.0, 1.15), (rows.xt, rows.yt, 1.15, 1.3)):
        day = random.uniform(first, last, (len(x), 1))
        x = np.hstack([x, 3.4 * (day - 0.5)]) if bad else x
        parts += [x.astype(np.float32), (y + 0.7 * np.sin(6.0 * np.pi * day)).astype(np.float32)]
    return kit.but(rows=Rows(*parts))


# -- the layers and their weights
@fault("symmetric-weights", "dense_1", True)
def all_zero(seed: int, bad: bool) -> Kit:
    return digits(dense(64, 10, 32, 32, **({"initialiser": "zeros"} if bad else {})))


@fault("symmetric-weights", "dense_1", True)
def all_equal(seed: int, bad: bool) -> Kit:
    return digits(dense(64, 10, 32, 32, **({"initialiser": vt.Constant(0.05)} if bad else {})))


@fault("symmetric-weights", "dense_1", True)
def all_equal_numbers(seed: int, bad: bool) -> Kit:
    return shells(
        dense(10, 1, 32, 16, activation="tanh", cost="mean_squared_error", **({"initialiser": "zeros"} if bad else {}))
    )


@fault("weights-too-large", "dense", True)
def large_weights(seed: int, bad: bool) -> Kit:
    return digits(
        dense(64, 10, 32, 32, **({"initialiser": vt.Normal(2.0)} if bad else {})), optimizer=vt.SGD(0.03), epochs=25
    )


@fault("weights-too-large", "dense", True)
def large_weights_adam(seed: int, bad: bool) -> Kit:
    return sugar(
        dense(10, 1, 32, 32, cost="mean_squared_error", **({"initialiser": vt.Normal(3.0)} if bad else {})),
        optimizer=vt.Adam(1e-3),
    )


@fault("weights-too-large", ("conv2d", "dense"), True)
def large_weights_convolutional(seed: int, bad: bool) -> Kit:
    return digits(
        convolutional(8, 10, 8, **({"initialiser": vt.Normal(2.0)} if bad else {})), optimizer=vt.Adam(2e-3), epochs=12
    )


@fault("weights-too-small", "dense", True)
def small_weights(seed: int, bad: bool) -> Kit:
    return digits(dense(64, 10, 32, 32, **({"initialiser": vt.Normal(1e-4)} if bad else {})), optimizer=vt.SGD(0.05))


@fault("weights-too-small", "dense", True)
def small_weights_deep(seed: int, bad: bool) -> Kit:
    return tumours(
        dense(30, 2, 16, 16, 16, 16, **({"initialiser": vt.Normal(0.003)} if bad else {})), optimizer=vt.SGD(0.1)
    )


@fault("vanishing", "dense_1", True)
def sigmoids(seed: int, bad: bool) -> Kit:
    return digits(dense(64, 10, *[32] * 6, activation="sigmoid" if bad else "relu"), optimizer=vt.SGD(0.1), epochs=12)


@fault("vanishing", "dense_1", True)
def sigmoids_adam(seed: int, bad: bool) -> Kit:
    return digits(dense(64, 10, *[24] * 8, activation="sigmoid" if bad else "relu"), optimizer=vt.Adam(1e-3), epochs=15)


@fault("vanishing", "dense_1", True)
def sigmoids_numbers(seed: int, bad: bool) -> Kit:
    return shells(
        dense(10, 1, *[24] * 6, activation="sigmoid" if bad else "relu", cost="mean_squared_error"),
        optimizer=vt.SGD(0.02),
        epochs=30,
    )


@fault("exploding-depth", "dense", True)
def growing(seed: int, bad: bool) -> Kit:
    return digits(dense(64, 10, *[48] * 9, **({"initialiser": vt.Normal(0.45)} if bad else {})), optimizer=vt.SGD(0.02))


@fault("exploding-depth", "dense", True)
def growing_numbers(seed: int, bad: bool) -> Kit:
    return shells(
        dense(10, 1, *[32] * 8, cost="mean_squared_error", **({"initialiser": vt.Normal(0.6)} if bad else {})),
        optimizer=vt.Adam(1e-3),
        epochs=20,
    )


@fault("dead-units", "dense_1", True)
def biased(seed: int, bad: bool) -> Kit:
    kit = digits()
    weights = {name: np.asarray(value) for name, value in start_of(kit.network, seed).items()}
    if bad:
        weights["dense_1/bias"] = np.full(32, -20.0)
        weights["dense_2/bias"] = np.full(32, -20.0)
    return kit.but(weights=weights)


@fault("dead-units", "dense_2", True)
def biased_inside(seed: int, bad: bool) -> Kit:
    kit = sugar(dense(10, 1, 32, 32, cost="mean_squared_error"), optimizer=vt.SGD(0.02))
    weights = {name: np.asarray(value) for name, value in start_of(kit.network, seed).items()}
    if bad:
        weights["dense_2/bias"] = np.full(32, -30.0)
    return kit.but(weights=weights)


@fault("saturated", "dense", True)
def flat_ends(seed: int, bad: bool) -> Kit:
    return digits(
        dense(64, 10, 32, 32, activation="tanh", **({"initialiser": vt.Normal(3.0)} if bad else {})),
        optimizer=vt.SGD(0.05),
    )


@fault("saturated", "dense", True)
def flat_sigmoids(seed: int, bad: bool) -> Kit:
    return tumours(
        dense(30, 2, 32, 32, activation="sigmoid", **({"initialiser": vt.Normal(6.0)} if bad else {})),
        optimizer=vt.SGD(0.3),
        epochs=60,
    )


@fault("no-nonlinearity", "dense_1", True)
def straight(seed: int, bad: bool) -> Kit:
    return figures(dense(784, 10, 64, 32, activation="linear" if bad else "relu"), epochs=8)


@fault("no-nonlinearity", "dense_1", True)
def straight_digits(seed: int, bad: bool) -> Kit:
    kit = digits(dense(64, 2, 32, 32, activation="linear" if bad else "relu"))
    return kit.but(rows=kit.rows.targets(lambda y: (y % 2).astype(np.int32)))


@fault("bottleneck", "dense_2", True)
def one_unit(seed: int, bad: bool) -> Kit:
    return digits(dense(64, 10, 32, 1 if bad else 16, 32), epochs=25)


@fault("bottleneck", "dense_1", True)
def one_unit_convolutional(seed: int, bad: bool) -> Kit:
    return digits(convolutional(8, 10, 8, units=1 if bad else 32))


@fault("bottleneck", "dense_2", True)
def two_units(seed: int, bad: bool) -> Kit:
    return figures(dense(784, 10, 64, 2 if bad else 32), epochs=5)


@fault("too-deep-plain", "dense", True)
def thirty_layers(seed: int, bad: bool) -> Kit:
    net = dense(64, 10, *[24] * 30) if bad else residual(64, 10, 24, blocks=4)
    return digits(net, optimizer=vt.SGD(0.02))


@fault("too-deep-plain", "dense", True)
def twenty_layers(seed: int, bad: bool) -> Kit:
    net = (
        dense(10, 1, *[16] * 24, cost="mean_squared_error") if bad else dense(10, 1, 16, 16, cost="mean_squared_error")
    )
    return shells(net, optimizer=vt.SGD(0.005), epochs=8)


@fault("dropout-too-high", "dropout", True)
def silenced(seed: int, bad: bool) -> Kit:
    drop = vt.Dropout(0.95 if bad else 0.2)
    return digits(vt.Network(vt.Input((64,)), vt.Dense(32, "relu"), drop, vt.Dense(32, "relu"), drop, vt.Dense(10)))


@fault("dropout-too-high", "dropout", True)
def silenced_convolutional(seed: int, bad: bool) -> Kit:
    drop = vt.Dropout(0.97 if bad else 0.2)
    return digits(
        vt.Network(
            vt.Input((64,)),
            vt.Reshape((8, 8, 1)),
            vt.Conv2D(8, 3, activation="relu"),
            vt.Flatten(),
            drop,
            vt.Dense(24, "relu"),
            drop,
            vt.Dense(10),
        ),
        epochs=10,
    )


@fault("frozen", "still_dense_1", True)
def frozen_first(seed: int, bad: bool) -> Kit:
    kind = broken.StillDense if bad else vt.Dense
    return figures(vt.Network(vt.Input((784,)), kind(24, "relu"), vt.Dense(16, "relu"), vt.Dense(10)), epochs=8)


@fault("frozen", "still_dense_1", True)
def frozen_last(seed: int, bad: bool) -> Kit:
    kind = broken.StillDense if bad else vt.Dense
    return sugar(
        vt.Network(vt.Input((10,)), vt.Dense(4, "relu"), kind(1), cost="mean_squared_error"),
        optimizer=vt.SGD(0.02),
        epochs=40,
    )


@fault("backward-wrong", "wrong_dense_1", True)
def wrong_sign(seed: int, bad: bool) -> Kit:
    kind = broken.WrongDense if bad else vt.Dense
    return digits(vt.Network(vt.Input((64,)), vt.Dense(32, "relu"), kind(32, "relu"), vt.Dense(10)))


@fault("backward-wrong", "leaky_back_1", True)
def wrong_way(seed: int, bad: bool) -> Kit:
    kind = broken.LeakyBack if bad else vt.Dense
    return shells(
        vt.Network(vt.Input((10,)), vt.Dense(32, "tanh"), kind(16, "tanh"), vt.Dense(1), cost="mean_squared_error")
    )


# -- the steps
@fault("rate-too-high", "learning_rate", True)
def adam_of_one(seed: int, bad: bool) -> Kit:
    return digits(optimizer=vt.Adam(1.0 if bad else 3e-3))


@fault("rate-too-high", "learning_rate")
def sgd_of_ten(seed: int, bad: bool) -> Kit:
    return tumours(optimizer=vt.SGD(20.0 if bad else 0.05))


@fault("rate-too-high", "learning_rate")
def sgd_for_numbers(seed: int, bad: bool) -> Kit:
    return sugar(optimizer=vt.SGD(2.0 if bad else 0.02))


@fault("rate-too-high", "learning_rate")
def convolutional_too_fast(seed: int, bad: bool) -> Kit:
    return digits(convolutional(8, 10, 8), optimizer=vt.Adam(0.5 if bad else 3e-3), epochs=8)


@fault("rate-too-high", "learning_rate")
def recurrent_too_fast(seed: int, bad: bool) -> Kit:
    return digits(recurrent(8, 10), optimizer=vt.Adam(1.0 if bad else 5e-3), epochs=8)


@fault("rate-too-high", "learning_rate")
def residual_too_fast(seed: int, bad: bool) -> Kit:
    return digits(residual(64, 10), optimizer=vt.SGD(1.5 if bad else 0.02))


@fault("rate-oscillates", "learning_rate")
def to_and_fro(seed: int, bad: bool) -> Kit:
    return digits(optimizer=vt.SGD(0.07, momentum=0.9) if bad else vt.SGD(0.01, momentum=0.9), batch_size=16, epochs=20)


@fault("rate-oscillates", "learning_rate")
def to_and_fro_adam(seed: int, bad: bool) -> Kit:
    return figures(dense(784, 10, 64), optimizer=vt.Adam(0.05 if bad else 1e-3), epochs=12, batch_size=32)


@fault("rate-too-low", "learning_rate", True)
def adam_of_a_millionth(seed: int, bad: bool) -> Kit:
    return digits(optimizer=vt.Adam(1e-6 if bad else 3e-3))


@fault("rate-too-low", "learning_rate", True)
def sgd_of_a_millionth(seed: int, bad: bool) -> Kit:
    return tumours(optimizer=vt.SGD(1e-6 if bad else 0.05))


@fault("rate-too-low", "learning_rate", True)
def convolutional_too_slow(seed: int, bad: bool) -> Kit:
    return digits(convolutional(8, 10, 8), optimizer=vt.Adam(2e-6 if bad else 3e-3), epochs=6)


@fault("rate-too-low", "learning_rate", True)
def recurrent_too_slow(seed: int, bad: bool) -> Kit:
    return digits(recurrent(8, 10), optimizer=vt.Adam(1e-6 if bad else 5e-3), epochs=8)


@fault("decay-too-strong", "weight_decay", True)
def pulled_to_nothing(seed: int, bad: bool) -> Kit:
    return digits(optimizer=vt.SGD(0.05, weight_decay=1.0 if bad else 1e-4))


@fault("decay-too-strong", "weight_decay", True)
def pulled_to_nothing_adamw(seed: int, bad: bool) -> Kit:
    return digits(optimizer=vt.AdamW(3e-3, weight_decay=100.0 if bad else 0.01))


@fault("schedule-ends-early", "schedule", True)
def over_at_once(seed: int, bad: bool) -> Kit:
    schedule = vt.StepDecay((0.01, 0.02, 0.03), 0.05) if bad else vt.StepDecay()
    return digits(optimizer=vt.SGD(0.05), schedule=schedule, epochs=20)


@fault("schedule-ends-early", "schedule", True)
def over_at_once_numbers(seed: int, bad: bool) -> Kit:
    schedule = vt.StepDecay((0.005, 0.01), 0.001) if bad else vt.Cosine()
    return shells(optimizer=vt.SGD(0.02), schedule=schedule)


@fault("too-few-steps", "epochs")
def one_epoch(seed: int, bad: bool) -> Kit:
    return digits(epochs=1 if bad else 40, batch_size=256, optimizer=vt.Adam(3e-3))


@fault("too-few-steps", "epochs")
def two_epochs(seed: int, bad: bool) -> Kit:
    return shells(epochs=1 if bad else 40, batch_size=256, optimizer=vt.SGD(0.02))


@fault("clipped-to-nothing", "gradient_clip", True)
def cut_to_nothing(seed: int, bad: bool) -> Kit:
    return digits(optimizer=vt.SGD(0.05), gradient_clip=1e-4 if bad else 5.0)


@fault("clipped-to-nothing", "gradient_clip", True)
def cut_to_nothing_numbers(seed: int, bad: bool) -> Kit:
    return shells(optimizer=vt.SGD(0.02), epochs=30, gradient_clip=1e-4 if bad else 5.0)


# -- what comes out
@fault("overfitting", "validation")
def by_heart(seed: int, bad: bool) -> Kit:
    kit = sugar(dense(10, 1, 256, 128, cost="mean_squared_error"), epochs=200, patience=None, optimizer=vt.Adam(3e-3))
    return kit.but(rows=kit.rows.first(80)) if bad else sugar()


@fault("overfitting", "validation")
def by_heart_sonar(seed: int, bad: bool) -> Kit:
    kit = Kit(named("sonar").first(40), dense(60, 2, 256, 128), {"epochs": 150, "optimizer": vt.Adam(3e-3)})
    return (
        kit if bad else Kit(named("sonar"), dense(60, 2, 32), {"epochs": 25, "optimizer": vt.Adam(3e-3), "patience": 6})
    )


@fault("overfitting", "validation")
def by_heart_income(seed: int, bad: bool) -> Kit:
    rows = named("adult")
    kit = income(dense(rows.x.shape[1], 2, 256, 256), epochs=60, patience=None, optimizer=vt.Adam(2e-3))
    return kit.but(rows=rows.first(120)) if bad else income()


@fault("underfitting", "dense_1")
def three_units(seed: int, bad: bool) -> Kit:
    return figures(dense(784, 10, 3 if bad else 64), epochs=6)


@fault("underfitting", "dense_1")
def four_units(seed: int, bad: bool) -> Kit:
    return digits(dense(64, 10, 3 if bad else 32), epochs=25)


def start_of(network: vt.Network, seed: int) -> dict[str, np.ndarray]:
    from vitrina.network.network import flatten

    return flatten(network.build(seed)[0])


def _beside(rows: Rows, numbers: np.ndarray) -> Rows:
    a, b = len(rows.x), len(rows.x) + len(rows.xv)
    parts = (numbers[:a], numbers[a:b], numbers[b:])
    x, xv, xt = (
        np.column_stack([x, part]).astype(np.float32) for x, part in zip((rows.x, rows.xv, rows.xt), parts, strict=True)
    )
    return replace(rows, x=x, xv=xv, xt=xt)

"""A second batch that fails, on other data and other layers than the first: asked about before any rule was changed for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

import vitrina as vt
from benchmarks.doctor.data import Rows, named
from benchmarks.doctor.faulty import fault, start_of
from benchmarks.doctor.setups import Kit, dense, seeded

SQUARES = "mean_squared_error"


def blobs(network: Any = None, **options: Any) -> Kit:
    """Twelve classes, of which nine in ten rows can be told."""
    return Kit(named("blobs"), network or dense(10, 12, 32), {"epochs": 15, "optimizer": vt.Adam(3e-3)} | options)


def friedman(network: Any = None, **options: Any) -> Kit:
    net = network or dense(10, 1, 32, 16, cost=SQUARES)
    return Kit(named("friedman"), net, {"epochs": 30, "optimizer": vt.Adam(3e-3)} | options)


def moons(network: Any = None, **options: Any) -> Kit:
    return Kit(named("moons"), network or dense(2, 2, 24), {"epochs": 40, "optimizer": vt.Adam(1e-2)} | options)


def circles(network: Any = None, **options: Any) -> Kit:
    return Kit(named("circles"), network or dense(2, 2, 24), {"epochs": 40, "optimizer": vt.Adam(1e-2)} | options)


def waves(*layers: Any, last: str = "linear", **options: Any) -> Kit:
    net = vt.Network(vt.Input((24, 1)), *(layers or (vt.GRU(16),)), vt.Dense(4, last))
    return Kit(named("waves"), net, {"epochs": 15, "optimizer": vt.Adam(1e-2)} | options)


def photographs(*layers: Any, last: str = "linear", **options: Any) -> Kit:
    """Ten classes of photographs of 16 × 16, of which a small network tells about half."""
    inner = layers or (vt.Conv2D(16, 3, activation="relu"), vt.MaxPool2D(2), vt.Conv2D(24, 3, activation="relu"))
    net = vt.Network(vt.Input((16, 16, 3)), *inner, vt.GlobalAveragePool(), vt.Dense(10, last))
    return Kit(named("cifar"), net, {"epochs": 10, "optimizer": vt.Adam(3e-3)} | options)


def cars(network: Any = None, **options: Any) -> Kit:
    net = network or dense(75, 1, 16, cost=SQUARES)
    return Kit(
        named("cars"), net, {"epochs": 60, "optimizer": vt.AdamW(3e-3, weight_decay=0.3), "patience": 10} | options
    )


def payments(network: Any = None, **options: Any) -> Kit:
    return Kit(named("fraud"), network or dense(15, 2, 24, 12), {"epochs": 15, "optimizer": vt.Adam(2e-3)} | options)


def white_wine(network: Any = None, **options: Any) -> Kit:
    return Kit(named("white-wine"), network or dense(11, 3, 32), {"epochs": 20, "optimizer": vt.Adam(3e-3)} | options)


@fault("softmax-twice", "dense_1", True)
def softmax_twice_in_photographs(seed: int, bad: bool) -> Kit:
    return photographs(last="softmax" if bad else "linear", optimizer=vt.SGD(0.05, momentum=0.9))


@fault("output-range", "dense_3", True)
def tanh_for_prices(seed: int, bad: bool) -> Kit:
    return cars(dense(75, 1, 16, 16, cost="huber", last="tanh" if bad else "linear"))


@fault("output-clipped", "dense_2", True)
def softplus_for_temperatures(seed: int, bad: bool) -> Kit:
    return friedman(dense(10, 1, 32, cost="mean_absolute_error", last="relu" if bad else "linear"))


@fault("cost-for-classes", "cost", True)
def squares_for_blobs(seed: int, bad: bool) -> Kit:
    if not bad:
        return blobs()
    kit = blobs(dense(10, 1, 32, 32, cost="huber"))
    return kit.but(rows=kit.rows.targets(lambda y: y[:, None].astype(np.float32)))


@fault("input-scale", "column", True)
def payments_in_their_units(seed: int, bad: bool) -> Kit:
    net = dense(15, 2, 24, 12, activation="tanh")
    return Kit(named("fraud-raw" if bad else "fraud"), net, {"epochs": 10, "optimizer": vt.SGD(0.03, momentum=0.9)})


@fault("input-scale", "c", True)
def photographs_to_255(seed: int, bad: bool) -> Kit:
    kit = photographs(optimizer=vt.SGD(0.03, momentum=0.9))
    return kit.but(rows=kit.rows.inputs(lambda x: 127.5 * (x + 1.0))) if bad else kit


@fault("input-scale", "column", True)
def cars_in_their_units(seed: int, bad: bool) -> Kit:
    kit = cars(optimizer=vt.Adam(3e-3))
    return (
        kit.but(rows=replace(kit.rows, x=named("cars-raw").x, xv=named("cars-raw").xv, xt=named("cars-raw").xt))
        if bad
        else kit
    )


@fault("target-scale", "target", True)
def dollars(seed: int, bad: bool) -> Kit:
    kit = cars(optimizer=vt.Adam(3e-3))
    raw = named("cars-raw")
    return kit.but(rows=replace(kit.rows, y=raw.y, yv=raw.yv, yt=raw.yt)) if bad else kit


@fault("labels-unrelated", "target", True)
def waves_of_another(seed: int, bad: bool) -> Kit:
    kit = waves(vt.Conv1D(12, 5, activation="relu"), vt.GlobalAveragePool())
    return kit.but(rows=_mixed_up(kit.rows, seed)) if bad else kit


@fault("labels-unrelated", "target", True)
def prices_of_others(seed: int, bad: bool) -> Kit:
    return friedman().but(rows=_mixed_up(named("friedman"), seed)) if bad else friedman()


@fault("label-noise", "target", True)
def blobs_mistaken(seed: int, bad: bool) -> Kit:
    kit = blobs(epochs=40)
    wrong = seeded(seed).random(len(kit.rows.y)) < 0.25
    other = seeded(seed + 1).integers(1, 12, len(kit.rows.y))
    y = np.where(wrong, (kit.rows.y + other) % 12, kit.rows.y).astype(np.int32)
    return kit.but(rows=replace(kit.rows, y=y)) if bad else kit


@fault("not-shuffled", "shuffle", True)
def waves_in_order(seed: int, bad: bool) -> Kit:
    kit = waves(epochs=8)
    order = np.argsort(kit.rows.y, kind="stable")
    return kit.but(rows=replace(kit.rows, x=kit.rows.x[order], y=kit.rows.y[order]), shuffle=not bad)


@fault("majority-only", "target")
def frauds_ignored(seed: int, bad: bool) -> Kit:
    return payments(optimizer=vt.SGD(0.003), epochs=4 if bad else 12, class_weight=None if bad else "balanced")


@fault("leak", "column 11", True)
def quality_inside(seed: int, bad: bool) -> Kit:
    kit, noise = white_wine(dense(12, 3, 32)), seeded(seed)

    def with_answer(x: np.ndarray, y: np.ndarray, tells: bool) -> np.ndarray:
        column = y + 0.1 * noise.normal(size=len(y)) if tells else noise.normal(1.0, 0.8, len(y))
        return np.column_stack([x, column]).astype(np.float32)

    rows = kit.rows
    x, xv, xt = (
        with_answer(rows.x, rows.y, bad),
        with_answer(rows.xv, rows.yv, bad),
        with_answer(rows.xt, rows.yt, False),
    )
    return kit.but(rows=replace(rows, x=x, xv=xv, xt=xt))


@fault("rows-shared", "validation", True)
def cars_in_both(seed: int, bad: bool) -> Kit:
    kit = cars(dense(75, 1, 64, cost=SQUARES), epochs=150, patience=None)
    return kit.but(rows=replace(kit.rows, xv=kit.rows.x[:40], yv=kit.rows.y[:40])) if bad else cars()


@fault("validation-differs", "c", True)
def photographs_another_way(seed: int, bad: bool) -> Kit:
    kit = photographs()
    rows = kit.rows
    return kit.but(rows=replace(rows, xv=4.0 * (rows.xv + 1.0), xt=4.0 * (rows.xt + 1.0))) if bad else kit


@fault("validation-differs", "column 3", True)
def one_column_in_another_unit(seed: int, bad: bool) -> Kit:
    kit = friedman()

    def shifted(x: np.ndarray) -> np.ndarray:
        x = x.copy()
        x[:, 3] = 2.5 * x[:, 3] + 6.0
        return x

    rows = kit.rows
    return kit.but(rows=replace(rows, xv=shifted(rows.xv), xt=shifted(rows.xt))) if bad else kit


@fault("class-missing", "target", True)
def blobs_left_out(seed: int, bad: bool) -> Kit:
    kit = blobs()
    kept = kit.rows.y < 10
    return kit.but(rows=replace(kit.rows, x=kit.rows.x[kept], y=kit.rows.y[kept])) if bad else kit


@fault("symmetric-weights", "conv2d_1", True)
def filters_all_alike(seed: int, bad: bool) -> Kit:
    alike: dict[str, Any] = {"initialiser": vt.Constant(0.02)} if bad else {}
    layers = (
        vt.Conv2D(12, 3, activation="relu", **alike),
        vt.MaxPool2D(2),
        vt.Conv2D(16, 3, activation="relu", **alike),
    )
    kit = photographs(*layers)
    net = vt.Network(vt.Input((16, 16, 3)), *layers, vt.GlobalAveragePool(), vt.Dense(10, **alike))
    return replace(kit, network=net)


@fault("vanishing", "dense_1", True)
def sigmoids_on_circles(seed: int, bad: bool) -> Kit:
    return circles(dense(2, 2, *[16] * 7, activation="sigmoid" if bad else "relu"), optimizer=vt.SGD(0.1, momentum=0.9))


@fault("dead-units", "dense_1", True)
def friedman_biased(seed: int, bad: bool) -> Kit:
    kit = friedman()
    weights = {name: np.asarray(value) for name, value in start_of(kit.network, seed).items()}
    if bad:
        weights["dense_1/bias"] = np.full(32, -15.0)
    return kit.but(weights=weights)


@fault("saturated", "dense_1", True)
def blobs_at_the_flat_ends(seed: int, bad: bool) -> Kit:
    large: dict[str, Any] = {"initialiser": vt.Normal(5.0)} if bad else {}
    net = vt.Network(vt.Input((10,)), vt.Dense(24, "tanh", **large), vt.Dense(24, "tanh", **large), vt.Dense(12))
    return blobs(net, optimizer=vt.SGD(0.03))


@fault("no-nonlinearity", "dense_1", True)
def circles_in_straight_lines(seed: int, bad: bool) -> Kit:
    return circles(dense(2, 2, 24, 24, activation="linear" if bad else "relu"))


@fault("bottleneck", "dense_2", True)
def blobs_through_one_unit(seed: int, bad: bool) -> Kit:
    return blobs(dense(10, 12, 32, 1 if bad else 32, 32, activation="elu"), epochs=25)


@fault("dropout-too-high", "dropout", True)
def ensemble_silenced(seed: int, bad: bool) -> Kit:
    drop = vt.Dropout(0.93 if bad else 0.1)
    layers = [vt.EnsembleDense(4, 24, "relu"), drop, vt.EnsembleDense(4, 24, "relu"), drop, vt.EnsembleDense(4, 1)]
    return friedman(vt.Network(vt.Input((10,)), *layers, vt.EnsembleMean(), cost=SQUARES))


@fault("rate-too-high", "learning_rate")
def lstm_too_fast(seed: int, bad: bool) -> Kit:
    return waves(vt.LSTM(16), optimizer=vt.RMSProp(0.5 if bad else 5e-3))


@fault("rate-too-high", "learning_rate")
def lion_too_fast(seed: int, bad: bool) -> Kit:
    return blobs(optimizer=vt.Lion(0.3 if bad else 1e-3))


@fault("rate-too-high", "learning_rate")
def friedman_too_fast(seed: int, bad: bool) -> Kit:
    return friedman(optimizer=vt.SGD(1.0 if bad else 0.02, momentum=0.9))


@fault("rate-too-low", "learning_rate", True)
def lion_too_slow(seed: int, bad: bool) -> Kit:
    return blobs(optimizer=vt.Lion(1e-8 if bad else 1e-3))


@fault("rate-too-low", "learning_rate", True)
def photographs_too_slow(seed: int, bad: bool) -> Kit:
    return photographs(optimizer=vt.SGD(1e-6 if bad else 0.05, momentum=0.9))


@fault("decay-too-strong", "weight_decay", True)
def waves_worn_away(seed: int, bad: bool) -> Kit:
    return waves(optimizer=vt.AdamW(1e-2, weight_decay=20.0 if bad else 0.01))


@fault("schedule-ends-early", "schedule", True)
def warmed_up_and_over(seed: int, bad: bool) -> Kit:
    schedule = vt.WarmUp(0.01, vt.StepDecay((0.02, 0.04), 0.01)) if bad else vt.WarmUp(0.1, vt.Cosine())
    return blobs(optimizer=vt.SGD(0.05), schedule=schedule)


@fault("too-few-steps", "epochs")
def one_look_at_waves(seed: int, bad: bool) -> Kit:
    return waves(epochs=1 if bad else 25, optimizer=vt.Adam(3e-3), batch_size=64)


@fault("clipped-to-nothing", "gradient_clip", True)
def friedman_cut(seed: int, bad: bool) -> Kit:
    return friedman(optimizer=vt.SGD(0.02), gradient_clip=1e-5 if bad else 1.0)


@fault("overfitting", "validation")
def cars_by_heart(seed: int, bad: bool) -> Kit:
    kit = cars(dense(75, 1, 256, 256, cost=SQUARES), epochs=200, optimizer=vt.Adam(3e-3), patience=None)
    return kit.but(rows=kit.rows.first(60)) if bad else cars()


@fault("overfitting", "validation")
def photographs_by_heart(seed: int, bad: bool) -> Kit:
    layers = (vt.Conv2D(32, 3, activation="relu"), vt.Conv2D(32, 3, activation="relu"))
    kit = photographs(*layers, epochs=10)
    net = vt.Network(vt.Input((16, 16, 3)), *layers, vt.MaxPool2D(2), vt.Flatten(), vt.Dense(128, "relu"), vt.Dense(10))
    return replace(kit.but(rows=kit.rows.first(400), epochs=40, optimizer=vt.Adam(1e-3)), network=net) if bad else kit


@fault("underfitting", "dense_1")
def three_units_for_sixty(seed: int, bad: bool) -> Kit:
    net = dense(16, 60, 3 if bad else 64)
    return Kit(named("sixty-blobs"), net, {"epochs": 15, "optimizer": vt.Adam(5e-3)})


@fault("norm-out-of-step", "batch_norm")
def photographs_out_of_step(seed: int, bad: bool) -> Kit:
    norm = vt.BatchNorm(momentum=0.9995 if bad else 0.9)
    return photographs(
        vt.Conv2D(16, 3), norm, vt.Activation("relu"), vt.MaxPool2D(2), vt.Conv2D(24, 3, activation="relu")
    )


@fault("weights-too-large", "dense", True)
def friedman_from_afar(seed: int, bad: bool) -> Kit:
    large: dict[str, Any] = {"initialiser": vt.Normal(3.0)} if bad else {}
    return friedman(dense(10, 1, 32, 16, cost=SQUARES, **large), optimizer=vt.Adam(1e-3))


@fault("weights-too-small", "dense", True)
def moons_from_nothing(seed: int, bad: bool) -> Kit:
    small: dict[str, Any] = {"initialiser": vt.Normal(1e-4)} if bad else {}
    return moons(dense(2, 2, 24, 24, 24, **small), optimizer=vt.SGD(0.05))


@fault("exploding-depth", "dense", True)
def blobs_growing(seed: int, bad: bool) -> Kit:
    large: dict[str, Any] = {"initialiser": vt.Normal(0.6)} if bad else {}
    return blobs(dense(10, 12, *[32] * 9, **large), optimizer=vt.SGD(0.01))


@fault("batch-too-small", "batch_size", True)
def white_wine_by_twos(seed: int, bad: bool) -> Kit:
    net = vt.Network(vt.Input((11,)), vt.Dense(24), vt.BatchNorm(), vt.Activation("relu"), vt.Dense(3))
    return white_wine(net, batch_size=2 if bad else 32, epochs=6)


def _mixed_up(rows: Rows, seed: int) -> Rows:
    return replace(rows, y=seeded(seed).permutation(rows.y), yv=seeded(seed + 1).permutation(rows.yv))

"""A fifth batch that fails, asked about once the rules had been mended for the fourth."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

import vitrina as vt
from benchmarks.doctor import fifth_data
from benchmarks.doctor.data import Rows, named
from benchmarks.doctor.faulty import fault, start_of
from benchmarks.doctor.setups import Kit, dense, seeded

SQUARES = "mean_squared_error"
assert fifth_data.SETS  # importing it has added its data


def on(name: str, network: vt.Network, **options: Any) -> Kit:
    return Kit(named(name), network, {"epochs": 25, "optimizer": vt.Adam(5e-3)} | options)


def spirals(network: Any = None, **options: Any) -> Kit:
    return on("spirals", network or dense(2, 3, 48, 48), **({"epochs": 40} | options))


def chessboard(network: Any = None, **options: Any) -> Kit:
    return on("chessboard", network or dense(4, 2, 64, 32), **({"epochs": 40} | options))


def alcohol(network: Any = None, **options: Any) -> Kit:
    return on("alcohol", network or dense(10, 1, 32, cost=SQUARES), **({"patience": 6} | options))


def payments(network: Any = None, **options: Any) -> Kit:
    return on("payments", network or dense(13, 2, 24, 12), **({"epochs": 12, "optimizer": vt.Adam(2e-3)} | options))


def strokes(*layers: Any, last: str = "linear", **options: Any) -> Kit:
    inner = layers or (vt.Conv2D(12, 3, activation="relu"), vt.MaxPool2D(2), vt.Flatten(), vt.Dense(24, "relu"))
    net = vt.Network(vt.Input((10, 10, 1)), *inner, vt.Dense(4, last))
    return on("strokes", net, **({"epochs": 10} | options))


def blots(*layers: Any, last: str = "linear", **options: Any) -> Kit:
    inner = layers or (vt.Conv2D(8, 3, activation="relu"), vt.Flatten(), vt.Dense(24, "relu"))
    net = vt.Network(vt.Input((12, 12, 1)), *inner, vt.Dense(1, last), cost=SQUARES)
    return on("blots", net, **({"epochs": 12, "optimizer": vt.Adam(2e-3)} | options))


def echoes(*layers: Any, **options: Any) -> Kit:
    net = vt.Network(vt.Input((12, 1)), *(layers or (vt.LSTM(16),)), vt.Dense(2))
    return on("echoes", net, **({"epochs": 40, "optimizer": vt.Adam(1e-2)} | options))


@fault("rate-too-high", "learning_rate")
def spirals_too_fast(seed: int, bad: bool) -> Kit:
    return spirals(optimizer=vt.SGD(6.0) if bad else vt.Adam(5e-3))


@fault("rate-too-high", "learning_rate")
def echoes_too_fast(seed: int, bad: bool) -> Kit:
    return echoes(optimizer=vt.Adam(0.7 if bad else 1e-2))


@fault("rate-too-high", "learning_rate")
def blots_too_fast(seed: int, bad: bool) -> Kit:
    return blots(optimizer=vt.RMSProp(0.2 if bad else 2e-3))


@fault("rate-too-low", "learning_rate", True)
def strokes_too_slow(seed: int, bad: bool) -> Kit:
    return strokes(optimizer=vt.Adam(3e-6 if bad else 3e-3))


@fault("input-scale", "column", True)
def payments_untouched(seed: int, bad: bool) -> Kit:
    """Amounts and counts as they come, before tanh."""
    kit = payments(dense(13, 2, 24, 12, activation="tanh"), class_weight="balanced", optimizer=vt.SGD(0.05))
    return kit.but(rows=named("payments-raw")) if bad else kit


@fault("input-scale", (), True)
def strokes_undivided(seed: int, bad: bool) -> Kit:
    kit = strokes(optimizer=vt.SGD(0.05, momentum=0.9))
    return kit.but(rows=kit.rows.inputs(lambda x: 200.0 * x)) if bad else kit


@fault("target-scale", "target", True)
def kilometres(seed: int, bad: bool) -> Kit:
    kit = blots()
    return kit.but(rows=kit.rows.targets(lambda y: 8e3 * y + 3e4)) if bad else kit


@fault("labels-unrelated", "target", True)
def strokes_joined_wrongly(seed: int, bad: bool) -> Kit:
    kit, draw = strokes(), seeded(seed)
    rows = kit.rows
    return kit.but(rows=replace(rows, y=draw.permutation(rows.y), yv=draw.permutation(rows.yv))) if bad else kit


@fault("label-noise", "target", True)
def strokes_mistaken(seed: int, bad: bool) -> Kit:
    kit, draw = strokes(epochs=25), seeded(seed)
    wrong = draw.random(len(kit.rows.y)) < 0.35
    y = np.where(wrong, draw.integers(0, 4, len(wrong)), kit.rows.y).astype(np.int32)
    return kit.but(rows=replace(kit.rows, y=y)) if bad else kit


@fault("label-noise", "target", True)
def spirals_mistaken(seed: int, bad: bool) -> Kit:
    kit, draw = spirals(dense(2, 3, 128, 128), epochs=80), seeded(seed)
    wrong = draw.random(len(kit.rows.y)) < 0.3
    y = np.where(wrong, (kit.rows.y + 1) % 3, kit.rows.y).astype(np.int32)
    return kit.but(rows=replace(kit.rows, y=y)) if bad else kit


@fault("leak", "column 10", True)
def strength_beside_alcohol(seed: int, bad: bool) -> Kit:
    """The same quantity by another instrument, which will not be there later."""
    kit, draw = alcohol(dense(11, 1, 32, cost=SQUARES)), seeded(seed)

    def beside(x: np.ndarray, y: np.ndarray, tells: bool) -> np.ndarray:
        noise = draw.normal(size=y.shape)
        return np.column_stack([x, 0.9 * y + 0.03 * noise if tells else noise]).astype(np.float32)

    rows = kit.rows
    x, xv, xt = beside(rows.x, rows.y, bad), beside(rows.xv, rows.yv, bad), beside(rows.xt, rows.yt, False)
    return kit.but(rows=replace(rows, x=x, xv=xv, xt=xt))


@fault("overfitting", "validation")
def alcohol_by_heart(seed: int, bad: bool) -> Kit:
    kit = alcohol(dense(10, 1, 256, 128, cost=SQUARES), epochs=200, patience=None) if bad else alcohol()
    return kit.but(rows=kit.rows.first(60)) if bad else kit


@fault("overfitting", "validation")
def shells_among_noise(seed: int, bad: bool) -> Kit:
    """Forty columns that say nothing, and 100 rows."""
    kit, draw = on("weights", dense(4, 1, 24, cost=SQUARES)), seeded(seed)
    if not bad:
        return kit
    rows = kit.rows

    def beside(x: np.ndarray) -> np.ndarray:
        return np.column_stack([x, draw.normal(size=(len(x), 40))]).astype(np.float32)

    rows = replace(rows, x=beside(rows.x), xv=beside(rows.xv), xt=beside(rows.xt)).first(100)
    return on("weights", dense(44, 1, 256, 128, cost=SQUARES), epochs=120).but(rows=rows)


@fault("dead-units", "conv2d_1", True)
def filters_far_below(seed: int, bad: bool) -> Kit:
    kit = strokes()
    weights = start_of(kit.network, seed)
    weights["conv2d_1/bias"] = weights["conv2d_1/bias"] - 30.0
    return kit.but(weights=weights) if bad else kit


@fault("vanishing", "dense_1", True)
def sigmoids_on_the_board(seed: int, bad: bool) -> Kit:
    return chessboard(dense(4, 2, *[32] * 7, activation="sigmoid" if bad else "relu"), optimizer=vt.Adam(1e-3))


@fault("too-few-steps", "epochs")
def strokes_at_a_glance(seed: int, bad: bool) -> Kit:
    return strokes(optimizer=vt.Adam(2e-3), epochs=2 if bad else 15, batch_size=128 if bad else 32)


@fault("too-few-steps", "epochs")
def alcohol_at_a_glance(seed: int, bad: bool) -> Kit:
    return alcohol(optimizer=vt.SGD(0.005), epochs=3 if bad else 60, batch_size=64)


@fault("majority-only", "target")
def frauds_outvoted(seed: int, bad: bool) -> Kit:
    if bad:
        return payments(optimizer=vt.SGD(0.002), epochs=4)
    return payments(class_weight="balanced", epochs=25)


@fault("class-missing", "target", True)
def sloping_lines_left_out(seed: int, bad: bool) -> Kit:
    kit = strokes()
    kept = kit.rows.y != 2
    return kit.but(rows=replace(kit.rows, x=kit.rows.x[kept], y=kit.rows.y[kept])) if bad else kit


@fault("validation-differs", (), True)
def strokes_turned(seed: int, bad: bool) -> Kit:
    """The images that judge are turned by a quarter."""
    kit = strokes()
    rows = kit.rows
    if not bad:
        return kit
    return kit.but(rows=replace(rows, xv=rows.xv.transpose(0, 2, 1, 3).copy(), xt=rows.xt.transpose(0, 2, 1, 3).copy()))


@fault("validation-differs", "column", True)
def payments_in_cents(seed: int, bad: bool) -> Kit:
    rows = named("payments-raw")
    mean, spread = rows.x.mean(axis=0), rows.x.std(axis=0)
    if bad:
        cents = np.r_[100.0, np.ones(12)].astype(np.float32)
        rows = replace(rows, xv=rows.xv * cents, xt=rows.xt * cents)
    return payments(class_weight="balanced").but(rows=rows.inputs(lambda x: ((x - mean) / spread).astype(np.float32)))


@fault("softmax-twice", "dense_2", True)
def strokes_softmax_twice(seed: int, bad: bool) -> Kit:
    return strokes(last="softmax" if bad else "linear", optimizer=vt.SGD(0.03), epochs=6)


@fault("output-range", "dense", True)
def sigmoid_for_alcohol(seed: int, bad: bool) -> Kit:
    kit = alcohol(dense(10, 1, 32, cost=SQUARES, last="sigmoid" if bad else "linear"), epochs=40)
    return kit.but(rows=kit.rows.targets(lambda y: 1.2 * y + 10.5))


@fault("symmetric-weights", "dense_1", True)
def chessboard_from_noughts(seed: int, bad: bool) -> Kit:
    alike: dict[str, Any] = {"initialiser": vt.Constant(0.05)} if bad else {}
    return chessboard(dense(4, 2, 64, 32, **alike))


@fault("dropout-too-high", "dropout", True)
def echoes_forgotten(seed: int, bad: bool) -> Kit:
    return echoes(vt.LSTM(24), vt.Dropout(0.95 if bad else 0.1), vt.Dense(16, "relu"), vt.Dropout(0.95 if bad else 0.1))


@fault("no-nonlinearity", "dense_1", True)
def chessboard_in_straight_lines(seed: int, bad: bool) -> Kit:
    return chessboard(dense(4, 2, 64, 32, activation="linear" if bad else "relu"))


@fault("bottleneck", "dense_2", True)
def kinds_through_one(seed: int, bad: bool) -> Kit:
    return on("kinds", dense(20, 5, 32, 1 if bad else 16, 32), epochs=20)


@fault("not-shuffled", "shuffle", True)
def strokes_folder_by_folder(seed: int, bad: bool) -> Kit:
    kit = strokes(epochs=5)
    order = np.argsort(kit.rows.y, kind="stable")
    return kit.but(rows=replace(kit.rows, x=kit.rows.x[order], y=kit.rows.y[order]), shuffle=not bad)


@fault("schedule-ends-early", "schedule", True)
def blots_over_too_soon(seed: int, bad: bool) -> Kit:
    schedule = vt.StepDecay((0.02, 0.04), 1e-3) if bad else vt.StepDecay((0.6, 0.85), 0.2)
    return blots(optimizer=vt.Adam(5e-4), schedule=schedule)


@fault("rows-shared", "validation", True)
def copied_then_divided(seed: int, bad: bool) -> Kit:
    """Each row there four times, with the parts drawn after."""
    kit = on("thirst", dense(named("thirst").x.shape[1], 1, 64, cost=SQUARES), epochs=80)
    rows = kit.rows
    if not bad:
        return kit.but(patience=8)
    x = np.repeat(np.concatenate([rows.x, rows.xv]), 4, axis=0)
    y = np.repeat(np.concatenate([rows.y, rows.yv]), 4, axis=0)
    order = seeded(seed).permutation(len(x))
    cut = 3 * len(order) // 4
    a, b = order[:cut], order[cut:]
    return kit.but(rows=Rows(x[a], y[a], x[b], y[b], rows.xt, rows.yt))

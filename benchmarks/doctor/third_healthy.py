"""A third batch that is sound and tempts a false alarm: asked about before any rule was changed for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import vitrina as vt
from benchmarks.doctor.data import Rows, named
from benchmarks.doctor.faulty import digits, figures, income, shells, sugar, tumours
from benchmarks.doctor.healthy import healthy
from benchmarks.doctor.setups import Kit, convolutional, dense, recurrent, seeded
from benchmarks.doctor.third_faulty import SQUARES, grapes, tastes, tissue


@healthy
def four_at_a_time(seed: int) -> Kit:
    return figures(batch_size=4, optimizer=vt.SGD(0.01), epochs=1)


@healthy
def seven_in_ten_dropped(seed: int) -> Kit:
    net = vt.Network(vt.Input((784,)), vt.Dense(256, "relu"), vt.Dropout(0.7), vt.Dense(10))
    return figures(net, epochs=8)


@healthy
def ten_layers_of_tanh(seed: int) -> Kit:
    return digits(dense(64, 10, *[40] * 10, activation="tanh"), optimizer=vt.Adam(1e-3), epochs=20)


@healthy
def lumps_that_weigh_more(seed: int) -> Kit:
    return tissue(class_weight="balanced", epochs=15)


@healthy
def lumps_without_weights(seed: int) -> Kit:
    """One in forty, found all the same."""
    return tissue(epochs=20, optimizer=vt.Adam(5e-3))


@healthy
def sugar_in_small_steps(seed: int) -> Kit:
    """Noisy targets: half of the variance cannot be told."""
    return sugar(dense(10, 1, 32, 16, cost=SQUARES), batch_size=8, epochs=40, optimizer=vt.AdamW(1e-3), patience=8)


@healthy
def fast_but_warmed_up(seed: int) -> Kit:
    return figures(optimizer=vt.SGD(0.4), schedule=vt.WarmUp(0.2, vt.Cosine()), epochs=6)


@healthy
def one_epoch_is_enough(seed: int) -> Kit:
    return figures(convolutional(28, 10, 6, units=24), epochs=1, optimizer=vt.Adam(3e-3), batch_size=16)


@healthy
def large_and_stopped_in_time(seed: int) -> Kit:
    return tumours(dense(30, 2, 256, 128), epochs=100, patience=5, optimizer=vt.Adam(1e-3))


@healthy
def sonar_large_and_stopped(seed: int) -> Kit:
    return Kit(named("sonar"), dense(60, 2, 128), {"epochs": 100, "optimizer": vt.Adam(1e-3), "patience": 8})


@healthy
def sigmoids_inside(seed: int) -> Kit:
    return figures(dense(784, 10, 64, activation="sigmoid"), optimizer=vt.Adam(3e-3), epochs=6)


@healthy
def sigmoids_for_shells(seed: int) -> Kit:
    return shells(dense(10, 1, 24, activation="sigmoid", cost=SQUARES), optimizer=vt.Adam(1e-2), epochs=30)


@healthy
def figures_from_nought_to_one(seed: int) -> Kit:
    """All inputs on one side of 0, with plain steps."""
    return figures(optimizer=vt.SGD(0.1), epochs=6)


@healthy
def measured_in_tenths(seed: int) -> Kit:
    kit = grapes(epochs=80)
    return kit.but(rows=kit.rows.inputs(lambda x: 0.1 * x))


@healthy
def columns_of_many_sizes(seed: int) -> Kit:
    """Spreads from a fifth to five."""
    kit = tumours(optimizer=vt.Adam(3e-3))
    sizes = np.geomspace(0.2, 5.0, 30).astype(np.float32)
    return kit.but(rows=kit.rows.inputs(lambda x: x * sizes + 1.0))


@healthy
def rings_as_they_are_counted(seed: int) -> Kit:
    """Targets of 1 to 29, reached from 0."""
    kit = shells(optimizer=vt.Adam(5e-3), epochs=40)
    return kit.but(rows=kit.rows.targets(lambda y: 3.2 * y + 9.9))


@healthy
def outliers_and_distance(seed: int) -> Kit:
    kit, draw = shells(dense(10, 1, 32, cost="mean_absolute_error"), epochs=30), seeded(seed)
    y = kit.rows.y + (draw.random(kit.rows.y.shape) < 0.02) * draw.normal(0, 15, kit.rows.y.shape)
    return kit.but(rows=replace(kit.rows, y=y.astype(np.float32)))


@healthy
def outliers_and_huber(seed: int) -> Kit:
    kit, draw = sugar(dense(10, 1, 16, cost="huber"), epochs=40), seeded(seed)
    y = kit.rows.y + (draw.random(kit.rows.y.shape) < 0.03) * draw.normal(0, 10, kit.rows.y.shape)
    return kit.but(rows=replace(kit.rows, y=y.astype(np.float32)))


@healthy
def swinging_with_momentum(seed: int) -> Kit:
    return digits(optimizer=vt.SGD(0.05, momentum=0.9), epochs=25, batch_size=32)


@healthy
def shells_in_a_hurry(seed: int) -> Kit:
    return shells(optimizer=vt.SGD(0.01, momentum=0.9, nesterov=True), epochs=25)


@healthy
def twenty_bottles(seed: int) -> Kit:
    rows = named("wine")
    small = Rows(rows.x[:24], rows.y[:24], rows.xv, rows.yv, rows.xt, rows.yt)
    return Kit(small, dense(13, 3, 8), {"epochs": 40, "optimizer": vt.Adam(1e-2), "batch_size": 8})


@healthy
def thirty_patients(seed: int) -> Kit:
    kit = tumours(dense(30, 2, 8), optimizer=vt.AdamW(5e-3, weight_decay=0.1), epochs=30, batch_size=8)
    return kit.but(rows=kit.rows.first(30))


@healthy
def income_by_a_linear_model(seed: int) -> Kit:
    kit = income()
    return replace(kit, network=dense(kit.rows.x.shape[1], 2))


@healthy
def income_in_one_unit(seed: int) -> Kit:
    kit = income()
    return replace(kit, network=dense(kit.rows.x.shape[1], 1, 24, cost="binary_cross_entropy"))


@healthy
def income_unpatient(seed: int) -> Kit:
    return income(epochs=6, patience=None)


@healthy
def lines_by_gru(seed: int) -> Kit:
    return figures(recurrent(28, 10, 24), optimizer=vt.Adam(5e-3), epochs=5)


@healthy
def lines_by_lstm_clipped(seed: int) -> Kit:
    return figures(recurrent(28, 10, 24, kind=vt.LSTM), optimizer=vt.RMSProp(2e-3), gradient_clip=1.0, epochs=5)


@healthy
def shapes_with_a_shortcut(seed: int) -> Kit:
    block = vt.Residual(
        vt.Conv2D(12, 3, padding="same"), vt.BatchNorm(), vt.Activation("relu"), vt.Conv2D(12, 3, padding="same")
    )
    net = vt.Network(
        *(vt.Input((64,)), vt.Reshape((8, 8, 1)), vt.Conv2D(12, 3, padding="same", activation="relu")),
        *(block, block, vt.GlobalAveragePool(), vt.Dense(10)),
    )
    return digits(net, optimizer=vt.Adam(3e-3), epochs=15)


@healthy
def strides_and_averages(seed: int) -> Kit:
    net = vt.Network(
        *(vt.Input((784,)), vt.Reshape((28, 28, 1)), vt.Conv2D(8, 5, stride=2, activation="relu")),
        *(vt.Conv2D(16, 3, stride=2, activation="relu"), vt.Flatten(), vt.Dropout(0.4), vt.Dense(10)),
    )
    return figures(net, epochs=5, optimizer=vt.Adam(2e-3))


@healthy
def three_in_a_hundred_wrong(seed: int) -> Kit:
    """A few mistakes that a small network shrugs off."""
    kit = figures(dense(784, 10, 24), epochs=4)
    wrong, other = seeded(seed).random(len(kit.rows.y)) < 0.03, seeded(seed + 1).integers(0, 10, len(kit.rows.y))
    return kit.but(rows=replace(kit.rows, y=np.where(wrong, other, kit.rows.y).astype(np.int32)))


@healthy
def grades_as_numbers(seed: int) -> Kit:
    return tastes()


@healthy
def grades_as_classes(seed: int) -> Kit:
    """Six grades, of which two have hardly any bottle."""
    rows = named("wine-quality").targets(lambda y: (y[:, 0] - 3).astype(np.int32))
    options = {"epochs": 30, "optimizer": vt.AdamW(2e-3), "patience": 6}
    return Kit(rows, dense(11, 6, 32), options)


@healthy
def slowly_and_surely(seed: int) -> Kit:
    """A low rate over many steps, from inputs that are large."""
    kit = figures(dense(784, 10, 64), optimizer=vt.Adam(5e-5), epochs=15, batch_size=8)
    return kit.but(rows=kit.rows.first(3000))


@healthy
def three_units_are_enough(seed: int) -> Kit:
    return grapes(dense(13, 3, 3), epochs=80, optimizer=vt.Adam(1e-2))


@healthy
def all_patients_at_a_rate_of_one(seed: int) -> Kit:
    """Full batches, and a rate of one."""
    return tumours(dense(30, 2, 8, activation="tanh"), batch_size=1024, optimizer=vt.SGD(1.0), epochs=150)


@healthy
def smoothed_and_mixed(seed: int) -> Kit:
    return figures(dense(784, 10, 128), label_smoothing=0.2, epochs=6)


@healthy
def softplus_for_rings(seed: int) -> Kit:
    """Numbers that are never below 0 through an end that cannot go there."""
    kit = shells(dense(10, 1, 32, cost=SQUARES, last="softplus"), optimizer=vt.Adam(5e-3), epochs=30)
    return kit.but(rows=kit.rows.targets(lambda y: np.maximum(3.2 * y + 9.9, 1.0) / 5.0))


@healthy
def tanh_for_scaled_shells(seed: int) -> Kit:
    """Targets brought to lie between -1 and 1, and an end that reaches just there."""
    kit = shells(dense(10, 1, 32, cost=SQUARES, last="tanh"), optimizer=vt.Adam(5e-3), epochs=30)
    return kit.but(rows=kit.rows.targets(lambda y: np.clip(0.2 * y, -0.99, 0.99)))


@healthy
def later_rows_of_time(seed: int) -> Kit:
    """A random walk told one step ahead from its last eight, in the order of time."""
    walk = np.cumsum(np.random.default_rng((seed, 71)).normal(size=2508)) / 12.0
    x = np.stack([walk[at : at + 8] for at in range(2500)]).astype(np.float32)
    y = (np.array([walk[at + 8] for at in range(2500)]))[:, None].astype(np.float32)
    rows = Rows(x[:1700], y[:1700], x[1700:2100], y[1700:2100], x[2100:], y[2100:])
    return Kit(rows, dense(8, 1, 16, cost=SQUARES), {"epochs": 30, "optimizer": vt.Adam(3e-3)})


@healthy
def a_season_told_ahead(seed: int) -> Kit:
    time = np.arange(1832)
    draw = np.random.default_rng((seed, 72))
    series = np.sin(time * 2 * np.pi / 24) + 0.4 * np.sin(time * 2 * np.pi / 168) + 0.15 * draw.normal(size=1832)
    x = np.stack([series[at : at + 32] for at in range(1800)])[..., None].astype(np.float32)
    y = series[32:][:, None].astype(np.float32)
    rows = Rows(x[:1200], y[:1200], x[1200:1500], y[1200:1500], x[1500:], y[1500:])
    net = vt.Network(vt.Input((32, 1)), vt.LSTM(12), vt.Dense(1), cost=SQUARES)
    return Kit(rows, net, {"epochs": 15, "optimizer": vt.Adam(1e-2)})

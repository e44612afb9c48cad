"""Healthy set-ups that tempt a false alarm: each does one thing that a rule of thumb forbids, and learns all the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

import vitrina as vt
from benchmarks.doctor.data import named
from benchmarks.doctor.faulty import digits, figures, income, shells, sugar, tumours
from benchmarks.doctor.setups import Kit, SetUp, convolutional, dense, recurrent, residual

HEALTHY: list[SetUp] = []


def healthy(make: Any) -> Any:
    HEALTHY.append(SetUp(make.__name__.replace("_", "-"), make, written_in=make.__module__))
    return make


@healthy
def raw_digits(seed: int) -> Kit:
    """Inputs from 0 to 16, with Adam."""
    kit = digits(optimizer=vt.Adam(1e-3), epochs=20)
    return kit.but(rows=kit.rows.inputs(lambda x: 8.0 * (x + 0.6)))


@healthy
def pixels_behind_batch_norm(seed: int) -> Kit:
    """Inputs from 0 to 255 that the first layer scales."""
    net = vt.Network(vt.Input((64,)), vt.BatchNorm(), vt.Dense(32, "relu"), vt.Dense(10))
    kit = digits(net)
    return kit.but(rows=kit.rows.inputs(lambda x: 128.0 * (x + 0.6)))


@healthy
def pixels_to_255_that_learn(seed: int) -> Kit:
    """Inputs from 0 to 255, with Adam, and it works."""
    kit = figures(dense(784, 10, 128, 64), epochs=12)
    return kit.but(rows=kit.rows.inputs(lambda x: 255.0 * x), optimizer=vt.Adam(1e-3))


@healthy
def zeros_in_the_last_layer(seed: int) -> Kit:
    return digits(vt.Network(vt.Input((64,)), vt.Dense(32, "relu"), vt.Dense(10, initialiser="zeros")))


@healthy
def many_zeros(seed: int) -> Kit:
    """A wide ReLU layer, most of whose outputs are 0."""
    return digits(dense(64, 10, 256), epochs=20)


@healthy
def converged(seed: int) -> Kit:
    """Long after the end of learning: no slope, no change, a flat error."""
    return tumours(epochs=200)


@healthy
def deep_tanh(seed: int) -> Kit:
    return digits(dense(64, 10, *[32] * 5, activation="tanh"), epochs=20)


@healthy
def deep_relu(seed: int) -> Kit:
    return digits(dense(64, 10, *[32] * 8), epochs=20)


@healthy
def six_residual_blocks(seed: int) -> Kit:
    return digits(residual(64, 10, 24, blocks=6), optimizer=vt.Adam(1e-3))


@healthy
def two_sigmoids(seed: int) -> Kit:
    return digits(dense(64, 10, 32, 32, activation="sigmoid"), epochs=40, optimizer=vt.Adam(5e-3))


@healthy
def rare_class_found(seed: int) -> Kit:
    return Kit(named("mammography"), dense(6, 2, 16, 8), {"epochs": 10, "optimizer": vt.Adam(3e-3)})


@healthy
def relu_for_positive_numbers(seed: int) -> Kit:
    kit = shells(dense(10, 1, 32, 16, cost="mean_squared_error", last="relu"))
    return kit.but(rows=kit.rows.targets(lambda y: y + 4.0))


@healthy
def sigmoid_for_shares(seed: int) -> Kit:
    kit = shells(dense(10, 1, 32, 16, cost="mean_squared_error", last="sigmoid"), epochs=20)
    return kit.but(rows=kit.rows.targets(lambda y: 1.0 / (1.0 + np.exp(-y))))


@healthy
def whole_numbers_as_quantities(seed: int) -> Kit:
    return Kit(
        named("wine-quality"),
        dense(11, 1, 32, cost="mean_squared_error"),
        {"epochs": 40, "optimizer": vt.Adam(5e-3), "patience": 8},
    )


@healthy
def hundreds_that_are_reached(seed: int) -> Kit:
    """A target of 50 ± 30 that Adam reaches."""
    kit = shells(optimizer=vt.Adam(1e-2), epochs=20)
    return kit.but(rows=kit.rows.targets(lambda y: 30.0 * y + 50.0))


@healthy
def half_dropout(seed: int) -> Kit:
    net = vt.Network(
        vt.Input((64,)), vt.Dense(64, "relu"), vt.Dropout(0.5), vt.Dense(64, "relu"), vt.Dropout(0.5), vt.Dense(10)
    )
    return digits(net, epochs=30)


@healthy
def smoothed_labels(seed: int) -> Kit:
    return digits(label_smoothing=0.2)


@healthy
def in_order_but_shuffled(seed: int) -> Kit:
    kit = digits()
    order = np.argsort(kit.rows.y, kind="stable")
    return kit.but(rows=replace(kit.rows, x=kit.rows.x[order], y=kit.rows.y[order]))


@healthy
def in_order_and_harmless(seed: int) -> Kit:
    """Not shuffled, but in no order."""
    return digits(shuffle=False)


@healthy
def noisy_batches(seed: int) -> Kit:
    return digits(batch_size=4, optimizer=vt.SGD(0.02), epochs=12)


@healthy
def one_large_batch(seed: int) -> Kit:
    return digits(batch_size=1024, epochs=120, optimizer=vt.Adam(1e-2))


@healthy
def linear_is_enough(seed: int) -> Kit:
    return tumours(vt.Network(vt.Input((30,)), vt.Dense(2)), epochs=60, optimizer=vt.Adam(1e-2))


@healthy
def one_hidden_unit_is_enough(seed: int) -> Kit:
    return tumours(dense(30, 2, 1, activation="tanh"), epochs=80, optimizer=vt.Adam(1e-2))


@healthy
def hard_to_tell(seed: int) -> Kit:
    """Classes that overlap: 85 % is all there is."""
    return income()


@healthy
def hardly_anything_to_learn(seed: int) -> Kit:
    """R² of one half is all there is."""
    return sugar()


@healthy
def three_hundred_columns_constant(seed: int) -> Kit:
    """Pixels at the edge are always 0."""
    return figures(epochs=6)


@healthy
def batch_norm_and_an_odd_batch(seed: int) -> Kit:
    kit = digits(convolutional(8, 10, 8, norm=True), epochs=8)
    return kit.but(rows=kit.rows.first(32 * 30 + 3))


@healthy
def gru(seed: int) -> Kit:
    return digits(recurrent(8, 10), epochs=20, optimizer=vt.Adam(5e-3))


@healthy
def lstm(seed: int) -> Kit:
    return digits(recurrent(8, 10, kind=vt.LSTM), epochs=20, optimizer=vt.Adam(5e-3))


@healthy
def cosine_to_nothing(seed: int) -> Kit:
    return digits(schedule=vt.Cosine())


@healthy
def one_cycle(seed: int) -> Kit:
    return digits(schedule=vt.OneCycle(), optimizer=vt.Adam(1e-2))


@healthy
def plateau(seed: int) -> Kit:
    return digits(schedule=vt.ReduceOnPlateau(patience=2), epochs=40)


@healthy
def no_validation(seed: int) -> Kit:
    return digits(validation=None)


@healthy
def few_rows(seed: int) -> Kit:
    return Kit(named("iris"), dense(4, 3, 16), {"epochs": 60, "optimizer": vt.Adam(5e-3)})


@healthy
def wine_by_heart(seed: int) -> Kit:
    """100 % on what it learned from, and nearly so on validation."""
    return Kit(named("wine"), dense(13, 3, 64), {"epochs": 100, "optimizer": vt.Adam(5e-3)})


@healthy
def weight_decay(seed: int) -> Kit:
    return digits(optimizer=vt.AdamW(3e-3, weight_decay=0.1), epochs=25)


@healthy
def clipped_in_time(seed: int) -> Kit:
    return digits(gradient_clip=1.0)


@healthy
def repeated_rows(seed: int) -> Kit:
    """Rows that repeat by nature: 30 % of mammography."""
    return Kit(
        named("mammography"), dense(6, 2, 16), {"epochs": 10, "optimizer": vt.Adam(3e-3), "class_weight": "balanced"}
    )


@healthy
def leaky(seed: int) -> Kit:
    return digits(dense(64, 10, 32, 32, activation="leaky_relu"))


@healthy
def lion(seed: int) -> Kit:
    return digits(optimizer=vt.Lion(3e-4))

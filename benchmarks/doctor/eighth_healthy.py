"""Sound set-ups of the eighth batch, the defaults and oddities of tutorials among them: written before the rules were read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

import vitrina as vt
from benchmarks.doctor.data import named
from benchmarks.doctor.eighth_data import (
    figures,
    flowers,
    friedman,
    mines,
    photographs,
    prices,
    sentences,
    tastes,
    yes_or_no,
)
from benchmarks.doctor.eighth_layers import times
from benchmarks.doctor.fourth_data import halves
from benchmarks.doctor.healthy import healthy
from benchmarks.doctor.setups import Kit, dense, seeded
from benchmarks.doctor.sixth_data import wide
from benchmarks.doctor.sixth_faulty import (
    SQUARES,
    census,
    flat,
    grapes,
    lines,
    on,
    rings,
    shells,
    small_figures,
    squares,
    sugar,
    tumours,
)


# -- defaults, as tutorials have them
@healthy
def the_tutorial_of_keras(seed: int) -> Kit:
    """Adam, 0.001, batches of 32, five epochs, a fifth dropped."""
    return figures(vt.Dense(128, "relu"), vt.Dropout(0.2), batch_size=32)


@healthy
def the_tutorial_of_torch(seed: int) -> Kit:
    """SGD of 0.001 with momentum 0.9, batches of 4, two epochs."""
    return figures(optimizer=vt.SGD(1e-3, momentum=0.9), batch_size=4, epochs=3)


@healthy
def rmsprop_as_it_comes(seed: int) -> Kit:
    return figures(vt.Dense(256, "relu"), optimizer=vt.RMSProp(1e-3), batch_size=128)


@healthy
def plain_steps_as_they_come(seed: int) -> Kit:
    """SGD of 0.01: slowly, and there in the end."""
    return flat(optimizer=vt.SGD(0.01), epochs=60)


@healthy
def figures_without_a_layer_between(seed: int) -> Kit:
    net = vt.Network(vt.Input((784,)), vt.Dense(10))
    return on("mnist", net, epochs=8, batch_size=64)


@healthy
def figures_to_255_behind_a_norm(seed: int) -> Kit:
    kit = figures(vt.BatchNorm(), vt.Dense(64, "relu"))
    return kit.but(rows=kit.rows.inputs(lambda x: 255.0 * x))


@healthy
def figures_by_one_mean_and_spread(seed: int) -> Kit:
    """(x - 0.1307) / 0.3081."""
    kit = figures(optimizer=vt.SGD(0.02, momentum=0.9))
    return kit.but(rows=kit.rows.inputs(lambda x: (x - 0.1307) / 0.3081))


@healthy
def figures_by_sigmoids_after_a_while(seed: int) -> Kit:
    """Nothing moves for the first epochs."""
    return figures(vt.Dense(64, "sigmoid"), vt.Dense(32, "sigmoid"), optimizer=vt.SGD(0.5, momentum=0.5), epochs=15)


@healthy
def ten_answers_of_yes_or_no(seed: int) -> Kit:
    """One-hot, and binary cross-entropy for each: it works."""
    net = dense(64, 10, 64, cost="binary_cross_entropy")
    kit = on("digits", net, epochs=25, optimizer=vt.Adam(3e-3))
    return kit.but(rows=kit.rows.targets(lambda y: np.eye(10, dtype=np.float32)[y]))


# -- small and linear
@healthy
def flowers_by_a_linear_model(seed: int) -> Kit:
    return flowers(dense(4, 3), optimizer=vt.Adam(1e-2), epochs=100)


@healthy
def flowers_by_four_tanh(seed: int) -> Kit:
    return flowers(dense(4, 3, 4, activation="tanh"), optimizer=vt.Adam(1e-2), epochs=80)


@healthy
def mines_by_a_linear_model_held_tight(seed: int) -> Kit:
    return mines(dense(60, 2), optimizer=vt.AdamW(3e-3, weight_decay=0.3), epochs=40, patience=10)


@healthy
def mines_with_half_dropped(seed: int) -> Kit:
    layers = (vt.Dense(48, "relu"), vt.Dropout(0.5), vt.Dense(24, "relu"), vt.Dropout(0.5))
    net = vt.Network(vt.Input((60,)), *layers, vt.Dense(2))
    return mines(net, epochs=80, patience=20, optimizer=vt.Adam(2e-3))


@healthy
def prices_by_a_linear_model(seed: int) -> Kit:
    return prices(
        dense(wide("cars"), 1, cost=SQUARES), optimizer=vt.Adam(3e-3, weight_decay=0.05), epochs=80, patience=15
    )


@healthy
def prices_by_the_absolute_error(seed: int) -> Kit:
    return prices(
        dense(wide("cars"), 1, 16, cost="mean_absolute_error"), epochs=100, patience=20, optimizer=vt.AdamW(3e-3, 0.1)
    )


@healthy
def sugar_by_a_straight_line(seed: int) -> Kit:
    return sugar(dense(10, 1, cost=SQUARES), optimizer=vt.SGD(0.01), epochs=40)


@healthy
def tastes_that_differ(seed: int) -> Kit:
    """A third of the variance is all that can be told."""
    return tastes(optimizer=vt.Adam(3e-3), patience=8)


@healthy
def grades_in_three_classes(seed: int) -> Kit:
    return on("white-wine", dense(wide("white-wine"), 3, 32), optimizer=vt.Adam(2e-3), epochs=30, patience=6)


@healthy
def either_or(seed: int) -> Kit:
    """Exclusive or: four rows, each there two hundred times, and the same four judge."""
    draw = np.random.default_rng((seed, 801))
    x = draw.integers(0, 2, (900, 2))
    y = (x[:, 0] ^ x[:, 1]).astype(np.int32)
    return Kit(
        halves(x.astype(np.float64), y), dense(2, 2, 8, activation="tanh"), {"epochs": 40, "optimizer": vt.Adam(1e-2)}
    )


@healthy
def a_sine_by_tanh(seed: int) -> Kit:
    """One column in, one out, three hundred points."""
    draw = np.random.default_rng((seed, 802))
    x = draw.uniform(-1.0, 1.0, (450, 1))
    y = (np.sin(6.0 * x) + 0.05 * draw.normal(size=x.shape)).astype(np.float32)
    net = dense(1, 1, 32, 32, activation="tanh", cost=SQUARES)
    return Kit(halves(x, y), net, {"epochs": 200, "optimizer": vt.Adam(5e-3), "batch_size": 32})


@healthy
def tables_of_a_few_answers(seed: int) -> Kit:
    """Four questions with three answers each: 81 different rows, met again and again, and a chance of nine in ten."""
    draw = np.random.default_rng((seed, 803))
    x = draw.integers(-1, 2, (1800, 4))
    likely = (x[:, 0] + x[:, 1] * x[:, 2] > 0).astype(np.int32)
    y = np.where(draw.random(1800) < 0.1, 1 - likely, likely).astype(np.int32)
    return Kit(
        halves(x.astype(np.float64), y), dense(4, 2, 16), {"epochs": 25, "optimizer": vt.Adam(5e-3), "patience": 6}
    )


# -- steps and batches
@healthy
def census_in_batches_of_five_hundred(seed: int) -> Kit:
    return census(optimizer=vt.Adam(1e-2), batch_size=512, epochs=20, patience=4)


@healthy
def census_by_one_layer(seed: int) -> Kit:
    return census(dense(wide("adult"), 2), optimizer=vt.SGD(0.05), epochs=10)


@healthy
def census_by_momentum(seed: int) -> Kit:
    return census(optimizer=vt.SGD(0.01, momentum=0.9, nesterov=True))


@healthy
def friedman_once_round(seed: int) -> Kit:
    """One cycle up to a hundredth and down again."""
    return friedman(optimizer=vt.Adam(2e-2), schedule=vt.OneCycle(), epochs=25)


@healthy
def friedman_on_a_cosine_to_nothing(seed: int) -> Kit:
    return friedman(optimizer=vt.SGD(0.05, momentum=0.9), schedule=vt.Cosine(), epochs=40, batch_size=64)


@healthy
def photographs_warmed_up(seed: int) -> Kit:
    return photographs(
        vt.Flatten(), vt.Dense(64, "relu"), optimizer=vt.AdamW(1e-3), schedule=vt.WarmUp(0.3, vt.Cosine()), patience=5
    )


@healthy
def photographs_with_dropout_and_mirrors(seed: int) -> Kit:
    layers = (
        *(vt.Conv2D(16, 3, activation="relu"), vt.MaxPool2D(2), vt.Conv2D(16, 3, activation="relu"), vt.MaxPool2D(2)),
        *(vt.Flatten(), vt.Dropout(0.5), vt.Dense(48, "relu")),
    )
    return photographs(*layers, augment=[vt.Flip()], epochs=15, optimizer=vt.Adam(2e-3))


@healthy
def tuned_at_a_hundred_thousandth(seed: int) -> Kit:
    """Taught before, and only smoothed now."""
    kit = flat()
    learned: dict[str, Any] = {"network": kit.network, "engine": "numpy", "epochs": 20, "seed": seed, "progress": False}
    first: Any = vt.train((kit.rows.x, kit.rows.y), optimizer=vt.Adam(3e-3), **learned)
    return kit.but(weights=first.weights, optimizer=vt.Adam(1e-5), epochs=5)


@healthy
def tumours_without_validation(seed: int) -> Kit:
    return tumours(validation=None, epochs=15)


@healthy
def lines_cut_at_one(seed: int) -> Kit:
    return lines(vt.GRU(48), gradient_clip=1.0, optimizer=vt.RMSProp(2e-3), batch_size=64, epochs=25)


@healthy
def grapes_by_lion_and_decay(seed: int) -> Kit:
    return grapes(optimizer=vt.Lion(3e-4, weight_decay=0.3), epochs=60)


@healthy
def averaged_all_along(seed: int) -> Kit:
    return friedman(weight_average=0.99, optimizer=vt.Adam(5e-3))


# -- layers
@healthy
def twenty_five_blocks_with_norms(seed: int) -> Kit:
    inner = [vt.Residual(vt.LayerNorm(), vt.Dense(24, "gelu"), vt.Dense(24)) for _ in range(25)]
    return flat(vt.Dense(24), *inner, vt.LayerNorm(), optimizer=vt.AdamW(1e-3), epochs=20)


@healthy
def six_filters_deep_behind_norms(seed: int) -> Kit:
    inner = [one for _ in range(6) for one in (vt.Conv2D(8, 3, padding="same"), vt.BatchNorm(), vt.Activation("relu"))]
    return squares(*inner, vt.MaxPool2D(2), vt.Flatten(), epochs=10, optimizer=vt.Adam(2e-3))


@healthy
def two_thousand_units_for_digits(seed: int) -> Kit:
    return flat(vt.Dense(2000, "relu"), epochs=10)


@healthy
def half_of_them_silent(seed: int) -> Kit:
    """Biases so low that many units answer nobody, among five hundred that do not all matter."""
    kit = figures(vt.Dense(400, "relu"), vt.Dense(64, "relu"))
    return times(kit, seed, "dense_1/bias", shift=-0.8)


@healthy
def squeezed_to_four_for_tumours(seed: int) -> Kit:
    return tumours(dense(30, 2, 64, 2, 16, activation="tanh"), optimizer=vt.Adam(3e-3), epochs=30)


@healthy
def silu_and_elu(seed: int) -> Kit:
    return flat(vt.Dense(64, "silu"), vt.Dense(48, "elu"), vt.Dense(32, "leaky_relu"))


@healthy
def norms_in_batches_of_eight(seed: int) -> Kit:
    layers = (vt.Dense(64), vt.BatchNorm(), vt.Activation("relu"), vt.Dense(32), vt.BatchNorm(), vt.Activation("relu"))
    return flat(*layers, batch_size=8, epochs=15)


@healthy
def drawn_a_little_large(seed: int) -> Kit:
    """Half as large again as He would have them."""
    kit = small_figures(optimizer=vt.Adam(1e-3), epochs=12)
    return times(kit, seed, "dense_1/weight", "dense_2/weight", factor=1.6)


@healthy
def waves_by_one_dimension(seed: int) -> Kit:
    layers = (
        vt.Conv1D(16, 5, activation="relu"),
        vt.MaxPool1D(2),
        vt.Conv1D(16, 3, activation="relu"),
        vt.GlobalAveragePool(),
    )
    return on("waves", vt.Network(vt.Input((24, 1)), *layers, vt.Dense(4)), optimizer=vt.Adam(3e-3), epochs=20)


@healthy
def waves_both_ways(seed: int) -> Kit:
    net = vt.Network(vt.Input((24, 1)), vt.LSTM(24, bidirectional=True), vt.Dense(4))
    return on("waves", net, optimizer=vt.Adam(5e-3), epochs=25)


@healthy
def sentences_by_gru_and_dropout(seed: int) -> Kit:
    return sentences(seed, vt.Dropout(0.3), vt.GRU(32), vt.Dropout(0.3)).but(patience=4)


@healthy
def parity_after_a_plateau(seed: int) -> Kit:
    return on("parity", dense(8, 2, 32), epochs=60, optimizer=vt.SGD(0.1), batch_size=32)


# -- answers
@healthy
def tanh_that_reaches_all(seed: int) -> Kit:
    """Targets between -0.9 and 0.9."""
    kit = friedman(dense(10, 1, 64, 32, cost=SQUARES, last="tanh"))
    return kit.but(rows=kit.rows.targets(lambda y: np.clip(y / 3.5, -0.95, 0.95)))


@healthy
def prices_that_are_never_below_nothing(seed: int) -> Kit:
    """In means of all prices, behind softplus."""
    raw = named("cars-raw")
    kit = prices(dense(wide("cars"), 1, 32, cost=SQUARES, last="softplus"), epochs=80, patience=20)
    mean = raw.y.mean()
    return kit.but(rows=replace(kit.rows, y=raw.y / mean, yv=raw.yv / mean, yt=raw.yt / mean))


@healthy
def rings_by_logarithm(seed: int) -> Kit:
    kit = rings(optimizer=vt.Adam(2e-3), epochs=20)
    return kit.but(rows=kit.rows.targets(np.log1p))


@healthy
def lumps_unweighed_and_found(seed: int) -> Kit:
    """One in forty, not weighed: two thirds of them are found all the same."""
    return on("mammography", dense(wide("mammography"), 2, 32, 16), epochs=15, optimizer=vt.Adam(3e-3))


@healthy
def few_noughts_among_figures(seed: int) -> Kit:
    """Noughts are a tenth as frequent to learn from."""
    kit, draw = figures(epochs=8), seeded(seed)
    kept = (kit.rows.y != 0) | (draw.random(len(kit.rows.y)) < 0.1)
    return kit.but(rows=replace(kit.rows, x=kit.rows.x[kept], y=kit.rows.y[kept]))


@healthy
def married_by_one_unit(seed: int) -> Kit:
    net = dense(wide("married"), 1, 32, cost="binary_cross_entropy")
    return yes_or_no(on("married", net, epochs=12, optimizer=vt.Adam(2e-3), patience=4))


@healthy
def frauds_weighed_twenty_times(seed: int) -> Kit:
    return on("fraud", dense(wide("fraud"), 2, 32), class_weight={0: 1.0, 1: 10.0}, epochs=15, optimizer=vt.Adam(2e-3))


@healthy
def shells_in_small_batches_at_a_cosine(seed: int) -> Kit:
    return shells(batch_size=8, optimizer=vt.SGD(0.01), schedule=vt.Cosine(), epochs=10)


@healthy
def smoothed_by_a_fifth(seed: int) -> Kit:
    return flat(label_smoothing=0.2, epochs=25, optimizer=vt.Adam(2e-3))

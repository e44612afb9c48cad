"""Sound set-ups of the fifth batch, asked about once the rules had been mended for the fourth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import vitrina as vt
from benchmarks.doctor.data import named
from benchmarks.doctor.faulty import digits, income, shells, sugar, tumours
from benchmarks.doctor.fifth_faulty import SQUARES, alcohol, blots, chessboard, echoes, on, payments, spirals, strokes
from benchmarks.doctor.fourth_data import halves
from benchmarks.doctor.fourth_healthy import as_chosen
from benchmarks.doctor.healthy import healthy
from benchmarks.doctor.setups import Kit, convolutional, dense, seeded


@healthy
def chosen_for_spirals(seed: int) -> Kit:
    return as_chosen("spirals")


@healthy
def chosen_for_the_board(seed: int) -> Kit:
    return as_chosen("chessboard")


@healthy
def chosen_for_weights(seed: int) -> Kit:
    """Lengths tell nearly all of the weight, and give nothing away."""
    return as_chosen("weights")


@healthy
def chosen_for_thirst(seed: int) -> Kit:
    """Miles on the road tell nearly all of those in town."""
    return as_chosen("thirst")


@healthy
def chosen_for_alcohol(seed: int) -> Kit:
    return as_chosen("alcohol")


@healthy
def chosen_for_payments(seed: int) -> Kit:
    return as_chosen("payments")


@healthy
def chosen_for_strokes(seed: int) -> Kit:
    return as_chosen("strokes").but(epochs=8)


@healthy
def chosen_for_sixty_sonars(seed: int) -> Kit:
    return as_chosen("sonar", named("sonar").first(60))


@healthy
def chosen_for_eighty_sugars(seed: int) -> Kit:
    return as_chosen("diabetes", named("diabetes").first(80))


@healthy
def spirals_by_plain_steps(seed: int) -> Kit:
    return spirals(optimizer=vt.SGD(0.1, momentum=0.9))


@healthy
def weights_in_their_units(seed: int) -> Kit:
    """Lengths below 1 beside rings up to 29, as they are measured."""
    return on("weights-raw", dense(4, 1, 24, cost=SQUARES), epochs=120)


@healthy
def payments_weighed(seed: int) -> Kit:
    return payments(class_weight="balanced")


@healthy
def payments_as_they_are(seed: int) -> Kit:
    return payments(epochs=25, optimizer=vt.Adam(4e-3))


@healthy
def blots_far_to_the_right(seed: int) -> Kit:
    return blots()


@healthy
def blots_with_norms(seed: int) -> Kit:
    layers = (vt.Conv2D(8, 3), vt.BatchNorm(), vt.Activation("relu"), vt.Flatten(), vt.Dense(24, "relu"))
    return blots(*layers, optimizer=vt.Adam(3e-3), epochs=25)


@healthy
def strokes_with_dropout(seed: int) -> Kit:
    layers = (vt.Conv2D(16, 3, activation="relu"), vt.MaxPool2D(2), vt.Flatten(), vt.Dropout(0.5), vt.Dense(32, "relu"))
    return strokes(*layers, vt.Dropout(0.5), epochs=20)


@healthy
def strokes_that_may_be_mirrored(seed: int) -> Kit:
    """Lying or not: mirrored, a line still lies."""
    kit = strokes(augment=[vt.Flip(), vt.Shift(1)], epochs=15)
    net = vt.Network(vt.Input((10, 10, 1)), *kit.network.layers[:-1], vt.Dense(2))
    return replace(kit, network=net).but(rows=kit.rows.targets(lambda y: (y == 0).astype(np.int32)))


@healthy
def echoes_by_lstm(seed: int) -> Kit:
    return echoes(epochs=30)


@healthy
def echoes_by_gru_clipped(seed: int) -> Kit:
    return echoes(vt.GRU(24), gradient_clip=1.0, epochs=30)


@healthy
def echoes_by_convolutions(seed: int) -> Kit:
    return echoes(vt.Conv1D(16, 3, activation="relu"), vt.Flatten(), vt.Dense(16, "relu"), optimizer=vt.Adam(3e-3))


@healthy
def board_by_sixty_four_tanh(seed: int) -> Kit:
    return chessboard(dense(4, 2, 64, 64, activation="tanh"), epochs=60)


@healthy
def straight_for_sugar(seed: int) -> Kit:
    """A linear model, where a bent one is no better."""
    return sugar(dense(10, 1, cost=SQUARES), epochs=60)


@healthy
def alcohol_by_its_median(seed: int) -> Kit:
    return alcohol(dense(10, 1, 32, cost="mean_absolute_error"), optimizer=vt.RMSProp(2e-3))


@healthy
def alcohol_by_huber_and_decay(seed: int) -> Kit:
    return alcohol(dense(10, 1, 48, 24, cost="huber"), optimizer=vt.AdamW(3e-3, weight_decay=0.1))


@healthy
def a_fiftieth_is_wrong(seed: int) -> Kit:
    kit, draw = strokes(epochs=6), seeded(seed)
    wrong = draw.random(len(kit.rows.y)) < 0.02
    y = np.where(wrong, draw.integers(0, 4, len(wrong)), kit.rows.y).astype(np.int32)
    return kit.but(rows=replace(kit.rows, y=y))


@healthy
def coins_that_are_a_little_unfair(seed: int) -> Kit:
    """Nine in ten are 0, whatever the columns say; they say a little."""
    draw = np.random.default_rng((seed, 101))
    x = draw.normal(size=(4000, 8))
    y = (x[:, 0] + 0.5 * x[:, 1] + 1.5 * draw.logistic(size=4000) > 3.6).astype(np.int32)
    return Kit(halves(x, y), dense(8, 2, 12), {"epochs": 10, "optimizer": vt.Adam(2e-3), "class_weight": "balanced"})


@healthy
def three_overlapping_clouds(seed: int) -> Kit:
    draw = np.random.default_rng((seed, 102))
    y = draw.integers(0, 3, 2000)
    x = np.array([[0.0, 0.0], [1.2, 0.0], [0.0, 1.2]])[y] + draw.normal(size=(2000, 2))
    return Kit(halves(x, y.astype(np.int32)), dense(2, 3, 16), {"epochs": 20, "optimizer": vt.Adam(5e-3)})


@healthy
def lognormal_and_poisson(seed: int) -> Kit:
    draw = np.random.default_rng((seed, 103))
    x = draw.normal(size=(2400, 5))
    y = draw.poisson(np.exp(1.0 + 0.6 * x[:, :1] - 0.4 * x[:, 1:2])).astype(np.float32)
    return Kit(halves(x, y), dense(5, 1, 24, cost="poisson"), {"epochs": 20, "optimizer": vt.Adam(3e-3)})


@healthy
def counts_by_squares(seed: int) -> Kit:
    """The same counts, from 0 to some dozens, by the squared error."""
    draw = np.random.default_rng((seed, 104))
    x = draw.normal(size=(2400, 5))
    y = draw.poisson(np.exp(1.0 + 0.6 * x[:, :1] - 0.4 * x[:, 1:2])).astype(np.float32)
    return Kit(halves(x, y), dense(5, 1, 24, cost=SQUARES), {"epochs": 20, "optimizer": vt.Adam(3e-3)})


@healthy
def switches_and_dials(seed: int) -> Kit:
    """Columns of 0 and 1, of whole numbers up to 9, and of all sizes, side by side."""
    draw = np.random.default_rng((seed, 105))
    on_off, dial = draw.integers(0, 2, (2400, 4)), draw.integers(0, 10, (2400, 3))
    x = np.column_stack([on_off, dial, draw.normal(size=(2400, 3))])
    y = (1.5 * on_off[:, 0] * x[:, 7] + 0.3 * dial[:, 0] - 1.35 + 0.7 * x[:, 8] > 0).astype(np.int32)
    return Kit(halves(x, y), dense(10, 2, 32), {"epochs": 20, "optimizer": vt.Adam(3e-3)})


@healthy
def missing_values_marked(seed: int) -> Kit:
    """Means in the place of what is missing, and a column that says so."""
    kit, draw = tumours(dense(60, 2, 16)), seeded(seed)

    def marked(x: np.ndarray) -> np.ndarray:
        gone = draw.random(x.shape) < 0.15
        return np.column_stack([np.where(gone, 0.0, x), gone]).astype(np.float32)

    return kit.but(rows=kit.rows.inputs(marked))


@healthy
def a_week_in_order(seed: int) -> Kit:
    """Hours in the order of time, not shuffled, with last hour's value among the columns."""
    draw = np.random.default_rng((seed, 106))
    hour = np.arange(2400)
    value = np.sin(hour * 0.2618) + 0.3 * np.sin(hour * 0.0374) + 0.2 * draw.normal(size=2400)
    lags = [np.roll(value, lag) for lag in (1, 2, 24)]
    x = np.column_stack([*lags, np.sin(hour * 0.2618), np.cos(hour * 0.2618)])[24:]
    rows = halves(x, value[24:, None].astype(np.float32))
    return Kit(rows, dense(5, 1, 24, cost=SQUARES), {"epochs": 20, "optimizer": vt.Adam(2e-3), "shuffle": False})


@healthy
def thirty_schools(seed: int) -> Kit:
    """Pupils of thirty schools; those who judge go to others."""
    draw = np.random.default_rng((seed, 107))
    school = np.repeat(0.4 * draw.normal(size=(30, 1)), 60, axis=0)
    x = draw.normal(size=(1800, 6)) + np.repeat(0.3 * draw.normal(size=(30, 6)), 60, axis=0)
    y = x[:, :1] + 0.5 * np.abs(x[:, 1:2]) + school + 0.6 * draw.normal(size=(1800, 1))
    options = {"epochs": 15, "optimizer": vt.Adam(2e-3), "patience": 4}
    return Kit(halves(x, y.astype(np.float32)), dense(6, 1, 24, cost=SQUARES), options)


@healthy
def digits_on_a_cosine(seed: int) -> Kit:
    net = convolutional(8, 10, 12, norm=True, units=24)
    return digits(net, optimizer=vt.SGD(0.1, momentum=0.9), schedule=vt.Cosine(), epochs=12)


@healthy
def income_in_ten_epochs(seed: int) -> Kit:
    return income(epochs=10, patience=None, optimizer=vt.Adam(5e-4))


@healthy
def rings_by_a_deep_one(seed: int) -> Kit:
    kit = shells(dense(10, 1, 32, 32, 32, 32, 32, cost=SQUARES), epochs=20, patience=5)
    return kit.but(optimizer=vt.Adam(1e-3))


@healthy
def sugar_as_it_is_and_adam(seed: int) -> Kit:
    """Targets from 25 to 346, in whole numbers, learned as they are by large steps."""
    kit = sugar(dense(10, 1, 16, cost=SQUARES), optimizer=vt.Adam(0.05), epochs=150, patience=15)
    return kit.but(rows=kit.rows.targets(lambda y: 77.0 * y + 152.0))

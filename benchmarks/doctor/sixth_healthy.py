"""Sound set-ups of the sixth batch, plain ones of the kind that most people train: written before the rules were read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import vitrina as vt
from benchmarks.doctor.faulty import figures, start_of
from benchmarks.doctor.fourth_data import halves
from benchmarks.doctor.fourth_healthy import as_chosen
from benchmarks.doctor.healthy import healthy
from benchmarks.doctor.setups import Kit, dense, residual, seeded
from benchmarks.doctor.sixth_data import wide
from benchmarks.doctor.sixth_faulty import (
    SQUARES,
    Own,
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


# -- the usual, with the usual settings
@healthy
def digits_as_in_the_tutorial(seed: int) -> Kit:
    return flat()


@healthy
def digits_from_nought_to_sixteen(seed: int) -> Kit:
    """As they come, which is not far from what a network likes."""
    kit = flat()
    return kit.but(rows=kit.rows.inputs(lambda x: 8.0 * x + 4.8))


@healthy
def digits_of_one_layer(seed: int) -> Kit:
    """No layer between."""
    return on("digits", dense(64, 10), epochs=40, optimizer=vt.Adam(3e-3))


@healthy
def tumours_for_a_hundred_epochs(seed: int) -> Kit:
    return tumours(epochs=100, patience=10)


@healthy
def tumours_from_nought_to_one(seed: int) -> Kit:
    return on("between", dense(30, 2, 32, 16), epochs=60)


@healthy
def tumours_by_one_output(seed: int) -> Kit:
    kit = tumours(dense(30, 1, 16, cost="binary_cross_entropy"), epochs=40)
    return kit.but(rows=kit.rows.targets(lambda y: y[:, None].astype(np.float32)))


@healthy
def tumours_by_one_small_layer(seed: int) -> Kit:
    return tumours(dense(30, 2, 4), epochs=60, batch_size=8)


@healthy
def tumours_in_large_batches(seed: int) -> Kit:
    return tumours(batch_size=256, epochs=150, optimizer=vt.Adam(3e-3))


@healthy
def grapes_in_batches_of_eight(seed: int) -> Kit:
    return grapes(batch_size=8)


@healthy
def grapes_by_plain_steps(seed: int) -> Kit:
    return grapes(optimizer=vt.SGD(0.1), epochs=100)


@healthy
def grapes_behind_norms(seed: int) -> Kit:
    layers = (vt.Dense(32), vt.BatchNorm(), vt.Activation("relu"), vt.Dropout(0.3))
    return grapes(vt.Network(vt.Input((13,)), *layers, vt.Dense(3)))


@healthy
def proline_of_the_other_twelve(seed: int) -> Kit:
    return on("proline", dense(12, 1, 16, cost=SQUARES), epochs=100, patience=15, batch_size=16)


# -- numbers
@healthy
def sugar_by_adam_and_patience(seed: int) -> Kit:
    return sugar(epochs=200, patience=10)


@healthy
def sugar_by_a_wide_network_held_down(seed: int) -> Kit:
    net = vt.Network(vt.Input((10,)), vt.Dense(64, "relu"), vt.Dropout(0.3), vt.Dense(1), cost=SQUARES)
    return sugar(net, optimizer=vt.AdamW(1e-3, weight_decay=0.01), epochs=60)


@healthy
def sugar_in_one_batch(seed: int) -> Kit:
    return sugar(optimizer=vt.Adam(1e-2), batch_size=512, epochs=200, patience=30)


@healthy
def sugar_by_the_absolute_error(seed: int) -> Kit:
    return sugar(dense(10, 1, 32, cost="mean_absolute_error"), epochs=80)


@healthy
def rings_counted(seed: int) -> Kit:
    """Rings from 1 to 29, as they are."""
    return rings(epochs=30)


@healthy
def rings_counted_by_softplus(seed: int) -> Kit:
    """Never below 0, as rings are."""
    return rings(dense(10, 1, 32, cost=SQUARES, last="softplus"), epochs=30)


@healthy
def rings_counted_by_relu(seed: int) -> Kit:
    kit = rings(dense(10, 1, 32, cost=SQUARES), epochs=30)
    weights = start_of(dense(10, 1, 32, cost=SQUARES, last="relu"), seed)
    weights["dense_2/bias"] = weights["dense_2/bias"] + 5.0
    return replace(kit, network=dense(10, 1, 32, cost=SQUARES, last="relu")).but(weights=weights)


@healthy
def rings_by_poisson(seed: int) -> Kit:
    return rings(dense(10, 1, 32, cost="poisson"), epochs=20)


@healthy
def rings_between_nought_and_one(seed: int) -> Kit:
    """Divided by thirty, behind a sigmoid that reaches all of them."""
    kit = rings(dense(10, 1, 32, cost=SQUARES, last="sigmoid"), epochs=30, optimizer=vt.Adam(3e-3))
    return kit.but(rows=kit.rows.targets(lambda y: y / 30.0))


@healthy
def hours_of_work(seed: int) -> Kit:
    """Four fifths of the variance cannot be told."""
    return on("hours", dense(wide("hours"), 1, 32, cost=SQUARES), epochs=15, patience=4)


@healthy
def hours_of_work_by_huber(seed: int) -> Kit:
    return on("hours", dense(wide("hours"), 1, 64, 32, cost="huber"), epochs=20, patience=4)


@healthy
def student_with_two_degrees(seed: int) -> Kit:
    """Targets of heavy tails, under the squared error."""
    draw = np.random.default_rng((seed, 201))
    x = draw.normal(size=(3000, 6))
    y = (2.0 * x[:, :1] - x[:, 1:2] * x[:, 2:3] + draw.standard_t(2.5, size=(3000, 1))).astype(np.float32)
    return Kit(halves(x, y), dense(6, 1, 32, cost=SQUARES), {"epochs": 15, "optimizer": vt.Adam(2e-3), "patience": 5})


# -- classes that are not equally frequent
@healthy
def census_with_weights(seed: int) -> Kit:
    return census(class_weight="balanced")


@healthy
def census_without_patience(seed: int) -> Kit:
    return census(epochs=6, patience=None)


@healthy
def census_by_its_six_numbers(seed: int) -> Kit:
    return on("numbers", dense(6, 2, 32, 16))


@healthy
def census_by_its_six_numbers_and_weights(seed: int) -> Kit:
    return on("numbers", dense(6, 2, 32), class_weight={0: 1.0, 1: 3.0})


@healthy
def census_by_five_networks(seed: int) -> Kit:
    layers = (vt.EnsembleDense(5, 32, "relu"), vt.EnsembleDense(5, 2), vt.EnsembleMean(probabilities=False))
    return census(vt.Network(vt.Input((wide("adult"),)), *layers))


@healthy
def nines_against_the_rest(seed: int) -> Kit:
    net = vt.Network(vt.Input((64,)), vt.Dense(32, "relu"), vt.Dense(2))
    kit = on("digits", net, epochs=25)
    return kit.but(rows=kit.rows.targets(lambda y: (y == 9).astype(np.int32)))


@healthy
def two_rare_kinds_of_figures(seed: int) -> Kit:
    """Threes and fours are a tenth as frequent to learn from, and weighed."""
    kit, draw = small_figures(class_weight="balanced", epochs=15), seeded(seed)
    rows = kit.rows

    def kept(y: np.ndarray) -> np.ndarray:
        return ~np.isin(y, (3, 4)) | (draw.random(len(y)) < 0.25)

    a, b, c = kept(rows.y), kept(rows.yv), kept(rows.yt)
    return kit.but(
        rows=replace(rows, x=rows.x[a], y=rows.y[a], xv=rows.xv[b], yv=rows.yv[b], xt=rows.xt[c], yt=rows.yt[c])
    )


# -- images
@healthy
def squares_by_convolutions(seed: int) -> Kit:
    return squares()


@healthy
def squares_by_convolutions_and_norms(seed: int) -> Kit:
    """1,077 rows in batches of 32 leave one of 21; in batches of 36, one of 33."""
    layers = (vt.Conv2D(16, 3), vt.BatchNorm(), vt.Activation("relu"), vt.MaxPool2D(2), vt.Flatten(), vt.Dropout(0.25))
    return squares(*layers, vt.Dense(32, "relu"), optimizer=vt.Adam(2e-3), batch_size=36)


@healthy
def squares_with_three_left(seed: int) -> Kit:
    """Batch normalisation, and three rows in the last batch."""
    layers = (vt.Conv2D(16, 3), vt.BatchNorm(), vt.Activation("relu"), vt.MaxPool2D(2), vt.Flatten())
    kit = squares(*layers, vt.Dense(32, "relu"), optimizer=vt.Adam(2e-3))
    return kit.but(rows=kit.rows.first(1027))


@healthy
def squares_shifted(seed: int) -> Kit:
    return squares(augment=[vt.Shift(1)], epochs=30)


@healthy
def squares_of_three_hundred(seed: int) -> Kit:
    """Few rows, patience, and dropout."""
    layers = (vt.Conv2D(16, 3, activation="relu"), vt.MaxPool2D(2), vt.Flatten(), vt.Dropout(0.3), vt.Dense(32, "relu"))
    kit = squares(*layers, optimizer=vt.Adam(3e-3), epochs=60, patience=8, batch_size=16)
    return kit.but(rows=kit.rows.first(300))


@healthy
def squares_judged_by_all_the_rest(seed: int) -> Kit:
    """As many rows that judge as there are to learn from."""
    kit = squares(epochs=25)
    rows = kit.rows
    xv, yv = np.concatenate([rows.xv, rows.x[600:]]), np.concatenate([rows.yv, rows.y[600:]])
    return kit.but(rows=replace(rows.first(600), xv=xv, yv=yv))


@healthy
def squares_averaged_at_the_end(seed: int) -> Kit:
    layers = (vt.Conv2D(16, 3, padding="same", activation="relu"), vt.Conv2D(32, 3, padding="same", activation="relu"))
    return squares(*layers, vt.GlobalAveragePool(), optimizer=vt.Adam(3e-3), epochs=30)


@healthy
def figures_once_through(seed: int) -> Kit:
    """One pass over 4,800 images is enough."""
    return figures(dense(784, 10, 128), epochs=2, optimizer=vt.Adam(1e-3), batch_size=32)


@healthy
def small_figures_in_one_cycle(seed: int) -> Kit:
    return small_figures(optimizer=vt.Adam(1e-2), schedule=vt.OneCycle(), epochs=12, batch_size=64)


@healthy
def small_figures_with_half_dropped(seed: int) -> Kit:
    layers = (vt.Flatten(), vt.Dense(128, "relu"), vt.Dropout(0.5), vt.Dense(64, "relu"), vt.Dropout(0.5))
    return small_figures(*layers, epochs=15)


@healthy
def small_figures_until_they_are_known(seed: int) -> Kit:
    """All that is to learn from is known by heart, and the rest at 94 in a hundred."""
    return small_figures(epochs=30)


@healthy
def small_figures_by_sigmoids(seed: int) -> Kit:
    """Two layers of them are no trouble."""
    return small_figures(
        vt.Flatten(), vt.Dense(64, "sigmoid"), vt.Dense(32, "sigmoid"), epochs=20, optimizer=vt.Adam(3e-3)
    )


@healthy
def small_figures_standardised(seed: int) -> Kit:
    """Pixels by their spread, those that never change by 1."""
    kit = small_figures(epochs=10)
    mean, spread = kit.rows.x.mean(axis=0), kit.rows.x.std(axis=0)
    below = np.where(spread > 1e-6, spread, 1.0)
    return kit.but(rows=kit.rows.inputs(lambda x: ((x - mean) / below).astype(np.float32)))


@healthy
def small_figures_by_blocks(seed: int) -> Kit:
    inner = [
        vt.Residual(vt.Conv2D(8, 3, padding="same", activation="relu"), vt.Conv2D(8, 3, padding="same"))
        for _ in range(2)
    ]
    layers = (vt.Conv2D(8, 3, padding="same", activation="relu"), *inner, vt.MaxPool2D(2), vt.Flatten())
    return small_figures(*layers, epochs=5, optimizer=vt.Adam(2e-3))


@healthy
def small_figures_smoothed(seed: int) -> Kit:
    return small_figures(label_smoothing=0.1, epochs=15)


@healthy
def lines_by_lstm_and_a_hundredth(seed: int) -> Kit:
    return lines(optimizer=vt.Adam(1e-2), epochs=25)


@healthy
def lines_by_two_grus(seed: int) -> Kit:
    return lines(vt.GRU(24, return_sequences=True), vt.GRU(24), gradient_clip=1.0)


@healthy
def lines_by_rmsprop(seed: int) -> Kit:
    return lines(vt.GRU(32), vt.Dense(32, "relu"), optimizer=vt.RMSProp(2e-3))


@healthy
def lines_by_attention(seed: int) -> Kit:
    layers = (
        vt.Dense(32),
        vt.PositionalEmbedding(),
        vt.Residual(vt.LayerNorm(), vt.Attention(4)),
        vt.GlobalAveragePool(),
    )
    return lines(*layers, optimizer=vt.Adam(3e-3), epochs=25)


# -- weights that come from elsewhere, deep ones, other steps
@healthy
def taught_on_five_then_on_ten(seed: int) -> Kit:
    """The first layers of a network for the figures 0 to 4, tuned at a small rate for all ten."""
    kit = flat(optimizer=vt.Adam(1e-3), epochs=15)
    low = kit.rows.y < 5
    first = vt.train(
        (kit.rows.x[low], kit.rows.y[low]),
        **{"network": kit.network, "engine": "numpy", "epochs": 10, "seed": seed, "progress": False},
        optimizer=vt.Adam(2e-3),
    )
    weights = start_of(kit.network, seed) | {
        name: w for name, w in first.weights.items() if not name.startswith("dense_3")
    }
    return kit.but(weights=weights)


@healthy
def eight_layers_and_adam(seed: int) -> Kit:
    return flat(*[vt.Dense(32, "relu") for _ in range(8)])


@healthy
def six_tanh_layers(seed: int) -> Kit:
    return flat(*[vt.Dense(32, "tanh") for _ in range(6)], optimizer=vt.SGD(0.05, momentum=0.9))


@healthy
def layers_written_by_hand(seed: int) -> Kit:
    return flat(vt.Dense(32, "relu"), Own(), Own())


@healthy
def digits_by_nesterov_and_decay(seed: int) -> Kit:
    return flat(optimizer=vt.SGD(0.02, momentum=0.9, nesterov=True, weight_decay=5e-4), schedule=vt.Cosine())


@healthy
def digits_decayed_a_good_deal(seed: int) -> Kit:
    return flat(optimizer=vt.AdamW(2e-3, weight_decay=0.5), epochs=25)


@healthy
def digits_by_steps_that_shrink(seed: int) -> Kit:
    return flat(optimizer=vt.SGD(0.1), schedule=vt.StepDecay((0.5, 0.75), 0.1), epochs=25)


@healthy
def digits_by_steps_of_three_tenths(seed: int) -> Kit:
    """Plain steps of 0.3, not far from what is too much."""
    return flat(optimizer=vt.SGD(0.3), epochs=20)


@healthy
def digits_clipped_at_one(seed: int) -> Kit:
    return flat(optimizer=vt.SGD(0.1), gradient_clip=1.0, epochs=25)


@healthy
def blocks_for_shells(seed: int) -> Kit:
    return shells(residual(10, 1, cost=SQUARES), patience=5)


@healthy
def shells_in_order_of_nothing(seed: int) -> Kit:
    """Not shuffled, and there is no order in them."""
    return shells(shuffle=False, epochs=15)


@healthy
def shells_in_batches_of_five_hundred(seed: int) -> Kit:
    return shells(batch_size=512, epochs=60, optimizer=vt.Adam(3e-3))


@healthy
def shells_twice_over(seed: int) -> Kit:
    """Every row to learn from stands there twice; those that judge do not."""
    kit = shells(epochs=12)
    rows = kit.rows
    return kit.but(rows=replace(rows, x=np.tile(rows.x, (2, 1)), y=np.tile(rows.y, (2, 1))))


@healthy
def census_with_slips(seed: int) -> Kit:
    """As noisy as people's answers are: one in fifty is turned over."""
    kit, draw = census(), seeded(seed)
    wrong = draw.random(len(kit.rows.y)) < 0.02
    return kit.but(rows=replace(kit.rows, y=np.where(wrong, 1 - kit.rows.y, kit.rows.y).astype(np.int32)))


@healthy
def chosen_for_the_six_numbers(seed: int) -> Kit:
    return as_chosen("numbers")


@healthy
def chosen_for_hours(seed: int) -> Kit:
    return as_chosen("hours")


@healthy
def chosen_for_proline(seed: int) -> Kit:
    return as_chosen("proline")

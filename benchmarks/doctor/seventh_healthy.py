"""Sound set-ups of the seventh batch, each with something that a hasty judge might mind: written before the rules were read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

import vitrina as vt
from benchmarks.doctor.data import Rows, named
from benchmarks.doctor.faulty import start_of
from benchmarks.doctor.fourth_data import halves
from benchmarks.doctor.healthy import healthy
from benchmarks.doctor.setups import Kit, dense, residual, seeded, words
from benchmarks.doctor.seventh_faulty import by_blocks, filters
from benchmarks.doctor.sixth_data import beside, wide
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


# -- batches and steps
@healthy
def digits_four_at_a_time(seed: int) -> Kit:
    return flat(batch_size=4, epochs=8, optimizer=vt.SGD(0.01))


@healthy
def tumours_one_at_a_time(seed: int) -> Kit:
    return tumours(batch_size=1, epochs=8, optimizer=vt.SGD(0.005))


@healthy
def figures_in_batches_of_five_hundred(seed: int) -> Kit:
    return small_figures(batch_size=512, epochs=80, optimizer=vt.Adam(5e-3))


@healthy
def warmed_up_to_a_high_rate(seed: int) -> Kit:
    return by_blocks("digits", 64, 10, optimizer=vt.SGD(0.1), schedule=vt.WarmUp(0.2, vt.Cosine()), epochs=25)


@healthy
def a_high_rate_in_one_cycle(seed: int) -> Kit:
    return filters(optimizer=vt.SGD(0.2, momentum=0.9), schedule=vt.OneCycle(), epochs=20, batch_size=64)


@healthy
def lion_for_small_figures(seed: int) -> Kit:
    return small_figures(optimizer=vt.Lion(2e-4), epochs=12)


@healthy
def halved_whenever_it_rests(seed: int) -> Kit:
    return shells(optimizer=vt.Adam(5e-3), schedule=vt.ReduceOnPlateau(patience=3), epochs=40)


@healthy
def grapes_slowly_for_three_hundred_epochs(seed: int) -> Kit:
    return grapes(optimizer=vt.SGD(0.01), epochs=300)


@healthy
def three_epochs_that_are_enough(seed: int) -> Kit:
    return on(
        "mammography", dense(wide("mammography"), 2, 32), optimizer=vt.Adam(3e-3), epochs=5, class_weight="balanced"
    )


@healthy
def clipped_hard_with_adam(seed: int) -> Kit:
    """Adam does not mind that slopes are cut: it divides by their size."""
    return lines(gradient_clip=0.1, optimizer=vt.Adam(5e-3))


@healthy
def steps_cut_down_late(seed: int) -> Kit:
    return squares(optimizer=vt.SGD(0.05, momentum=0.9), schedule=vt.StepDecay((0.6, 0.85), 0.1), epochs=20)


# -- deep, wide, small
@healthy
def fifteen_blocks(seed: int) -> Kit:
    inner = [vt.Residual(vt.LayerNorm(), vt.Dense(32, "relu"), vt.Dense(32)) for _ in range(15)]
    return flat(vt.Dense(32), *inner, optimizer=vt.Adam(1e-3))


@healthy
def twelve_layers_of_selu(seed: int) -> Kit:
    return flat(*[vt.Dense(32, "selu", initialiser="lecun_normal") for _ in range(12)], optimizer=vt.Adam(1e-3))


@healthy
def ten_layers_behind_norms(seed: int) -> Kit:
    inner = [one for _ in range(10) for one in (vt.Dense(32), vt.BatchNorm(), vt.Activation("relu"))]
    return flat(*inner, optimizer=vt.Adam(2e-3), epochs=25)


@healthy
def a_thousand_units_for_grapes(seed: int) -> Kit:
    return grapes(dense(13, 3, 1000), epochs=30)


@healthy
def a_thousand_units_for_tumours(seed: int) -> Kit:
    return tumours(dense(30, 2, 1000, 1000), epochs=12, optimizer=vt.Adam(1e-4))


@healthy
def three_units_for_tumours(seed: int) -> Kit:
    return tumours(dense(30, 2, 3, activation="tanh"), epochs=80, optimizer=vt.Adam(5e-3))


@healthy
def squeezed_to_five(seed: int) -> Kit:
    """Narrow in the middle, and wide enough for ten figures."""
    return flat(vt.Dense(64, "relu"), vt.Dense(6, "tanh"), vt.Dense(32, "relu"), epochs=40, optimizer=vt.Adam(3e-3))


@healthy
def sigmoids_with_a_norm_between(seed: int) -> Kit:
    inner = [one for _ in range(4) for one in (vt.Dense(48), vt.BatchNorm(), vt.Activation("sigmoid"))]
    return flat(*inner, optimizer=vt.Adam(5e-3), epochs=30)


@healthy
def straight_where_it_is_straight(seed: int) -> Kit:
    """Two linear layers for what a straight line tells as well."""
    return grapes(dense(13, 3, 8, activation="linear"), epochs=60)


@healthy
def relu_that_is_mostly_silent(seed: int) -> Kit:
    """Biases of -1: few units answer any one row, and each answers some."""
    kit = flat(vt.Dense(256, "relu"), vt.Dense(32, "relu"))
    weights = start_of(kit.network, seed)
    weights["dense_1/bias"] = weights["dense_1/bias"] - 1.0
    return kit.but(weights=weights)


@healthy
def hard_sigmoids_and_softplus(seed: int) -> Kit:
    return flat(vt.Dense(64, "softplus"), vt.Dense(32, "hard_sigmoid"), optimizer=vt.Adam(5e-3), epochs=30)


# -- dropout, decay, noise
@healthy
def seven_tenths_dropped(seed: int) -> Kit:
    layers = (vt.Dense(256, "relu"), vt.Dropout(0.7), vt.Dense(128, "relu"), vt.Dropout(0.5))
    return flat(*layers, optimizer=vt.Adam(2e-3), epochs=40)


@healthy
def dropped_between_blocks(seed: int) -> Kit:
    blocks = [vt.Residual(vt.Dense(48, "relu"), vt.Dropout(0.4), vt.Dense(48)) for _ in range(3)]
    return flat(vt.Dense(48, "relu"), *blocks, optimizer=vt.Adam(2e-3), epochs=30)


@healthy
def dropped_behind_lstm(seed: int) -> Kit:
    return lines(vt.LSTM(48, return_sequences=True), vt.Dropout(0.5), vt.LSTM(32), vt.Dropout(0.3))


@healthy
def a_twentieth_of_figures_wrong(seed: int) -> Kit:
    """Labels as they are typed in: one in twenty is wrong, and the network does not mind."""
    layers = (vt.Flatten(), vt.Dense(64, "relu"), vt.Dropout(0.4))
    kit, draw = small_figures(*layers, epochs=8), seeded(seed)
    wrong = draw.random(len(kit.rows.y)) < 0.03
    return kit.but(
        rows=replace(kit.rows, y=np.where(wrong, draw.integers(0, 10, len(wrong)), kit.rows.y).astype(np.int32))
    )


@healthy
def coins_by_their_bias(seed: int) -> Kit:
    """Yes or no, with a chance that depends on two columns: 73 in a hundred can be told, not more."""
    draw = np.random.default_rng((seed, 301))
    x = draw.normal(size=(4000, 8))
    y = (draw.random(4000) < 1.0 / (1.0 + np.exp(-1.5 * x[:, 0] + 1.2 * x[:, 1] * x[:, 2]))).astype(np.int32)
    return Kit(halves(x, y), dense(8, 2, 24), {"epochs": 15, "optimizer": vt.Adam(3e-3), "patience": 4})


@healthy
def sugar_without_patience_held_by_decay(seed: int) -> Kit:
    return sugar(dense(10, 1, 16, cost=SQUARES), optimizer=vt.AdamW(1e-3, weight_decay=0.1), epochs=60, patience=None)


# -- numbers
@healthy
def pareto_by_squares(seed: int) -> Kit:
    """A tail that is heavy, and a target that is the larger the more a column says."""
    draw = np.random.default_rng((seed, 302))
    x = draw.normal(size=(3000, 5))
    y = (np.exp(0.6 * x[:, :1] + 0.3 * x[:, 1:2]) + 0.2 * draw.pareto(3.0, size=(3000, 1))).astype(np.float32)
    return Kit(halves(x, y), dense(5, 1, 32, cost=SQUARES), {"epochs": 25, "optimizer": vt.Adam(2e-3), "patience": 6})


@healthy
def nearly_always_the_same(seed: int) -> Kit:
    """A target between 0.99 and 1.01, standardised as it should be, of which the inputs tell four fifths."""
    draw = np.random.default_rng((seed, 303))
    x = draw.normal(size=(2000, 6))
    raw = 1.0 + 0.004 * np.tanh(x[:, :1] + x[:, 1:2]) + 0.001 * draw.normal(size=(2000, 1))
    y = ((raw - raw.mean()) / raw.std()).astype(np.float32)
    return Kit(halves(x, y), dense(6, 1, 24, cost=SQUARES), {"epochs": 25, "optimizer": vt.Adam(2e-3)})


@healthy
def mostly_nought_and_now_and_then_a_sum(seed: int) -> Kit:
    """Damages: 0 for most, and a sum for the rest."""
    draw = np.random.default_rng((seed, 304))
    x = draw.normal(size=(4000, 6))
    sums = np.maximum(0.0, x[:, :1] + 0.5 * x[:, 1:2] * x[:, 2:3] - 0.7 + 0.2 * draw.normal(size=(4000, 1)))
    return Kit(
        halves(x, sums.astype(np.float32)),
        dense(6, 1, 32, 16, cost=SQUARES),
        {"epochs": 20, "optimizer": vt.Adam(3e-3)},
    )


@healthy
def shells_by_huber_and_norms(seed: int) -> Kit:
    layers = (vt.Dense(48), vt.BatchNorm(), vt.Activation("relu"), vt.Dense(24, "relu"), vt.Dense(1))
    return shells(vt.Network(vt.Input((10,)), *layers, cost="huber"), patience=6)


@healthy
def rings_by_the_absolute_error(seed: int) -> Kit:
    return rings(dense(10, 1, 32, 16, cost="mean_absolute_error"), epochs=25)


# -- classes, rows, columns
@healthy
def lumps_weighed(seed: int) -> Kit:
    return on(
        "mammography",
        dense(wide("mammography"), 2, 32, 16),
        class_weight="balanced",
        epochs=15,
        optimizer=vt.Adam(2e-3),
    )


@healthy
def lumps_by_focal(seed: int) -> Kit:
    return on(
        *("mammography", dense(wide("mammography"), 1, 32, cost="focal")), epochs=25, optimizer=vt.Adam(5e-3)
    ).but(rows=named("mammography").targets(lambda y: y[:, None].astype(np.float32)))


@healthy
def ninety_grapes(seed: int) -> Kit:
    """Few rows, a small network, and decay."""
    kit = grapes(dense(13, 3, 8), optimizer=vt.AdamW(5e-3, weight_decay=0.05), epochs=60)
    return kit.but(rows=kit.rows.first(70))


@healthy
def a_hundred_tumours(seed: int) -> Kit:
    kit = tumours(dense(30, 2, 8), epochs=60, batch_size=16, patience=10)
    return kit.but(rows=kit.rows.first(100))


@healthy
def grapes_with_a_constant_beside(seed: int) -> Kit:
    kit = grapes(dense(14, 3, 32, 16))
    count = sum(len(part) for part in (kit.rows.x, kit.rows.xv, kit.rows.xt))
    return kit.but(rows=beside(kit.rows, np.ones(count)))


@healthy
def census_with_its_age_twice(seed: int) -> Kit:
    net = dense(wide("adult") + 1, 2, 64, 32)
    kit = replace(census(), network=net)
    rows = kit.rows
    age = np.concatenate([rows.x[:, 0], rows.xv[:, 0], rows.xt[:, 0]])
    return kit.but(rows=beside(rows, age + 0.01 * seeded(seed).normal(size=len(age))))


@healthy
def tumours_with_a_good_hint(seed: int) -> Kit:
    """What another doctor said, right in 85 of a hundred: known beforehand, and worth knowing."""
    kit = tumours(dense(31, 2, 32, 16))
    y = np.concatenate([kit.rows.y, kit.rows.yv, kit.rows.yt])
    return kit.but(rows=beside(kit.rows, np.where(seeded(seed).random(len(y)) < 0.85, y, 1 - y) - 0.5))


@healthy
def shells_a_little_larger_later(seed: int) -> Kit:
    """Rows that judge are two tenths of a spread off, as another year would be."""
    kit = shells(patience=6)
    return kit.but(rows=replace(kit.rows, xv=kit.rows.xv + 0.1, xt=kit.rows.xt + 0.1))


@healthy
def small_figures_brightened(seed: int) -> Kit:
    """Those that judge were taken in better light."""
    kit = small_figures(epochs=8)
    return kit.but(rows=replace(kit.rows, xv=1.1 * kit.rows.xv, xt=1.1 * kit.rows.xt))


@healthy
def sorted_and_shuffled(seed: int) -> Kit:
    kit = census()
    order = np.argsort(kit.rows.y, kind="stable")
    return kit.but(rows=replace(kit.rows, x=kit.rows.x[order], y=kit.rows.y[order]))


# -- images, lines, words
@healthy
def mirrored_where_it_does_not_matter(seed: int) -> Kit:
    """Noughts, ones and eights look the same in a mirror."""
    net = vt.Network(
        vt.Input((14, 14, 1)), vt.Conv2D(8, 3, activation="relu"), vt.MaxPool2D(2), vt.Flatten(), vt.Dense(3)
    )
    kit = on("small-figures", net, epochs=12, augment=[vt.Flip(), vt.Shift(1)])
    rows, kinds = kit.rows, (0, 1, 8)

    def few(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        kept = np.isin(y, kinds)
        return x[kept], np.searchsorted(kinds, y[kept]).astype(np.int32)

    parts = [one for x, y in ((rows.x, rows.y), (rows.xv, rows.yv), (rows.xt, rows.yt)) for one in few(x, y)]
    return kit.but(rows=Rows(*parts))


@healthy
def filters_taught_on_others(seed: int) -> Kit:
    """Filters that were taught on MNIST, for the smaller digits, at a small rate."""
    net = small_figures(vt.Conv2D(12, 3, activation="relu"), vt.GlobalAveragePool(), vt.Dense(32, "relu"))
    learned: dict[str, Any] = {"network": net.network, "engine": "numpy", "epochs": 5, "seed": seed, "progress": False}
    first: Any = vt.train((net.rows.x, net.rows.y), optimizer=vt.Adam(3e-3), **learned)
    kit = filters(optimizer=vt.Adam(1e-3))
    taught = {name: w for name, w in first.weights.items() if name.startswith("conv2d_1")}
    return kit.but(weights=start_of(kit.network, seed) | taught)


@healthy
def filters_with_groups_of_channels(seed: int) -> Kit:
    layers = (vt.Conv2D(16, 3), vt.GroupNorm(4), vt.Activation("relu"), vt.MaxPool2D(2), vt.Flatten())
    return squares(*layers, optimizer=vt.Adam(2e-3), batch_size=8, epochs=10)


@healthy
def lines_both_ways(seed: int) -> Kit:
    return lines(vt.GRU(16, bidirectional=True), optimizer=vt.Adam(5e-3))


@healthy
def words_by_gru(seed: int) -> Kit:
    net = vt.Network(vt.Input((6,)), vt.Embedding(200, 12), vt.GRU(16), vt.Dropout(0.3), vt.Dense(3))
    return replace(words(seed).but(optimizer=vt.Adam(5e-3), patience=4, epochs=15), network=net)


@healthy
def lines_by_two_looks(seed: int) -> Kit:
    """Attention twice, with norms, warmed up."""
    looks = [vt.Residual(vt.LayerNorm(), vt.Attention(2)) for _ in range(2)]
    layers = (vt.Dense(24), vt.PositionalEmbedding(), *looks, vt.LayerNorm(), vt.GlobalAveragePool())
    return lines(*layers, optimizer=vt.AdamW(5e-3), schedule=vt.WarmUp(), epochs=25)


@healthy
def sugar_by_blocks_and_patience(seed: int) -> Kit:
    return sugar(residual(10, 1, 16, 2, cost=SQUARES), patience=6, epochs=60)


@healthy
def census_by_blocks(seed: int) -> Kit:
    return census(residual(wide("adult"), 2, 24, 2), optimizer=vt.Adam(1e-3))

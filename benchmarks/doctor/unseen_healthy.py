"""A second batch that is sound and tempts a false alarm: asked about before any rule was changed for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import vitrina as vt
from benchmarks.doctor.data import Rows, named
from benchmarks.doctor.faulty import digits, income, tumours
from benchmarks.doctor.healthy import healthy
from benchmarks.doctor.setups import Kit, dense, residual
from benchmarks.doctor.unseen_faulty import (
    SQUARES,
    blobs,
    cars,
    circles,
    friedman,
    moons,
    payments,
    photographs,
    waves,
    white_wine,
)


@healthy
def mean_of_eight(seed: int) -> Kit:
    """Members judged one by one while learning, beside a straight way that starts at 0."""
    bent = vt.Sequential(vt.EnsembleDense(8, 32, "relu"), vt.Dropout(0.1), vt.EnsembleDense(8, 1))
    ways = vt.Branches(vt.EnsembleDense(8, 1, initialiser="zeros"), bent, merge="add")
    net = vt.Network(vt.Input((10,)), ways, vt.EnsembleMean(), cost=SQUARES)
    return friedman(net, epochs=60, patience=10, optimizer=vt.AdamW(2e-3, weight_decay=1.0))


@healthy
def gru_and_rmsprop(seed: int) -> Kit:
    return waves(vt.GRU(20), optimizer=vt.RMSProp(3e-3))


@healthy
def both_ways_through_few_waves(seed: int) -> Kit:
    kit = waves(vt.LSTM(12, bidirectional=True), epochs=30)
    return kit.but(rows=kit.rows.first(240))


@healthy
def attention_warmed_up(seed: int) -> Kit:
    layers = (
        *(vt.Dense(24), vt.PositionalEmbedding("sinusoidal")),
        *(
            vt.Residual(vt.LayerNorm(), vt.Attention(4)),
            vt.Residual(vt.LayerNorm(), vt.Dense(48, "gelu"), vt.Dense(24)),
        ),
        *(vt.LayerNorm(), vt.GlobalAveragePool()),
    )
    return waves(*layers, optimizer=vt.AdamW(5e-3, weight_decay=0.1), schedule=vt.WarmUp(0.1, vt.Cosine()), epochs=20)


@healthy
def each_channel_for_itself(seed: int) -> Kit:
    """Convolutions of one channel each, then across channels, normalised in groups; images shifted and mirrored."""
    layers = (
        *(vt.Conv2D(24, 3, padding="same"), vt.GroupNorm(4), vt.Activation("silu")),
        *(vt.Conv2D(24, 3, padding="same", groups=24), vt.Conv2D(32, 1), vt.GroupNorm(4), vt.Activation("silu")),
        vt.MaxPool2D(2),
    )
    return photographs(*layers, augment="flip,shift=2", epochs=15, optimizer=vt.AdamW(5e-3), schedule=vt.OneCycle())


@healthy
def frauds_that_count_more(seed: int) -> Kit:
    return payments(class_weight="balanced", epochs=12)


@healthy
def rare_and_weighted_by_hand(seed: int) -> Kit:
    return payments(class_weight={0: 1.0, 1: 6.0}, epochs=15, optimizer=vt.SGD(0.05, momentum=0.9))


@healthy
def forty_flowers(seed: int) -> Kit:
    rows = named("iris")
    small = Rows(rows.x[:40], rows.y[:40], rows.xv[:20], rows.yv[:20], rows.xt, rows.yt)
    return Kit(small, dense(4, 3, 8, activation="tanh"), {"epochs": 80, "optimizer": vt.Adam(1e-2), "batch_size": 8})


@healthy
def cars_held_tight(seed: int) -> Kit:
    """More weights than rows, and a strong decay that keeps them small."""
    net = vt.Network(vt.Input((75,)), vt.Dense(64, "relu"), vt.Dropout(0.3), vt.Dense(1), cost=SQUARES)
    return cars(net, optimizer=vt.AdamW(2e-3, weight_decay=1.0), epochs=150, patience=20)


@healthy
def odd_or_even(seed: int) -> Kit:
    """No linear model tells anything, and the error stands still before it falls."""
    return Kit(named("parity"), dense(8, 2, 32), {"epochs": 40, "optimizer": vt.SGD(0.1), "batch_size": 32})


@healthy
def odd_or_even_tanh(seed: int) -> Kit:
    return Kit(named("parity"), dense(8, 2, 24, 24, activation="tanh"), {"epochs": 25, "optimizer": vt.Adam(3e-3)})


@healthy
def taught_once_more(seed: int) -> Kit:
    """From the weights of a network that has learned, at a rate that hardly moves them."""
    kit = blobs()
    rows = kit.rows
    first = vt.train(
        (rows.x, rows.y),
        network=kit.network,
        engine="numpy",
        epochs=15,
        optimizer=vt.Adam(3e-3),
        seed=seed,
        progress=False,
    )
    return kit.but(weights=first.weights, optimizer=vt.Adam(1e-5), epochs=4)


@healthy
def mirrored_mixed_and_cut(seed: int) -> Kit:
    return photographs(augment="flip,cutout=4,mixup=0.3", epochs=15)


@healthy
def heavy_tails_under_huber(seed: int) -> Kit:
    """One target in thirty lies far off; those of the test do not."""
    return friedman(dense(10, 1, 32, cost="huber"), epochs=40).but(rows=_with_tails(named("friedman"), seed))


@healthy
def heavy_tails_under_squares(seed: int) -> Kit:
    return friedman(epochs=15, optimizer=vt.Adam(1e-3), patience=5).but(rows=_with_tails(named("friedman"), seed))


@healthy
def sixty_classes(seed: int) -> Kit:
    return Kit(named("sixty-blobs"), dense(16, 60, 96), {"epochs": 25, "optimizer": vt.Adam(3e-3)})


@healthy
def rings_as_classes(seed: int) -> Kit:
    """Twenty-eight classes in a row, of which one in four answers can be right."""
    return Kit(named("ring-classes"), dense(10, 28, 32), {"epochs": 20, "optimizer": vt.Adam(3e-3)})


@healthy
def grades_of_white_wine(seed: int) -> Kit:
    return white_wine(dense(11, 3, 64, 32), patience=5, epochs=40)


@healthy
def a_little_drift(seed: int) -> Kit:
    """Later rows lie half a spread away, as rows that are divided by time do."""
    kit = friedman(epochs=30)
    rows = kit.rows
    late = np.zeros(10, np.float32)
    late[[5, 7]] = 0.6
    return kit.but(rows=replace(rows, xv=rows.xv + late, xt=rows.xt + 1.3 * late))


@healthy
def next_to_nothing_to_learn(seed: int) -> Kit:
    """A tenth of the variance can be told, the rest is chance."""
    rows = named("friedman")
    noise = np.random.default_rng((seed, 8))

    def blurred(y: np.ndarray) -> np.ndarray:
        return (0.35 * y + noise.normal(0, 0.94, y.shape)).astype(np.float32)

    net = dense(10, 1, 16, cost=SQUARES)
    options = {"epochs": 25, "optimizer": vt.AdamW(2e-3, weight_decay=0.5), "patience": 5}
    return Kit(rows.targets(blurred), net, options)


@healthy
def three_quantiles(seed: int) -> Kit:
    return friedman(
        vt.Network(vt.Input((10,)), vt.Dense(32, "relu"), vt.Dense(3), cost=vt.Quantile((0.1, 0.5, 0.9))), epochs=40
    )


@healthy
def counts(seed: int) -> Kit:
    kit = friedman(dense(10, 1, 32, cost="poisson"), epochs=40)
    drawn = np.random.default_rng((seed, 4))
    return kit.but(rows=kit.rows.targets(lambda y: drawn.poisson(np.exp(1.0 + 0.6 * y)).astype(np.float32)))


@healthy
def circles_in_four_units(seed: int) -> Kit:
    return circles(dense(2, 2, 6, activation="tanh"), epochs=80, optimizer=vt.Adam(2e-2))


@healthy
def lion_warmed_up(seed: int) -> Kit:
    return blobs(optimizer=vt.Lion(1e-3, weight_decay=0.1), schedule=vt.WarmUp(0.3, vt.Cosine()), epochs=20)


@healthy
def nesterov_and_norm(seed: int) -> Kit:
    layers = (
        vt.Conv2D(16, 3, use_bias=False),
        vt.BatchNorm(),
        vt.Activation("relu"),
        vt.MaxPool2D(2),
        vt.Conv2D(24, 3, activation="relu"),
    )
    return photographs(
        *layers,
        optimizer=vt.SGD(0.1, momentum=0.9, nesterov=True, weight_decay=5e-4),
        schedule=vt.OneCycle(),
        epochs=12,
    )


@healthy
def focal_frauds(seed: int) -> Kit:
    return payments(dense(15, 2, 24, cost=vt.Focal()), epochs=20, class_weight="balanced", optimizer=vt.Adam(3e-3))


@healthy
def ten_blocks_normalised(seed: int) -> Kit:
    inner = [vt.Residual(vt.LayerNorm(), vt.Dense(32, "relu"), vt.Dense(32)) for _ in range(10)]
    return blobs(vt.Network(vt.Input((10,)), vt.Dense(32), *inner, vt.Dense(12)), optimizer=vt.AdamW(1e-3), epochs=20)


@healthy
def orthogonal_and_deep(seed: int) -> Kit:
    net = dense(10, 12, *[32] * 9, activation="tanh", initialiser=vt.Orthogonal())
    return blobs(net, optimizer=vt.SGD(0.03, momentum=0.9), epochs=20)


@healthy
def words_counted(seed: int) -> Kit:
    """Eighty columns that are 0 in nineteen rows of twenty."""
    rng = np.random.default_rng(31)
    x = (rng.poisson(0.06, (3000, 80)) * rng.exponential(1.0, (3000, 80))).astype(np.float32)
    y = (
        (x @ np.random.default_rng(32).normal(size=(80, 3)) + 0.3 * rng.normal(size=(3000, 3)))
        .argmax(axis=1)
        .astype(np.int32)
    )
    rows = Rows(x[:2000], y[:2000], x[2000:2500], y[2000:2500], x[2500:], y[2500:])
    return Kit(rows, dense(80, 3, 24), {"epochs": 12, "optimizer": vt.Adam(3e-3)})


@healthy
def several_labels_at_once(seed: int) -> Kit:
    """Five yes-or-no answers to each row."""
    rows = named("friedman")
    way = np.random.default_rng(41).normal(size=(10, 5))
    x, xv, xt = rows.x, rows.xv, rows.xt
    y, yv, yt = ((part @ way > 0.5).astype(np.float32) for part in (x, xv, xt))
    net = dense(10, 5, 32, cost="binary_cross_entropy")
    return Kit(Rows(x, y, xv, yv, xt, yt), net, {"epochs": 20, "optimizer": vt.Adam(3e-3)})


@healthy
def three_numbers_at_once(seed: int) -> Kit:
    rows = named("friedman")
    y, yv, yt = (
        np.column_stack([truth[:, 0], np.sin(2 * x[:, 1]), x[:, 2] * x[:, 3]]).astype(np.float32)
        for x, truth in ((rows.x, rows.y), (rows.xv, rows.yv), (rows.xt, rows.yt))
    )
    return Kit(
        Rows(rows.x, y, rows.xv, yv, rows.xt, yt),
        dense(10, 3, 48, 24, cost=SQUARES),
        {"epochs": 40, "optimizer": vt.Adam(3e-3)},
    )


@healthy
def pinned_to_nought_and_one(seed: int) -> Kit:
    """Every column brought to lie between 0 and 1."""
    kit = white_wine(optimizer=vt.Adam(5e-3), epochs=40)
    low, high = kit.rows.x.min(axis=0), kit.rows.x.max(axis=0)
    return kit.but(rows=kit.rows.inputs(lambda x: (x - low) / (high - low)))


@healthy
def all_rows_in_one_batch(seed: int) -> Kit:
    return Kit(named("iris"), dense(4, 3, 12), {"epochs": 250, "optimizer": vt.Adam(1e-2), "batch_size": 512})


@healthy
def hours_of_the_day(seed: int) -> Kit:
    """Rows in the order of time, not shuffled, with a column that says how late it is."""
    rng = np.random.default_rng(51)
    hour = np.arange(3000) % 24
    x = np.column_stack([np.sin(hour * 0.2618), np.cos(hour * 0.2618), rng.normal(size=(3000, 4))]).astype(np.float32)
    y = (x[:, :1] * 1.5 + np.maximum(x[:, 2:3], 0) - x[:, 3:4] * x[:, 1:2] + 0.3 * rng.normal(size=(3000, 1))).astype(
        np.float32
    )
    rows = Rows(x[:2000], y[:2000], x[2000:2500], y[2000:2500], x[2500:], y[2500:])
    return Kit(rows, dense(6, 1, 32, cost=SQUARES), {"epochs": 25, "optimizer": vt.Adam(3e-3), "shuffle": False})


@healthy
def amounts_over_many_sizes(seed: int) -> Kit:
    """Log-normal columns, standardised, whose largest values lie thirty spreads off."""
    rng = np.random.default_rng(61)
    z = rng.normal(size=(3000, 8))
    x = np.exp(1.4 * z)
    x = ((x - x[:2000].mean(axis=0)) / x[:2000].std(axis=0)).astype(np.float32)
    y = (z[:, 0] + z[:, 1] > 0.7 * z[:, 2]).astype(np.int32)
    rows = Rows(x[:2000], y[:2000], x[2000:2500], y[2000:2500], x[2500:], y[2500:])
    return Kit(rows, dense(8, 2, 48, 24), {"epochs": 25, "optimizer": vt.Adam(3e-3)})


@healthy
def too_long_but_kept_in_time(seed: int) -> Kit:
    """Planned for 300 epochs, stopped by patience after a few."""
    return income(epochs=300, patience=4, optimizer=vt.Adam(3e-3))


@healthy
def a_rate_that_is_halved(seed: int) -> Kit:
    return moons(dense(2, 2, 32, 32), optimizer=vt.SGD(0.3), schedule=vt.ReduceOnPlateau(patience=3), epochs=60)


@healthy
def deep_and_selu_with_dropout(seed: int) -> Kit:
    net = vt.Network(vt.Input((30,)), *[vt.Dense(24, "selu") for _ in range(6)], vt.Dropout(0.1), vt.Dense(2))
    return tumours(net, epochs=20, optimizer=vt.Adam(1e-3))


@healthy
def wide_and_shallow(seed: int) -> Kit:
    """Two thousand units, each of which learns next to nothing."""
    return digits(dense(64, 10, 2000), optimizer=vt.SGD(0.02, momentum=0.9), epochs=6)


@healthy
def nobody_judges_the_blobs(seed: int) -> Kit:
    return blobs(residual(10, 12, 32), validation=None, epochs=12)


def _with_tails(rows: Rows, seed: int) -> Rows:
    rng = np.random.default_rng((seed, 3))

    def apart(y: np.ndarray) -> np.ndarray:
        return (y + (rng.random(y.shape) < 0.03) * rng.normal(0, 8, y.shape)).astype(np.float32)

    return replace(rows, y=apart(rows.y), yv=apart(rows.yv))

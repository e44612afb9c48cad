"""A fourth batch that fails, in the ways that are likely in practice: asked about before any rule was changed for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

import vitrina as vt
from benchmarks.doctor import fourth_data
from benchmarks.doctor.data import Rows, named
from benchmarks.doctor.faulty import fault, start_of
from benchmarks.doctor.setups import Kit, dense, seeded

SQUARES = "mean_squared_error"
assert fourth_data.SETS  # importing it has added its data


def kit_on(name: str, network: vt.Network, **options: Any) -> Kit:
    return Kit(named(name), network, {"epochs": 20, "optimizer": vt.Adam(2e-3)} | options)


def kinds(network: Any = None, **options: Any) -> Kit:
    """Five classes of which eight of twenty columns tell."""
    return kit_on("kinds", network or dense(20, 5, 48, 24), **options)


def hastie(network: Any = None, **options: Any) -> Kit:
    """Whether a point lies far from the middle of ten dimensions."""
    return kit_on("hastie", network or dense(10, 2, 48, 24), **options)


def ages(network: Any = None, **options: Any) -> Kit:
    wide = named("ages").x.shape[1]
    return kit_on("ages", network or dense(wide, 1, 32, 16, cost=SQUARES), **({"patience": 5} | options))


def roll(network: Any = None, **options: Any) -> Kit:
    return kit_on("roll", network or dense(3, 1, 48, 24, cost=SQUARES), **({"epochs": 40} | options))


def straight(network: Any = None, **options: Any) -> Kit:
    return kit_on("straight", network or dense(30, 1, 24, cost=SQUARES), **({"epochs": 40, "patience": 6} | options))


def colours(network: Any = None, **options: Any) -> Kit:
    return kit_on("colours", network or dense(11, 2, 16, 8), **options)


def odd(network: Any = None, **options: Any) -> Kit:
    return kit_on("odd", network or dense(196, 2, 48, 24), **({"epochs": 12} | options))


def aeroplanes(*layers: Any, **options: Any) -> Kit:
    inner = layers or (vt.Conv2D(12, 3, activation="relu"), vt.MaxPool2D(2), vt.Conv2D(16, 3, activation="relu"))
    net = vt.Network(vt.Input((16, 16, 3)), *inner, vt.GlobalAveragePool(), vt.Dense(2))
    return kit_on("aeroplanes", net, **({"epochs": 15, "optimizer": vt.Adam(3e-3)} | options))


# -- data
@fault("input-scale", "column", True)
def census_as_it_comes(seed: int, bad: bool) -> Kit:
    """Ages, weights of hundreds of thousands and gains in dollars beside columns of 0 and 1."""
    wide = named("married").x.shape[1]
    return kit_on("married-raw" if bad else "married", dense(wide, 2, 32, 16), optimizer=vt.SGD(0.05))


@fault("input-scale", "column", True)
def houses(seed: int, bad: bool) -> Kit:
    """The year it was built, square metres and distances beside scaled columns."""
    kit = straight(optimizer=vt.SGD(0.01))
    scale, shift = np.ones(30, np.float32), np.zeros(30, np.float32)
    scale[:4], shift[:4] = (25.0, 60.0, 4000.0, 900.0), (1975.0, 120.0, 9000.0, 2500.0)
    return kit.but(rows=kit.rows.inputs(lambda x: x * scale + shift)) if bad else kit


@fault("input-scale", (), True)
def pixels_undivided(seed: int, bad: bool) -> Kit:
    kit = aeroplanes(optimizer=vt.SGD(0.05, momentum=0.9))
    return kit.but(rows=kit.rows.inputs(lambda x: 255.0 * x)) if bad else kit


@fault("target-scale", "target", True)
def incomes_in_cents(seed: int, bad: bool) -> Kit:
    kit = straight()
    return kit.but(rows=kit.rows.targets(lambda y: 2.5e5 * y + 4e6)) if bad else kit


@fault("target-scale", "target", True)
def years_as_they_are(seed: int, bad: bool) -> Kit:
    """A year that is to be told, from 0, with plain steps."""
    kit = roll(optimizer=vt.SGD(0.02), epochs=30)
    return kit.but(rows=kit.rows.targets(lambda y: 40.0 * y + 1950.0)) if bad else kit


@fault("labels-unrelated", "target", True)
def bottles_shuffled(seed: int, bad: bool) -> Kit:
    kit = colours()
    return kit.but(rows=replace(kit.rows, y=seeded(seed).permutation(kit.rows.y))) if bad else kit


@fault("labels-unrelated", "target", True)
def roll_one_row_on(seed: int, bad: bool) -> Kit:
    """The target's column is one row behind all others."""
    kit = roll()
    rows = kit.rows
    return kit.but(rows=replace(rows, y=np.roll(rows.y, -1, axis=0), yv=np.roll(rows.yv, -1, axis=0))) if bad else kit


@fault("labels-unrelated", "target", True)
def photographs_sorted_by_name(seed: int, bad: bool) -> Kit:
    """Images in one order, labels in another, in all parts but the last."""
    kit, draw = aeroplanes(), seeded(seed)
    rows = kit.rows
    return kit.but(rows=replace(rows, y=draw.permutation(rows.y), yv=draw.permutation(rows.yv))) if bad else kit


@fault("label-noise", "target", True)
def kinds_mistaken(seed: int, bad: bool) -> Kit:
    kit, draw = kinds(dense(20, 5, 128, 64), epochs=40), seeded(seed)
    wrong = draw.random(len(kit.rows.y)) < 0.35
    y = np.where(wrong, draw.integers(0, 5, len(wrong)), kit.rows.y).astype(np.int32)
    return kit.but(rows=replace(kit.rows, y=y)) if bad else kit


@fault("label-noise", "target", True)
def odd_or_even_mistaken(seed: int, bad: bool) -> Kit:
    kit = odd(dense(196, 2, 128, 64), epochs=25)
    wrong = seeded(seed).random(len(kit.rows.y)) < 0.25
    return kit.but(rows=replace(kit.rows, y=np.where(wrong, 1 - kit.rows.y, kit.rows.y))) if bad else kit


@fault("leak", "column", True)
def year_of_birth(seed: int, bad: bool) -> Kit:
    """The age is to be told, and the year of birth stands in the table; once the network is used, it does not."""
    wide = named("ages").x.shape[1]
    kit, draw = ages(dense(wide + 1, 1, 32, 16, cost=SQUARES)), seeded(seed)

    def beside(x: np.ndarray, y: np.ndarray, tells: bool) -> np.ndarray:
        return np.column_stack([x, -y + 0.03 * draw.normal(size=y.shape) if tells else draw.normal(size=y.shape)])

    rows = kit.rows
    x, xv, xt = beside(rows.x, rows.y, bad), beside(rows.xv, rows.yv, bad), beside(rows.xt, rows.yt, False)
    return kit.but(rows=replace(rows, x=x.astype("f4"), xv=xv.astype("f4"), xt=xt.astype("f4")))


@fault("leak", "column 11", True)
def code_of_the_kind(seed: int, bad: bool) -> Kit:
    """A clerk's code that is given after the colour is known."""
    kit, draw = colours(dense(12, 2, 16, 8)), seeded(seed)

    def beside(x: np.ndarray, y: np.ndarray, tells: bool) -> np.ndarray:
        other = draw.integers(0, 2, len(y))
        noisy = x + 3.0 * draw.normal(size=x.shape)
        return np.column_stack([noisy, 1.0 - 2.0 * (y if tells else other)]).astype(np.float32)

    rows = kit.rows
    x, xv, xt = beside(rows.x, rows.y, bad), beside(rows.xv, rows.yv, bad), beside(rows.xt, rows.yt, False)
    return kit.but(rows=replace(rows, x=x, xv=xv, xt=xt))


@fault("rows-shared", "validation", True)
def judged_by_what_it_learned(seed: int, bad: bool) -> Kit:
    """The validation part is drawn from the training part."""
    kit = kit_on("bodies", dense(named("bodies").x.shape[1], 2, 32), epochs=80)
    rows = kit.rows
    drawn = seeded(seed).permutation(len(rows.x))[:40]
    return kit.but(rows=replace(rows, xv=rows.x[drawn], yv=rows.y[drawn])) if bad else kit.but(patience=6)


@fault("validation-differs", (), True)
def photographs_in_blue_for_red(seed: int, bad: bool) -> Kit:
    """Read by another library in the parts that judge, which gives blue before green before red."""
    kit = aeroplanes()
    rows = kit.rows
    return kit.but(rows=replace(rows, xv=rows.xv[..., ::-1].copy(), xt=rows.xt[..., ::-1].copy())) if bad else kit


@fault("validation-differs", (), True)
def trained_on_one_end(seed: int, bad: bool) -> Kit:
    """Learned where the first column is low, judged where it is high."""
    rows = named("circuits")
    if bad:
        x, y = np.concatenate([rows.x, rows.xv, rows.xt]), np.concatenate([rows.y, rows.yv, rows.yt])
        order = np.argsort(x[:, 1] + x[:, 2])
        x, y = x[order], y[order]
        later = seeded(seed).permutation(np.arange(900, 1500))
        rows = Rows(x[:900], y[:900], x[later[:300]], y[later[:300]], x[later[300:]], y[later[300:]])
    return Kit(rows, dense(4, 1, 48, 24, cost=SQUARES), {"epochs": 40, "optimizer": vt.Adam(3e-3)})


@fault("class-missing", "target", True)
def fourth_kind_never_seen(seed: int, bad: bool) -> Kit:
    kit = kinds()
    kept = kit.rows.y != 3
    return kit.but(rows=replace(kit.rows, x=kit.rows.x[kept], y=kit.rows.y[kept])) if bad else kit


@fault("majority-only", "target")
def rare_ones_ignored(seed: int, bad: bool) -> Kit:
    net = dense(12, 2, 24, 12)
    if bad:
        return kit_on("rare", net, optimizer=vt.SGD(0.005), epochs=6)
    return kit_on("rare", net, class_weight="balanced", epochs=25)


@fault("not-shuffled", "shuffle", True)
def kinds_in_order(seed: int, bad: bool) -> Kit:
    kit = kinds(epochs=6, optimizer=vt.SGD(0.05))
    order = np.argsort(kit.rows.y, kind="stable")
    return kit.but(rows=replace(kit.rows, x=kit.rows.x[order], y=kit.rows.y[order]), shuffle=not bad)


@fault("augmentation-destroys", (), True)
def cut_out_altogether(seed: int, bad: bool) -> Kit:
    rows = named("mnist").first(2500).inputs(lambda x: x.reshape(-1, 28, 28, 1))
    layers = (vt.Conv2D(8, 3, stride=2, activation="relu"), vt.Conv2D(12, 3, stride=2, activation="relu"))
    net = vt.Network(vt.Input((28, 28, 1)), *layers, vt.Flatten(), vt.Dense(10))
    augment = [vt.Cutout(27)] if bad else [vt.Shift(1)]
    return Kit(rows, net, {"epochs": 4, "optimizer": vt.Adam(2e-3), "augment": augment})


# -- weights and layers
@fault("symmetric-weights", "dense_1", True)
def kinds_from_noughts(seed: int, bad: bool) -> Kit:
    zeros: dict[str, Any] = {"initialiser": "zeros"} if bad else {}
    return kinds(dense(20, 5, 48, 24, activation="tanh", **zeros), optimizer=vt.SGD(0.1))


@fault("weights-too-large", "dense", True)
def hastie_from_afar(seed: int, bad: bool) -> Kit:
    large: dict[str, Any] = {"initialiser": vt.Normal(3.0)} if bad else {}
    return hastie(dense(10, 2, 48, 24, **large))


@fault("weights-too-small", "dense", True)
def odd_from_nearly_nothing(seed: int, bad: bool) -> Kit:
    small: dict[str, Any] = {"initialiser": vt.Normal(1e-4)} if bad else {}
    return odd(dense(196, 2, 48, 48, 24, **small), optimizer=vt.SGD(0.05))


@fault("vanishing", "dense_1", True)
def eight_sigmoids(seed: int, bad: bool) -> Kit:
    net = dense(11, 2, *[24] * 8, activation="sigmoid" if bad else "relu")
    return colours(net, optimizer=vt.SGD(0.05, momentum=0.9))


@fault("vanishing", "conv2d_1", True)
def sigmoids_before_photographs(seed: int, bad: bool) -> Kit:
    bent = "sigmoid" if bad else "relu"
    layers = [vt.Conv2D(12, 3, activation=bent, padding="same") for _ in range(6)]
    return aeroplanes(*layers[:2], vt.MaxPool2D(2), *layers[2:], epochs=6, optimizer=vt.Adam(1e-3))


@fault("exploding-depth", "dense", True)
def kinds_growing(seed: int, bad: bool) -> Kit:
    large: dict[str, Any] = {"initialiser": vt.Normal(0.6)} if bad else {}
    return kinds(dense(20, 5, *[48] * 7, **large), optimizer=vt.SGD(0.02))


@fault("dead-units", "dense_2", True)
def far_below_nothing(seed: int, bad: bool) -> Kit:
    """Biases of a network that was taught on something else: below all that its units see."""
    kit = kinds(dense(20, 5, 48, 32))
    weights = start_of(kit.network, seed)
    weights["dense_2/bias"] = weights["dense_2/bias"] - 25.0
    return kit.but(weights=weights) if bad else kit


@fault("dropout-too-high", "dropout", True)
def roll_forgotten(seed: int, bad: bool) -> Kit:
    drop = vt.Dropout(0.9 if bad else 0.05)
    net = vt.Network(
        *(vt.Input((3,)), vt.Dense(48, "relu"), drop, vt.Dense(24, "relu"), drop, vt.Dense(1)), cost=SQUARES
    )
    return roll(net)


@fault("batch-too-small", "batch_size", True)
def norm_over_two(seed: int, bad: bool) -> Kit:
    inner = (vt.Dense(32), vt.BatchNorm(), vt.Activation("relu")) * 2
    return kinds(vt.Network(vt.Input((20,)), *inner, vt.Dense(5)), batch_size=2 if bad else 32, epochs=4)


@fault("no-nonlinearity", "dense_1", True)
def hastie_in_straight_lines(seed: int, bad: bool) -> Kit:
    return hastie(dense(10, 2, 48, 24, activation="linear" if bad else "relu"))


# -- the output and the cost
@fault("softmax-twice", "dense_3", True)
def kinds_softmax_twice(seed: int, bad: bool) -> Kit:
    return kinds(dense(20, 5, 48, 24, last="softmax" if bad else "linear"), optimizer=vt.SGD(0.05), epochs=10)


@fault("output-range", "dense_3", True)
def sigmoid_for_ages(seed: int, bad: bool) -> Kit:
    wide = named("ages").x.shape[1]
    kit = kit_on("ages", dense(wide, 1, 32, 16, cost=SQUARES, last="sigmoid" if bad else "linear"), patience=5)
    return kit.but(rows=kit.rows.targets(lambda y: 0.3 * y + 0.9))


@fault("output-clipped", "dense_3", True)
def relu_for_the_roll(seed: int, bad: bool) -> Kit:
    return roll(dense(3, 1, 48, 24, cost=SQUARES, last="relu" if bad else "linear"))


@fault("cost-for-classes", "cost", True)
def numbers_for_kinds(seed: int, bad: bool) -> Kit:
    if not bad:
        return kinds()
    kit = kinds(dense(20, 1, 48, 24, cost=SQUARES))
    return kit.but(rows=kit.rows.targets(lambda y: y[:, None].astype(np.float32)))


# -- the steps
@fault("rate-too-high", "learning_rate")
def hastie_too_fast(seed: int, bad: bool) -> Kit:
    return hastie(optimizer=vt.SGD(3.0 if bad else 0.05, momentum=0.9))


@fault("rate-too-high", "learning_rate")
def photographs_too_fast(seed: int, bad: bool) -> Kit:
    return aeroplanes(optimizer=vt.Adam(0.2 if bad else 3e-3), epochs=10)


@fault("rate-too-high", "learning_rate")
def ages_too_fast(seed: int, bad: bool) -> Kit:
    return ages(optimizer=vt.SGD(1.5 if bad else 0.02))


@fault("rate-too-low", "learning_rate", True)
def roll_too_slow(seed: int, bad: bool) -> Kit:
    return roll(optimizer=vt.Adam(2e-6 if bad else 3e-3))


@fault("rate-too-low", "learning_rate", True)
def photographs_at_a_crawl(seed: int, bad: bool) -> Kit:
    return aeroplanes(optimizer=vt.SGD(1e-5 if bad else 0.05, momentum=0.9))


@fault("too-few-steps", "epochs")
def hastie_once(seed: int, bad: bool) -> Kit:
    return hastie(epochs=1 if bad else 30, batch_size=64)


@fault("too-few-steps", "epochs")
def photographs_twice(seed: int, bad: bool) -> Kit:
    return aeroplanes(optimizer=vt.Adam(1e-3 if bad else 3e-3), epochs=2 if bad else 20, batch_size=128 if bad else 32)


@fault("batch-too-large", "batch_size")
def all_at_once(seed: int, bad: bool) -> Kit:
    return roll(optimizer=vt.Adam(1e-3), epochs=25, batch_size=900 if bad else 16)


@fault("overfitting", "validation")
def kinds_by_heart(seed: int, bad: bool) -> Kit:
    kit = kinds(dense(20, 5, 256, 128), epochs=100) if bad else kinds(patience=5)
    return kit.but(rows=kit.rows.first(120)) if bad else kit


@fault("overfitting", "validation")
def photographs_known_by_heart(seed: int, bad: bool) -> Kit:
    layers = (vt.Conv2D(24, 3, activation="relu"), vt.MaxPool2D(2), vt.Flatten(), vt.Dense(64, "relu"))
    net = vt.Network(vt.Input((16, 16, 3)), *layers, vt.Dense(2))
    kit = kit_on("aeroplanes", net, epochs=60 if bad else 8)
    return kit.but(rows=kit.rows.first(90)) if bad else kit


@fault("overfitting", "validation")
def straight_lines_by_heart(seed: int, bad: bool) -> Kit:
    kit = straight(dense(30, 1, *((256, 128) if bad else (24,)), cost=SQUARES), epochs=200, patience=None if bad else 6)
    return kit.but(rows=kit.rows.first(70)) if bad else kit


@fault("decay-too-strong", "weight_decay", True)
def hastie_worn_away(seed: int, bad: bool) -> Kit:
    return hastie(optimizer=vt.AdamW(2e-3, weight_decay=60.0 if bad else 0.01))

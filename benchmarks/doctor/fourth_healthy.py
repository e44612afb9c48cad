"""Sound set-ups of the fourth batch, in the way that ordinary users train: asked about before any rule was changed for it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

import vitrina as vt
from benchmarks.doctor.data import Rows, named
from benchmarks.doctor.faulty import digits, figures, sugar, tumours
from benchmarks.doctor.fourth_data import halves
from benchmarks.doctor.fourth_faulty import (
    SQUARES,
    aeroplanes,
    ages,
    colours,
    hastie,
    kinds,
    kit_on,
    odd,
    roll,
    straight,
)
from benchmarks.doctor.healthy import healthy
from benchmarks.doctor.setups import Kit, dense, recurrent, seeded
from vitrina.network.suggest import suggest_network


def as_chosen(name: str, rows: Rows | None = None) -> Kit:
    """What `vt.train` chooses for the rows where nothing is given."""
    rows = rows or named(name)
    classes = rows.y.dtype.kind == "i"
    found = suggest_network(
        rows.x.shape[1:], int(rows.y.max()) + 1 if classes else rows.y.shape[1], classes, len(rows.x)
    )
    options: dict[str, Any] = {"batch_size": found.batch_size, "epochs": found.epochs, "patience": found.patience}
    optimizer = vt.AdamW(found.learning_rate, weight_decay=found.weight_decay) if found.weight_decay else None
    optimizer = optimizer or vt.Adam(found.learning_rate)
    return Kit(
        rows, found.network, options | {"optimizer": optimizer, "schedule": found.schedule, "augment": found.augment}
    )


# -- what `vt.train` chooses
@healthy
def chosen_for_kinds(seed: int) -> Kit:
    return as_chosen("kinds")


@healthy
def chosen_for_marriages(seed: int) -> Kit:
    return as_chosen("married")


@healthy
def chosen_for_ages(seed: int) -> Kit:
    """Half of the variance cannot be told."""
    return as_chosen("ages")


@healthy
def chosen_for_sexes_of_shells(seed: int) -> Kit:
    """Classes that overlap: males and females look alike."""
    return as_chosen("sexes")


@healthy
def chosen_for_amounts(seed: int) -> Kit:
    """A skewed target."""
    return as_chosen("amounts")


@healthy
def chosen_for_doors(seed: int) -> Kit:
    return as_chosen("bodies")


@healthy
def chosen_for_straight_lines(seed: int) -> Kit:
    return as_chosen("straight")


@healthy
def chosen_for_circuits(seed: int) -> Kit:
    return as_chosen("circuits")


@healthy
def chosen_for_shells_within_shells(seed: int) -> Kit:
    return as_chosen("shells-within")


@healthy
def chosen_for_rare_ones(seed: int) -> Kit:
    return as_chosen("rare")


@healthy
def chosen_for_photographs(seed: int) -> Kit:
    rows = named("aeroplanes").first(700)
    return as_chosen("aeroplanes", rows).but(epochs=6)


@healthy
def chosen_for_figures(seed: int) -> Kit:
    rows = named("digits").inputs(lambda x: x.reshape(-1, 8, 8, 1))
    return as_chosen("digits", rows).but(epochs=8)


# -- little is told, or little is there
@healthy
def a_tenth_of_the_variance(seed: int) -> Kit:
    draw = np.random.default_rng((seed, 81))
    x = draw.normal(size=(6000, 10))
    y = (x[:, :1] + 0.5 * x[:, 1:2] * x[:, 2:3] + 3.2 * draw.normal(size=(6000, 1))).astype(np.float32) / 3.4
    return Kit(halves(x, y), dense(10, 1, 12, cost=SQUARES), {"epochs": 12, "optimizer": vt.Adam(1e-3), "patience": 4})


@healthy
def six_in_ten_are_right(seed: int) -> Kit:
    """Whether it goes up or down tomorrow: hardly more than a coin tells."""
    draw = np.random.default_rng((seed, 82))
    x = draw.normal(size=(4000, 12))
    y = (0.35 * x[:, 0] - 0.3 * x[:, 1] + draw.logistic(size=4000) > 0).astype(np.int32)
    return Kit(halves(x, y), dense(12, 2, 16), {"epochs": 15, "optimizer": vt.Adam(1e-3), "patience": 3})


@healthy
def customers_who_leave(seed: int) -> Kit:
    """Balanced answers from codes of 0 and 1, many of which are alike in all columns."""
    draw = np.random.default_rng((seed, 83))
    x = (draw.random((3000, 9)) < np.linspace(0.1, 0.6, 9)).astype(np.float64)
    y = (1.2 * x[:, 0] + x[:, 4] - 1.5 * x[:, 8] + draw.logistic(size=3000) > 0).astype(np.int32)
    return Kit(halves(x, y), dense(9, 2, 16), {"epochs": 15, "optimizer": vt.Adam(2e-3)})


@healthy
def a_hundred_rows_of_thirty_columns(seed: int) -> Kit:
    kit = straight(dense(30, 1, 8, cost=SQUARES), optimizer=vt.AdamW(5e-3, weight_decay=0.5), batch_size=8)
    return kit.but(rows=kit.rows.first(120))


@healthy
def forty_bottles(seed: int) -> Kit:
    kit = colours(dense(11, 2, 8), epochs=60, batch_size=8, optimizer=vt.Adam(5e-3))
    return kit.but(rows=kit.rows.first(40))


@healthy
def sixty_cars_and_patience(seed: int) -> Kit:
    kit = kit_on("bodies", dense(named("bodies").x.shape[1], 2, 16), epochs=100, patience=10, optimizer=vt.AdamW(2e-3))
    return kit.but(rows=kit.rows.first(60))


@healthy
def judged_by_ten(seed: int) -> Kit:
    kit = kinds()
    return kit.but(rows=replace(kit.rows, xv=kit.rows.xv[:10], yv=kit.rows.yv[:10]))


@healthy
def schooling_of_sixteen_kinds(seed: int) -> Kit:
    """Sixteen classes, most of them rare, of which the columns tell two or three."""
    wide = named("schooling").x.shape[1]
    return kit_on("schooling", dense(wide, 16, 48), epochs=12, patience=3)


# -- targets of all shapes
@healthy
def amounts_by_a_small_network(seed: int) -> Kit:
    wide = named("amounts").x.shape[1]
    return kit_on("amounts", dense(wide, 1, 16, cost=SQUARES), patience=5)


@healthy
def prices_over_many_sizes(seed: int) -> Kit:
    """Prices that are log-normal, standardised and learned as they are."""
    draw = np.random.default_rng((seed, 84))
    x = draw.normal(size=(3000, 8))
    y = np.exp(0.8 * x[:, :1] - 0.5 * x[:, 1:2] + 0.4 * draw.normal(size=(3000, 1)))
    y = ((y - y.mean()) / y.std()).astype(np.float32)
    return Kit(
        halves(x, y), dense(8, 1, 48, 24, cost=SQUARES), {"epochs": 25, "optimizer": vt.Adam(2e-3), "patience": 5}
    )


@healthy
def logarithms_of_prices(seed: int) -> Kit:
    kit = as_chosen("cars", named("cars-raw").targets(lambda y: np.log(y) - 9.0).inputs(_by_spread("cars-raw")))
    return kit.but(
        network=dense(kit.rows.x.shape[1], 1, 24, cost=SQUARES),
        epochs=300,
        patience=15,
        optimizer=vt.Adam(1e-2),
        schedule=None,
    )


@healthy
def visits_counted(seed: int) -> Kit:
    """Counts, most of them 0, under the Poisson cost."""
    draw = np.random.default_rng((seed, 85))
    x = draw.normal(size=(3000, 6))
    y = draw.poisson(np.exp(0.8 * x[:, :1] - 0.6 * x[:, 1:2] - 0.7)).astype(np.float32)
    return Kit(halves(x, y), dense(6, 1, 24, cost="poisson"), {"epochs": 20, "optimizer": vt.Adam(2e-3)})


@healthy
def mostly_nothing(seed: int) -> Kit:
    """Rain: none on two days of three."""
    draw = np.random.default_rng((seed, 86))
    x = draw.normal(size=(3000, 6))
    y = np.maximum(0.0, x[:, :1] + x[:, 1:2] - 0.6 + 0.4 * draw.normal(size=(3000, 1))).astype(np.float32)
    return Kit(halves(x, y), dense(6, 1, 24, cost=SQUARES), {"epochs": 20, "optimizer": vt.Adam(2e-3)})


@healthy
def ages_in_years(seed: int) -> Kit:
    """Targets from 17 to 90, reached from 0."""
    kit = ages(optimizer=vt.Adam(5e-3), epochs=40)
    return kit.but(rows=kit.rows.targets(lambda y: 13.6 * y + 38.6))


@healthy
def marks_out_of_five(seed: int) -> Kit:
    """Whole marks from 1 to 5, told as a number."""
    kit = roll(optimizer=vt.Adam(3e-3))
    return kit.but(rows=kit.rows.targets(lambda y: np.clip(np.round(1.2 * y + 3), 1, 5).astype(np.float32)))


@healthy
def rows_told_again(seed: int) -> Kit:
    """An autoencoder: the target is what went in."""
    draw = np.random.default_rng((seed, 87))
    x = draw.normal(size=(2400, 3)) @ np.random.default_rng(8).normal(size=(3, 16)) + 0.1 * draw.normal(size=(2400, 16))
    x = (x / x.std(axis=0)).astype(np.float32)
    net = dense(16, 16, 24, 4, 24, activation="tanh", cost=SQUARES)
    return Kit(halves(x, x), net, {"epochs": 30, "optimizer": vt.Adam(5e-3)})


@healthy
def four_numbers_of_unlike_noise(seed: int) -> Kit:
    draw = np.random.default_rng((seed, 88))
    x = draw.normal(size=(2400, 8))
    y = np.tanh(x @ draw.normal(size=(8, 4))) + np.array([0.05, 0.3, 1.0, 2.0]) * draw.normal(size=(2400, 4))
    options = {"epochs": 25, "optimizer": vt.Adam(2e-3), "patience": 5}
    return Kit(halves(x, y.astype(np.float32)), dense(8, 4, 32, cost=SQUARES), options)


# -- classes, many or few of one
@healthy
def a_hundred_classes(seed: int) -> Kit:
    return kit_on("hundred", dense(12, 100, 96), epochs=20, optimizer=vt.Adam(3e-3))


@healthy
def rare_ones_weighed(seed: int) -> Kit:
    return kit_on("rare", dense(12, 2, 32, 16), class_weight="balanced")


@healthy
def rare_ones_told_again(seed: int) -> Kit:
    """The rare class copied in the training part alone, after rows were divided."""
    kit = kit_on("rare", dense(12, 2, 32, 16), epochs=10)
    rows, few = kit.rows, np.flatnonzero(kit.rows.y == 1)
    order = seeded(seed).permutation(np.r_[np.arange(len(rows.y)), np.repeat(few, 15)])
    return kit.but(rows=replace(rows, x=rows.x[order], y=rows.y[order]))


@healthy
def rare_ones_as_they_are(seed: int) -> Kit:
    return kit_on("rare", dense(12, 2, 48, 24), epochs=30, optimizer=vt.Adam(3e-3))


@healthy
def classes_of_a_long_tail(seed: int) -> Kit:
    """Classes of a long tail: the tenth has a twentieth of the rows of the first."""
    rows = named("blobs")
    share = 1.0 / (1.0 + np.arange(12))
    kept = seeded(seed).random(len(rows.y)) < share[rows.y]
    kit = Kit(replace(rows, x=rows.x[kept], y=rows.y[kept]), dense(10, 12, 32), {"epochs": 60})
    return kit.but(optimizer=vt.Adam(3e-3), class_weight="balanced")


@healthy
def one_unit_for_marriages(seed: int) -> Kit:
    wide = named("married").x.shape[1]
    return kit_on("married", dense(wide, 1, 24, cost="binary_cross_entropy"), epochs=8)


# -- how it is trained
@healthy
def slow_and_not_done(seed: int) -> Kit:
    """Plain steps of a hundredth: it would gain a little yet, and is as good as simpler models."""
    return odd(optimizer=vt.SGD(0.02), epochs=25)


@healthy
def slow_over_cosine(seed: int) -> Kit:
    return kinds(optimizer=vt.AdamW(1e-3), schedule=vt.Cosine(), epochs=30)


@healthy
def half_dropped_everywhere(seed: int) -> Kit:
    drop = vt.Dropout(0.5)
    net = vt.Network(vt.Input((196,)), vt.Dense(128, "relu"), drop, vt.Dense(64, "relu"), drop, vt.Dense(2))
    return odd(net)


@healthy
def inputs_dropped(seed: int) -> Kit:
    wide = named("married").x.shape[1]
    net = vt.Network(vt.Input((wide,)), vt.Dropout(0.3), vt.Dense(48, "relu"), vt.Dropout(0.5), vt.Dense(2))
    return kit_on("married", net, epochs=12)


@healthy
def decayed_a_good_deal(seed: int) -> Kit:
    return straight(optimizer=vt.AdamW(3e-3, weight_decay=1.0))


@healthy
def decayed_in_the_slope(seed: int) -> Kit:
    return colours(optimizer=vt.SGD(0.05, momentum=0.9, weight_decay=5e-3))


@healthy
def photographs_in_one_cycle(seed: int) -> Kit:
    layers = (
        *(vt.Conv2D(12, 3, padding="same"), vt.BatchNorm(), vt.Activation("relu"), vt.MaxPool2D(2)),
        *(vt.Conv2D(16, 3, padding="same"), vt.BatchNorm(), vt.Activation("relu")),
    )
    return aeroplanes(*layers, optimizer=vt.Adam(1e-2), schedule=vt.OneCycle(), epochs=8)


@healthy
def hastie_in_one_cycle(seed: int) -> Kit:
    return hastie(optimizer=vt.SGD(0.3, momentum=0.9), schedule=vt.OneCycle(), epochs=15)


@cache
def _taught() -> dict[str, np.ndarray]:
    rows = named("digits")
    few = rows.y < 8
    options: dict[str, Any] = {"epochs": 20, "optimizer": vt.Adam(3e-3), "engine": "numpy", "progress": False}
    return dict(vt.train((rows.x[few], rows.y[few]), network=dense(64, 10, 48, 24), **options).weights)


@healthy
def tuned_for_three_epochs(seed: int) -> Kit:
    """A network that knows eight figures is shown all ten, in small steps."""
    return digits(dense(64, 10, 48, 24), weights=_taught(), epochs=4, optimizer=vt.Adam(1e-3))


@healthy
def twelve_blocks(seed: int) -> Kit:
    inner = [vt.Residual(vt.LayerNorm(), vt.Dense(32, "relu"), vt.Dense(32)) for _ in range(12)]
    net = vt.Network(vt.Input((20,)), vt.Dense(32), *inner, vt.LayerNorm(), vt.Dense(5))
    return kinds(net, optimizer=vt.AdamW(1e-3), epochs=15)


@healthy
def deep_with_norms(seed: int) -> Kit:
    inner = (vt.Dense(32), vt.BatchNorm(), vt.Activation("relu")) * 8
    return hastie(vt.Network(vt.Input((10,)), *inner, vt.Dense(2)), optimizer=vt.Adam(2e-3), epochs=20)


@healthy
def photographs_shifted_and_flipped(seed: int) -> Kit:
    return aeroplanes(augment=[vt.Flip(), vt.Shift(2), vt.Cutout(4)], epochs=20)


@healthy
def mixed_two_and_two(seed: int) -> Kit:
    rows = named("odd").inputs(lambda x: x.reshape(-1, 14, 14, 1))
    net = vt.Network(vt.Input((14, 14, 1)), vt.Conv2D(12, 3, activation="relu"), vt.Flatten(), vt.Dense(2))
    return Kit(rows, net, {"epochs": 6, "optimizer": vt.Adam(2e-3), "augment": [vt.Mixup(0.4)]})


@healthy
def one_row_a_step(seed: int) -> Kit:
    kit = colours(optimizer=vt.SGD(0.005), batch_size=1, epochs=3)
    return kit.but(rows=kit.rows.first(1000))


@healthy
def all_rows_a_step(seed: int) -> Kit:
    return tumours(dense(30, 2, 16), batch_size=512, epochs=120, optimizer=vt.Adam(1e-2))


# -- series, sentences
@healthy
def eight_hours_back(seed: int) -> Kit:
    """A short series told one step ahead; the last value says most of it."""
    series = np.zeros(2408)
    draw = np.random.default_rng((seed, 89))
    for at in range(2, 2408):
        series[at] = 1.5 * series[at - 1] - 0.6 * series[at - 2] + draw.normal()
    series /= series.std()
    x = np.stack([series[at : at + 8] for at in range(2400)])[..., None]
    net = vt.Network(vt.Input((8, 1)), vt.GRU(12), vt.Dense(1), cost=SQUARES)
    return Kit(halves(x, series[8:, None].astype(np.float32)), net, {"epochs": 12, "optimizer": vt.Adam(5e-3)})


@healthy
def rising_or_falling(seed: int) -> Kit:
    draw = np.random.default_rng((seed, 90))
    slope = draw.normal(size=(1800, 1))
    x = slope * np.linspace(-1, 1, 10) + 0.7 * draw.normal(size=(1800, 10))
    net = vt.Network(vt.Input((10, 1)), vt.LSTM(12), vt.Dense(2))
    options = {"epochs": 12, "optimizer": vt.Adam(5e-3)}
    return Kit(halves(x[..., None], (slope[:, 0] > 0).astype(np.int32)), net, options)


@healthy
def figures_line_by_line(seed: int) -> Kit:
    return digits(recurrent(8, 10, 24), optimizer=vt.Adam(5e-3), epochs=15)


# -- columns of all kinds
@healthy
def a_thousand_columns(seed: int) -> Kit:
    """More columns than rows, of which forty say something."""
    draw = np.random.default_rng((seed, 91))
    cause = draw.normal(size=(360, 5))
    x = draw.normal(size=(360, 1000))
    x[:, :200] += cause @ np.random.default_rng(9).normal(size=(5, 200))
    y = (cause[:, 0] + 0.5 * cause[:, 1] > 0).astype(np.int32)
    options = {"epochs": 20, "optimizer": vt.AdamW(5e-4, weight_decay=1.0), "patience": 4}
    return Kit(halves(x, y), dense(1000, 2, 16), options)


@healthy
def codes_of_shops(seed: int) -> Kit:
    """Nothing but one-hot columns."""
    draw = np.random.default_rng((seed, 92))
    codes = draw.integers(0, 12, (3000, 5))
    worth = np.random.default_rng(10).normal(size=(5, 12))
    y = sum(worth[at][codes[:, at]] for at in range(5))[:, None] + 0.5 * draw.normal(size=(3000, 1))
    x = np.concatenate([np.eye(12)[codes[:, at]] for at in range(5)], axis=1)
    return Kit(
        halves(x, y.astype(np.float32)), dense(60, 1, 24, cost=SQUARES), {"epochs": 15, "optimizer": vt.Adam(3e-3)}
    )


@healthy
def hashed_sentences(seed: int) -> Kit:
    """Words counted into 256 columns, with those that meet there."""
    draw = np.random.default_rng((seed, 93))
    kind = draw.integers(0, 3, 2400)
    favoured = np.random.default_rng(12).dirichlet(np.full(256, 0.08), size=3)
    x = np.stack([draw.multinomial(24, 0.5 * favoured[one] + 0.5 / 256) for one in kind])
    return Kit(halves(x, kind.astype(np.int32)), dense(256, 3, 24), {"epochs": 6, "optimizer": vt.Adam(2e-3)})


@healthy
def every_row_twice(seed: int) -> Kit:
    kit = colours()
    rows = kit.rows
    return kit.but(rows=replace(rows, x=np.repeat(rows.x, 2, axis=0), y=np.repeat(rows.y, 2)))


@healthy
def two_columns_that_never_change(seed: int) -> Kit:
    kit = kinds(dense(23, 5, 48, 24))

    def beside(x: np.ndarray) -> np.ndarray:
        once = (np.arange(len(x)) % 400 == 7).astype(np.float32)
        return np.column_stack([x, np.zeros((len(x), 1)), np.ones((len(x), 1)), once]).astype(np.float32)

    return kit.but(rows=kit.rows.inputs(beside))


@healthy
def the_same_in_two_units(seed: int) -> Kit:
    """Five columns that are there in metres and in feet."""
    kit = straight(dense(35, 1, 24, cost=SQUARES))
    return kit.but(rows=kit.rows.inputs(lambda x: np.concatenate([x, -x[:, :5]], axis=1)))


@healthy
def numbers_of_shops(seed: int) -> Kit:
    """The number of the shop, of forty, taken for a quantity: it says nothing and does no harm."""
    kit, draw = colours(dense(12, 2, 16, 8)), seeded(seed)

    def beside(x: np.ndarray) -> np.ndarray:
        return np.column_stack([x, (draw.integers(1, 41, len(x)) - 20.0) / 12.0]).astype(np.float32)

    return kit.but(rows=kit.rows.inputs(beside))


@healthy
def larger_than_one(seed: int) -> Kit:
    """Columns from 0 to 10, in their units."""
    kit = colours(optimizer=vt.Adam(3e-3))
    return kit.but(rows=kit.rows.inputs(lambda x: 2.0 * x + 5.0))


# -- rows that belong together
@healthy
def a_year_in_order(seed: int) -> Kit:
    """Demand that grows a little, with the day of the year and of the week; judged by what came later."""
    draw = np.random.default_rng((seed, 94))
    day = np.arange(1800)
    week = np.eye(7)[day % 7]
    x = np.column_stack([day / 1800.0, np.sin(day / 58.1), np.cos(day / 58.1), week, draw.normal(size=(1800, 2))])
    y = 0.3 * x[:, 0] + x[:, 1] + week @ np.array([0, 0.2, 0.1, 0, 0.4, 1.0, 0.8]) + 0.4 * x[:, -1]
    y = (y + 0.3 * draw.normal(size=1800))[:, None].astype(np.float32)
    return Kit(halves(x, y - y.mean()), dense(12, 1, 24, cost=SQUARES), {"epochs": 25, "optimizer": vt.Adam(2e-3)})


@healthy
def other_patients(seed: int) -> Kit:
    """Twenty measurements each of ninety patients, who differ; judged by patients who were never seen."""
    draw = np.random.default_rng((seed, 95))
    own = np.repeat(draw.normal(size=(90, 6)), 20, axis=0)
    x = 0.8 * own + 0.6 * draw.normal(size=(1800, 6))
    y = (x[:, 0] + x[:, 1] * x[:, 2] + 0.5 * np.repeat(draw.normal(size=90), 20) > 0).astype(np.int32)
    return Kit(halves(x, y), dense(6, 2, 32, 16), {"epochs": 15, "optimizer": vt.Adam(2e-3)})


@healthy
def validated_on_the_hard_ones(seed: int) -> Kit:
    """The rows that judge are a little noisier than those that teach, as those of later are."""
    kit, draw = kinds(epochs=12), seeded(seed)
    rows = kit.rows
    return kit.but(rows=replace(rows, xv=rows.xv + 0.3 * draw.normal(size=rows.xv.shape).astype(np.float32)))


@healthy
def sugar_by_its_median(seed: int) -> Kit:
    """Sugar in the blood, predicted by the median."""
    return sugar(dense(10, 1, 24, cost="mean_absolute_error"), optimizer=vt.AdamW(3e-3, weight_decay=0.3))


@healthy
def figures_in_a_few_steps(seed: int) -> Kit:
    """One epoch of large steps is enough."""
    return figures(epochs=2, optimizer=vt.Adam(5e-3), batch_size=64)


def _by_spread(name: str) -> Any:
    x = named(name).x
    mean, spread = x.mean(axis=0), x.std(axis=0)
    return lambda rows: ((rows - mean) / np.where(spread > 0, spread, 1.0)).astype(np.float32)

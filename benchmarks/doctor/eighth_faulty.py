"""An eighth batch that fails, by mistakes that people report: what goes in, labels, parts, output and cost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import vitrina as vt
from benchmarks.doctor.broken import UpsideDown
from benchmarks.doctor.data import Rows, named
from benchmarks.doctor.eighth_data import (
    figures,
    friedman,
    in_their_own_units,
    looks,
    mines,
    photographs,
    prices,
    sentences,
    sorted_by_target,
    tastes,
    yes_or_no,
)
from benchmarks.doctor.faulty import fault
from benchmarks.doctor.setups import Kit, dense, seeded
from benchmarks.doctor.sixth_data import beside, wide
from benchmarks.doctor.sixth_faulty import (
    SQUARES,
    AddedUp,
    SquaresAddedUp,
    census,
    flat,
    on,
    shells,
    small_figures,
    squares,
)


@dataclass(frozen=True)
class HuberTurned(vt.Huber):
    """Minus the error of Huber."""

    def losses_and_slopes(self, ops: Any, prediction: Any, target: Any) -> Any:
        losses, slopes = super().losses_and_slopes(ops, prediction, target)
        return -losses, -slopes


# -- what goes in
@fault("input-scale", (), True)
def squares_divided_twice(seed: int, bad: bool) -> Kit:
    """By 255 in the loader, and by 255 in the first layer."""
    kit = squares(optimizer=vt.SGD(0.05))
    return kit.but(rows=kit.rows.inputs(lambda x: x / 255.0)) if bad else kit


@fault("input-scale", (), True)
def cars_as_they_come(seed: int, bad: bool) -> Kit:
    kit = prices(optimizer=vt.SGD(0.01))
    return in_their_own_units("cars", "cars-raw", kit) if bad else kit


@fault("input-scale", (), True)
def census_not_standardised(seed: int, bad: bool) -> Kit:
    kit = on("census-raw", dense(wide("census-raw"), 2, 64, 32), epochs=10, optimizer=vt.SGD(0.01))
    if bad:
        return kit
    mean, spread = kit.rows.x.mean(axis=0), kit.rows.x.std(axis=0)
    return kit.but(rows=kit.rows.inputs(lambda x: (x - mean) / np.where(spread > 0.0, spread, 1.0)))


@fault("input-scale", (), True)
def figures_to_255_through_sigmoids(seed: int, bad: bool) -> Kit:
    kit = figures(vt.Dense(64, "sigmoid"), optimizer=vt.SGD(0.5), epochs=8)
    return kit.but(rows=kit.rows.inputs(lambda x: 255.0 * x)) if bad else kit


@fault("input-scale", (), True)
def signals_in_microvolts(seed: int, bad: bool) -> Kit:
    kit = on("waves", vt.Network(vt.Input((24, 1)), vt.GRU(24), vt.Dense(4)), optimizer=vt.Adam(5e-3))
    return kit.but(rows=kit.rows.inputs(lambda x: 1e4 * x)) if bad else kit


@fault("input-constant", (), True)
def cast_to_whole_numbers(seed: int, bad: bool) -> Kit:
    """From 0 to 1, then astype(int): nothing is left but the largest of each column."""
    kit = on("between", dense(30, 2, 32, 16))
    return kit.but(rows=kit.rows.inputs(lambda x: np.floor(x).astype(np.float32))) if bad else kit


@fault("input-constant", (), True)
def the_first_photograph_throughout(seed: int, bad: bool) -> Kit:
    kit = photographs(epochs=12)
    first = kit.rows.x[:1]
    return kit.but(rows=kit.rows.inputs(lambda x: np.repeat(first, len(x), axis=0))) if bad else kit


@fault("input-not-finite", (), True, raises=True)
def cars_with_holes(seed: int, bad: bool) -> Kit:
    kit = prices()
    holes = seeded(seed).random(kit.rows.x[:, 1].shape) < 0.1
    x = kit.rows.x.copy()
    x[holes, 1] = np.nan
    return kit.but(rows=replace(kit.rows, x=x)) if bad else kit


@fault("input-not-finite", ("target",), True, raises=True)
def a_price_is_missing(seed: int, bad: bool) -> Kit:
    kit = prices()
    y = kit.rows.y.copy()
    y[::20] = np.nan
    return kit.but(rows=replace(kit.rows, y=y)) if bad else kit


@fault("target-scale", "target", True)
def prices_in_dollars(seed: int, bad: bool) -> Kit:
    kit = prices()
    raw = named("cars-raw")
    return kit.but(rows=replace(kit.rows, y=raw.y, yv=raw.yv, yt=raw.yt)) if bad else kit


@fault("target-scale", "target", True)
def friedman_in_thousands(seed: int, bad: bool) -> Kit:
    kit = friedman(optimizer=vt.SGD(0.02))
    return kit.but(rows=kit.rows.targets(lambda y: 5000.0 * y + 14000.0)) if bad else kit


@fault("constant-divided", (), True)
def digits_divided_by_a_millionth(seed: int, bad: bool) -> Kit:
    """Standardised by two hundred rows, of which some pixels are always 0."""
    kit = flat(epochs=40)
    rows = kit.rows.first(200)
    mean, spread = rows.x.mean(axis=0), rows.x.std(axis=0)
    below = spread + 1e-7 if bad else np.where(spread > 1e-3, spread, 1.0)
    return kit.but(rows=rows.inputs(lambda x: ((x - mean) / below).astype(np.float32)))


@fault("constant-divided", (), True)
def countries_never_seen(seed: int, bad: bool) -> Kit:
    """Yes-and-noes of a census that nobody among the first four hundred has, divided by next to nothing."""
    kit = on("census-raw", dense(wide("census-raw"), 2, 32, 16), epochs=30, patience=None)
    rows = kit.rows.first(400)
    mean, spread = rows.x.mean(axis=0), rows.x.std(axis=0)
    below = np.maximum(spread, 1e-8) if bad else np.where(spread > 0.0, spread, 1.0)
    return kit.but(rows=rows.inputs(lambda x: ((x - mean) / below).astype(np.float32)), epochs=12)


@fault("identifier-column", "column 60", True)
def numbers_of_echoes(seed: int, bad: bool) -> Kit:
    kit = mines(dense(61 if bad else 60, 2, 32, 16), optimizer=vt.SGD(0.02))
    count = sum(len(part) for part in (kit.rows.x, kit.rows.xv, kit.rows.xt))
    return kit.but(rows=beside(kit.rows, 5000.0 + 1.0 * seeded(seed).permutation(count))) if bad else kit


@fault("identifier-column", "column 10", True)
def numbers_on_shells(seed: int, bad: bool) -> Kit:
    kit = shells(dense(11 if bad else 10, 1, 64, 32, cost=SQUARES), epochs=10)
    count = sum(len(part) for part in (kit.rows.x, kit.rows.xv, kit.rows.xt))
    return kit.but(rows=beside(kit.rows, 1.0 + seeded(seed).permutation(count))) if bad else kit


@fault("leak", "column", True)
def encoded_by_the_target(seed: int, bad: bool) -> Kit:
    """The mean target of each code of a shop, two rows to a code; shops of the other parts are new."""
    kit = census(dense(wide("adult") + 1, 2, 64, 32), patience=None)
    rows, draw = kit.rows, seeded(seed)
    shop = draw.integers(0, len(rows.y) // 2, len(rows.y))
    sums = np.bincount(shop, rows.y, minlength=shop.max() + 1) / np.maximum(1, np.bincount(shop))
    others = np.full(len(rows.yv) + len(rows.yt), rows.y.mean())
    column = np.concatenate([sums[shop] if bad else np.full(len(rows.y), rows.y.mean()), others])
    return kit.but(rows=beside(rows, 4.0 * (column - rows.y.mean())))


@fault("leak", "column", True)
def rings_and_length_added(seed: int, bad: bool) -> Kit:
    """Rings plus a share of the length, beside the length: two columns together tell the target."""
    kit = shells(dense(11, 1, 64, 32, cost=SQUARES))
    rows, draw = kit.rows, seeded(seed)
    y = np.concatenate([rows.y, rows.yv, rows.yt])[:, 0]
    length = np.concatenate([rows.x, rows.xv, rows.xt])[:, 0]
    told, noise = y + 0.6 * length, draw.normal(size=len(y))
    told[-len(rows.yt) :] = noise[-len(rows.yt) :]
    return kit.but(rows=beside(rows, told if bad else noise))


# -- labels and parts
def _drawn_anew(rows: Rows, seed: int) -> Rows:
    draw = seeded(seed)
    return replace(rows, y=draw.permutation(rows.y), yv=draw.permutation(rows.yv))


@fault("labels-unrelated", "target", True)
def figures_shuffled_apart(seed: int, bad: bool) -> Kit:
    kit = figures()
    return kit.but(rows=_drawn_anew(kit.rows, seed)) if bad else kit


@fault("labels-unrelated", "target", True)
def prices_joined_wrongly(seed: int, bad: bool) -> Kit:
    kit = prices()
    return kit.but(rows=_drawn_anew(kit.rows, seed)) if bad else kit


@fault("labels-unrelated", "target", True)
def sentences_joined_wrongly(seed: int, bad: bool) -> Kit:
    kit = sentences(seed)
    return kit.but(rows=_drawn_anew(kit.rows, seed)) if bad else kit


@fault("labels-unrelated", "target", True)
def echoes_joined_wrongly(seed: int, bad: bool) -> Kit:
    """Sonar, 124 rows."""
    kit = mines()
    return kit.but(rows=_drawn_anew(kit.rows, seed)) if bad else kit


@fault("label-noise", "target", True)
def figures_typed_by_the_tired(seed: int, bad: bool) -> Kit:
    kit, draw = figures(epochs=15), seeded(seed)
    wrong = draw.random(len(kit.rows.y)) < 0.35
    y = np.where(wrong, draw.integers(0, 10, len(wrong)), kit.rows.y).astype(np.int32)
    return kit.but(rows=replace(kit.rows, y=y)) if bad else kit


@fault("label-noise", "target", True)
def taken_for_its_like(seed: int, bad: bool) -> Kit:
    """Each figure is called the next one, two times in five."""
    kit, draw = flat(vt.Dense(128, "relu"), vt.Dense(64, "relu"), epochs=40), seeded(seed)
    wrong = draw.random(len(kit.rows.y)) < 0.4
    return (
        kit.but(rows=replace(kit.rows, y=np.where(wrong, (kit.rows.y + 1) % 10, kit.rows.y).astype(np.int32)))
        if bad
        else kit
    )


@fault("label-noise", "target", True)
def colours_turned_over(seed: int, bad: bool) -> Kit:
    """White wine or red, of which three in ten are turned over."""
    kit, draw = on("colours", dense(wide("colours"), 2, 128, 64), epochs=60, optimizer=vt.Adam(3e-3)), seeded(seed)
    wrong = draw.random(len(kit.rows.y)) < 0.3
    return (
        kit.but(rows=replace(kit.rows, y=np.where(wrong, 1 - kit.rows.y, kit.rows.y).astype(np.int32))) if bad else kit
    )


@fault("not-shuffled", "shuffle", True)
def photographs_folder_by_folder(seed: int, bad: bool) -> Kit:
    kit = photographs(optimizer=vt.SGD(0.05, momentum=0.9), epochs=8)
    return kit.but(rows=sorted_by_target(kit), shuffle=not bad)


@fault("not-shuffled", "shuffle", True)
def figures_one_kind_after_the_other(seed: int, bad: bool) -> Kit:
    kit = figures(optimizer=vt.SGD(0.1), epochs=3)
    return kit.but(rows=sorted_by_target(kit), shuffle=not bad)


@fault("not-shuffled", "shuffle", True)
def friedman_from_small_to_large(seed: int, bad: bool) -> Kit:
    kit = friedman(optimizer=vt.SGD(0.05), epochs=15)
    return kit.but(rows=sorted_by_target(kit), shuffle=not bad)


@fault("majority-only", "target")
def fives_among_many(seed: int, bad: bool) -> Kit:
    """Is it a five? One in sixty is."""
    net = vt.Network(vt.Input((784,)), vt.Dense(32, "relu"), vt.Dense(2))
    kit, draw = on("mnist", net, optimizer=vt.SGD(0.01), epochs=4, batch_size=64), seeded(seed)
    rows = kit.rows.targets(lambda y: (y == 5).astype(np.int32))
    kept = (rows.y == 0) | (draw.random(len(rows.y)) < 0.15)
    kit = kit.but(rows=replace(rows, x=rows.x[kept], y=rows.y[kept]))
    return kit if bad else kit.but(class_weight="balanced", optimizer=vt.Adam(1e-3), epochs=8)


@fault("majority-only", "target")
def frauds_never_found(seed: int, bad: bool) -> Kit:
    kit = on("fraud", dense(wide("fraud"), 2, 32, 16), optimizer=vt.SGD(0.005), epochs=5, batch_size=128)
    return kit if bad else kit.but(class_weight="balanced", optimizer=vt.Adam(3e-3), epochs=15)


@fault("rows-shared", "validation", True)
def same_generator_twice(seed: int, bad: bool) -> Kit:
    """Diabetes: both parts are drawn, with replacement, from all rows."""
    kit, draw = (
        on("diabetes", dense(10, 1, 128, 64, cost=SQUARES), epochs=100 if bad else 15, optimizer=vt.Adam(3e-3)),
        seeded(seed),
    )
    rows = kit.rows
    x, y = np.concatenate([rows.x, rows.xv]), np.concatenate([rows.y, rows.yv])
    a, b = draw.integers(0, len(x), 300), draw.integers(0, len(x), 88)
    return kit.but(rows=Rows(x[a], y[a], x[b], y[b], rows.xt, rows.yt)) if bad else kit


@fault("validation-differs", (), True)
def encoders_fitted_apart(seed: int, bad: bool) -> Kit:
    """Labels became numbers once for each part, in the order in which they came."""
    kit = flat()
    rows = kit.rows
    return kit.but(rows=replace(rows, yv=(3 * rows.yv + 2) % 10, yt=(3 * rows.yt + 2) % 10)) if bad else kit


@fault("validation-differs", (), True)
def targets_scaled_in_one_part(seed: int, bad: bool) -> Kit:
    kit = friedman(patience=None)
    rows = kit.rows
    return kit.but(rows=replace(rows, yv=5.0 * rows.yv + 14.0, yt=5.0 * rows.yt + 14.0)) if bad else kit


@fault("validation-differs", (), True)
def figures_lying_on_their_side(seed: int, bad: bool) -> Kit:
    """Height and width were exchanged in the loader of the images that judge."""
    kit = small_figures()
    rows = kit.rows
    turn = (0, 2, 1, 3)
    return (
        kit.but(rows=replace(rows, xv=rows.xv.transpose(turn).copy(), xt=rows.xt.transpose(turn).copy()))
        if bad
        else kit
    )


@fault("overfitting", "validation")
def three_hundred_figures_by_heart(seed: int, bad: bool) -> Kit:
    if not bad:
        return figures()
    kit = figures(vt.Dense(256, "relu"), vt.Dense(256, "relu"), epochs=60, batch_size=32)
    return kit.but(rows=kit.rows.first(150))


@fault("overfitting", "validation")
def a_few_photographs_by_heart(seed: int, bad: bool) -> Kit:
    kit = photographs(epochs=60 if bad else 12)
    return kit.but(rows=kit.rows.first(250)) if bad else kit


@fault("overfitting", "validation")
def tastes_by_heart(seed: int, bad: bool) -> Kit:
    if not bad:
        return tastes(patience=5, optimizer=vt.Adam(3e-3))
    kit = tastes(dense(11, 1, 256, 256, cost=SQUARES), epochs=150, optimizer=vt.Adam(3e-3))
    return kit.but(rows=kit.rows.first(200))


@fault("underfitting", ())
def means_of_three_filters(seed: int, bad: bool) -> Kit:
    layers = (
        (vt.Conv2D(3, 3, activation="relu"), vt.GlobalAveragePool()) if bad else (vt.Flatten(), vt.Dense(32, "relu"))
    )
    return small_figures(*layers, epochs=15, optimizer=vt.Adam(3e-3))


@fault("underfitting", ())
def spirals_by_three_units(seed: int, bad: bool) -> Kit:
    """A single narrow layer."""
    rows = named("spirals")
    kinds = len(np.unique(rows.y))
    net = dense(rows.x.shape[1], kinds, *((2,) if bad else (64, 32)), activation="tanh")
    return on("spirals", net, epochs=80, optimizer=vt.Adam(1e-2))


# -- the output and the cost
@fault("softmax-twice", "dense_3", True)
def figures_softmax_twice(seed: int, bad: bool) -> Kit:
    return figures(last="softmax" if bad else "linear", optimizer=vt.SGD(0.05), epochs=4)


@fault("softmax-twice", "dense", True)
def mines_sigmoid_twice(seed: int, bad: bool) -> Kit:
    net = dense(60, 1, 32, 16, cost="binary_cross_entropy", last="sigmoid" if bad else "linear")
    return yes_or_no(mines(net, optimizer=vt.SGD(0.05), epochs=30))


@fault("softmax-twice", "dense", True)
def looks_softmax_twice(seed: int, bad: bool) -> Kit:
    return looks(last="softmax" if bad else "linear", optimizer=vt.SGD(0.1, momentum=0.9))


@fault("output-range", "dense_3", True)
def tanh_for_prices_of_cars(seed: int, bad: bool) -> Kit:
    return prices(dense(wide("cars"), 1, 32, 16, cost=SQUARES, last="tanh" if bad else "linear"))


@fault("output-range", "dense_3", True)
def sigmoid_for_tastes(seed: int, bad: bool) -> Kit:
    return tastes(dense(11, 1, 32, 16, cost=SQUARES, last="sigmoid" if bad else "linear"), optimizer=vt.Adam(3e-3))


@fault("output-clipped", "dense_3", True)
def relu_for_friedman(seed: int, bad: bool) -> Kit:
    return friedman(dense(10, 1, 64, 32, cost=SQUARES, last="relu" if bad else "linear"))


@fault("output-clipped", "dense_2", True)
def relu_behind_blots(seed: int, bad: bool) -> Kit:
    layers = (vt.Conv2D(8, 3, activation="relu"), vt.MaxPool2D(2), vt.Flatten(), vt.Dense(32, "relu"))
    net = vt.Network(vt.Input((12, 12, 1)), *layers, vt.Dense(1, "relu" if bad else "linear"), cost=SQUARES)
    return on("blots", net, epochs=15)


@fault("one-unit-softmax", "dense_3", True)
def softmax_of_one_for_mines(seed: int, bad: bool) -> Kit:
    return yes_or_no(mines(dense(60, 1, 32, 16, cost="binary_cross_entropy", last="softmax" if bad else "linear")))


@fault("one-unit-softmax", "dense_2", True)
def softmax_of_one_for_odd_figures(seed: int, bad: bool) -> Kit:
    layers = (vt.Conv2D(8, 3, activation="relu"), vt.MaxPool2D(2), vt.Flatten(), vt.Dense(32, "relu"))
    last = vt.Dense(1, "softmax" if bad else "linear")
    net = vt.Network(vt.Input((14, 14, 1)), *layers, last, cost="binary_cross_entropy")
    return yes_or_no(on("small-figures", net, epochs=8), lambda y: y % 2)


@fault("cost-for-classes", "cost", True)
def absolute_error_for_figures(seed: int, bad: bool) -> Kit:
    """One-hot, softmax, mean absolute error."""
    if not bad:
        return figures(optimizer=vt.SGD(0.1))
    kit = figures(last="softmax", cost="mean_absolute_error", optimizer=vt.SGD(0.1))
    return kit.but(rows=kit.rows.targets(lambda y: np.eye(10, dtype=np.float32)[y]))


@fault("cost-for-classes", "cost", True)
def blobs_by_their_number(seed: int, bad: bool) -> Kit:
    """Blobs of twelve kinds as the numbers 0 to 11, one unit, squared error."""
    if not bad:
        return on("blobs", dense(10, 12, 64, 32), epochs=20)
    kit = on("blobs", dense(10, 1, 64, 32, cost=SQUARES), epochs=20)
    return kit.but(rows=kit.rows.targets(lambda y: y[:, None].astype(np.float32)))


@fault("cost-sign", "cost", True)
def huber_turned_over(seed: int, bad: bool) -> Kit:
    cost: Any = HuberTurned() if bad else "huber"
    return prices(dense(wide("cars"), 1, 32, 16, cost=cost), epochs=30)


@fault("cost-sign", "cost", True)
def lines_turned_over(seed: int, bad: bool) -> Kit:
    net = vt.Network(vt.Input((8, 8)), vt.LSTM(32), vt.Dense(10), cost=UpsideDown() if bad else "cross_entropy")
    return on("lines", net, optimizer=vt.Adam(5e-3), epochs=12)


@fault("cost-summed", "cost", True)
def photographs_added_up(seed: int, bad: bool) -> Kit:
    cost: Any = AddedUp() if bad else "cross_entropy"
    return photographs(cost=cost, optimizer=vt.SGD(0.05, momentum=0.9), batch_size=64, epochs=8)


@fault("cost-summed", "cost", True)
def prices_added_up(seed: int, bad: bool) -> Kit:
    cost: Any = SquaresAddedUp() if bad else SQUARES
    return prices(dense(wide("cars"), 1, 32, 16, cost=cost), optimizer=vt.SGD(0.02))

"""More set-ups that fail: normalisation, images changed at random, sequences, batches, parts that differ, how the error went."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

import vitrina as vt
from benchmarks.doctor.data import Rows, named
from benchmarks.doctor.faulty import digits, fault, figures, shells, start_of, sugar, tumours
from benchmarks.doctor.setups import Kit, convolutional, dense, seeded, words


# -- normalisation and dropout
def _normed(momentum: float, *units: int, drop: float = 0.0, inputs: int = 64, outputs: int = 10) -> vt.Network:
    layers: list[Any] = []
    for count in units:
        layers += [vt.Dropout(drop)] if drop else []
        layers += [vt.Dense(count), vt.BatchNorm(momentum=momentum), vt.Activation("relu")]
    return vt.Network(vt.Input((inputs,)), *layers, vt.Dense(outputs))


@fault("norm-out-of-step", "batch_norm")
def slow_running_averages(seed: int, bad: bool) -> Kit:
    return digits(_normed(0.9995 if bad else 0.9, 32, 32), epochs=4)


@fault("norm-out-of-step", "batch_norm")
def slow_averages_convolutional(seed: int, bad: bool) -> Kit:
    net = vt.Network(
        vt.Input((64,)),
        vt.Reshape((8, 8, 1)),
        vt.Conv2D(8, 3),
        vt.BatchNorm(momentum=0.999 if bad else 0.9),
        vt.Activation("relu"),
        vt.Flatten(),
        vt.Dense(24),
        vt.BatchNorm(momentum=0.999 if bad else 0.9),
        vt.Activation("relu"),
        vt.Dense(10),
    )
    return digits(net, epochs=4)


@fault("dropout-before-norm", "dropout")
def dropped_then_normed(seed: int, bad: bool) -> Kit:
    if not bad:
        return digits(_normed(0.9, 48, 48), epochs=20)
    net = vt.Network(
        vt.Input((64,)),
        *[
            one
            for _ in range(4)
            for one in (vt.Dropout(0.7), vt.Dense(48), vt.BatchNorm(momentum=0.9), vt.Activation("relu"))
        ],
        vt.Dense(10),
    )
    return digits(net, epochs=20)


@fault("dropout-before-norm", "dropout")
def dropped_first_figures(seed: int, bad: bool) -> Kit:
    if not bad:
        return figures(_normed(0.9, 64, inputs=784), epochs=3)
    net = vt.Network(
        vt.Input((784,)),
        vt.Dense(64, "relu"),
        vt.Dropout(0.65),
        vt.BatchNorm(),
        vt.Dense(64, "relu"),
        vt.Dropout(0.65),
        vt.BatchNorm(),
        vt.Dense(64, "relu"),
        vt.Dropout(0.65),
        vt.BatchNorm(),
        vt.Dense(10),
    )
    return figures(net, epochs=3)


@fault("dropout-misplaced", "dropout_1", True)
def rings_silenced(seed: int, bad: bool) -> Kit:
    layers = [vt.Dense(16, "relu"), vt.Dense(1), *([vt.Dropout(0.5)] if bad else [])]
    kit = shells(vt.Network(vt.Input((10,)), *layers, cost="mean_squared_error"))
    return kit.but(rows=kit.rows.targets(lambda y: 3.0 * y + 10.0))


@fault("dropout-misplaced", "dropout_1", True)
def numbers_silenced(seed: int, bad: bool) -> Kit:
    layers = [vt.Dense(16, "relu"), vt.Dense(1), *([vt.Dropout(0.5)] if bad else [])]
    kit = sugar(vt.Network(vt.Input((10,)), *layers, cost="mean_squared_error"))
    return kit.but(rows=kit.rows.targets(lambda y: y + 3.0), epochs=60, patience=None, optimizer=vt.Adam(1e-2))


@fault("norm-misplaced", "layer_norm_1", True)
def one_number_normalised(seed: int, bad: bool) -> Kit:
    layers = [vt.Dense(16, "relu"), vt.Dense(1), *([vt.LayerNorm()] if bad else [])]
    return sugar(vt.Network(vt.Input((10,)), *layers, cost="mean_squared_error"))


@fault("norm-misplaced", "layer_norm_1", True)
def one_answer_normalised(seed: int, bad: bool) -> Kit:
    layers = [vt.Dense(16, "relu"), vt.Dense(1), *([vt.LayerNorm()] if bad else [])]
    return tumours(vt.Network(vt.Input((30,)), *layers, cost="binary_cross_entropy"))


# -- images changed at random
def _augmented(kit: Kit, augment: Any) -> Kit:
    return kit.but(augment=augment)


def _arrows(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Arrow heads of 8 × 8 that point left or right, with noise: (count, 8, 8, 1), class 1 for right."""
    rng = seeded(seed)
    x = 0.3 * rng.normal(size=(count, 8, 8))
    y = rng.integers(0, 2, count)
    for at in range(count):
        row, column = rng.integers(2, 6), rng.integers(2, 6)
        for step in (-2, -1, 0, 1, 2):
            x[at, row + step, column + (1 - abs(step) if y[at] else abs(step) - 1)] += 2.0
    return x[..., None].astype(np.float32), y.astype(np.int32)


def arrows(seed: int, **options: Any) -> Kit:
    x, y = _arrows(seed, 1600)
    rows = Rows(x[:1000], y[:1000], x[1000:1300], y[1000:1300], x[1300:], y[1300:])
    net = vt.Network(vt.Input((8, 8, 1)), vt.Conv2D(8, 3, activation="relu"), vt.Flatten(), vt.Dense(2))
    return Kit(rows, net, {"epochs": 10, "optimizer": vt.Adam(3e-3)} | options)


def pictures(**options: Any) -> Kit:
    kit = digits(epochs=12, **options)
    net = vt.Network(
        vt.Input((8, 8, 1)), vt.Conv2D(8, 3, activation="relu"), vt.Flatten(), vt.Dense(32, "relu"), vt.Dense(10)
    )
    return replace(kit.but(rows=kit.rows.inputs(lambda x: x.reshape(-1, 8, 8, 1))), network=net)


@fault("augmentation-destroys", "augment", True)
def mirrored_arrows(seed: int, bad: bool) -> Kit:
    return arrows(seed, augment="flip" if bad else "none")


@fault("augmentation-destroys", "augment", True)
def all_cut_out(seed: int, bad: bool) -> Kit:
    return pictures(augment="cutout=15" if bad else "cutout=2")


# -- sequences
@fault("embedding-unseen", "embedding_1", True)
def strange_words(seed: int, bad: bool) -> Kit:
    return words(seed, strange=0.6 if bad else 0.0)


@fault("embedding-unseen", "embedding_1", True)
def shops_never_seen(seed: int, bad: bool) -> Kit:
    return words(seed, strange=0.9 if bad else 0.0, length=4, vocabulary=300)


def _attentive(seed: int, large: float, **options: Any) -> Kit:
    net = vt.Network(
        vt.Input((64,)),
        vt.Reshape((8, 8)),
        vt.Dense(24),
        vt.PositionalEmbedding(),
        vt.Attention(2),
        vt.GlobalAveragePool(),
        vt.Dense(10),
    )
    weights = start_of(net, seed)
    for name in ("query_weight", "key_weight"):
        weights[f"attention_1/{name}"] = large * weights[f"attention_1/{name}"]
    return digits(net, weights=weights, epochs=20, **options)


@fault("attention-collapse", "attention_1", True)
def one_place(seed: int, bad: bool) -> Kit:
    return _attentive(seed, 60.0 if bad else 1.0, optimizer=vt.Adam(3e-3))


@fault("attention-collapse", "attention_1", True)
def one_place_only_adam(seed: int, bad: bool) -> Kit:
    return _attentive(seed, 100.0 if bad else 1.0, optimizer=vt.Adam(5e-3), batch_size=64)


# -- batches
@fault("batch-too-small", "batch_size", True)
def norm_of_two(seed: int, bad: bool) -> Kit:
    return digits(_normed(0.9, 32, 32), batch_size=2 if bad else 32, epochs=4)


@fault("batch-too-small", "batch_size", True)
def norm_of_one(seed: int, bad: bool) -> Kit:
    return tumours(_normed(0.9, 16, inputs=30, outputs=2), batch_size=1 if bad else 32, epochs=5)


@fault("batch-too-small", "batch_size")
def pulled_everywhere(seed: int, bad: bool) -> Kit:
    return sugar(batch_size=1 if bad else 32, optimizer=vt.SGD(0.05), epochs=25, patience=None, validation=None)


@fault("batch-too-large", "batch_size", True)
def everything_at_once(seed: int, bad: bool) -> Kit:
    return digits(batch_size=1024 if bad else 32, epochs=10, optimizer=vt.Adam(1e-3))


@fault("batch-too-large", "batch_size")
def everything_at_once_numbers(seed: int, bad: bool) -> Kit:
    return shells(batch_size=2048 if bad else 32, epochs=6, optimizer=vt.SGD(0.02))


# -- columns, parts, order
@fault("columns-duplicated", "column", True)
def copies_of_one(seed: int, bad: bool) -> Kit:
    kit = sugar(dense(410 if bad else 10, 1, 16, cost="mean_squared_error"), optimizer=vt.SGD(0.02))
    return kit.but(rows=kit.rows.inputs(lambda x: np.column_stack([x, *[x[:, :1]] * 400]))) if bad else kit


@fault("columns-duplicated", "column", True)
def a_table_joined_with_itself(seed: int, bad: bool) -> Kit:
    copies = 30
    kit = tumours(dense(30 * copies if bad else 30, 2, 16, 16), optimizer=vt.SGD(0.3), epochs=20)
    return kit.but(rows=kit.rows.inputs(lambda x: np.tile(x, (1, copies)))) if bad else kit


@fault("class-missing", "target", True)
def eights_and_nines_later(seed: int, bad: bool) -> Kit:
    kit = digits()
    early = kit.rows.y < 8
    return kit.but(rows=replace(kit.rows, x=kit.rows.x[early], y=kit.rows.y[early])) if bad else kit


@fault("class-missing", "target", True)
def cut_in_order(seed: int, bad: bool) -> Kit:
    """A table sorted by class and cut at two thirds."""
    kit = Kit(named("wine"), dense(13, 3, 16), {"epochs": 40, "optimizer": vt.Adam(5e-3)})
    if not bad:
        return kit
    rows = kit.rows
    x, y = np.concatenate([rows.x, rows.xv]), np.concatenate([rows.y, rows.yv])
    order = np.argsort(y, kind="stable")
    cut = len(rows.x)
    return kit.but(rows=replace(rows, x=x[order[:cut]], y=y[order[:cut]], xv=x[order[cut:]], yv=y[order[cut:]]))


def _thinned(rows: Rows, seed: int, kind: int, share: float) -> Rows:
    kept = (rows.y != kind) | (seeded(seed).random(len(rows.y)) < share)
    return replace(rows, x=rows.x[kept], y=rows.y[kept])


@fault("class-shares-differ", "target", True)
def collected_for_training(seed: int, bad: bool) -> Kit:
    from benchmarks.doctor.faulty import income

    kit = income(epochs=12)
    if not bad:
        return kit
    rows = _thinned(kit.rows, seed, 0, 0.06)
    return kit.but(rows=rows, patience=None)


@fault("class-shares-differ", "target", True)
def rare_by_half(seed: int, bad: bool) -> Kit:
    kit = digits(dense(64, 10, 16), epochs=20)
    rows = kit.rows
    if not bad:
        return kit
    low = rows.y < 5
    kept = ~low | (seeded(seed).random(len(rows.y)) < 0.05)
    return kit.but(rows=replace(rows, x=rows.x[kept], y=rows.y[kept]))


@fault("not-shuffled", "shuffle", True)
def digits_by_a_pixel(seed: int, bad: bool) -> Kit:
    """Sorted by a column, not by the target."""
    kit = digits(optimizer=vt.SGD(0.08), epochs=5, batch_size=16, validation=None)
    order = np.argsort(kit.rows.x[:, 21], kind="stable")
    return kit.but(rows=replace(kit.rows, x=kit.rows.x[order], y=kit.rows.y[order]), shuffle=not bad)


# -- how the error went
@fault("one-answer", "class_weight")
def drowned(seed: int, bad: bool) -> Kit:
    return tumours(class_weight={0: 5000.0, 1: 1.0} if bad else None, optimizer=vt.SGD(0.05))


@fault("one-answer", "class_weight")
def drowned_digits(seed: int, bad: bool) -> Kit:
    weights = {kind: 3000.0 if kind == 3 else 1.0 for kind in range(10)}
    return digits(class_weight=weights if bad else None, optimizer=vt.SGD(0.002 if bad else 0.05))


@fault("layers-unbalanced", "dense_1")
def faint_layer(seed: int, bad: bool) -> Kit:
    net = vt.Network(
        vt.Input((64,)),
        vt.Dense(32, "tanh"),
        vt.Scale(0.002 if bad else 1.0),  # pyright: ignore[reportArgumentType]
        vt.Dense(32, "tanh"),
        vt.Dense(10),
    )
    return digits(net, optimizer=vt.SGD(0.05), epochs=20)


@fault("layers-unbalanced", "dense_1")
def turned_down_numbers(seed: int, bad: bool) -> Kit:
    net = vt.Network(
        vt.Input((10,)),
        vt.Dense(16, "tanh"),
        vt.Scale(0.003 if bad else 1.0),  # pyright: ignore[reportArgumentType]
        vt.Dense(16, "tanh"),
        vt.Dense(1),
        cost="mean_squared_error",
    )
    return shells(net, optimizer=vt.SGD(0.02))


@fault("diverging", "learning_rate")
def warmed_too_far(seed: int, bad: bool) -> Kit:
    schedule = vt.WarmUp(0.99) if bad else vt.Cosine()
    return digits(optimizer=vt.SGD(2.0 if bad else 0.05), schedule=schedule, epochs=20, validation=None)


@fault("rate-too-high", "learning_rate")
def warmed_too_far_adam(seed: int, bad: bool) -> Kit:
    schedule = vt.WarmUp(0.99) if bad else vt.Cosine()
    return tumours(optimizer=vt.Adam(1.0 if bad else 3e-3), schedule=schedule, epochs=30, validation=None)


@fault("falls-slowly", "learning_rate")
def creeping(seed: int, bad: bool) -> Kit:
    return digits(optimizer=vt.SGD(0.0012 if bad else 0.05), epochs=20)


@fault("falls-slowly", "learning_rate")
def crawling_figures(seed: int, bad: bool) -> Kit:
    return figures(convolutional(28, 10, 4, units=16), optimizer=vt.SGD(0.003 if bad else 0.05), epochs=3)


@fault("plateau", "learning_rate")
def a_flat_place(seed: int, bad: bool) -> Kit:
    return digits(dense(64, 10, 24, 24, activation="sigmoid" if bad else "relu"), optimizer=vt.SGD(0.02), epochs=15)


@fault("plateau", "learning_rate")
def flat_numbers(seed: int, bad: bool) -> Kit:
    small = {"initialiser": vt.Normal(0.056)} if bad else {}
    return shells(dense(10, 1, 16, 16, 16, cost="mean_squared_error", **small), optimizer=vt.SGD(0.01), epochs=20)


# -- nobody looks
@fault("nobody-judges", "validation", True)
def known_by_heart(seed: int, bad: bool) -> Kit:
    kit = Kit(named("sonar"), dense(60, 2, 128, 64), {"epochs": 80, "optimizer": vt.Adam(3e-3)})
    if not bad:
        return Kit(named("sonar"), dense(60, 2, 24), {"epochs": 30, "optimizer": vt.Adam(3e-3), "patience": 6})
    return kit.but(rows=kit.rows.first(60), validation=None)


@fault("nobody-judges", "validation", True)
def sugar_by_heart(seed: int, bad: bool) -> Kit:
    if not bad:
        return sugar()
    net = dense(10, 1, 128, 64, cost="mean_squared_error")
    kit = sugar(net, epochs=250, patience=None, optimizer=vt.Adam(5e-3), validation=None)
    return kit.but(rows=kit.rows.first(70))

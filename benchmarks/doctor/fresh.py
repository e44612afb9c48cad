"""Set-ups written after the rules, to which no rule has been fitted since: their figures are of what was never looked at.

Whoever changes a rule because of one of them moves it to `faulty_more.py` or `healthy_more.py`, and writes another.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

import vitrina as vt
from benchmarks.doctor.data import named
from benchmarks.doctor.faulty import digits, fault, figures, income, shells, start_of, tumours
from benchmarks.doctor.faulty_more import arrows, pictures
from benchmarks.doctor.healthy import healthy
from benchmarks.doctor.setups import Kit, convolutional, dense, recurrent, residual, seeded, words


@fault("label-noise", "target", True)
def digits_mistaken(seed: int, bad: bool) -> Kit:
    kit = digits(residual(64, 10), epochs=30, optimizer=vt.Adam(2e-3))
    rows = kit.rows
    wrong = seeded(seed).random(len(rows.y)) < 0.25
    return (
        kit.but(rows=replace(rows, y=np.where(wrong, (rows.y + 3) % 10, rows.y).astype(rows.y.dtype))) if bad else kit
    )


@fault("rate-too-high", "learning_rate")
def words_too_fast(seed: int, bad: bool) -> Kit:
    net = vt.Network(vt.Input((6,)), vt.Embedding(200, 8), vt.Flatten(), vt.Dense(32, "relu"), vt.Dense(3))
    return replace(words(seed).but(optimizer=vt.SGD(30.0 if bad else 0.3), epochs=25), network=net)


@fault("bottleneck", "dense_1", True)
def digits_through_one_unit(seed: int, bad: bool) -> Kit:
    layers = [vt.Reshape((64,)), vt.Dense(1 if bad else 24, "tanh"), vt.Dense(24, "relu"), vt.Dense(10)]
    return digits(vt.Network(vt.Input((64,)), *layers), epochs=20)


@fault("input-scale", "column", True)
def wine_unscaled_with_momentum(seed: int, bad: bool) -> Kit:
    net = dense(13, 3, 24, activation="tanh")
    return Kit(named("wine-raw" if bad else "wine"), net, {"epochs": 40, "optimizer": vt.SGD(0.01, momentum=0.9)})


@fault("vanishing", "dense_1", True)
def sigmoids_on_tumours(seed: int, bad: bool) -> Kit:
    net = dense(30, 2, *[16] * 7, activation="sigmoid" if bad else "relu")
    return tumours(net, optimizer=vt.SGD(0.1), epochs=25)


@fault("leak", "column 7", True)
def the_diagnosis_inside(seed: int, bad: bool) -> Kit:
    kit = income()
    if not bad:
        return kit
    rows, noise = kit.rows, seeded(seed)

    def put(x: np.ndarray, column: np.ndarray) -> np.ndarray:
        x = x.copy()
        x[:, 7] = column + 0.03 * noise.normal(size=len(x))
        return x

    blind = noise.normal(size=len(rows.xt))
    return kit.but(rows=replace(rows, x=put(rows.x, rows.y), xv=put(rows.xv, rows.yv), xt=put(rows.xt, blind)))


@fault("batch-too-large", "batch_size")
def figures_all_at_once(seed: int, bad: bool) -> Kit:
    return figures(batch_size=4000 if bad else 32, epochs=8, optimizer=vt.Adam(3e-4))


@fault("norm-out-of-step", "batch_norm")
def tumours_out_of_step(seed: int, bad: bool) -> Kit:
    norm = vt.BatchNorm(momentum=0.9998 if bad else 0.9)
    net = vt.Network(vt.Input((30,)), vt.Scale((4.0,), (3.0,)), vt.Dense(16), norm, vt.Activation("tanh"), vt.Dense(2))
    return tumours(net, epochs=20)


@fault("class-missing", "target", True)
def fives_left_out(seed: int, bad: bool) -> Kit:
    kit = figures(epochs=3)
    kept = kit.rows.y != 5
    return kit.but(rows=replace(kit.rows, x=kit.rows.x[kept], y=kit.rows.y[kept])) if bad else kit


@fault("decay-too-strong", "weight_decay", True)
def recurrent_worn_away(seed: int, bad: bool) -> Kit:
    return digits(recurrent(8, 10), optimizer=vt.SGD(0.1, weight_decay=0.8 if bad else 1e-4), epochs=20)


@fault("softmax-twice", "dense", True)
def softmax_twice_residual(seed: int, bad: bool) -> Kit:
    return digits(residual(64, 10, last="softmax" if bad else "linear"), optimizer=vt.SGD(0.03), epochs=10)


@fault("validation-differs", "column", True)
def validation_in_cents(seed: int, bad: bool) -> Kit:
    kit = shells()
    return kit.but(rows=replace(kit.rows, xv=100.0 * kit.rows.xv, xt=100.0 * kit.rows.xt)) if bad else kit


@fault("columns-duplicated", "column", True)
def digits_forty_times(seed: int, bad: bool) -> Kit:
    kit = digits(dense(64 * 40 if bad else 64, 10, 32), optimizer=vt.SGD(0.3), epochs=8)
    return kit.but(rows=kit.rows.inputs(lambda x: np.tile(x, (1, 40)))) if bad else kit


@fault("not-shuffled", "shuffle", True)
def convolutional_in_order(seed: int, bad: bool) -> Kit:
    kit = digits(convolutional(8, 10, 8), optimizer=vt.SGD(0.05), epochs=6)
    order = np.argsort(kit.rows.y, kind="stable")
    return kit.but(rows=replace(kit.rows, x=kit.rows.x[order], y=kit.rows.y[order]), shuffle=not bad)


@fault("dead-units", "conv2d_1", True)
def convolutional_biased(seed: int, bad: bool) -> Kit:
    kit = digits(convolutional(8, 10, 8), epochs=10)
    weights = {name: np.asarray(value) for name, value in start_of(kit.network, seed).items()}
    if bad:
        weights["conv2d_1/bias"] = np.full(8, -30.0)
    return kit.but(weights=weights)


@fault("augmentation-destroys", "augment", True)
def mirrored_arrows_dense(seed: int, bad: bool) -> Kit:
    net = vt.Network(vt.Input((8, 8, 1)), vt.Flatten(), vt.Dense(48, "relu"), vt.Dense(2))
    return replace(arrows(seed, augment="flip" if bad else "none", epochs=20), network=net)


@fault("rows-shared", "validation", True)
def patients_in_both(seed: int, bad: bool) -> Kit:
    kit = tumours(dense(30, 2, 128), epochs=60)
    rows = kit.rows
    return kit.but(rows=replace(rows, xv=rows.x[:90], yv=rows.y[:90])) if bad else kit.but(patience=6)


@fault("one-answer", "class_weight")
def one_figure_for_all(seed: int, bad: bool) -> Kit:
    kit = figures(epochs=3, optimizer=vt.SGD(0.02))
    return kit.but(class_weight={7: 4000.0} if bad else None)


@healthy
def gelu_and_layer_norm(seed: int) -> Kit:
    net = vt.Network(vt.Input((64,)), vt.Dense(48, "gelu"), vt.LayerNorm(), vt.Dense(48, "silu"), vt.Dense(10))
    return digits(net, epochs=12)


@healthy
def huber_for_rings(seed: int) -> Kit:
    return shells(dense(10, 1, 24, cost="huber"), epochs=20)


@healthy
def median_of_rings(seed: int) -> Kit:
    return shells(dense(10, 1, 24, cost="mean_absolute_error"), epochs=20)


@healthy
def rmsprop_on_figures(seed: int) -> Kit:
    return figures(optimizer=vt.RMSProp(1e-3), epochs=4, batch_size=64)


@healthy
def one_cycle_with_decay(seed: int) -> Kit:
    return figures(optimizer=vt.AdamW(5e-3, weight_decay=0.05), schedule=vt.OneCycle(), epochs=4)


@healthy
def dropout_in_a_convolution(seed: int) -> Kit:
    layers: list[Any] = [vt.Reshape((8, 8, 1)), vt.Conv2D(12, 3, activation="relu"), vt.Dropout(0.3), vt.Flatten()]
    return digits(vt.Network(vt.Input((64,)), *layers, vt.Dense(32, "relu"), vt.Dropout(0.3), vt.Dense(10)), epochs=20)


@healthy
def words_with_attention(seed: int) -> Kit:
    layers = [vt.Embedding(200, 16), vt.PositionalEmbedding(), vt.Residual(vt.LayerNorm(), vt.Attention(2))]
    net = vt.Network(vt.Input((6,)), *layers, vt.GlobalAveragePool(), vt.Dense(3))
    return replace(words(seed), network=net)


@healthy
def mixed_pictures(seed: int) -> Kit:
    return pictures(augment="mixup=0.4,jitter=0.2").but(epochs=20)


@healthy
def yes_or_no_in_one_unit(seed: int) -> Kit:
    return tumours(dense(30, 1, 16, cost="binary_cross_entropy"), batch_size=64, epochs=60)


@healthy
def cut_short_by_patience(seed: int) -> Kit:
    return income(dense(named("adult").x.shape[1], 2, 64), epochs=40, patience=3, optimizer=vt.Adam(2e-3))


@healthy
def selu_without_norm(seed: int) -> Kit:
    return digits(dense(64, 10, *[32] * 4, activation="selu"), epochs=15, optimizer=vt.Adam(2e-3))


@healthy
def momentum_on_rings(seed: int) -> Kit:
    return shells(optimizer=vt.SGD(0.003, momentum=0.9), schedule=vt.Cosine(), epochs=20)

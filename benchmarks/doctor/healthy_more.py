"""More healthy set-ups: what the rules of normalisation, sequences, batches, parts and progress might take for a fault."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

import vitrina as vt
from benchmarks.doctor.data import named
from benchmarks.doctor.faulty import digits, figures, income, shells, sugar, tumours
from benchmarks.doctor.faulty_more import arrows, pictures
from benchmarks.doctor.healthy import healthy
from benchmarks.doctor.setups import Kit, dense, words


def _blocks(*units: int, drop: float, norm_first: bool, inputs: int = 64, outputs: int = 10) -> vt.Network:
    layers: list[Any] = []
    for count in units:
        layers += [vt.Dense(count)]
        layers += [vt.BatchNorm(), vt.Activation("relu")] if norm_first else [vt.Activation("relu"), vt.BatchNorm()]
        layers += [vt.Dropout(drop)] if drop else []
    return vt.Network(vt.Input((inputs,)), *layers, vt.Dense(outputs))


@healthy
def norm_then_dropout(seed: int) -> Kit:
    """Dropout of one block stands in front of the next block's batch normalisation, as nearly everybody builds it."""
    return digits(_blocks(64, 64, drop=0.2, norm_first=True), epochs=25)


@healthy
def norm_behind_relu(seed: int) -> Kit:
    return digits(_blocks(48, 48, drop=0.0, norm_first=False), epochs=15)


@healthy
def norm_in_small_batches(seed: int) -> Kit:
    return digits(_blocks(32, 32, drop=0.0, norm_first=True), batch_size=8, epochs=8)


@healthy
def norm_of_images_in_pairs(seed: int) -> Kit:
    """Batches of two images, each with dozens of places to average over."""
    net = vt.Network(
        vt.Input((64,)), vt.Reshape((8, 8, 1)), vt.Conv2D(8, 3), vt.BatchNorm(), vt.Activation("relu"), vt.Flatten(), vt.Dense(10)
    )  # fmt: skip
    return digits(net, batch_size=4, epochs=5, optimizer=vt.Adam(1e-3))


@healthy
def slow_averages_long_enough(seed: int) -> Kit:
    """A momentum of 0.99, and steps enough."""
    net = vt.Network(vt.Input((64,)), vt.Dense(32), vt.BatchNorm(momentum=0.99), vt.Activation("relu"), vt.Dense(10))
    return digits(net, epochs=30)


@healthy
def layer_norm_of_two(seed: int) -> Kit:
    net = vt.Network(vt.Input((30,)), vt.Dense(16, "relu"), vt.LayerNorm(), vt.Dense(2))
    return tumours(net)


@healthy
def shifted_digits(seed: int) -> Kit:
    return pictures(augment="shift=1").but(epochs=20)


@healthy
def shifted_arrows(seed: int) -> Kit:
    return arrows(seed, augment="shift=1", epochs=15)


@healthy
def cut_and_mixed(seed: int) -> Kit:
    return pictures(augment="cutout=3,mixup=0.2").but(epochs=25)


@healthy
def words_in_sentences(seed: int) -> Kit:
    return words(seed)


@healthy
def a_few_strange_words(seed: int) -> Kit:
    """One word in a hundred of the validation rows is new."""
    return words(seed, strange=0.01)


@healthy
def a_table_far_too_large(seed: int) -> Kit:
    """An embedding of 5,000 rows of which 100 are used."""
    kit = words(seed, vocabulary=100)
    net = vt.Network(vt.Input((6,)), vt.Embedding(5000, 8), vt.GlobalAveragePool(), vt.Dense(3))
    return kit.but(network=net)


@healthy
def attention_to_rows(seed: int) -> Kit:
    net = vt.Network(
        vt.Input((64,)),
        vt.Reshape((8, 8)),
        vt.Dense(24),
        vt.PositionalEmbedding(),
        vt.Residual(vt.LayerNorm(), vt.Attention(2)),
        vt.Flatten(),
        vt.Dense(10),
    )
    return digits(net, epochs=12)


@healthy
def one_row_at_a_time(seed: int) -> Kit:
    return tumours(batch_size=1, optimizer=vt.SGD(0.003), epochs=8)


@healthy
def three_rows_at_a_time(seed: int) -> Kit:
    return shells(batch_size=3, optimizer=vt.SGD(0.005), epochs=4)


@healthy
def large_batches_that_get_there(seed: int) -> Kit:
    return digits(batch_size=512, epochs=30, optimizer=vt.Adam(1e-2))


@healthy
def a_few_copies(seed: int) -> Kit:
    kit = tumours(dense(33, 2, 16, 16))
    return kit.but(rows=kit.rows.inputs(lambda x: np.column_stack([x, x[:, :2], -x[:, 4:5]])))


@healthy
def rare_in_training(seed: int) -> Kit:
    """Half as many of two classes to learn from."""
    kit = digits(epochs=25)
    rows = kit.rows
    kept = (rows.y > 1) | (np.arange(len(rows.y)) % 2 == 0)
    return kit.but(rows=replace(rows, x=rows.x[kept], y=rows.y[kept]))


@healthy
def sorted_by_a_column(seed: int) -> Kit:
    """Sorted by a column and not shuffled, at a rate that forgives it."""
    kit = shells(optimizer=vt.Adam(1e-3), epochs=15, shuffle=False)
    order = np.argsort(kit.rows.x[:, 0], kind="stable")
    return kit.but(rows=replace(kit.rows, x=kit.rows.x[order], y=kit.rows.y[order]))


@healthy
def many_weights_and_a_judge(seed: int) -> Kit:
    """A hundred weights a row, on rows that are easy."""
    return Kit(named("wine"), dense(13, 3, 128, 64), {"epochs": 20, "optimizer": vt.Adam(1e-3), "patience": 5})


@healthy
def balanced_by_hand(seed: int) -> Kit:
    return tumours(class_weight={0: 1.3, 1: 0.8})


@healthy
def a_long_plateau_first(seed: int) -> Kit:
    """Nothing happens for a while, and then it learns."""
    net = dense(64, 10, *[24] * 4, activation="sigmoid")
    return digits(net, optimizer=vt.Adam(1e-2), epochs=40)


@healthy
def warmed_up(seed: int) -> Kit:
    return digits(schedule=vt.WarmUp(0.2, vt.Cosine()), optimizer=vt.Adam(5e-3), epochs=20)


@healthy
def momentum_at_work(seed: int) -> Kit:
    return digits(optimizer=vt.SGD(0.01, momentum=0.9), epochs=20)


@healthy
def slow_and_there(seed: int) -> Kit:
    """A small rate, and epochs enough."""
    return tumours(optimizer=vt.SGD(0.003), epochs=120)


@healthy
def one_class_of_five(seed: int) -> Kit:
    """A class of a fifth of the rows, found."""
    kit = digits(dense(64, 2, 24), epochs=15)
    return kit.but(rows=kit.rows.targets(lambda y: (y >= 8).astype(np.int32)))


@healthy
def figures_in_large_steps(seed: int) -> Kit:
    return figures(optimizer=vt.SGD(0.2), epochs=4)


@healthy
def noise_that_is_there(seed: int) -> Kit:
    """Numbers of which half is chance."""
    kit = sugar(epochs=20)
    noise = 0.3 * np.random.default_rng((seed, 5)).normal(size=(2000, 1)).astype(np.float32)
    return kit.but(rows=kit.rows.targets(lambda y: y + noise[: len(y)]))


@healthy
def nobody_judges_and_need_not(seed: int) -> Kit:
    return income(validation=None, epochs=6, patience=None)

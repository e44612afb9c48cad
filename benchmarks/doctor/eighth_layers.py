"""The eighth batch's faults of steps, weights and layers: written before the rules were read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import vitrina as vt
from benchmarks.doctor.broken import StillDense
from benchmarks.doctor.data import named
from benchmarks.doctor.eighth_data import (
    figures,
    flowers,
    friedman,
    looks,
    mines,
    photographs,
    prices,
    sentences,
    tastes,
)
from benchmarks.doctor.faulty import fault, start_of
from benchmarks.doctor.setups import Kit, dense
from benchmarks.doctor.sixth_data import wide
from benchmarks.doctor.sixth_faulty import (
    SQUARES,
    FixedFilters,
    Own,
    Squashed,
    census,
    flat,
    lines,
    on,
    shells,
    small_figures,
    squares,
    tumours,
)


# -- layers and schedules written by hand, and wrong
@dataclass(frozen=True)
class PerStep(vt.Schedule):
    """A tenth less after every step, where after every epoch was meant."""

    def factor(self, ops: Any, progress: Any) -> Any:
        return ops.exp(-100.0 * progress)


@dataclass(frozen=True)
class SignTurned(Own):
    """What it passes on has the wrong sign, and goes through units that relu silenced."""

    def backward(self, ops: Any, params: Any, saved: Any, dy: Any) -> Any:
        x, _ = saved
        return self.back(ops, -dy, params["weight"]), self.slopes(ops, x, dy)


@dataclass(frozen=True)
class NothingPassedOn(Own):
    """Forgets the layers below: what it passes on is 0."""

    def back(self, ops: Any, dz: Any, weight: Any) -> Any:
        return 0.0 * ops.matmul(dz, ops.transpose(weight))


@dataclass(frozen=True)
class Centred(vt.Layer):
    """x minus its mean over the columns."""

    def output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def forward(self, ops: Any, params: Any, state: Any, x: Any, context: Any) -> Any:
        return x - ops.mean(x, axis=-1, keepdims=True), x, state

    def backward(self, ops: Any, params: Any, saved: Any, dy: Any) -> Any:
        return dy - ops.mean(dy, axis=-1, keepdims=True), {}


@dataclass(frozen=True)
class CentredWrong(Centred):
    """The mean's slope, and not what is left."""

    def backward(self, ops: Any, params: Any, saved: Any, dy: Any) -> Any:
        return ops.mean(dy, axis=-1, keepdims=True) - dy, {}


@dataclass(frozen=True)
class SlopeOfItsInput(Squashed):
    """Multiplies by the output where the slope was meant."""

    def backward(self, ops: Any, params: Any, saved: Any, dy: Any) -> Any:
        return dy * saved / (1.0 + ops.abs(saved)), {}


def times(kit: Kit, seed: int, *parts: str, factor: float = 1.0, shift: float = 0.0) -> Kit:
    """Weights whose names hold one of the parts, times the factor and plus the shift."""
    weights = {
        name: factor * value + shift if any(part in name for part in parts) else value
        for name, value in start_of(kit.network, seed).items()
    }
    return kit.but(weights=weights)


# -- the steps
@fault("rate-too-high", "learning_rate")
def figures_by_steps_of_one_and_momentum(seed: int, bad: bool) -> Kit:
    return figures(optimizer=vt.SGD(1.0 if bad else 0.05, momentum=0.9))


@fault("rate-too-high", "learning_rate")
def mines_by_adam_of_a_half(seed: int, bad: bool) -> Kit:
    return mines(optimizer=vt.Adam(0.5 if bad else 1e-3))


@fault("rate-too-high", "learning_rate")
def photographs_by_adam_of_a_twentieth(seed: int, bad: bool) -> Kit:
    return photographs(optimizer=vt.Adam(0.05 if bad else 1e-3))


@fault("rate-too-high", "learning_rate")
def looks_by_adam_of_a_fifth(seed: int, bad: bool) -> Kit:
    return looks(optimizer=vt.Adam(0.2 if bad else 3e-3))


@fault("rate-too-high", "learning_rate")
def tastes_by_plain_steps_of_a_half(seed: int, bad: bool) -> Kit:
    return tastes(optimizer=vt.SGD(0.5 if bad else 0.005))


@fault("rate-too-high", "learning_rate")
def census_by_steps_of_twenty(seed: int, bad: bool) -> Kit:
    return census(optimizer=vt.SGD(20.0 if bad else 0.05))


@fault("rate-too-high", "learning_rate")
def sentences_by_rmsprop_of_one(seed: int, bad: bool) -> Kit:
    return sentences(seed).but(optimizer=vt.RMSProp(1.0 if bad else 3e-3))


@fault("rate-too-high", "learning_rate")
def flowers_by_leaps(seed: int, bad: bool) -> Kit:
    return flowers(optimizer=vt.AdamW(3.0 if bad else 0.01))


@fault("rate-too-high", "learning_rate")
def shells_by_adam_of_a_third(seed: int, bad: bool) -> Kit:
    return shells(dense(10, 1, 32, activation="tanh", cost=SQUARES), optimizer=vt.Adam(0.3 if bad else 3e-3), epochs=15)


@fault("rate-too-low", "learning_rate", True)
def figures_at_a_crawl(seed: int, bad: bool) -> Kit:
    return figures(optimizer=vt.SGD(1e-4 if bad else 0.1))


@fault("rate-too-low", "learning_rate", True)
def prices_at_a_crawl(seed: int, bad: bool) -> Kit:
    return prices(optimizer=vt.Adam(1e-6 if bad else 1e-3))


@fault("rate-too-low", "learning_rate", True)
def looks_at_a_crawl(seed: int, bad: bool) -> Kit:
    return looks(optimizer=vt.AdamW(2e-6 if bad else 3e-3))


@fault("rate-too-low", "learning_rate", True)
def mines_by_small_steps(seed: int, bad: bool) -> Kit:
    return mines(optimizer=vt.SGD(1e-4 if bad else 0.1, momentum=0.0))


@fault("rate-too-low", "learning_rate", True)
def words_by_small_steps(seed: int, bad: bool) -> Kit:
    return sentences(seed).but(optimizer=vt.SGD(1e-3 if bad else 0.5, momentum=0.9))


@fault("too-few-steps", "epochs")
def census_in_one_pass_of_large_batches(seed: int, bad: bool) -> Kit:
    return census(batch_size=1024 if bad else 32, epochs=1 if bad else 8, patience=None)


@fault("too-few-steps", "epochs")
def lines_in_two_passes(seed: int, bad: bool) -> Kit:
    return lines(epochs=2 if bad else 20, batch_size=128 if bad else 32, optimizer=vt.Adam(1e-3 if bad else 5e-3))


@fault("too-few-steps", "epochs")
def prices_in_three_passes(seed: int, bad: bool) -> Kit:
    return prices(epochs=3 if bad else 60, batch_size=32 if bad else 16)


@fault("decay-too-strong", "weight_decay", True)
def figures_pulled_to_nothing(seed: int, bad: bool) -> Kit:
    return figures(optimizer=vt.SGD(0.1, weight_decay=0.3 if bad else 1e-5))


@fault("decay-too-strong", "weight_decay", True)
def friedman_pulled_to_nothing(seed: int, bad: bool) -> Kit:
    return friedman(optimizer=vt.Adam(3e-3, weight_decay=3.0 if bad else 1e-5))


@fault("decay-too-strong", "weight_decay", True)
def photographs_pulled_by_adamw(seed: int, bad: bool) -> Kit:
    return photographs(optimizer=vt.AdamW(1e-3, weight_decay=50.0 if bad else 0.01))


@fault("schedule-ends-early", "schedule", True)
def squares_less_after_every_step(seed: int, bad: bool) -> Kit:
    return squares(optimizer=vt.SGD(0.05), schedule=PerStep() if bad else vt.Cosine())


@fault("schedule-ends-early", "schedule", True)
def friedman_less_after_every_step(seed: int, bad: bool) -> Kit:
    return friedman(optimizer=vt.SGD(0.02), schedule=PerStep() if bad else None)


@fault("clipped-to-nothing", "gradient_clip", True)
def figures_clipped(seed: int, bad: bool) -> Kit:
    return figures(optimizer=vt.SGD(0.05), gradient_clip=1e-3 if bad else 1.0)


@fault("clipped-to-nothing", "gradient_clip", True)
def prices_clipped(seed: int, bad: bool) -> Kit:
    return prices(optimizer=vt.SGD(0.02), gradient_clip=1e-3 if bad else 5.0)


# -- weights at the start
@fault("symmetric-weights", ("dense_1", "dense_2"), True)
def figures_from_noughts(seed: int, bad: bool) -> Kit:
    drawn: dict[str, Any] = {"initialiser": "zeros"} if bad else {}
    layers = (vt.Dense(128, "sigmoid", **drawn), vt.Dense(64, "sigmoid", **drawn))
    return figures(*layers, optimizer=vt.Adam(1e-3))


@fault("symmetric-weights", "conv2d_1", True)
def photographs_all_filters_alike(seed: int, bad: bool) -> Kit:
    drawn: dict[str, Any] = {"initialiser": vt.Constant(0.02)} if bad else {}
    layers = (
        *(vt.Conv2D(12, 3, activation="relu", **drawn), vt.MaxPool2D(2), vt.Conv2D(24, 3, activation="relu", **drawn)),
        *(vt.MaxPool2D(2), vt.Flatten(), vt.Dense(48, "relu", **drawn)),
    )
    return photographs(*layers)


@fault("weights-too-large", "dense", True)
def figures_drawn_with_randn(seed: int, bad: bool) -> Kit:
    """np.random.randn(784, 128)."""
    drawn: dict[str, Any] = {"initialiser": vt.Normal(1.0)} if bad else {}
    layers = [vt.Dense(count, "relu", **drawn) for count in (128, 64, 32)]
    return figures(*layers, optimizer=vt.SGD(0.01, momentum=0.9))


@fault("weights-too-large", "conv2d", True)
def photographs_drawn_with_randn(seed: int, bad: bool) -> Kit:
    kit = photographs(optimizer=vt.SGD(0.02, momentum=0.9))
    return times(kit, seed, "conv2d_1/weight", "conv2d_2/weight", "dense_1/weight", factor=15.0) if bad else kit


@fault("weights-too-small", "dense", True)
def figures_drawn_with_a_ten_thousandth(seed: int, bad: bool) -> Kit:
    drawn: dict[str, Any] = {"initialiser": vt.Normal(1e-4)} if bad else {}
    return figures(vt.Dense(128, "tanh", **drawn), vt.Dense(64, "tanh", **drawn), optimizer=vt.SGD(0.05))


@fault("weights-too-small", "dense", True)
def prices_drawn_with_a_thousandth(seed: int, bad: bool) -> Kit:
    drawn: dict[str, Any] = {"initialiser": vt.Normal(1e-3)} if bad else {}
    return prices(dense(wide("cars"), 1, 32, 16, 16, cost=SQUARES, **drawn), optimizer=vt.SGD(0.02))


@fault("exploding-depth", "dense", True)
def mines_that_grow_by_depth(seed: int, bad: bool) -> Kit:
    drawn: dict[str, Any] = {"initialiser": vt.Normal(0.5)} if bad else {}
    return mines(dense(60, 2, *[48] * 8, **drawn), optimizer=vt.SGD(0.01))


@fault("dead-units", "dense_1", True)
def tumours_by_weights_below_nothing(seed: int, bad: bool) -> Kit:
    """Columns from 0 to 1, and weights of which none is above 0."""
    kit = on("between", dense(30, 2, 32, 16), optimizer=vt.SGD(0.1))
    weights = start_of(kit.network, seed)
    weights["dense_1/weight"] = -np.abs(weights["dense_1/weight"])
    return kit.but(weights=weights) if bad else kit


@fault("dead-units", "conv2d", True)
def photographs_below_nothing(seed: int, bad: bool) -> Kit:
    kit = photographs()
    return times(kit, seed, "conv2d_2/bias", shift=-8.0) if bad else kit


@fault("dead-units", "dense_1", True)
def prices_below_nothing(seed: int, bad: bool) -> Kit:
    kit = prices()
    return times(kit, seed, "dense_1/bias", shift=-20.0) if bad else kit


@fault("saturated", "dense_1", True)
def figures_at_the_ends_of_tanh(seed: int, bad: bool) -> Kit:
    drawn: dict[str, Any] = {"initialiser": vt.Normal(1.5)} if bad else {}
    return figures(vt.Dense(128, "tanh", **drawn), vt.Dense(64, "tanh", **drawn), optimizer=vt.SGD(0.01))


@fault("saturated", ("gru_1", "lstm_1"), True)
def gates_that_stay_shut(seed: int, bad: bool) -> Kit:
    kit = lines(optimizer=vt.SGD(0.1, momentum=0.9))
    return times(kit, seed, "lstm_1/bias", shift=-12.0) if bad else kit


# -- the layers
@fault("vanishing", "dense_1", True)
def figures_through_eight_sigmoids(seed: int, bad: bool) -> Kit:
    layers = [vt.Dense(64, "sigmoid" if bad else "relu") for _ in range(8)]
    return figures(*layers, optimizer=vt.SGD(0.1))


@fault("vanishing", "dense_1", True)
def prices_through_six_sigmoids(seed: int, bad: bool) -> Kit:
    net = dense(wide("cars"), 1, *[32] * 6, activation="sigmoid" if bad else "relu", cost=SQUARES)
    return prices(net, optimizer=vt.SGD(0.02))


@fault("no-nonlinearity", "dense_1", True)
def spirals_in_straight_lines(seed: int, bad: bool) -> Kit:
    rows = named("spirals")
    net = dense(rows.x.shape[1], len(np.unique(rows.y)), 64, 64, activation="linear" if bad else "relu")
    return on("spirals", net, epochs=60, optimizer=vt.Adam(5e-3))


@fault("no-nonlinearity", "dense_1", True)
def friedman_in_straight_lines(seed: int, bad: bool) -> Kit:
    """Keras's Dense has no activation unless one is asked for."""
    return friedman(dense(10, 1, 64, 64, 32, activation="linear" if bad else "relu", cost=SQUARES))


@fault("no-nonlinearity", ("conv2d_1", "dense_1"), True)
def strokes_in_straight_lines(seed: int, bad: bool) -> Kit:
    act = "linear" if bad else "relu"
    layers = (vt.Conv2D(8, 3, activation=act), vt.AveragePool2D(2), vt.Flatten(), vt.Dense(32, act), vt.Dense(4))
    return on("strokes", vt.Network(vt.Input((10, 10, 1)), *layers), epochs=15)


@fault("bottleneck", "dense_2", True)
def figures_through_one_of_three(seed: int, bad: bool) -> Kit:
    return figures(vt.Dense(128, "relu"), vt.Dense(1 if bad else 32, "tanh"), vt.Dense(64, "relu"), epochs=10)


@fault("bottleneck", "embedding_1", True)
def words_as_one_number(seed: int, bad: bool) -> Kit:
    """A table with a single number for each word."""
    return sentences(seed, vt.GlobalAveragePool(), size=1 if bad else 12)


@fault("bottleneck", "dense_1", True)
def photographs_through_one(seed: int, bad: bool) -> Kit:
    layers = (vt.Conv2D(12, 3, activation="relu"), vt.MaxPool2D(2), vt.Flatten(), vt.Dense(1 if bad else 48, "relu"))
    return photographs(*layers, vt.Dense(32, "relu"))


@fault("too-deep-plain", (), True)
def figures_through_fifty_layers(seed: int, bad: bool) -> Kit:
    if bad:
        return small_figures(vt.Flatten(), *[vt.Dense(32, "relu") for _ in range(50)], epochs=6)
    inner = [vt.Residual(vt.LayerNorm(), vt.Dense(32, "relu"), vt.Dense(32)) for _ in range(10)]
    return small_figures(vt.Flatten(), vt.Dense(32, "relu"), *inner, epochs=6)


@fault("too-deep-plain", (), True)
def shells_through_forty_layers(seed: int, bad: bool) -> Kit:
    net = dense(10, 1, *[24] * (40 if bad else 3), cost=SQUARES, initialiser="glorot_uniform")
    return shells(net, epochs=8, optimizer=vt.SGD(0.02))


@fault("too-deep-plain", (), True)
def squares_through_twenty_five_filters(seed: int, bad: bool) -> Kit:
    inner = [
        vt.Conv2D(8, 3, padding="same", activation="relu", initialiser="glorot_uniform")
        for _ in range(24 if bad else 2)
    ]
    return squares(*inner, vt.MaxPool2D(2), vt.Flatten(), optimizer=vt.SGD(0.02, momentum=0.9), epochs=6)


@fault("dropout-too-high", "dropout", True)
def kept_taken_for_dropped(seed: int, bad: bool) -> Kit:
    """keep_prob=0.95 became rate=0.95."""
    drop = vt.Dropout(0.95 if bad else 0.05)
    return figures(vt.Dense(128, "relu"), drop, vt.Dense(64, "relu"), drop)


@fault("dropout-too-high", "dropout", True)
def columns_dropped_at_the_door(seed: int, bad: bool) -> Kit:
    layers = (vt.Dropout(0.9 if bad else 0.05), vt.Dense(64, "relu"), vt.Dense(32, "relu"), vt.Dense(1))
    return friedman(vt.Network(vt.Input((10,)), *layers, cost=SQUARES))


@fault("dropout-too-high", "dropout", True)
def memories_dropped(seed: int, bad: bool) -> Kit:
    drop = vt.Dropout(0.9 if bad else 0.1)
    return lines(vt.LSTM(32, return_sequences=True), drop, vt.LSTM(32), drop)


@fault("frozen", "still", True)
def friedman_behind_what_stays(seed: int, bad: bool) -> Kit:
    """A base of tanh units, drawn at random and never taught."""
    kind = StillDense if bad else vt.Dense
    layers = (kind(4, "tanh", name="still_1"), kind(4, "tanh", name="still_2"), vt.Dense(1))
    return friedman(vt.Network(vt.Input((10,)), *layers, cost=SQUARES), epochs=40)


@fault("frozen", "conv2d", True)
def small_figures_behind_filters_that_stay(seed: int, bad: bool) -> Kit:
    kind = FixedFilters if bad else vt.Conv2D
    layers = (
        *(
            kind(2, 3, activation="relu", name="conv2d_1"),
            vt.MaxPool2D(2),
            kind(2, 3, activation="relu", name="conv2d_2"),
        ),
        *(vt.MaxPool2D(2), vt.Flatten()),
    )
    return small_figures(*layers, epochs=15)


@fault("backward-wrong", "turned", True)
def figures_past_a_sign_turned(seed: int, bad: bool) -> Kit:
    kind = SignTurned if bad else Own
    return figures(vt.Dense(32, "relu"), kind(name="turned_1"), kind(name="turned_2"), optimizer=vt.SGD(0.05))


@fault("backward-wrong", "centred", True)
def tumours_centred_backwards(seed: int, bad: bool) -> Kit:
    kind = CentredWrong if bad else Centred
    net = vt.Network(vt.Input((30,)), vt.Dense(32, "relu"), kind(name="centred_1"), vt.Dense(16, "relu"), vt.Dense(2))
    return tumours(net, optimizer=vt.SGD(0.1), epochs=40)


@fault("backward-wrong", "passed", True)
def nothing_passed_on(seed: int, bad: bool) -> Kit:
    kind = NothingPassedOn if bad else Own
    layers = (vt.Dense(6, "relu"), kind(name="passed_1"), kind(name="passed_2"))
    return flat(*layers, optimizer=vt.Adam(3e-3), epochs=30)


@fault("backward-wrong", "squashed", True)
def friedman_by_the_slope_of_its_input(seed: int, bad: bool) -> Kit:
    kind = SlopeOfItsInput if bad else Squashed
    net = vt.Network(vt.Input((10,)), vt.Dense(16), kind(name="squashed_1"), vt.Dense(1), cost=SQUARES)
    return friedman(net, optimizer=vt.SGD(0.05))

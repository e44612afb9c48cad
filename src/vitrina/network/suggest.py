"""The network to begin with when none is given: Dense for tables, convolutional for images."""

from __future__ import annotations

from dataclasses import dataclass

from vitrina.network.activation import Activation
from vitrina.network.containers import Sequential
from vitrina.network.convolution import Conv2D
from vitrina.network.dense import Dense
from vitrina.network.dropout import Dropout
from vitrina.network.layer import Layer, Shape
from vitrina.network.network import Input, Network
from vitrina.network.normalisation import BatchNorm
from vitrina.network.pooling import MaxPool2D
from vitrina.network.shaping import Flatten


@dataclass(frozen=True)
class Suggestion:
    """A network and, in one sentence, why this one; with how to train it.

    augment: what is done to images at random while they are learned from, None for nothing.
    """

    network: Network
    why: str
    batch_size: int
    epochs: int
    patience: int
    augment: str | None = None


def suggest_network(input_shape: Shape, outputs: int, classes: bool, rows: int) -> Suggestion:
    """A sensible network for `rows` examples of `input_shape` with `outputs` outputs."""
    cost = "cross_entropy" if classes else "mean_squared_error"
    if len(input_shape) == 3:
        return _for_images(input_shape, outputs, cost, rows)
    return _for_tables(input_shape, outputs, cost, rows)


def _for_tables(input_shape: Shape, outputs: int, cost: str, rows: int) -> Suggestion:
    width = 32 if rows < 1_000 else 64 if rows < 10_000 else 128
    layers: list[Layer] = [] if len(input_shape) == 1 else [Flatten()]
    layers += [Dense(width, "relu"), Dense(width // 2, "relu"), Dense(outputs)]
    network = Network(Input(input_shape), *layers, cost=cost)
    why = f"two Dense layers of {width} and {width // 2} units: a table of {rows:,} rows to learn from"
    batch = 32 if rows < 10_000 else 128 if rows < 100_000 else 512
    epochs = 100 if rows < 100_000 else 20
    return Suggestion(network, why, batch, epochs, patience=max(3, epochs // 6))


def _for_images(input_shape: Shape, outputs: int, cost: str, rows: int) -> Suggestion:
    side, filters = min(input_shape[:2]), 32
    layers: list[Layer] = []
    blocks = 0
    while blocks == 0 or (side >= 6 and blocks < 4):
        layers += [_convolve(filters), _convolve(filters)]
        if side >= 4:
            layers.append(MaxPool2D(2))
        side, filters, blocks = side // 2, min(filters * 2, 128), blocks + 1
    layers += [Flatten(), Dropout(0.3), Dense(128, "relu"), Dropout(0.3), Dense(outputs)]
    network = Network(Input(input_shape), *layers, cost=cost)
    size = "×".join(map(str, input_shape[:2]))
    why = f"{2 * blocks} convolutions in {blocks} block{'s' * (blocks > 1)}, then Dense: images of {size}"
    return Suggestion(
        network, why, batch_size=64 if rows < 20_000 else 128, epochs=30 if rows < 20_000 else 12, patience=8
    )


def _convolve(filters: int) -> Layer:
    return Sequential(Conv2D(filters, 3, padding="same", use_bias=False), BatchNorm(), Activation("relu"))

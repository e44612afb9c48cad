"""Three deeper networks that people train today: a residual network on pictures, a GRU on rows, a Transformer on tokens.

What they compute is the same everywhere; where they start is not: each framework draws its own usual first weights, and says
itself, after the check epochs, what its mean loss on the rows is. Losses near each other say that all learn, and the same thing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.workloads import TINY, Flatten, Shape, Weights, Workload, dense

VOCABULARY, LENGTH, WIDTH, HEADS, BLOCKS, HIDDEN = 1000, 64, 128, 4, 2, 512  # of the Transformer
FAVOURITES, FAVOUR = 20, 0.3  # words that a class likes, and how often it takes one of them
UNITS = 128  # of the GRU
STAGES = ((16, 1), (32, 2), (64, 2))  # of ResNet-20: filters and first stride, three blocks each
CLASSES = 10

Judged = Callable[[], Weights]  # {"loss": the mean loss on all rows, as the network is when it predicts}


@dataclass(frozen=True)
class Deep:
    """As `Workload`, but for the start: everything a contestant must know. kind: "resnet", "gru" or "transformer"."""

    name: str
    title: str
    kind: str
    input_shape: Shape
    batch: int
    rows: int
    check_epochs: int

    classes = CLASSES
    is_dense = False

    @property
    def network(self) -> str:
        return self.kind

    @property
    def steps_per_epoch(self) -> int:
        return self.rows // self.batch

    def start(self) -> Weights:
        return {}

    def loss(self, weights: Weights, x: np.ndarray, y: np.ndarray) -> float:
        return float(weights["loss"])

    def data(self, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """x: pictures or rows, float32 about N(0, 1), or tokens, int32; y (rows,) int64 class indices."""
        if self.kind != "transformer":
            shape = self.input_shape if len(self.input_shape) == 3 else (*self.input_shape, 1)
            picture = Workload("", "", TINY, shape, (Flatten(), *dense(CLASSES)), self.batch, self.rows, 2)
            x, y = picture.data(seed)
            return x.reshape(self.rows, *self.input_shape), y
        rng = np.random.default_rng(seed)
        liked = rng.integers(VOCABULARY, size=(CLASSES, FAVOURITES))
        y = rng.integers(CLASSES, size=self.rows)
        anything = rng.integers(VOCABULARY, size=(self.rows, LENGTH))
        favourite = liked[y[:, None], rng.integers(FAVOURITES, size=(self.rows, LENGTH))]
        x = np.where(rng.random((self.rows, LENGTH)) < FAVOUR, favourite, anything)
        return x.astype(np.int32), y.astype(np.int64)

    def flops_per_step(self) -> int:
        """Matrix products and convolutions, forward and backward of one batch; a multiply-add is 2."""
        forward, first = {"resnet": _resnet, "gru": _gru, "transformer": _transformer}[self.kind]()
        return self.batch * (3 * forward - first)


def _resnet() -> tuple[int, int]:
    side, channels = 32, 3
    first = total = 2 * side * side * 9 * channels * STAGES[0][0]
    channels = STAGES[0][0]
    for filters, stride in STAGES:
        side //= stride
        pixels = side * side
        if stride > 1:
            total += 2 * pixels * channels * filters  # the shortcut
        total += 2 * pixels * 9 * filters * (channels + 5 * filters)
        channels = filters
    return total + 2 * channels * CLASSES, first


def _gru() -> tuple[int, int]:
    steps, inputs = 28, 28
    first = 2 * steps * inputs * 3 * UNITS
    return first + 2 * steps * UNITS * 3 * UNITS + 2 * UNITS * CLASSES, first


def _transformer() -> tuple[int, int]:
    projections, attention = 2 * LENGTH * 4 * WIDTH * WIDTH, 2 * LENGTH * LENGTH * 2 * WIDTH
    mlp = 2 * LENGTH * 2 * WIDTH * HIDDEN
    return BLOCKS * (projections + attention + mlp) + 2 * WIDTH * CLASSES, 0


DEEP = {
    workload.name: workload
    for workload in (
        Deep("resnet", "ResNet-20 on 32x32x3, batch 128, 512 rows", "resnet", (32, 32, 3), 128, 512, 4),
        Deep("gru", "GRU over 28 rows of 28, 128 units, batch 128, 2048 rows", "gru", (28, 28), 128, 2048, 6),
        Deep(
            "transformer",
            "Transformer encoder, 64 tokens, width 128, 4 heads, 2 blocks, batch 64, 1024 rows",
            "transformer",
            (LENGTH,),
            64,
            1024,
            4,
        ),
    )
}

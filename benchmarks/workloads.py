"""What is learned: the networks, their data, their starting weights, and the arithmetic one training step takes.

The rows are made up (a few Gaussian clusters per class, which overlap, so that the loss has a floor) and are whole
multiples of the batch: no contestant has a smaller last batch to drop, to pad or to compile a second time for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import numpy as np

LEARNING_RATE = 1e-3
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
AUTO_ROWS, AUTO_EPOCHS = 50_000, 20  # of the training that "auto" chooses an engine for
CLUSTERS_PER_CLASS = 3
CLUSTER_DISTANCE = 4.0  # of a cluster's centre from the origin, in standard deviations of the noise
PICTURE_DISTANCE = 14.0  # half a deviation per pixel: a convolution must see its pattern within a few dozen steps
PATCH = 7  # pixels

Shape = tuple[int, ...]
Weights = dict[
    str, np.ndarray
]  # "dense_1/weight" (inputs, units); "conv2d_1/weight" (height, width, in, out); ".../bias"


@dataclass(frozen=True)
class Convolution:
    """A square kernel over (height, width, channels), no padding, stride 1, then relu."""

    filters: int
    kernel: int = 3

    def output_shape(self, shape: Shape) -> Shape:
        return (shape[0] - self.kernel + 1, shape[1] - self.kernel + 1, self.filters)

    def weight_shape(self, shape: Shape) -> Shape:
        return (self.kernel, self.kernel, shape[2], self.filters)

    def flops(self, shape: Shape) -> int:
        """Forward, for one example; a multiply-add is 2. Biases and activations are left out, as everyone does."""
        height, width, filters = self.output_shape(shape)
        return 2 * height * width * filters * self.kernel**2 * shape[2]


@dataclass(frozen=True)
class Pool:
    """The largest of each 2 x 2 square."""

    def output_shape(self, shape: Shape) -> Shape:
        return (shape[0] // 2, shape[1] // 2, shape[2])


@dataclass(frozen=True)
class Flatten:
    """(height, width, channels) in one row, channels fastest."""

    def output_shape(self, shape: Shape) -> Shape:
        return (prod(shape),)


@dataclass(frozen=True)
class Dense:
    """x · weight + bias, then relu unless it is the last layer (whose outputs are logits)."""

    units: int
    relu: bool = True

    def output_shape(self, shape: Shape) -> Shape:
        return (self.units,)

    def weight_shape(self, shape: Shape) -> Shape:
        return (shape[0], self.units)

    def flops(self, shape: Shape) -> int:
        """Forward, for one example; a multiply-add is 2."""
        return 2 * shape[0] * self.units


Layer = Convolution | Pool | Flatten | Dense


@dataclass(frozen=True)
class Workload:
    """A network, its batch and its data: everything a contestant must know."""

    name: str
    title: str
    network: str  # workloads of one network share its targets
    input_shape: Shape
    layers: tuple[Layer, ...]
    batch: int
    rows: int
    check_epochs: int  # after so many, from the same start, every contestant must have about the same loss

    @property
    def classes(self) -> int:
        last = self.layers[-1]
        assert isinstance(last, Dense)
        return last.units

    @property
    def steps_per_epoch(self) -> int:
        return self.rows // self.batch

    @property
    def is_dense(self) -> bool:
        return all(isinstance(layer, Dense) for layer in self.layers)

    def named_layers(self) -> Iterator[tuple[str, Layer, Shape]]:
        """Name, layer and the shape that comes into it, as in Vitrina: dense_1, dense_2, conv2d_1, ..."""
        shape, seen = self.input_shape, {Convolution: 0, Dense: 0, Pool: 0, Flatten: 0}
        words = {Convolution: "conv2d", Dense: "dense", Pool: "maxpool2d", Flatten: "flatten"}
        for layer in self.layers:
            seen[type(layer)] += 1
            yield f"{words[type(layer)]}_{seen[type(layer)]}", layer, shape
            shape = layer.output_shape(shape)

    def flops_per_step(self) -> int:
        """Forward and backward of one batch.

        Backward is twice the forward (slope by the weights, slope by the input), less the first layer's slope by its
        input, which nobody needs. Adam, activations and pooling are left out: they are a few operations per number.
        """
        forward = [
            layer.flops(shape) for _, layer, shape in self.named_layers() if isinstance(layer, (Convolution, Dense))
        ]
        return self.batch * (3 * sum(forward) - forward[0])

    def data(self, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """x (rows, *input_shape) float32 about N(0, 1), and y (rows,) int64 class indices."""
        rng, features = np.random.default_rng(seed), prod(self.input_shape)
        distance = CLUSTER_DISTANCE if len(self.input_shape) == 1 else PICTURE_DISTANCE
        centres = self._patterns(rng).reshape(self.classes, CLUSTERS_PER_CLASS, features) * (distance / features**0.5)
        y = rng.integers(self.classes, size=self.rows)
        noise = rng.standard_normal((self.rows, features), dtype=np.float32)
        x = noise + centres[y, rng.integers(CLUSTERS_PER_CLASS, size=self.rows)].astype(np.float32)
        return x.reshape(self.rows, *self.input_shape), y.astype(np.int64)

    def _patterns(self, rng: np.random.Generator) -> np.ndarray:
        """One N(0, 1) pattern per cluster; in pictures it comes in patches, as a kernel of 3 x 3 pixels would like."""
        if len(self.input_shape) == 1:
            return rng.standard_normal((self.classes, CLUSTERS_PER_CLASS, *self.input_shape))
        height, width, channels = self.input_shape
        coarse = (-(-height // PATCH), -(-width // PATCH), channels)
        patterns = rng.standard_normal((self.classes, CLUSTERS_PER_CLASS, *coarse))
        return patterns.repeat(PATCH, axis=2).repeat(PATCH, axis=3)[:, :, :height, :width]

    def start(self, seed: int = 1) -> Weights:
        """He normal weights and zero biases: what every contestant starts from."""
        rng, weights = np.random.default_rng(seed), Weights()
        for name, layer, shape in self.named_layers():
            if isinstance(layer, (Convolution, Dense)):
                size = layer.weight_shape(shape)
                weights[f"{name}/weight"] = rng.standard_normal(size, dtype=np.float32) * np.float32(
                    (2 / prod(size[:-1])) ** 0.5
                )
                weights[f"{name}/bias"] = np.zeros(size[-1], np.float32)
        return weights

    def loss(self, weights: Weights, x: np.ndarray, y: np.ndarray, rows_at_once: int = 64) -> float:
        """Mean cross-entropy (nats), in plain NumPy: the judge is none of the contestants."""
        total = 0.0
        for first in range(0, len(x), rows_at_once):
            logits = self._logits(weights, x[first : first + rows_at_once]).astype(np.float64)
            logits -= logits.max(axis=1, keepdims=True)
            right = logits[np.arange(len(logits)), y[first : first + rows_at_once]]
            total += float((np.log(np.exp(logits).sum(axis=1)) - right).sum())
        return total / len(x)

    def _logits(self, weights: Weights, x: np.ndarray) -> np.ndarray:
        for name, layer, _ in self.named_layers():
            if isinstance(layer, Convolution):
                windows = np.lib.stride_tricks.sliding_window_view(x, (layer.kernel, layer.kernel), axis=(1, 2))
                x = np.tensordot(windows, weights[f"{name}/weight"], ([4, 5, 3], [0, 1, 2])) + weights[f"{name}/bias"]
                x = np.maximum(x, 0)
            elif isinstance(layer, Pool):
                batch, height, width, channels = x.shape
                x = (
                    x[:, : height // 2 * 2, : width // 2 * 2]
                    .reshape(batch, height // 2, 2, width // 2, 2, channels)
                    .max((2, 4))
                )
            elif isinstance(layer, Flatten):
                x = x.reshape(len(x), -1)
            else:
                x = x @ weights[f"{name}/weight"] + weights[f"{name}/bias"]
                x = np.maximum(x, 0) if layer.relu else x
        return x


def dense(*units: int) -> tuple[Dense, ...]:
    """Hidden layers of these units, and logits."""
    return (*(Dense(n) for n in units[:-1]), Dense(units[-1], relu=False))


TINY, WIDE, IMAGE, CNN = "30-32-16-2", "30-256-256-256-2", "784-256-128-10", "CNN"
CNN_TITLE = "CNN 28x28x1, conv 32-conv 64-pool-dense 128-10"
CNN_LAYERS = (Convolution(32), Convolution(64), Pool(), Flatten(), *dense(128, 10))

# tiny: 448 rows are the breast-cancer table's training part, cut to whole batches; there the cost of an epoch shows as
# well. tiny-16k: with so many rows it vanishes, and leaves the cost of a step.
_ALL = (
    Workload("tiny", "Dense 30-32-16-2, batch 32, 448 rows", TINY, (30,), dense(32, 16, 2), 32, 448, 20),
    Workload("tiny-16k", "Dense 30-32-16-2, batch 32, 16384 rows", TINY, (30,), dense(32, 16, 2), 32, 16384, 2),
    Workload("wide", f"Dense {WIDE}, batch 256, 16384 rows", WIDE, (30,), dense(256, 256, 256, 2), 256, 16384, 2),
    Workload("image", f"Dense {IMAGE}, batch 128, 8192 rows", IMAGE, (784,), dense(256, 128, 10), 128, 8192, 2),
    Workload("cnn", f"{CNN_TITLE}, batch 128, 1024 rows", CNN, (28, 28, 1), CNN_LAYERS, 128, 1024, 8),
)
WORKLOADS = {workload.name: workload for workload in _ALL}

"""The deeper networks in Keras, of its own layers. KERAS_BACKEND, set before this is imported, says on what it runs."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers

from benchmarks.contestants import Data, Run
from benchmarks.deep import BLOCKS, CLASSES, HEADS, HIDDEN, LENGTH, STAGES, UNITS, VOCABULARY, WIDTH, Deep
from benchmarks.workloads import BETA1, BETA2, EPSILON, LEARNING_RATE, Weights


def prepare(workload: Deep, data: Data, start: Weights, steps_per_execution: int = 1) -> Run:
    x, y = data
    given = keras.Input(workload.input_shape, dtype="int32" if workload.kind == "transformer" else "float32")
    body = {"resnet": _resnet, "gru": layers.GRU(UNITS), "transformer": _transformer}[workload.kind]
    model = keras.Model(given, layers.Dense(CLASSES)(body(given)))
    cost = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = keras.optimizers.Adam(LEARNING_RATE, beta_1=BETA1, beta_2=BETA2, epsilon=EPSILON)
    model.compile(optimizer=optimizer, loss=cost, steps_per_execution=steps_per_execution)

    def judged() -> Weights:
        return {"loss": np.array(model.evaluate(x, y, batch_size=workload.batch, verbose=0))}  # pyright: ignore

    def run(epochs: int) -> Any:
        done = int(model.optimizer.iterations)
        model.fit(x, y, batch_size=workload.batch, epochs=epochs, shuffle=True, verbose=0)  # pyright: ignore
        done, expected = int(model.optimizer.iterations) - done, epochs * workload.steps_per_epoch
        if done != expected:
            raise RuntimeError(f"Keras took {done} steps, not the {expected} of {epochs} epochs")
        return judged

    return run


def _normed(x: Any, filters: int, size: int, stride: int) -> Any:
    x = layers.Conv2D(filters, size, stride, padding="same", use_bias=False)(x)
    return layers.BatchNormalization()(x)


def _resnet(x: Any) -> Any:
    x = layers.ReLU()(_normed(x, STAGES[0][0], 3, 1))
    for filters, stride in STAGES:
        for number in range(3):
            step = stride if number == 0 else 1
            y = layers.ReLU()(_normed(x, filters, 3, step))
            y = _normed(y, filters, 3, 1)
            x = layers.ReLU()(layers.Add()([y, _normed(x, filters, 1, step) if step > 1 else x]))
    return layers.GlobalAveragePooling2D()(x)


class _Places(layers.Layer):
    """Learned positions, which Keras itself leaves to its users."""

    def build(self, input_shape: Any) -> None:
        self.places = self.add_weight(shape=(LENGTH, WIDTH), initializer=keras.initializers.RandomNormal(stddev=0.02))

    def call(self, x: Any) -> Any:
        return x + self.places


def _transformer(x: Any) -> Any:
    x = _Places()(layers.Embedding(VOCABULARY, WIDTH)(x))
    for _ in range(BLOCKS):
        y = layers.LayerNormalization()(x)
        x = layers.Add()([x, layers.MultiHeadAttention(HEADS, WIDTH // HEADS)(y, y)])
        y = layers.LayerNormalization()(x)
        x = layers.Add()([x, layers.Dense(WIDTH)(layers.Dense(HIDDEN, activation="gelu")(y))])
    return layers.GlobalAveragePooling1D()(x)

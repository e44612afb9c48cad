"""Keras as its guide shows it: compile and fit. KERAS_BACKEND, set before this is imported, says on what it runs."""

from __future__ import annotations

import keras

from benchmarks.contestants import Data, Run
from benchmarks.workloads import BETA1, BETA2, EPSILON, LEARNING_RATE, Convolution, Dense, Flatten, Weights, Workload


def prepare(workload: Workload, data: Data, start: Weights, steps_per_execution: int = 1) -> Run:
    x, y = data
    model = _model(workload)
    model.set_weights(list(start.values()))  # Keras keeps weights in our order and shapes
    model.compile(
        optimizer=keras.optimizers.Adam(LEARNING_RATE, beta_1=BETA1, beta_2=BETA2, epsilon=EPSILON),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        steps_per_execution=steps_per_execution,
    )

    def run(epochs: int) -> Weights:
        done = int(model.optimizer.iterations)
        model.fit(x, y, batch_size=workload.batch, epochs=epochs, shuffle=True, verbose=0)  # pyright: ignore[reportArgumentType]
        # With more steps per execution than an epoch has, Keras warns that it "ran out of data": were epochs cut short,
        # its time per step would be wrong.
        done, expected = int(model.optimizer.iterations) - done, epochs * workload.steps_per_epoch
        if done != expected:
            raise RuntimeError(f"Keras took {done} steps, not the {expected} of {epochs} epochs")
        return dict(zip(start, model.get_weights(), strict=True))

    return run


def _model(workload: Workload) -> keras.Sequential:
    parts = [keras.Input(workload.input_shape)]
    for _, layer, _ in workload.named_layers():
        if isinstance(layer, Dense):
            parts.append(keras.layers.Dense(layer.units, activation="relu" if layer.relu else None))
        elif isinstance(layer, Convolution):
            parts.append(keras.layers.Conv2D(layer.filters, layer.kernel, activation="relu"))
        else:
            parts.append(keras.layers.Flatten() if isinstance(layer, Flatten) else keras.layers.MaxPooling2D(2))
    return keras.Sequential(parts)

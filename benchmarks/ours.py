"""Vitrina itself, on each of its engines: the loop `vitrina.train` uses, without validation, files or progress bar."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.contestants import Data, Run
from benchmarks.workloads import BETA1, BETA2, EPSILON, LEARNING_RATE, Convolution, Dense, Flatten, Weights, Workload
from vitrina import engines, network
from vitrina.learning.loop import Examples, Learner, Plan
from vitrina.learning.optimizers import Adam
from vitrina.learning.schedules import ConstantRate
from vitrina.learning.step import Recipe
from vitrina.network.network import nest
from vitrina.racing.estimates import choose_engine, with_variant

AUTO_EPOCHS = 100  # how long the training is that "auto" chooses an engine for


def prepare(workload: Workload, data: Data, start: Weights, engine: str) -> Run:
    described = network_of(workload)
    if engine == "auto":
        engine = choose_engine(described, workload.rows, workload.batch, AUTO_EPOCHS)
        engine = with_variant(engine, described, workload.rows, workload.batch, AUTO_EPOCHS)
    plan = Plan(workload.batch, epochs=0, seed=0)
    adam = Adam(LEARNING_RATE, beta_1=BETA1, beta_2=BETA2, epsilon=EPSILON)
    recipe = Recipe(described, adam, ConstantRate(), steps=AUTO_EPOCHS * workload.steps_per_epoch)
    learner = Learner(engines.get(engine), recipe, plan, Examples(*data), weights=(nest(start), described.build(0)[1]))

    def run(epochs: int) -> Weights:
        learner.plan = replace(plan, epochs=learner.epoch + epochs)
        learner.run()
        return learner.weights

    return run


def network_of(workload: Workload) -> network.Network:
    """The workload's network in Vitrina's words; its layers get the very names of the workload's weights."""
    parts: list[network.Layer] = []
    for _, layer, _ in workload.named_layers():
        if isinstance(layer, Dense):
            parts.append(network.Dense(layer.units, activation="relu" if layer.relu else "linear"))
        elif isinstance(layer, Convolution):
            parts.append(network.Conv2D(layer.filters, layer.kernel, activation="relu"))
        else:
            parts.append(network.Flatten() if isinstance(layer, Flatten) else network.MaxPool2D(2))
    return network.Network(network.Input(workload.input_shape), *parts, cost="cross_entropy")

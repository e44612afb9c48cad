"""Vitrina itself, on each of its engines: the loop `vitrina.train` uses, without validation, files or progress bar."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.contestants import Data, Run
from benchmarks.deep import BLOCKS, CLASSES, HEADS, HIDDEN, STAGES, UNITS, VOCABULARY, WIDTH, Deep
from benchmarks.workloads import (
    AUTO_EPOCHS,
    AUTO_ROWS,
    BETA1,
    BETA2,
    EPSILON,
    LEARNING_RATE,
    Convolution,
    Dense,
    Flatten,
    Weights,
    Workload,
)
from vitrina import engines, network
from vitrina.engines import registry
from vitrina.learning.feed import Examples
from vitrina.learning.loop import Evaluator, Learner, Plan
from vitrina.learning.optimizers import Adam
from vitrina.learning.schedules import ConstantRate
from vitrina.learning.step import Recipe
from vitrina.network.network import nest
from vitrina.racing import contest, estimates
from vitrina.racing.decide import choose


def prepare(workload: Workload | Deep, data: Data, start: Weights, engine: str) -> Run:
    deep = isinstance(workload, Deep)
    described = deep_network(workload) if deep else network_of(workload)
    if engine.startswith("auto"):
        engine = _chosen(described, Examples(*data), workload.batch, base_only=engine == "auto-base")
    plan = Plan(workload.batch, epochs=0, seed=0)
    adam = Adam(LEARNING_RATE, beta_1=BETA1, beta_2=BETA2, epsilon=EPSILON)
    recipe = Recipe(described, adam, ConstantRate(), steps=AUTO_EPOCHS * workload.steps_per_epoch)
    weights = None if deep else (nest(start), described.build(0)[1])
    learner = Learner(engines.get(engine), recipe, plan, Examples(*data), weights=weights)

    def judged() -> Weights:
        params, state = learner.result()
        evaluator = Evaluator(learner.engine, described, Examples(*data), workload.batch)
        return {"loss": np.array(evaluator.measure(learner.engine.put({"params": params, "state": state}))[0])}

    def run(epochs: int) -> Any:
        learner.plan = replace(plan, epochs=learner.epoch + epochs)
        learner.run()
        return judged if deep else learner.weights

    return run


def _chosen(described: network.Network, examples: Examples, batch: int, base_only: bool) -> str:
    """What engine="auto" decides for a training of this length; with the base install, where only NumPy and JAX are there."""
    if base_only:
        registry.is_installed = lambda name: name in ("numpy", "jax")
        estimates.is_installed = registry.is_installed
    adam = Adam(LEARNING_RATE)

    def runner(chosen: list[str], within: float) -> Any:
        return contest.run(described, (examples.x, examples.y), batch, "float32", adam, chosen, within=within)

    likely = estimates.estimates(described, batch)
    return choose(likely, AUTO_ROWS // batch * AUTO_EPOCHS, dict, runner)[0]


def deep_network(workload: Deep) -> network.Network:
    """The deeper networks, of Vitrina's layers and blocks."""
    if workload.kind == "resnet":
        filters = STAGES[0][0]
        parts: list[network.Layer] = [network.Conv2D(filters, 3, padding="same", use_bias=False)]
        parts += [network.BatchNorm(), network.Activation("relu")]
        for filters, stride in STAGES:
            parts += [network.blocks.resnet(filters, stride if number == 0 else 1) for number in range(3)]
        parts.append(network.GlobalAveragePool())
    elif workload.kind == "gru":
        parts = [network.GRU(UNITS)]
    else:
        encoder = [network.blocks.transformer(WIDTH, HEADS, HIDDEN) for _ in range(BLOCKS)]
        parts = [
            network.Embedding(VOCABULARY, WIDTH),
            network.PositionalEmbedding(),
            *encoder,
            network.GlobalAveragePool(),
        ]
    return network.Network(network.Input(workload.input_shape), *parts, network.Dense(CLASSES), cost="cross_entropy")


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

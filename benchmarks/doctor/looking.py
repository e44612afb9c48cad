"""What the rules of others look at: each epoch's error and accuracy, and the first batch forwards and back."""

from __future__ import annotations

import contextlib
import math
import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import vitrina as vt
from vitrina import engines
from vitrina.doctor.checkup import judge
from vitrina.errors import VitrinaError
from vitrina.learning.stages import back_propagation, error, forward_propagation
from vitrina.network.layer import Context
from vitrina.network.network import flatten
from vitrina.network.watching import Watch

TABLES = ("Embedding", "PositionalEmbedding")


@dataclass(frozen=True)
class LayerLook:
    """One layer with a weight, on the first batch. output, weight, gradient: as they are; sums: before the activation, None
    where there are none."""

    name: str
    kind: str
    activation: str
    output: np.ndarray
    weight: np.ndarray
    gradient: np.ndarray
    sums: np.ndarray | None


@dataclass(frozen=True)
class Look:
    """After an epoch. answers: what a user reads of the first batch (probabilities where the cost makes some of the sums), (rows,
    outputs); accuracy: on a sample of training rows, NaN for numbers."""

    epoch: int
    error: float
    validation_error: float
    accuracy: float
    answers: np.ndarray
    layers: list[LayerLook]


@dataclass(frozen=True)
class Seen:
    """A training as others see it. finite: False if its error became infinite, or not a number; x, y: the first batch."""

    network: vt.Network
    epochs: int
    rate: float
    x: np.ndarray
    y: np.ndarray
    looks: list[Look]
    finite: bool

    @property
    def cost(self) -> str:
        """By the name Keras has for it."""
        label = self.network.cost.label
        return {"cross_entropy": "categorical_crossentropy", "binary_cross_entropy": "binary_crossentropy"}.get(
            label, label
        )

    @property
    def outputs(self) -> int:
        return self.network.output_shape[-1]

    @property
    def accuracies(self) -> list[float]:
        return [look.accuracy for look in self.looks]

    @property
    def errors(self) -> list[float]:
        return [look.error for look in self.looks]


class Looker(vt.Callback):
    """Keeps a Look after every epoch. seconds: what that took."""

    def __init__(self) -> None:
        self.looks: list[Look] = []
        self.finite, self.seconds = True, 0.0
        self._learner: Any = None

    def training_starts(self, learner: Any) -> None:
        self._learner = learner
        first = learner.batch_of(0)
        self._x, self._y = first["x"], first["y"]

    def chunk_done(self, learner: Any) -> None:
        self.finite = self.finite and bool(np.isfinite(learner.errors).all())

    def epoch_done(self, learner: Any, row: Any) -> None:
        began = time.perf_counter()
        with contextlib.suppress(VitrinaError):
            self.looks.append(self._look(learner, row))
        self.seconds += time.perf_counter() - began

    def seen(self) -> Seen | None:
        """None where nothing was ever looked at."""
        learner = self._learner
        if learner is None:
            return None
        return Seen(
            learner.network,
            learner.plan.epochs,
            learner.recipe.optimizer.rate,
            self._x,
            self._y,
            self.looks,
            self.finite,
        )

    def _look(self, learner: Any, row: Any) -> Look:
        network, carried = learner.network, learner.carried
        params, state = carried["params"], carried["state"]
        engine = engines.get("numpy")
        ops, watch = engine.ops, Watch()
        put = engine.put({"params": params, "state": state, "x": self._x, "y": self._y})
        key = ops.key(0, np.int32(0)) if network.root.random else None
        with np.errstate(all="ignore"):
            context = Context(training=True, key=key, watch=watch)
            guess, saved, _ = forward_propagation(ops, network, put["params"], put["state"], put["x"], context)
            _, slope = error(ops, network, guess, put["y"], np.ones(len(self._x), np.float32))
            back_propagation(ops, network, put["params"], saved, slope)
            sample = judge(network, params, state, learner.examples)
            answers = np.asarray(network.cost.readable(ops, guess), np.float64)
        layers: list[LayerLook] = []
        for one in watch.passed:
            weight = flatten(one.own_params).get("weight") if one.own_params else None
            if weight is None or np.ndim(weight) < 2 or one.gradients is None or type(one.layer).__name__ in TABLES:
                continue
            sums = np.asarray(one.weighted_sums, np.float64).reshape(np.shape(one.y)) if one.has_sums else None
            gradient = np.asarray(flatten(one.own_gradients)["weight"], np.float64)
            activation = str(getattr(one.layer, "activation", "linear"))
            output = np.asarray(one.y, np.float64)
            layers.append(
                LayerLook(one.name, type(one.layer).__name__, activation, output, np.asarray(weight), gradient, sums)
            )
        if layers and network.cost.classifies:  # where others write softmax or sigmoid as the last activation
            layers[-1] = replace(layers[-1], output=answers)
        accuracy = float(sample.get("score", math.nan)) if "answers" in sample else math.nan
        return Look(
            int(row["epoch"]),
            float(row["error"]),
            float(row.get("validation_error", math.nan)),
            accuracy,
            answers,
            layers,
        )

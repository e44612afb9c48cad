"""What a recording shows over time, as the few series the rules read."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from vitrina.glass.recording import Recording

SMOOTH = 0.1  # of the training: the window over which the batches' errors are averaged at its ends


@dataclass(frozen=True)
class LayerSigns:
    """One layer at every look: (looks,) each, NaN where it was not seen.

    spread, size: of its outputs, over batch and units; dead: the share of units that gave 0 for every example of the batch;
    saturated: of its outputs; signal: the root mean square of its error signal; gradient, update, weight: Euclidean norms over
    all its parameters; ratio: update over weight.
    """

    name: str
    size: np.ndarray
    dead: np.ndarray
    saturated: np.ndarray
    signal: np.ndarray
    gradient: np.ndarray
    update: np.ndarray
    weight: np.ndarray

    @property
    def ratio(self) -> np.ndarray:
        return self.update / np.maximum(self.weight, 1e-30)

    @property
    def has_weights(self) -> bool:
        return bool(np.isfinite(self.weight).any())


@dataclass(frozen=True)
class Signs:
    """The series of a training. planned: the steps it was to have; done: those it had."""

    planned: int
    per_epoch: int
    error_steps: np.ndarray
    errors: np.ndarray
    steps: np.ndarray
    rates: np.ndarray
    layers: dict[str, LayerSigns]
    epochs: list[dict[str, float]] = field(default_factory=list[dict[str, float]])

    def until(self, step: int) -> Signs:
        """As they were when so many steps were done."""
        errors, looks = self.error_steps <= step, self.steps <= step
        layers = {
            name: replace(layer, **{f.name: getattr(layer, f.name)[looks] for f in fields(layer) if f.name != "name"})
            for name, layer in self.layers.items()
        }
        return replace(
            self,
            error_steps=self.error_steps[errors],
            errors=self.errors[errors],
            steps=self.steps[looks],
            rates=self.rates[looks],
            layers=layers,
            epochs=self.epochs[: step // max(1, self.per_epoch)],
        )

    @property
    def done(self) -> int:
        return int(self.error_steps[-1]) if len(self.error_steps) else 0

    @cached_property
    def window(self) -> int:
        """Batches that are averaged: a tenth of the training, an epoch at most, three at least."""
        return max(3, min(self.per_epoch, int(SMOOTH * len(self.errors))))

    @property
    def first_error(self) -> float:
        """Of the first batch."""
        return float(self.errors[0]) if len(self.errors) else math.nan

    @property
    def last_error(self) -> float:
        """The mean over the last batches; not a number where one of them is none."""
        return float(np.mean(self.errors[-self.window :])) if len(self.errors) else math.nan

    @property
    def broke_at(self) -> int | None:
        """The first step whose error was not finite."""
        bad = ~np.isfinite(self.errors)
        return int(self.error_steps[int(np.argmax(bad))]) if bad.any() else None

    def smoothed(self) -> np.ndarray:
        """The errors averaged over the window: (batches - window + 1,)."""
        if len(self.errors) < self.window:
            return self.errors
        sums = np.cumsum(np.concatenate([[0.0], self.errors]))
        return (sums[self.window :] - sums[: -self.window]) / self.window

    def of_epochs(self, name: str) -> np.ndarray:
        """A column of the history: (epochs,), NaN where it is not there."""
        return np.array([row.get(name, math.nan) for row in self.epochs])


def signs_of(recording: Recording) -> Signs:
    """Reads a recording."""
    steps, errors = recording.errors
    looks = recording.looks
    return Signs(
        int(recording.about["steps"]),
        int(recording.about["steps_per_epoch"]),
        steps,
        errors.astype(np.float64),
        recording.steps,
        np.array([look["|step|rate"][0] for look in looks], np.float64),
        {name: _layer(name, looks) for name in recording.layers},
        [dict(row) for row in recording.epochs],
    )


def _layer(name: str, looks: Any) -> LayerSigns:
    keys = {key for key in looks[0] if key.startswith(f"{name}|")} if looks else set[str]()
    params = sorted({key.split("|")[1] for key in keys if key.endswith(" gradient|norm")})
    params = [param.removesuffix(" gradient") for param in params]
    inner = "signal" if f"{name}|signal|mean" in keys else "slope"

    def series(read: Any) -> np.ndarray:
        return np.array([read(look) for look in looks], np.float64)

    def size(look: Any, quantity: str) -> float:
        mean, spread = look.get(f"{name}|{quantity}|mean"), look.get(f"{name}|{quantity}|spread")
        if mean is None or spread is None:
            return math.nan
        return float(np.sqrt(np.mean(np.square(mean, dtype=np.float64) + np.square(spread, dtype=np.float64))))

    def norm(look: Any, suffix: str) -> float:
        parts = [look.get(f"{name}|{param}{suffix}|norm") for param in params]
        known = [float(np.sum(np.square(part, dtype=np.float64))) for part in parts if part is not None]
        return math.sqrt(sum(known)) if known else math.nan

    def share(look: Any, statistic: str, limit: float) -> float:
        values = look.get(f"{name}|output|{statistic}")
        return math.nan if values is None else float(np.mean(values >= limit)) if limit else float(np.mean(values))

    return LayerSigns(
        name,
        series(lambda look: size(look, "output")),
        series(lambda look: share(look, "zero", 1.0)),
        series(lambda look: share(look, "saturated", 0.0)),
        series(lambda look: size(look, inner)),
        series(lambda look: norm(look, " gradient")),
        series(lambda look: norm(look, " update")),
        series(lambda look: norm(look, "")),
    )

"""One patient: all that is known of a training, and the few judgements that many rules share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from vitrina.doctor.examination import Examination
from vitrina.doctor.first_pass import LayerStart
from vitrina.doctor.signs import Signs
from vitrina.engines.numpy_engine import NumpyOps
from vitrina.learning.optimizers import Optimizer
from vitrina.learning.schedules import Schedule
from vitrina.network.layer import Layer
from vitrina.network.network import Network

HALF = 0.5  # of a training: until then it may still come to what simple models reach
HEAVY = 0.5  # the share of a part's squares from which one row decides R²
USABLE = 0.05  # how far simple models must be above a constant, to be a measure of anything
ERRORS = 2.0  # standard errors that a difference of two shares must exceed


@dataclass(frozen=True)
class Case:
    """exam: what was known before the first step; signs: the recording, None before there is one; checkup: what was measured
    after the last step."""

    network: Network
    settings: Mapping[str, Any]
    exam: Examination
    signs: Signs | None = None
    checkup: Mapping[str, Any] = field(default_factory=dict[str, Any])

    # -- the description
    @cached_property
    def optimizer(self) -> Optimizer:
        return Optimizer.from_json(self.settings["optimizer"])

    @cached_property
    def schedule(self) -> Schedule:
        return Schedule.from_json(self.settings["schedule"])

    @cached_property
    def layers(self) -> dict[str, Layer]:
        """Every layer but containers, by its name, left to right."""
        return {name: layer for name, layer, _ in self.network.walk() if not hasattr(layer, "children")}

    @cached_property
    def weighted(self) -> list[str]:
        """The layers that multiply with a matrix or a kernel, left to right."""
        return [layer.name for layer in self.starts if layer.inputs]

    @property
    def starts(self) -> list[LayerStart]:
        """The layers as they stand before the first step."""
        return self.exam.start.layers if self.exam.start else []

    @property
    def rate(self) -> float:
        return self.optimizer.rate

    @property
    def batch_size(self) -> int:
        return int(self.settings["batch_size"])

    @property
    def planned_steps(self) -> int:
        per_epoch = -(-self.exam.parts.rows[0] // max(1, self.batch_size))
        return per_epoch * int(self.settings["epochs"])

    def factor(self, progress: float) -> float:
        """What the schedule multiplies the rate by at this share of the training."""
        return float(self.schedule.factor(NumpyOps("float64"), np.float64(progress)))

    # -- how well it went
    @property
    def classes(self) -> int:
        return self.exam.target.classes

    @property
    def trained(self) -> bool:
        """True if there was a training to look at."""
        return self.signs is not None and self.signs.done > 0

    @property
    def progress(self) -> float:
        """The share of the planned steps that are done; 1 for a training that has ended, however early."""
        if self.checkup or self.signs is None:
            return 1.0
        return min(1.0, self.signs.done / max(1, self.signs.planned))

    @property
    def broke(self) -> bool:
        """True if the error became infinite, or not a number."""
        return self.signs is not None and self.signs.broke_at is not None

    @property
    def by_class(self) -> bool:
        """True if rare classes count more: the score is then the mean over the classes of the share that is right."""
        return bool(self.classes and self.settings.get("class_weight"))

    def told(self, score: float) -> str:
        """A score as people read it: `96 %` right, or `R² 0.52`."""
        return f"{score:.0%}" if self.classes else f"R² {score:.2f}"

    def _score(self, part: str) -> float:
        return float(self.checkup.get(part, {}).get("balanced" if self.by_class else "score", math.nan))

    @property
    def train_score(self) -> float:
        """At the end, on rows it learned from: the share that is right, or R²; NaN if it was not measured."""
        return self._score("train")

    @property
    def validation_score(self) -> float:
        """At the end, on the validation part; NaN without one."""
        return self._score("validation")

    @property
    def best_validation_score(self) -> float:
        """The best of any epoch, which is what is kept."""
        if self.signs is None:
            return math.nan
        known = self.signs.of_epochs("validation_accuracy")
        if self.classes and np.isfinite(known).any() and not self.by_class:
            return float(np.nanmax(known))
        return self.validation_score

    @property
    def keeps_a_constant(self) -> bool:
        """True if the epoch that is kept, that of the lowest validation error, answers no better than a constant, however much was
        learned by heart after it. Of classes; False where it is not known, and of a training that goes on."""
        if self.signs is None or not self.classes or self.by_class or self.progress < 1.0:
            return False
        errors, shares = self.signs.of_epochs("validation_error"), self.signs.of_epochs("validation_accuracy")
        if not np.isfinite(errors).any() or not np.isfinite(shares).any():
            return False
        return float(shares[int(np.nanargmin(errors))]) - self.constant < USABLE and self.learnable

    @property
    def reached(self) -> float:
        """How good it is where it counts: on validation, or without one on what it learned from."""
        best = max(
            (s for s in (self.best_validation_score, self.validation_score) if math.isfinite(s)), default=math.nan
        )
        return best if math.isfinite(best) else self.train_score

    @property
    def constant(self) -> float:
        """The score of always answering the same."""
        refs = self.exam.references
        if self.by_class:
            return 1.0 / self.classes
        if refs is None:
            return self.exam.target.majority if self.classes else 0.0
        return max(refs.constant_validation if math.isfinite(refs.constant_validation) else refs.constant_held, 0.0)

    @property
    def simple(self) -> float:
        """The score of the better simple model on rows it was not fitted to, the lower of what it has on held-back training rows
        and on validation; NaN without one. Where the validation part is another world, that of held-back rows."""
        refs = self.exam.references
        if refs is None:
            return math.nan
        held, validation = refs.best_held, refs.best_validation
        if self.by_class:
            held, validation = refs.balanced_held, refs.balanced_validation
        doubts = doubt_of(held, refs.rows[1], bool(self.classes)) + doubt_of(
            validation, refs.rows[2], bool(self.classes)
        )
        return min(held, validation) if math.isfinite(validation) and held - validation < doubts else held

    @property
    def learnable(self) -> bool:
        """True if a simple model is clearly better than a constant."""
        return math.isfinite(self.simple) and self.simple - self.constant > USABLE

    @property
    def shortfall(self) -> float:
        """What is missing to the simple models, as a share of what these are above a constant: 0 where nothing is missing,
        1 where nothing was learned, 0 where it cannot be said, as in the first half of a training that goes on."""
        if self.broke:
            return 1.0
        if not self.learnable or not math.isfinite(self.reached) or self.progress < HALF:
            return 0.0
        return max(0.0, (self.simple - self.reached - self.doubt) / (self.simple - self.constant))

    @property
    def fit_shortfall(self) -> float:
        """The same for the rows it learned from, which it should know at least as well as simple models know others."""
        if self.broke:
            return 1.0
        if not self.learnable or not math.isfinite(self.train_score):
            return 0.0
        return max(0.0, (self.simple - self.train_score - self.doubt) / (self.simple - self.constant))

    @property
    def doubt(self) -> float:
        """How far two scores may lie apart by chance. R² of two parts of which one has the row that makes most of all squares,
        and the other has not, may lie apart by nearly as much as that."""
        refs = self.exam.references
        rows = min(row for row in refs.rows if row) if refs else 0
        one = self.exam.target.heaviest
        # of so few rows it makes a larger share than of all
        heaviest = one / (one + (1.0 - one) * min(1.0, rows / max(1, self.exam.parts.rows[0]))) if one else 0.0
        return doubt_of(self.simple, rows, bool(self.classes)) + (heaviest if heaviest > HEAVY else 0.0)

    @property
    def chance_of_parts(self) -> float:
        """How far the scores of the two parts may lie apart by chance; 0 where it cannot be said."""
        part = self.checkup.get("validation") or self.checkup.get("train") or {}
        return doubt_of(self.reached, int(part.get("rows", 0)), bool(self.classes))

    @property
    def learned_by_heart(self) -> bool:
        """True if it knows its own rows as well as simple models know others, and validation rows less than those by a tenth of
        what there is to learn, and by more than chance."""
        gap = self.train_score - self.reached
        return gap > max(0.1 * (1.0 - self.constant), self.chance_of_parts) and self.train_score >= self.simple

    @property
    def left(self) -> float:
        """What is left at the end of the error of a constant answer; above 1 where the network does worse than that."""
        if self.broke:
            return math.inf
        constant = self.exam.target.constant_error
        if self.by_class:
            return (1.0 - self.train_score) / (1.0 - self.constant)
        error = self.checkup.get("train", {}).get("error", self.signs.last_error if self.signs else math.nan)
        return float(error) / constant if constant > 0 else math.nan

    @property
    def stuck(self) -> bool:
        """True if the training took next to nothing off the error of a constant answer, and half of it is over."""
        if self.progress < HALF and not self.broke:
            return False
        if (
            self.trained and self.by_class and not self.broke
        ):  # the error counts rare classes more, that of a constant does not
            return self.train_score < self.constant + 0.03
        return self.trained and (self.broke or not self.left < 0.97)

    @property
    def begins_taught(self) -> bool:
        """True if it starts from weights that take a good part off the error of a constant answer, so that little is to be done."""
        start = self.exam.start
        return start is not None and start.error < 0.7 * self.exam.target.constant_error

    @property
    def floor(self) -> float:
        """What errors are measured from where they are compared by their ratio: 0, or the lowest of a cost that goes below it."""
        known = [*self.signs.errors, *self.signs.of_epochs("validation_error")] if self.signs is not None else []
        known.append(self.checkup.get("train", {}).get("error", math.nan))
        finite = [value for value in known if math.isfinite(value)]
        return min(0.0, min(finite, default=0.0))

    @property
    def behind(self) -> bool:
        """True if it is not quite what simple models are, however little."""
        return (
            self.broke
            or not math.isfinite(self.simple)
            or not math.isfinite(self.reached)
            or self.reached < self.simple - 0.25 * self.doubt
        )


def doubt_of(score: float, rows: int, classes: bool) -> float:
    """Two standard errors of a score on so many rows: of a share √(p(1-p)/n), of R² 2·√R²·(1-R²)/√n (Olkin and Finn 1995)."""
    if not rows or not math.isfinite(score):
        return 0.0
    share = min(max(score, 0.02), 0.98)
    error = math.sqrt(share * (1.0 - share)) if classes else 2.0 * math.sqrt(share) * (1.0 - share)
    return ERRORS * error / math.sqrt(rows)

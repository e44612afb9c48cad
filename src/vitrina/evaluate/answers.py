"""What was answered to rows whose truth is known: the network's answers, or another learner's."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from vitrina.evaluate.weighted import SMALLEST, Measures, class_measures, number_measures, quantile_measures


@dataclass(frozen=True, eq=False)
class Answers:
    """given: (rows, classes) probabilities, or (rows, outputs) numbers in the target's unit; truth: (rows,) class numbers, or
    (rows, outputs). classes: their names, () for numbers; quantiles: of a network of quantiles, whose outputs these are.
    """

    given: np.ndarray
    truth: np.ndarray
    classes: tuple[str, ...] = ()
    quantiles: tuple[float, ...] = ()

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def measures(self) -> Measures:
        """The measures of the task, as functions of what each row counts for."""
        if self.classes:
            return class_measures(self.given, self.truth)
        if self.quantiles:
            return quantile_measures(self.given, self.truth, self.quantiles)
        return number_measures(self.given, self.truth)

    @property
    def loss(self) -> np.ndarray:
        """(rows,) how wrong each answer is: -log of the true class's probability, or the gap to the truth."""
        if self.classes:
            return -np.log(np.maximum(self.given[np.arange(len(self)), self.truth], SMALLEST))
        given = self.middle
        return np.abs(given - self.truth.reshape(given.shape)).mean(axis=1)

    @property
    def middle(self) -> np.ndarray:
        """(rows, outputs) numbers; of quantiles the one nearest to the median."""
        if not self.quantiles:
            return self.given.reshape(len(self), -1)
        centre = int(np.abs(np.asarray(self.quantiles) - 0.5).argmin())
        return self.given.reshape(len(self), -1, len(self.quantiles))[:, :, centre]

    @property
    def headline(self) -> str:
        """The measure that the answers are judged by first: the one that a rare class or many classes cannot flatter."""
        if self.quantiles:
            return "pinball_loss"
        if not self.classes:
            return "root_mean_squared_error"
        shares = np.bincount(self.truth, minlength=len(self.classes)) / max(len(self), 1)
        if len(self.classes) == 2 and 0 < shares[1] < 1:
            return "average_precision" if shares[1] < 0.2 else "roc_auc"
        return "balanced_accuracy" if shares.max() > 2.0 / len(self.classes) and len(self.classes) > 2 else "accuracy"

    def take(self, rows: np.ndarray) -> Answers:
        return replace(self, given=self.given[rows], truth=self.truth[rows])

"""How the examples that judge a training fared at one of its moments: what was said of each, what is true, and how wrong that is.

Of a network whose weights are kept at each look it is computed here, with NumPy, when it is asked for; of a larger one it was
computed while it was looked at. What was computed is kept for a while.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitrina import engines
from vitrina.engines.numpy_engine import NumpyOps
from vitrina.errors import UsageError
from vitrina.glass.exhibits import read_examples
from vitrina.glass.looks_file import Look
from vitrina.glass.recording import Recording
from vitrina.learning.step import prediction_step
from vitrina.locale import say
from vitrina.network.network import nest

PREDICTION, ERROR = "|judges|prediction", "|judges|error"
MOMENTS = 256  # that are remembered
IN_TURN = 80  # examples over which the answer is averaged when a column takes its values in turn
AT_ONCE = 4e9  # operations that may be spent on an answer; of a larger network fewer examples are asked


@dataclass(frozen=True)
class Judged:
    """readable (n, outputs): shares of classes, or numbers; error (n,): the cost of each; truth, answers (n,): classes' numbers,
    None where the network predicts something else."""

    step: int
    readable: np.ndarray
    error: np.ndarray
    truth: np.ndarray | None = None
    answers: np.ndarray | None = None

    @property
    def classes(self) -> int:
        """How many there are; 0 where none are told apart."""
        return max(2, self.readable.shape[-1]) if self.answers is not None else 0

    @property
    def shares(self) -> np.ndarray:
        """(n, classes): what each class was given."""
        return (
            np.concatenate([1.0 - self.readable, self.readable], 1) if self.readable.shape[-1] == 1 else self.readable
        )

    @property
    def hardest(self) -> np.ndarray:
        """The order that puts the wrong before the right, and of either the costliest first: (n,)."""
        wrong = np.zeros(len(self.error), bool) if self.answers is None else self.answers != self.truth
        return np.lexsort((-np.nan_to_num(self.error, nan=np.inf), ~wrong))

    def confusion(self) -> np.ndarray:
        """How many of each class (a row) were taken for which (a column): (classes, classes)."""
        assert self.truth is not None
        assert self.answers is not None
        pairs = np.bincount(self.truth * self.classes + self.answers, minlength=self.classes**2)
        return pairs.reshape(self.classes, self.classes)


class Judging:
    """Of one recording."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self._known: OrderedDict[int, Judged] = OrderedDict()
        self._about: dict[str, Any] | None = None

    @property
    def about(self) -> dict[str, Any]:
        """What the examples say in their own words; {} where it was not kept."""
        if self._about is None:
            self._about = read_examples(self.recording.folder)
        return self._about

    def at(self, look: Look) -> Judged | None:
        """At that look; None where it cannot be known."""
        if look.step not in self._known:
            found = self._judge(look)
            if found is None:
                return None
            self._known[look.step] = found
            if len(self._known) > MOMENTS:
                self._known.popitem(last=False)
        return self._known[look.step]

    def dependence(self, look: Look, column: int) -> np.ndarray | None:
        """The mean answer when one column takes each of its values in turn, the others as they are: (values, outputs).

        column: its place among `about["turns"]`. None where weights were not kept. Raises UsageError for a column that is
        not there. Source: Friedman (2001), Ann. Statist. 29, section 8.2.
        """
        turns, judges = self.about.get("turns", []), self.recording.judges
        if not 0 <= column < len(turns):
            raise UsageError(
                say(
                    "there are {count} columns that take values in turn, numbered from 0, and no {column}",
                    count=len(turns),
                    column=column,
                )
            )
        weights = self.recording.weights_at(look.step)
        if weights is None or judges is None:
            return None
        turn = turns[column]
        inputs, (start, stop) = np.array(turn["inputs"], np.float32), turn["places"]
        count = int(AT_ONCE / max(1, self.recording.network.flops) / len(inputs))
        some = judges[0][: max(8, min(IN_TURN, count))]
        rows = np.repeat(some[None], len(inputs), 0)  # (values, examples, inputs)
        rows[:, :, start:stop] = inputs[:, None]
        readable = self._predict(weights, rows.reshape(-1, *some.shape[1:]))[1]
        return readable.reshape(len(inputs), len(some), -1).mean(axis=1)

    def _judge(self, look: Look) -> Judged | None:
        judges, network = self.recording.judges, self.recording.network
        if judges is None or len(network.output_shape) != 1:
            return None
        x, y = judges
        if PREDICTION in look:
            readable, error = look[PREDICTION], look[ERROR]
            y = y[: len(error)]
        else:
            weights = self.recording.weights_at(look.step)
            if weights is None:
                return None
            x = x[: max(8, int(AT_ONCE / max(1, network.flops)))]
            y = y[: len(x)]
            fold = self.recording.judges_fold
            raw, readable = self._predict(weights, x, None if fold is None else fold[: len(x)])
            target = y.astype(np.int64) if network.cost.link == "softmax" and y.ndim == 1 else y
            with np.errstate(all="ignore"):
                error = np.asarray(network.cost.per_example(NumpyOps("float64"), raw.astype(np.float64), target))
        truth = _classes(network, y, readable)
        if truth is None:
            return Judged(look.step, readable, error)
        answers = readable.argmax(axis=-1) if readable.shape[-1] > 1 else (readable[:, 0] > 0.5).astype(np.int64)
        return Judged(look.step, readable, error, truth, answers)

    def _predict(self, weights: Any, x: np.ndarray, fold: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """What the last layer gives, and what that says: each (n, outputs)."""
        network, ops = self.recording.network, engines.get("numpy").ops
        params, state = (nest(dict(part)) for part in weights)
        step = prediction_step(network, readable=False)
        with np.errstate(all="ignore"):  # a training that went astray is looked at as well
            batch = {"x": x} if fold is None else {"x": x, "fold": fold}
            raw = np.asarray(step(ops, {"params": params, "state": state}, batch)[1]["prediction"])
            return raw, np.asarray(network.cost.readable(ops, raw))


def _classes(network: Any, y: np.ndarray, readable: np.ndarray) -> np.ndarray | None:
    """The true class of each; None where a row has none, or several."""
    if not network.cost.classifies:
        return None
    if y.size == len(y):
        return np.rint(y.reshape(-1)).astype(np.int64)
    return y.argmax(axis=-1) if network.cost.link == "softmax" and y.shape == readable.shape else None

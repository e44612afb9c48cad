"""The training loop.

Epochs of compiled chunks, validation, early stopping with the best weights, history, checkpoints.
"""

from __future__ import annotations

import contextlib
import math
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitrina.engines.engine import Chunk, Engine
from vitrina.engines.numpy_engine import NumpyOps
from vitrina.errors import ModelError
from vitrina.learning.batches import batched, fewest_rows
from vitrina.learning.callbacks import Callback, as_callback
from vitrina.learning.feed import AtHand, Examples, Feed
from vitrina.learning.history import History, Row
from vitrina.learning.packing import Packing
from vitrina.learning.schedules import ReduceOnPlateau
from vitrina.learning.step import Recipe, evaluation_step, for_each_member, kept, metric_name, start, training_step
from vitrina.locale import say
from vitrina.network.layer import Tree
from vitrina.network.network import Network, flatten, nest

SECONDS_A_CALL = 0.3  # one call of compiled steps: short enough for progress, pausing and checkpoints to feel immediate
LARGEST_CHUNK = 1024  # steps


class LearningWarning(UserWarning):
    """Training went on, or ended, in a way its owner should know about."""


@dataclass(frozen=True)
class Plan:
    """How long and in what portions to train. patience: epochs without a better validation error before stopping."""

    batch_size: int = 32
    epochs: int = 10
    seed: int = 0
    shuffle: bool = True
    patience: int | None = None

    def steps_per_epoch(self, rows: int) -> int:
        return -(-rows // self.batch_size)


@dataclass
class Checkpoint:
    """All that a killed run needs to end in the very same weights: arrays by readable name, and plain facts."""

    arrays: dict[str, np.ndarray]
    facts: dict[str, Any]


@dataclass
class _Progress:
    """Where training stands, in numbers that go into a checkpoint."""

    epoch: int = 0  # epochs that are done
    position: int = 0  # steps of the current epoch that are done
    error_sum: float = 0.0
    weight_sum: float = 0.0
    best_error: float = math.inf
    best_epoch: int = 0
    waited: int = 0  # epochs since the best one
    plateau_best: float = math.inf
    plateau_waited: int = 0
    rate_scale: float = 1.0
    seconds: float = 0.0
    stopped: str | None = None


class Pace:
    """How many steps the next call may run so that it takes about `SECONDS_A_CALL`."""

    def __init__(self) -> None:
        self._calls = 0
        self._seconds_a_step: float | None = None

    def steps(self, left: int) -> int:
        """At most `left`; few as long as nothing is known, unless the epoch is short anyway."""
        if self._seconds_a_step is None:
            return left if left <= 16 else 8
        return min(left, max(1, int(SECONDS_A_CALL / self._seconds_a_step)))

    def took(self, count: int, seconds: float) -> None:
        """The first call also compiles, so it tells nothing about speed unless it was quick anyway."""
        self._calls += 1
        if self._calls > 1 or seconds / count < 0.005:
            self._seconds_a_step = max(seconds / count, 1e-7)


class Learner:
    """A network being taught. `run()` trains to the end; everything it knows is in `checkpoint()`.

    examples: what is learned from, or a Feed of it, window by window. weights: first parameters and state (nested NumPy
    arrays); None builds them from the seed. save: called with a Checkpoint now and then, at most every `save_every` seconds,
    and at the end.
    """

    def __init__(
        self,
        engine: Engine,
        recipe: Recipe,
        plan: Plan,
        examples: Examples | Feed,
        validation: Examples | None = None,
        weights: tuple[Tree, Tree] | None = None,
        callbacks: Sequence[object] = (),
        save: Callable[[Checkpoint], None] | None = None,
        save_every: float = 5.0,
    ) -> None:
        self.engine, self.recipe, self.plan = engine, recipe, plan
        self.network: Network = recipe.network
        self._feed: Feed = AtHand(examples, plan.seed, plan.shuffle) if isinstance(examples, Examples) else examples
        self.steps_per_epoch = plan.steps_per_epoch(self._feed.rows)
        self.steps_per_window = plan.steps_per_epoch(min(self._feed.window, self._feed.rows))
        self.history = History()
        self.callbacks: list[Callback] = [as_callback(callback) for callback in callbacks]
        self.examples = self._feed.sample
        self.errors = np.empty(0)  # of each step of the last call
        self.seconds = 0.0  # that steps and judging took here so far; what callbacks do is no part of them
        self.most_steps: int | None = None  # in the next call, where somebody wants to be asked that soon
        self._save, self._save_every, self._saved_at = save, save_every, time.monotonic()
        self._progress = _Progress()
        self._pace = Pace()
        self._window: tuple[int, int, Examples] | None = (
            None  # epoch and number of the window at hand, and its examples
        )
        self._ordered: tuple[int, int, np.ndarray, np.ndarray] | None = None
        self._fewest = fewest_rows(self.network)

        params, state = weights if weights is not None else self.network.build(plan.seed)
        parameters = sum(array.size for array in flatten(params).values())
        self._packing = Packing(params) if 0 < parameters <= engine.packs_up_to else None
        self._carried = self._enter(engine.put(start(recipe, params, state)))
        self._best: dict[str, np.ndarray] | None = None
        self._data: Any = None
        flops = 3 * plan.batch_size * self.network.flops  # backward takes about twice what forward does
        self._run = engine.compile(training_step(recipe, self._packing), flops=flops)
        self._evaluator = Evaluator(engine, self.network, validation, plan.batch_size) if validation else None

    # -- what callbacks may read and do
    @property
    def epoch(self) -> int:
        """Epochs that are done."""
        return self._progress.epoch

    @property
    def position(self) -> int:
        """Steps of the current epoch that are done."""
        return self._progress.position

    @property
    def steps(self) -> int:
        """Steps that are done, of all epochs."""
        return self.epoch * self.steps_per_epoch + self.position

    def batch_of(self, step: int) -> dict[str, np.ndarray]:
        """The examples of a step, counted from 0 through all epochs: arrays by name, fewer in the last step of an epoch.

        The step after the last is the first of one more epoch. Of examples that come in windows only those of the window at
        hand are known; for any other step these are some of the sample.
        """
        epoch, position = divmod(step, self.steps_per_epoch)
        number, at = divmod(position, self.steps_per_window)
        if isinstance(self._feed, AtHand):
            examples = self.examples
        elif self._window is not None and self._window[:2] == (epoch, number):
            examples = self._window[2]
        else:
            some = np.random.default_rng((self.plan.seed, step)).integers(0, self.examples.rows, self.plan.batch_size)
            return {name: array[some] for name, array in self.examples.arrays().items()}
        index, present = self._batches(epoch, number, examples.rows)
        rows = index[at][present[at] > 0]
        return {name: array[rows] for name, array in examples.arrays().items()}

    @property
    def carried(self) -> dict[str, Any]:
        """Parameters, state, the optimizer's slots and the count of steps as they are now: nested NumPy arrays, copied."""
        return self.engine.get(self._leave())

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """The parameters as they are now, copied: `{"dense_1/weight": ...}`."""
        return flatten(self.engine.get(self._leave()["params"]))

    @property
    def learning_rate(self) -> float:
        """The rate of the next step, schedule included."""
        done = np.float64(self.steps / self.recipe.steps)
        factor = self.recipe.schedule.factor(NumpyOps("float64"), done)
        return self.recipe.optimizer.rate * float(factor) * self._progress.rate_scale

    @property
    def best_epoch(self) -> int:
        """The epoch with the smallest validation error so far (0: none yet)."""
        return self._progress.best_epoch

    @property
    def stopped(self) -> str | None:
        """Why training ended before the last epoch, if it did."""
        return self._progress.stopped

    def stop(self, reason: str | None = None) -> None:
        """Ends training after the current call of compiled steps; the best weights are kept."""
        self._progress.stopped = say("stopped by a callback") if reason is None else reason

    def scale_rate(self, factor: float) -> None:
        """Multiplies the learning rate of all steps to come."""
        self._progress.rate_scale *= factor
        self._carried |= self.engine.put({"rate_scale": np.float64(self._progress.rate_scale)})

    # -- training
    def run(self) -> None:
        """Trains until the last epoch, or until it is stopped."""
        for callback in self.callbacks:
            callback.training_starts(self)
        first = self.position // self.steps_per_window
        with contextlib.closing(self._feed.windows(self.epoch, first, self.plan.epochs)) as windows:
            while self.epoch < self.plan.epochs and self.stopped is None:
                self._one_epoch(windows)
        if self._save:
            self._save(self.checkpoint())
        for callback in self.callbacks:
            callback.training_ends(self)

    def _one_epoch(self, windows: Iterator[Examples]) -> None:
        progress = self._progress
        rate = self.learning_rate
        for number in range(
            progress.position // self.steps_per_window, -(-self.steps_per_epoch // self.steps_per_window)
        ):
            self._one_window(number, self._next(windows, number))
            if self.stopped is not None:
                break
        if progress.position == self.steps_per_epoch:
            self._epoch_done(rate)

    def _next(self, windows: Iterator[Examples], number: int) -> Examples:
        """The next window, on the device; waiting for it is part of what an epoch takes."""
        began = time.monotonic()
        examples = next(windows)
        if self._window is None or self._window[2] is not examples:
            self._data = self.engine.put(examples.filled(min(self._feed.window, self._feed.rows)).arrays())
        self._window = (self.epoch, number, examples)
        self._spent(time.monotonic() - began)
        return examples

    def _one_window(self, number: int, examples: Examples) -> None:
        progress = self._progress
        before = number * self.steps_per_window
        index, present = self._batches(progress.epoch, number, examples.rows)
        while progress.position < before + len(index) and self.stopped is None:
            began = time.monotonic()
            at = progress.position - before
            measured = self._chunk(index, present, at)
            self._spent(time.monotonic() - began)
            self.errors = errors = measured["error"].astype(np.float64)
            weights = _weights(examples, index, present, slice(at, at + len(errors)))
            # One by one, so that the sums do not depend on how many steps a call took.
            progress.error_sum = _added(progress.error_sum, errors * weights)
            progress.weight_sum = _added(progress.weight_sum, weights)
            progress.position += len(errors)
            if not np.isfinite(errors).all():
                step = progress.position - len(errors) + int(np.argmin(np.isfinite(errors))) + 1
                self._not_finite(step)
            self.most_steps = None
            for callback in self.callbacks:
                callback.chunk_done(self)
            if progress.position < self.steps_per_epoch:
                self._save_now_and_then()

    def _spent(self, seconds: float) -> None:
        self._progress.seconds += seconds
        self.seconds += seconds

    def _batches(self, epoch: int, window: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
        """What each step of a window sees: (steps, batch) row numbers, and which of them are there."""
        if self._ordered is None or self._ordered[:2] != (epoch, window):
            order = self._feed.order(epoch, window, rows)
            self._ordered = (epoch, window, *batched(order, self.plan.batch_size, self._fewest))
        return self._ordered[2:]

    def _chunk(self, index: np.ndarray, present: np.ndarray, position: int) -> dict[str, np.ndarray]:
        """The next steps of the window, in one call. A chunk's shape never changes, so it is compiled once."""
        size = min(self.steps_per_window, LARGEST_CHUNK)
        count = self._pace.steps(min(size, len(index) - position))
        if self.most_steps is not None:
            count = max(1, min(count, self.most_steps))
        chunk = Chunk(window(index, position, size), window(present, position, size), count)
        began = time.monotonic()
        self._carried, measured = self._run(self._carried, self._data, chunk)
        self._pace.took(count, time.monotonic() - began)
        return measured

    def _epoch_done(self, rate: float) -> None:
        progress = self._progress
        began = time.monotonic()
        row: Row = {"epoch": progress.epoch + 1, "error": progress.error_sum / max(progress.weight_sum, 1e-300)}
        if self._evaluator:
            error, metric = map(float, self._evaluator.measure(kept(self._leave())))
            row |= {"validation_error": error, f"validation_{metric_name(self.network)}": metric}
        self._spent(time.monotonic() - began)
        row |= {"learning_rate": rate, "seconds": progress.seconds}
        self.history.append(row)
        progress.epoch, progress.position = progress.epoch + 1, 0
        progress.error_sum = progress.weight_sum = progress.seconds = 0.0
        self._keep_best(row)
        self._reduce_on_plateau(row)
        for callback in self.callbacks:
            callback.epoch_done(self, row)
        self._save_now_and_then()

    def _keep_best(self, row: Row) -> None:
        progress = self._progress
        error = row.get("validation_error", math.nan)
        if error < progress.best_error:
            progress.best_error, progress.best_epoch, progress.waited = error, progress.epoch, 0
            self._best = flatten(self.engine.get(kept(self._leave())))
        elif self._evaluator:
            progress.waited += 1
            if self.plan.patience is not None and progress.waited >= self.plan.patience and self.stopped is None:
                self.stop(say("no better validation error for {epochs} epochs", epochs=progress.waited))

    def _reduce_on_plateau(self, row: Row) -> None:
        schedule, progress = self.recipe.schedule, self._progress
        if not isinstance(schedule, ReduceOnPlateau):
            return
        error = row.get("validation_error", row["error"])
        if error < progress.plateau_best * (1.0 - schedule.threshold):
            progress.plateau_best, progress.plateau_waited = error, 0
            return
        progress.plateau_waited += 1
        if progress.plateau_waited >= schedule.patience and progress.rate_scale > schedule.floor:
            progress.plateau_waited = 0
            self.scale_rate(max(schedule.decay, schedule.floor / progress.rate_scale))

    def _not_finite(self, step: int) -> None:
        sentence = say(
            "the error became infinite or NaN in epoch {epoch} at step {step}", epoch=self.epoch + 1, step=step
        )
        self.stop(sentence)
        told = say("{reason}; training stopped. Lower the learning rate, or scale the data", reason=sentence)
        warnings.warn(told, LearningWarning, 2)

    # -- the end of it
    def result(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The best parameters and state by validation error (the last ones without validation): nested NumPy arrays."""
        last = self.engine.get(kept(self._leave()))
        best = nest(self._best) if self._best is not None else last
        return best.get("params", {}), best.get("state", {})

    # -- checkpoints
    def checkpoint(self) -> Checkpoint:
        """Everything needed to go on from here."""
        arrays = {f"carried/{name}": array for name, array in flatten(self.engine.get(self._leave())).items()}
        arrays |= {f"best/{name}": array for name, array in (self._best or {}).items()}
        facts = {"progress": dict(vars(self._progress)), "history": list(self.history), "rows": self._feed.rows}
        return Checkpoint(arrays, facts)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Goes on from a checkpoint. Raises ModelError if it belongs to another network or other data."""
        flat = {
            name.removeprefix("carried/"): array
            for name, array in checkpoint.arrays.items()
            if name.startswith("carried/")
        }
        now = flatten(self._leave())
        ops = self.engine.ops
        if set(flat) != set(now) or any(flat[name].shape != ops.shape(now[name]) for name in flat):
            raise ModelError(
                say("the checkpoint belongs to another network or optimizer; resume with the run's own settings")
            )
        if checkpoint.facts["rows"] != self._feed.rows:
            raise ModelError(
                say(
                    "the run was trained on {before} rows and the data now have {now}; resume with the same data",
                    before=checkpoint.facts["rows"],
                    now=self._feed.rows,
                )
            )
        like = self._leave()
        self._carried = self._enter(_filled(like, self.engine.put(nest(flat))))
        best = {
            name.removeprefix("best/"): array for name, array in checkpoint.arrays.items() if name.startswith("best/")
        }
        self._best = best or None
        self._progress = _Progress(**checkpoint.facts["progress"])
        self.history = History(checkpoint.facts["history"])

    def save(self) -> None:
        """Writes a checkpoint now, where there is a place for one."""
        if self._save:
            self._save(self.checkpoint())
            self._saved_at = time.monotonic()

    def _save_now_and_then(self) -> None:
        if time.monotonic() - self._saved_at >= self._save_every:
            self.save()

    # -- packed parameters
    def _enter(self, carried: dict[str, Any]) -> dict[str, Any]:
        self._plain = {"optimizer": carried["optimizer"]}
        return self._packing.enter(self.engine.ops, carried) if self._packing else carried

    def _leave(self) -> dict[str, Any]:
        return self._packing.leave(self.engine.ops, self._carried, self._plain) if self._packing else self._carried


class Evaluator:
    """Error and metric of a network on examples it is not taught with; compiled once, used after each epoch.

    many: of each member of a population; what is measured then comes as arrays (members,).
    """

    def __init__(
        self, engine: Engine, network: Network, examples: Examples, batch_size: int, many: bool = False
    ) -> None:
        self.engine = engine
        self._data = engine.put(examples.arrays())
        index, present = batched(np.arange(examples.rows, dtype=np.int32), max(batch_size, min(256, examples.rows)))
        self._chunk = Chunk(index, present, len(index))
        step = evaluation_step(network)
        self._run = engine.compile(for_each_member(step, own_batches=False) if many else step, donate=False)

    def measure(self, carried: Mapping[str, Any]) -> tuple[Any, Any]:
        """Mean error and mean metric, each example counting by its weight."""
        watched = {"params": carried["params"], "state": carried["state"]}
        _, measured = self._run(watched, self._data, self._chunk)
        sums = {name: np.sum(values, axis=0, dtype=np.float64) for name, values in measured.items()}
        return sums["error"] / sums["weight"], sums["metric"] / sums["weight"]


def window(rows: np.ndarray, first: int, size: int) -> np.ndarray:
    """`size` rows from `first` on, filled up with the first rows where they end."""
    window = rows[first : first + size]
    return (
        window
        if len(window) == size
        else np.concatenate([window, np.resize(rows, (size - len(window), *rows.shape[1:]))])
    )


def _added(sum_: float, values: np.ndarray) -> float:
    return float(np.add.accumulate(np.concatenate([[sum_], values]))[-1])


def _weights(examples: Examples, index: np.ndarray, present: np.ndarray, steps: slice) -> np.ndarray:
    """What the examples of each of these steps count for together: (steps,) float64."""
    there = present[steps].astype(np.float64)
    return np.sum(there if examples.weight is None else there * examples.weight[index[steps]], axis=1)


def _filled(like: Any, tree: Any) -> Any:
    """`tree` with the empty branches of `like`, which have no arrays and so are not in a checkpoint."""
    if isinstance(like, dict):
        return {name: _filled(value, tree.get(name, {})) for name, value in like.items()}  # pyright: ignore
    return tree

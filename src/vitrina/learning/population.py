"""Many networks taught at once, in one compiled program: an explicit back propagation needs no more than one more array axis.

The members differ in their seed, learning rate or weight decay, and in nothing else. Each goes the very way it would go alone:
its own first weights, its own order of the examples, its own random numbers, its best weights kept.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from vitrina.engines.engine import Chunk, Engine, tree_map
from vitrina.engines.numpy_engine import NumpyOps, stacked
from vitrina.engines.random_bits import word_of
from vitrina.learning.batches import batched, fewest_rows, order_of
from vitrina.learning.callbacks import Callback
from vitrina.learning.feed import Examples
from vitrina.learning.history import History, Row
from vitrina.learning.lanes import Lanes, lanes_for
from vitrina.learning.loop import LARGEST_CHUNK, Evaluator, Pace, Plan, window
from vitrina.learning.packing import Packing
from vitrina.learning.step import Recipe, for_each_member, kept, metric_name, start, training_step
from vitrina.locale import say
from vitrina.network.network import flatten

RUNGS = (
    0.25,
    0.5,
)  # of the epochs: where the worse half of a population of four or more goes (if early stopping is wanted)
HOST = NumpyOps("float64")


@dataclass
class Member:
    """One of a population: what is its own, and how it fared."""

    seed: int
    rate: float
    weight_decay: float = 0.0
    history: History = field(default_factory=History)
    best_error: float = math.inf
    best_epoch: int = 0
    waited: int = 0
    stopped: str | None = None
    best: Any = None  # parameters and state with the smallest validation error: nested NumPy arrays

    @property
    def judged(self) -> float:
        """What members are compared by: the best validation error, or the last error where there is no validation."""
        if self.best_error < math.inf:
            return self.best_error
        errors = self.history["error"] if len(self.history) else [math.inf]
        return errors[-1] if math.isfinite(errors[-1]) else math.inf


class PopulationLearner:
    """Networks being taught side by side. `run()` teaches them to the end; `members` tell how each fared.

    recipe: what all share; its rate and weight decay are replaced by each member's. early_stop: the worse half of four or more
    members goes after a quarter, and again after half of the epochs, judged by validation error (successive halving: Jamieson
    and Talwalkar 2015, arXiv:1502.07943); without validation nobody goes. A member whose error is no number any more, or that
    has waited `plan.patience` epochs, is taught no further either. Those who go leave the program when half of it is gone.
    """

    def __init__(
        self,
        engine: Engine,
        recipe: Recipe,
        plan: Plan,
        members: Sequence[Member],
        examples: Examples,
        validation: Examples | None = None,
        early_stop: bool = True,
        callbacks: Sequence[Callback] = (),
        weights: Any = None,
    ) -> None:
        self.engine, self.plan, self.members = engine, plan, list(members)
        self.network = recipe.network
        self.steps_per_epoch = plan.steps_per_epoch(examples.rows)
        self.epoch = self.position = 0
        self.early_stop = early_stop and validation is not None
        self.callbacks = list(callbacks)
        self._rows, self._weight, self._fewest = examples.rows, examples.weight, fewest_rows(self.network)
        self._own_batches = plan.shuffle and len({member.seed for member in members}) > 1
        self._recipe = replace(recipe, optimizer=_shared_optimizer(recipe, self.members))
        beginning = self._start(weights)
        self._data = engine.put(examples.arrays())
        flops = 3 * plan.batch_size * self.network.flops  # of one member: how large a product is, not how many
        step = for_each_member(training_step(self._recipe, self._packing), self._own_batches)
        self._run = Lanes(engine.compile(step, flops=flops), lanes_for(engine, flops))
        self._board(beginning)
        size = plan.batch_size
        self._evaluator = Evaluator(engine, self.network, validation, size, many=True) if validation else None
        self._pace = Pace()

    def run(self) -> None:
        """Teaches until the last epoch, or until nobody is left to be taught."""
        for callback in self.callbacks:
            callback.training_starts(self)  # pyright: ignore[reportArgumentType]
        while self.epoch < self.plan.epochs and self._learning():
            self._one_epoch()
        for callback in self.callbacks:
            callback.training_ends(self)  # pyright: ignore[reportArgumentType]
        for place, member in zip(self._aboard, self._trees(), strict=True):
            if self.members[place].best is None:
                self.members[place].best = member

    # -- the start
    def _start(self, weights: Any) -> dict[str, Any]:
        """What all carry, the members along the first axis: NumPy arrays."""
        optimizer = self._recipe.optimizer
        built = [weights or self.network.build(member.seed) for member in self.members]
        parameters = sum(array.size for array in flatten(built[0][0]).values())
        self._packing = Packing(built[0][0]) if 0 < parameters <= self.engine.packs_up_to else None
        starts: list[Any] = []
        for member, (params, state) in zip(self.members, built, strict=True):
            own: dict[str, Any] = start(self._recipe, params, state)
            own |= {"rate_scale": np.float64(member.rate / optimizer.rate), "seed": np.int32(word_of(member.seed))}
            if optimizer.weight_decay:
                own["decay_scale"] = np.float64(member.weight_decay / optimizer.weight_decay)
            starts.append(own)
        self._plain = {"optimizer": starts[0]["optimizer"]}
        packed = [self._packing.enter(HOST, own) for own in starts] if self._packing else starts
        self._aboard = list(range(len(self.members)))  # the members still taught, in the order of that axis
        return stacked(packed)

    def _board(self, carried: Any) -> None:
        """Puts what those aboard carry on the device, a share for each lane."""
        self._carried = [self.engine.put(share) for share in self._run.share_out(carried)]

    def _ashore(self, *names: str) -> dict[str, Any]:
        """What all aboard carry under these names, or in all, as NumPy arrays with the members along the first axis."""
        shares = [self.engine.get({name: share[name] for name in names or share}) for share in self._carried]
        return tree_map(lambda *parts: np.concatenate(parts), *shares)

    # -- an epoch
    def _learning(self) -> list[int]:
        return [place for place in self._aboard if self.members[place].stopped is None]

    def _one_epoch(self) -> None:
        began = time.monotonic()
        index, present = self._batches()
        errors = np.zeros((0, len(self._aboard)))
        while self.position < self.steps_per_epoch:
            size = min(self.steps_per_epoch, LARGEST_CHUNK)
            count = self._pace.steps(min(size, self.steps_per_epoch - self.position))
            chunk = Chunk(window(index, self.position, size), window(present, self.position, size), count)
            asked = time.monotonic()
            self._carried, measured = self._run(self._carried, self._data, chunk)
            self._pace.took(count, time.monotonic() - asked)
            errors = np.concatenate([errors, measured["error"].astype(np.float64)])
            self.position += count
            for callback in self.callbacks:
                callback.chunk_done(self)  # pyright: ignore[reportArgumentType]
        weights = self._weights(index, present)  # (steps, members)
        means = np.sum(errors * weights, axis=0) / np.maximum(np.sum(weights, axis=0), 1e-300)
        self.epoch, self.position = self.epoch + 1, 0
        self._note(means, errors, began)
        self._send_away()

    def _batches(self) -> tuple[np.ndarray, np.ndarray]:
        """index (steps, batch) where all see the same, else (steps, members, batch); present (steps, batch)."""
        plan, epoch = self.plan, self.epoch
        if not self._own_batches:
            return batched(
                order_of(self._rows, self.members[0].seed, epoch, plan.shuffle), plan.batch_size, self._fewest
            )
        seeds = [self.members[place].seed for place in self._aboard]
        both = [
            batched(order_of(self._rows, seed, epoch, plan.shuffle), plan.batch_size, self._fewest) for seed in seeds
        ]
        return np.stack([index for index, _ in both], axis=1), both[0][1]

    def _weights(self, index: np.ndarray, present: np.ndarray) -> np.ndarray:
        """What the examples of each step count for together, by member: (steps, members) or (steps, 1)."""
        there = present.astype(np.float64)
        there = there[:, None, :]
        index = index if index.ndim == 3 else index[:, None, :]
        return np.sum(there if self._weight is None else there * self._weight[index], axis=-1)

    def _note(self, means: np.ndarray, errors: np.ndarray, began: float) -> None:
        """A row of each member's history, its best weights, and whether it goes on."""
        judged = self._judged(self._evaluator) if self._evaluator else None
        improved: list[int] = []
        seconds = (time.monotonic() - began) / len(self._aboard)  # each member's share
        for axis, place in enumerate(self._aboard):
            member = self.members[place]
            if member.stopped is not None:
                continue
            row: Row = {"epoch": self.epoch, "error": float(means[axis])}
            if judged is not None:
                error, metric = float(judged[0][axis]), float(judged[1][axis])
                row |= {"validation_error": error, f"validation_{metric_name(self.network)}": metric}
            member.history.append(row | {"learning_rate": member.rate, "seconds": seconds})
            if not np.isfinite(errors[:, axis]).all():
                step = int(np.argmin(np.isfinite(errors[:, axis]))) + 1
                member.stopped = say(
                    "the error became infinite or NaN in epoch {epoch} at step {step}", epoch=self.epoch, step=step
                )
            elif judged is not None and row["validation_error"] < member.best_error:
                member.best_error, member.best_epoch, member.waited = row["validation_error"], self.epoch, 0
                improved.append(axis)
            elif judged is not None:
                member.waited += 1
                if self.plan.patience is not None and member.waited >= self.plan.patience:
                    member.stopped = say("no better validation error for {epochs} epochs", epochs=member.waited)
        if improved:
            trees = self._trees()
            for axis in improved:
                self.members[self._aboard[axis]].best = trees[axis]
        best = min((self.members[place] for place in self._aboard), key=lambda member: member.judged)
        for callback in self.callbacks:
            callback.epoch_done(self, best.history[-1])  # pyright: ignore[reportArgumentType]

    # -- leaving
    def _send_away(self) -> None:
        """The worse half at a rung; and out of the program with all who have stopped, once they are half of it."""
        learning = self._learning()
        rungs = {max(1, round(share * self.plan.epochs)) for share in RUNGS}
        if self.early_stop and self.epoch in rungs and self.epoch < self.plan.epochs and len(learning) >= 4:
            order = sorted(learning, key=lambda place: self.members[place].judged)
            for place in order[-(len(order) // 2) :]:
                self.members[place].stopped = say("in the worse half")
        learning = self._learning()
        if learning and 2 * len(learning) <= len(self._aboard):
            for place, tree in zip(self._aboard, self._trees(), strict=True):
                if place not in learning and self.members[place].best is None:
                    self.members[place].best = tree
            axes = [self._aboard.index(place) for place in learning]
            self._board(tree_map(lambda array: array[axes], self._ashore()))
            self._aboard = learning

    # -- what they know
    def _judged(self, evaluator: Evaluator) -> tuple[np.ndarray, np.ndarray]:
        """Validation error and metric of all aboard: (members,) each."""
        errors, metrics = zip(*(evaluator.measure(self._plain_share(share)) for share in self._carried), strict=True)
        return np.concatenate(errors), np.concatenate(metrics)

    def _plain_share(self, share: dict[str, Any]) -> dict[str, Any]:
        """What is judged of what a lane carries, on the device, with parameters by their names."""
        share = kept(share)
        if self._packing is None:
            return share
        packing, ops = self._packing, self.engine.ops
        return share | {"params": ops.vectorise(lambda own, _: packing.unpack(ops, own), share["params"], {})}

    def _trees(self) -> list[dict[str, Any]]:
        """Parameters that are judged, and state, of each member aboard: nested NumPy arrays."""
        carried = kept(self._ashore(*(name for name in ("params", "average", "state") if name in self._carried[0])))
        own = [tree_map(lambda array, axis=axis: array[axis], carried) for axis in range(len(self._aboard))]
        if self._packing is None:
            return own
        return [tree | {"params": self._packing.unpack(HOST, tree["params"])} for tree in own]


def _shared_optimizer(recipe: Recipe, members: Sequence[Member]) -> Any:
    """With the largest weight decay of all: members scale it down to their own, and nobody pays for it if it is 0."""
    return replace(recipe.optimizer, weight_decay=max(member.weight_decay for member in members))

"""Writes a recording while a network learns: a look now and then, every batch's error, every epoch's row.

A look costs a few steps, so looks become rarer the longer a training lasts: see `schedule`.
"""

from __future__ import annotations

import json
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina import engines
from vitrina.engines.blas_threads import threads_for
from vitrina.engines.engine import whole_batch
from vitrina.errors import VitrinaError
from vitrina.files import write_atomically
from vitrina.glass.about import ABOUT, FORMAT
from vitrina.glass.exhibits import LEAST, chosen, write_examples
from vitrina.glass.look import histogram, key_of, observe, probe_values
from vitrina.glass.looks_file import LooksWriter
from vitrina.glass.plan import plan_of
from vitrina.glass.schedule import Schedule
from vitrina.glass.thinning import thin
from vitrina.learning.callbacks import Callback
from vitrina.learning.history import Row
from vitrina.learning.loop import LearningWarning
from vitrina.learning.stages import answers, back_propagation, error, forward_propagation
from vitrina.learning.step import kept, training_step
from vitrina.locale import say
from vitrina.locale.system import reason_of
from vitrina.network.layer import Context
from vitrina.network.network import flatten
from vitrina.network.watching import Watch

if TYPE_CHECKING:
    from vitrina.learning.loop import Learner

PROBES = 8  # examples that are followed through the whole training
WHOLE = 200_000  # parameters: of smaller networks all are kept at each look, of larger ones a sample
STUDIED = (
    5e8  # operations of a step that a look may take in thought: of a large network with a part of the batch, at least
)
FEWEST = 8  # examples
JUDGING = 1e9  # operations that a look may spend on how those fare that judge a network too large to be kept, and
HURRIED = 3e8  # one that holds up the training
MOST_POINTS = 600  # of what is learned from, kept where it can be drawn
MOST_BYTES = 200 << 20
ERRORS_EVERY = 1.0  # seconds between writes of the batches' errors, and
ERRORS_SHARE = 1e-3  # at least this share of the time until then: a recording of hours is to be opened in a moment


class Recorder(Callback):
    """A callback that records into a folder. most_bytes: where it grows beyond, every second look is let go.

    probes: (x, y) of the examples that judge the training, (n, *input shape) and (n, ...); those that are learned from
    otherwise. The first few are followed, and of some hundreds it is kept how they fare. held: the same as a data source, with
    the recipe that prepared them, so that they can be shown in their own words; fold: as of `Examples`, of the probes. A disk that
    is full ends the recording, never the training.
    """

    def __init__(
        self,
        folder: Path,
        about: dict[str, Any] | None = None,
        probes: tuple[np.ndarray, np.ndarray] | None = None,
        most_bytes: int = MOST_BYTES,
        held: Any = None,
        recipe: Any = None,
        fold: np.ndarray | None = None,
    ) -> None:
        self.folder, self.about, self.most_bytes = folder, about or {}, most_bytes
        self.held, self.recipe, self._fold = held, recipe, fold
        self.failure: str | None = None
        self._probes = probes
        self._writer: LooksWriter | None = None
        self._errors: list[np.ndarray] = []
        self._errors_first, self._errors_at = 0, 0.0
        self._run: Any = None

    # -- what the loop calls
    def training_starts(self, learner: Learner) -> None:
        self._began = time.monotonic()
        self._schedule = Schedule(learner.steps, learner.recipe.steps, learner.steps_per_epoch, lambda: learner.seconds)
        self._errors_at, self._errors_first = self._began, learner.steps
        self._guarded(self._begin, learner)
        learner.most_steps = max(1, self._schedule.steps_left(learner.steps))

    def chunk_done(self, learner: Learner) -> None:
        if self._writer is None:
            return
        self._errors.append(learner.errors)
        now = time.monotonic()
        if now - self._errors_at >= max(ERRORS_EVERY, ERRORS_SHARE * (now - self._began)):
            self._guarded(self._write_errors)
        at_end = learner.position == learner.steps_per_epoch  # the next batch is the next epoch's; look at it then
        if not at_end and np.isfinite(learner.errors).all():
            self._guarded(self._look_if_it_may, learner)
        learner.most_steps = max(1, self._schedule.steps_left(learner.steps))

    def epoch_done(self, learner: Learner, row: Row) -> None:
        if self._writer is None:
            return
        self._guarded(self._write_errors)
        values = {key_of("", "epoch", name): np.array([value], np.float32) for name, value in row.items()}
        self._guarded(self._write, learner.steps, values)
        if learner.epoch < learner.plan.epochs:
            self._guarded(self._look_if_it_may, learner)

    def training_ends(self, learner: Learner) -> None:
        if self._writer is None:
            return
        self._guarded(self._write_errors)
        if learner.steps > self._last and np.isfinite(learner.errors).all():
            self._guarded(self._look, learner)
        if self._writer is not None:
            self._writer.close()

    def look_now(self, learner: Learner) -> None:
        """A look at this moment, whatever it costs."""
        if self._writer is not None and learner.steps != self._last:
            self._guarded(self._write_errors)
            self._guarded(self._look, learner)

    # -- what it does then
    def _begin(self, learner: Learner) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        parts = [int(path.stem) for path in self.folder.glob("*.arrows") if path.stem.isdigit()]
        about = {
            "format": FORMAT,
            "network": learner.network.to_json(),
            "engine": f"{learner.engine.name}:{learner.engine.variant}",
            "steps": learner.recipe.steps,
            "steps_per_epoch": learner.steps_per_epoch,
            "epochs": learner.plan.epochs,
            "batch_size": learner.plan.batch_size,
            "rows": learner.examples.rows,
            **self.about,
        }
        write_atomically(self.folder / ABOUT, json.dumps(about, ensure_ascii=False) + "\n")
        self._writer = LooksWriter(self.folder / f"{max(parts, default=0) + 1}.arrows")
        x, y = self._probes if self._probes is not None else (learner.examples.x, learner.examples.y)
        some = chosen(len(x), x[0].size)
        held = self.held if self._probes is not None and getattr(self.held, "rows", 0) == len(x) else None
        write_examples(self.folder, x, some, held, self.recipe)
        self._judges = (np.asarray(x[some]), np.asarray(y[some]))
        self._probes = (np.asarray(x[:PROBES]), np.asarray(y[:PROBES]))
        given = {"probes": self._probes, "judges": self._judges}
        kept = {key_of("", name, of): part for name, pair in given.items() for of, part in zip("xy", pair, strict=True)}
        if self._fold is not None:
            self._fold = self._fold[some]
            kept |= {key_of("", "judges", "fold"): self._fold}
        self._write(learner.steps, kept)
        if learner.examples.x[0].size <= 2:  # few enough to be drawn against what the network makes of them
            thin = slice(None, None, -(-learner.examples.rows // MOST_POINTS))
            x, y = learner.examples.x[thin], learner.examples.y[thin]
            self._write(learner.steps, {key_of("", "sample", "x"): x, key_of("", "sample", "y"): y})
        self._last = -1
        if learner.epoch < learner.plan.epochs:
            self._look(learner)

    def _look_if_it_may(self, learner: Learner) -> None:
        if not self._schedule.steps_left(learner.steps) and self._schedule.may_look(learner.steps):
            self._look(learner, judging=HURRIED)

    def _look(self, learner: Learner, judging: float = JUDGING) -> None:
        began = time.monotonic()
        carried = learner.carried
        values = {key_of("", "step", "rate"): np.array([learner.learning_rate], np.float32)}
        # A second thread of OpenBLAS goes on waiting for work when there is none, for some 25 ms, and takes a core from what learns:
        # 36 looks made a training of eleven seconds 5 % longer so, and 1 % with one thread.
        with threads_for(0):
            values |= self._step(learner, carried)
            values |= self._probed(learner, carried)
            whole = _whole(carried["params"], carried["state"])
            values |= whole
            if not whole or "average" in carried:  # else the weights tell later how those fare that judge
                values |= self._judged(learner, kept(carried), judging)
        self._write(learner.steps, values)
        self._schedule.looked(learner.steps, time.monotonic() - began)
        self._last = learner.steps

    def _studied(self, learner: Learner, rows: int) -> int:
        """How many examples of a batch a look takes: forward and back is three times the work of forward."""
        return min(rows, max(FEWEST, int(STUDIED / (3 * max(1, learner.network.flops)))))

    def _step(self, learner: Learner, carried: dict[str, Any]) -> dict[str, np.ndarray]:
        """The next step, taken in thought; of a large network with some of its examples."""
        arrays = learner.batch_of(learner.steps)
        arrays = {name: array[: self._studied(learner, len(array))] for name, array in arrays.items()}
        engine = self._engine(learner)
        if self._run is None:
            self._run = engine.compile(training_step(learner.recipe, observer=observe), donate=False)
        _, measured = self._run(engine.put(carried), engine.put(arrays), whole_batch(len(arrays["x"])))
        found: dict[str, np.ndarray] = {}
        for name, values in measured.items():
            layer, quantity, statistic = name.rsplit("|", 2) if "|" in name else ("", "step", name)
            if statistic == "sample":
                found[key_of(layer, quantity, "histogram")] = histogram(values[0])
            else:
                found[key_of(layer, quantity, statistic)] = np.atleast_1d(values[0])
        return found

    def _probed(self, learner: Learner, carried: dict[str, Any]) -> dict[str, np.ndarray]:
        """What the probes become on their way through, and the error's slopes on the way back."""
        assert self._probes is not None
        engine, network = self._engine(learner), learner.network
        put = engine.put(
            {"params": carried["params"], "state": carried["state"], "x": self._probes[0], "y": self._probes[1]}
        )
        ops, watch = engine.ops, Watch()
        context = Context(watch=watch)
        ones = engine.put({"weight": np.ones(len(self._probes[0]))})["weight"]
        prediction, saved, _ = forward_propagation(ops, network, put["params"], put["state"], put["x"], context)
        _, slope = error(ops, network, prediction, put["y"], ones)
        slope = slope * len(self._probes[0])  # of each one's own error, and not of their mean
        back_propagation(ops, network, put["params"], saved, slope)
        readable = network.cost.readable(ops, prediction)
        found = {key_of("", "probes", "prediction"): readable}
        found[key_of("", "probes", "error")] = network.cost.per_example(ops, prediction, put["y"])
        members = {spot.name: spot.members for spot in plan_of(network) if spot.drawn}
        for one in watch.passed:
            if one.name in members:
                found[key_of(one.name, "probes", "output")] = one.y
                signal = ops.reshape(one.error_signal(ops), ops.shape(one.y)) if one.has_sums else one.dy
                found[key_of(one.name, "probes", "signal")] = signal
        there: dict[str, np.ndarray] = engine.get(found)
        return {
            key: probe_values(array, members[name] > 0) if (name := key.partition("|")[0]) else array
            for key, array in there.items()
        }

    def _judged(self, learner: Learner, carried: dict[str, Any], judging: float) -> dict[str, np.ndarray]:
        """What those that judge are answered by the network that is judged and kept."""
        engine, network = self._engine(learner), learner.network
        x, y = (part[: max(LEAST, int(judging / max(1, network.flops)))] for part in self._judges)
        given = {"x": x, "y": y} | ({} if self._fold is None else {"fold": self._fold[: len(x)]})
        put = engine.put({"params": carried["params"], "state": carried["state"], **given})
        prediction = answers(engine.ops, network, put["params"], put["state"], put["x"], put.get("fold"))
        return engine.get(
            {
                key_of("", "judges", "prediction"): network.cost.readable(engine.ops, prediction),
                key_of("", "judges", "error"): network.cost.per_example(engine.ops, prediction, put["y"]),
            }
        )

    def _engine(self, learner: Learner) -> Any:
        """NumPy, which needs not compile; the training's own where a layer has no backward pass by hand."""
        by_hand = all(layer.has_backward for _, layer, _ in learner.network.walk() if not hasattr(layer, "children"))
        if not by_hand:
            return learner.engine
        return engines.get("numpy", "float64" if learner.engine.precision == "float64" else "float32")

    def _write_errors(self) -> None:
        self._errors_at = time.monotonic()
        if self._errors:
            errors = np.concatenate(self._errors)
            self._errors = []
            self._write(self._errors_first, {key_of("", "batches", "error"): errors})
            self._errors_first += len(errors)

    def _write(self, step: int, values: dict[str, np.ndarray]) -> None:
        assert self._writer is not None
        self._writer.write(step, time.monotonic() - self._began, values)
        if self._writer.size > self.most_bytes:
            self._writer = thin(self._writer)

    def _guarded(self, work: Any, *arguments: Any) -> None:
        """A recording that cannot be written must not end a training."""
        try:
            work(*arguments)
        except (OSError, VitrinaError) as failed:  # the second of a file that is written as a whole
            self.failure = say("the recording ended: {reason}", reason=reason_of(failed))
            self._writer = None
            told = say("{failure}; the training goes on", failure=self.failure)
            warnings.warn(told, LearningWarning, stacklevel=2)


def _whole(params: dict[str, Any], state: dict[str, Any]) -> dict[str, np.ndarray]:
    """All weights, and what training changes by itself ("state mean"), of a network small enough to be kept at each look."""
    flat, beside = flatten(params), flatten(state)
    if sum(array.size for array in (*flat.values(), *beside.values())) > WHOLE:
        return {}
    found: dict[str, np.ndarray] = {}
    for prefix, arrays in (("", flat), ("state ", beside)):
        for name, array in arrays.items():
            layer, _, own = name.rpartition("/")
            found[key_of(layer, prefix + own, "values")] = array
    return found

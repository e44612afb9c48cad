"""The doctor beside a training: an examination before the first step, a check-up after the last, and the birth of a NaN.

All of it with NumPy on a sample, so that no engine compiles anything for it, and what is learned is not changed by a bit.
"""

from __future__ import annotations

import contextlib
import json
import time
import warnings
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina import engines
from vitrina.doctor.closer import agreement_of, attention_of, has, out_of_step, statistics_anew
from vitrina.doctor.examination import FILE as EXAMINED
from vitrina.doctor.examination import examine, numbers, plain
from vitrina.doctor.first_pass import first_pass
from vitrina.doctor.references import balanced, r2
from vitrina.doctor.targets import class_numbers
from vitrina.engines.engine import whole_batch
from vitrina.errors import VitrinaError
from vitrina.files import write_atomically
from vitrina.folds import by_a_learner, in_two
from vitrina.learning.callbacks import Callback
from vitrina.learning.feed import Examples
from vitrina.learning.stages import answers, back_propagation, error, errors, forward_propagation
from vitrina.learning.step import Recipe, kept, training_step
from vitrina.network.layer import Context
from vitrina.network.network import Network, flatten
from vitrina.network.normalisation import BatchNorm
from vitrina.network.watching import Watch

if TYPE_CHECKING:
    from vitrina.learning.loop import Learner

FILE = "checkup.json"
ROWS, FLOPS = 512, 4e9  # rows of each part that are measured, and what may be computed for them
KEPT = 200_000  # parameters: of larger networks no copy is kept to find out where a NaN was born
SHARE = 0.005  # of the training's time, what copying may take
HARDEST = 12


class CheckUp(Callback):
    """Writes `examination.json` and `checkup.json` into a run. validation: the part that judges, if there is one; names: of
    the columns that the network sees. A disk that is full, or a network that NumPy cannot run, ends it, never the training."""

    def __init__(self, run: Path, validation: Examples | None, names: Sequence[str] = ()) -> None:
        self.run, self.validation, self.names = run, validation, names
        self._before: tuple[int, dict[str, Any]] | None = None
        self._birth: dict[str, Any] | None = None
        self._rests_until = 0.0
        self._seconds = [0.0, 0.0]  # before the first step, and after it

    def training_starts(self, learner: Learner) -> None:
        self._small = sum(a.size for a in flatten(learner.carried["params"]).values()) <= KEPT
        if learner.steps == 0 or not (self.run / EXAMINED).is_file():
            with self._guarded(0):
                carried = learner.carried
                learned, held = in_two(learner.examples)
                params, state = carried["params"], carried["state"]
                examine(learner.recipe, learned, held or self.validation, params, state, self.names).save(self.run)
        with self._guarded():
            self._keep(learner)

    def chunk_done(self, learner: Learner) -> None:
        if np.isfinite(learner.errors).all():
            with self._guarded():
                self._keep(learner)
        elif self._birth is None and self._before is not None:
            with self._guarded():
                self._birth = birth_of_nan(learner, *self._before)

    def training_ends(self, learner: Learner) -> None:
        found: dict[str, Any] | None = None
        with self._guarded():
            found = self._measure(learner)
        if found is not None:
            with self._guarded():
                found["seconds"] = {"examination": self._seconds[0], "checkup": self._seconds[1]}
                write_atomically(self.run / FILE, json.dumps(plain(found)) + "\n")

    def _keep(self, learner: Learner) -> None:
        """Copies what is carried, unless that would take more than its share of the time: one network takes 5 ms an epoch."""
        began = time.perf_counter()
        if self._small and began >= self._rests_until:
            self._before = (learner.steps, learner.carried)
            done = time.perf_counter()
            if (
                learner.steps_per_window == learner.steps_per_epoch
            ):  # of rows in windows, steps long ago are not known exactly
                self._rests_until = done + (done - began) / SHARE

    def _measure(self, learner: Learner) -> dict[str, Any]:
        carried, network = learner.carried, learner.network
        params, state = carried["params"], carried["state"]
        own = kept(carried)["params"]  # what is judged and returned: their running mean, where there is one
        found: dict[str, Any] = {"steps": learner.steps, "stopped": learner.stopped, "birth": self._birth}
        if not all(np.isfinite(array).all() for array in flatten(params).values()):
            return found
        found["train"] = judge(network, own, state, by_a_learner(learner.examples))
        if self.validation:
            found["validation"] = judge(network, own, state, self.validation)
        pass_ = first_pass(learner.recipe, learner.examples.x, learner.examples.y, params, state)
        found["end"] = pass_.to_json() if pass_ else None
        found["rate_scale"] = float(np.asarray(carried["rate_scale"]))
        some = np.sort(np.random.default_rng(2).permutation(learner.examples.rows)[: rows_for(network)])
        found["attention"] = attention_of(network, params, state, learner.examples.x[some])
        found["agreement"] = agreement_of(network, params, state, learner.examples, learner.plan.batch_size)
        if has(network, BatchNorm):
            anew = statistics_anew(network, own, state, learner.examples.x[some])
            judged = judge(network, own, anew, self.validation or learner.examples)
            found["statistics"] = {"judged": judged, **out_of_step(state, anew)}
        return found

    @contextlib.contextmanager
    def _guarded(self, at: int = 1) -> Generator[None]:
        began = time.perf_counter()
        try:
            with contextlib.suppress(OSError, VitrinaError):
                yield
        finally:
            self._seconds[at] += time.perf_counter() - began


def rows_for(network: Network) -> int:
    """How many rows are measured."""
    return max(16, min(ROWS, int(FLOPS / max(1, network.flops))))


def judge(network: Network, params: Any, state: Any, examples: Examples) -> dict[str, Any]:
    """A network on a sample of examples. score: the share that is right of classes, R² of numbers; balanced: the mean of it
    over classes; error: the cost; answers, truth: rows of each class; hardest: [row, error] of the largest errors;
    training_error: the cost on the same rows as while learning (with dropout, and the statistics of the batch)."""
    rows = rows_for(network)
    some = np.sort(np.random.default_rng(2).permutation(examples.rows)[:rows])
    engine = engines.get("numpy")
    ops, cost = engine.ops, network.cost
    put = engine.put({"params": params, "state": state, **examples.take(some).arrays()})
    with np.errstate(all="ignore"):
        prediction = answers(ops, network, put["params"], put["state"], put["x"], put.get("fold"))
        own = np.asarray(cost.per_example(ops, prediction, put["y"]), np.float64)
        key = ops.key(0, np.int32(0)) if network.root.random else None
        taught, _, _ = forward_propagation(
            ops, network, put["params"], put["state"], put["x"], Context(training=True, key=key)
        )
        taught_errors = np.asarray(errors(ops, network, taught, put["y"]), np.float64)
    readable = np.asarray(cost.readable(ops, prediction))
    codes, classes = class_numbers(network, examples.y[some])
    found: dict[str, Any] = {
        "rows": len(some),
        "error": float(own.mean()),
        "training_error": float(taught_errors.mean()),
    }
    if classes:
        said = readable.argmax(axis=-1) if readable.shape[-1] > 1 else (readable[:, 0] > 0.5).astype(np.int64)
        right = (said == codes).astype(np.float64)
        found |= {
            "score": float(right.mean()),
            "balanced": balanced(right, codes),
            "answers": np.bincount(said, minlength=classes).tolist(),
            "truth": np.bincount(codes, minlength=classes).tolist(),
            "certain": float(
                np.mean(readable.max(axis=-1) if readable.shape[-1] > 1 else np.abs(readable - 0.5) + 0.5)
            ),
        }
    elif readable.size == examples.y[some].size:
        value = r2(readable, examples.y[some])
        spread = float(readable.reshape(len(some), -1).std(axis=0).mean())
        found |= {"score": value, "balanced": value, "spread": spread}
    worst = np.argsort(-np.nan_to_num(own))[:HARDEST]
    return found | {"hardest": [[int(some[at]), float(own[at])] for at in worst]}


def birth_of_nan(learner: Learner, step: int, carried: dict[str, Any]) -> dict[str, Any] | None:
    """Goes over the last steps again, in NumPy, until a number is not finite any more.

    step, carried: where the last finite call ended, and what was carried then. Returns the step (from 1), the layer, and of
    what the first such number is ("output", "error", "slope", "weights"); None where NumPy stays finite.
    """
    engine, recipe = engines.get("numpy"), learner.recipe
    run = engine.compile(training_step(recipe), donate=False)
    now = engine.put(carried)
    for number in range(step, learner.steps):
        batch = learner.batch_of(number)
        put = engine.put(batch)
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if (place := _place(engine.ops, recipe, now, put)) is not None:
                return {"step": number + 1, **place}
            now, _ = run(now, put, whole_batch(len(batch["x"])))
            if (name := _broken(now["params"])) is not None:
                return {"step": number + 1, "layer": name.rpartition("/")[0], "of": "weights"}
    return None


def _place(ops: Any, recipe: Recipe, carried: dict[str, Any], batch: dict[str, Any]) -> dict[str, Any] | None:
    network, watch = recipe.network, Watch()
    if not np.isfinite(batch["x"]).all():
        return {"layer": "", "of": "input"}
    if batch["y"].dtype.kind == "f" and not np.isfinite(batch["y"]).all():
        return {"layer": "", "of": "target"}
    key = ops.key(recipe.seed, carried["step"]) if network.root.random else None
    context = Context(training=True, key=key, watch=watch)
    prediction, saved, _ = forward_propagation(ops, network, carried["params"], carried["state"], batch["x"], context)
    for one in watch.passed:
        if not np.isfinite(one.y).all():
            return {"layer": one.name, "of": "output"}
    value, slope = error(ops, network, prediction, batch["y"], np.ones(len(batch["x"]), np.float32))
    if not np.isfinite(value):
        return {"layer": "", "of": "error"}
    back_propagation(ops, network, carried["params"], saved, slope)
    for one in reversed(watch.passed):
        if one.gradients is not None and any(not np.isfinite(g).all() for g in flatten(one.own_gradients).values()):
            return {"layer": one.name, "of": "slope"}
    return None


def _broken(params: Any) -> str | None:
    return next((name for name, array in flatten(params).items() if not np.isfinite(array).all()), None)


def load_checkup(run: Path) -> dict[str, Any] | None:
    """What was measured after the last step; None if nothing was."""
    try:
        return numbers(json.loads((run / FILE).read_text("utf-8")))
    except (OSError, ValueError):
        return None

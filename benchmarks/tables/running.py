"""Each learner in a process of its own, so that one that takes too long can be ended."""

from __future__ import annotations

import os
import sys
import warnings
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.harness import Process
from benchmarks.tables.data import load
from benchmarks.tables.judging import judge
from benchmarks.tables.learners import LEARNERS
from benchmarks.worker import Failure

READY_WITHIN = 300.0  # seconds to import a framework, which nobody is charged for


@dataclass(frozen=True)
class Course:
    """What all learners are put through: a table's folder, rows at most, folds, and seconds that a fold may take."""

    folder: Path
    most_rows: int
    folds: int
    seconds: float


@dataclass(frozen=True)
class Result:
    """A learner on a fold: what it scored and the seconds it took, or why there is no score."""

    table: str
    learner: str
    fold: int
    scores: dict[str, float]
    seconds: float
    failure: str = ""


def serve(pipe: Connection, learner: str, table: str, course: Course) -> None:
    """Runs in a fresh process: answers the number of a fold with scores and seconds, until it is told to stop."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that wait busily slow down whoever shares the machine
    with open(os.devnull, "w") as nowhere:  # some learners talk
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
        os.dup2(nowhere.fileno(), sys.stderr.fileno())
    warnings.simplefilter("ignore")
    task, one = load(table, course.most_rows, course.folder), LEARNERS[learner]
    parts = task.folds(course.folds)
    import_module(one.module)
    pipe.send("ready")
    while (fold := pipe.recv()) != "stop":
        learned, tested = (task.frame[rows] for rows in parts[fold])
        began = perf_counter()
        try:
            prediction = one.predict(task, learned, tested.drop(task.target), fold)
            seconds = perf_counter() - began
            pipe.send((judge(task, task.truth_of(tested), prediction), seconds))
        except Exception as error:  # whatever a library raises, the others go on
            pipe.send(Failure(f"{type(error).__name__}: {error}", ""))


def results(learner: str, table: str, course: Course, wanted: list[int]) -> list[Result]:
    """A learner on the wanted folds of a table. One that takes too long for a fold is ended, and has no score there."""
    found: list[Result] = []
    process: Process | None = None
    for fold in wanted:
        if process is None:
            process = Process(serve, learner, table, course)
            ready = process.receive(READY_WITHIN)
            if isinstance(ready, Failure):
                process.stop()
                return [
                    *found,
                    *(Result(table, learner, left, {}, 0.0, ready.sentence) for left in wanted[len(found) :]),
                ]
        answer: Any = process.ask(fold, course.seconds)
        if isinstance(answer, Failure):
            late = answer.sentence.startswith("no answer")
            found.append(Result(table, learner, fold, {}, course.seconds if late else 0.0, answer.sentence))
            process.stop()
            process = None
        else:
            found.append(Result(table, learner, fold, *answer))
    if process is not None:
        process.stop()
    return found

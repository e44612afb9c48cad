"""What runs inside a contestant's process: get ready, then train when asked, and say how long it took.

Frameworks fight over the cores when they share a process, so each contestant has one of its own, which sits idle at
the end of a pipe until its turn comes.
"""

from __future__ import annotations

import importlib
import os
import resource
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.contestants import Contestant
from benchmarks.deep import Deep
from benchmarks.workloads import Weights, Workload


@dataclass(frozen=True)
class Ready:
    """A contestant that has warmed up: what that cost, in seconds, and its weights after the check epochs."""

    import_seconds: float
    compile_seconds: float  # building, and what the first epoch took beyond an ordinary one
    epoch_seconds: float
    weights: Weights


@dataclass(frozen=True)
class Turn:
    """One turn of training."""

    steps: int
    seconds: float


@dataclass(frozen=True)
class Failure:
    """Why a contestant is not in the tables."""

    sentence: str
    traceback: str


def serve(pipe: Connection, contestant: Contestant, workload: Workload | Deep) -> None:
    """Runs in a fresh process. Sends Ready, answers ("train", seconds) with a Turn and ("memory",) with bytes."""
    os.environ.update(contestant.environment)
    with open(os.devnull, "w") as nowhere:  # frameworks chat on both; what goes wrong comes back through the pipe
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
        os.dup2(nowhere.fileno(), sys.stderr.fileno())
    with tempfile.TemporaryDirectory() as cache:  # or torch.compile would find what the last run compiled, on disk
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = cache
        try:
            run, ready = warm_up(contestant, workload)
            pipe.send(ready)
            while (request := pipe.recv()) != "stop":
                pipe.send(
                    peak_memory() if request[0] == "memory" else train(run, workload, ready.epoch_seconds, request[1])
                )
        except EOFError:  # the harness is gone
            return
        except BaseException as error:  # whatever a framework does, the others go on and the table says what happened
            last = str(error).strip().splitlines()
            pipe.send(Failure(f"{type(error).__name__}: {last[0] if last else ''}"[:200], traceback.format_exc()))


def warm_up(contestant: Contestant, workload: Workload | Deep) -> tuple[Callable[[int], Weights], Ready]:
    """Imports, builds and compiles, then trains exactly the workload's check epochs, each part on the clock."""
    began = perf_counter()
    module = contestant.module_for(workload)
    for name in (*contestant.imports, module):
        importlib.import_module(name)
    imported = perf_counter()
    data, start = workload.data(), workload.start()
    began_to_build = perf_counter()
    run = importlib.import_module(module).prepare(workload, data, start, **contestant.options)
    run(1)
    compiled = perf_counter()
    weights: Any = run(workload.check_epochs - 1)
    epoch_seconds = (perf_counter() - compiled) / (workload.check_epochs - 1)
    weights = weights() if callable(weights) else weights  # a deeper network judges itself, off the clock
    compile_seconds = max(0.0, compiled - began_to_build - epoch_seconds)
    return run, Ready(imported - began, compile_seconds, epoch_seconds, weights)


def train(run: Callable[[int], Weights], workload: Workload | Deep, epoch_seconds: float, seconds: float) -> Turn:
    """Whole epochs, at least one, for about so many seconds; what a call costs beside its epochs is part of it."""
    epochs = max(1, round(seconds / epoch_seconds))
    began = perf_counter()
    run(epochs)
    return Turn(epochs * workload.steps_per_epoch, perf_counter() - began)


def learn(contestant: Contestant, workload: Workload | Deep, epochs: int) -> Any:
    """What the contestant's weights are after so many epochs; to be called in a fresh process."""
    os.environ.update(contestant.environment)
    prepare = importlib.import_module(contestant.module_for(workload)).prepare
    weights = prepare(workload, workload.data(), workload.start(), **contestant.options)(epochs)
    return weights() if callable(weights) else weights


def peak_memory() -> int:
    """Bytes this process has had resident at most; Linux's VmHWM where it is, as ru_maxrss counts the parent too."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) * 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

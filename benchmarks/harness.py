"""Starts every contestant, lets them take turns, and writes down what each took."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from benchmarks import machine, worker
from benchmarks.contestants import Contestant
from benchmarks.deep import Deep
from benchmarks.workloads import Workload

READY_WITHIN = 600.0  # seconds to import, build, compile and do the check epochs
SETTLE = 0.3  # seconds between turns: the threads of some frameworks spin on for a while after their work is done
SLOW_EPOCH = 10.0  # seconds; who needs longer for a single epoch gets one turn only
MATRIX_LIBRARIES = ("numpy", "torch", "jax")
REPEATS = 3  # matrix products per library and round

Say = Callable[[str], None]


@dataclass
class Measurement:
    """Everything known of one contestant on one workload."""

    workload: str
    contestant: str
    kind: str
    flops_per_step: int
    import_seconds: float = 0.0
    compile_seconds: float = 0.0
    loss: float = float("nan")  # after the workload's check epochs, by the judge in workloads.py
    seconds_per_step: list[float] = field(default_factory=list[float])  # one per round
    peak_bytes: int = 0
    failure: str = ""

    @property
    def step(self) -> float:
        """Seconds per training step: the median of the rounds."""
        return median(self.seconds_per_step) if self.seconds_per_step else float("nan")

    @property
    def measured(self) -> bool:
        return bool(self.seconds_per_step) and not self.failure

    @property
    def flops_per_second(self) -> float:
        return self.flops_per_step / self.step


@dataclass
class Session:
    """One run of the benchmark: the machine, how it was run, and every measurement."""

    machine: dict[str, str]
    rounds: int
    seconds: float
    peak_flops: dict[str, float] = field(default_factory=dict[str, float])  # best matrix product of each library
    measurements: list[Measurement] = field(default_factory=list[Measurement])

    @property
    def peak(self) -> float:
        return max(self.peak_flops.values(), default=float("nan"))

    def of(self, workload: str) -> dict[str, Measurement]:
        """By contestant, only those that were measured."""
        return {m.contestant: m for m in self.measurements if m.workload == workload and m.measured}

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Session:
        session = cls(**saved)
        session.measurements = [Measurement(**one) for one in saved["measurements"]]
        return session


class Process:
    """A fresh process at the other end of a pipe."""

    def __init__(self, target: Callable[..., None], *arguments: Any) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=target, args=(theirs, *arguments))
        self._process.start()
        theirs.close()  # so that recv ends when the process does

    def receive(self, within: float) -> Any:
        """The next answer, or a Failure: none may come from a process that crashed or hangs."""
        try:
            if self.pipe.poll(within):
                return self.pipe.recv()
            return worker.Failure(f"no answer within {within:.0f} s", "")
        except (EOFError, ConnectionResetError):
            self._process.join(5)
            return worker.Failure(f"its process ended with status {self._process.exitcode}", "")

    def ask(self, request: Any, within: float) -> Any:
        try:
            self.pipe.send(request)
        except (BrokenPipeError, ConnectionResetError):
            return self.receive(0)
        return self.receive(within)

    def stop(self) -> None:
        with suppress(BrokenPipeError, ConnectionResetError, OSError):
            self.pipe.send("stop")
        self._process.join(1)  # some frameworks hang on their way out
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


@dataclass
class Entrant:
    """A contestant that is ready and waits for its turn."""

    process: Process
    measurement: Measurement
    epoch_seconds: float


def measure(
    workloads: Iterable[Workload | Deep], contestants: Iterable[Contestant], rounds: int, seconds: float, say: Say
) -> Session:
    """Every contestant on every workload; `seconds` is about how long one turn is."""
    session, contestants = Session(machine.describe(), rounds, seconds), list(contestants)
    products = {library: Process(machine.serve_matrix_product, library) for library in MATRIX_LIBRARIES}
    try:
        for workload in workloads:
            _measure_workload(session, workload, contestants, products, say)
    finally:
        for process in products.values():
            process.stop()
    return session


def _measure_workload(
    session: Session, workload: Workload | Deep, contestants: list[Contestant], products: dict[str, Process], say: Say
) -> None:
    entrants: list[Entrant] = []
    try:
        for contestant in contestants:
            if not contestant.can_learn(workload):
                continue
            say(f"{workload.name}: {contestant.name} gets ready")
            measurement = Measurement(workload.name, contestant.name, contestant.kind, workload.flops_per_step())
            session.measurements.append(measurement)
            if entrant := _enter(contestant, workload, measurement, say):
                entrants.append(entrant)
            else:
                say(f"{workload.name}: {contestant.name} does not take part: {measurement.failure}")
        for number in range(session.rounds):
            say(f"{workload.name}: round {number + 1} of {session.rounds}")
            _take_matrix_products(session, products)
            for entrant in entrants:
                _take_turn(entrant, number, session.seconds)
        for entrant in entrants:
            answer = entrant.process.ask(("memory",), within=10)
            entrant.measurement.peak_bytes = answer if isinstance(answer, int) else 0
    finally:
        for entrant in entrants:
            entrant.process.stop()


def _enter(contestant: Contestant, workload: Workload | Deep, measurement: Measurement, say: Say) -> Entrant | None:
    process = Process(worker.serve, contestant, workload)
    ready = process.receive(READY_WITHIN)
    if isinstance(ready, worker.Failure):
        measurement.failure = ready.sentence
        say(ready.traceback)
        process.stop()
        return None
    measurement.import_seconds, measurement.compile_seconds = ready.import_seconds, ready.compile_seconds
    measurement.loss = workload.loss(ready.weights, *workload.data())
    return Entrant(process, measurement, ready.epoch_seconds)


def _take_turn(entrant: Entrant, number: int, seconds: float) -> None:
    if entrant.measurement.failure or (number and entrant.epoch_seconds > SLOW_EPOCH):
        return
    time.sleep(SETTLE)
    answer = entrant.process.ask(("train", seconds), within=60 + 20 * max(seconds, entrant.epoch_seconds))
    if isinstance(answer, worker.Failure):
        entrant.measurement.failure = answer.sentence
    else:
        entrant.measurement.seconds_per_step.append(answer.seconds / answer.steps)


def _take_matrix_products(session: Session, products: dict[str, Process]) -> None:
    for library, process in products.items():
        time.sleep(SETTLE)
        answers = [process.ask("product", within=60) for _ in range(REPEATS)]
        speeds = [answer for answer in answers if isinstance(answer, float)]
        if speeds:
            session.peak_flops[library] = max(session.peak_flops.get(library, 0.0), *speeds)

"""What a population costs: networks taught in one program, against one of them alone.

`python -m benchmarks.population [--out FILE]`: 30-32-16-2, batch 32, Adam, JAX, each with its own rows. Sizes take turns;
a time is the median of the rounds. Writes a Markdown section.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

from benchmarks import machine
from vitrina import engines
from vitrina.learning.feed import Examples
from vitrina.learning.loop import Learner, Plan
from vitrina.learning.optimizers import Adam
from vitrina.learning.population import Member, PopulationLearner
from vitrina.learning.schedules import ConstantRate
from vitrina.learning.step import Recipe
from vitrina.network import Dense, Input, Network

SIZES = (1, 2, 4, 8, 16, 32, 64)
ROWS, BATCH, EPOCHS, ROUNDS = 8192, 32, 2, 9
NETWORK = Network(Input((30,)), Dense(32, "relu"), Dense(16, "relu"), Dense(2))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # pyright: ignore[reportOptionalMemberAccess]
    options.add_argument("--out", type=Path, help="a file to write the section to")
    options.add_argument("--engine", default="jax")
    given = options.parse_args()
    text = section(given.engine, measured(given.engine))
    print(text)
    if given.out:
        given.out.write_text(text, "utf-8")


def measured(engine: str) -> dict[int, list[float]]:
    """Seconds a step, by rounds, of 0 (one network by the loop for one) and of each size of population."""
    turns = {0: _alone(engine)} | {size: _together(engine, size) for size in SIZES}
    for turn in turns.values():
        turn()  # compiles
    seconds: dict[int, list[float]] = {size: [] for size in turns}
    for _ in range(ROUNDS):
        for size, turn in turns.items():
            began = perf_counter()
            turn()
            seconds[size].append((perf_counter() - began) / (EPOCHS * ROWS // BATCH))
    return seconds


def section(engine: str, seconds: dict[int, list[float]]) -> str:
    """The Markdown: µs a step, and how many single networks that is."""
    one = median(seconds[0])
    lines = [
        "## Many networks at once",
        "",
        f"`python -m benchmarks.population --engine {engine}`: 30-32-16-2, batch {BATCH}, Adam, float32, no validation; members",
        "differ in their seeds, so each has its own rows. `times one` is the ratio to one network taught by the loop for one.",
        "",
        *(f"- {name}: {value}" for name, value in machine.describe().items()),
        "",
        "| networks | µs/step | times one | per network |",
        "| ---: | ---: | ---: | ---: |",
    ]
    for size, rounds in seconds.items():
        ratio = median(rounds) / one
        name = str(size) if size else "1 (alone)"
        lines.append(f"| {name} | {median(rounds) * 1e6:.1f} | {ratio:.2f} | {ratio / max(size, 1):.2f} |")
    return "\n".join(lines) + "\n"


def _examples() -> Examples:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, 30))
    return Examples(x, (x[:, 0] > 0).astype(np.int32))


def _recipe(seed: int = 0) -> Recipe:
    return Recipe(NETWORK, Adam(1e-3), ConstantRate(), EPOCHS * ROWS // BATCH, seed)


def _alone(engine: str) -> Callable[[], None]:
    learner = Learner(engines.get(engine), _recipe(), Plan(BATCH, EPOCHS), _examples())

    def turn() -> None:
        learner.plan = Plan(BATCH, learner.epoch + EPOCHS)
        learner.run()

    return turn


def _together(engine: str, size: int) -> Callable[[], None]:
    members = [Member(seed, 1e-3) for seed in range(size)]
    learner = PopulationLearner(engines.get(engine), _recipe(), Plan(BATCH, EPOCHS), members, _examples())

    def turn() -> None:
        learner.plan = Plan(BATCH, learner.epoch + EPOCHS)
        learner.run()

    return turn


if __name__ == "__main__":
    main()

"""engine="auto": what was measured decides; else a short race, if the training is worth it; else a rule of thumb."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping

from vitrina import engines
from vitrina.learning.feed import Examples
from vitrina.learning.optimizers import Optimizer
from vitrina.network.network import Network
from vitrina.racing import cache
from vitrina.racing.contest import EPOCH_SECONDS, SECONDS, run
from vitrina.racing.estimates import Estimate, estimates
from vitrina.racing.standings import Standing

SHARE = 0.03  # of the training that may be spent on finding out who does it best
LEAST = 1.0  # seconds that may be spent whatever the training takes
AGAIN = 1.3  # of an estimated start: a contestant's process also has to load NumPy and read the examples

Runner = Callable[[list[str], float], Mapping[str, Standing]]  # engines, seconds for all of them


def decide(
    network: Network, examples: Examples, batch_size: int, epochs: int, precision: str, optimizer: Optimizer
) -> tuple[str, str]:
    """The contestant that will finish this training first, such as "jax:scan", and how that is known.

    Spends at most 3 % of the expected training time or 1 s, whichever is more. Never raises on account of a race, nor of a
    framework that is damaged as long as another is not.
    """
    steps = -(-examples.rows // batch_size) * epochs
    likely = estimates(network, batch_size)

    def known() -> Mapping[str, Standing]:
        return cache.load(cache.key(network, batch_size, precision, type(optimizer).__name__))

    def runner(entrants: list[str], within: float) -> Mapping[str, Standing]:
        data = examples.x, examples.y
        return run(network, data, batch_size, precision, optimizer, entrants, within=within)

    while True:
        engine, why = choose(likely, steps, known, runner)
        with contextlib.suppress(Exception):  # a damaged framework, a GPU that does not answer
            engines.get(engine, precision)
            return engine, why
        likely = [one for one in likely if one.engine != engine]
        if not likely:  # then the training itself says what is wrong
            return engine, why


def choose(
    likely: list[Estimate], steps: int, known: Callable[[], Mapping[str, Standing]], runner: Runner
) -> tuple[str, str]:
    """The same for given estimates: `known` looks up what was measured before, `runner` measures.

    What was measured decides only where the likeliest contestant is among it: to be the best of those that somebody happened
    to race says nothing.
    """
    if not likely:
        return "numpy", "rule of thumb"
    likely = sorted(likely, key=lambda one: one.seconds(steps))
    favourite = likely[0].engine
    expected = likely[0].seconds(steps)
    if expected <= LEAST:  # over before anything could be looked up that would matter
        return favourite, "rule of thumb"
    able = {one.engine for one in likely}
    measured = {engine: one for engine, one in known().items() if engine in able}
    if favourite not in measured or len(measured) == 1:
        budget = max(LEAST, SHARE * expected)
        entrants = entered([one for one in likely if one.engine not in measured], steps, budget, 3.0 * expected)
        if len(measured) + len(entrants) > 1 and favourite in {*measured, *entrants}:
            with contextlib.suppress(
                Exception
            ):  # whatever goes wrong in a race, the training that was asked for goes on
                measured |= runner(entrants, budget)
    if favourite not in measured:
        return favourite, "rule of thumb"
    found = [one for one in measured.values() if one.problem is None]
    if not found:
        untried = [one.engine for one in likely if one.engine not in measured]
        return (untried or [favourite])[0], "rule of thumb"
    best = min(found, key=lambda one: one.seconds(steps))
    rest = sorted(engine for engine in measured if engine != best.engine)
    return best.engine, f"raced against {', '.join(rest)}" if rest else "rule of thumb"


def entered(likely: list[Estimate], steps: int, budget: float, longest: float) -> list[str]:
    """The likeliest contestants whose races fit into the budget; none that would take longer than `longest`.

    Whoever starts soonest goes first, so that one who compiles for longer than expected takes nobody else's time.
    budget, longest: seconds.
    """
    entrants: list[Estimate] = []
    for one in likely:
        cost = AGAIN * one.start + 0.3 + max(SECONDS + EPOCH_SECONDS, 8.0 * one.step)
        if one.seconds(steps) <= longest and cost <= budget:
            entrants.append(one)
            budget -= cost
    return [one.engine for one in sorted(entrants, key=lambda one: one.start)]

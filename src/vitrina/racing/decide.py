"""engine="auto": what was measured decides; else a short race, if the training is worth it; else a rule of thumb."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from vitrina.learning.loop import Examples
from vitrina.learning.optimizers import Optimizer
from vitrina.network.network import Network
from vitrina.racing import cache
from vitrina.racing.contest import EPOCH_SECONDS, SECONDS, run
from vitrina.racing.estimates import Estimate, estimates
from vitrina.racing.standings import Standing

SHARE = 0.03  # of the training that may be spent on finding out who does it best
LEAST = 1.0  # seconds that may be spent whatever the training takes
AGAIN = 1.3  # of an estimated start: a contestant's process also has to load NumPy and read the examples

Runner = Callable[[list[str]], Mapping[str, Standing]]


def decide(
    network: Network, examples: Examples, batch_size: int, epochs: int, precision: str, optimizer: Optimizer
) -> tuple[str, str]:
    """The contestant that will finish this training first, such as "jax:scan", and how that is known.

    Spends at most 3 % of the expected training time or 1 s, whichever is more. Never raises on account of a race.
    """
    steps = -(-examples.rows // batch_size) * epochs
    name = cache.key(network, batch_size, precision, type(optimizer).__name__)

    def runner(engines: list[str]) -> Mapping[str, Standing]:
        return run(network, (examples.x, examples.y), batch_size, precision, optimizer, engines)

    return choose(estimates(network, batch_size), steps, lambda: cache.load(name), runner)


def choose(
    likely: list[Estimate], steps: int, known: Callable[[], Mapping[str, Standing]], runner: Runner
) -> tuple[str, str]:
    """The same for given estimates: `known` looks up what was measured before, `runner` measures."""
    if not likely:
        return "numpy", "rule of thumb"
    likely = sorted(likely, key=lambda one: one.seconds(steps))
    expected = likely[0].seconds(steps)
    budget = max(LEAST, SHARE * expected)
    entrants = entered(likely, steps, budget)
    if expected <= LEAST:  # over before anything could be looked up that would matter
        return likely[0].engine, "rule of thumb"
    measured = dict(known())
    if not measured and len(entrants) > 1:
        try:
            measured = dict(runner(entrants))
        except Exception:  # whatever goes wrong in a race, the training that was asked for goes on
            measured = {}
    able = {one.engine for one in likely}
    found = [one for one in measured.values() if one.problem is None and one.engine in able]
    if not found:
        return likely[0].engine, "rule of thumb"
    best = min(found, key=lambda one: one.seconds(steps))
    rest = sorted(one.engine for one in found if one is not best)
    return best.engine, f"raced against {', '.join(rest)}" if rest else "measured before"


def entered(likely: list[Estimate], steps: int, budget: float) -> list[str]:
    """The contestants, the likeliest first, whose races fit into the budget, in seconds; those far behind do not enter."""
    entrants: list[str] = []
    for one in likely:
        cost = AGAIN * one.start + 0.3 + max(SECONDS + EPOCH_SECONDS, 8.0 * one.step)
        if one.seconds(steps) <= 3.0 * likely[0].seconds(steps) and cost <= budget:
            entrants.append(one.engine)
            budget -= cost
    return entrants

"""The learning-rate range test: one network taught for a few steps at many rates, from the same start on the same batches.

Smith (2015), arXiv:1506.01186, raises the rate within one training, so that each rate starts from what the ones before have
left. Here each rate has a network of its own, all in one program, and the errors can be compared batch by batch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitrina.engines.engine import Chunk, Engine, tree_map
from vitrina.learning.batches import batched, order_of
from vitrina.learning.feed import Examples
from vitrina.learning.schedules import ConstantRate
from vitrina.learning.step import Recipe, for_each_member, start, training_step
from vitrina.locale import say
from vitrina.network.layer import Tree

TAIL = 1 / 3  # of the steps: the last ones, whose mean error a rate is judged by
ENOUGH = 0.9  # of the greatest fall of the error: the smallest rate that reaches it is suggested
GOOD = 0.75  # of it: a rate that reaches this is as good as any, as far as a short test can tell
ROOM = 3.0  # how far below the first rate that does harm the suggestion stays
CERTAIN = 3.0  # standard errors a fall must have, to be more than noise
LEAST = 0.02  # of the first error: a smaller fall is none


@dataclass(frozen=True)
class RangeTest:
    """Errors by learning rate. rates (n,), rising; errors (n,): mean error of the last steps, smoothed over neighbours, NaN
    where it was infinite or NaN; untaught: that of the first weights on the same batches; steps: of each rate.

    suggestion: a rate, or None where the test decides nothing; why: the reason, one sentence. good: the lowest and highest
    rates between which the error falls by at least `GOOD` of the most, clear of those that do harm; None without suggestion.
    """

    rates: np.ndarray
    errors: np.ndarray
    untaught: float
    steps: int
    suggestion: float | None
    why: str
    good: tuple[float, float] | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain lists and numbers; None for an error that is no number."""
        errors = [float(error) if math.isfinite(error) else None for error in self.errors]
        return {
            "suggestion": self.suggestion,
            "why": self.why,
            "steps": self.steps,
            "untaught_error": self.untaught,
            "rates": self.rates.tolist(),
            "errors": errors,
        }


def spread(usual: float, count: int) -> np.ndarray:
    """Rates to test: from a hundredth of the usual one to a thousand times it, each the same factor from the next."""
    return usual * np.logspace(-2.0, 3.0, count)


def range_test(
    engine: Engine,
    recipe: Recipe,
    examples: Examples,
    batch_size: int,
    rates: np.ndarray,
    steps: int,
    weights: tuple[Tree, Tree] | None = None,
) -> RangeTest:
    """Teaches a network for each rate, and one more at rate 0: what the others are compared with.

    recipe: its schedule is left out. weights: first parameters and state; None builds them from the recipe's seed.
    """
    recipe = Recipe(recipe.network, recipe.optimizer, ConstantRate(), steps, recipe.seed, recipe.gradient_clip)
    params, state = weights if weights is not None else recipe.network.build(recipe.seed)
    scales = np.concatenate([[0.0], rates / recipe.optimizer.rate])
    carried = tree_map(lambda array: np.stack([array] * len(scales)), start(recipe, params, state))
    carried["rate_scale"] = scales
    index, present = _batches(examples.rows, batch_size, steps, recipe.seed)
    flops = 3 * batch_size * recipe.network.flops
    run = engine.compile(for_each_member(training_step(recipe), own_batches=False), flops=flops)
    with np.errstate(all="ignore"):  # rates that are too high are part of the test
        data = engine.put(examples.arrays())
        _, measured = run(engine.put(carried), data, Chunk(index, present, steps))
    errors = measured["error"].astype(np.float64)  # (steps, 1 + rates)
    return judged(errors[-max(3, round(steps * TAIL)) :], rates, steps)


def judged(errors: np.ndarray, rates: np.ndarray, steps: int) -> RangeTest:
    """errors (last steps, 1 + rates), the first column untaught -> what they say about the rates."""
    untaught = float(errors[:, 0].mean())
    means = errors[:, 1:].mean(axis=0)
    means = np.where(np.isfinite(means), means, np.nan)
    smooth = _smoothed(means)

    def told(suggestion: float | None, why: str) -> RangeTest:
        return RangeTest(rates, smooth, untaught, steps, suggestion, why)

    if not math.isfinite(untaught) or np.isnan(smooth).all():
        return told(
            None,
            say("the error is infinite or NaN at every rate from {rate:.2g} on; scale the data", rate=rates[0]),
        )
    lowest = int(np.nanargmin(smooth))
    fall = untaught - smooth[lowest]
    gain = errors[:, 0] - errors[:, 1 + lowest]
    noise = gain.std(ddof=1) / math.sqrt(len(gain))
    if fall <= 0.0 and smooth[0] > untaught * (1.0 + LEAST):
        return told(
            None,
            say(
                "the error rises at every rate from {rate:.2g} on; scale the data, or look at the network",
                rate=rates[0],
            ),
        )
    if not fall > max(LEAST * abs(untaught), CERTAIN * noise):
        return told(
            None, say("the error is flat: within {steps} steps no rate lowers it by more than noise", steps=steps)
        )
    harmful = next((at for at in range(lowest + 1, len(rates)) if not smooth[at] <= untaught), None)
    ceiling = math.inf if harmful is None else rates[harmful] / ROOM
    enough = next(at for at in range(len(rates)) if untaught - smooth[at] >= ENOUGH * fall)
    chosen = float(min(rates[enough], ceiling))
    facts: dict[str, Any] = {"steps": steps, "untaught": untaught, "taught": smooth[enough], "share": ENOUGH}
    if harmful is None:
        why = say(
            "within {steps} steps it lowers the error from {untaught:.3g} to {taught:.3g}, "
            "{share:.0%} of the most that any rate does",
            **facts,
        )
    else:
        why = say(
            "within {steps} steps it lowers the error from {untaught:.3g} to {taught:.3g}, "
            "{share:.0%} of the most that any rate does; from {rate:.2g} on the error rises",
            rate=rates[harmful],
            **facts,
        )
    near = [float(rate) for at, rate in enumerate(rates) if untaught - smooth[at] >= GOOD * fall and rate <= ceiling]
    good = (min(near), max(near)) if near else (chosen, chosen)
    return RangeTest(rates, smooth, untaught, steps, float(f"{chosen:.2g}"), why, good)


def _smoothed(errors: np.ndarray) -> np.ndarray:
    """Each error averaged with its neighbours, as 1 : 2 : 1; one that is no number stays alone."""
    padded = np.concatenate([errors[:1], errors, errors[-1:]])
    around = np.stack([padded[:-2], errors, errors, padded[2:]])
    around = np.where(np.isnan(around), errors, around)
    return around.mean(axis=0)


def _batches(rows: int, batch_size: int, steps: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The first steps that training would see, epoch after epoch."""
    index, present = zip(
        *(
            batched(order_of(rows, seed, epoch, True), batch_size)
            for epoch in range(-(-steps // (-(-rows // batch_size))))
        ),
        strict=True,
    )
    return np.concatenate(index)[:steps], np.concatenate(present)[:steps]

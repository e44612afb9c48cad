"""The learning rate found before a training: by a range test, whose length is decided by counts and never by the clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np

from vitrina import engines
from vitrina.arguments import whole_number, whole_or_none
from vitrina.data.splits import Division
from vitrina.learning.feed import Examples
from vitrina.learning.loop import Plan
from vitrina.learning.optimizers import Lion, Optimizer, optimizer_named
from vitrina.learning.range_test import RangeTest, range_test, spread
from vitrina.learning.schedules import ConstantRate
from vitrina.learning.step import Recipe
from vitrina.locale import say
from vitrina.material import gather
from vitrina.network.network import Network
from vitrina.racing.estimates import choose_engine, estimates, needs_derivative, with_variant

RATES, STEPS = 21, 100  # of a test that is asked for: four rates to a decade
SECONDS = 10.0  # about what it may take, by a rule of thumb
# Of the test before a training: half decades around the usual rate, on NumPy, which has nothing to compile.
SHARE, BRIEF, FEWEST_STEPS = 0.1, 1.0, 20  # of the training's steps; seconds; steps of a rate
AROUND = np.logspace(-1.5, 2.0, 8)
# Times the usual rate: what is best for a hundred steps is too high for a thousand (measured on digits: 10 times was worse).
BOLDEST = 3.0


@dataclass(frozen=True)
class FoundRate:
    """What `vt.find_learning_rate` returns. suggestion: the rate to use; why: in one sentence; test: what was measured.

    decided: False where the test decides nothing, and `suggestion` is the optimizer's usual rate.
    """

    suggestion: float
    why: str
    decided: bool
    test: RangeTest
    optimizer: str
    engine: str

    def to_json(self) -> dict[str, Any]:
        own = {"suggestion": self.suggestion, "why": self.why, "decided": self.decided}
        return self.test.to_json() | own | {"optimizer": self.optimizer, "engine": self.engine}

    def to_svg(self) -> str:
        """The errors by rate as a picture."""
        from vitrina.learning.range_plot import range_svg

        return range_svg(self.test, self.suggestion)

    def __str__(self) -> str:
        from vitrina.learning.range_plot import range_lines

        told = say("learning rate {rate:g}: {why}", rate=self.suggestion, why=self.why)
        return f"{range_lines(self.test, self.suggestion)}\n{told}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.to_svg()


def find_learning_rate(
    network: Network | None,
    data: Any,
    target: str | None = None,
    *,
    engine: str = "auto",
    optimizer: str | Optimizer | None = None,
    batch_size: int | None = None,
    seed: int = 0,
    precision: str = "float32",
    columns: Mapping[str, str] | None = None,
    drop: Sequence[str] = (),
    image_size: Sequence[int] | None = None,
    time: str | None = None,
    group: str | None = None,
    split: str | None = None,
    gap: str | float | timedelta | None = None,
    drop_leaks: bool = False,
) -> FoundRate:
    """Tries 21 learning rates side by side, from a hundredth of the usual one to a thousand times it, for up to 100 steps.

    All start from the same weights and see the same batches of the training part (Smith 2015, arXiv:1506.01186). The
    suggestion is the smallest rate that lowers the error by 90 % of the most that any does, and at most a third of the
    first rate that raises it. Where nothing is decided it is the usual rate, and `why` says so.
    network None: one is chosen for the data. Other arguments as in `vt.train`; the rows that `vt.train` would hold back with
    the same seed are not looked at.

    Raises DataError, NetworkError, EngineError or UsageError, each with one sentence that says what to do.
    """
    batch_size, seed = whole_or_none("batch_size", batch_size), whole_number("seed", seed, least=0)
    division = Division(time, group, split, gap)
    material = gather(
        data, target, network, None, None, seed, columns, drop, image_size, division, drop_leaks, stream=None
    )
    rows = material.rows
    suggestion = None
    if network is None:
        suggestion = material.suggestion()
        network = suggestion.network
    chosen = optimizer_named(optimizer)
    batch = min(batch_size or (suggestion.batch_size if suggestion else 32), rows)
    step = min(one.step for one in estimates(network, batch))
    steps = int(min(STEPS, max(FEWEST_STEPS, SECONDS / ((RATES + 1) * step))))
    if engine == "auto":
        engine = choose_engine(network, steps * batch, batch, RATES + 1)
    engine = with_variant(engine, network, steps * batch, batch, RATES + 1)
    made = Recipe(network, chosen, ConstantRate(), steps, seed)
    test = range_test(
        engines.get(engine, precision), made, material.train, batch, spread(chosen.usual_rate, RATES), steps
    )
    decided = test.suggestion is not None
    why = test.why
    if not decided:
        why = say("{why}; this is the usual rate of {name}", why=test.why, name=type(chosen).__name__)
    rate = test.suggestion if test.suggestion is not None else chosen.usual_rate
    return FoundRate(rate, why, decided, test, type(chosen).__name__, engine)


def rate_for(
    optimizer: Optimizer, recipe: Recipe, plan: Plan, examples: Examples, weights: Any = None
) -> tuple[Optimizer, str]:
    """The optimizer with the rate a training is to use, and why that one.

    A rate that was given stays. Otherwise a brief range test decides, if a tenth of the training's steps, or about a
    second, is enough for it; else the rate is the usual one. All by counts, so that a seed gives the same rate each time,
    on every engine.
    """
    if optimizer.learning_rate is not None:
        return optimizer, "given"
    usual = replace(optimizer, learning_rate=optimizer.usual_rate)
    name = type(optimizer).__name__
    if needs_derivative(recipe.network):
        return usual, say(
            "the usual rate of {name}: a layer without a backward pass is not tried on NumPy beforehand", name=name
        )
    steps = affordable(recipe.network, plan, examples.rows)
    if steps < FEWEST_STEPS:
        return usual, say(
            "the usual rate of {name}: the training is too short, or its steps too long, to try others first", name=name
        )
    test = range_test(
        engines.get("numpy"), recipe, examples, plan.batch_size, optimizer.usual_rate * AROUND, steps, weights
    )
    if test.suggestion is None:
        return usual, say("the usual rate of {name}: {why}", name=name, why=test.why)
    if isinstance(optimizer, Lion) and test.suggestion > optimizer.usual_rate:
        # measured on digits: 3 times the usual rate ended worse for five seeds of six
        return usual, say(
            "the usual rate of {name}: its steps never shrink, so a short test makes high rates look too good",
            name=name,
        )
    low, high = test.good or (test.suggestion, test.suggestion)
    if low <= optimizer.usual_rate * 1.001 and optimizer.usual_rate <= high * 1.001:
        return usual, say(
            "the usual rate of {name}: within {steps} steps no other is clearly better", name=name, steps=test.steps
        )
    if test.suggestion <= BOLDEST * optimizer.usual_rate:
        return replace(optimizer, learning_rate=test.suggestion), test.why
    bold = float(f"{BOLDEST * optimizer.usual_rate:.2g}")
    why = say(
        "{times:g} times the usual rate of {name}, which is bold enough: {why} at {rate:g}",
        times=BOLDEST,
        name=name,
        why=test.why,
        rate=test.suggestion,
    )
    return replace(optimizer, learning_rate=bold), why


def affordable(network: Network, plan: Plan, rows: int) -> int:
    """How many steps of each rate a tenth of the training's steps allow, and about a second on NumPy."""
    members = len(AROUND) + 1
    seconds = next(one.step for one in estimates(network, plan.batch_size) if one.engine == "numpy")
    within = SHARE * plan.epochs * plan.steps_per_epoch(rows)
    return int(min(STEPS, within / members, BRIEF / seconds / members))

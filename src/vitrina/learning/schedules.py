"""How the learning rate changes while training: a schedule gives a factor, the rate itself stays the optimizer's.

A step is one change of the weights. Lengths are shares of the whole training (0 to 1), so that one schedule fits ten
steps and a million.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from vitrina.locale import say
from vitrina.network.codec import Described, numbers
from vitrina.network.layer import require, snake_case
from vitrina.network.ops import Array, Ops

ROUNDING = (
    1e-6  # of a training: a share that is less than this away has been reached, so that engines agree on the step
)


@dataclass(frozen=True)
class Schedule(Described):
    """What the optimizer's learning rate is multiplied by at `progress`, the share of training that is done."""

    def factor(self, ops: Ops, progress: Array) -> Any:
        """progress: a number from 0 (first step) up to 1 -> the factor."""
        return 1.0

    @property
    def is_flat(self) -> bool:
        """True if the factor is 1 throughout, so that a step need not ask for it."""
        return type(self).factor is Schedule.factor


@dataclass(frozen=True)
class ConstantRate(Schedule):
    """The same learning rate throughout."""


@dataclass(frozen=True)
class StepDecay(Schedule):
    """Times `decay` after each of the given shares of the training (He et al. 2015 use 1/2 and 3/4)."""

    at: tuple[float, ...] = (0.5, 0.75)
    decay: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        given: Any = self.at
        shares = numbers(given)
        require(
            shares is not None and all(0.0 < share < 1.0 for share in shares),
            say("step: shares lie between 0 and 1, not {value}", value=given),
        )
        object.__setattr__(self, "at", shares)
        require(
            self.decay > 0.0,
            say("{kind}: {name} must be above 0, not {value!r}", kind="step", name="decay", value=self.decay),
        )

    def factor(self, ops: Ops, progress: Array) -> Any:
        factor = ops.ones_like(progress)
        for share in self.at:
            factor = ops.where(progress >= share - ROUNDING, factor * self.decay, factor)
        return factor


@dataclass(frozen=True)
class Cosine(Schedule):
    """Half a cosine from 1 down to `floor`. Loshchilov and Hutter (2016), arXiv:1608.03983, eq. 5, without restarts."""

    floor: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        require(
            0.0 <= self.floor <= 1.0,
            say(
                "{kind}: {name} must lie between 0 and 1, not {value!r}", kind="cosine", name="floor", value=self.floor
            ),
        )

    def factor(self, ops: Ops, progress: Array) -> Any:
        return _cosine(ops, progress, 1.0, self.floor)


@dataclass(frozen=True)
class OneCycle(Schedule):
    """Up from 1/`divide` to 1 in the first `rise` of the training, then down to 1/`end_divide`, along half cosines.

    Smith (2018), arXiv:1803.09820, in the two-phase form of fastai and PyTorch. The optimizer's rate is the peak.
    """

    rise: float = 0.25
    divide: float = 25.0
    end_divide: float = 1e5

    def __post_init__(self) -> None:
        super().__post_init__()
        require(
            0.0 < self.rise < 1.0,
            say(
                "{kind}: {name} must lie between 0 and 1, not {value!r}", kind="one_cycle", name="rise", value=self.rise
            ),
        )
        for name in ("divide", "end_divide"):
            value = getattr(self, name)
            require(
                0.0 < value < math.inf,
                say("{kind}: {name} must be above 0, not {value!r}", kind="one_cycle", name=name, value=value),
            )

    def factor(self, ops: Ops, progress: Array) -> Any:
        up = _cosine(ops, ops.minimum(progress * (1.0 / self.rise), 1.0), 1.0 / self.divide, 1.0)
        down = ops.maximum((progress - self.rise) * (1.0 / (1.0 - self.rise)), 0.0)
        return ops.where(progress < self.rise, up, _cosine(ops, down, 1.0, 1.0 / self.end_divide))


@dataclass(frozen=True)
class WarmUp(Schedule):
    """Linear from almost 0 to 1 in the first `rise` of the training, then `then` (over what is left).

    Goyal et al. (2017), arXiv:1706.02677.
    """

    rise: float = 0.05
    then: Schedule = ConstantRate()

    def __post_init__(self) -> None:
        super().__post_init__()
        require(
            0.0 < self.rise < 1.0,
            say("{kind}: {name} must lie between 0 and 1, not {value!r}", kind="warm_up", name="rise", value=self.rise),
        )
        if not isinstance(self.then, Schedule):
            object.__setattr__(self, "then", schedule_named(self.then))
        follows = not isinstance(self.then, ReduceOnPlateau)
        require(follows, say("warm_up: reduce_on_plateau cannot follow it; use one of the two, or another schedule"))

    def factor(self, ops: Ops, progress: Array) -> Any:
        rising = ops.maximum(progress * (1.0 / self.rise), 1e-3)
        rest = ops.maximum((progress - self.rise) * (1.0 / (1.0 - self.rise)), 0.0)
        return ops.where(progress < self.rise, rising, self.then.factor(ops, rest) * ops.ones_like(progress))


@dataclass(frozen=True)
class ReduceOnPlateau(Schedule):
    """Times `decay` whenever the validation error has not fallen by `threshold` (a share of it) for `patience` epochs.

    Decided between epochs by the training loop; within the compiled steps the factor is what the loop has set.
    """

    decay: float = 0.5
    patience: int = 5
    threshold: float = 1e-4
    floor: float = 1e-4

    def __post_init__(self) -> None:
        super().__post_init__()
        require(
            0.0 < self.decay < 1.0,
            say(
                "{kind}: {name} must lie between 0 and 1, not {value!r}", kind="plateau", name="decay", value=self.decay
            ),
        )
        require(
            isinstance(self.patience, int) and self.patience >= 1,
            say("plateau: patience must be 1 epoch or more, not {value!r}", value=self.patience),
        )
        for name in ("threshold", "floor"):
            value = getattr(self, name)
            require(
                0.0 <= value < 1.0,
                say("{kind}: {name} must be in [0, 1), not {value!r}", kind="plateau", name=name, value=value),
            )


def _cosine(ops: Ops, progress: Array, start: float, end: float) -> Array:
    """From start to end along half a cosine while progress goes from 0 to 1."""
    return end + (start - end) * 0.5 * (1.0 + ops.cos(ops.minimum(progress, 1.0) * math.pi))


SCHEDULES: dict[str, Schedule] = {
    "constant": ConstantRate(),
    "step": StepDecay(),
    "cosine": Cosine(),
    "one_cycle": OneCycle(),
    "warm_up": WarmUp(),
    "reduce_on_plateau": ReduceOnPlateau(),
}


def schedule_named(choice: str | Schedule | None) -> Schedule:
    """The schedule itself, or the one of that name with its defaults. Raises NetworkError for an unknown name."""
    if isinstance(choice, Schedule):
        return choice
    name = snake_case(choice.replace("-", "_")) if isinstance(choice, str) else "constant" if choice is None else ""
    require(
        name in SCHEDULES,
        say("unknown schedule {choice!r}; it can be {known}", choice=choice, known=", ".join(SCHEDULES)),
    )
    return SCHEDULES[name]

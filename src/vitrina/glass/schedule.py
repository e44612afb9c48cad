"""When to look at a training, so that it is seen closely while it changes fast, and never looked at for more than its share of time."""

from __future__ import annotations

import math
from collections.abc import Callable

SHARE = 0.025  # of the training's time
ADVANCE = 0.3  # of what the steps still to come will earn may be spent now: most happens at the beginning
GRACE = 0.2  # seconds that looks may take in any case, so that a short training has some; the less of it is given
SHORT = 0.1  # the nearer an epoch comes to so many seconds, and from there on none
GROWTH, HASTE = 1.05, 1.5  # at least, and at most, from the steps done at one look to those at the next
APART = 10  # times what a look takes lie between two of them,
PARTS = 40  # but no more than such a part of the training


class Schedule:
    """Counts what looks took, and says at which step the next one is.

    While there is time in plenty the steps done grow by a twentieth from one look to the next. Once half of the time is used up
    they grow by half, or by as many as it takes to earn the next look if these are fewer: so the beginning, where most happens,
    has its looks, and after it they come as often as they may. The look before the first step is not counted: it holds up none, and
    a short training has its time for others. steps: that are done, total: that there will be, epoch: of one; clock: the seconds that
    steps and judging took so far. Looks, a page that opens and a pause are no part of them: they earn no looks.
    """

    def __init__(self, steps: int, total: int, epoch: int, clock: Callable[[], float]) -> None:
        self._first, self._total, self._epoch, self._clock = steps, total, epoch, clock
        self._began = clock()
        self._looked, self._cost = 0.0, 0.0  # seconds, of all looks and of the last
        # steps after the first call, which compiles, and when it was over by the clock
        self._compiled: tuple[int, float] | None = None
        self._next = steps

    def steps_left(self, steps: int) -> int:
        """Until it is time to look again, or to ask whether there is; 0 if it is now."""
        return max(0, self._next - steps)

    def may_look(self, steps: int) -> bool:
        """Whether there is time for a look like the last, after so many steps; if not, it is to be asked when there may be."""
        if self._compiled is None and steps > self._first:
            self._compiled = steps, self._clock()
        missing = self._looked + self._cost - self._budget(steps)
        if missing > 0.0:
            self._next = steps + self._earned_in(steps, missing)
        return missing <= 0.0

    def looked(self, steps: int, seconds: float) -> None:
        """Counts a look that took so many seconds."""
        self._cost = seconds
        if steps > self._first:
            self._looked += seconds
        growth = int(steps * GROWTH)
        if (each := self._each(steps)) and self._looked >= self._budget(steps) / 2:
            apart = min(APART * seconds / each, self._total / PARTS)
            haste = max(steps * HASTE, steps + apart)
            growth = max(growth, min(int(haste), steps + self._earned_in(steps, seconds)))
        self._next = max(steps + 1, growth)

    def _budget(self, steps: int) -> float:
        """Seconds that looks may have taken until now."""
        each = self._each(steps)
        if each is None:
            # how long an epoch takes is not known yet: little is given
            return SHARE * (self._clock() - self._began) + GRACE / 10
        grace = GRACE * max(0.0, 1.0 - self._epoch * each / SHORT)
        return SHARE * each * (steps - self._first + ADVANCE * (self._total - steps)) + grace

    def _each(self, steps: int) -> float | None:
        """Seconds that a step has taken on average since all is compiled; None if none has."""
        if self._compiled is None or steps <= self._compiled[0]:
            return None
        since, began = self._compiled
        return max(1e-9, (self._clock() - began) / (steps - since))

    def _earned_in(self, steps: int, seconds: float) -> int:
        """How many steps it takes until looks may take so many seconds more."""
        each = self._each(steps)
        # what is advanced is not earned again
        return math.ceil(seconds / (SHARE * (1 - ADVANCE)) / each) if each else 1

"""Looks come as often as they may, and no oftener: on a clock that goes by as much as is said."""

from __future__ import annotations

import pytest

from vitrina.glass import schedule
from vitrina.glass.schedule import GROWTH, HASTE, SHARE, Schedule

GRACE = 0.2


class Training:
    """So many seconds a step and a look. Calls are as long as the schedule lets them be."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, step: float, look: float, total: int) -> None:
        self.now, self.step, self.look, self.total = 100.0, step, look, total
        self.looks, self.calls, self.steps = list[int](), 0, 0
        monkeypatch.setattr(schedule, "GRACE", GRACE)
        monkeypatch.setattr(schedule.time, "monotonic", lambda: self.now)
        self.schedule = Schedule(0, total)
        self._look()

    def _look(self) -> None:
        self.now += self.look
        self.schedule.looked(self.steps, self.look)
        self.looks.append(self.steps)

    def done(self) -> Training:
        while self.steps < self.total:
            count = max(1, self.schedule.steps_left(self.steps))
            self.steps, self.calls, self.now = self.steps + count, self.calls + 1, self.now + count * self.step
            if not self.schedule.steps_left(self.steps) and self.schedule.may_look(self.steps):
                self._look()
        return self

    @property
    def share(self) -> float:
        """Of the time, without what they may take in any case."""
        return (len(self.looks) * self.look - GRACE) / (self.now - 100.0)


@pytest.mark.parametrize(("step", "look"), [(0.2, 0.4), (0.01, 0.05), (1e-4, 0.01), (1e-3, 1.0)])
def test_looks_take_no_more_than_their_share_and_little_less(
    monkeypatch: pytest.MonkeyPatch, step: float, look: float
) -> None:
    taught = Training(monkeypatch, step, look, int(100 * look / SHARE / step)).done()
    assert taught.share <= SHARE + look / (taught.now - 100.0)  # the first is whatever it costs
    assert len(taught.looks) > 40


def test_a_slow_training_is_seen_often_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five epochs of handwritten digits on two cores: a fifth of a second a step, and a look as long as two."""
    taught = Training(monkeypatch, 0.2, 0.4, 2345).done()
    assert len(taught.looks) >= 20
    assert len([step for step in taught.looks if step < 200]) >= 4  # where most happens


def test_the_beginning_is_seen_closely(monkeypatch: pytest.MonkeyPatch) -> None:
    taught = Training(monkeypatch, 1e-3, 5e-3, 5000).done()
    assert taught.looks[:10] == list(range(10))
    grown = [after / before for before, after in zip(taught.looks[30:], taught.looks[31:], strict=False)]
    assert max(grown) <= HASTE
    assert min(grown) >= GROWTH - 0.02


def test_waiting_for_time_to_look_does_not_chop_the_training_up(monkeypatch: pytest.MonkeyPatch) -> None:
    taught = Training(monkeypatch, 1e-4, 0.5, 1_000_000).done()
    assert taught.calls < 10 * len(taught.looks)

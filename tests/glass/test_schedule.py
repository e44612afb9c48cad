"""Looks come as often as they may, and no oftener: on a clock that goes by as much as is said."""

from __future__ import annotations

import pytest

from vitrina.glass import schedule
from vitrina.glass.schedule import GRACE, GROWTH, HASTE, SHARE, Schedule


class Training:
    """So many seconds a step and a look. Calls are as long as the schedule lets them be."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        step: float,
        look: float,
        total: int,
        epochs: int = 1,
        compiling: float = 0.0,
    ) -> None:
        self.seconds, self.step, self.look, self.total, self.compiling = 100.0, step, look, total, compiling
        self.looks, self.calls, self.steps = list[int](), 0, 0
        monkeypatch.setattr(schedule, "SHARE", SHARE)  # elsewhere in these tests looks may take any
        self.schedule = Schedule(0, total, total // epochs, lambda: self.seconds)
        self._look()

    def _look(self) -> None:
        self.schedule.looked(self.steps, self.look)
        self.looks.append(self.steps)

    def done(self) -> Training:
        while self.steps < self.total:
            count = max(1, self.schedule.steps_left(self.steps))
            self.seconds += count * self.step + (0.0 if self.calls else self.compiling)
            self.steps, self.calls = self.steps + count, self.calls + 1
            if not self.schedule.steps_left(self.steps) and self.schedule.may_look(self.steps):
                self._look()
        return self

    @property
    def share(self) -> float:
        """Of the time."""
        looking = len(self.looks) * self.look
        return looking / (self.seconds - 100.0 + looking)


@pytest.mark.parametrize(("step", "look"), [(0.2, 0.4), (0.01, 0.05), (1e-4, 0.01), (1e-3, 1.0)])
def test_looks_take_no_more_than_their_share_and_little_less(
    monkeypatch: pytest.MonkeyPatch, step: float, look: float
) -> None:
    taught = Training(monkeypatch, step, look, int(100 * look / SHARE / step)).done()
    assert taught.share <= SHARE + look / (taught.seconds - 100.0)  # the first is whatever it costs
    assert len(taught.looks) > 40


def test_a_slow_training_is_seen_often_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five epochs of handwritten digits on two cores: a fifth of a second a step, and a look as long as two."""
    taught = Training(monkeypatch, 0.2, 0.4, 2345).done()
    assert len(taught.looks) >= 20
    assert len([step for step in taught.looks if step < 200]) >= 4  # where most happens


def test_the_beginning_is_seen_closely(monkeypatch: pytest.MonkeyPatch) -> None:
    taught = Training(monkeypatch, 1e-3, 5e-3, 5000).done()
    assert taught.looks[:5] == list(range(5))
    grown = [after / before for before, after in zip(taught.looks[20:], taught.looks[21:], strict=False)]
    assert max(grown) <= HASTE
    assert min(grown) >= GROWTH - 0.02


def test_waiting_for_time_to_look_does_not_chop_the_training_up(monkeypatch: pytest.MonkeyPatch) -> None:
    taught = Training(monkeypatch, 1e-4, 0.5, 1_000_000).done()
    assert taught.calls <= 3 * len(taught.looks)


@pytest.mark.parametrize("compiling", [0.0, 1.0, 30.0])
@pytest.mark.parametrize(
    ("step", "look", "steps"), [(1e-3, 8e-3, 256), (6e-3, 1e-2, 64), (5e-2, 8e-2, 8), (1e-4, 5e-3, 1000)]
)
def test_epochs_of_a_tenth_of_a_second_and_more_are_hardly_slowed(
    monkeypatch: pytest.MonkeyPatch, step: float, look: float, steps: int, compiling: float
) -> None:
    taught = Training(monkeypatch, step, look, 20 * steps, epochs=20, compiling=compiling).done()
    learning = 20 * steps * step
    looking = len(taught.looks) * look
    assert looking <= SHARE * learning / (1 - SHARE) + 2 * look  # the first, and one to estimate by
    assert looking <= 0.05 * learning + look  # the first is none of the training's time


def test_a_training_over_in_no_time_has_its_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    taught = Training(monkeypatch, 1e-4, 2e-3, 2000, epochs=20).done()
    assert 20 <= len(taught.looks) <= GRACE / 2e-3 + 30

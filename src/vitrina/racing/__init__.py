"""Which engine? Answered by measurement, for this network on this machine; by a rule of thumb where that would cost too much."""

from vitrina.racing.contest import race
from vitrina.racing.standings import Race, Standing

__all__ = ["Race", "Standing", "race"]

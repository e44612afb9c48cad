"""A column of dates or times as inputs: how much time has gone by, and where in the day, week, month and year it is."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina.data.dates import ORDERS, Order, find_order, parse_dates
from vitrina.data.scaling import robust_scale
from vitrina.data.table import Table, check_strays

if TYPE_CHECKING:
    import polars as pl

CYCLES = ("hour", "weekday", "day", "month")
DAY = 86_400e6  # µs


@dataclass(frozen=True)
class DateColumn:
    """A date: the days since `origin`, clipped and standardised, and two inputs, sine and cosine, for each cycle.

    A cycle is a turn of the day (`hour`, minutes and seconds counted), the week, the month (`day`) or the year
    (`month`); midnight is near 23:00 on a circle, as no number can be. Only cycles in which training rows differ are
    kept. A missing date has 0 in all of them, the middle, and a further input says so if training had such rows.
    `order` is how text such as 01/02/2024 is read.
    """

    name: str
    order: Order
    origin: str
    low: float
    high: float
    centre: float
    spread: float
    cycles: tuple[str, ...]
    missing: bool

    @property
    def input_names(self) -> tuple[str, ...]:
        elapsed = (f"{self.name}: elapsed",) * bool(self.spread)
        turns = tuple(f"{self.name}: {cycle} ({wave})" for cycle in self.cycles for wave in ("sin", "cos"))
        return elapsed + turns + (f"{self.name} is missing",) * self.missing

    @property
    def quantities(self) -> int:
        """How many of the inputs are quantities, the first ones."""
        return bool(self.spread) + 2 * len(self.cycles)

    @property
    def informative(self) -> bool:
        return bool(self.input_names)

    @classmethod
    def fit(cls, table: Table, name: str) -> DateColumn:
        order, _, _ = find_order((table.whole or table).frame[name])
        dates = _dates(table, name, order)
        present = dates.drop_nulls()
        if present.len() == 0:
            return cls(name, order, datetime(1970, 1, 1).isoformat(), 0.0, 0.0, 0.0, 0.0, (), False)
        origin: Any = present.min()
        low, high, centre, spread = robust_scale(_days(present, origin))
        cycles = tuple(cycle for cycle in CYCLES if np.ptp(_turn(present, cycle)) > 0)
        return cls(name, order, origin.isoformat(), low, high, centre, spread, cycles, dates.has_nulls())

    def encode(self, table: Table, out: np.ndarray) -> None:
        """Writes the column into out, float32 (rows, inputs of this column), which holds zeros."""
        dates = _dates(table, self.name, self.order, learned=table.whole is None)
        there = dates.is_not_null().to_numpy()
        present = dates.drop_nulls()
        place = 0
        if self.spread:
            days = np.clip(_days(present, datetime.fromisoformat(self.origin)), self.low, self.high)
            out[there, 0] = (days - self.centre) / self.spread
            place = 1
        for cycle in self.cycles:
            angle = 2 * math.pi * _turn(present, cycle)
            out[there, place], out[there, place + 1] = np.sin(angle), np.cos(angle)
            place += 2
        if self.missing:
            out[:, -1] = ~there

    def to_json(self) -> dict[str, Any]:
        return {"kind": "date", **asdict(self), "cycles": list(self.cycles)}


def date_from_json(data: dict[str, Any]) -> DateColumn:
    """The column that to_json wrote. Raises KeyError, TypeError or ValueError for anything else."""
    if data["order"] not in ORDERS or not set(data["cycles"]) <= set(CYCLES):
        raise ValueError(f"no order of dates {data['order']!r}, or no such cycles")
    origin = datetime.fromisoformat(data["origin"]).isoformat()
    low, high, centre, spread = (float(data[key]) for key in ("low", "high", "centre", "spread"))
    cycles, missing = tuple(data["cycles"]), bool(data["missing"])
    return DateColumn(str(data["name"]), data["order"], origin, low, high, centre, spread, cycles, missing)


def _dates(table: Table, name: str, order: Order, learned: bool = False) -> pl.Series:
    dates, bad = parse_dates(table.frame[name], order)
    if bad.any():
        check_strays(table, name, lambda column: parse_dates(column, order), dates=True, learned=learned)
    return dates


def _days(dates: pl.Series, origin: datetime) -> np.ndarray:
    """float64 (rows,) days since the origin."""
    return (dates - origin).dt.total_microseconds().to_numpy() / DAY


def _turn(dates: pl.Series, cycle: str) -> np.ndarray:
    """float64 (rows,) in [0, 1): how much of the day, week, month or year is over."""
    parts = dates.dt
    if cycle == "hour":
        return (parts.hour().cast(int) * 3600 + parts.minute().cast(int) * 60 + parts.second()).to_numpy() / 86_400
    if cycle == "weekday":
        return (parts.weekday().cast(int) - 1).to_numpy() / 7
    if cycle == "day":
        return (parts.day().cast(int) - 1).to_numpy() / 31
    return (parts.month().cast(int) - 1).to_numpy() / 12

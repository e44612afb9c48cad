"""Card transactions with frauds, simulated day by day: as many as wanted, in memory that does not grow with them.

The world is that of the Fraud Detection Handbook (Le Borgne, Siblini, Lebichot, Bontempi 2022, chapter 3; its constants are
named below), the code is our own. Customers and terminals stand in a square of 100 by 100. A customer buys at terminals
within reach, a Poisson number of times a day, mostly around noon, and each amount is drawn around the customer's own mean.
Three kinds of fraud are then laid over it:

1. every amount above 220 (seen from the amount alone);
2. each day, two terminals of 10,000 are compromised, and all that is bought there in the next 28 days is a fraud (seen from
   the terminal's recent risk);
3. each day, three cards of 5,000 leak, and of what is bought with them in the next 14 days a third is a fraud, five times as
   dear as the customer's purchases are (seen from the customer's habits).

A transaction for which several hold has the last of them as its scenario. Beyond 50,000 customers it is the calendar that
grows, so that the state (37 days of transactions) stays below about 200 MB however many rows there are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

START = date(2018, 4, 1)
DAYS = 183  # until the number of customers reaches MOST
FEWEST, MOST = 50, 50_000  # customers; there are twice as many terminals
TERMINALS = 2  # for each customer
DAY = 86_400  # seconds
SIDE, REACH, TOWN = 100.0, 5.0, 5000  # of the square; of a customer; customers in one square (there may be several)
HIGH = 220.0
PER_TERMINAL, TERMINAL_DAYS = 2 / 10_000, 28
PER_CUSTOMER, CUSTOMER_DAYS, CUSTOMER_SHARE, DEARER = 3 / 5000, 14, 1 / 3, 5
WINDOWS = (1, 7, 30)  # days
DELAY = 7  # days until a fraud at a terminal is known
NIGHT = 6  # the last hour of it
USUAL = 2 * 0.9693  # purchases a customer and day: the mean of U(0, 4), and the share of N(12 h, 20,000 s) within a day

Day = dict[str, np.ndarray]  # the columns of one day's transactions, in order of time


class _Past:
    """What happened at each place (customer or terminal) up to some days ago, a total that is kept up to date.

    Two numbers for a place: how many transactions, and the sum of what they carry. Only the day on which the span ends has
    to be searched; all before it is one number.
    """

    def __init__(self, places: int, lags: tuple[int, ...]) -> None:
        self.places, self.lags = places, lags
        self.days: deque[tuple[np.ndarray, np.ndarray, np.ndarray]] = deque(maxlen=max(lags))
        self.count = {lag: np.zeros(places, np.int64) for lag in lags}
        self.total = {lag: np.zeros(places, np.int64) for lag in lags}

    def until(self, lag: int, place: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Transactions at each place up to `lag` days before this second of today, and the sum of what they carry.

        place, second: (rows,), best in order of place and second. Both results int64 (rows,).
        """
        count, total = self.count[lag][place], self.total[lag][place]
        if len(self.days) >= lag:
            key, begin, sums = self.days[-lag]
            end = np.searchsorted(key, place * DAY + second, side="right")
            start = begin[place]
            count += end - start
            total += sums[end] - sums[start]
        return count, total

    def add(self, place: np.ndarray, second: np.ndarray, carried: np.ndarray) -> None:
        """Ends the day: its transactions, in order of place and second, and what each carries, int64 (rows,)."""
        for lag in self.lags:  # tomorrow the span ends within the next day: this one is then wholly before it
            if len(self.days) >= lag:
                _, begin, sums = self.days[-lag]
                self.count[lag] += np.diff(begin)
                self.total[lag] += np.diff(sums[begin])
        begin = np.zeros(self.places + 1, np.int64)
        np.cumsum(np.bincount(place, minlength=self.places), out=begin[1:])
        sums = np.zeros(len(place) + 1, np.int64)
        np.cumsum(carried, out=sums[1:])
        self.days.append((place * DAY + second, begin, sums))


@dataclass(frozen=True, eq=False)
class World:
    """Customers, their habits, and the terminals within reach of each.

    mean (customers,): the mean amount; often (customers,): purchases a day; within (pairs,): terminals, those of customer c
    from begin[c] to begin[c + 1].
    """

    mean: np.ndarray
    often: np.ndarray
    within: np.ndarray
    begin: np.ndarray

    @property
    def customers(self) -> int:
        return len(self.mean)

    @property
    def terminals(self) -> int:
        return TERMINALS * self.customers


def make_world(customers: int, rng: np.random.Generator) -> World:
    """So many customers, in towns of 5,000 (or one smaller town, whose reach is wider, so that each has some choice)."""
    towns = max(1, round(customers / TOWN))
    reach = REACH * max(1.0, np.sqrt(TOWN * towns / customers) / 2)
    of_customer = np.arange(customers) % towns
    of_terminal = np.arange(TERMINALS * customers) % towns
    at, there = rng.uniform(0, SIDE, (customers, 2)), rng.uniform(0, SIDE, (TERMINALS * customers, 2))
    owners: list[np.ndarray] = []
    found: list[np.ndarray] = []
    for town in range(towns):
        own, shops = np.flatnonzero(of_customer == town), np.flatnonzero(of_terminal == town)
        shops = shops[np.argsort(there[shops, 0])]
        across = there[shops, 0]
        for some in np.array_split(own[np.argsort(at[own, 0])], max(1, len(own) // 50)):
            low, high = np.searchsorted(across, [at[some, 0].min() - reach, at[some, 0].max() + reach])
            near = shops[low:high]
            if not len(near):
                near = shops
            apart = ((at[some, None] - there[None, near]) ** 2).sum(axis=2)
            close = apart <= reach**2
            close[np.arange(len(some)), apart.argmin(axis=1)] = True  # whoever lives far from all goes to the nearest
            who, what = np.nonzero(close)
            owners.append(some[who])
            found.append(near[what])
    owner, shop = np.concatenate(owners), np.concatenate(found)
    order = np.argsort(owner, kind="stable")
    begin = np.zeros(customers + 1, np.int64)
    np.cumsum(np.bincount(owner, minlength=customers), out=begin[1:])
    return World(rng.uniform(5, 100, customers), rng.uniform(0, 4, customers), shop[order].astype(np.int32), begin)


def simulate(rows: int, seed: int = 0) -> Iterator[Day]:
    """Exactly so many transactions, a day at a time: the columns of the Fraud Detection Handbook's transformed set.

    The same seed gives the same rows, whatever is done with them. The first 30 days are poorer, as the windows fill.
    Money is whole cents inside, so that no sum depends on an order.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    world = make_world(int(np.clip(round(1.01 * rows / (DAYS * USUAL)), FEWEST, MOST)), rng)
    bought = _Past(world.customers, WINDOWS)
    sold = _Past(world.terminals, tuple(sorted({DELAY, *(DELAY + window for window in WINDOWS)})))
    bad_until = np.zeros(world.terminals, np.int64), np.zeros(world.customers, np.int64)
    number = np.int32 if rows < 2**31 else np.int64
    done = day = 0
    while done < rows:
        made = _one_day(world, bought, sold, bad_until, day, rng)
        keep = min(rows - done, len(made["second"]))
        if keep:
            yield _columns(made, keep, np.arange(done, done + keep, dtype=number), day)
        done += keep
        day += 1


def _one_day(world: World, bought: _Past, sold: _Past, bad_until: Any, day: int, rng: np.random.Generator) -> Day:
    """What is bought on one day, in order of time, and what was known of customers and terminals at each moment."""
    customer = np.repeat(np.arange(world.customers), rng.poisson(world.often))
    second = rng.normal(DAY / 2, 20_000, len(customer))
    customer = customer[(second > 0) & (second < DAY)]
    second = second[(second > 0) & (second < DAY)].astype(np.int64)
    second = np.sort(customer * DAY + second) - customer * DAY  # customers stay in order, and each one's day is sorted
    rows = len(customer)
    mean = world.mean[customer]
    amount = rng.normal(mean, mean / 2)
    below = amount < 0
    amount[below] = rng.uniform(0, 2 * mean[below])
    choice = world.begin[customer + 1] - world.begin[customer]
    terminal = world.within[world.begin[customer] + (rng.random(rows) * choice).astype(np.int64)].astype(np.int64)

    bad_terminal, bad_customer = bad_until
    _compromise(bad_terminal, day + TERMINAL_DAYS, PER_TERMINAL, rng)
    _compromise(bad_customer, day + CUSTOMER_DAYS, PER_CUSTOMER, rng)
    cents = np.round(amount * 100).astype(np.int64)
    scenario = np.where(cents > HIGH * 100, 1, 0).astype(np.int8)
    scenario[bad_terminal[terminal] > day] = 2
    leaked = np.flatnonzero(bad_customer[customer] > day)
    leaked = leaked[rng.random(len(leaked)) < CUSTOMER_SHARE]
    scenario[leaked] = 3
    cents[leaked] *= DEARER

    made: Day = {"customer": customer, "terminal": terminal, "second": second, "cents": cents, "scenario": scenario}
    _habits(made, bought)
    _risks(made, sold)
    order = np.argsort(second.astype(np.int32), kind="stable")
    return {name: values[order] for name, values in made.items()}


def _compromise(until: np.ndarray, end: int, share: float, rng: np.random.Generator) -> None:
    """New ones are compromised until this day (the first on which they no longer are)."""
    until[rng.integers(0, len(until), rng.poisson(share * len(until)))] = end


def _habits(made: Day, bought: _Past) -> None:
    """How many purchases of the customer in the last days, this one included, and their mean amount."""
    customer, second, cents = made["customer"], made["second"], made["cents"]
    rows = np.arange(len(customer))
    begin = np.searchsorted(customer, np.arange(bought.places))  # of each customer's day
    first = begin[customer]
    sums = np.concatenate([[0], np.cumsum(cents)])
    today, spent = rows - first + 1, sums[rows + 1] - sums[first]
    newest = bought.until(1, customer, second)  # all up to a day ago, and what has come since
    since = [now + whole for now, whole in zip((today, spent), _whole(bought, customer), strict=True)]
    for window in WINDOWS:
        count, total = newest if window == 1 else bought.until(window, customer, second)
        made[f"number {window}"] = since[0] - count
        made[f"mean {window}"] = (since[1] - total) / (100 * made[f"number {window}"])
    bought.add(customer, second, cents)


def _whole(past: _Past, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All up to the end of yesterday."""
    count, total = past.count[1][place], past.total[1][place]
    if past.days:
        _, begin, sums = past.days[-1]
        start, end = begin[place], begin[place + 1]
        count, total = count + end - start, total + sums[end] - sums[start]
    return count, total


def _risks(made: Day, sold: _Past) -> None:
    """How many sales of the terminal in the days that end a week ago, and the share of them that were frauds."""
    key = made["terminal"] * DAY + made["second"]
    order = np.argsort(key, kind="stable")
    terminal, second = made["terminal"][order], made["second"][order]
    known, frauds = sold.until(DELAY, terminal, second)
    for window in WINDOWS:
        count, total = sold.until(DELAY + window, terminal, second)
        number, bad = known - count, frauds - total
        for name, values in ((f"sales {window}", number), (f"risk {window}", bad / np.maximum(number, 1))):
            made[name] = np.empty_like(values)
            made[name][order] = values
    sold.add(terminal, second, (made["scenario"][order] > 0).astype(np.int64))


def _columns(made: Day, keep: int, number: np.ndarray, day: int) -> Day:
    made = {name: values[:keep] for name, values in made.items()}
    second = made["second"]
    midnight = np.datetime64(START + timedelta(day), "us")
    weekend = (START + timedelta(day)).weekday() >= 5
    out: Day = {
        "TRANSACTION_ID": number,
        "TX_DATETIME": midnight + second.astype("timedelta64[s]"),
        "CUSTOMER_ID": made["customer"].astype(np.int32),
        "TERMINAL_ID": made["terminal"].astype(np.int32),
        "TX_AMOUNT": (made["cents"] / 100).astype(np.float32),
        "TX_TIME_SECONDS": (second + day * DAY).astype(np.int32),
        "TX_TIME_DAYS": np.full(keep, day, np.int32),
        "TX_FRAUD": (made["scenario"] > 0).astype(np.int8),
        "TX_FRAUD_SCENARIO": made["scenario"],
        "TX_DURING_WEEKEND": np.full(keep, weekend, np.int8),
        "TX_DURING_NIGHT": (second // 3600 <= NIGHT).astype(np.int8),
    }
    for window in WINDOWS:
        out[f"CUSTOMER_ID_NB_TX_{window}DAY_WINDOW"] = made[f"number {window}"].astype(np.int32)
        out[f"CUSTOMER_ID_AVG_AMOUNT_{window}DAY_WINDOW"] = made[f"mean {window}"].astype(np.float32)
    for window in WINDOWS:
        out[f"TERMINAL_ID_NB_TX_{window}DAY_WINDOW"] = made[f"sales {window}"].astype(np.int32)
        out[f"TERMINAL_ID_RISK_{window}DAY_WINDOW"] = made[f"risk {window}"].astype(np.float32)
    return out

"""The published protocol: whom it counts, on figures worked out by hand, and on the rows that it was published with."""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
import pytest

from benchmarks import fraud


def test_a_card_counts_once_and_by_its_most_suspicious_payment() -> None:
    rows = [
        (date(2020, 1, 1), 1, 0, 0.2),
        (date(2020, 1, 1), 1, 1, 0.9),  # card 1 is found on the first day
        (date(2020, 1, 1), 2, 0, 0.8),
        (date(2020, 1, 2), 1, 1, 0.9),  # and not looked at again
        (date(2020, 1, 2), 3, 1, 0.1),
    ]
    cards = pl.DataFrame(rows, schema=["day", "CUSTOMER_ID", "TX_FRAUD", "score"], orient="row")
    assert fraud.card_precision(cards) == pytest.approx((1 / 100 + 1 / 100) / 2)


def test_customers_known_by_then_are_left_out_of_the_test() -> None:
    start = date(2020, 1, 1)

    def payment(day: int, customer: int, bad: int) -> tuple[datetime, int, int]:
        return datetime(2020, 1, day, 12), customer, bad

    rows = [
        payment(1, 1, 1),  # known from the week that is learned from
        payment(8, 2, 1),  # of the 8th, known from the 16th on
        *(payment(day, customer, 0) for day in (15, 16) for customer in (1, 2, 3)),
    ]
    frame = pl.DataFrame(rows, schema=["TX_DATETIME", "CUSTOMER_ID", "TX_FRAUD"], orient="row")
    train, test = fraud.parts(frame, start)
    assert train["CUSTOMER_ID"].to_list() == [1]
    seen = sorted((row[0].day, row[1]) for row in test.select("TX_DATETIME", "CUSTOMER_ID").iter_rows())
    assert seen == [(15, 2), (15, 3), (16, 3)]


@pytest.mark.skipif(not fraud.DATA.is_dir(), reason=f"{fraud.DATA} is not there")
def test_the_parts_are_those_that_were_published() -> None:
    frame = pl.read_parquet(fraud.DATA / "*.parquet", columns=["TX_DATETIME", "CUSTOMER_ID", "TX_FRAUD"])
    train, test = fraud.parts(frame, fraud.WEEKS[0])
    assert (train.height, train["TX_FRAUD"].sum()) == (67_240, 598)
    assert (test.height, test["TX_FRAUD"].sum()) == (58_264, 385)

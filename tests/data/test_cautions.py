"""What is asked about a table before anything is learned: do rows belong together, are whole numbers classes?"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import vitrina as vt
from vitrina.data import open_source
from vitrina.data.cautions import cautions

RNG = np.random.default_rng(0)


def customers(name: str = "customer", text: bool = True) -> pl.DataFrame:
    """200 customers in 2 to 5 rows each, in no order, whose income stays what it is."""
    each = np.repeat(np.arange(200), RNG.integers(2, 6, 200))
    income = 1000 * RNG.integers(10, 60, 200)[each]
    shuffled = RNG.permutation(len(each))
    own = [f"C{number}" for number in each] if text else (each + 7000).tolist()
    frame = pl.DataFrame(
        {"income": income, name: own, "amount": RNG.normal(size=len(each)), "y": RNG.choice(["a", "b"], len(each))}
    )
    return frame[shuffled]


@pytest.mark.parametrize("text", [True, False])
def test_rows_of_one_customer_are_pointed_out(text: bool) -> None:
    (told,) = cautions(open_source(customers("the client", text), target="y"))
    assert "--group 'the client'" in told
    assert "'income'" in told


def test_nothing_is_said_where_rows_are_divided_already_or_belong_to_nobody() -> None:
    assert cautions(open_source(customers(), target="y"), divided=True) == []
    free = customers().with_columns(income=pl.col("income").shuffle(1))
    assert cautions(open_source(free, target="y")) == []


def test_a_training_says_it_and_one_by_group_does_not(tmp_path: object) -> None:
    frame = customers()

    def told(**choices: object) -> bool:
        model = vt.train(frame, target="y", epochs=1, **choices)  # pyright: ignore[reportArgumentType]
        return any("--group customer" in warning for warning in model.recipe.warnings)

    assert told()
    assert not told(group="customer")


def test_a_count_is_asked_about_and_classes_are_not() -> None:
    noise = RNG.normal(size=1000)
    count = pl.DataFrame({"x": noise, "claims": RNG.poisson(1.0, 1000)})
    classes = pl.DataFrame({"x": noise, "kind": np.arange(1000) % 7})
    (told,) = cautions(open_source(count, target="claims"))
    assert "--column claims=numeric" in told
    assert cautions(open_source(count, target="claims", columns={"claims": "numeric"})) == []
    assert cautions(open_source(classes, target="kind")) == []

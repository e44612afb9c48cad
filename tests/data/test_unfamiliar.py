"""What a model is told of rows that hold something it never saw."""

from __future__ import annotations

import polars as pl
import pytest

from vitrina.data import fit_recipe, open_source
from vitrina.data.unfamiliar import unfamiliar

LEARNED = pl.DataFrame(
    {"city": ["Lugo", "Soria", "Lugo", "Soria"] * 10, "age": list(range(39, -1, -1)), "y": ["a", "b"] * 20}
)


@pytest.fixture
def recipe() -> object:
    return fit_recipe(open_source(LEARNED, target="y"))


def test_values_that_were_never_seen_are_counted_by_column(recipe: object) -> None:
    new = pl.DataFrame({"city": ["Lugo", "Zamora", "Zamora", "Vigo"], "age": [1, 2, 3, 4]})
    (told,) = unfamiliar(recipe, open_source(new))
    assert "'city'" in told
    assert "3 of 4" in told
    assert "'Zamora', 'Vigo'" in told


def test_another_way_of_writing_a_category_is_no_new_one() -> None:
    learned = pl.DataFrame({"Shop no": ["007", "012"] * 20, "y": ["a", "b"] * 20})
    recipe = fit_recipe(open_source(learned, target="y"))
    assert unfamiliar(recipe, open_source(pl.DataFrame({"shop_no": [7, 12]}))) == []
    assert len(unfamiliar(recipe, open_source(pl.DataFrame({"shop_no": [7, 13]})))) == 1


def test_values_that_are_missing_for_the_first_time_are_told(recipe: object) -> None:
    new = pl.DataFrame({"city": ["Lugo", None, "Soria"], "age": ["7", "-", None]})
    told = unfamiliar(recipe, open_source(new))
    assert ["1 of 3" in told[0], "2 of 3" in told[1]] == [True, True]
    assert "19.5" in told[1], "the median of what was learned from"


def test_what_it_learned_from_holds_nothing_new(recipe: object) -> None:
    assert unfamiliar(recipe, open_source(LEARNED, target="y")) == []


def test_the_rare_ones_of_a_column_are_told_where_they_are_most() -> None:
    many = pl.DataFrame({"name": ["a"] * 5200 + ["b"] * 5200 + ["c"], "y": ["x", "z"] * 5200 + ["x"]})
    recipe = fit_recipe(open_source(many, target="y"))
    few, most = (open_source(pl.DataFrame({"name": names})) for names in (["a", "b", "new"], ["new", "newer", "a"]))
    assert unfamiliar(recipe, few) == []
    assert "2 of 3" in unfamiliar(recipe, most)[0]

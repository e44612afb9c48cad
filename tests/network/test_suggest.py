"""The network that is chosen where none is given."""

from __future__ import annotations

import pytest

from vitrina.network import Network, TableInput
from vitrina.network.suggest import MANY_ROWS, suggest_network


@pytest.mark.parametrize(("classes", "outputs"), [(True, 2), (True, 7), (False, 1)])
@pytest.mark.parametrize("rows", [100, 15_000, MANY_ROWS])
def test_a_table_gets_a_network_that_answers_in_its_outputs(rows, classes, outputs):
    chosen = suggest_network((9,), outputs, classes, rows)
    assert chosen.network.output_shape == (outputs,)
    assert chosen.network.cost.classifies == classes
    assert Network.from_json(chosen.network.to_json()) == chosen.network
    assert f"{rows:,} rows" in chosen.why


def test_many_rows_are_learned_from_by_one_network_and_fewer_by_several():
    def kinds(rows: int) -> set[str]:
        return {type(layer).__name__ for _, layer, _ in suggest_network((9,), 2, True, rows).network.walk()}

    assert "EnsembleMean" in kinds(MANY_ROWS - 1)
    assert kinds(MANY_ROWS) == {"Dense"}


def waves_of(rows: int, classes: bool = True, quantities=range(3)) -> list[TableInput]:
    chosen = suggest_network((5,), 2 if classes else 1, classes, rows, quantities)
    return [layer for _, layer, _ in chosen.network.walk() if isinstance(layer, TableInput)]


def test_numbers_are_seen_as_waves_where_classes_are_told_apart_by_many_rows():
    (waves,) = waves_of(5_000)
    assert waves.periodic
    assert waves.plain == (3, 4)
    assert waves_of(500) == waves_of(5_000, classes=False) == waves_of(5_000, quantities=()) == []
    wide = suggest_network((784,), 10, True, 5_000, range(784)).network
    assert not any(isinstance(layer, TableInput) for _, layer, _ in wide.walk())


def test_what_is_told_is_what_was_chosen_where_more_rows_are_learned_from():
    chosen = suggest_network((5,), 2, True, 900, range(3), learned=1_060)
    assert "1,060 rows" in chosen.why
    assert "waves" not in chosen.why
    assert chosen.network == suggest_network((5,), 2, True, 900, range(3)).network
    assert "8 networks" in suggest_network((5,), 2, True, MANY_ROWS - 1, range(3), learned=MANY_ROWS + 1).why


def test_the_straight_way_starts_at_nothing():
    params, _ = suggest_network((9,), 2, True, 100).network.build(0)
    assert not params["branches_1"]["straight"]["weight"].any()
    assert params["branches_1"]["sequential_1"]["ensemble_dense_3"]["weight"].any()


def test_images_that_come_as_one_long_row_are_flattened_first():
    chosen = suggest_network((4, 5), 3, True, 100)
    assert chosen.network.input_shape == (4, 5)
    assert chosen.network.output_shape == (3,)


def test_weights_decay_where_rows_are_few():
    assert suggest_network((9,), 2, True, 999).weight_decay > 0.0
    assert suggest_network((9,), 2, True, 1_000).weight_decay == 0.0


def test_a_running_mean_of_the_weights_is_kept_where_rows_are_some_thousands():
    kept = [suggest_network((9,), 2, True, rows).weight_average for rows in (999, 1_000, 19_999, 20_000, 200_000)]
    assert kept == [0.0, 0.99, 0.99, 0.0, 0.0]

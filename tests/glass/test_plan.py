"""Where layers stand on the page, and what they are called there."""

from __future__ import annotations

import pytest

import vitrina as vt
from vitrina.glass.plan import Spot, plan_of
from vitrina.glass.titles import titles_of
from vitrina.network.suggest import suggest_network


def drawn(network: vt.Network) -> dict[str, Spot]:
    return {spot.name: spot for spot in plan_of(network) if spot.drawn}


def test_layers_in_a_row_stand_in_a_row() -> None:
    spots = drawn(vt.Network(vt.Input((4, 4, 1)), vt.Conv2D(2, 3), vt.Flatten(), vt.Dense(5), vt.Dense(2)))
    assert {name: (spot.column, spot.sources) for name, spot in spots.items()} == {
        "input": (0, ()),
        "conv2d_1": (1, ("input",)),
        "dense_1": (2, ("conv2d_1",)),
        "dense_2": (3, ("dense_1",)),
    }
    assert {spot.lanes for spot in spots.values()} == {(0, 1)}


def test_branches_stand_one_above_the_other_and_meet_again() -> None:
    short, long = vt.Dense(3, name="short"), vt.Sequential(vt.Dense(6), vt.Dropout(0.1), vt.Dense(7), vt.Dense(3))
    spots = drawn(vt.Network(vt.Input((4,)), vt.Branches(short, long, merge="add"), vt.Dense(2)))
    assert (spots["branches_1/short"].column, spots["branches_1/short"].lanes) == (2, (0, 1))
    inside = [f"branches_1/sequential_1/dense_{number}" for number in (1, 2, 3)]
    assert [(spots[name].column, spots[name].lanes) for name in inside] == [(1, (1, 2)), (2, (1, 2)), (3, (1, 2))]
    assert spots[inside[1]].sources == (inside[0],)  # what only hands on is not drawn
    meeting = spots["branches_1"]
    assert (meeting.column, meeting.lanes, meeting.sources) == (4, (0, 2), ("branches_1/short", inside[2]))
    assert (spots["dense_1"].column, spots["dense_1"].sources) == (5, ("branches_1",))


@pytest.mark.parametrize(
    ("shortcut", "lanes", "sources"),
    [
        (None, 1, ("residual_1/dense_2", "input")),
        (vt.Dense(4), 2, ("residual_1/dense_2", "residual_1/shortcut")),
    ],
)
def test_a_shortcut_goes_past_what_it_is_beside(
    shortcut: vt.Layer | None, lanes: int, sources: tuple[str, ...]
) -> None:
    residual = vt.Residual(vt.Dense(6), vt.Dense(4), shortcut=shortcut)
    spots = drawn(vt.Network(vt.Input((4,)), residual, vt.Dense(2)))
    assert (spots["residual_1"].sources, spots["residual_1"].column) == (sources, 3)
    assert spots["dense_1"].lanes == (0, lanes)


def test_branches_in_branches_have_lanes_of_their_own() -> None:
    inner = vt.Branches(vt.Dense(2, name="a"), vt.Dense(2, name="b"), name="inner")
    spots = drawn(vt.Network(vt.Input((4,)), vt.Branches(inner, vt.Dense(3, name="c"), name="outer"), vt.Dense(2)))
    lanes = {spot.name: spot.lanes for spot in spots.values()}
    assert (lanes["outer/inner/a"], lanes["outer/inner/b"]) == ((0, 1), (1, 2))
    assert (lanes["outer/inner"], lanes["outer/c"], lanes["outer"]) == ((0, 2), (2, 3), (0, 3))


def test_members_of_an_ensemble_are_known_up_to_their_mean() -> None:
    network = suggest_network((30,), 2, classes=True, rows=400).network
    members = {spot.name: spot.members for spot in plan_of(network)}
    assert members["branches_1/straight"] == members["branches_1/sequential_1/dropout_1"] == members["branches_1"] == 8
    assert members["input"] == members["ensemble_mean_1"] == 0
    titles = titles_of(drawn(network))
    assert sorted(titles.values()) == sorted(
        [
            "input",
            "straight",
            "ensemble_dense_1",
            "ensemble_dense_2",
            "ensemble_dense_3",
            "branches_1",
            "ensemble_mean_1",
        ]
    )


def test_a_title_is_as_much_of_the_end_as_no_other_has() -> None:
    assert titles_of(["a/x", "b/x", "b/y", "x"]) == {"a/x": "a/x", "b/x": "b/x", "b/y": "y", "x": "x"}

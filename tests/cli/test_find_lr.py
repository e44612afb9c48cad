"""vitrina find-lr: a rate, its reason, a picture."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from tests.cli.conftest import Vitrina


def test_it_shows_a_rate_and_draws_it(vitrina: Vitrina) -> None:
    done = vitrina("find-lr", "wine", "--engine", "numpy", "--out", "lr.svg")
    assert "▲" in done.out
    assert "vitrina train wine --engine numpy --lr" in done.out
    assert Path("lr.svg").read_text("utf-8").startswith("<svg")


def test_json_has_the_same_numbers_in_both_languages(vitrina: Vitrina) -> None:
    told = [
        json.loads(vitrina("find-lr", "wine", "--engine", "numpy", "--json", "--lang", lang).out)
        for lang in ("en", "es")
    ]
    reasons = [one.pop("why") for one in told]  # the one sentence for people
    assert told[0] == told[1]
    assert reasons[0] != reasons[1]
    assert len(told[0]["rates"]) == len(told[0]["errors"])
    assert told[0]["suggestion"] > 0


@pytest.mark.parametrize("name", ["lr.png", "there.svg"])
def test_a_picture_that_cannot_be_is_refused(vitrina: Vitrina, name: str) -> None:
    Path("there.svg").write_text("mine", "utf-8")
    done = vitrina("find-lr", "wine", "--engine", "numpy", "--out", name)
    assert done.status == 2
    assert name in done.sentence
    assert Path("there.svg").read_text("utf-8") == "mine"


def test_data_that_are_not_there_are_a_sentence(vitrina: Vitrina) -> None:
    assert vitrina("find-lr", "nothing.csv").status == 1


def test_what_to_type_next_can_be_typed(vitrina: Vitrina) -> None:
    rows = "".join(f"{place % 17},{place % 5},{3 * (place % 17)}\n" for place in range(60))
    Path("a table.csv").write_text("size,number of rooms,price paid\n" + rows)
    given = ("a table.csv", "--target", "price paid", "--drop", "number of rooms", "--column", "price paid=numeric")
    told = " ".join(vitrina("find-lr", *given, "--engine", "numpy").out.split())
    typed = shlex.split(told[told.index("vitrina train ") :])[2:]
    assert vitrina("train", *typed, "--epochs", 1).status == 0

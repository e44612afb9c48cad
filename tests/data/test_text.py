"""Free text as inputs: deterministic, of one width, fitted on the training rows, and good enough to learn from."""

# pyright: reportAttributeAccessIssue=false
# A test knows which kind of source it opened; the type says only that it is one.

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrina import data
from vitrina.data import text_column
from vitrina.data.text_column import FEWEST, LENGTH, MOST, TextColumn

GOOD = ["the", "room", "was", "clean", "and", "the", "people", "were", "kind"]
BAD = ["my", "room", "was", "dirty", "and", "the", "people", "were", "rude"]


def remarks(rng: np.random.Generator, rows: int = 200) -> list[str]:
    return [" ".join(rng.permutation(GOOD if i % 2 else BAD)) + f" number {i}" for i in range(rows)]


def fitted(texts: list[str | None], rows: object = None, **choices: object):
    table = pl.DataFrame({"remark": pl.Series(texts, dtype=pl.String), "label": ["a", "b"] * (len(texts) // 2)})
    source = data.open_source(table, target="label", **choices)
    recipe = data.fit_recipe(source, rows)
    assert data.recipe_from_json(json.loads(json.dumps(recipe.to_json(), allow_nan=False))) == recipe
    return source, recipe


def test_text_becomes_rows_of_one_length(rng: np.random.Generator) -> None:
    source, recipe = fitted(remarks(rng), rows=np.arange(150))
    assert source.roles["remark"].role == "text"
    inputs = recipe.inputs(source)
    width = inputs.shape[1]
    assert FEWEST <= width <= MOST
    assert width & (width - 1) == 0
    assert inputs.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(inputs, axis=1), LENGTH, rtol=1e-5)
    new = recipe.inputs(data.open_source({"remark": ["", None, "!!!", "never seen words"]}))
    np.testing.assert_allclose(np.linalg.norm(new, axis=1), [0, 0, 0, LENGTH], rtol=1e-5)


def test_what_is_held_at_once_changes_nothing(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    source, recipe = fitted([None, *remarks(rng, 99)], columns={"remark": "text"})
    expected = recipe.inputs(source)
    assert recipe.input_names[-1] == "remark is missing"
    monkeypatch.setattr(text_column, "ROWS", 7)
    np.testing.assert_array_equal(recipe.inputs(source), expected)
    assert data.fit_recipe(source) == recipe


def test_the_same_numbers_in_every_process_and_forever() -> None:
    column = TextColumn("remark", 64, (1.0,) * 64, False)
    code = (
        "import numpy as np; from vitrina import data; from vitrina.data.text_column import TextColumn\n"
        "out = np.zeros((1, 64), np.float32)\n"
        "TextColumn('remark', 64, (1.0,) * 64, False).encode(data.open_source({'remark': ['Señor, the ROOM 12']}), out)\n"
        "print([(i, round(float(v), 3)) for i, v in enumerate(out[0]) if v])"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
        ).stdout
        for seed in ("1", "2")
    ]
    assert told[0] == told[1]
    out = np.zeros((2, 64), np.float32)
    column.encode(data.open_source({"remark": ["Señor, the ROOM 12", "SEN\u0303OR the room... 12!"]}), out)
    assert str([(i, round(float(v), 3)) for i, v in enumerate(out[0]) if v]) == told[0].strip()
    np.testing.assert_array_equal(out[0], out[1])
    signs = {int(place): int(np.sign(out[0, place])) for place in np.flatnonzero(out[0])}
    assert signs == {14: -1, 25: 1, 34: 1, 46: -1, 54: 1, 56: 1, 58: -1}, "saved models would read text differently"


def test_order_matters_through_pairs() -> None:
    column = TextColumn("remark", 512, (1.0,) * 512, False)
    out = np.zeros((3, 512), np.float32)
    column.encode(data.open_source({"remark": ["dog bites man", "man bites dog", "dog bites man"]}), out)
    assert (out[0] == out[2]).all()
    assert (out[0] != out[1]).any()
    japanese = np.zeros((2, 512), np.float32)
    column.encode(data.open_source({"remark": ["東京は雨", "京都は雨"]}), japanese)
    assert 0 < float(japanese[0] @ japanese[1]) < LENGTH**2, "letters without blanks between words are words"


def test_rare_words_weigh_more(rng: np.random.Generator) -> None:
    source, recipe = fitted(remarks(rng))
    weights = recipe.to_json()["inputs"]["columns"][0]["weights"]
    assert min(weights) < 1.7 < 3 < max(weights)
    assert source.describe().columns[0].high == 11


def test_two_kinds_of_text_can_be_told_apart(rng: np.random.Generator) -> None:
    texts = remarks(rng, 400)
    source, recipe = fitted(texts, rows=np.arange(300))
    x, y = recipe.inputs(source), recipe.targets(source)
    weights = np.linalg.lstsq(x[:300], 2.0 * y[:300] - 1, rcond=1e-3)[0]
    assert ((x[300:] @ weights > 0) == y[300:]).mean() > 0.95


@given(st.lists(st.none() | st.text(max_size=30), min_size=4, max_size=8).filter(lambda texts: len(texts) % 2 == 0))
def test_any_text_gives_finite_inputs(texts: list[str | None]) -> None:
    from vitrina.errors import DataError

    try:
        source, recipe = fitted(texts, columns={"remark": "text"})
    except DataError as error:
        assert "left to learn from" in str(error)  # noqa: PT017
    else:
        assert np.isfinite(recipe.inputs(source)).all()

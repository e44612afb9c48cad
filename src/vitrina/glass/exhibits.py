"""What is kept of the examples that judge a training, so that it can be shown how each fares: a bounded number of them.

Their inputs as the network sees them are in the recording; beside it, in `examples.json`, what a table's rows say in their own
words and units, and for each of its columns the values it may take in turn, as the network sees those.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vitrina.files import write_atomically

FILE = "examples.json"
MOST = 240  # examples that are kept
MOST_NUMBERS = 2_000_000  # of all of them together: of large images there are fewer
LEAST = 12
COLUMNS = 40  # of a table that are told
TURNS, CATEGORIES = 17, 12  # values that a column of numbers, and one of categories, takes in turn
LONGEST = 60  # letters of a text


def chosen(rows: int, size: int) -> np.ndarray:
    """Which of so many examples, each of so many numbers, are kept: the same whenever they are asked for. (n,) int64."""
    count = min(rows, MOST, max(LEAST, MOST_NUMBERS // max(1, size)))
    return np.sort(np.random.default_rng(3).permutation(rows)[:count])


def write_examples(folder: Path, x: np.ndarray, rows: np.ndarray, source: Any, recipe: Any) -> None:
    """Writes what the rows that are kept say.

    x: (n, *input shape), all that judge, as the network sees them; rows: those that are kept; source: the same as data, with
    their recipe, both None for arrays as they are.
    """
    document: dict[str, Any] = {"where": [_where(source, row) for row in rows.tolist()]}
    if (frame := getattr(source, "frame", None)) is not None and getattr(recipe, "kind", "") == "table":
        columns = list(_columns(recipe))[:COLUMNS]
        document["columns"] = [column.name for column, _ in columns]
        kept = frame[rows]
        document["rows"] = [[told(kept[column.name][at]) for column, _ in columns] for at in range(len(rows))]
        document["turns"] = [turn for column, span in columns if (turn := _turn(column, frame[column.name], x, span))]
    elif x.ndim == 2:
        given = source.x if getattr(source, "kind", "") == "arrays" else x
        names = [f"x[{place}]" for place in range(x.shape[1])][:COLUMNS]
        document["columns"] = names
        document["rows"] = [[told(float(value)) for value in given[row, :COLUMNS]] for row in rows.tolist()]
        document["turns"] = [_numbers(name, given[:, at], x, (at, at + 1)) for at, name in enumerate(names)]
    if recipe is not None and recipe.task == "regression":
        document["unit"] = {"mean": list(recipe.target.mean), "std": list(recipe.target.std)}
    write_atomically(folder / FILE, json.dumps(document, ensure_ascii=False) + "\n")


def read_examples(folder: Path) -> dict[str, Any]:
    """What was written; {} for a recording of before."""
    try:
        document = json.loads((folder / FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def told(value: Any) -> str:
    """A value of a table as people read it."""
    return "–" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)[:LONGEST]


def _where(source: Any, row: int) -> str:
    return source.where(row) if source is not None else f"row {row}"


def _columns(recipe: Any) -> Iterator[tuple[Any, tuple[int, int]]]:
    """Each column that is learned from, and which of the network's inputs are its own."""
    start = 0
    for column in recipe.features.columns:
        stop = start + len(column.input_names)
        yield column, (start, stop)
        start = stop


def _turn(column: Any, values: Any, x: np.ndarray, span: tuple[int, int]) -> dict[str, Any] | None:
    """The values of a column in turn, each as it is seen in a row that has it; None for texts and dates, which have no few."""
    from vitrina.data.columns import CategoricalColumn, NumericColumn
    from vitrina.data.roles import as_text, parse_numbers

    if isinstance(column, NumericColumn):
        numbers = parse_numbers(values)[0].to_numpy()  # a file's numbers are texts until then
        present = np.isfinite(numbers).nonzero()[0]
        return _numbers(column.name, numbers, x, span, present) if len(present) else None
    if not isinstance(column, CategoricalColumn):
        return None
    words = as_text(values)
    present = (~words.is_null().to_numpy()).nonzero()[0]
    counts = words[present].alias("value").value_counts(name="rows").sort(["rows", "value"], descending=[True, False])
    listed: Sequence[str] = counts["value"].to_list()[:CATEGORIES]
    first = {value: row for row, value in reversed(list(enumerate(words.to_list())))}
    seen = _seen(x, [first[value] for value in listed], span)
    return {"name": column.name, "kind": "categories", "values": [told(value) for value in listed], **seen}


def _numbers(
    name: str, values: np.ndarray, x: np.ndarray, span: tuple[int, int], present: np.ndarray | None = None
) -> dict[str, Any]:
    present = np.arange(len(values)) if present is None else present
    order = present[np.argsort(values[present], kind="stable")]
    picked = order[np.linspace(0, len(order) - 1, TURNS).round().astype(int)]
    _, first = np.unique(values[picked], return_index=True)
    rows = picked[first]
    return {
        "name": name,
        "kind": "numbers",
        "values": [float(f"{values[row]:.6g}") for row in rows],
        **_seen(x, rows, span),
    }


def _seen(x: np.ndarray, rows: Any, span: tuple[int, int]) -> dict[str, Any]:
    start, stop = span
    return {"places": [start, stop], "inputs": x[rows, start:stop].astype(float).tolist()}

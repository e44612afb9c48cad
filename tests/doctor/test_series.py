"""What a finding was read off is carried with it, and drawn on every screen."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import vitrina as vt
from tests.doctor.conftest import net
from vitrina import locale
from vitrina.doctor.registry import RULES
from vitrina.doctor.series import MOST, READ, thinned
from vitrina.doctor.sparkline import BLOCKS, drawing, heights, in_words, sparkline, told

Taught = Callable[..., Path]


def test_a_line_goes_from_the_lowest_block_to_the_highest() -> None:
    assert sparkline(range(8)) == BLOCKS
    assert sparkline([3.0, 3.0]) == BLOCKS[4] * 2
    assert len(sparkline(range(1000), width=20)) == 20
    assert sparkline(range(1000), width=8) == BLOCKS


def test_what_hardly_changes_looks_flat() -> None:
    assert heights([2.49, 2.47, 2.49]) == pytest.approx([0.54, 0.46, 0.54], abs=0.01)


def test_every_series_has_its_name_in_the_readers_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locale, "_chosen", "es")
    assert in_words("step over weights of dense_1") == "paso entre pesos de dense_1"
    assert told("rows, by class", (30.0, 10.0, 20.0)) == "filas, por clase 10 … 30"
    assert told("error", (2.0, 0.5)) == "error 2 → 0.5"


def test_what_spans_many_powers_of_ten_is_drawn_by_its_powers() -> None:
    assert heights([1e-4, 1e-2, 1.0]) == pytest.approx([0.0, 0.5, 1.0])
    assert heights([1.0, 2.0, 3.0]) == pytest.approx([0.0, 0.5, 1.0])
    assert heights([-1e4, 0.0, 1e4]) == pytest.approx([0.0, 0.5, 1.0])


def test_a_series_is_short_finite_and_keeps_its_ends() -> None:
    assert thinned(np.arange(1000.0))[:: MOST - 1] == (0.0, 999.0)
    assert len(thinned(np.arange(1000.0))) == MOST
    assert thinned([1.0, 2.0, float("nan"), 3.0]) == (1.0, 2.0)


def test_drawn_points_stand_where_the_numbers_say() -> None:
    svg = drawing({"error": [1.0, 0.0], "validation error": [0.5, 1.0]}, width=100, height=44)
    lines = re.findall(r'points="([^"]+)"', svg)
    assert lines == ["2.0,2.0 98.0,42.0", "2.0,22.0 98.0,2.0"]
    assert drawing({}) == ""


def test_what_is_of_another_size_has_a_scale_of_its_own() -> None:
    svg = drawing({"step over weights": [2e-4, 1e-4], "error": [2.0, 1.0]}, width=100, height=44)
    assert re.findall(r'points="([^"]+)"', svg) == ["2.0,2.0 98.0,42.0"] * 2


def test_every_code_that_is_drawn_is_one_that_is_found() -> None:
    assert set(READ) <= set(RULES)


def test_a_finding_carries_its_series_to_terminal_json_and_report(taught: Taught) -> None:
    run = taught(net(), optimizer=vt.Adam(1e-7))
    found = vt.diagnose(run)
    assert found.codes[0] == "rate-too-low"
    series = found[0].series
    assert set(series) == {"step over weights", "error"}
    written = json.loads(json.dumps(found.to_json()))
    assert written[0]["series"]["error"] == list(series["error"])
    assert sparkline(series["error"]) in str(found)
    page = vt.report(run).read_text("utf-8")
    assert drawing(series) in page


def test_notes_are_not_drawn(taught: Taught) -> None:
    found = vt.diagnose(taught(epochs=40, batch_size=4))
    assert not re.search(f"[{BLOCKS}]{{8}}", str(found))

"""The throughput benchmark: its tables, and each way of learning from them, on a few rows."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from benchmarks.throughput import WAYS, section, written


def test_a_table_is_written_once_and_can_be_learned_from(tmp_path: Path) -> None:
    path = written(tmp_path, 5000)
    frame = pl.read_parquet(path)
    assert frame.shape == (5000, 31)
    assert 0.3 < frame["y"].mean() < 0.7  # pyright: ignore
    before = path.stat().st_mtime_ns
    assert written(tmp_path, 5000).stat().st_mtime_ns == before


@pytest.mark.parametrize("way", [way for way in WAYS if way.startswith(("Vitrina", "PyTorch", "pandas"))])
def test_each_way_goes_from_the_file_to_a_trained_network(tmp_path: Path, way: str) -> None:
    if way.startswith("PyTorch"):
        pytest.importorskip("torch")
    if way.startswith("pandas"):
        pytest.importorskip("pandas")
    told = WAYS[way](written(tmp_path, 3000), 1)
    assert told.get("engine", "") or not way.startswith("Vitrina")


def test_the_table_says_how_many_times_as_fast() -> None:
    found = {
        ("Vitrina, streamed", 1000): [{"seconds": 2.0, "peak": 300.0, "beyond": 10.0, "engine": "jax:scan"}],
        ("PyTorch DataLoader", 1000): [{"seconds": 30.0, "peak": 500.0, "beyond": 90.0}],
    }
    text = section(found, 2)
    assert "| 1,000 | PyTorch DataLoader |  | 30.0 | 67 | 15.00 | 500 | 90 |" in text

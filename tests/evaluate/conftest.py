"""A shop whose sales are sometimes sent back: what runs are judged and decided on here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

import vitrina as vt

ROWS = 1500


def shop(rows: int = ROWS, seed: int = 0, strength: float = 1.5) -> pl.DataFrame:
    """Sales with a day and a price, of which one in six is sent back, the larger ones more often."""
    rng = np.random.default_rng(seed)
    size = rng.normal(size=rows)
    back = rng.random(rows) < 1.0 / (1.0 + np.exp(2.2 - strength * size))
    return pl.DataFrame(
        {
            "size": size.round(3),
            "colour": rng.choice(["red", "blue"], rows),
            "price": rng.gamma(2.0, 30.0, rows).round(2),
            "day": [f"2024-03-{1 + row * 30 // rows:02d}" for row in range(rows)],
            "back": np.where(back, "yes", "no"),
        }
    )


def teach(folder: Path, frame: pl.DataFrame, **options: Any) -> Path:
    frame.write_csv(folder / "shop.csv")
    vt.train(folder / "shop.csv", target="back", epochs=6, engine="numpy", out=folder / "run", record=False, **options)
    return folder / "run"

"""The sixth batch's own data: the usual small sets in the shapes and units in which they are usually met."""

from __future__ import annotations

import numpy as np

from benchmarks.doctor.data import SETS, Rows, frame_of, named, scaled

NUMBERS = ("age", "fnlwgt", "education_num", "capital_gain", "capital_loss", "hours_per_week")


def _squares() -> tuple[np.ndarray, np.ndarray]:
    """Digits as images of 8 × 8, from 0 to 1."""
    x, y = SETS["digits"]()
    return ((x + 0.6) / 2.0).reshape(-1, 8, 8, 1), y


def _lines() -> tuple[np.ndarray, np.ndarray]:
    """The same, line by line."""
    x, y = _squares()
    return x[..., 0], y


def _small_figures() -> tuple[np.ndarray, np.ndarray]:
    """MNIST, 3,000 images of 14 × 14, from 0 to 1."""
    x, y = SETS["mnist"]()
    return x[:3000].reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4))[..., None], y[:3000]


def _numbers() -> tuple[np.ndarray, np.ndarray]:
    """The six numbers of the census, in their units."""
    frame = frame_of("adult-train.csv", 3000)
    return frame.select(*NUMBERS).to_numpy().astype(np.float64), (frame["income"].to_numpy() == ">50K").astype(np.int32)


def _hours() -> tuple[np.ndarray, np.ndarray]:
    """Hours of work a week, of which the other columns tell a fifth."""
    import polars as pl

    frame = frame_of("adult-train.csv", 3000)
    table = frame.select("age", "education_num", "sex", "workclass", "marital_status", "income")
    x = table.to_dummies(pl.selectors.string()).fill_null(0).to_numpy().astype(np.float64)
    x = x[:, (x != 0.0).sum(axis=0) >= 30]
    return scaled(x), scaled(frame["hours_per_week"].to_numpy()[:, None].astype(np.float64)).astype(np.float32)


def _rings() -> tuple[np.ndarray, np.ndarray]:
    """Rings of shells as they are counted, of all the measures."""
    x, _ = SETS["abalone"]()
    return x, frame_of("abalone.csv", 4177)["rings"].to_numpy()[:, None].astype(np.float32)


def _sugar() -> tuple[np.ndarray, np.ndarray]:
    """Diabetes, with the target as it is: 152, give or take 77."""
    from sklearn.datasets import load_diabetes

    x, _ = SETS["diabetes"]()
    return x, np.asarray(load_diabetes(scaled=False).target)[:, None].astype(np.float32)  # pyright: ignore


def _proline(scale: bool) -> tuple[np.ndarray, np.ndarray]:
    """The last column of the wines, of the twelve others: 747, give or take 315."""
    x, _ = SETS["wine-raw"]()
    y = x[:, 12:]
    return scaled(x[:, :12]), (scaled(y) if scale else y).astype(np.float32)


def _between() -> tuple[np.ndarray, np.ndarray]:
    """Breast cancer, each column from 0 to 1."""
    x, y = SETS["breast-cancer-raw"]()
    return (x - x.min(axis=0)) / (x.max(axis=0) - x.min(axis=0)), y


def beside(rows: Rows, column: np.ndarray) -> Rows:
    """With one more column: its numbers for the rows to learn from, for those that judge meanwhile, and for those that judge last."""
    a, b = len(rows.x), len(rows.x) + len(rows.xv)
    parts = zip((rows.x, rows.xv, rows.xt), (column[:a], column[a:b], column[b:]), strict=True)
    x, xv, xt = (np.column_stack([own, more]).astype(np.float32) for own, more in parts)
    return Rows(x, rows.y, xv, rows.yv, xt, rows.yt)


def wide(name: str) -> int:
    return named(name).x.shape[1]


SETS |= {
    "squares": _squares,
    "lines": _lines,
    "small-figures": _small_figures,
    "numbers-raw": _numbers,
    "numbers": lambda: (scaled(_numbers()[0]), _numbers()[1]),
    "hours": _hours,
    "rings": _rings,
    "sugar": _sugar,
    "proline-raw": lambda: _proline(scale=False),
    "proline": lambda: _proline(scale=True),
    "between": _between,
}

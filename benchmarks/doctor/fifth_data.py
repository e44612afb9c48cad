"""The fifth batch's own data: spirals, a chessboard, weights of shells, alcohol in wine, cars' thirst, payments of September, blots."""

from __future__ import annotations

import numpy as np

from benchmarks.doctor.data import SETS, SHARED, frame_of, scaled


def _spirals() -> tuple[np.ndarray, np.ndarray]:
    """Three arms that wind around each other."""
    rng = np.random.default_rng(61)
    y = rng.integers(0, 3, 1800)
    far = np.sqrt(rng.random(1800))
    turn = 5.0 * far + 2.0944 * y + 0.15 * rng.normal(size=1800)
    return 2.0 * np.column_stack([far * np.cos(turn), far * np.sin(turn)]), y.astype(np.int32)


def _chessboard() -> tuple[np.ndarray, np.ndarray]:
    """Black or white of a board of three by three, beside two columns that say nothing."""
    x = np.random.default_rng(62).uniform(-1.5, 1.5, (2400, 4))
    return x, ((np.floor(x[:, 0] + 1.5) + np.floor(x[:, 1] + 1.5)) % 2).astype(np.int32)


def _weights(scale: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """What a shell weighs, of its lengths and rings: they tell nearly all."""
    frame = frame_of("abalone.csv", 2000)
    x = frame.select("length", "diameter", "height", "rings").to_numpy().astype(np.float64)
    y = frame["whole_weight"].to_numpy()[:, None].astype(np.float64)
    return (scaled(x), scaled(y).astype(np.float32)) if scale else (x, y.astype(np.float32))


def _alcohol() -> tuple[np.ndarray, np.ndarray]:
    frame = frame_of("winequality-white.csv", 2000)
    y = frame["alcohol"].to_numpy()[:, None].astype(np.float64)
    return scaled(frame.drop("alcohol", "density").to_numpy().astype(np.float64)), scaled(y).astype(np.float32)


def _thirst() -> tuple[np.ndarray, np.ndarray]:
    """Miles a gallon in town, of a car's build and of its miles on the road, which tell nearly all."""
    import polars as pl

    frame = frame_of("auto_imports.csv", 201).select(pl.col(pl.Float64, pl.Int64))
    y = frame["city_mpg"].to_numpy()[:, None].astype(np.float64)
    x = frame.drop("city_mpg").select(pl.all().fill_null(pl.all().mean())).to_numpy().astype(np.float64)
    return scaled(x), scaled(y).astype(np.float32)


def _payments(scale: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """One payment in twelve a fraud."""
    import polars as pl

    frame = pl.read_parquet(SHARED / "fraud" / "fraud-2018-09.parquet")
    bad = frame.filter(pl.col("TX_FRAUD") == 1).sample(250, seed=6)
    frame = pl.concat([bad, frame.filter(pl.col("TX_FRAUD") == 0).sample(2750, seed=6)])
    x = frame.select("TX_AMOUNT", pl.col("^.*WINDOW$")).to_numpy().astype(np.float64)
    return (scaled(x) if scale else x), frame["TX_FRAUD"].to_numpy().astype(np.int32)


def _blots() -> tuple[np.ndarray, np.ndarray]:
    """How far to the right a blot lies in a noisy image of 12 × 12, as a number."""
    rng = np.random.default_rng(63)
    at = rng.uniform(2.0, 9.0, (1400, 2))
    rows = np.arange(12.0)
    x = np.exp(-((rows[None, :, None] - at[:, :1, None]) ** 2 + (rows[None, None, :] - at[:, 1:, None]) ** 2) / 3.0)
    x = x + 0.15 * rng.normal(size=x.shape)
    return x[..., None], scaled(at[:, 1:]).astype(np.float32)


def _strokes() -> tuple[np.ndarray, np.ndarray]:
    """Lines that lie, stand, or slope one way or the other, in noisy images of 10 × 10."""
    rng = np.random.default_rng(64)
    y = rng.integers(0, 4, 1600)
    x = 0.35 * rng.normal(size=(1600, 10, 10))
    for row, kind in enumerate(y):
        at, off = np.arange(6) + rng.integers(0, 5), rng.integers(-2, 3)
        i = {0: np.full(6, 5 + off), 1: at, 2: at, 3: at}[int(kind)]
        j = {0: at, 1: np.full(6, 5 + off), 2: at, 3: 9 - at}[int(kind)]
        x[row, i, j] += 1.5
    return x[..., None], y.astype(np.int32)


def _echoes() -> tuple[np.ndarray, np.ndarray]:
    """Twelve numbers one after the other, and what the third of them was beside the last."""
    x = np.random.default_rng(65).normal(size=(1600, 12, 1))
    return x, (x[:, 2, 0] + x[:, -1, 0] > 0.0).astype(np.int32)


SETS |= {
    "spirals": _spirals,
    "chessboard": _chessboard,
    "weights": _weights,
    "weights-raw": lambda: _weights(scale=False),
    "alcohol": _alcohol,
    "thirst": _thirst,
    "payments": _payments,
    "payments-raw": lambda: _payments(scale=False),
    "blots": _blots,
    "strokes": _strokes,
    "echoes": _echoes,
}

"""The fourth batch's own data: made tables, ages and jobs of adults, two kinds of wine, two kinds of photographs."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from benchmarks.doctor.data import SETS, SHARED, Rows, frame_of, made, scaled


@cache
def _adults() -> Any:
    return frame_of("adult-train.csv", 3000)


def _coded(frame: Any) -> np.ndarray:
    import polars as pl

    x = frame.to_dummies(pl.selectors.string()).fill_null(0).to_numpy().astype(np.float64)
    return x[:, (x != 0.0).sum(axis=0) >= 30]  # what next to no row has is far off when it is scaled


def _ages(scale: bool = True) -> tuple[np.ndarray, np.ndarray]:
    frame = _adults()
    x = _coded(frame.drop("age", "native_country", "fnlwgt"))
    age = frame["age"].to_numpy()[:, None].astype(np.float64)
    return (scaled(x), scaled(age).astype(np.float32)) if scale else (x, age.astype(np.float32))


def _married(scale: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Is somebody married? Of work, schooling and income, without the columns that say it."""
    frame = _adults()
    x = _coded(frame.drop("marital_status", "relationship", "native_country"))
    y = frame["marital_status"].str.starts_with("Married").to_numpy().astype(np.int32)
    return (scaled(x), y) if scale else (x, y)


def _schooling() -> tuple[np.ndarray, np.ndarray]:
    """Sixteen kinds of schooling, of which the other columns tell little."""
    frame = _adults()
    _, y = np.unique(frame["education"].to_numpy(), return_inverse=True)
    return scaled(_coded(frame.drop("education", "education_num", "native_country"))), y.astype(np.int32)


def _colours(scale: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """White wine or red?"""
    red, white = frame_of("winequality-red.csv", 900), frame_of("winequality-white.csv", 1600)
    x = np.concatenate([one.drop("quality").to_numpy() for one in (red, white)]).astype(np.float64)
    y = np.r_[np.zeros(len(red)), np.ones(len(white))].astype(np.int32)
    return (scaled(x), y) if scale else (x, y)


def _sexes() -> tuple[np.ndarray, np.ndarray]:
    """Male, female or infant shells: half of them can be told."""
    frame = frame_of("abalone.csv", 2400)
    _, y = np.unique(frame["sex"].to_numpy(), return_inverse=True)
    return scaled(frame.drop("sex").to_numpy().astype(np.float64)), y.astype(np.int32)


def _aeroplanes() -> tuple[np.ndarray, np.ndarray]:
    """Aeroplanes and horses, 16 × 16 in colour, from 0 to 1."""
    import io

    import polars as pl
    from PIL import Image

    frame = pl.read_parquet(SHARED / "cifar10.parquet").filter(pl.col("label").is_in([0, 7])).head(2000)
    images = [Image.open(io.BytesIO(data)).resize((16, 16)) for data in frame["image"]]
    return np.stack([np.asarray(image) for image in images]) / 255.0, (frame["label"].to_numpy() == 7).astype(np.int32)


def _odd() -> tuple[np.ndarray, np.ndarray]:
    """Is a handwritten figure odd? 14 × 14."""
    x, y = SETS["mnist"]()
    x = x[:4000].reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(4000, 196)
    return x, (y[:4000] % 2).astype(np.int32)


def _amounts() -> tuple[np.ndarray, np.ndarray]:
    """What a card was charged, of what it was charged before: skewed, with a few that are far off."""
    import polars as pl

    frame = pl.read_parquet(SHARED / "fraud" / "fraud-2018-07.parquet").sample(3000, seed=4)
    x = frame.select("TX_DURING_WEEKEND", "TX_DURING_NIGHT", pl.col("^.*WINDOW$")).to_numpy().astype(np.float64)
    return scaled(x), scaled(frame["TX_AMOUNT"].to_numpy()[:, None].astype(np.float64)).astype(np.float32)


def _bodies() -> tuple[np.ndarray, np.ndarray]:
    """Two or four doors? 201 cars."""
    import polars as pl

    frame = frame_of("auto_imports.csv", 201).filter(pl.col("num_of_doors").is_not_null())
    table = frame.drop("num_of_doors", "body_style").to_dummies(pl.selectors.string())
    x = table.select(pl.all().fill_null(pl.all().mean())).to_numpy().astype(np.float64)
    return scaled(x), (frame["num_of_doors"].to_numpy() == "four").astype(np.int32)


def _hundred() -> tuple[np.ndarray, np.ndarray]:
    return made("make_blobs", n_samples=6000, centers=100, n_features=12, cluster_std=2.0)


def _hastie() -> tuple[np.ndarray, np.ndarray]:
    x, y = made("make_hastie_10_2", n_samples=3000)
    return x, (y[:, 0] > 0).astype(np.int32)


def _roll() -> tuple[np.ndarray, np.ndarray]:
    """How far along a rolled-up sheet a point lies."""
    return made("make_swiss_roll", n_samples=1500, noise=0.3)


def halves(x: np.ndarray, y: np.ndarray) -> Rows:
    """Two thirds to learn from, a sixth each that judge, as they come."""
    a, b = 2 * len(x) // 3, 5 * len(x) // 6
    x = x.astype(np.float32)
    return Rows(x[:a], y[:a], x[a:b], y[a:b], x[b:], y[b:])


SETS |= {
    "ages": _ages,
    "ages-raw": lambda: _ages(scale=False),
    "married": _married,
    "married-raw": lambda: _married(scale=False),
    "schooling": _schooling,
    "colours": _colours,
    "colours-raw": lambda: _colours(scale=False),
    "sexes": _sexes,
    "aeroplanes": _aeroplanes,
    "odd": _odd,
    "amounts": _amounts,
    "bodies": _bodies,
    "hundred": _hundred,
    "kinds": lambda: made(
        *("make_classification",),
        **{"n_samples": 2500, "n_features": 20, "n_informative": 8, "n_classes": 5, "class_sep": 1.6, "flip_y": 0.0},
    ),
    "rare": lambda: made(
        *("make_classification",),
        **{"n_samples": 4000, "n_features": 12, "n_informative": 6, "weights": [0.96], "class_sep": 1.2, "flip_y": 0.0},
    ),
    "shells-within": lambda: made("make_gaussian_quantiles", n_samples=2000, n_features=6, n_classes=3),
    "hastie": _hastie,
    "straight": lambda: made("make_regression", n_samples=900, n_features=30, n_informative=8, noise=40.0),
    "roll": _roll,
    "circuits": lambda: made("make_friedman3", n_samples=1500, noise=0.1),
}

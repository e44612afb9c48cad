"""Small real data, prepared: standardised arrays, split once by a fixed seed into training, validation and test rows."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


@dataclass(frozen=True)
class Rows:
    """x, y to learn from; xv, yv that judge meanwhile; xt, yt that judge at the end."""

    x: np.ndarray
    y: np.ndarray
    xv: np.ndarray
    yv: np.ndarray
    xt: np.ndarray
    yt: np.ndarray

    def inputs(self, change: Any) -> Rows:
        """All three inputs changed in the same way."""
        return replace(self, x=change(self.x), xv=change(self.xv), xt=change(self.xt))

    def targets(self, change: Any) -> Rows:
        return replace(self, y=change(self.y), yv=change(self.yv), yt=change(self.yt))

    def first(self, rows: int) -> Rows:
        """Fewer rows to learn from."""
        return replace(self, x=self.x[:rows], y=self.y[:rows])


@cache
def named(name: str) -> Rows:
    """One of the sets below."""
    x, y = SETS[name]()
    order = np.random.default_rng(7).permutation(len(x))
    x, y = x[order].astype(np.float32), y[order]
    held = max(40, len(x) // 5)
    a, b = len(x) - 2 * held, len(x) - held
    return Rows(x[:a], y[:a], x[a:b], y[a:b], x[b:], y[b:])


def scaled(x: np.ndarray) -> np.ndarray:
    spread = x.std(axis=0)
    return (x - x.mean(axis=0)) / np.where(spread > 0, spread, 1.0)


def _digits() -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_digits

    found: Any = load_digits()
    return found.data, found.target.astype(np.int32)


def _built_in(loader: str, scale: bool = True) -> tuple[np.ndarray, np.ndarray]:
    from sklearn import datasets

    found: Any = getattr(datasets, loader)()
    return scaled(found.data) if scale else found.data, found.target.astype(np.int32)


def _diabetes() -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_diabetes

    found: Any = load_diabetes(scaled=False)
    return scaled(found.data), scaled(found.target[:, None]).astype(np.float32)


def frame_of(file: str, rows: int) -> Any:
    import polars as pl

    frame = pl.read_csv(SHARED / "tables" / file, null_values="?", infer_schema_length=None)
    return frame.sample(min(rows, len(frame)), seed=3, shuffle=True)


def _coded(frame: Any, target: str) -> np.ndarray:
    import polars as pl

    table = frame.drop(target).to_dummies(pl.selectors.string()).fill_null(0)
    return scaled(table.to_numpy().astype(np.float64))


def _adult() -> tuple[np.ndarray, np.ndarray]:
    frame = frame_of("adult-train.csv", 4000)
    return _coded(frame, "income"), (frame["income"].to_numpy() == ">50K").astype(np.int32)


def _abalone() -> tuple[np.ndarray, np.ndarray]:
    frame = frame_of("abalone.csv", 4177)
    return _coded(frame, "rings"), scaled(frame["rings"].to_numpy()[:, None].astype(np.float64)).astype(np.float32)


def _mammography() -> tuple[np.ndarray, np.ndarray]:
    frame = frame_of("mammography.csv", 11183)
    return _coded(frame, "class"), (frame["class"].to_numpy() == 1).astype(np.int32)


def _mnist() -> tuple[np.ndarray, np.ndarray]:
    import polars as pl
    from PIL import Image

    frame = pl.read_parquet(SHARED / "mnist.parquet").head(8000)
    x = np.stack([np.asarray(Image.open(io.BytesIO(data))) for data in frame["image"]])
    return x.reshape(len(x), -1) / 255.0, frame["label"].to_numpy().astype(np.int32)


def _sonar() -> tuple[np.ndarray, np.ndarray]:
    frame = frame_of("sonar.csv", 208)
    return _coded(frame, "class"), (frame["class"].to_numpy() == "M").astype(np.int32)


def _wine_quality() -> tuple[np.ndarray, np.ndarray]:
    frame = frame_of("winequality-red.csv", 1599)
    return _coded(frame, "quality"), frame["quality"].to_numpy()[:, None].astype(np.float32)


def _cifar() -> tuple[np.ndarray, np.ndarray]:
    import polars as pl
    from PIL import Image

    frame = pl.read_parquet(SHARED / "cifar10.parquet").head(3000)
    images = [Image.open(io.BytesIO(data)).resize((16, 16)) for data in frame["image"]]
    return np.stack([np.asarray(image) for image in images]) / 127.5 - 1.0, frame["label"].to_numpy().astype(np.int32)


def _white_wine() -> tuple[np.ndarray, np.ndarray]:
    frame = frame_of("winequality-white.csv", 2500)
    return _coded(frame, "quality"), np.clip(frame["quality"].to_numpy() - 5, 0, 2).astype(np.int32)


def _ring_classes() -> tuple[np.ndarray, np.ndarray]:
    frame = frame_of("abalone.csv", 4177)
    return _coded(frame, "rings"), np.clip(frame["rings"].to_numpy() - 1, 0, 27).astype(np.int32)


def _cars(scale: bool = True) -> tuple[np.ndarray, np.ndarray]:
    import polars as pl

    frame = frame_of("auto_imports.csv", 201)
    table = frame.drop("price").to_dummies(pl.selectors.string())
    x = table.select(pl.all().fill_null(pl.all().mean())).to_numpy().astype(np.float64)
    price = frame["price"].to_numpy()[:, None].astype(np.float64)
    return (scaled(x), scaled(price).astype(np.float32)) if scale else (x, price.astype(np.float32))


def _fraud() -> tuple[np.ndarray, np.ndarray]:
    """Card transactions in their own units, one in twenty of them a fraud."""
    import polars as pl

    frame = pl.read_parquet(SHARED / "fraud" / "fraud-2018-06.parquet")
    bad = frame.filter(pl.col("TX_FRAUD") == 1).sample(300, seed=3)
    frame = pl.concat([bad, frame.filter(pl.col("TX_FRAUD") == 0).sample(5700, seed=3)])
    inputs = frame.select("TX_AMOUNT", "TX_DURING_WEEKEND", "TX_DURING_NIGHT", pl.col("^.*WINDOW$"))
    return inputs.to_numpy().astype(np.float64), frame["TX_FRAUD"].to_numpy().astype(np.int32)


def _fraud_scaled() -> tuple[np.ndarray, np.ndarray]:
    x, y = _fraud()
    return scaled(x), y


def made(maker: str, **options: Any) -> tuple[np.ndarray, np.ndarray]:
    from sklearn import datasets

    x, y = getattr(datasets, maker)(random_state=5, **options)
    return scaled(x), y.astype(np.int32) if y.dtype.kind == "i" else scaled(y[:, None]).astype(np.float32)


def _waves() -> tuple[np.ndarray, np.ndarray]:
    """Noisy waves of 24 steps, of one of four lengths: (1500, 24, 1)."""
    rng = np.random.default_rng(21)
    y = rng.integers(0, 4, 1500)
    pace = np.array([0.35, 0.6, 0.9, 1.3])[y][:, None]
    x = np.sin(pace * np.arange(24) + rng.uniform(0, 6.28, (1500, 1))) + 0.3 * rng.normal(size=(1500, 24))
    return x[..., None], y.astype(np.int32)


def _parity() -> tuple[np.ndarray, np.ndarray]:
    """Whether three of eight bits add up to an odd number: no column alone tells anything."""
    x = np.random.default_rng(22).integers(0, 2, (3000, 8))
    return 2.0 * x - 1.0, (x[:, :3].sum(axis=1) % 2).astype(np.int32)


SETS: dict[str, Any] = {
    "digits": lambda: (_digits()[0] / 8.0 - 0.6, _digits()[1]),
    "breast-cancer": lambda: _built_in("load_breast_cancer"),
    "breast-cancer-raw": lambda: _built_in("load_breast_cancer", scale=False),
    "wine": lambda: _built_in("load_wine"),
    "wine-raw": lambda: _built_in("load_wine", scale=False),
    "iris": lambda: _built_in("load_iris"),
    "diabetes": _diabetes,
    "adult": _adult,
    "abalone": _abalone,
    "mammography": _mammography,
    "mnist": _mnist,
    "sonar": _sonar,
    "wine-quality": _wine_quality,
    "cifar": _cifar,
    "white-wine": _white_wine,
    "ring-classes": _ring_classes,
    "cars": _cars,
    "cars-raw": lambda: _cars(scale=False),
    "fraud": _fraud_scaled,
    "fraud-raw": _fraud,
    "friedman": lambda: made("make_friedman1", n_samples=1500, noise=1.0),
    "moons": lambda: made("make_moons", n_samples=1000, noise=0.2),
    "circles": lambda: made("make_circles", n_samples=1000, noise=0.1, factor=0.5),
    "blobs": lambda: made("make_blobs", n_samples=2400, centers=12, n_features=10, cluster_std=4.0),
    "sixty-blobs": lambda: made("make_blobs", n_samples=4800, centers=60, n_features=16, cluster_std=3.5),
    "waves": _waves,
    "parity": _parity,
}
IN_SHARED = (
    *("adult", "abalone", "mammography", "mnist", "sonar", "wine-quality"),
    *("cifar", "white-wine", "ring-classes", "cars", "cars-raw", "fraud", "fraud-raw"),
    *("ages", "married", "schooling", "colours", "sexes", "aeroplanes", "odd", "amounts", "bodies"),
)

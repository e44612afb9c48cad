"""The eighth batch's own data: a census with numbers as they come beside its yes-and-noes; and the trainings that work."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

import vitrina as vt
from benchmarks.doctor.data import SETS, Rows, frame_of, named
from benchmarks.doctor.setups import Kit, dense, words
from benchmarks.doctor.sixth_data import wide
from benchmarks.doctor.sixth_faulty import SQUARES, on


def _census_raw() -> tuple[np.ndarray, np.ndarray]:
    import polars as pl

    frame = frame_of("adult-train.csv", 3000)
    table = frame.drop("income").to_dummies(pl.selectors.string()).fill_null(0)
    x = table.to_numpy().astype(np.float64)
    return x[:, (x != 0.0).sum(axis=0) >= 5], (frame["income"].to_numpy() == ">50K").astype(np.int32)


SETS |= {"census-raw": _census_raw}


def flowers(network: Any = None, **options: Any) -> Kit:
    """Iris: 70 rows to learn from."""
    return on("iris", network or dense(4, 3, 16, 16), **({"epochs": 60, "batch_size": 8} | options))


def mines(network: Any = None, **options: Any) -> Kit:
    """Sonar: 124 rows of 60 columns."""
    return on("sonar", network or dense(60, 2, 32, 16), **({"epochs": 40, "batch_size": 16} | options))


def prices(network: Any = None, **options: Any) -> Kit:
    """Of 121 cars, standardised."""
    net = network or dense(wide("cars"), 1, 32, 16, cost=SQUARES)
    return on("cars", net, **({"epochs": 60, "batch_size": 16, "optimizer": vt.SGD(0.01)} | options))


def tastes(network: Any = None, **options: Any) -> Kit:
    """Grades of red wine from 3 to 8, as numbers."""
    return on("wine-quality", network or dense(11, 1, 32, 16, cost=SQUARES), **({"epochs": 30} | options))


def friedman(network: Any = None, **options: Any) -> Kit:
    net = network or dense(10, 1, 64, 32, cost=SQUARES)
    return on("friedman", net, **({"epochs": 30, "optimizer": vt.Adam(3e-3)} | options))


def figures(*layers: Any, last: str = "linear", cost: Any = "cross_entropy", **options: Any) -> Kit:
    """MNIST in full size, 4,800 images, by the network of the tutorials."""
    inner = layers or (vt.Dense(128, "relu"), vt.Dense(64, "relu"))
    net = vt.Network(vt.Input((784,)), *inner, vt.Dense(10, last), cost=cost)
    return on("mnist", net, **({"epochs": 5, "batch_size": 64} | options))


def photographs(*layers: Any, last: str = "linear", cost: Any = "cross_entropy", **options: Any) -> Kit:
    """CIFAR-10 at 16 × 16, 1,800 images."""
    inner = layers or (
        *(vt.Conv2D(12, 3, activation="relu"), vt.MaxPool2D(2), vt.Conv2D(24, 3, activation="relu")),
        *(vt.MaxPool2D(2), vt.Flatten(), vt.Dense(48, "relu")),
    )
    net = vt.Network(vt.Input((16, 16, 3)), *inner, vt.Dense(10, last), cost=cost)
    return on("cifar", net, **({"epochs": 12} | options))


def looks(last: str = "linear", cost: Any = "cross_entropy", **options: Any) -> Kit:
    """Digits line by line, through attention."""
    block = vt.Residual(vt.LayerNorm(), vt.Attention(2))
    layers = (vt.Dense(24), vt.PositionalEmbedding(), block, vt.GlobalAveragePool(), vt.Dense(10, last))
    return on("lines", vt.Network(vt.Input((8, 8)), *layers, cost=cost), **({"optimizer": vt.Adam(5e-3)} | options))


def sentences(seed: int, *layers: Any, size: int = 12, last: str = "linear", cost: Any = "cross_entropy") -> Kit:
    """Made-up words through a table and an LSTM."""

    inner = layers or (vt.LSTM(24),)
    net = vt.Network(vt.Input((6,)), vt.Embedding(200, size), *inner, vt.Dense(3, last), cost=cost)
    return replace(words(seed).but(optimizer=vt.Adam(5e-3), epochs=15), network=net)


def yes_or_no(kit: Kit, truth: Any = None) -> Kit:
    """Targets of 0 and 1 in one column, as a single unit asks for."""
    change = truth or (lambda y: y > 0)
    return kit.but(rows=kit.rows.targets(lambda y: change(y)[:, None].astype(np.float32)))


def sorted_by_target(kit: Kit) -> Rows:

    rows = kit.rows
    order = np.argsort(rows.y.reshape(len(rows.y), -1)[:, 0], kind="stable")
    return replace(rows, x=rows.x[order], y=rows.y[order])


def in_their_own_units(name: str, other: str, kit: Kit) -> Kit:
    """Inputs of `other`, which holds the rows of `name` in the same order."""

    raw, rows = named(other), named(name)
    assert len(raw.x) == len(rows.x)
    return kit.but(rows=replace(rows, x=raw.x, xv=raw.xv, xt=raw.xt))

"""The trainings that the pictures of the page show: each network, and one that it is set beside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

import vitrina as vt
from vitrina.data import open_source

Runs = dict[str, Path]
HELD = 300  # digits that judge


def dense(folder: Path) -> Runs:
    """A plain network on patients, beside one of a single neuron; networks of two inputs and of one; and a table to be brought."""
    cells: dict[str, Any] = {"data": "breast-cancer", "engine": "numpy", "epochs": 40}
    net = vt.Network(vt.Input((30,)), vt.Dense(12, "relu"), vt.Dense(6, "relu"), vt.Dense(2))
    small = vt.Network(vt.Input((30,)), vt.Dense(1, "relu"), vt.Dense(2))
    vt.train(**cells, network=net, optimizer=vt.Adam(0.005), out=folder / "12 and 6 neurons")
    vt.train(**cells, network=small, optimizer=vt.Adam(0.005), out=folder / "one neuron")
    x, label = spirals()
    plane = vt.Network(vt.Input((2,)), vt.Dense(16, "tanh"), vt.Dense(16, "tanh"), vt.Dense(2))
    points = {"across": x[:, 0], "up": x[:, 1], "arm": np.where(label, "orange", "blue")}
    taught: dict[str, Any] = {
        "optimizer": vt.Adam(0.02),
        "schedule": "cosine",
        "epochs": 300,
        "test": 0.0,
        "engine": "numpy",
    }
    vt.train(points, "arm", network=plane, **taught, out=folder / "spirals")
    vt.approximate("sin(3*x)*x", neurons=16, seed=2, engine="numpy", out=folder / "curve")
    runs = {"run": "12 and 6 neurons", "other": "one neuron", "plane": "spirals", "curve": "curve", "table": "wine.csv"}
    wines: Any = open_source("wine")
    wines.frame.write_csv(folder / "wine.csv")
    return {name: folder / place for name, place in runs.items()}


def conv(folder: Path) -> Runs:
    """Digits as images, by two convolutions, beside one."""
    x, y = digits()
    held = (x[:HELD], y[:HELD])
    deep = vt.Network(
        vt.Input((8, 8, 1)), vt.Conv2D(12, 3, padding="same", activation="relu"), vt.MaxPool2D(2),
        vt.Conv2D(16, 3, padding="same", activation="relu"), vt.Flatten(), vt.Dense(24, "relu"), vt.Dense(10),
    )  # fmt: skip
    flat = vt.Network(vt.Input((8, 8, 1)), vt.Conv2D(4, 3, activation="relu"), vt.Flatten(), vt.Dense(10))
    taught: dict[str, Any] = {
        "data": (x[HELD:], y[HELD:]),
        "validation": held,
        "epochs": 12,
        "engine": "jax",
        "learning_rate": 0.002,
    }
    vt.train(**taught, network=deep, out=folder / "two convolutions")
    vt.train(**taught, network=flat, out=folder / "one convolution")
    return {"run": folder / "two convolutions", "other": folder / "one convolution"}


def attention(folder: Path) -> Runs:
    """Digits as eight rows of ink, read by two heads of attention, beside a network without."""
    x, y = digits()
    rows = x[..., 0]
    read = vt.Network(
        vt.Input((8, 8)), vt.Dense(16), vt.PositionalEmbedding(), vt.blocks.transformer(16, heads=2, hidden=32),
        vt.GlobalAveragePool(), vt.Dense(10),
    )  # fmt: skip
    without = vt.Network(vt.Input((8, 8)), vt.Dense(16, "relu"), vt.GlobalAveragePool(), vt.Dense(10))
    taught: dict[str, Any] = {
        "data": (rows[HELD:], y[HELD:]),
        "validation": (rows[:HELD], y[:HELD]),
        "epochs": 20,
        "engine": "jax",
    }
    vt.train(**taught, network=read, learning_rate=0.004, out=folder / "attention")
    vt.train(**taught, network=without, learning_rate=0.004, out=folder / "no attention")
    return {"run": folder / "attention", "other": folder / "no attention"}


def digits() -> tuple[np.ndarray, np.ndarray]:
    """x (1797, 8, 8, 1) from 0 to 1, y (1797,) from 0 to 9."""
    arrays: Any = open_source("digits")
    return np.asarray(arrays.x, np.float32) / 16.0, np.asarray(arrays.y)


def spirals(count: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Two arms around each other: x (count, 2), and which arm each is on."""
    draw = np.random.default_rng(0)
    which = np.arange(count) % 2
    share = np.sqrt(draw.uniform(0.02, 1.0, count))
    turn = 3.4 * np.pi * share + np.pi * which
    return share[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1) + draw.normal(0.0, 0.02, (count, 2)), which


TAUGHT: Mapping[str, Callable[[Path], Runs]] = {"dense": dense, "conv": conv, "attention": attention}

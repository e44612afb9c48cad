"""A layer of your own, on a CSV file: which of three growers made a wine, by a network of maxout units.

The layer says its forward pass only, so the engine differentiates it (any engine but NumPy; `auto` sees to that).

python examples/own_layer.py [--epochs N] [--engine NAME]
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_wine

import vitrina as vt


@dataclass(frozen=True)
class Maxout(vt.Layer):
    """Each unit gives the largest of several weighted sums, so it learns its own bend. Goodfellow et al. (2013).

    x (batch, inputs) -> y (batch, units). Parameters: weight (inputs, units · pieces), bias (units · pieces,).
    """

    units: int
    pieces: int = 3

    def build(self, input_shape: tuple[int, ...], rng: np.random.Generator) -> tuple[tuple[int, ...], Any, Any]:
        (inputs,), sums = input_shape, self.units * self.pieces
        weight = rng.normal(0.0, np.sqrt(1.0 / inputs), (inputs, sums))
        return (self.units,), {"weight": weight, "bias": np.zeros(sums)}, {}

    def forward(self, ops: Any, params: Any, state: Any, x: Any, context: vt.Context) -> tuple[Any, Any, Any]:
        sums = ops.matmul(x, params["weight"]) + params["bias"]  # (batch, units · pieces)
        y = ops.max(ops.reshape(sums, (-1, self.units, self.pieces)), axis=-1)  # (batch, units)
        return y, None, state  # nothing to keep for a backward pass that is not written


def write_wine(path: Path) -> None:
    """178 wines: thirteen measurements of each, and its grower."""
    wine: Any = load_wine()
    header = [*wine.feature_names, "grower"]
    rows = [
        [*map(str, measured), f"grower {grower + 1}"] for measured, grower in zip(wine.data, wine.target, strict=True)
    ]
    path.write_text("".join(",".join(row) + "\n" for row in [header, *rows]), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="A layer of your own on a CSV file.")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--engine", default="auto")
    options = parser.parse_args()

    network = vt.Network(vt.Input((13,)), Maxout(16), vt.Dense(3), cost="cross_entropy")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "wine.csv"
        write_wine(path)
        model = vt.train(path, target="grower", network=network, epochs=options.epochs, engine=options.engine, seed=0)
        answers = model.predict(path)

    print("engine:", model.settings["engine"])
    print("on wines it never saw:", model.measured["test"])
    print("the first and the last wine:", answers[0], "and", answers[-1])


if __name__ == "__main__":
    main()

"""One network, one seed, every engine you have: the same weights, and how long each took to reach them.

python examples/four_engines.py [--epochs N]
"""

from __future__ import annotations

import argparse
from time import perf_counter

import numpy as np

import vitrina as vt
from vitrina import engines


def spirals(rows: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Points of two spirals that wind about each other: x (rows, 2), and which spiral, y (rows,)."""
    which = rng.integers(0, 2, rows)
    turn = 3.0 * np.sqrt(rng.random(rows))
    angle = turn * np.pi / 2 + which * np.pi
    return np.stack([turn * np.cos(angle), turn * np.sin(angle)], axis=1) + rng.normal(0.0, 0.1, (rows, 2)), which


def main() -> None:
    parser = argparse.ArgumentParser(description="One network on every engine.")
    parser.add_argument("--epochs", type=int, default=20)
    epochs = parser.parse_args().epochs

    data = spirals(1000, np.random.default_rng(0))
    network = vt.Network(vt.Input((2,)), vt.Dense(32, "tanh"), vt.Dense(32, "tanh"), vt.Dense(2), cost="cross_entropy")
    reference: dict[str, np.ndarray] = {}
    for engine in engines.available():  # NumPy comes first
        if not engine.installed:
            print(f"{engine.name:12} not installed: {engine.install}")
            continue
        began = perf_counter()
        model = vt.train(
            data,
            network=network,
            engine=engine.name,
            precision="float64",
            optimizer=vt.Adam(1e-2),
            epochs=epochs,
            seed=0,
        )
        seconds = perf_counter() - began
        reference = reference or model.weights
        apart = max(float(np.abs(weight - reference[name]).max()) for name, weight in model.weights.items())
        accuracy = model.evaluate(data)["accuracy"]
        print(f"{engine.name:12} accuracy {accuracy:.3f}   {seconds:5.1f} s   weights within {apart:.0e} of NumPy's")


if __name__ == "__main__":
    main()

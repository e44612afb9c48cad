"""Your own network on images: handwritten digits, 8 x 8 pixels, from description to a saved model.

python examples/digits.py [--epochs N]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from rich import print

import vitrina as vt


def main() -> None:
    parser = argparse.ArgumentParser(description="Your own network on handwritten digits.")
    parser.add_argument("--epochs", type=int, default=20)
    epochs = parser.parse_args().epochs

    network = vt.Network(
        vt.Input((8, 8, 1)),  # rows, columns, channels
        vt.Conv2D(16, 3, activation="relu", padding="same"),
        vt.MaxPool2D(2),
        vt.Conv2D(32, 3, activation="relu", padding="same"),
        vt.Flatten(),
        vt.Dropout(0.2),
        vt.Dense(10),  # one unit for each digit; the cost turns them into probabilities
        cost="cross_entropy",
    )
    print(network.summary())

    model = vt.train("digits", network=network, optimizer=vt.Adam(2e-3), schedule="cosine", epochs=epochs, seed=0)
    print("on images it never saw:", model.measured["test"])  # held back before anything was learned

    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "digits.vitrina")
        again = vt.load(Path(folder) / "digits.vitrina")
    print("the weights it keeps:", {name: weight.shape for name, weight in again.weights.items()})


if __name__ == "__main__":
    main()

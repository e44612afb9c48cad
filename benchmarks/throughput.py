"""From a Parquet file to a trained network: rows a second and peak memory, as the rows grow, beside what others would write.

`python -m benchmarks.throughput [--rows N ...] [--epochs E] [--rounds R] [--out FILE] [--plot FILE]`. Tables of 30 columns of numbers
and a class, a 30-32-16-1 network, Adam, batches of 512. Each way reads the file, scales the columns and goes through the rows
`epochs` times, in a process of its own; ways take turns, and the median of the rounds counts. A rate is rows times epochs
by the seconds from the file to the trained network; what a library takes to be imported is left out. Writes a Markdown
section, and the memory as a picture.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks import machine

COLUMNS, BATCH, RATE = 30, 512, 1e-3
GROUP = 1 << 18  # rows of a row group
HELD_UP_TO = 20_000_000  # rows: ways that hold all of them are left out above it
ROWS, EPOCHS, ROUNDS = (250_000, 1_750_000, 7_000_000), 2, 3


def main() -> None:
    parser = argparse.ArgumentParser(description="Rows a second from Parquet to a trained network.")
    parser.add_argument("--rows", type=int, nargs="*", default=list(ROWS))
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", nargs="*", choices=list(WAYS), default=list(WAYS))
    parser.add_argument("--folder", type=Path, help="where the tables are written (default: a temporary folder)")
    parser.add_argument("--out", type=Path, help="a file to write the section to")
    parser.add_argument("--plot", type=Path, help="a file to draw the memory into, as SVG")
    parser.add_argument("--worker", nargs=2, metavar=("WAY", "FILE"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        way, path = given.worker
        print(json.dumps(measured(WAYS[way], Path(path), given.epochs)))
        return
    found: dict[tuple[str, int], list[dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory(prefix="vitrina-") as temporary:
        for rows in given.rows:
            path = written(given.folder or Path(temporary), rows)
            for _ in range(given.rounds):
                for way in given.only:
                    if rows > HELD_UP_TO and way != "Vitrina, streamed":
                        continue
                    one = in_a_process(way, path, given.epochs)
                    found.setdefault((way, rows), []).append(one)
                    print(f"{rows:,} rows, {way}: {one}", file=sys.stderr)
            if given.folder is None:
                path.unlink()
    text = section(found, given.epochs)
    print(text)
    if given.out:
        given.out.write_text(text, "utf-8")
    if given.plot:
        draw(found, given.plot)


def written(folder: Path, rows: int) -> Path:
    """A table of so many rows, made row group by row group; one that is there already is taken as it is."""
    import pyarrow
    import pyarrow.parquet

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"rows-{rows}.parquet"
    if path.exists():
        return path
    names = [f"x{column}" for column in range(COLUMNS)]
    truth = np.random.default_rng(0).normal(size=COLUMNS).astype(np.float32)
    schema = pyarrow.schema([*((name, pyarrow.float32()) for name in names), ("y", pyarrow.int8())])
    with pyarrow.parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for number, first in enumerate(range(0, rows, GROUP)):
            rng = np.random.default_rng((1, number))
            x = rng.standard_normal((min(GROUP, rows - first), COLUMNS), np.float32)
            y = (x @ truth + rng.normal(size=len(x)) > 0).astype(np.int8)
            writer.write_table(pyarrow.table([*x.T, y], schema=schema))
    return path


def in_a_process(way: str, path: Path, epochs: int) -> dict[str, Any]:
    """What one way measured, where nothing is left over from another."""
    command = [sys.executable, "-m", "benchmarks.throughput", "--epochs", str(epochs), "--worker", way, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        told = done.stderr.strip().splitlines() or ["no reason given"]
        raise SystemExit(f"{way}: {told[-1]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def measured(way: Callable[[Path, int], dict[str, Any]], path: Path, epochs: int) -> dict[str, Any]:
    """The seconds of a way, and the most memory it took beyond what its libraries take: MiB."""
    way(written(path.parent, 2 * BATCH), 1)  # imports, and what is compiled once a process
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = perf_counter()
    told = way(path, epochs)
    seconds = perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"seconds": seconds, "peak": peak / 1024, "beyond": (peak - before) / 1024, **told}


def by_stream(path: Path, epochs: int) -> dict[str, Any]:
    return _by_vitrina(path, epochs, True)


def by_table(path: Path, epochs: int) -> dict[str, Any]:
    return _by_vitrina(path, epochs, False)


def _by_vitrina(path: Path, epochs: int, stream: bool) -> dict[str, Any]:
    import jax  # noqa: F401 - what vitrina will choose for many rows; the others' libraries are not counted either

    import vitrina as vt

    network = vt.Network(
        vt.Input((COLUMNS,)), vt.Dense(32, activation="relu"), vt.Dense(16, activation="relu"), vt.Dense(1),
        cost="binary_cross_entropy",
    )  # fmt: skip
    model = vt.train(
        path, "y", network=network, stream=stream, batch_size=BATCH, epochs=epochs, learning_rate=RATE, progress=False,
        validation=0.02, test=0.02,
    )  # fmt: skip
    return {"engine": model.settings["engine"], "epoch": model.history[-1]["seconds"]}


def by_data_loader(path: Path, epochs: int) -> dict[str, Any]:
    """As PyTorch's tutorials do."""
    import torch

    x, y = _tensors(path)
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=BATCH, shuffle=True)
    _by_torch(lambda: iter(loader), epochs)
    return {}


def by_index(path: Path, epochs: int) -> dict[str, Any]:
    """As those do who know what a DataLoader costs: one index a batch."""
    import torch

    x, y = _tensors(path)

    def batches() -> Any:
        order = torch.randperm(len(x))
        for first in range(0, len(x), BATCH):
            rows = order[first : first + BATCH]
            yield x[rows], y[rows]

    _by_torch(batches, epochs)
    return {}


def _tensors(path: Path) -> Any:
    import torch

    x, y = _scaled(path)
    return torch.from_numpy(x), torch.from_numpy(y[:, None].astype(np.float32))


def _scaled(path: Path) -> tuple[np.ndarray, np.ndarray]:
    import polars as pl

    frame = pl.read_parquet(path)
    x = frame.drop("y").to_numpy().astype(np.float32)
    return np.ascontiguousarray((x - x.mean(axis=0)) / x.std(axis=0)), frame["y"].to_numpy()


def _by_torch(batches: Callable[[], Any], epochs: int) -> None:
    import torch

    network = torch.nn.Sequential(
        torch.nn.Linear(COLUMNS, 32), torch.nn.ReLU(), torch.nn.Linear(32, 16), torch.nn.ReLU(), torch.nn.Linear(16, 1)
    )
    optimizer, cost = torch.optim.Adam(network.parameters(), RATE), torch.nn.BCEWithLogitsLoss()
    for _ in range(epochs):
        for x, y in batches():
            optimizer.zero_grad()
            cost(network(x), y).backward()
            optimizer.step()


def by_keras(path: Path, epochs: int) -> dict[str, Any]:
    import keras

    x, y = _scaled(path)
    network = keras.Sequential(
        [keras.layers.Dense(32, "relu"), keras.layers.Dense(16, "relu"), keras.layers.Dense(1, "sigmoid")]
    )
    network.compile(keras.optimizers.Adam(RATE), "binary_crossentropy")
    network.fit(x, y, batch_size=BATCH, epochs=epochs, verbose=0)
    return {"engine": keras.backend.backend()}


def by_scikit_learn(path: Path, epochs: int) -> dict[str, Any]:
    import warnings

    import pandas
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    frame = pandas.read_parquet(path)
    learner = make_pipeline(StandardScaler(), MLPClassifier((32, 16), batch_size=BATCH, max_iter=epochs))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged: it was not to
        learner.fit(frame.drop(columns="y"), frame["y"])
    return {}


WAYS: dict[str, Callable[[Path, int], dict[str, Any]]] = {
    "Vitrina, streamed": by_stream,
    "Vitrina, held": by_table,
    "PyTorch, one index a batch": by_index,
    "PyTorch DataLoader": by_data_loader,
    "Keras fit": by_keras,
    "pandas + scikit-learn": by_scikit_learn,
}


def section(found: dict[tuple[str, int], list[dict[str, Any]]], epochs: int) -> str:
    """The Markdown: rates, the first way's as a multiple of the others', and peak memory."""
    about = machine.describe()
    lines = [
        "## From Parquet to a trained network",
        "",
        f"Written by `python -m benchmarks.throughput` on {about['date']}, {about['processor']}, {about['cores']}: medians.",
        f"{COLUMNS}-32-16-1, batches of {BATCH}, {epochs} epochs, reading and scaling included; imports are not.",
        "",
        "| rows | way | engine | seconds | rows/s | streamed is so many times as fast | peak MiB | beyond its libraries |",
        "| ---: | --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for rows in sorted({rows for _, rows in found}):
        first = _median(found.get(("Vitrina, streamed", rows), []), "seconds")
        for way in WAYS:
            if rounds := found.get((way, rows)):
                seconds = _median(rounds, "seconds")
                times = f"{seconds / first:.2f}" if first == first and way != "Vitrina, streamed" else ""
                lines.append(
                    f"| {rows:,} | {way} | {rounds[0].get('engine', '')} | {seconds:.1f} | {rows * epochs / seconds:,.0f} | {times} "
                    f"| {_median(rounds, 'peak'):,.0f} | {_median(rounds, 'beyond'):,.0f} |"
                )
    return "\n".join(lines) + "\n"


def draw(found: dict[tuple[str, int], list[dict[str, Any]]], path: Path) -> None:
    """Peak memory by rows."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4))
    for way in WAYS:
        points = sorted((rows, _median(rounds, "peak")) for (name, rows), rounds in found.items() if name == way)
        if points:
            axes.plot(*zip(*points, strict=True), marker="o", label=way)
    axes.set(xscale="log", yscale="log", xlabel="rows", ylabel="peak memory, MiB")
    axes.legend()
    figure.tight_layout()
    figure.savefig(path)


def _median(rounds: list[dict[str, Any]], name: str) -> float:
    return median(one[name] for one in rounds) if rounds else float("nan")


if __name__ == "__main__":
    main()

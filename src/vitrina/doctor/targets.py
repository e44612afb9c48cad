"""What the target is like, and whether the labels fit the rows they stand beside."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from vitrina.doctor.order import order_of, stretches_of
from vitrina.engines.numpy_engine import NumpyOps
from vitrina.network.network import Network

MOST_CLASSES = 1000


@dataclass(frozen=True)
class Target:
    """classes: how many there are, 0 where numbers are predicted; counts: rows of each. For numbers: mean, spread, low and
    high over all outputs. one_hot: the rows are shares of classes written as columns; looks_like_classes: whole numbers 0, 1,
    2, ... (or one-hot rows) under a cost for numbers. constant_error: the cost of the best constant answer.
    order: how far rows that stand together in the given order are alike, 0 for rows in no order, 1 for sorted ones (`order_of`).
    heaviest: the share of all squared distances from the mean, of numbers, that one row alone makes.
    """

    classes: int
    counts: list[int]
    mean: float
    spread: float
    low: float
    high: float
    looks_like_classes: int
    constant_error: float
    order: float
    not_finite: int = 0
    heaviest: float = 0.0

    @property
    def majority(self) -> float:
        """The share of the commonest class."""
        return max(self.counts) / max(1, sum(self.counts)) if self.counts else 0.0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def class_numbers(network: Network, y: np.ndarray) -> tuple[np.ndarray, int]:
    """The class of each row (rows,) int64 and how many classes there are; 0 where the cost is not about one class a row."""
    cost, outputs = network.cost, network.output_shape[-1]
    if not cost.classifies or len(network.output_shape) != 1:
        return np.zeros(0, np.int64), 0
    if cost.link == "softmax" and outputs > 1:
        codes = y.argmax(axis=-1) if y.ndim == 2 and y.shape[1] == outputs else y.reshape(len(y), -1)[:, 0]
        return codes.astype(np.int64), outputs
    if outputs == 1:
        return (y.reshape(-1) > 0.5).astype(np.int64), 2
    return np.zeros(0, np.int64), 0


def target_of(network: Network, y: np.ndarray) -> Target:
    """Facts of y (rows,) or (rows, outputs)."""
    codes, classes = class_numbers(network, y)
    values = y.astype(np.float64)
    bad = int((~np.isfinite(values)).sum())
    values = np.where(np.isfinite(values), values, 0.0)
    looks, hidden = _looks_like_classes(network, y) if not classes else (0, codes)
    kind = codes if classes else hidden
    kinds = np.bincount(kind, minlength=max(1, classes)) if len(kind) else np.zeros(0, np.int64)
    return Target(
        classes,
        [int(count) for count in kinds[:MOST_CLASSES]],
        float(values.mean()),
        float(values.std(axis=0).mean()),
        float(values.min()),
        float(values.max()),
        looks,
        _constant_error(network, y),
        _order(kind, values),
        bad,
        0.0 if classes else _heaviest(values),
    )


def _heaviest(values: np.ndarray) -> float:
    """The largest share of the squared distances from the mean that one row makes. values: (rows, ...)."""
    squares = (values - values.mean(axis=0)) ** 2
    total = squares.sum(axis=0)
    return float(np.max(squares.max(axis=0) / np.where(total > 0, total, 1.0), initial=0.0))


def _looks_like_classes(network: Network, y: np.ndarray) -> tuple[int, np.ndarray]:
    """How many classes stand behind numbers, and each row's; 0 where they are quantities."""
    nothing = np.zeros(0, np.int64)
    if network.cost.classifies or len(network.output_shape) != 1 or not np.isfinite(y.astype(np.float64)).all():
        return 0, nothing
    if y.ndim == 2 and y.shape[1] > 1:
        hot = bool(((y == 0) | (y == 1)).all() and (y.sum(axis=1) == 1).all())
        return (y.shape[1], y.argmax(axis=1).astype(np.int64)) if hot else (0, nothing)
    values = np.unique(y)
    count = len(values)
    counted = 2 <= count <= 20 and np.array_equal(values, np.arange(count))
    return (count, y.reshape(-1).astype(np.int64)) if counted else (0, nothing)


def _order(kinds: np.ndarray, values: np.ndarray) -> float:
    """Of class numbers kinds (rows,) all classes together, each as a column of 0 and 1; else of the first output."""
    index = stretches_of(len(values))
    if not len(kinds):
        return float(order_of(values.reshape(len(values), -1)[:, :1][index])[0])
    known, codes = np.unique(kinds[index], return_inverse=True)
    hot = np.eye(len(known))[codes.reshape(index.shape)]
    shares = hot.mean(axis=(0, 1)) if len(index) else np.zeros(len(known))
    return float(np.average(order_of(hot), weights=shares * (1.0 - shares))) if len(known) > 1 else 0.0


def _constant_error(network: Network, y: np.ndarray) -> float:
    """The cost of answering the same to every row, as well as can be: the shares of the classes, or the mean."""
    ops, cost, outputs = NumpyOps("float64"), network.cost, network.output_shape[-1]
    if len(network.output_shape) != 1:
        return float("nan")
    codes, classes = class_numbers(network, y)
    if classes and outputs > 1:
        answer = np.log(np.maximum(np.bincount(codes, minlength=outputs) / len(codes), 1e-6))
    elif cost.link == "sigmoid" or classes == 2:
        share = np.clip(y.reshape(len(y), -1).astype(np.float64).mean(axis=0), 1e-6, 1 - 1e-6)
        answer = np.log(share / (1 - share))
    elif cost.label == "quantile" or y.reshape(len(y), -1).shape[1] != outputs:
        return float("nan")
    else:
        values = y.reshape(len(y), -1).astype(np.float64)
        centre = np.median(values, axis=0) if cost.label == "mean_absolute_error" else values.mean(axis=0)
        answer = np.log(np.maximum(centre, 1e-6)) if cost.link == "exp" else centre
    try:
        errors = cost.per_example(ops, np.broadcast_to(answer, (len(y), outputs)).copy(), y)
        return float(np.mean(errors))
    except Exception:  # a cost of the user's own may want more than this
        return float("nan")

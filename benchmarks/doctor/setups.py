"""Set-ups that fail, each by one fault and beside its repaired twin; and healthy ones that tempt a false alarm."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

import vitrina as vt
from benchmarks.doctor.data import Rows


@dataclass(frozen=True)
class Kit:
    """One training: rows, network, and what `vt.train` is told besides."""

    rows: Rows
    network: vt.Network
    options: dict[str, Any] = field(default_factory=dict[str, Any])

    def but(self, **changes: Any) -> Kit:
        """The same with other rows, another network, or other options."""
        own = {name: changes.pop(name) for name in ("rows", "network") if name in changes}
        return replace(self, **own, options=self.options | changes)


Make = Callable[[int], Kit]


@dataclass(frozen=True)
class SetUp:
    """code: what the doctor should say first; shown: one of these is to stand in the finding's place or evidence; before: True
    if data and description alone tell it. Healthy set-ups have neither code nor twin. raises: True if `vt.train` refuses;
    written_in: the module it comes from."""

    name: str
    faulty: Make
    code: str = ""
    twin: Make | None = None
    shown: tuple[str, ...] = ()
    before: bool = False
    raises: bool = False
    written_in: str = ""

    @property
    def healthy(self) -> bool:
        return not self.code


def dense(
    inputs: int,
    outputs: int,
    *units: int,
    activation: str = "relu",
    cost: str = "cross_entropy",
    last: str = "linear",
    **options: Any,
) -> vt.Network:
    """Dense layers."""
    layers = [vt.Dense(count, activation, **options) for count in units]
    return vt.Network(vt.Input((inputs,)), *layers, vt.Dense(outputs, last, **options), cost=cost)


def convolutional(
    side: int,
    outputs: int,
    *filters: int,
    activation: str = "relu",
    units: int = 32,
    norm: bool = False,
    last: str = "linear",
    **options: Any,
) -> vt.Network:
    """Convolutions of 3 × 3, one Dense layer, the answer."""
    layers: list[Any] = [vt.Reshape((side, side, 1))]
    for count in filters:
        layers += [vt.Conv2D(count, 3, padding="same", activation="linear" if norm else activation, **options)]
        layers += [vt.BatchNorm(), vt.Activation(activation)] if norm else []
    layers += [
        vt.MaxPool2D(2),
        vt.Flatten(),
        vt.Dense(units, activation, **options),
        vt.Dense(outputs, last, **options),
    ]
    return vt.Network(vt.Input((side * side,)), *layers)


def residual(
    inputs: int,
    outputs: int,
    width: int = 32,
    blocks: int = 3,
    activation: str = "relu",
    cost: str = "cross_entropy",
    last: str = "linear",
    **options: Any,
) -> vt.Network:
    """Dense blocks with shortcuts."""
    inner = [vt.Residual(vt.Dense(width, activation, **options), vt.Dense(width, **options)) for _ in range(blocks)]
    return vt.Network(
        vt.Input((inputs,)),
        vt.Dense(width, activation, **options),
        *inner,
        vt.Dense(outputs, last, **options),
        cost=cost,
    )


def recurrent(side: int, outputs: int, units: int = 24, last: str = "linear", kind: Any = vt.GRU) -> vt.Network:
    """Rows of an image, one after the other."""
    return vt.Network(vt.Input((side * side,)), vt.Reshape((side, side)), kind(units), vt.Dense(outputs, last))


def words(seed: int, strange: float = 0.0, length: int = 6, vocabulary: int = 200) -> Kit:
    """Sequences of made-up words, each of which pulls its sentence to one of three classes: the words and their pulls are the
    same for every seed. strange: how many of the words in validation and test rows were never in training rows."""
    rng = np.random.default_rng((seed, length))
    pull = np.random.default_rng(11).normal(size=(vocabulary, 3))
    own = vocabulary // 2 if strange else vocabulary

    def part(count: int, strange: float) -> tuple[np.ndarray, np.ndarray]:
        x = rng.integers(0, own, (count, length))
        other = rng.random(x.shape) < strange
        x = np.where(other, rng.integers(own, vocabulary, x.shape) if own < vocabulary else x, x)
        return x.astype(np.int32), pull[x].sum(axis=1).argmax(axis=1).astype(np.int32)

    parts = [one for count, share in ((1500, 0.0), (300, strange), (300, strange)) for one in part(count, share)]
    net = vt.Network(vt.Input((length,)), vt.Embedding(vocabulary, 8), vt.GlobalAveragePool(), vt.Dense(3))
    return Kit(Rows(*parts), net, {"epochs": 12, "optimizer": vt.Adam(1e-2)})


def seeded(seed: int) -> np.random.Generator:
    return np.random.default_rng((seed, 99))


def chosen(setups: Sequence[SetUp], only: str | None) -> list[SetUp]:
    """Those whose name or code holds `only`."""
    return [one for one in setups if only is None or only in one.name or only == one.code]

"""What a learner asks the editor for: data, a network, and how to teach it; checked before anything is started."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vitrina.engines import available
from vitrina.errors import UsageError
from vitrina.glass.page.drawn import CURVE, MOST, POINTS, Kept, read_curve, read_points
from vitrina.glass.page.facts import NAMES, Facts, facts_of
from vitrina.glass.page.tables import FILE, MOST_BYTES, Tables
from vitrina.learning.optimizers import OPTIMIZERS
from vitrina.locale import say
from vitrina.network import Conv2D, Dense, Dropout, Flatten, Input, MaxPool2D, Network
from vitrina.network.activations import ACTIVATIONS
from vitrina.network.layer import Layer

FOR_CLASSES, FOR_NUMBERS = ("cross_entropy", "focal"), ("mean_squared_error", "mean_absolute_error", "huber")
KINDS = ("dense", "conv", "pool", "dropout")
MOST_LAYERS, MOST_UNITS, MOST_FILTERS = 12, 1024, 128
MOST_EPOCHS, MOST_BATCH = 2000, 1024


def choices() -> dict[str, Any]:
    """All that can be chosen."""
    return {
        "data": [{"name": name, **vars(facts_of(name))} for name in NAMES],
        "costs": {"classes": FOR_CLASSES, "numbers": FOR_NUMBERS},
        "activations": [name for name in ACTIVATIONS if name != "softmax"],
        "optimizers": list(OPTIMIZERS),
        "engines": [engine.name for engine in available() if engine.installed],
        "most": {
            "bytes": MOST_BYTES, "points": MOST, "layers": MOST_LAYERS, "units": MOST_UNITS, "filters": MOST_FILTERS,
            "epochs": MOST_EPOCHS, "batch": MOST_BATCH,
        },
    }  # fmt: skip


@dataclass(frozen=True)
class Wish:
    """data: the name of a built-in set, or POINTS, CURVE or FILE, which are in `file`; target: the column to predict, where there is a
    choice; rate: None to have one found; told: as it was asked for, to be shown again."""

    data: str
    file: Kept | None
    target: str | None
    network: Network
    optimizer: str
    rate: float | None
    engine: str
    epochs: int
    batch: int
    told: Mapping[str, Any]

    @staticmethod
    def read(told: Any, tables: Tables | None = None) -> Wish:
        """tables: those that were brought. Raises UsageError, DataError or NetworkError, a sentence that says what to change."""
        if not isinstance(told, dict):
            raise UsageError(say("that is no network that could be taught"))
        tables = tables or Tables()
        data = _one_of(told.get("data"), (*NAMES, FILE), say("data"))
        target = "class" if data == POINTS else str(told.get("target")) if data == FILE else None
        facts = tables.facts(tables.of(told.get("table")).key, str(target)) if data == FILE else facts_of(data)
        costs = FOR_CLASSES if facts.classes else FOR_NUMBERS
        cost = _one_of(told.get("cost"), costs, say("cost"))
        engines = [engine.name for engine in available() if engine.installed]
        rate = told.get("rate")
        return Wish(
            data,
            tables.of(told.get("table")).file if data == FILE else _drawn(data, told),
            target,
            _network(told.get("layers"), facts, cost),
            _one_of(told.get("optimizer"), tuple(OPTIMIZERS), say("optimizer")),
            None if rate is None else _number(rate, say("learning rate"), 0.0, 100.0, above=True),
            _one_of(told.get("engine"), tuple(engines), say("engine")),
            int(_number(told.get("epochs"), say("epochs"), 1, MOST_EPOCHS)),
            int(_number(told.get("batch"), say("batch"), 1, MOST_BATCH)),
            told,
        )


def _drawn(data: str, told: Mapping[str, Any]) -> Kept | None:
    if data == POINTS:
        return read_points(told.get("points"), str(told.get("lang")))
    return read_curve(told.get("points")) if data == CURVE else None


def _network(layers: Any, facts: Facts, cost: str) -> Network:
    if not isinstance(layers, list) or len(layers) > MOST_LAYERS:
        raise UsageError(say("a network has at most {most} layers here", most=MOST_LAYERS))
    found: list[Layer] = []
    flat = len(facts.shape) == 1
    for layer in layers:
        layer = layer if isinstance(layer, dict) else {}
        kind = _one_of(layer.get("kind"), KINDS, say("layer"))
        if kind in ("conv", "pool") and flat:
            raise UsageError(
                say("convolutions and pooling look at images: put them before the first Dense, or take images")
            )
        if kind == "dense" and not flat:
            found.append(Flatten())
            flat = True
        found.append(_layer(kind, layer))
    return Network(Input(facts.shape), *found, *([] if flat else [Flatten()]), Dense(facts.outputs), cost=cost)


def _layer(kind: str, told: Mapping[str, Any]) -> Layer:
    if kind == "pool":
        return MaxPool2D(2)
    if kind == "dropout":
        return Dropout(_number(told.get("rate"), say("dropout"), 0.0, 0.9))
    activation = _one_of(told.get("activation"), tuple(ACTIVATIONS), say("activation"))
    if kind == "conv":
        return Conv2D(
            int(_number(told.get("units"), say("filters"), 1, MOST_FILTERS)), 3, padding="same", activation=activation
        )
    return Dense(int(_number(told.get("units"), say("neurons"), 1, MOST_UNITS)), activation)


def _one_of(value: Any, known: Sequence[str], what: str) -> str:
    if not isinstance(value, str) or value not in known:
        raise UsageError(say("{what}: choose one of {known}", what=what, known=", ".join(known)))
    return value


def _number(value: Any, what: str, least: float, most: float, above: bool = False) -> float:
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not good or not least <= value <= most or (above and value == least):
        raise UsageError(say("{what}: a number from {least:g} to {most:g}", what=what, least=least, most=most))
    return float(value)

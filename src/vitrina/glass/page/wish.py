"""What a learner asks the editor for: data, a network, and how to teach it; checked before anything is started."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from vitrina.data.builtin import BUILTIN
from vitrina.engines import available
from vitrina.errors import UsageError
from vitrina.learning.optimizers import OPTIMIZERS
from vitrina.locale import say
from vitrina.network import Conv2D, Dense, Dropout, Flatten, Input, MaxPool2D, Network
from vitrina.network.activations import ACTIVATIONS
from vitrina.network.layer import Layer

POINTS = "points"
FOR_CLASSES, FOR_NUMBERS = ("cross_entropy", "focal"), ("mean_squared_error", "mean_absolute_error", "huber")
KINDS = ("dense", "conv", "pool", "dropout")
FEWEST_POINTS, MOST_POINTS, MOST_LAYERS, MOST_UNITS, MOST_FILTERS = 20, 2000, 12, 1024, 128
MOST_EPOCHS, MOST_BATCH = 2000, 1024
LABELS = {"en": ("blue", "orange"), "es": ("azul", "naranja")}  # of drawn points, in the order of the colours


@dataclass(frozen=True)
class Facts:
    """Of data: the shape of an example, how many numbers the network is to give, and whether they are classes."""

    shape: tuple[int, ...]
    outputs: int
    classes: bool


@cache
def facts_of(data: str) -> Facts:
    """Of a built-in set, or of drawn points. Reads the set, which takes a moment the first time."""
    if data == POINTS:
        return Facts((2,), 2, True)
    from vitrina.data import fit_recipe, open_source

    recipe = fit_recipe(open_source(data)).without_logarithms()
    return Facts(recipe.input_shape, recipe.outputs, recipe.task == "classification")


def choices() -> dict[str, Any]:
    """All that can be chosen."""
    return {
        "data": [{"name": name, **vars(facts_of(name))} for name in (POINTS, *BUILTIN)],
        "costs": {"classes": FOR_CLASSES, "numbers": FOR_NUMBERS},
        "activations": [name for name in ACTIVATIONS if name != "softmax"],
        "optimizers": list(OPTIMIZERS),
        "engines": [engine.name for engine in available() if engine.installed],
        "points": [FEWEST_POINTS, MOST_POINTS],
        "most": {"layers": MOST_LAYERS, "units": MOST_UNITS, "filters": MOST_FILTERS, "epochs": MOST_EPOCHS, "batch": MOST_BATCH},
    }  # fmt: skip


@dataclass(frozen=True)
class Wish:
    """points: (x, y, 0 or 1) each; rate: None to have one found; told: as it was asked for, to be shown again."""

    data: str
    points: tuple[tuple[float, float, int], ...]
    network: Network
    optimizer: str
    rate: float | None
    engine: str
    epochs: int
    batch: int
    labels: tuple[str, str]
    told: Mapping[str, Any]

    @staticmethod
    def read(told: Any) -> Wish:
        """Raises UsageError or NetworkError, a sentence that says what to change."""
        if not isinstance(told, dict):
            raise UsageError(say("that is no network that could be taught"))
        data = _one_of(told.get("data"), (POINTS, *BUILTIN), say("data"))
        facts = facts_of(data)
        points = _points(told.get("points")) if data == POINTS else ()
        costs = FOR_CLASSES if facts.classes else FOR_NUMBERS
        cost = _one_of(told.get("cost"), costs, say("cost"))
        engines = [engine.name for engine in available() if engine.installed]
        rate = told.get("rate")
        return Wish(
            data,
            points,
            _network(told.get("layers"), facts, cost),
            _one_of(told.get("optimizer"), tuple(OPTIMIZERS), say("optimizer")),
            None if rate is None else _number(rate, say("learning rate"), 0.0, 100.0, above=True),
            _one_of(told.get("engine"), tuple(engines), say("engine")),
            int(_number(told.get("epochs"), say("epochs"), 1, MOST_EPOCHS)),
            int(_number(told.get("batch"), say("batch"), 1, MOST_BATCH)),
            LABELS.get(str(told.get("lang")), LABELS["en"]),
            told,
        )

    def csv(self) -> str:
        """The drawn points as a table."""
        return "x,y,class\n" + "".join(f"{x:.6g},{y:.6g},{self.labels[of]}\n" for x, y, of in self.points)


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


def _points(told: Any) -> tuple[tuple[float, float, int], ...]:
    if not isinstance(told, list) or not FEWEST_POINTS <= len(told) <= MOST_POINTS:
        raise UsageError(say("draw {fewest} to {most} points", fewest=FEWEST_POINTS, most=MOST_POINTS))
    found: list[tuple[float, float, int]] = []
    for point in told:
        if not isinstance(point, list) or len(point) != 3 or point[2] not in (0, 1):
            raise UsageError(say("a point has a place and one of two colours"))
        x, y = (_number(value, say("place of a point"), -100.0, 100.0) for value in point[:2])
        found.append((x, y, int(point[2])))
    if min(sum(of == colour for *_, of in found) for colour in (0, 1)) < FEWEST_POINTS // 4:
        raise UsageError(say("draw at least {count} points of each colour", count=FEWEST_POINTS // 4))
    return tuple(found)


def _one_of(value: Any, known: Sequence[str], what: str) -> str:
    if not isinstance(value, str) or value not in known:
        raise UsageError(say("{what}: choose one of {known}", what=what, known=", ".join(known)))
    return value


def _number(value: Any, what: str, least: float, most: float, above: bool = False) -> float:
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not good or not least <= value <= most or (above and value == least):
        raise UsageError(say("{what}: a number from {least:g} to {most:g}", what=what, least=least, most=most))
    return float(value)

"""What a learner asks the editor for: data, a network, and how to teach it; checked before anything is started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vitrina.engines import available
from vitrina.errors import UsageError
from vitrina.glass.page.asked import number, one_of
from vitrina.glass.page.drawn import CURVE, MOST, POINTS, Kept, read_curve, read_points
from vitrina.glass.page.facts import NAMES, facts_of
from vitrina.glass.page.stack import LIMITS, network_of
from vitrina.glass.page.tables import FILE, MOST_BYTES, Tables
from vitrina.learning.optimizers import OPTIMIZERS
from vitrina.locale import say
from vitrina.network import Network
from vitrina.network.activations import ACTIVATIONS

FOR_CLASSES, FOR_NUMBERS = ("cross_entropy", "focal"), ("mean_squared_error", "mean_absolute_error", "huber")
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
            **LIMITS, "bytes": MOST_BYTES, "points": MOST, "epochs": MOST_EPOCHS, "batch": MOST_BATCH,
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
        data = one_of(told.get("data"), (*NAMES, FILE), say("data"))
        target = "class" if data == POINTS else str(told.get("target")) if data == FILE else None
        facts = tables.facts(tables.of(told.get("table")).key, str(target)) if data == FILE else facts_of(data)
        costs = FOR_CLASSES if facts.classes else FOR_NUMBERS
        cost = one_of(told.get("cost"), costs, say("cost"))
        engines = [engine.name for engine in available() if engine.installed]
        rate = told.get("rate")
        return Wish(
            data,
            tables.of(told.get("table")).file if data == FILE else _drawn(data, told),
            target,
            network_of(told.get("layers"), facts, cost),
            one_of(told.get("optimizer"), tuple(OPTIMIZERS), say("optimizer")),
            None if rate is None else number(rate, say("learning rate"), 0.0, 100.0, above=True),
            one_of(told.get("engine"), tuple(engines), say("engine")),
            int(number(told.get("epochs"), say("epochs"), 1, MOST_EPOCHS)),
            int(number(told.get("batch"), say("batch"), 1, MOST_BATCH)),
            told,
        )


def _drawn(data: str, told: Mapping[str, Any]) -> Kept | None:
    if data == POINTS:
        return read_points(told.get("points"), str(told.get("lang")))
    return read_curve(told.get("points")) if data == CURVE else None

"""Two trainings side by side: in which settings they differ, and how far each has come. What both have in common is not told."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vitrina.glass.plain import number
from vitrina.glass.recording import Recording
from vitrina.learning.history import History
from vitrina.network.network import Network

SETTINGS = ("data", "engine", "precision", "batch_size", "epochs", "seed", "optimizer")  # shown where they differ
MORE = (
    "target",
    "cost",
    "schedule",
    "patience",
    "gradient_clip",
    "weight_average",
    "class_weight",
    "augment",
    "validation",
    "test",
)


def setting_of(settings: Mapping[str, Any], name: str) -> str:
    """A setting in few words; also `network`, `parameters` and `cost`, which are the network's. "" where it is not set."""
    if name in ("network", "parameters", "cost"):
        network = Network.from_json(settings["network"])
        if name == "cost":
            return network.cost.label
        if name == "parameters":
            return f"{network.parameters:,}"
        return " - ".join(str(getattr(layer, "units", type(layer).__name__)) for layer in network.layers)
    value = settings.get(name)
    if name == "columns":
        return ", ".join(f"{column}={role}" for column, role in (value or {}).items())
    if isinstance(value, Mapping):
        own = [f"{key} {item:g}" for key, item in value.items() if key in ("learning_rate", "weight_decay") and item]
        return " ".join([str(value.get("type", "")), *own]).strip() or json.dumps(value)
    if isinstance(value, list):
        return ", ".join(str(one.get("type", one)) if isinstance(one, Mapping) else str(one) for one in value)
    return "" if value is None else str(value)


def differing(all_settings: Sequence[Mapping[str, Any]], names: Sequence[str] = SETTINGS) -> list[str]:
    """The settings that are not the same for all, `network` and `parameters` first."""
    return [
        name for name in ("network", "parameters", *names) if len({setting_of(one, name) for one in all_settings}) > 1
    ]


def beside(run: Path, recording: Recording, other: Path, second: Recording) -> dict[str, Any]:
    """What the page shows of the two: their epochs, the settings that differ, and the best epoch of each."""
    second.refresh()
    names = _names(run, other)
    settings = [_settings(path, of) for path, of in ((run, recording), (other, second))]
    told = [{"name": name, **_epochs(of.epochs)} for name, of in zip(names, (recording, second), strict=True)]
    differs = [[name, *(setting_of(one, name) for one in settings)] for name in differing(settings, (*SETTINGS, *MORE))]
    return {"runs": told, "differs": differs, "outcome": _outcome(recording.epochs, second.epochs)}


def _names(run: Path, other: Path) -> list[str]:
    """As short as they can be told apart."""
    first, second = run.resolve().parts, other.resolve().parts
    for length in range(1, max(len(first), len(second)) + 1):
        if first[-length:] != second[-length:]:
            return ["/".join(parts[-length:]) for parts in (first, second)]
    return [run.name, other.name]


def _settings(run: Path, recording: Recording) -> dict[str, Any]:
    """What the run was started with; of a recording alone, what it says itself."""
    try:
        settings = json.loads((run / "settings.json").read_text("utf-8"))
    except (OSError, ValueError):
        settings = {}
    return {**recording.about, **settings} if isinstance(settings, dict) else dict(recording.about)


def _epochs(history: History) -> dict[str, Any]:
    rows = {
        name: [number(value) for value in history[name]] for name in ("epoch", "error", "validation_error", "seconds")
    }
    return {name: values for name, values in rows.items() if any(value is not None for value in values)}


def _outcome(*histories: History) -> list[list[Any]]:
    """Each with both values and which is better (0, 1 or None): the best epoch's figures, how many epochs, how long."""
    best = [_best(history) for history in histories]
    metrics = dict.fromkeys(name for history in histories for name in history.columns if name.startswith("validation_"))
    found: list[list[Any]] = [["best_epoch", *(int(row["epoch"]) if row else None for row in best), None]]
    for name in metrics or {"error": None}:
        values = [number(row.get(name, math.nan)) if row else None for row in best]
        found.append([name, *values, _better(values, big="accuracy" in name or name.endswith("r2"))])
    found.append(["epochs_done", *(len(history) for history in histories), None])
    seconds = [number(sum(row.get("seconds", 0.0) for row in history)) for history in histories]
    return [*found, ["seconds", *seconds, None]]


def _best(history: History) -> dict[str, float] | None:
    name = "validation_error" if "validation_error" in history.columns else "error"
    known = [row for row in history if math.isfinite(row.get(name, math.nan))]
    return min(known, key=lambda row: row[name]) if known else None


def _better(values: Sequence[float | None], big: bool) -> int | None:
    first, second = values
    if first is None or second is None or first == second:
        return None
    return int((second > first) == big)

"""What is known of a network's layers before anything is in them, and of the run they are taught in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vitrina.glass.look import is_joint
from vitrina.glass.plan import Spot


def layer_of(spot: Spot, title: str) -> dict[str, Any]:
    """What is drawn of a layer before it is known what is in it."""
    return {
        "name": spot.name,
        "title": title,
        "kind": type(spot.layer).__name__ if spot.layer else "Input",
        "shape": list(spot.shape),
        "form": _form(spot.shape),
        "activation": getattr(spot.layer, "activation", None),
        "neurons": hasattr(spot.layer, "error_signal"),
        "joins": getattr(spot.layer, "merge", "add") if spot.layer and is_joint(spot.layer) else None,
        "members": spot.members,
        "column": spot.column,
        "lanes": list(spot.lanes),
        "sources": list(spot.sources),
    }


def _form(shape: tuple[int, ...]) -> str:
    """How it is drawn: a column of neurons, a sheet of steps by neurons, or maps."""
    return {1: "column", 2: "sheet", 3: "maps"}.get(len(shape), "column")


def setting_of(run: Path, name: str) -> Any:
    try:
        return json.loads((run / "settings.json").read_text("utf-8")).get(name)
    except (OSError, ValueError, AttributeError):
        return None

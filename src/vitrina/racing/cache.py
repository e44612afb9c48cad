"""What was measured is kept, so that it is measured once: per network, batch, precision, versions and machine."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vitrina.errors import VitrinaError
from vitrina.files import write_atomically
from vitrina.network.network import Network
from vitrina.racing.machine import identity, measure_peak
from vitrina.racing.standings import Standing


def folder() -> Path:
    """Where measurements are kept: $VITRINA_CACHE, else the user's cache folder."""
    if given := os.environ.get("VITRINA_CACHE"):
        return Path(given)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "vitrina"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vitrina"


def key(network: Network, batch_size: int, precision: str, optimizer: str) -> str:
    """The same for races whose results must be the same, but for the machine's moods."""
    about = [network.to_json(), batch_size, precision, optimizer, identity()]
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:24]


def load(name: str) -> dict[str, Standing]:
    """What is known of a race, by engine; nothing if there is none, or it cannot be read."""
    found = _read(f"race-{name}.json")
    try:
        standings = [Standing(**line) for line in found["standings"]]
    except (KeyError, TypeError):
        return {}
    return {one.engine: one for one in standings if _is_sound(one)}


def store(name: str, standings: dict[str, Standing]) -> None:
    """Keeps it. A folder that cannot be written to costs the next race a moment, and nothing else."""
    measured = [asdict(one) for one in standings.values() if one.problem is None]
    if measured:
        _write(f"race-{name}.json", {"standings": measured})


def peak(at_least: float = 0.0) -> float:
    """FLOP/s of this machine's best matrix product, measured once and kept.

    at_least: what somebody has just reached. If that is more, the machine was busy when it was measured: it is measured again.
    """
    name = "peak-" + hashlib.sha256(json.dumps(identity(), sort_keys=True).encode()).hexdigest()[:24] + ".json"
    known = _read(name).get("flops")
    if isinstance(known, int | float) and math.isfinite(known) and known >= max(at_least, 1.0):
        return float(known)
    measured = max(measure_peak(), at_least)
    _write(name, {"flops": measured})
    return measured


def _is_sound(one: Standing) -> bool:
    """True if it can be reckoned with: a damaged file must not cost the training that looks into it."""
    figures = (one.import_seconds, one.compile_seconds, one.step_seconds, one.peak_share, one.memory)
    return (
        isinstance(one.engine, str)
        and one.problem is None
        and all(isinstance(figure, int | float) and math.isfinite(figure) and figure >= 0 for figure in figures)
        and one.step_seconds > 0.0
    )


def _read(name: str) -> dict[str, Any]:
    try:
        found = json.loads((folder() / name).read_text("utf-8"))
    except (OSError, ValueError, RuntimeError):  # RuntimeError: a user without a home
        return {}
    return found if isinstance(found, dict) else {}


def _write(name: str, document: dict[str, Any]) -> None:
    with contextlib.suppress(VitrinaError, OSError, RuntimeError):
        write_atomically(folder() / name, json.dumps(document))

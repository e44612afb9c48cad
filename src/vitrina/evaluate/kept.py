"""decisions.json: the calibration of a run's model, so that it is fitted once, and what was decided last."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from vitrina.evaluate.calibration import Calibration
from vitrina.files import write_atomically
from vitrina.model import Model

FILE, FORMAT = "decisions.json", 1


def stamp(model: Model) -> str:
    """Tells whether a model is the one that was calibrated: a checksum of its weights and state."""
    total = 0
    for arrays in (model.weights, model.state):
        for name in sorted(arrays):
            total = crc32(np.ascontiguousarray(arrays[name]).tobytes(), crc32(name.encode(), total))
    return f"{total:08x}"


def kept_calibration(run: Path, model: Model) -> Calibration | None:
    """The calibration that the run keeps for this very model; None if there is none."""
    kept = _read(run)
    if kept.get("format") != FORMAT or kept.get("model") != stamp(model):
        return None
    return Calibration.from_json(kept["calibration"])


def last_decision(run: Path, model: Model) -> dict[str, Any] | None:
    """What was decided last with this very model, as `Decisions.summary` said it; None if nothing was."""
    kept = _read(run)
    return kept.get("last") if kept.get("format") == FORMAT and kept.get("model") == stamp(model) else None


def keep(run: Path, model: Model, calibration: Calibration, last: Mapping[str, Any]) -> None:
    """Writes the calibration and the last decision's rule and savings into the run."""
    document = {"format": FORMAT, "model": stamp(model), "calibration": calibration.to_json(), "last": last}
    write_atomically(run / FILE, json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def _read(run: Path) -> dict[str, Any]:
    try:
        kept = json.loads((run / FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}  # none yet, or half a one of long ago: it is fitted again
    return kept if isinstance(kept, dict) else {}

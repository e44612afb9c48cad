"""Whether steps that were too long have silenced a layer, which no smoothed error need show."""

from __future__ import annotations

import numpy as np

from vitrina.doctor.case import Case

# share of a layer's units that give 0 for every example: at the start at most, at the end at least
ALIVE, SILENT = 0.5, 0.9
BEST_OF = 10  # batches over which the error is averaged
LEARNED = 0.8  # of a constant's error: what was below it had learned something


def silenced(case: Case) -> list[str]:
    """The layers that answered at the start and are silent at the end."""
    ends = {layer["name"]: layer["dead"] for layer in (case.checkup.get("end") or {}).get("layers", [])}
    inner = [start for start in case.starts[:-1] if start.activation == "relu" or start.kind == "Activation"]
    return [start.name for start in inner if start.dead < ALIVE and ends.get(start.name, 0.0) >= SILENT]


def longest_step(case: Case) -> float:
    """The largest change of a layer's weights in one step that was looked at, over those weights; 0 where none was."""
    layers = case.signs.layers.values() if case.signs is not None else ()
    known = [layer.ratio[np.isfinite(layer.ratio)] for layer in layers if layer.has_weights]
    return max((float(ratios.max()) for ratios in known if len(ratios)), default=0.0)


def lost_again(case: Case) -> bool:
    """True if the error was clearly below that of a constant answer for some batches, of a training that ended at that error."""
    if case.signs is None or len(case.signs.errors) < BEST_OF or not np.isfinite(case.signs.errors).all():
        return False
    means = np.convolve(case.signs.errors, np.ones(BEST_OF) / BEST_OF, mode="valid")
    return case.stuck and float(means.min()) < LEARNED * case.exam.target.constant_error

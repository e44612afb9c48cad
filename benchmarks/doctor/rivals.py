"""What others would say of the same trainings: rules as published, and packages where they are installed."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np

from benchmarks.doctor import autotrainer, deepdiagnosis, nnscope_peer, torchmortem_peer
from benchmarks.doctor.looking import Seen

# Each with NAMES; torchmortem teaches by itself, and is asked by its own command.
PEERS: dict[str, Any] = {
    "AUTOTRAINER": autotrainer,
    "DeepDiagnosis": deepdiagnosis,
    "nnscope": nnscope_peer,
    "torchmortem": torchmortem_peer,
}


def said_by_others(seen: Seen | None) -> dict[str, list[str]]:
    """The problems each names; of a training that never began, that its error is not finite."""
    if seen is None:
        return {}
    found: dict[str, list[str]] = {}
    for name in ("AUTOTRAINER", "DeepDiagnosis", *(["nnscope"] if nnscope_peer.is_here() else [])):
        with np.errstate(all="ignore"), contextlib.suppress(ValueError, TypeError):
            found[name] = PEERS[name].problems(seen)
    return found


def is_right(rival: str, problems: list[str], code: str) -> bool:
    """True if one of the problems it names is what was wrong, generously read."""
    return any(code in PEERS[rival].NAMES.get(problem, ()) for problem in problems)

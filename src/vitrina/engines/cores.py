"""How many cores there are to compute on."""

from __future__ import annotations

import os


def cores() -> int:
    """Those this process may use: fewer than there are, inside a container."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

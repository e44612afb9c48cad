"""How much memory there is."""

from __future__ import annotations

import os
from pathlib import Path

LIMIT, USED = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")  # of a container, by cgroup v2
MEMORY = Path("/proc/meminfo")


def memory_available() -> int:
    """Bytes that can still be taken: what the system says is available, or the container's limit leaves, if that is less.

    Where neither is known, half of the machine's memory."""
    known = [bytes_ for bytes_ in (_of_machine(), _of_container()) if bytes_ is not None]
    if known:
        return max(0, min(known))
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (AttributeError, ValueError, OSError):
        return 4 << 30


def _of_machine() -> int | None:
    try:
        lines = MEMORY.read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError, IndexError):
        return None


def _of_container() -> int | None:
    try:
        return int(LIMIT.read_text()) - int(USED.read_text())
    except (OSError, ValueError):  # "max": there is no limit
        return None

"""How much memory there is, and what is too much for it."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vitrina.data.images import Images
    from vitrina.data.source import Source

SHARE = 0.25  # of the memory that is free: a table that needs more is not read whole
HELD, FEWEST_HELD = 1 << 27, 64  # numbers in the images of a part that judges; images, at least
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


def is_too_large(data: Any) -> bool:
    """Whether a table on disk would take more than a quarter of the memory that is free."""
    from vitrina.data.place import path_of
    from vitrina.data.stream import held_bytes

    path = path_of(data)
    return path is not None and held_bytes(path) > SHARE * memory_available()


def images_to_stream(source: Source, stream: bool | None) -> int | None:
    """Images of each part that judges, at most, where images are decoded while they are learned from; None where they are held.

    stream: as in `vt.train`. The images then keep no pixels."""
    if source.kind != "images" or not hasattr(source, "store") or stream is False:
        return None
    images: Images = source  # pyright: ignore[reportAssignmentType]
    images.store.keeps = False
    numbers = math.prod(images.take([0]).pixels().shape[1:])
    if not stream and 4 * numbers * images.rows <= SHARE * memory_available():
        images.store.keeps = True
        return None
    return max(FEWEST_HELD, HELD // numbers)


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

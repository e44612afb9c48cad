"""Makes room in a recording: of the looks, every second goes; errors and epochs stay."""

from __future__ import annotations

import os

from vitrina.glass.looks_file import LooksReader, LooksWriter


def thin(writer: LooksWriter) -> LooksWriter:
    """Replaces the file by a smaller one, and returns who writes on there. A reader finds the one or the other, whole."""
    writer.close()
    path = writer.path
    smaller = LooksWriter(path.with_suffix(".thinning"))
    looks = 0
    for look in LooksReader(path).more():
        if "|step|rate" in look:
            looks += 1
            if looks % 2 == 0:
                continue
        smaller.write(look.step, look.seconds, look)
    smaller.path = path
    os.replace(path.with_suffix(".thinning"), path)
    return smaller

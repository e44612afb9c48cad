"""Processor time of a process and all it started: what work costs, however many others want the cores meanwhile."""

from __future__ import annotations

import contextlib

import psutil


def seconds_of(process: int) -> float:
    """Of it and of all its descendants, those that have ended and were waited for included; 0.0 where it is gone."""
    try:
        root = psutil.Process(process)
        tree = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    total = 0.0
    for one in tree:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total

"""The machine a race is run on: what tells it from others, and the best it can do."""

from __future__ import annotations

import contextlib
import platform
import time
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from vitrina.engines.cores import cores

PACKAGES = ("vitrina", "numpy", "jax", "jaxlib", "torch", "tensorflow", "tensorflow-cpu")
SIDE = 2048  # of the matrices whose product is the peak
GPUS = Path("/proc/driver/nvidia/gpus")


@cache
def identity() -> dict[str, str]:
    """What measurements belong to: processor, cores, GPUs, and the versions of what computes."""
    found = {
        "processor": _processor(),
        "cores": str(cores()),
        "gpus": str(_gpus()),
        "python": platform.python_version(),
    }
    return found | {name: number for name in PACKAGES if (number := _version(name))}


def measure_peak() -> float:
    """FLOP/s of a float32 product of two SIDE × SIDE matrices by NumPy, the best of a few."""
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal((SIDE, SIDE), dtype=np.float32) for _ in range(2))
    best = 0.0
    for _ in range(5):
        began = time.perf_counter()
        np.dot(a, b)
        best = max(best, 2 * SIDE**3 / (time.perf_counter() - began))
    return best


def _gpus() -> int:
    try:
        return len(list(GPUS.iterdir()))
    except OSError:  # none, or none that this user may see
        return 0


def _processor() -> str:
    """The model by name; /proc/cpuinfo knows it where `platform` says only x86_64."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None

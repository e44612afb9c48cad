"""The machine the numbers come from, and the best it can do: a plain matrix product."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter
from typing import Any

import psutil

PACKAGES = ("numpy", "scikit-learn", "torch", "jax", "jaxlib", "tensorflow-cpu", "tensorflow", "keras", "vitrina")
SIDE = 3000


def describe() -> dict[str, str]:
    """What a reader needs to judge the numbers by, ready to print."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": processor(),
        "cores": f"{psutil.cpu_count(logical=False) or '?'} ({psutil.cpu_count()} threads)",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": platform.platform(),
        "Python": platform.python_version(),
        "packages": ", ".join(f"{name} {found}" for name in PACKAGES if (found := _version(name))),
        "load before": load(),
    }


def load() -> str:
    """How busy others keep the machine, with a warning where it makes the numbers worthless."""
    wanted = os.getloadavg()[0]
    busy = "; others were at work: do not quote these numbers" if wanted > (psutil.cpu_count() or 1) / 2 else ""
    return f"{wanted:.2f} processes wanted a core, last minute{busy}"


def processor() -> str:
    """The model, with its widest vector instructions, because a model's name can hide them."""
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return platform.processor() or platform.machine()
    lines = dict(line.split(":", 1) for line in cpuinfo.read_text().splitlines() if ":" in line)
    fields = {key.strip(): value.strip() for key, value in lines.items()}
    flags = fields.get("flags", fields.get("Features", "")).split()
    widest = next((name for name in ("avx512f", "avx2", "avx", "asimd") if name in flags), "")
    return f"{fields.get('model name', platform.machine())} {f'({widest})' if widest else ''}".strip()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def serve_matrix_product(pipe: Connection, library: str) -> None:
    """Runs in a fresh process: answers every message but "stop" with the FLOP/s of one float32 product of SIDE³."""
    import numpy as np

    rng = np.random.default_rng(0)
    a: Any = rng.standard_normal((SIDE, SIDE), dtype=np.float32)
    b: Any = rng.standard_normal((SIDE, SIDE), dtype=np.float32)
    if library == "torch":
        import torch

        a, b = torch.from_numpy(a), torch.from_numpy(b)
    elif library == "jax":
        import jax

        a, b = jax.numpy.asarray(a), jax.numpy.asarray(b)
    while pipe.recv() != "stop":
        began = perf_counter()
        product = a @ b
        if library == "jax":
            product.block_until_ready()
        pipe.send(2 * SIDE**3 / (perf_counter() - began))

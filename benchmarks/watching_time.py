"""How long a training waits for those who look on: the seconds within their callbacks, part of the training's own time.

What is told as a share of the same training's time does not depend on how fast the machine just was.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from time import perf_counter
from typing import Any

from vitrina.doctor.checkup import CheckUp
from vitrina.glass.controls import Controls
from vitrina.glass.recorder import Recorder

WATCHERS, CALLED = (CheckUp, Recorder, Controls), ("chunk_done", "epoch_done")


@contextlib.contextmanager
def watched() -> Generator[Callable[[], float]]:
    """Within it, what it gives tells the seconds until now."""
    total = 0.0
    usual = {(cls, name): getattr(cls, name) for cls in WATCHERS for name in CALLED}

    def timed(method: Any) -> Any:
        def call(self: Any, *given: Any) -> None:
            nonlocal total
            began = perf_counter()
            method(self, *given)
            total += perf_counter() - began

        return call

    for (cls, name), method in usual.items():
        setattr(cls, name, timed(method))
    try:
        yield lambda: total
    finally:
        for (cls, name), method in usual.items():
            setattr(cls, name, method)

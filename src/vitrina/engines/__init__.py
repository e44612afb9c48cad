"""Where the arithmetic runs: one file per engine, and the contract they share.

`vt.engines()` lists them: the package itself can be called, since a user types the name both ways.
"""

import sys
from types import ModuleType

from vitrina.engines.registry import ENGINES, EngineInfo, available, get

__all__ = ["ENGINES", "EngineInfo", "available", "get"]


class _Listing(ModuleType):
    """A package that lists its engines when called."""

    def __call__(self) -> list[EngineInfo]:
        """Every engine, installed or not, without loading any framework."""
        return available()


sys.modules[__name__].__class__ = _Listing

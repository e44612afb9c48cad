"""What somebody asks for on the page, taken only if it is what it may be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from vitrina.errors import UsageError
from vitrina.locale import say


def one_of(value: Any, known: Sequence[str], what: str) -> str:
    """The value, if it is known. Raises UsageError with all that are."""
    if not isinstance(value, str) or value not in known:
        raise UsageError(say("{what}: choose one of {known}", what=what, known=", ".join(known)))
    return value


def number(value: Any, what: str, least: float, most: float, above: bool = False) -> float:
    """The value, if it is a number from least (above: more than that) to most. Raises UsageError."""
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not good or not least <= value <= most or (above and value == least):
        raise UsageError(say("{what}: a number from {least:g} to {most:g}", what=what, least=least, most=most))
    return float(value)

"""What somebody gave as an argument, as the plain value it stands for: also NumPy's numbers, which JSON cannot hold."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from typing import Any

from vitrina.errors import UsageError
from vitrina.locale import say
from vitrina.network.codec import python_number
from vitrina.network.network import Network


def whole_number(name: str, value: Any, least: int = 1) -> int:
    """A whole number of at least 1, or 0. Raises UsageError for anything else."""
    try:
        number = operator.index(value)
    except TypeError:
        number = -1
    if number >= least:
        return number
    if least == 0:
        raise UsageError(say("{name} must be a whole number of 0 or more, not {value!r}", name=name, value=value))
    raise UsageError(say("{name} must be a whole number of 1 or more, not {value!r}", name=name, value=value))


def whole_or_none(name: str, value: Any) -> int | None:
    """`whole_number` of at least 1, or None where none was given."""
    return None if value is None else whole_number(name, value)


def above_zero(name: str, value: Any) -> float | None:
    """A finite number above 0, or None where none was given. Raises UsageError for anything else."""
    number = python_number(value)
    if number is None or (isinstance(number, int | float) and math.isfinite(number) and number > 0):
        return number
    raise UsageError(say("{name} must be a number above 0, not {value!r}", name=name, value=value))


def flag(name: str, value: Any) -> bool:
    """True or False. Raises UsageError for anything else."""
    given = python_number(value)
    if not isinstance(given, bool):
        raise UsageError(say("{name} must be True or False, not {value!r}", name=name, value=value))
    return given


def share_or_data(validation: Any) -> Any:
    """What judges a training: a share of the rows as a float, else the data as they were given."""
    given = python_number(validation)
    return float(given) if isinstance(given, int | float) and not isinstance(given, bool) else validation


def plain_weights(class_weight: Any) -> dict[str, float] | str | None:
    """Weights by the names of classes, "balanced" or None. Raises UsageError for anything else."""
    if class_weight is None or (isinstance(class_weight, str) and class_weight == "balanced"):
        return class_weight
    if not isinstance(class_weight, Mapping):
        raise UsageError(
            say(
                "class_weight must be weights by class, such as {example}, or 'balanced', not {value!r}",
                example="{0: 1.0, 1: 5.0}",
                value=class_weight,
            )
        )
    return {_class_name(name): _class_weight(name, weight) for name, weight in class_weight.items()}


def _class_name(name: Any) -> str:
    name = python_number(name)
    return str(int(name)) if isinstance(name, float) and name.is_integer() else str(name)


def _class_weight(name: Any, weight: Any) -> float:
    number = python_number(weight)
    if not isinstance(number, int | float) or not math.isfinite(number) or number < 0:
        raise UsageError(
            say(
                "class_weight: the weight of {name!r} must be a finite number of 0 or more, not {value!r}",
                name=name,
                value=weight,
            )
        )
    return float(number)


def check_network(network: Any) -> None:
    """Raises UsageError unless it is a network, or None where one is to be chosen."""
    if network is not None and not isinstance(network, Network):
        raise UsageError(
            say("network must be a vt.Network(vt.Input(...), ...), not {given}", given=type(network).__name__)
        )


def check_target(target: Any) -> None:
    """Raises UsageError unless it is a column's name, or None."""
    if target is not None and not isinstance(target, str):
        raise UsageError(
            say(
                "target must be the name of a column, not {given}; give arrays as one pair, (x, y), and a network as network=...",
                given=type(target).__name__,
            )
        )

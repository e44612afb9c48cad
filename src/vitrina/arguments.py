"""What somebody gave as an argument, as the plain value it stands for: also NumPy's numbers, which JSON cannot hold."""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vitrina.errors import UsageError
from vitrina.locale import say
from vitrina.network.codec import python_number
from vitrina.network.network import Network

LONGEST = 60  # characters of a value that a sentence repeats

# What goes with `vt.train(resume=...)`: the data that are not in the run, and what changes nothing of what is learned.
WITH_RESUME = (
    *("data", "validation", "sample_weight", "resume"),
    *("callbacks", "progress", "checkpoint_every", "record"),
)


class Brief(str):
    """A value as it is written in a sentence: by its kind where it is long, as arrays and models fill pages."""

    def __new__(cls, value: Any) -> Brief:
        written = repr(value)
        return super().__new__(
            cls, written if len(written) <= LONGEST and "\n" not in written else type(value).__name__
        )

    __repr__ = str.__str__


def whole_number(name: str, value: Any, least: int = 1) -> int:
    """A whole number of at least 1, or 0. Raises UsageError for anything else."""
    try:
        number = operator.index(value)
    except TypeError:
        number = -1
    if number >= least:
        return number
    if least == 0:
        raise UsageError(
            say("{name} must be a whole number of 0 or more, not {value!r}", name=name, value=Brief(value))
        )
    raise UsageError(say("{name} must be a whole number of 1 or more, not {value!r}", name=name, value=Brief(value)))


def whole_or_none(name: str, value: Any) -> int | None:
    """`whole_number` of at least 1, or None where none was given."""
    return None if value is None else whole_number(name, value)


def above_zero(name: str, value: Any) -> float | None:
    """A finite number above 0, or None where none was given. Raises UsageError for anything else."""
    number = python_number(value)
    if number is None or (isinstance(number, int | float) and math.isfinite(number) and number > 0):
        return number
    raise UsageError(say("{name} must be a number above 0, not {value!r}", name=name, value=Brief(value)))


def not_negative(name: str, value: Any) -> float:
    """A finite number of 0 or more. Raises UsageError for anything else."""
    number = python_number(value)
    if isinstance(number, int | float) and math.isfinite(number) and number >= 0:
        return number
    raise UsageError(say("{name} must be a finite number of 0 or more, not {value!r}", name=name, value=Brief(value)))


def flag(name: str, value: Any) -> bool:
    """True or False. Raises UsageError for anything else."""
    given = python_number(value)
    if not isinstance(given, bool):
        raise UsageError(say("{name} must be True or False, not {value!r}", name=name, value=Brief(value)))
    return given


def flag_or_none(name: str, value: Any) -> bool | None:
    """`flag`, or None where none was given."""
    return None if value is None else flag(name, value)


def share_or_data(validation: Any) -> Any:
    """What judges a training: a share of the rows as a float, else the data as they were given. Raises UsageError for a bool."""
    given = python_number(validation)
    if isinstance(given, bool):
        raise UsageError(
            say("validation must be a share between 0 and 1, or (x, y), not {validation}", validation=validation)
        )
    return float(given) if isinstance(given, int | float) else validation


def share_of_rows(name: str, value: Any) -> float | None:
    """A share of the rows, 0 or more and below 1, or None where none was given. Raises UsageError for anything else."""
    number = python_number(value)
    if number is None or (isinstance(number, int | float) and not isinstance(number, bool) and 0 <= number < 1):
        return number
    raise UsageError(
        say(
            "{name} must be a share of the rows, 0 or more and below 1, such as 0.15, not {value!r}",
            name=name,
            value=Brief(value),
        )
    )


def share_kept(weight_average: Any) -> float | None:
    """What a running mean of the weights keeps of itself, or None where none was given. Raises UsageError for anything else."""
    number = python_number(weight_average)
    if number is None or (isinstance(number, int | float) and 0.0 <= number < 1.0):
        return number
    raise UsageError(
        say(
            "weight_average is what a running mean keeps of itself at each step, 0 or more and below 1, such as 0.99, not {given!r}",
            given=Brief(weight_average),
        )
    )


def roles_by_column(columns: Any) -> dict[str, str] | None:
    """{column: role}, or None where none was given. Raises UsageError for anything else."""
    if columns is None:
        return None
    if not isinstance(columns, Mapping):
        raise UsageError(
            say(
                "columns must be roles by column, such as {example}, not {value!r}; what is to be left out goes to drop",
                example="{'zip': 'categorical'}",
                value=Brief(columns),
            )
        )
    return {**columns}


def names_of_columns(drop: Any) -> tuple[str, ...]:
    """The columns to leave out; one alone, or None, is taken as such a list. Raises UsageError for anything else."""
    several = () if drop is None else (drop,) if isinstance(drop, str) else drop
    if not isinstance(several, list | tuple | set) or not all(isinstance(name, str) for name in several):
        raise UsageError(say("drop must be names of columns, such as ['id'], not {value!r}", value=Brief(drop)))
    return tuple(several)


def size_of_images(size: Any) -> tuple[int, int] | None:
    """(height, width) of images, or None where none was given. Raises UsageError for anything else."""
    if size is None:
        return None
    try:
        height, width = (operator.index(side) for side in size)
    except (TypeError, ValueError):
        height = width = 0
    if height < 1 or width < 1:
        raise UsageError(
            say("image_size must be (height, width) in pixels, such as (64, 64), not {value!r}", value=Brief(size))
        )
    return height, width


def place(name: str, value: Any) -> Path:
    """A path to a file or a directory. Raises UsageError for anything else."""
    if not isinstance(value, str | os.PathLike) or "\0" in os.fspath(value):
        raise UsageError(say("{name} must be a path, not {value}", name=name, value=Brief(value)))
    return Path(value)


def check_resumed(given: Mapping[str, Any], usual: Mapping[str, Any]) -> None:
    """Raises UsageError for what a training that goes on would ignore, as it has the settings of its run. usual: the defaults."""
    named = [name for name, value in given.items() if name not in WITH_RESUME and not _same(value, usual.get(name))]
    if named:
        raise UsageError(
            say("resume goes on with the run's own settings; leave out {named}, or train anew", named=", ".join(named))
        )


def _same(value: Any, usual: Any) -> bool:
    plain = isinstance(value, str | int | float | tuple) and type(value) is type(usual)
    return value is usual or (plain and value == usual)


def check_for_arrays(**given: Any) -> None:
    """Raises UsageError for arguments that say nothing of arrays which are taken as they are, if any of them is given."""
    if named := [name for name, value in given.items() if value]:
        raise UsageError(
            say(
                "arrays that come with a network are used as they are: {named} would change nothing; leave it out, or give a table",
                named=", ".join(named),
            )
        )


def plain_weights(class_weight: Any) -> dict[str, float] | str | None:
    """Weights by the names of classes, "balanced" or None. Raises UsageError for anything else."""
    if class_weight is None or (isinstance(class_weight, str) and class_weight == "balanced"):
        return class_weight
    if not isinstance(class_weight, Mapping):
        raise UsageError(
            say(
                "class_weight must be weights by class, such as {example}, or 'balanced', not {value!r}",
                example="{0: 1.0, 1: 5.0}",
                value=Brief(class_weight),
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
                value=Brief(weight),
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

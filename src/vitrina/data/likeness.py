"""Categories written in another way: true for 1, 7.0 for 7, 7 for 007, where only one category can be meant."""

from __future__ import annotations

import re
from collections.abc import Iterable

TRUTH = {
    **dict.fromkeys(("true", "yes", "y", "t", "si", "sí", "s", "verdadero", "1", "1.0"), True),
    **dict.fromkeys(("false", "no", "n", "f", "falso", "0", "0.0"), False),
}
WHOLE = re.compile(r"-?\d+(\.0+)?")


def likened(values: Iterable[str], categories: tuple[str, ...], numeric: bool) -> dict[str, str]:
    """For each value that is no category itself but surely means one, that category.

    numeric: the values were numbers, so that 7 may be the code 007; as text, 7 and 007 are different codes.

    >>> likened(["True", "maybe"], ("no", "yes"), numeric=False)
    {'True': 'yes'}
    >>> likened(["7", "8.0"], ("007", "8"), numeric=True)
    {'7': '007', '8.0': '8'}
    """
    meaning: dict[bool | float, list[str]] = {}
    truths = {category: TRUTH.get(category.lower()) for category in categories}
    boolean = len(categories) == 2 and set(truths.values()) == {True, False}
    for category in categories:
        if boolean:
            meaning.setdefault(truths[category] is True, []).append(category)
        elif WHOLE.fullmatch(category):
            meaning.setdefault(float(category), []).append(category)
    found = {}
    for value in values:
        meant: bool | float | None = None
        if boolean:
            meant = TRUTH.get(value.lower())
        elif WHOLE.fullmatch(value) and (numeric or "." in value):
            meant = float(value)
        same = meaning.get(meant, []) if meant is not None else []
        if len(same) == 1:
            found[value] = same[0]
    return found

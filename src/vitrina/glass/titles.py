"""What layers are called where there is little room: on the page, in a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable


def titles_of(names: Iterable[str]) -> dict[str, str]:
    """Of each full name as much of its end as no other name ends with.

    >>> titles_of(["branches_1/dense_1", "branches_1/sequential_1/dense_1", "branches_1/sequential_1/dense_2"])
    {'branches_1/dense_1': 'branches_1/dense_1', 'branches_1/sequential_1/dense_1': 'sequential_1/dense_1', \
'branches_1/sequential_1/dense_2': 'dense_2'}
    """
    names = list(names)
    ends = Counter(end for name in names for end in _ends(name))
    return {name: next(end for end in _ends(name) if ends[end] == 1 or end == name) for name in names}


def _ends(name: str) -> list[str]:
    """Shortest first: `c`, `b/c`, `a/b/c`."""
    parts = name.split("/")
    return ["/".join(parts[place:]) for place in reversed(range(len(parts)))]

"""What the editor has to know of data before a network can be put together for them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from vitrina.data.builtin import BUILTIN
from vitrina.glass.page.drawn import CURVE, POINTS


@dataclass(frozen=True)
class Facts:
    """Of data: the shape of an example, how many numbers the network is to give, and whether they are classes."""

    shape: tuple[int, ...]
    outputs: int
    classes: bool


DRAWN = {POINTS: Facts((2,), 2, True), CURVE: Facts((1,), 1, False)}
NAMES = (*DRAWN, *BUILTIN)


@cache
def facts_of(data: str) -> Facts:
    """Of one of NAMES. Reads a built-in set, which takes a moment the first time."""
    if data in DRAWN:
        return DRAWN[data]
    from vitrina.data import fit_recipe, open_source

    recipe = fit_recipe(open_source(data)).without_logarithms()
    return Facts(recipe.input_shape, recipe.outputs, recipe.task == "classification")

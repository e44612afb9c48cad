"""What a network learns from: tables, images and arrays, honest splits, and the recipe that turns them into numbers.

Importing this package loads neither Polars nor Pillow; each name is fetched when it is first used. No submodule
may bear the name of a function here (hence `splits`): importing it would hide the function.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vitrina.data.arrays import Arrays
    from vitrina.data.builtin import BUILTIN
    from vitrina.data.describe import Description
    from vitrina.data.images import Images
    from vitrina.data.leaks import Leak, find_leaks
    from vitrina.data.recipe import Recipe, fit_recipe, identity_recipe, recipe_from_json
    from vitrina.data.source import Source, open_source
    from vitrina.data.splits import Division, Split, split
    from vitrina.data.table import Table
    from vitrina.data.target import infer_task

_HOME = {
    "Arrays": "arrays",
    "BUILTIN": "builtin",
    "Description": "describe",
    "Division": "splits",
    "Images": "images",
    "Leak": "leaks",
    "Recipe": "recipe",
    "Source": "source",
    "Split": "splits",
    "Table": "table",
    "find_leaks": "leaks",
    "fit_recipe": "recipe",
    "identity_recipe": "recipe",
    "infer_task": "target",
    "open_source": "source",
    "recipe_from_json": "recipe",
    "split": "splits",
}

__all__ = [
    "BUILTIN",
    "Arrays",
    "Description",
    "Division",
    "Images",
    "Leak",
    "Recipe",
    "Source",
    "Split",
    "Table",
    "find_leaks",
    "fit_recipe",
    "identity_recipe",
    "infer_task",
    "open_source",
    "recipe_from_json",
    "split",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

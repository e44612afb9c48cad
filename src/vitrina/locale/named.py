"""Words that are said through a variable, such as the names of settings: told here, so that the catalogues have them."""

from __future__ import annotations


def noted(word: str) -> str:
    """The word as it is; what stands in the call is put into the catalogues."""
    return word


# The settings of a training, in the order they are told: of what it learned from, and of how.
LEARNED_FROM = (noted("data"), noted("target"), noted("time"), noted("gap"), noted("group"), noted("split"))
COLUMNS = (noted("columns"), noted("drop"))
TAUGHT = (
    noted("engine"),
    noted("precision"),
    noted("optimizer"),
    noted("schedule"),
    noted("batch size"),
    noted("epochs"),
    noted("patience"),
    noted("weight average"),
    noted("seed"),
    noted("class weight"),
)
ENGINES = (noted("engine"), noted("version"), noted("variants"), noted("runs on"))  # titles of their table

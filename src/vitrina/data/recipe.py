"""The recipe: how data become numbers and predictions answers. Fitted once, kept as JSON with the model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina.data.features import Features, IdentityFeatures, TableFeatures, features_from_json, fit_features
from vitrina.data.target import ClassTarget, NumberTarget, Task, fit_target, infer_task, target_from_json
from vitrina.errors import DataError, ModelError
from vitrina.locale import say

if TYPE_CHECKING:
    from vitrina.data.source import Source

FORMAT = 1
MOST_LABELS = 100_000  # whole numbers beyond this are names of classes, not their places


@dataclass(frozen=True)
class Recipe:
    """Inputs and targets of a network from a source of the kind it was fitted on."""

    features: Features
    target: ClassTarget | NumberTarget
    target_name: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """What it was fitted on: table, images, arrays (of rank 2), or identity."""
        return self.features.kind

    @property
    def task(self) -> Task:
        return "classification" if isinstance(self.target, ClassTarget) else "regression"

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in the order of the network's outputs; () for regression."""
        return self.target.names

    @property
    def outputs(self) -> int:
        """How many numbers the network gives: one for each class (two classes included), or one for each quantity."""
        return self.target.outputs

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one example, without the batch axis."""
        return self.features.input_shape

    @property
    def input_names(self) -> tuple[str, ...]:
        """What each input of a table is, such as 'age' or 'sex = F'; () for images and arrays."""
        return self.features.input_names

    @property
    def quantities(self) -> tuple[int, ...]:
        """The places of the inputs that are quantities on one scale; others are 0 or 1, words, pixels, or unknown."""
        return self.features.quantities

    def inputs(self, source: Source) -> np.ndarray:
        """float32 (rows, *input_shape). Raises DataError naming the column, file or index that does not fit."""
        return self.features.encode(source)

    def targets(self, source: Source) -> np.ndarray:
        """int64 (rows,) places in `classes`, or float32 (rows, outputs) standardised quantities.

        A table needs no target name: the column this recipe was fitted on is used. Raises DataError when it is missing.
        """
        name = self.target_name if source.target_name is None else None
        return self.target.encode(source, source.raw_target(name))

    def decode(self, values: Any) -> np.ndarray:
        """Class indices (rows,) -> labels (rows,); standardised (rows, outputs) -> the target's own units."""
        return self.target.decode(values)

    def fitting(self, input_shape: tuple[int, ...]) -> Recipe:
        """This recipe where a network of that input was made for it, else as it is without the logarithms of columns: whoever
        brings a network for thirty columns has not counted them."""
        return self if input_shape == self.input_shape else self.without_logarithms()

    def without_logarithms(self) -> Recipe:
        """The same, each column of a table seen as it is alone."""
        if not isinstance(self.features, TableFeatures):
            return self
        return replace(self, features=self.features.without_logarithms())

    def to_json(self) -> dict[str, Any]:
        """Plain data that recipe_from_json reads back into an equal recipe."""
        return {
            "format": FORMAT,
            "inputs": self.features.to_json(),
            "target": {"name": self.target_name, **self.target.to_json()},
            "warnings": list(self.warnings),
        }


def fit_recipe(source: Source, rows: Any = None, task: Task | None = None) -> Recipe:
    """The recipe of a source, fitted on the rows given (all by default): those are the only ones whose values are
    looked at.

    Only what each column is (numbers, categories, ...) and whether the target is a class are read off the whole source.
    task: overrules what infer_task finds. Raises DataError when there is no target, nothing to learn, or a value that
    is wrong.
    """
    if not source.has_target:
        source.raw_target()  # raises, with the names to choose from
    task = task or infer_task(source)
    part = source if rows is None else source.take(rows)
    target = fit_target(part, task)
    features, warnings = fit_features(part)
    return Recipe(features, target, source.target_name, (*source.warnings, *warnings))


def identity_recipe(source: Any, task: Task | None = None) -> Recipe:
    """Arrays as they are: x as float32; whole numbers from 0 as class indices, floats as quantities in their own unit.

    Labels that are text (or negative) are numbered in sorted order. Images of a folder keep their pixels, 0 to 255.
    """
    if source.kind == "table":
        raise DataError(
            say("{source}: a table has to be turned into numbers first; use fit_recipe", source=source.name)
        )
    shape = source.x.shape[1:] if hasattr(source, "x") else source.take([0]).pixels().shape[1:]
    raw = source.raw_target()
    if (task or infer_task(source)) == "regression":
        if raw.kind in ("text", "boolean"):
            raise DataError(
                say(
                    "{source}: the target is text such as {value!r}; a quantity must be a number in every row",
                    source=source.name,
                    value=raw.names[0],
                )
            )
        width = raw.values.shape[1] if raw.values.ndim > 1 else 1
        target: ClassTarget | NumberTarget = NumberTarget((0.0,) * width, (1.0,) * width)
    else:
        target = fit_target(source, "classification")
        if isinstance(target, ClassTarget) and target.kind == "integer" and raw.values.min() >= 0:
            last = int(raw.values.max())
            if last < MOST_LABELS:  # a class that is absent here still has its output
                target = ClassTarget(tuple(str(label) for label in range(last + 1)), "integer")
    return Recipe(
        IdentityFeatures(tuple(int(side) for side in shape)), target, source.target_name, tuple(source.warnings)
    )


def recipe_from_json(data: dict[str, Any]) -> Recipe:
    """The recipe that to_json wrote. Raises ModelError for anything else."""
    try:
        if data["format"] != FORMAT:
            raise ModelError(
                say(
                    "the data recipe has format {given!r}, but this version reads {known}; update Vitrina",
                    given=data["format"],
                    known=FORMAT,
                )
            )
        target = data["target"]
        name = target["name"]
        if not (name is None or isinstance(name, str)):
            raise TypeError("the target's name is not text")
        warnings = tuple(str(warning) for warning in data["warnings"])
        return Recipe(features_from_json(data["inputs"]), target_from_json(target), name, warnings)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise ModelError(
            say(
                "the data recipe is damaged ({kind}: {error}); save the model again",
                kind=type(error).__name__,
                error=error,
            )
        ) from None

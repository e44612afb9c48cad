"""What is to be predicted: classes or quantities, how each becomes numbers, and the user's own words again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from vitrina.data.words import place_name
from vitrina.errors import DataError, ModelError
from vitrina.locale import say

if TYPE_CHECKING:
    from vitrina.data.source import Source

Task = Literal["classification", "regression"]
MANY_CLASSES = 20  # whole numbers with more distinct values than this are amounts, not classes


@dataclass(frozen=True)
class RawTarget:
    """The target as it stands in the data, complete and finite.

    `kind` is text, boolean, integer or number. For text and boolean, `values` (rows,) are places in `names`; for
    integer they are int64 (rows,) and for number float64 (rows,) or (rows, targets). `forced` is the task the user
    asked for, if any.
    """

    kind: Literal["text", "boolean", "integer", "number"]
    values: np.ndarray
    names: tuple[str, ...] = ()
    forced: Task | None = None

    @property
    def is_one_hot(self) -> bool:
        """Whether every row of several numbers is 1 at its class and 0 elsewhere, as Keras has classes."""
        values = self.values
        if values.ndim != 2 or values.shape[1] < 2:
            return False
        return bool(((values == 0.0) | (values == 1.0)).all() and (values.sum(axis=1) == 1.0).all())

    def factorize(self) -> tuple[np.ndarray, list[str]]:
        """Every row's place in a sorted list of the distinct values, and that list as text; of one-hot rows their column's."""
        if self.values.ndim > 1:
            return self.values.argmax(axis=1), [str(place) for place in range(self.values.shape[1])]
        if self.kind in ("text", "boolean"):
            return self.values, list(self.names)
        distinct, codes = np.unique(self.values, return_inverse=True)
        if self.kind == "number" and (distinct == np.round(distinct)).all() and np.abs(distinct).max(initial=0) < 2**53:
            distinct = distinct.astype(np.int64)
        return codes.reshape(-1), [str(value) for value in distinct.tolist()]


def infer_task(source: Source) -> Task:
    """Whether the target of a source is a class or a quantity.

    Text, booleans and one-hot rows are classes; whole numbers are when few values repeat often (on images: always); 0.0 and 1.0 are;
    other floats are quantities. `columns={target: "categorical"}` or `"numeric"` decides otherwise.
    """
    raw = source.raw_target()
    if raw.forced is not None:
        return raw.forced
    if raw.kind in ("text", "boolean"):
        return "classification"
    if raw.values.ndim > 1:
        return "classification" if raw.is_one_hot else "regression"
    if raw.kind == "number":
        return "classification" if np.isin(raw.values, (0.0, 1.0)).all() else "regression"
    if source.kind == "images":
        return "classification"
    distinct = len(np.unique(raw.values))
    return "classification" if distinct <= min(MANY_CLASSES, max(2, len(raw.values) // 2)) else "regression"


@dataclass(frozen=True)
class ClassTarget:
    """Classes in sorted order; a class is its place. `kind` is that of RawTarget, so labels come back as they were."""

    names: tuple[str, ...]
    kind: str = "text"

    @property
    def outputs(self) -> int:
        return len(self.names)

    def encode(self, source: Source, raw: RawTarget) -> np.ndarray:
        """int64 (rows,). Raises DataError for a class that training did not have, or several columns."""
        if raw.values.ndim > 1 and not raw.is_one_hot:
            raise DataError(
                say(
                    "{source}: the target has {count} columns, but a class has only one, or is 1 in one of them and 0 elsewhere",
                    source=source.name,
                    count=raw.values.shape[1],
                )
            )
        codes, names = raw.factorize()
        place = {name: position for position, name in enumerate(self.names)}
        found = np.array([place.get(name, -1) for name in names], np.int64)[codes]
        if (found < 0).any():
            row = int(np.argmax(found < 0))
            known = ", ".join(self.names[:10]) + (", ..." if len(self.names) > 10 else "")
            raise DataError(
                say(
                    "{source}, {where}: class {kind!r} was not in the training data ({known})",
                    source=source.name,
                    where=place_name(source.where(row)),
                    kind=names[codes[row]],
                    known=known,
                )
            )
        return found

    def decode(self, values: Any) -> np.ndarray:
        """Class indices (rows,) -> labels (rows,): text (an object array), whole numbers (int64) or booleans."""
        indices = np.asarray(values).astype(np.int64).reshape(-1)
        if self.kind == "integer":
            return np.array([int(name) for name in self.names], np.int64)[indices]
        if self.kind == "boolean":
            return np.array([name == "True" for name in self.names])[indices]
        return np.array(self.names, object)[indices]

    def to_json(self) -> dict[str, Any]:
        return {"task": "classification", "classes": list(self.names), "kind": self.kind}


@dataclass(frozen=True)
class NumberTarget:
    """One or more quantities, standardised for the network with the training rows' mean and spread."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    names: ClassVar[tuple[str, ...]] = ()

    @property
    def outputs(self) -> int:
        return len(self.mean)

    def encode(self, source: Source, raw: RawTarget) -> np.ndarray:
        """float32 (rows, targets), standardised. Raises DataError for text or another number of columns."""
        if raw.kind in ("text", "boolean"):
            raise DataError(
                say(
                    "{source}: the target is text such as {value!r}, but this model predicts a number",
                    source=source.name,
                    value=raw.names[0],
                )
            )
        values = raw.values.reshape(len(raw.values), -1)
        if values.shape[1] != self.outputs:
            raise DataError(
                say(
                    "{source}: the target has {count} columns, but this model predicts {outputs}",
                    source=source.name,
                    count=values.shape[1],
                    outputs=self.outputs,
                )
            )
        return ((values - np.array(self.mean)) / np.array(self.std)).astype(np.float32)

    def decode(self, values: Any) -> np.ndarray:
        """Standardised (rows, targets) or (rows,) -> the target's unit, float64; (rows,) for one target."""
        numbers = np.asarray(values, np.float64).reshape(-1, self.outputs) * np.array(self.std) + np.array(self.mean)
        return numbers[:, 0] if self.outputs == 1 else numbers

    def to_json(self) -> dict[str, Any]:
        return {"task": "regression", "mean": list(self.mean), "std": list(self.std)}


def fit_target(source: Source, task: Task) -> ClassTarget | NumberTarget:
    """The encoding of the target, from every row of the source (the training part). Raises DataError if constant."""
    raw = source.raw_target()
    if task == "classification":
        codes, names = raw.factorize()
        present = np.bincount(codes, minlength=len(names)) > 0
        names = [name for name, there in zip(names, present, strict=True) if there]
        if len(names) < 2:
            raise DataError(
                say(
                    "{source}: {target} has one class only, {kind!r}; there is nothing to tell apart",
                    source=source.name,
                    target=_target(source),
                    kind=names[0],
                )
            )
        whole = raw.kind == "number" and all("." not in name and "e" not in name for name in names)
        return ClassTarget(tuple(names), "integer" if whole else raw.kind)
    if raw.kind in ("text", "boolean"):
        raise DataError(
            say(
                "{source}: {target} is text such as {value!r}; a quantity must be a number in every row",
                source=source.name,
                target=_target(source),
                value=raw.names[0],
            )
        )
    values = raw.values.reshape(len(raw.values), -1).astype(np.float64)
    mean, std = values.mean(axis=0), values.std(axis=0)
    if not np.isfinite(std).all():
        raise DataError(
            say(
                "{source}: {target} has numbers too large to be scaled; divide them by a constant first",
                source=source.name,
                target=_target(source),
            )
        )
    if (std == 0).any():
        raise DataError(
            say(
                "{source}: {target} is {value:g} in every row; there is nothing to learn",
                source=source.name,
                target=_target(source),
                value=values[0, int(np.argmin(std))],
            )
        )
    return NumberTarget(tuple(mean.tolist()), tuple(std.tolist()))


def _target(source: Source) -> str:
    return say("the target {name!r}", name=source.target_name) if source.target_name else say("the target")


def target_from_json(data: dict[str, Any]) -> ClassTarget | NumberTarget:
    if data.get("task") == "classification":
        return ClassTarget(tuple(str(name) for name in data["classes"]), str(data["kind"]))
    if data.get("task") == "regression":
        return NumberTarget(tuple(float(x) for x in data["mean"]), tuple(float(x) for x in data["std"]))
    raise ModelError(
        say("the data recipe has a task this version does not know ({task!r}); update Vitrina", task=data.get("task"))
    )

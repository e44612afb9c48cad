"""Descriptions as data: frozen dataclasses to JSON and back, by their fields.

Layers, costs, initialisers, optimizers and schedules are all described this way, so there is one codec. A class joins
by inheriting from `Described`; it is then known by its class name, which is what JSON stores under "type".
"""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar, Self

import numpy as np

from vitrina.errors import NetworkError
from vitrina.locale import say


class Described:
    """A frozen dataclass that can be written to JSON and read back by the fields it declares."""

    kinds: ClassVar[dict[str, type[Described]]] = {}
    variadic: ClassVar[str | None] = None  # the field that the constructor takes as *arguments

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if not cls.__name__.startswith("_"):
            Described.kinds[cls.__name__] = cls

    def __post_init__(self) -> None:
        """NumPy's numbers become Python's, which JSON can hold. A class with a `__post_init__` of its own calls this one first.

        Raises NetworkError where a field declared as a number, or as True or False, holds something else.
        """
        for field in dataclasses.fields(self):  # pyright: ignore[reportArgumentType]
            given = getattr(self, field.name)
            value = python_number(given)
            declared = field.type if isinstance(field.type, str) else field.type.__name__
            kind, _, optional = declared.partition(" | ")
            told = {"kind": type(self).__name__, "name": field.name, "value": value}
            if kind == "float" and not isinstance(value, int | float) and (value is not None or optional != "None"):
                raise NetworkError(say("{kind}: {name} must be a number, not {value!r}", **told))
            if kind == "bool" and not isinstance(value, bool):
                raise NetworkError(say("{kind}: {name} must be True or False, not {value!r}", **told))
            if value is not given:
                object.__setattr__(self, field.name, value)

    def to_json(self) -> dict[str, Any]:
        """The description as plain dicts, lists, numbers and strings."""
        fields = dataclasses.fields(self)  # pyright: ignore[reportArgumentType]
        return {"type": type(self).__name__} | {field.name: _plain(getattr(self, field.name)) for field in fields}

    @classmethod
    def from_json(cls, description: Any) -> Self:
        """Reads what `to_json` wrote.

        Raises NetworkError if it describes nothing known, or something else than asked.
        """
        found = _described(description)
        if not isinstance(found, cls):
            raise NetworkError(
                say(
                    "expected a description of a {wanted}, found a {found}",
                    wanted=cls.__name__,
                    found=type(found).__name__,
                )
            )
        return found


def python_number(value: Any) -> Any:
    """A number of NumPy's as Python has it; anything else as it is."""
    single = isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0)
    return value.item() if single else value


def numbers(given: Any) -> tuple[float, ...] | None:
    """One number, or a list, tuple or array of them, as a tuple of Python's; None if it is something else."""
    several: Any = given.tolist() if isinstance(given, np.ndarray) else given
    values = [python_number(value) for value in (several if isinstance(several, list | tuple) else (several,))]
    return tuple(map(float, values)) if all(isinstance(value, int | float) for value in values) else None


def _plain(value: Any) -> Any:
    value = python_number(value)
    if isinstance(value, Described):
        return value.to_json()
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return value


def _described(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_described(item) for item in value)  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(value, dict):
        return value
    fields: dict[str, Any] = dict(value)  # pyright: ignore[reportUnknownArgumentType]
    kind = fields.pop("type", None)
    if not isinstance(kind, str) or kind not in Described.kinds:
        raise NetworkError(
            say(
                "unknown type {kind!r} in a description; it must be one of Vitrina's names, or a class of your "
                "own that was imported first",
                kind=kind,
            )
        )
    cls = Described.kinds[kind]
    known = {field.name for field in dataclasses.fields(cls)}  # pyright: ignore[reportArgumentType]
    if unknown := set(fields) - known:
        raise NetworkError(
            say(
                "{kind} has no {unknown}; it has {known}",
                kind=kind,
                unknown=", ".join(sorted(unknown)),
                known=", ".join(sorted(known)),
            )
        )
    fields = {name: _described(item) for name, item in fields.items()}
    arguments = fields.pop(cls.variadic, ()) if cls.variadic else ()
    try:
        return cls(*arguments, **fields)
    except TypeError as error:
        raise NetworkError(
            say("{kind} cannot be made of {fields}: {reason}", kind=kind, fields=fields, reason=error)
        ) from error

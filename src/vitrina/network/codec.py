"""Descriptions as data: frozen dataclasses to JSON and back, by their fields.

Layers, costs, initialisers, optimizers and schedules are all described this way, so there is one codec. A class joins
by inheriting from `Described`; it is then known by its class name, which is what JSON stores under "type".
"""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar, Self

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


def _plain(value: Any) -> Any:
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

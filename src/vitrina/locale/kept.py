"""Sentences that were kept, such as the warnings in a model file, said again in the language of whoever reads them now."""

from __future__ import annotations

import re
import string
from functools import lru_cache
from typing import NamedTuple

from vitrina.locale import language, spanish

LEAST = 12  # letters of a sentence beside its values: one with fewer could be anything


class _Sentence(NamedTuple):
    """known: as it was kept, wanted: as it is to be said, both with {values} in them; longest: the longest text between them."""

    known: str
    wanted: str
    longest: str


def retold(sentence: str) -> str:
    """The sentence as `say` would say it now; as it is, if it is in that language already or none that was ever said.

    >>> from vitrina.locale import use
    >>> use("es"); retold("the usual rate of Adam: within 20 steps no other is clearly better")
    'la tasa habitual de Adam: en 20 pasos ninguna otra es claramente mejor'
    >>> use(None)
    """
    for one in _sentences(language()):
        if one.longest in sentence and (found := _pattern(one.known).fullmatch(sentence)):
            values = {name: retold(text) for name, text in zip(_fields(one.known), found.groups(), strict=True)}
            return "".join(text + (values[field] if field else "") for text, field in _parsed(one.wanted))
    return sentence


@lru_cache
def _sentences(wanted: str) -> list[_Sentence]:
    """Those that can be told from others, from the other language into this one; what says most of itself comes first."""
    found: list[tuple[int, _Sentence]] = []
    for pair in spanish().items():
        known, told = pair if wanted == "es" else pair[::-1]
        texts = [text for text, _ in _parsed(known)]
        letters = sum(map(str.isalpha, "".join(texts)))
        if letters >= LEAST and known != told and set(_fields(known)) == set(_fields(told)):
            found.append((letters, _Sentence(known, told, max(texts, key=len))))
    return [one for _, one in sorted(found, key=lambda each: -each[0])]


def _parsed(sentence: str) -> list[tuple[str, str]]:
    """Each text, and the value behind it as it is written: `name!r`, `share:.1%`; "" behind the last."""
    return [
        (text, f"{name}{'!' + how if how else ''}:{form}" if name else "")
        for text, name, form, how in string.Formatter().parse(sentence)
    ]


def _fields(sentence: str) -> list[str]:
    """Each value once, in the order in which they first come."""
    return list(dict.fromkeys(field for _, field in _parsed(sentence) if field))


@lru_cache
def _pattern(sentence: str) -> re.Pattern[str]:
    """What the sentence says with any values; a value that comes twice is the same both times."""
    fields: list[str] = []
    told = ""
    for text, field in _parsed(sentence):
        told += re.escape(text)
        if field in fields:
            told += rf"(?P=v{fields.index(field)})"
        elif field:
            told += f"(?P<v{len(fields)}>.+?)"
            fields.append(field)
    return re.compile(told, re.DOTALL)

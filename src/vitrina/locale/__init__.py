"""What is said to people. Sentences are written in English where they are said; catalogues of gettext have them in Spanish.

>>> use("es"); say("the image")
'la imagen'
>>> use("en"); say("epoch {number}", number=3)
'epoch 3'
>>> use(None)  # whatever the environment says
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "es")
_chosen: str | None = None


def use(language: str | None) -> None:
    """The language of all that is said from now on; None means that of the environment."""
    global _chosen
    _chosen = language


def language() -> str:
    """'es' or 'en': the one chosen, else that of the environment (LC_ALL, LC_MESSAGES, LANG), else English."""
    if _chosen is not None:
        return _chosen
    named = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    return "es" if named.lower().startswith("es") else "en"


def say(sentence: str, **values: Any) -> str:
    """The sentence in the user's language, with {values} filled in; in English where it has not been translated."""
    if language() == "es":
        sentence = spanish().get(sentence, sentence)
    return sentence.format(**values) if values else sentence


def spanish() -> dict[str, str]:
    """The Spanish sentences by their English ones."""
    return _pairs("vitrina")


def page_texts() -> dict[str, str]:
    """Those of the page in the browser, which says them itself."""
    return _pairs("page")


@cache
def _pairs(domain: str) -> dict[str, str]:
    """A catalogue as a whole: kept sentences are looked for in it, and the page gets it in one piece."""
    from gettext import GNUTranslations  # who reads English needs neither it nor the files

    with (Path(__file__).parent / "es" / "LC_MESSAGES" / f"{domain}.mo").open("rb") as file:
        pairs = dict(vars(GNUTranslations(file))["_catalog"])
    del pairs[""]  # the catalogue's header
    return pairs

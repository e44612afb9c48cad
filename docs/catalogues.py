"""Brings the catalogues of translations up to date with what the code says; fails if a sentence is not translated yet.

python docs/catalogues.py    (needs Babel)
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from babel.messages import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from vitrina.locale import LANGUAGES

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "vitrina"
HEADER = (
    ("Project-Id-Version", "vitrina"),
    ("MIME-Version", "1.0"),
    ("Content-Type", "text/plain; charset=utf-8"),
    ("Content-Transfer-Encoding", "8bit"),
)


def spoken(
    file: BinaryIO, keywords: Collection[str], *_: Any, **options: Any
) -> Iterator[tuple[int, str, str, list[str]]]:
    """The sentences of a file in Python, as Babel wants them told.

    Its own reader passes over one that stands deep within the values of another.
    """
    calls = [
        (node.lineno, node.col_offset, node.func.id, node.args[0])
        for node in ast.walk(ast.parse(file.read()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in keywords and node.args
    ]
    for line, _column, name, first in sorted(calls, key=lambda call: call[:2]):
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield line, name, first.value, []


class Domain(NamedTuple):
    """Where a catalogue's sentences are said, by what functions, and how Babel reads the files."""

    folder: Path
    files: str
    keywords: tuple[str, ...]
    method: Any
    options: dict[str, Any]


DOMAINS = {
    "vitrina": Domain(SOURCE, "*.py", ("say", "marked", "noted"), spoken, {}),
    "page": Domain(
        SOURCE / "glass" / "page" / "static" / "js",
        "*.js",
        ("t",),
        "javascript",
        {"parse_template_string": True, "jsx": False},
    ),
}


class Catalogue(Catalog):
    """One whose header holds no date and no version: who changes nothing in it writes the same file again."""

    def __init__(self, language: str, domain: str) -> None:
        super().__init__(
            language, domain, f"# What Vitrina says, in the language '{language}'.", charset="utf-8", fuzzy=False
        )

    @property
    def mime_headers(self) -> list[tuple[str, str]]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return [HEADER[0], ("Language", str(self.locale)), *HEADER[1:]]


def path_of(domain: str, language: str) -> Path:
    """Where a catalogue is kept; the compiled one lies beside it."""
    return SOURCE / "locale" / language / "LC_MESSAGES" / f"{domain}.po"


def kept(domain: str, language: str) -> Catalog:
    """The catalogue as it is in its file; an empty one for a new language."""
    path = path_of(domain, language)
    if not path.exists():
        return Catalogue(language, domain)
    with path.open("rb") as file:
        return read_po(file, language, domain, charset="utf-8")


def updated(domain: str, language: str) -> Catalogue:
    """The sentences that are said now, in the order of the files, with the translations that are kept; no other is guessed."""
    known, catalogue, of = kept(domain, language), Catalogue(language, domain), DOMAINS[domain]
    for path in sorted(of.folder.rglob(of.files)):
        name = path.relative_to(ROOT).as_posix()
        keywords: dict[str, Any] = dict.fromkeys(of.keywords)
        for line, sentence, *_ in extract_from_file(of.method, path, keywords, options=of.options):
            old = known.get(sentence)
            catalogue.add(
                sentence,
                old.string if old else "",
                [(name, line)],
                old.flags if old else (),
                user_comments=old.user_comments if old else (),
            )
    for message in catalogue:
        message.flags.discard("python-format")  # a % before a word is taken for one of those
        if domain == "page":
            message.flags.discard("python-brace-format")
    return catalogue


def untranslated(catalogue: Catalog) -> list[str]:
    return [str(message.id) for message in catalogue if message.id and (not message.string or message.fuzzy)]


def as_po(catalogue: Catalog) -> bytes:
    """Lines are not wrapped, and places are files without numbers of lines, so that a change is seen for what it is."""
    file = BytesIO()
    write_po(file, catalogue, width=0, include_lineno=False, ignore_obsolete=True)
    return file.getvalue().rstrip() + b"\n"


def as_mo(catalogue: Catalog) -> bytes:
    file = BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def main() -> int:
    missing: list[str] = []
    for language in LANGUAGES[1:]:
        for domain in DOMAINS:
            catalogue, path = updated(domain, language), path_of(domain, language)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(as_po(catalogue))
            path.with_suffix(".mo").write_bytes(as_mo(catalogue))
            missing += [f"{path.relative_to(ROOT)}: {sentence}" for sentence in untranslated(catalogue)]
    if missing:
        print("not translated yet:", *missing, sep="\n", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())

"""Every sentence that is said has its Spanish, with the same values in it."""

from __future__ import annotations

import ast
import json
import string
from pathlib import Path

import pytest

import vitrina
from tests.cli.conftest import Vitrina
from vitrina import locale
from vitrina.commands import describe, train
from vitrina.learning import OPTIMIZERS, SCHEDULES

HOME = Path(vitrina.__file__).parent
# Said through a variable: the names of settings, and the titles of tables.
BY_NAME = {name.replace("_", " ") for name in describe.SETTINGS} | {
    "version",
    "variants",
    "runs on",
    "engine",
    "answer",
}


def sentences() -> set[str]:
    """The first argument of every `say` and `marked`."""
    found: set[str] = set()
    for path in HOME.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("say", "marked")
            if named and isinstance(node.args[0], ast.Constant):  # pyright: ignore[reportAttributeAccessIssue]
                found.add(str(node.args[0].value))  # pyright: ignore[reportAttributeAccessIssue]
    return found


def test_spanish_has_every_sentence_and_no_other() -> None:
    said = sentences() | BY_NAME
    assert len(said) > 80
    assert said - set(locale.spanish()) == set()
    assert set(locale.spanish()) - said == set()


def test_a_translation_holds_the_same_values_and_marks() -> None:
    for english, spanish in locale.spanish().items():
        values = [
            sorted((name, form) for _, name, form, _ in string.Formatter().parse(text) if name)
            for text in (english, spanish)
        ]
        assert values[0] == values[1], english
        assert english.count("[/]") == spanish.count("[/]"), english


@pytest.mark.parametrize(
    ("variables", "expected"),
    [({"LANG": "es_MX.UTF-8"}, "es"), ({"LANG": "es", "LC_ALL": "en_US"}, "en"), ({"LANG": "C"}, "en"), ({}, "en")],
)
def test_the_environment_chooses(variables: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locale, "_chosen", None)
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert locale.language() == expected


def test_lang_chooses_and_json_is_the_same_in_both(vitrina: Vitrina) -> None:
    assert vitrina("train", "wine", "--engine", "numpy", "--epochs", 2, "--lang", "es").out.count("nunca ha visto") == 1
    told = [
        json.loads(vitrina("evaluate", "runs/1", "--no-baselines", "--json", "--lang", lang).out)
        for lang in ("en", "es")
    ]
    assert told[0] == told[1]
    assert "quite --epochs" in vitrina("train", "--resume", "runs/1", "--epochs", 2, "--lang", "es").sentence


def test_the_names_on_the_command_line_are_all_there_are() -> None:
    """They stand in the command as words, so that --help does not have to import NumPy."""
    assert [name.value for name in train.OptimizerName] == list(OPTIMIZERS)
    assert [name.value for name in train.ScheduleName] == list(SCHEDULES)

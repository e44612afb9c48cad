"""Every sentence that is said has its Spanish, with the same values in it."""

from __future__ import annotations

import errno
import json
import os
import string
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from babel.messages import Catalog

from docs import catalogues
from tests.cli.conftest import Vitrina
from vitrina import locale
from vitrina.commands import train
from vitrina.learning import OPTIMIZERS, SCHEDULES
from vitrina.locale import named
from vitrina.locale.kept import retold
from vitrina.locale.system import USUAL, reason_of


def test_spanish_has_every_sentence_and_no_other() -> None:
    said = {str(message.id) for message in catalogues.updated("vitrina", "es") if message.id}
    assert len(said) > 1000
    assert said == set(locale.spanish())


def test_names_that_are_said_through_a_variable_are_in_spanish() -> None:
    assert {*named.LEARNED_FROM, *named.TAUGHT, *named.ENGINES} <= set(locale.spanish())


def test_a_sentence_within_the_values_of_another_is_found() -> None:
    code = 'say("some " "{what}", what=", ".join(say("{way} ones", way=say("good")))); other("no"); say(name)'
    found = catalogues.spoken(BytesIO(code.encode()), ("say",))
    assert [sentence for _, _, sentence, _ in found] == ["some {what}", "{way} ones", "good"]


@pytest.mark.parametrize("domain", catalogues.DOMAINS)
def test_catalogues_are_up_to_date_and_compiled(domain: str) -> None:
    """`make catalogues` would change nothing in them."""
    kept, updated = catalogues.kept(domain, "es"), catalogues.updated(domain, "es")
    assert _told(kept) == _told(updated)
    assert catalogues.untranslated(kept) == []
    compiled = GNUTranslations(BytesIO(catalogues.as_mo(updated)))
    there = GNUTranslations(BytesIO(catalogues.path_of(domain, "es").with_suffix(".mo").read_bytes()))
    assert vars(compiled)["_catalog"] == vars(there)["_catalog"]


def _told(catalogue: Catalog) -> list[tuple[object, object, set[str]]]:
    """Its sentences in their order, with their translations and the files they are said in."""
    return [(one.id, one.string, {name for name, _ in one.locations}) for one in catalogue if one.id]


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
    assert "quita --epochs" in vitrina("train", "--resume", "runs/1", "--epochs", 2, "--lang", "es").sentence


def test_the_names_on_the_command_line_are_all_there_are() -> None:
    """They stand in the command as words, so that --help does not have to import NumPy."""
    assert [name.value for name in train.OptimizerName] == list(OPTIMIZERS)
    assert [name.value for name in train.ScheduleName] == list(SCHEDULES)


def _strange_table() -> bytes:
    """A table of which nearly all that can be warned of is true: 400 rows, in Windows-1252."""
    rng = np.random.default_rng(0)
    lines = ["id,same,empty,zip,number,day,turned,key,copy,gap,hole,class"]
    for row in range(400):
        rare = row % 6 == 0
        name = "sí" if rare else "no"
        cells = [
            row + 1,
            7,
            "",
            f"{rng.integers(1000):05d}",
            "oops" if row == 5 else f"{rng.normal():.3f}",
            "bad" if row == 7 else f"2024-{rng.integers(1, 13):02d}-{rng.integers(1, 29):02d}",
            f"{rng.integers(1, 13)}/{rng.integers(1, 13)}/2023",
            f"k{rng.integers(10**9)}",
            name + "!",
            "" if rng.random() < 0.7 else 1.5,
            "" if rare else f"{rng.random():.2f}",
            name,
        ]
        lines.append(",".join(map(str, cells)))
    return "\n".join(lines).encode("cp1252")


def _is_english(sentence: str) -> bool:
    return not {"the", "is", "are", "of", "it", "that", "rows", "with"}.isdisjoint(sentence.lower().split())


def test_warnings_about_a_table_are_in_the_language_of_the_user(vitrina: Vitrina, tmp_path: Path) -> None:
    (tmp_path / "strange.csv").write_bytes(_strange_table())
    english, spanish = (
        json.loads(vitrina("describe", "strange.csv", "--target", "class", "--json", "--lang", lang).out)["warnings"]
        for lang in ("en", "es")
    )
    assert len(english) == len(spanish) >= 12
    assert all(map(_is_english, english))
    assert not [told for told in spanish if _is_english(told)]
    assert "la columna 'id' queda fuera" in vitrina("describe", "strange.csv", "--target", "class", "--lang", "es").out


def test_a_run_is_told_of_in_the_language_of_whoever_reads_it(vitrina: Vitrina, tmp_path: Path) -> None:
    (tmp_path / "strange.csv").write_bytes(_strange_table().replace(b"oops", b"").replace(b"bad", b""))
    done = ("train", "strange.csv", "--target", "class", "--engine", "numpy", "--epochs", 2)
    told = json.loads(vitrina(*done, "--json", "--lang", "en").out)
    vitrina("report", "runs/1", "--lang", "es")
    page = (tmp_path / "runs" / "1" / "report.html").read_text("utf-8")
    assert told["why"] not in page
    assert "filas para aprender" in page
    assert page.count("solo numera las filas") == 1
    assert "only numbers the rows" not in page
    assert not [
        said for said in json.loads(vitrina(*done, "--json", "--lang", "es").out)["warnings"] if _is_english(said)
    ]


def test_find_lr_says_why_in_the_language_of_the_user(vitrina: Vitrina) -> None:
    told = json.loads(vitrina("find-lr", "wine", "--engine", "numpy", "--json", "--lang", "es").out)
    assert "baja el error de" in told["why"]
    assert not _is_english(told["why"])


def test_a_kept_sentence_is_said_again_in_both_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    english = "column 'a b' is left out, as it may give the target away: it is the target under other names (AUC alone 1.0 on 9 rows)"
    monkeypatch.setattr(locale, "_chosen", "es")
    spanish = retold(english)
    assert spanish.startswith(
        "la columna 'a b' queda fuera, pues puede delatar el objetivo: es el objetivo con otros nombres"
    )
    assert retold(spanish) == spanish
    assert retold("a sentence of nobody") == "a sentence of nobody"
    monkeypatch.setattr(locale, "_chosen", "en")
    assert retold(spanish) == english


def test_the_systems_refusals_are_in_the_users_language_and_in_english_its_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, told in USUAL.items():
        monkeypatch.setattr(locale, "_chosen", "en")
        assert told() == os.strerror(number)
        monkeypatch.setattr(locale, "_chosen", "es")
        assert told() != os.strerror(number)
    with pytest.raises(IsADirectoryError) as refused:
        tmp_path.read_bytes()
    assert reason_of(refused.value) == "es una carpeta"
    assert reason_of(OSError(errno.EIO, "Input/output error")) == "Input/output error"
    assert reason_of(ValueError("none of the system's")) == "none of the system's"

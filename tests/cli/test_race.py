"""vitrina race, as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import vitrina as vt
from tests.cli.conftest import Vitrina
from vitrina.racing import contest
from vitrina.racing.standings import Standing


@pytest.fixture(autouse=True)
def on_paper(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody runs: what a contestant would take is written down here."""
    monkeypatch.setenv("VITRINA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("vitrina.racing.cache.measure_peak", lambda: 1e11)
    taken = {"numpy": (0.0, 1e-4), "jax:scan": (1.0, 1e-5), "jax:eigen": (1.0, 2e-5)}

    def measure(folder: Path, request: dict, patience: float) -> Standing:
        start, step = taken.get(request["engine"], (5.0, 1e-3))
        return Standing(request["engine"], 0.0, start, step, memory=100 << 20)

    monkeypatch.setattr(contest, "_measure", measure)


@pytest.fixture
def network(tmp_path: Path) -> Path:
    described = vt.Network(vt.Input((4,)), vt.Dense(8, "relu"), vt.Dense(3))
    (tmp_path / "net.json").write_text(json.dumps(described.to_json()))
    return tmp_path / "net.json"


def test_the_table_names_the_winner_and_the_crossover(vitrina: Vitrina, network: Path) -> None:
    done = vitrina(
        "race", network, "--batch", 10, "--rows", 1000, "--epochs", 2, "--engine", "numpy", "--engine", "jax"
    )
    assert done.status == 0
    assert "200 steps" in done.out
    assert "under 11,112 steps numpy wins; beyond, jax:scan" in done.out
    spanish = vitrina("race", network, "--engine", "numpy", "--engine", "jax", "--lang", "es")
    assert "con menos de 11,112 pasos gana numpy" in spanish.out


def test_programs_get_json(vitrina: Vitrina, network: Path) -> None:
    found = json.loads(vitrina("race", network, "--engine", "jax", "--json").out)
    assert found["best"] == "jax:scan"
    assert [line["engine"] for line in found["standings"]] == ["jax:scan", "jax:eigen"]


def test_a_run_is_raced_with_its_own_settings(vitrina: Vitrina) -> None:
    assert vitrina("train", "breast-cancer", "--epochs", 2, "--batch", 20, "--out", "run", "--json").status == 0
    found = json.loads(vitrina("race", "run", "--engine", "numpy", "--json").out)
    assert found["batch_size"] == 20
    assert found["steps"] == 2 * -(-vt.load("run").measured["rows"]["train"] // 20)


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["nowhere.json"], 1, "nowhere.json: it cannot be read"),
        (["net.json", "--engine", "fortran"], 2, "unknown engine 'fortran'"),
        ([".", "--json"], 1, "settings.json"),
    ],
)
def test_bad_input_gets_one_sentence(vitrina: Vitrina, network: Path, arguments: list, status: int, words: str) -> None:
    failed = vitrina("race", *arguments)
    assert failed.status == status
    assert words in failed.sentence

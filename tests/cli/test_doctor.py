"""`vitrina doctor`, and what `train` says at its end."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Vitrina
from vitrina.network import Dense, Input, Network


def test_the_command_names_the_fault_mends_it_and_speaks_spanish(vitrina: Vitrina, tmp_path: Path) -> None:
    run, healed, described = tmp_path / "run", tmp_path / "healed", tmp_path / "network.json"
    network = Network(Input((13,)), Dense(32, "relu"), Dense(16, "relu"), Dense(3), cost="cross_entropy")
    described.write_text(json.dumps(network.to_json()))
    how = ("--network", str(described), "--lr", "30", "--epochs", "12", "--engine", "numpy")
    done = vitrina("train", "wine", *how, "--out", str(run), "--json")
    told = json.loads(done.out)
    assert "rate-too-high" in [one["code"] for one in told["findings"]]
    spoken = vitrina("doctor", str(run), "--lang", "es").out
    assert "demasiado alta" in spoken
    assert "décima" in spoken
    document = json.loads(vitrina("doctor", str(run), "--heal", "--out", str(healed), "--json").out)
    assert document["after"] > 0.9
    assert document["healed"] == str(healed)
    assert (healed / "model.vitrina").exists()
    assert json.loads(vitrina("doctor", str(healed), "--json").out)["healthy"]

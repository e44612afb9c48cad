"""What the editor is asked for is checked before anything starts, and what it starts is a run like any other."""

from __future__ import annotations

import copy
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

import vitrina as vt
from vitrina.errors import NetworkError, UsageError
from vitrina.glass.controls import status_of
from vitrina.glass.page.drawn import FEWEST
from vitrina.glass.page.editor import make_editor
from vitrina.glass.page.facts import facts_of
from vitrina.glass.page.wish import Wish

TOKEN = "a-token"


def wish(**changes: Any) -> dict[str, Any]:
    points = [[round(float(np.cos(i)), 3), round(float(np.sin(i)), 3), i % 2] for i in range(40)]
    told = {
        "data": "points", "points": points, "layers": [{"kind": "dense", "units": 5, "activation": "tanh"}],
        "cost": "cross_entropy", "optimizer": "adam", "rate": 0.01, "engine": "numpy", "epochs": 3, "batch": 8, "lang": "en",
    }  # fmt: skip
    return copy.deepcopy(told) | changes


def curve(**changes: Any) -> dict[str, Any]:
    points = [[round(x, 3), round(float(np.sin(9 * x)), 3)] for x in np.linspace(-1, 1, 60).tolist()]
    return wish(**{"data": "curve", "points": points, "cost": "mean_squared_error", **changes})


def test_a_wish_is_the_network_it_describes() -> None:
    assert Wish.read(wish()).network == vt.Network(vt.Input((2,)), vt.Dense(5, "tanh"), vt.Dense(2))
    layers = [
        {"kind": "conv", "units": 4, "activation": "relu"}, {"kind": "pool"}, {"kind": "dense", "units": 6, "activation": "relu"},
        {"kind": "dropout", "rate": 0.2},
    ]  # fmt: skip
    convolution = vt.Conv2D(4, 3, padding="same", activation="relu")
    assert Wish.read(wish(data="digits", layers=layers)).network == vt.Network(
        vt.Input((8, 8, 1)),
        convolution,
        vt.MaxPool2D(2),
        vt.Flatten(),
        vt.Dense(6, "relu"),
        vt.Dropout(0.2),
        vt.Dense(10),
    )
    assert Wish.read(wish(data="digits", layers=[])).network == vt.Network(
        vt.Input((8, 8, 1)), vt.Flatten(), vt.Dense(10)
    )
    layers = [{"kind": "attention", "units": 6, "heads": 2}, {"kind": "norm"}, {"kind": "gru", "units": 4}]
    assert Wish.read(wish(data="digits", layers=layers)).network == vt.Network(
        vt.Input((8, 8, 1)),
        vt.Reshape((8, 8)),
        vt.Dense(6),
        vt.PositionalEmbedding(),
        vt.blocks.transformer(6, 2),
        vt.LayerNorm(),
        vt.GRU(4),
        vt.Dense(10),
    )
    layers = [
        {"kind": "lstm", "units": 5}, {"kind": "attention", "units": 5, "heads": 1},
        {"kind": "dense", "units": 3, "activation": "tanh"}, {"kind": "norm"},
    ]  # fmt: skip
    assert Wish.read(wish(layers=layers)).network == vt.Network(
        vt.Input((2,)),
        vt.Reshape((2, 1)),
        vt.LSTM(5, return_sequences=True),
        vt.blocks.transformer(5, 1),
        vt.GlobalAveragePool(),
        vt.Dense(3, "tanh"),
        vt.BatchNorm(),
        vt.Dense(2),
    )
    number = Wish.read(wish(data="diabetes", cost="huber")).network
    assert (number.cost.label, number.output_shape) == ("huber", (1,))
    assert facts_of("wine").outputs == 3


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"data": "/etc/passwd"}, "data: choose one of points, curve, digits"),
        ({"data": ["digits"]}, "data: choose one of"),
        ({"engine": "numpy; rm -rf /"}, "engine: choose one of"),
        ({"optimizer": "--out"}, "optimizer: choose one of"),
        ({"cost": "huber"}, "cost: choose one of cross_entropy"),
        ({"rate": 0}, "learning rate: a number from"),
        ({"rate": "0.1"}, "learning rate: a number from"),
        ({"rate": float("nan")}, "learning rate: a number from"),
        ({"epochs": 10**9}, "epochs: a number from 1 to"),
        ({"batch": True}, "batch: a number from 1"),
        ({"layers": [{"kind": "dense", "units": 10**9, "activation": "relu"}]}, "neurons: a number from 1 to"),
        ({"layers": [{"kind": "dense", "units": 3, "activation": "cube"}]}, "activation: choose one of"),
        ({"layers": [{"kind": "conv", "units": 3, "activation": "relu"}]}, "convolutions and pooling look at images"),
        ({"layers": [{"kind": "attention", "units": 6, "heads": 4}]}, "a width of 6 cannot be shared out over 4 heads"),
        ({"layers": [{"kind": "attention", "units": 6}]}, "heads: a number from 1 to"),
        ({"layers": [{"kind": "gru", "units": 10**6}]}, "neurons: a number from 1 to"),
        (
            {"layers": [{"kind": "dense", "units": 3, "activation": "relu"}, {"kind": "lstm", "units": 3}]},
            "put them before the first dense",
        ),
        ({"layers": [7]}, "layer: choose one of"),
        ({"layers": [{"kind": "pool"}] * 99}, "at most"),
        ({"layers": [{"kind": "pool"}] * 6, "data": "digits"}, "max_pool2d"),
        ({"points": [[0, 0, 0]]}, f"draw {FEWEST} to"),
        ({"points": [[0, 0, 0]] * 40}, "of each colour"),
        ({"points": [[0, "x", 0]] * 40}, "place of a point"),
        ({"points": [[0, 0, 2]] * 40}, "one of two colours"),
        (curve(cost="cross_entropy"), "cost: choose one of mean_squared_error"),
        (curve(points=[[0, 0]]), "draw more of a curve"),
        (curve(points=[[0, 0, 0]] * 40), "a place across and a height"),
        (curve(points=[[i / 40, 0.5] for i in range(40)]), "this curve is flat"),
        (curve(points=[[0, float("inf")]] * 40), "place of a point"),
    ],
)
def test_a_wish_that_cannot_work_gets_a_sentence(changes: dict[str, Any], words: str) -> None:
    with pytest.raises((UsageError, NetworkError)) as told:
        Wish.read(wish(**changes))
    assert words in str(told.value).lower() or words in str(told.value)


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    return TestClient(make_editor(tmp_path / "runs", TOKEN), base_url="http://127.0.0.1:8000")


def wait_for(run: Path) -> None:
    until = time.monotonic() + 60
    while not (run / "model.vitrina").exists() and time.monotonic() < until:
        time.sleep(0.05)


def test_what_is_asked_for_is_taught_and_kept_as_a_run(client: TestClient, tmp_path: Path) -> None:
    for number in (1, 2):
        answer = client.post(f"/{TOKEN}/learn", json=wish())
        assert (answer.status_code, answer.json()) == (200, {"run": str(number)}), answer.text
        run = tmp_path / "runs" / str(number)
        wait_for(run)
        assert status_of(run).state == "done"
        model = vt.load(run)
        assert model.network == Wish.read(wish()).network
        assert model.settings["optimizer"] == vt.Adam(0.01).to_json()
        assert (model.settings["epochs"], model.settings["batch_size"]) == (3, 8)
        assert list(model.recipe.classes) == ["blue", "orange"]
        below = f"/{TOKEN}/run/{number}"
        assert client.get(f"{below}/place").json() == {"editor": "../../", "run": str(number)}
        assert client.get(f"{below}/about").json()["parameters"] == model.network.parameters
        assert "<title>" in client.get(f"{below}/").text
        assert client.get(f"/{TOKEN}/editor?run={number}").json()["wish"]["layers"] == wish()["layers"]


def test_a_curve_is_learned_as_a_function_is(client: TestClient, tmp_path: Path) -> None:
    refused = client.post(f"/{TOKEN}/learn", json=curve(layers=[]))
    assert (refused.status_code, "at least one hidden Dense" in refused.json()["error"]) == (400, True)
    assert list((tmp_path / "runs").iterdir()) == []
    hidden = [{"kind": "dense", "units": 24, "activation": "tanh"}, {"kind": "dense", "units": 6, "activation": "relu"}]
    answer = client.post(f"/{TOKEN}/learn", json=curve(layers=hidden, epochs=200, rate=0.02))
    assert answer.json() == {"run": "1"}
    wait_for(tmp_path / "runs" / "1")
    model = vt.load(tmp_path / "runs" / "1")
    assert model.network == vt.Network(
        vt.Input((1,)), vt.Dense(24, "tanh"), vt.Dense(6, "relu"), vt.Dense(1), cost="mean_squared_error"
    )
    x = np.linspace(-1, 1, 60)
    off = np.sqrt(np.mean((model.predict({"x": x}) - np.sin(9 * x)) ** 2)) / np.std(np.sin(9 * x))
    assert off < 0.3  # with first weights that all bend at 0 it is 0.9


def test_only_runs_that_were_started_here_are_shown_and_only_to_its_own_page(
    client: TestClient, tmp_path: Path
) -> None:
    (tmp_path / "runs" / "7").mkdir(parents=True)
    for path in ("run/7/about", "run/../about", "run/..%2f..%2f/about", "run//about"):
        assert client.get(f"/{TOKEN}/{path}").status_code == 404, path
    for headers in ({"host": "evil.example"}, {"origin": "http://evil.example"}, {"origin": "null"}):
        assert client.post(f"/{TOKEN}/learn", json=wish(), headers=headers).status_code == 403, headers
    assert client.post("/another/learn", json=wish()).status_code == 404
    assert [entry.name for entry in (tmp_path / "runs").iterdir()] == ["7"]


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"{}", b'{"data": 7}'])
def test_what_is_no_wish_gets_a_sentence(client: TestClient, body: bytes, tmp_path: Path) -> None:
    answer = client.post(f"/{TOKEN}/learn", content=body)
    assert (answer.status_code, len(answer.json()["error"]) > 10) == (400, True)
    assert not (tmp_path / "runs").exists()


def test_a_training_that_cannot_begin_says_why_and_leaves_nothing(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vitrina.glass.page.workshop.Workshop._command", failing)
    answer = client.post(f"/{TOKEN}/learn", json=wish())
    assert (answer.status_code, answer.json()) == (400, {"error": "the sky is falling"})
    assert list((tmp_path / "runs").iterdir()) == []


def failing(*_: Any) -> list[str]:
    import sys

    return [sys.executable, "-c", "import sys; sys.exit('vitrina: the sky is falling')"]


def test_it_speaks_the_language_it_is_asked_in(client: TestClient) -> None:
    spanish = client.post(f"/{TOKEN}/learn", json=wish(points=[], lang="es")).json()["error"]
    english = client.post(f"/{TOKEN}/learn", json=wish(points=[])).json()["error"]
    assert (spanish.startswith("dibuja"), english.startswith("draw")) == (True, True)
    assert json.dumps(english) != json.dumps(spanish)

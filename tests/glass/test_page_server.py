"""The page answers its own address on this machine, and nobody else; a wrong question gets a sentence."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

import vitrina as vt
from docs import catalogues
from vitrina.errors import ModelError
from vitrina.glass.controls import REQUESTS
from vitrina.glass.page.answers import Answers
from vitrina.glass.page.bundle import STATIC
from vitrina.glass.page.server import QUESTIONS, make_app
from vitrina.locale import page_texts

TOKEN = "a-token"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page") / "run"
    x = np.random.default_rng(0).normal(size=(60, 6, 6, 1)).astype(np.float32)
    layers = (
        vt.Conv2D(3, 3, padding="same", activation="relu"),
        vt.MaxPool2D(2),
        vt.Flatten(),
        vt.Dense(4, "tanh"),
        vt.Dense(3),
    )
    network = vt.Network(vt.Input((6, 6, 1)), *layers)
    vt.train(
        (x, np.arange(60) % 3), network=network, epochs=2, engine="numpy", batch_size=20, learning_rate=0.01, out=folder
    )
    return folder


@pytest.fixture(scope="module")
def client(run: Path) -> TestClient:
    return TestClient(make_app(run, TOKEN), base_url="http://127.0.0.1:8000")


def asked(client: TestClient, question: str, **values: object) -> dict:
    answer = client.get(f"/{TOKEN}/{question}", params={name: str(value) for name, value in values.items()})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_every_question_that_is_known_can_be_asked(run: Path) -> None:
    assert sorted(QUESTIONS) == sorted(Answers(run).questions)


def test_the_network_is_told_as_it_is_drawn(client: TestClient) -> None:
    about = asked(client, "about")
    assert [(layer["name"], layer["form"]) for layer in about["layers"]] == [
        ("input", "maps"), ("conv2d_1", "maps"), ("max_pool2d_1", "maps"), ("dense_1", "column"), ("dense_2", "column"),
    ]  # fmt: skip
    assert about["parameters"] == 30 + 4 * 28 + 15


def test_a_moment_is_what_the_recording_says(client: TestClient, run: Path) -> None:
    recording = vt.Recording(run)
    look = recording.at(3)
    moment = asked(client, "moment", step=3, probe=2)
    assert moment["step"] == look.step == 3
    np.testing.assert_allclose(moment["prediction"], look["|probes|prediction"][2], rtol=1e-5)
    for name in ("conv2d_1", "dense_1"):
        for what in ("output", "signal"):
            np.testing.assert_allclose(moment["layers"][name][what], look[f"{name}|probes|{what}"][2], rtol=1e-5)
    edges, weight = moment["edges"]["dense_1"], look["dense_1|weight|values"]
    assert edges["of"] == weight.size
    for source, to, value in zip(edges["from"], edges["to"], edges["weight"], strict=True):
        assert value == pytest.approx(weight[source, to], rel=1e-5)


def test_a_neuron_s_arithmetic_is_that_of_a_trace_with_the_weights_of_that_moment(
    client: TestClient, run: Path
) -> None:
    recording = vt.Recording(run)
    x, y = recording.probes
    for step in (0, 6):
        model = vt.Model(recording.network, *(recording.weights_at(step) or ({}, {})))
        trace = model.trace(x[1], int(y[1]))
        for layer, unit, place in (("dense_1", 3, ()), ("conv2d_1", 2, (4, 1))):
            told = asked(client, "neuron", step=step, probe=1, layer=layer, unit=unit, place=",".join(map(str, place)))
            forward, back = trace.forward[layer].neuron(unit, place), trace.backward[layer].neuron(unit, place)
            assert told["weighted_sum"] == pytest.approx(forward.weighted_sum, rel=1e-10)
            assert told["output"] == pytest.approx(forward.output, rel=1e-10)
            assert told["error_signal"] == pytest.approx(back.error_signal, rel=1e-10)
            total = sum(term["value"] * term["weight"] for term in told["terms"]) + told["bias"]
            assert total == pytest.approx(told["weighted_sum"], rel=1e-9)
            assert told["count"] == forward.inputs.size
            outputs = recording.at(step)[f"{layer}|probes|output"][..., unit].reshape(8, -1)
            strongest = [row[np.abs(row).argmax()] for row in outputs]
            np.testing.assert_allclose(told["excited"], strongest, rtol=1e-5)


def test_curves_hold_every_epoch_and_the_looks_of_every_layer(client: TestClient, run: Path) -> None:
    curves, looks = asked(client, "curves"), asked(client, "looks", after=0)
    assert curves["epochs"]["epoch"] == [1, 2]
    assert curves["batches"]["step"][-1] == 6
    assert looks["step"] == vt.Recording(run).steps.tolist()
    later = asked(client, "looks", after=2)
    assert later["step"] == looks["step"][2:]
    for name, kinds in looks["layers"].items():
        for what, values in kinds.items():
            assert len(values) == len(looks["step"]), (name, what)
            assert later["layers"][name][what] == values[2:]
    assert min(looks["layers"]["dense_2"]["update"]) > 0


@pytest.mark.parametrize(
    ("inputs", "cost"), [(1, "mean_squared_error"), (2, "cross_entropy"), (2, "mean_squared_error")]
)
def test_a_network_of_one_or_two_inputs_is_drawn_as_the_function_it_is(tmp_path: Path, inputs: int, cost: str) -> None:
    x = np.random.default_rng(0).normal(size=(50, inputs)).astype(np.float32)
    y = (x[:, 0] > 0).astype(np.int64) if cost == "cross_entropy" else x[:, 0] ** 2
    network = vt.Network(
        vt.Input((inputs,)), vt.Dense(4, "tanh"), vt.Dense(2 if cost == "cross_entropy" else 1), cost=cost
    )
    run = tmp_path / "run"
    vt.train((x, y), network=network, epochs=2, engine="numpy", learning_rate=0.01, out=run)
    recording = vt.Recording(run)
    client = TestClient(make_app(run, TOKEN), base_url="http://127.0.0.1:8000")
    for step in (0, int(recording.steps[-1])):
        told = asked(client, "function", step=step)
        model = vt.Model(network, *(recording.weights_at(step) or ({}, {})))
        answer = np.array(told["answer"])
        at = (3, 5)[-inputs:]
        point = np.array([[told["sides"][place][at[::-1][place]] for place in range(inputs)]])
        wanted = model.predict_proba(point)[0, 1] if cost == "cross_entropy" else model.predict(point)[0]
        assert answer[at] == pytest.approx(wanted, rel=1e-4)
    np.testing.assert_allclose(told["x"], x, rtol=1e-5)
    np.testing.assert_allclose(told["y"], y, rtol=1e-5)


def test_the_doctor_s_findings_are_told_in_the_language_asked_for(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(200, 10)).astype(np.float32)
    deep = vt.Network(vt.Input((10,)), *(vt.Dense(12, "sigmoid") for _ in range(6)), vt.Dense(2))
    y = (x[:, 0] > 0).astype(np.int64)
    vt.train((x, y), network=deep, epochs=8, engine="numpy", optimizer=vt.SGD(0.1), out=tmp_path / "run")
    client = TestClient(make_app(tmp_path / "run", TOKEN), base_url="http://127.0.0.1:8000")
    english, spanish = (asked(client, "findings", lang=language)["findings"] for language in ("en", "es"))
    grave = vt.diagnose(tmp_path / "run").grave
    assert [one["code"] for one in english] == grave.codes == [one["code"] for one in spanish]
    assert "vanishing" in grave.codes
    assert [(one["what"], one["where"], one["since"]) for one in english] == [
        (one.what, one.where, one.since) for one in grave
    ]
    assert english[0]["what"] != spanish[0]["what"]
    assert client.get(f"/{TOKEN}/findings?lang=fr").status_code == 400


def test_a_network_of_more_inputs_is_not(client: TestClient) -> None:
    assert asked(client, "function", step=0) == {}


def test_a_training_whose_error_became_infinite_can_be_looked_at(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
    network = vt.Network(vt.Input((3,)), vt.Dense(4, "relu"), vt.Dense(1), cost="mean_squared_error")
    run = tmp_path / "run"
    with pytest.raises(ModelError), np.errstate(all="ignore"), pytest.warns(vt.LearningWarning):
        vt.train((x, x[:, 0]), network=network, epochs=3, engine="numpy", optimizer=vt.SGD(1e9), out=run)
    client = TestClient(make_app(run, TOKEN), base_url="http://127.0.0.1:8000")
    looks, curves = asked(client, "looks", after=0), asked(client, "curves")
    for step in looks["step"]:
        asked(client, "judged", step=step)
    assert None in curves["batches"]["mean"] + curves["epochs"]["error"]
    assert asked(client, "findings", lang="en")["findings"]


def test_only_its_own_address_is_answered(client: TestClient) -> None:
    assert client.get(f"/{TOKEN}/").status_code == 200
    for path in ("/", "/about", "/another-token/about", f"/{TOKEN}x/about", f"/{TOKEN}/../about"):
        assert client.get(path).status_code == 404, path
    for headers in (
        {"host": "evil.example"},
        {"host": "evil.example:8000"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
    ):
        assert client.get(f"/{TOKEN}/about", headers=headers).status_code == 403, headers
    assert client.get(f"/{TOKEN}/about", headers={"origin": "http://127.0.0.1:8000"}).status_code == 200
    assert "frame-ancestors 'none'" in client.get(f"/{TOKEN}/").headers["content-security-policy"]


def test_another_page_cannot_speak_to_the_training(client: TestClient, run: Path) -> None:
    address = f"/{TOKEN}/control"
    refused = client.post(address, json={"action": "stop"}, headers={"origin": "http://evil.example"})
    assert (refused.status_code, (run / REQUESTS).exists()) == (403, False)
    assert client.post(address, json={"action": "pause"}).json() == {"done": True}
    (line,) = (run / REQUESTS).read_text().splitlines()
    assert json.loads(line)["action"] == "pause"
    for body in (
        b"",
        b"[]",
        b"7",
        b'{"action": "fly"}',
        b'{"action": "rate", "value": "x"}',
        b'{"action": "rate", "value": -1}',
    ):
        answer = client.post(address, content=body)
        assert (answer.status_code, set(answer.json())) == (400, {"error"}), body
    assert len((run / REQUESTS).read_text().splitlines()) == 1


@pytest.mark.parametrize(
    "question",
    ["moment", "moment?step=x&probe=0", "moment?step=0&probe=99", "neuron?step=0&probe=0&layer=no&unit=0", "looks?after=x",
     "neuron?step=0&probe=0&layer=dense_1&unit=99", "neuron?step=0&probe=0&layer=conv2d_1&unit=0&place=a"],
)  # fmt: skip
def test_a_wrong_question_gets_a_sentence(client: TestClient, question: str) -> None:
    answer = client.get(f"/{TOKEN}/{question}")
    assert answer.status_code == 400
    assert len(answer.json()["error"]) > 10


def test_a_run_without_a_recording_has_no_page(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no recording"):
        make_app(tmp_path, TOKEN)


def test_a_network_too_large_to_be_kept_whole_still_has_its_moments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vitrina.glass.recorder.WHOLE", 10)
    x = np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32)
    network = vt.Network(vt.Input((5,)), vt.Dense(4, "relu"), vt.Dense(2))
    vt.train(
        (x, np.arange(40) % 2), network=network, epochs=1, engine="numpy", learning_rate=0.01, out=tmp_path / "run"
    )
    client = TestClient(make_app(tmp_path / "run", TOKEN), base_url="http://127.0.0.1:8000")
    assert asked(client, "moment", step=0, probe=0)["edges"] == {}
    answer = client.get(f"/{TOKEN}/neuron?step=0&probe=0&layer=dense_1&unit=0")
    assert (answer.status_code, "too large" in answer.json()["error"]) == (404, True)


def test_every_sentence_of_the_page_is_in_spanish() -> None:
    said: set[str] = set()
    for module in (STATIC / "js").glob("*.js"):
        said |= set(re.findall(r'\bt\("((?:[^"\\]|\\.)*)"', module.read_text("utf-8")))
    spanish = page_texts()
    assert said == set(spanish)
    assert said == {str(message.id) for message in catalogues.updated("page", "es") if message.id}
    for english, translated in spanish.items():
        assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", translated)), english


def test_nothing_on_the_page_comes_from_elsewhere() -> None:
    for file in [*STATIC.glob("*.*"), *(STATIC / "js").glob("*.js")]:
        found = re.findall(r"https?://[\w.]+", file.read_text("utf-8"))
        assert set(found) <= {"http://www.w3.org"}, file  # the name of SVG's language, not an address to be fetched

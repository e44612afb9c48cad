"""What somebody reads on the page who has never seen a network, and what the keyboard reaches."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

import vitrina as vt
from tests.glass.browsing import Opened, Server, slide
from vitrina.errors import ModelError
from vitrina.glass.page.server import make_app

LONG = "Solicitud denegada por falta de documentación acreditativa de la residencia habitual"
WORD = "Pendiente_de_revisión_por_la_comisión_de_seguimiento_del_programa_de_ayudas"


@contextmanager
def page_of(browser: Any, run: Path, locale: str = "en-US") -> Generator[Opened]:
    server = Server(run)
    opened = Opened(browser, server.address, locale=locale)
    yield opened
    assert opened.complaints == []
    opened.context.close()
    server.stop()


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on numbers around 3000, learned as standard deviations from their mean."""
    folder = tmp_path_factory.mktemp("reading") / "prices"
    x = np.random.default_rng(0).normal(size=(80, 2))
    frame = {"size": x[:, 0], "age": x[:, 1], "price": 3000 + 500 * x[:, 0]}
    net = vt.Network(vt.Input((2,)), vt.Dense(4, "tanh"), vt.Dense(1), cost="mean_squared_error")
    vt.train(frame, "price", network=net, epochs=4, engine="numpy", batch_size=16, out=folder)
    return folder


@pytest.fixture(scope="module")
def requests(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reading") / "requests"
    x = np.random.default_rng(0).normal(size=(90, 3))
    kinds = np.array([LONG, WORD, "yes"])[(x[:, 0] > 0).astype(int) + (x[:, 1] > 0)]
    net = vt.Network(vt.Input((3,)), vt.Dense(6), vt.BatchNorm(), vt.Activation("relu"), vt.Dense(3))
    frame = {"income": x[:, 0], "area": x[:, 1], "age": x[:, 2], "kind": kinds}
    vt.train(frame, "kind", network=net, epochs=4, engine="numpy", batch_size=16, out=folder)
    return folder


@pytest.fixture(scope="module")
def astray(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reading") / "astray"
    x = np.random.default_rng(0).normal(size=(200, 6)).astype(np.float32) * 50
    net = vt.Network(vt.Input((6,)), vt.Dense(8, "relu"), vt.Dense(8, "relu"), vt.Dense(1), cost="mean_squared_error")
    with np.errstate(all="ignore"), pytest.warns(vt.LearningWarning), pytest.raises(ModelError, match="NaN"):
        vt.train((x, x[:, 0]), network=net, epochs=9, engine="numpy", optimizer=vt.SGD(5.0), out=folder)
    return folder


def test_a_number_is_answered_in_the_unit_of_its_column(browser: Any, prices: Path) -> None:
    recording = vt.Recording(prices)
    raw = float(recording.looks[-1]["|probes|prediction"][0].ravel()[0])
    with page_of(browser, prices) as opened:
        answer = opened.number("#answer b.number")
        assert 1000 < answer < 5000
        mean, std, output = (
            float(part.replace(",", ""))
            for part in opened.text("#answer .rows + p")[:-1].split(": ")[1].replace("+", "×").split("×")
        )
        assert output == pytest.approx(raw, rel=1e-2)
        assert answer == pytest.approx(mean + std * output, rel=1e-2)
        opened.says("#stage-words", opened.text("#answer b.number"))
        assert float(opened.text("#answer .truth-value").removeprefix("truth ").replace(",", "")) > 1000


def test_numbers_of_a_table_have_the_decimal_sign_of_the_language(browser: Any, prices: Path) -> None:
    with page_of(browser, prices, "es-ES") as opened:
        opened.page.wait_for_selector(".hardest .value")
        cells = opened.page.locator(".hardest tbody .value").all_inner_texts()
        assert any("," in cell for cell in cells)
        assert not any("." in cell for cell in cells)
        opened.page.click("#language")
        opened.says(".hardest tbody", ".")


def test_arrow_keys_choose_the_next_and_the_keyboard_stays_where_it_was(browser: Any, prices: Path) -> None:
    with page_of(browser, prices) as opened:
        page = opened.page
        page.focus("[data-probe='0']")
        page.keyboard.press("ArrowRight")
        opened.says("#answer h2", "Example 2")
        assert page.evaluate("document.activeElement.dataset.probe") == "1"
        page.focus("[data-stage=forward]")
        page.keyboard.press("ArrowLeft")
        opened.says("#stage-words", "against its gradient")
        slide(opened, 0)  # all is shown anew, as it is while a network learns
        opened.says("#answer h2", "after 0 steps")
        assert page.evaluate("document.activeElement.dataset.stage") == "update"
        assert page.locator("#probes [tabindex='0']").count() == 1


def test_who_goes_elsewhere_while_the_moments_are_played_stays_there(browser: Any, prices: Path) -> None:
    last = int(vt.Recording(prices).steps[-1])
    with page_of(browser, prices) as opened:
        for place, step in (("#follow", last), ("#curves .wide .u-over", None)):
            opened.page.click("#play")
            opened.says("#play", "Hold")
            opened.page.click(place)
            opened.says("#play", "Play")
            shown = opened.text("#moment")
            opened.page.wait_for_timeout(400)
            assert opened.text("#moment") == shown
            assert step is None or f"after {step} steps" in shown


def test_an_example_that_moves_a_neuron_is_gone_to_by_a_click(browser: Any, prices: Path) -> None:
    with page_of(browser, prices) as opened:
        opened.page.focus("#net")
        opened.page.keyboard.press("ArrowRight")
        other = opened.page.locator("#neuron .excited[aria-pressed=false]").first
        number = other.inner_text().strip()
        other.click()
        opened.says("#answer h2", f"Example {number},")


def test_layers_without_neurons_say_what_they_do_and_the_last_neurons_for_which_class_they_speak(
    browser: Any, requests: Path
) -> None:
    with page_of(browser, requests) as opened:
        edge = opened.page.locator("#net canvas").bounding_box()
        told: dict[str, str] = {}
        height = edge["y"] + (edge["height"] - 50) / 2
        for x in np.linspace(edge["x"] + 10, edge["x"] + edge["width"] - 10, 60):
            opened.page.mouse.move(x, height + 8)
            if opened.page.is_visible("#hover"):
                opened.page.mouse.click(x, height + 8)
                opened.page.wait_for_timeout(150)
                told[opened.text("#hover").split(" ·")[0]] = opened.text("#neuron")
        assert "mean 0 and standard deviation 1" in told["batch_norm_1"]
        assert "through relu" in told["activation_1"]
        assert any(f"({name})" in told["dense_2"] for name in (LONG, WORD, "yes"))


def test_long_names_are_read_and_nothing_stands_out_of_the_page(browser: Any, requests: Path) -> None:
    with page_of(browser, requests) as opened:
        opened.page.wait_for_selector(".dependence .u-legend")
        names = opened.page.locator("#answer .rows > span:not(.number)")
        for name in names.all():
            assert name.evaluate("one => one.scrollWidth <= one.clientWidth + 1")  # so that its ✓ is seen
        for width in (1400, 1024, 390):
            opened.page.set_viewport_size({"width": width, "height": 800})
            opened.page.wait_for_timeout(300)
            assert opened.page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_training_that_went_astray_says_so_and_its_neurons_are_still_asked_about(browser: Any, astray: Path) -> None:
    client = TestClient(make_app(astray, "a-token"), base_url="http://127.0.0.1:8000")
    step = int(vt.Recording(astray).steps[-1])
    told = client.get("/a-token/neuron", params={"step": step, "probe": 0, "layer": "dense_3", "unit": 0, "place": ""})
    assert told.status_code == 200
    assert told.json()["output"] is None
    with page_of(browser, astray) as opened:
        opened.says("#status", "became infinite or NaN at step")
        opened.says("#stage-words", "answer: –")
        opened.page.focus("#net")
        opened.page.keyboard.press("ArrowRight")
        opened.says("#output", "–")

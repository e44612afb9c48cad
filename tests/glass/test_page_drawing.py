"""What is drawn can be read: every layer at once, a filter beside what it sees, inks with what they stand for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vitrina as vt
from tests.glass.browsing import Opened, Server


def opened_on(browser: Any, run: Path) -> tuple[Opened, Server]:
    server = Server(run)
    return Opened(browser, server.address, locale="en-US"), server


def test_a_network_of_many_layers_is_seen_at_once(browser: Any, tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(80, 8, 8)).astype(np.float32)
    block = vt.blocks.transformer(16, heads=2, hidden=32)
    deep = vt.Network(
        vt.Input((8, 8)), vt.Dense(16), vt.PositionalEmbedding(), block, vt.GlobalAveragePool(), vt.Dense(3)
    )
    vt.train((x, np.arange(80) % 3), network=deep, epochs=1, engine="numpy", learning_rate=0.01, out=tmp_path / "run")
    opened, server = opened_on(browser, tmp_path / "run")
    beyond = "document.querySelector('#net').scrollWidth - document.querySelector('#net').clientWidth"
    assert opened.page.evaluate(beyond) <= 0
    opened.page.set_viewport_size({"width": 390, "height": 844})
    opened.page.wait_for_function(f"{beyond} > 0")  # it does not shrink to nothing: there one scrolls
    assert opened.complaints == []
    opened.context.close()
    server.stop()


def test_a_filter_stands_beside_the_patch_that_is_under_it(browser: Any, tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(60, 6, 6, 1)).astype(np.float32)
    seeing = vt.Network(vt.Input((6, 6, 1)), vt.Conv2D(3, 3), vt.Conv2D(2, 3), vt.Flatten(), vt.Dense(2))
    vt.train((x, np.arange(60) % 2), network=seeing, epochs=1, engine="numpy", learning_rate=0.01, out=tmp_path / "run")
    recording = vt.Recording(tmp_path / "run")
    probes, truth = recording.probes
    weights = recording.weights_at(int(recording.steps[-1])) or ({}, {})
    trace = vt.Model(recording.network, *weights).trace(probes[0], int(truth[0]))
    opened, server = opened_on(browser, tmp_path / "run")
    opened.page.focus("#net")
    for keys, layer, names in (
        (["ArrowRight"], "conv2d_1", "{1}, {2}"),
        (["ArrowRight"], "conv2d_2", "{0} ({1}, {2})"),
    ):
        for key in keys:
            opened.page.keyboard.press(key)
        opened.says("#neuron h2", f"Neuron 0 of {layer}")
        opened.says("#neuron .filter", "Above what it sees, below the filter.")
        size = opened.page.locator("#neuron .filter canvas").bounding_box()
        assert size["width"] > size["height"] / 3 > 30
        place = tuple(int(part) for part in opened.text("#neuron h2").partition("(")[2].rstrip(")").split(", "))
        neuron = trace.forward[layer].neuron(0, place)
        rows = opened.page.locator("#neuron tbody tr").evaluate_all(
            "rows => rows.map(row => [...row.children].slice(0, 3).map(cell => cell.textContent))"
        )
        shown = {name: (float(value), float(weight)) for name, value, weight in rows}
        for (row, column, seen), value in np.ndenumerate(neuron.inputs):
            told = shown[names.format(seen, row, column)]
            assert told == pytest.approx((value, neuron.weights[row, column, seen]), rel=1e-2, abs=1e-6)
    assert opened.complaints == []
    opened.context.close()
    server.stop()


def test_what_the_network_has_made_of_it_says_what_each_ink_stands_for(browser: Any, tmp_path: Path) -> None:
    vt.approximate("sin(x)", neurons=4, epochs=3, engine="numpy", out=tmp_path / "curve")
    draw = np.random.default_rng(0).normal(size=(60, 2))
    plane = {"east": draw[:, 0], "north": draw[:, 1], "side": np.where(draw[:, 0] > 0, "<b>sun</b>", "shade")}
    vt.train(plane, "side", epochs=2, engine="numpy", out=tmp_path / "plane")
    ends = {"east": draw[:, 0], "north": draw[:, 1], "height": draw.sum(axis=1)}
    vt.train(ends, "height", epochs=2, engine="numpy", out=tmp_path / "ends")
    expected = {
        "curve": ["↑ f", "x →", "the network", "what it learns from"],
        "plane": ["↑ north", "east →", "<b>sun</b>", "shade", "what it learns from"],
        "ends": ["↑ north", "east →", "low", "high", "what it learns from"],
    }
    for name, words in expected.items():
        opened, server = opened_on(browser, tmp_path / name)
        for word in words:
            opened.says("#function", word)
        if name != "plane":
            opened.says("#facts", "mean squared error")
        assert opened.complaints == []
        opened.context.close()
        server.stop()


@pytest.mark.parametrize(
    ("low", "high", "about"), [(-20.0, 150.0, 4.0), (0.1, 0.3, 3.0), (-3e6, 5e6, 5.0), (1e-7, 9e-7, 4.0)]
)
def test_an_axis_has_round_numbers_at_even_distances(
    browser: Any, tmp_path: Path, low: float, high: float, about: float
) -> None:
    vt.approximate("x", neurons=2, epochs=1, engine="numpy", out=tmp_path / "run")
    opened, server = opened_on(browser, tmp_path / "run")
    ask = "([low, high, about]) => import('./js/axes.js').then((axes) => axes.marks(low, high, about))"
    marks = opened.page.evaluate(ask, [low, high, about])
    assert about / 2.5 <= len(marks) <= about + 1
    assert low - 1e-9 * (high - low) <= marks[0] < marks[-1] <= high + 1e-9 * (high - low)
    steps = np.diff(marks)
    assert steps == pytest.approx(steps[0])
    assert f"{steps[0]:.0e}"[0] in "125"
    assert opened.page.evaluate(ask, [1.0, 1.0, 4.0]) == []
    opened.context.close()
    server.stop()


def test_network_and_slider_are_seen_at_once_and_a_neuron_under_them_on_a_phone(browser: Any, tmp_path: Path) -> None:
    vt.approximate("sin(x)", neurons=12, epochs=2, engine="numpy", out=tmp_path / "run")
    opened, server = opened_on(browser, tmp_path / "run")
    page = opened.page
    for height in (768, 900, 1080):
        page.set_viewport_size({"width": 1400, "height": height})
        box = page.locator("#time").bounding_box()
        assert box["y"] + box["height"] <= height
    page.set_viewport_size({"width": 390, "height": 844})
    tops = [page.locator(part).bounding_box()["y"] for part in ("#glass", "#neuron", "#time", "#answer", "#curves")]
    assert tops == sorted(tops)
    opened.context.close()
    server.stop()


def test_pictures_that_are_not_square_are_not_drawn_square(browser: Any, tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(60, 12, 6, 1)).astype(np.float32)
    seeing = vt.Network(vt.Input((12, 6, 1)), vt.Conv2D(3, 3), vt.Flatten(), vt.Dense(2))
    vt.train((x, np.arange(60) % 2), network=seeing, epochs=1, engine="numpy", learning_rate=0.01, out=tmp_path / "run")
    opened, server = opened_on(browser, tmp_path / "run")
    page, edge = opened.page, opened.page.locator("#net canvas").bounding_box()
    middle = edge["y"] + (edge["height"] - 40) / 2

    def input_under(x: float, y: float) -> bool:
        page.mouse.move(float(x), float(y))
        return page.is_visible("#hover") and opened.text("#hover").startswith("input")

    across = [x for x in np.arange(edge["x"], edge["x"] + 300, 4) if input_under(x, middle)]
    down = [y for y in np.arange(middle - 100, middle + 100, 4) if input_under(sum(across) / len(across), y)]
    assert 1.5 < (down[-1] - down[0]) / (across[-1] - across[0]) < 2.5
    for picture in ("#probes canvas", ".tile canvas"):
        assert page.locator(picture).first.evaluate("one => one.style.objectFit") == "contain"
    assert opened.complaints == []
    opened.context.close()
    server.stop()


def test_the_label_of_an_upper_branch_keeps_clear_of_what_stands_beside_it(browser: Any, tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32)
    ways = vt.Branches(vt.Dense(5, "tanh"), vt.Dense(6, "relu"))
    wide = vt.Network(vt.Input((8,)), vt.Dense(8), vt.Dense(8), vt.Dense(8), ways, vt.Dense(8), vt.Dense(2))
    vt.train((x, np.arange(60) % 2), network=wide, epochs=1, engine="numpy", learning_rate=0.01, out=tmp_path / "run")
    opened, server = opened_on(browser, tmp_path / "run")
    boxes = opened.page.evaluate("""async () => {
        const told = async (question) => (await fetch(question)).json();
        const { places } = await import(new URL("js/places.js", location).href);
        const { layers } = await told("about");
        const { boxes } = places(layers, (await told("moment?step=0&probe=0")).layers, 560, 340);
        return boxes.map(({ layer, middle, w, apart, at }) => ({ name: layer.name, middle, w, apart, at }));
    }""")
    upper = next(box for box in boxes if box["name"] == "branches_1/dense_1")
    for other in (box for box in boxes if abs(box["at"] - upper["at"]) == 1):
        assert upper["apart"] / 2 <= abs(other["middle"] - upper["middle"]) - other["w"] / 2
    opened.context.close()
    server.stop()


def test_many_neurons_are_seen_close_to(browser: Any, tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(80, 40)).astype(np.float32)
    wide = vt.Network(vt.Input((40,)), vt.Dense(2000, "tanh"), vt.Dense(3))
    vt.train((x, np.arange(80) % 3), network=wide, epochs=1, engine="numpy", learning_rate=0.01, out=tmp_path / "run")
    opened, server = opened_on(browser, tmp_path / "run")
    page, edge = opened.page, opened.page.locator("#net canvas").bounding_box()
    across, down = edge["x"] + edge["width"] / 2, edge["y"] + edge["height"] / 2

    def under(aside: float) -> str:
        page.mouse.move(across + aside, down)
        return opened.text("#hover").partition(":")[0] if page.is_visible("#hover") else ""

    def width() -> int:
        """Pixels of one neuron."""
        here = under(0)
        return sum(under(aside) == here for aside in range(-60, 60))

    small, neuron = width(), under(0)
    assert neuron.startswith("dense_1")
    page.mouse.dblclick(across, down)  # what is under the mouse stays there
    assert under(0) == neuron
    page.click("#zoom [data-zoom=in]")
    assert width() > 3 * small
    opened.says("#neuron h2", f"Neuron {neuron.split()[-1]} of dense_1")
    page.mouse.move(across, down)  # what is held goes with the mouse, and is not chosen anew
    page.mouse.down()
    page.mouse.move(across + 90, down, steps=4)
    page.mouse.up()
    assert under(90) == neuron != under(0)
    opened.says("#neuron h2", f"Neuron {neuron.split()[-1]} of dense_1")
    page.mouse.click(across, down)
    opened.says("#neuron h2", f"Neuron {under(0).split()[-1]} of dense_1")
    page.focus("#net")
    page.keyboard.press("0")
    assert under(0) == neuron
    assert width() == small
    assert page.is_disabled("#zoom [data-zoom=out]")
    page.keyboard.press("+")
    assert page.is_enabled("#zoom [data-zoom=out]")
    page.evaluate("window.scrollTo(0, 0)")
    page.mouse.move(across, down)
    page.mouse.wheel(0, 120)  # is the page's
    page.wait_for_timeout(400)
    assert page.evaluate("window.scrollY") > 0
    assert opened.complaints == []
    opened.context.close()
    server.stop()

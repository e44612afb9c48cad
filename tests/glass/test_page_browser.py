"""The page in a real browser: what it shows is what the training did, and what is clicked is what happens."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vitrina as vt
from tests.glass.browsing import Opened, Server, expect, network, slide, table
from vitrina.glass.page.views import Views
from vitrina.glass.replay import replay

HOSTILE = "<img src=x onerror=document.title='owned'>"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser") / HOSTILE.replace("/", "")
    x, y = table()
    frame = {f"column {i}": x[:, i] for i in range(3)} | {HOSTILE: x[:, 3], "class": np.where(y, HOSTILE, "plain")}
    vt.train(frame, "class", network=network(), epochs=4, engine="numpy", batch_size=16, learning_rate=0.02, out=folder)
    return folder


@pytest.fixture(scope="module")
def server(run: Path) -> Iterator[Server]:
    server = Server(run)
    yield server
    server.stop()


@pytest.fixture
def opened(browser: Any, server: Server) -> Iterator[Opened]:
    opened = Opened(browser, server.address, locale="en-US")
    yield opened
    assert opened.complaints == []
    opened.context.close()


def test_the_numbers_on_the_page_are_those_of_the_recording_and_of_a_trace(opened: Opened, run: Path) -> None:
    recording = vt.Recording(run)
    x, y = recording.probes
    for place in (0, 5, len(recording.looks) - 1):
        opened.page.locator("#time input[type=range]").evaluate(
            "(slider, place) => { slider.value = place; slider.dispatchEvent(new Event('input')); }", place
        )
        step = int(recording.steps[place])
        opened.says("#moment", f"after {step} steps")
        opened.says("#answer", f"after {step} steps")
        if place == 0:
            opened.page.focus("#net")
            for key in ("ArrowRight", "ArrowDown", "ArrowDown"):
                opened.page.keyboard.press(key)
        opened.page.wait_for_selector(f"#neuron[data-neuron='dense_1/2'][data-step='{step}']")
        opened.says("#neuron h2", "Neuron 2 of dense_1")
        model = vt.Model(recording.network, *(recording.weights_at(step) or ({}, {})))
        trace = model.trace(x[0], int(y[0]))
        neuron = trace.forward["dense_1"].neuron(2)
        assert opened.number("#weighted-sum") == pytest.approx(neuron.weighted_sum, rel=1e-3, abs=1e-4)
        assert opened.number("#output") == pytest.approx(neuron.output, rel=1e-3, abs=1e-4)
        signal = trace.backward["dense_1"].neuron(2).error_signal
        assert opened.number("#error-signal") == pytest.approx(signal, rel=1e-2, abs=1e-5)
        assert opened.number("#probe-error") == pytest.approx(recording.at(step)["|probes|error"][0], rel=1e-3)


def test_an_answer_that_comes_late_is_not_shown_over_a_later_one(opened: Opened) -> None:
    late: list[Any] = []

    def hold_back(route: Any) -> None:
        if "unit=1&" in route.request.url:
            late.append(route)
        else:
            route.continue_()

    opened.says("#moment", "after")
    opened.page.route("**/neuron?*", hold_back)
    opened.page.focus("#net")
    for key in ("ArrowRight", "ArrowDown", "ArrowDown"):
        opened.page.keyboard.press(key)
    opened.page.wait_for_selector("#neuron[data-neuron='dense_1/2']")
    assert len(late) == 1
    with opened.page.expect_response("**/neuron?*unit=1&*"):
        late[0].continue_()
    opened.page.wait_for_timeout(200)
    assert opened.text("#neuron h2") == "Neuron 2 of dense_1"


def test_a_click_on_a_neuron_shows_its_arithmetic(opened: Opened) -> None:
    edge = opened.page.locator("#net canvas").bounding_box()
    found = False
    for x in np.linspace(edge["x"] + 20, edge["x"] + edge["width"] - 20, 60):
        opened.page.mouse.move(x, edge["y"] + (edge["height"] - 50) / 2 + 8)
        if opened.page.is_visible("#hover") and opened.text("#hover").startswith("dense_2"):
            opened.page.mouse.click(x, edge["y"] + (edge["height"] - 50) / 2 + 8)
            found = True
            break
    assert found
    opened.says("#neuron h2", "of dense_2")
    opened.says("#neuron", "tanh(")


def test_the_three_stages_are_told_with_their_numbers(opened: Opened, run: Path) -> None:
    recording = vt.Recording(run)
    last = recording.looks[-1]
    for stage, words in (
        ("forward", "The network's answer"),
        ("error", "the error of this example is"),
        ("backward", "from right to left"),
        ("update", "The learning rate is 0.02"),
    ):
        opened.page.click(f"[data-stage={stage}]")
        opened.says("#stage-words", words)
        assert opened.page.get_attribute(f"[data-stage={stage}]", "aria-checked") == "true"
    opened.page.click("[data-probe='3']")
    opened.says("#answer", "Example 4")
    assert opened.number("#probe-error") == pytest.approx(float(last["|probes|error"][3]), rel=1e-3)


def test_it_speaks_both_languages_and_remembers(opened: Opened) -> None:
    opened.says("#neuron", "Click a neuron")
    opened.page.click("#language")
    opened.says("#neuron", "Haz clic en una neurona")
    opened.says("#curves", "Gradientes")
    assert opened.page.get_attribute("html", "lang") == "es"
    opened.page.reload()
    opened.ready()
    opened.says("#stages", "Adelante")
    before = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
    opened.page.click("#theme")
    assert opened.page.evaluate("getComputedStyle(document.body).backgroundColor") != before


def test_a_spanish_browser_is_spoken_to_in_spanish(browser: Any, server: Server) -> None:
    opened = Opened(browser, server.address, locale="es-ES")
    opened.says("#stages", "Adelante")
    opened.context.close()


def test_a_hostile_name_is_text(opened: Opened) -> None:
    opened.says("#answer", HOSTILE)
    opened.says("#facts", HOSTILE.replace("/", ""))
    opened.page.focus("#net")
    opened.page.keyboard.press("ArrowRight")
    opened.says("#neuron", HOSTILE)
    assert opened.page.query_selector("main img") is None
    assert "owned" not in opened.page.title().replace(HOSTILE, "")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures") / "run"
    rng = np.random.default_rng(0)
    y = np.arange(240) % 3
    x = rng.normal(size=(240, 6, 6, 1)).astype(np.float32)
    x[np.arange(240), y] += 1.5  # a row of the picture is lighter
    described = vt.Network(vt.Input((6, 6, 1)), vt.Flatten(), vt.Dense(8, "relu"), vt.Dense(3))
    held = (x[:90], y[:90])
    vt.train(
        (x[90:], y[90:]), network=described, validation=held, epochs=5, engine="numpy", learning_rate=0.01, out=folder
    )
    return folder


def test_the_wall_shows_at_each_moment_which_pictures_are_wrong(browser: Any, pictures: Path, tmp_path: Path) -> None:
    recording = vt.Recording(pictures)
    x, y = recording.judges or (np.empty(0), np.empty(0))
    replay(pictures, tmp_path / "replay.html")
    server = Server(pictures)
    for address in (server.address, (tmp_path / "replay.html").as_uri()):
        opened = Opened(browser, address, locale="en-US")
        wrong_of: list[int] = []
        for place in (0, len(recording.looks) - 1):
            slide(opened, place)
            step = int(recording.steps[place])
            opened.page.wait_for_selector(f"#examples[data-step='{step}']")
            said = vt.Model(recording.network, *(recording.weights_at(step) or ({}, {}))).predict(x)
            wrong_of.append(int((said != y).sum()))
            assert opened.page.locator(".tile.wrong").count() == wrong_of[-1]
            opened.says("#examples .head", f"{len(y) - wrong_of[-1]} of {len(y)} right")
            one = int(np.flatnonzero(said != y)[0])
            tile = opened.page.locator(f".tile[data-example='{one}']")
            assert tile.get_attribute("aria-label") == f"said {said[one]}, is {int(y[one])}"
        assert wrong_of[1] < wrong_of[0]
        slide(opened, 0)
        opened.page.wait_for_selector(f"#examples[data-step='{recording.steps[0]}']")
        first = opened.page.locator(".tile[tabindex='0']")
        first.focus()
        opened.says(".detail", first.get_attribute("aria-label").split(",")[0].replace("said", "says"))
        before = first.get_attribute("data-example")
        opened.page.keyboard.press("ArrowRight")
        assert opened.page.evaluate("document.activeElement.dataset.example") != before
        cell = opened.page.locator(".confusion td button").first
        cell.press("Enter")
        pair = int(opened.text(".confusion td.chosen"))
        assert opened.page.locator(".tile:not(.dim)").count() == pair
        assert opened.complaints == []
        opened.context.close()
    server.stop()


def test_the_hardest_rows_and_what_a_column_does_are_those_of_the_moment(
    browser: Any, server: Server, run: Path, tmp_path: Path
) -> None:
    replay(run, tmp_path / "replay.html")
    recording = vt.Recording(run)
    views = Views(run)
    for address in (server.address, (tmp_path / "replay.html").as_uri()):
        opened = Opened(browser, address, locale="en-US")
        for place in (0, len(recording.looks) - 1):
            slide(opened, place)
            step = int(recording.steps[place])
            opened.page.wait_for_selector(f"#examples[data-step='{step}']")
            order = views.judged(step)["order"]
            shown = opened.page.locator(".hardest tr[data-example]").evaluate_all(
                "rows => rows.map(row => +row.dataset.example)"
            )
            assert shown == order[:12]
        opened.says(".hardest thead", HOSTILE)
        opened.page.wait_for_selector(f".dependence[data-step='{step}'] .u-over")
        opened.page.select_option("#column", label=HOSTILE)
        opened.says(".dependence", "The mean share of")
        opened.page.click("#language")
        opened.says(".dependence", "La probabilidad media de")
        assert opened.page.eval_on_selector("#column", "one => one.selectedOptions[0].text") == HOSTILE
        assert opened.complaints == []
        opened.context.close()


def test_the_examples_are_asked_for_once_when_the_page_opens(browser: Any, server: Server) -> None:
    page = browser.new_context(viewport={"width": 1300, "height": 900}).new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.rpartition("/")[2].partition("?")[0]))
    page.goto(server.address)
    page.wait_for_selector(".dependence[data-step] .u-over")
    page.locator("#examples").scroll_into_view_if_needed()
    page.wait_for_timeout(600)
    assert (asked.count("judged"), asked.count("dependence")) == (1, 1)
    page.context.close()


def test_what_the_doctor_finds_is_marked_where_it_is_and_since_when(browser: Any, run: Path, tmp_path: Path) -> None:
    x, y = table()
    deep = vt.Network(vt.Input((4,)), *(vt.Dense(12, "sigmoid") for _ in range(6)), vt.Dense(2))
    sick = tmp_path / "sick"
    vt.train((x, y), network=deep, epochs=10, engine="numpy", optimizer=vt.SGD(0.1), batch_size=16, out=sick)
    found = next(one for one in vt.diagnose(sick).grave if one.where.startswith("dense_"))
    replay(sick, tmp_path / "sick.html")
    server = Server(sick)
    for address in (server.address, (tmp_path / "sick.html").as_uri()):
        opened = Opened(browser, address, locale="en-US")
        mark = opened.page.locator(f".flag[data-layer='{found.where}']")
        expect(mark).to_have_attribute("aria-label", found.what, timeout=15000)
        assert opened.page.locator(f"#curves .flag[data-since='{found.since}']").count() >= 1
        plot = opened.page.locator("#curves .wide .u-over").bounding_box()
        for flag in opened.page.locator("#curves .flag").all():
            assert flag.bounding_box()["x"] >= plot["x"]  # and not over the numbers of the axis
        mark.focus()
        opened.page.keyboard.press("Enter")
        opened.says("#doctor [open]", found.todo)
        opened.page.locator("#doctor [open] button").click()
        opened.says("#moment", f"after {found.since} steps")
        opened.page.click("#language")
        opened.says("#doctor h2", "El doctor")
        assert opened.complaints == []
        opened.context.close()
    server.stop()


def test_two_runs_stand_side_by_side_with_what_differs(browser: Any, run: Path, tmp_path: Path) -> None:
    x, y = table()
    frame = {f"column {i}": x[:, i] for i in range(4)} | {"class": y}
    other = tmp_path / "other"
    wide = vt.Network(vt.Input((4,)), vt.Dense(9, "relu"), vt.Dense(2))
    vt.train(frame, "class", network=wide, epochs=3, engine="numpy", batch_size=8, learning_rate=0.02, out=other)
    replay(run, tmp_path / "both.html", other)
    server = Server(run, other)
    for address in (server.address, (tmp_path / "both.html").as_uri()):
        opened = Opened(browser, address, locale="en-US")
        rows = opened.page.locator("#versus tbody tr")
        opened.says("#versus thead", HOSTILE.replace("/", ""))
        expect(rows.filter(has_text="network")).to_contain_text("9 - 2")
        expect(rows.filter(has_text="network")).to_contain_text("6 - 5 - 2")
        assert rows.filter(has_text="seed").count() == 0  # both have the same
        errors = [min(vt.Recording(one).epochs["validation_error"]) for one in (run, other)]
        shown = opened.page.locator("[data-figure=validation_error] td").all_inner_texts()
        for error, text in zip(errors, shown, strict=True):
            assert float(text.removesuffix(" ✓")) == pytest.approx(error, rel=1e-3)
        assert [text.endswith("✓") for text in shown] == [errors[0] < errors[1], errors[1] < errors[0]]
        assert opened.page.locator("#versus .u-legend .u-series").count() == 4
        opened.page.click("[data-along=seconds]")
        assert opened.page.get_attribute("[data-along=seconds]", "aria-checked") == "true"
        opened.page.click("#language")
        opened.says("#versus h2", "lado a lado")
        opened.page.set_viewport_size({"width": 390, "height": 844})
        opened.page.wait_for_timeout(300)
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= 390
        assert opened.complaints == []
        opened.context.close()
    server.stop()


def test_the_speed_is_that_of_the_history(opened: Opened, run: Path) -> None:
    rows = vt.Recording(run).about["rows"]
    speeds = sorted(rows / seconds for seconds in vt.Recording(run).epochs["seconds"])
    middle = float(f"{speeds[len(speeds) // 2]:.3g}")
    opened.says("#curves", f"{middle:,.0f} rows a second in the middle epoch")


def test_the_doctor_is_silent_where_nothing_is_wrong(browser: Any, tmp_path: Path) -> None:
    vt.train("wine", epochs=40, engine="numpy", out=tmp_path / "run")
    assert vt.diagnose(tmp_path / "run").healthy
    server = Server(tmp_path / "run")
    opened = Opened(browser, server.address)
    with opened.page.expect_response("**/findings?*"):
        opened.page.reload()
    opened.ready()
    assert opened.page.locator("#doctor").is_hidden()
    assert opened.page.locator(".flag").count() == 0
    opened.context.close()
    server.stop()


def test_it_fits_a_phone(browser: Any, server: Server, pictures: Path) -> None:
    shown = Server(pictures)
    for address in (server.address, shown.address):
        opened = Opened(browser, address)
        opened.page.set_viewport_size({"width": 390, "height": 844})
        opened.page.wait_for_selector("#examples[data-step]")
        opened.page.wait_for_timeout(300)
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= 390
        opened.context.close()
    shown.stop()


def test_a_replay_is_the_page_in_one_file_and_needs_nobody(browser: Any, run: Path, tmp_path: Path) -> None:
    file = tmp_path / "replay.html"
    moments = replay(run, file)
    recording = vt.Recording(run)
    assert moments == len(recording.looks)
    opened = Opened(browser, file.as_uri(), locale="en-US", offline=True)
    opened.says("#status", "a recording")
    opened.says("#answer", HOSTILE)
    place = 3
    opened.page.locator("#time input[type=range]").evaluate(
        "(slider, place) => { slider.value = place; slider.dispatchEvent(new Event('input')); }", place
    )
    step = int(recording.steps[place])
    opened.says("#moment", f"after {step} steps")
    opened.page.focus("#net")
    opened.page.keyboard.press("ArrowRight")
    opened.page.keyboard.press("ArrowDown")
    opened.says("#neuron h2", "Neuron 1 of dense_1")
    opened.page.wait_for_selector(f"#neuron[data-step='{step}']")
    x, y = recording.probes
    trace = vt.Model(recording.network, *(recording.weights_at(step) or ({}, {}))).trace(x[0], int(y[0]))
    neuron, back = trace.forward["dense_1"].neuron(1), trace.backward["dense_1"].neuron(1)
    assert opened.number("#weighted-sum") == pytest.approx(neuron.weighted_sum, rel=1e-3, abs=1e-4)
    assert opened.number("#output") == pytest.approx(neuron.output, rel=1e-3, abs=1e-4)
    assert opened.number("#error-signal") == pytest.approx(back.error_signal, rel=1e-2, abs=1e-5)
    framed = recording._repr_html_()  # what a notebook shows
    assert framed.startswith("<iframe srcdoc=")
    opened.page.set_content(framed)
    inside = opened.page.frame_locator("iframe")
    expect(inside.locator("#status")).to_contain_text("a recording", timeout=15000)
    opened.page.goto(file.as_uri())
    opened.ready()
    opened.page.click("#language")
    opened.says("#curves", "Gradientes")
    assert opened.complaints == []
    opened.context.close()


def test_a_training_that_is_watched_opens_its_page_and_closes_it(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "vitrina.cli",
        "train",
        "wine",
        "--engine",
        "numpy",
        "--epochs",
        "3",
        "--watch",
        "--json",
    ]
    environment = {**os.environ, "BROWSER": "true", "LC_ALL": "C"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["run"]
    refused = subprocess.run([*command, "--no-record"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (refused.returncode, "leave out --no-record" in refused.stderr) == (2, True)


@pytest.fixture(scope="module")
def ensemble(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser") / "ensemble"
    vt.train("wine", epochs=3, engine="numpy", out=folder)
    return folder


def test_each_member_of_the_ensemble_is_as_transparent_as_a_plain_network(
    browser: Any, ensemble: Path, tmp_path: Path
) -> None:
    recording = vt.Recording(ensemble)
    x, y = recording.probes
    step = int(recording.steps[-1])
    trace = vt.Model(recording.network, *(recording.weights_at(step) or ({}, {}))).trace(x[0], int(y[0]))
    server = Server(ensemble)
    opened = Opened(browser, server.address, locale="en-US")
    opened.says("#members", "8 networks answer with their mean")
    opened.says("#examples", "each answered by the network that was kept from it")
    assert opened.page.locator("#answer .tick").count() == 8 * 3
    opened.page.focus("#net")
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowDown"):
        opened.page.keyboard.press(key)
    shown = []
    for member in (0, 4):
        opened.page.click(f"[data-member='{member}']")
        opened.says("#neuron h2", f"Neuron 1 of ensemble_dense_2 · member {member + 1}")
        own = trace.member(member)
        neuron = own.forward["branches_1/sequential_1/ensemble_dense_2"].neuron(1)
        signal = own.backward["branches_1/sequential_1/ensemble_dense_2"].neuron(1).error_signal
        assert opened.number("#weighted-sum") == pytest.approx(neuron.weighted_sum, rel=1e-3, abs=1e-4)
        assert opened.number("#output") == pytest.approx(neuron.output, rel=1e-3, abs=1e-4)
        assert opened.number("#error-signal") == pytest.approx(signal, rel=1e-2, abs=1e-6)
        shown.append(opened.page.locator("#net").screenshot())
    assert shown[0] != shown[1]
    opened.page.click("[data-member=all]")
    opened.page.wait_for_selector("[data-member=all][aria-checked=true]")
    opened.page.click("#language")
    opened.says("#members", "8 redes responden con su media")
    assert opened.complaints == []
    opened.context.close()
    server.stop()

    replay(ensemble, tmp_path / "replay.html")
    opened = Opened(browser, (tmp_path / "replay.html").as_uri(), locale="en-US")
    opened.page.focus("#net")
    opened.page.keyboard.press("ArrowRight")
    opened.page.click("[data-member='6']")
    opened.says("#neuron h2", "Neuron 0 of straight · member 7")
    neuron = trace.member(6).forward["branches_1/straight"].neuron(0)
    assert opened.number("#weighted-sum") == pytest.approx(neuron.weighted_sum, rel=1e-3, abs=1e-4)
    assert opened.complaints == []
    opened.context.close()

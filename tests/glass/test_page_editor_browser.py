"""A learner at the editor: draws, puts a network together, teaches it and watches."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import vitrina as vt
from tests.glass.browsing import Opened, Server

MARKUP = "<img src=x onerror=window.bad=1>"


def wait_for_model(run: Path) -> vt.Model:
    """Of a run that has learned: it is measured afterwards, and kept then."""
    until = time.monotonic() + 60
    while not (run / "model.vitrina").exists() and time.monotonic() < until:
        time.sleep(0.05)
    return vt.load(run)


def test_a_learner_draws_points_builds_a_network_and_watches_it_learn(browser: Any, tmp_path: Path) -> None:
    server = Server(cwd=tmp_path)
    opened = Opened(browser, server.address, locale="en-US")
    page = opened.page
    page.click("[data-pattern=none]")
    page.click("button[type=submit]")
    opened.says("#editor [role=alert]", "draw 20 to")
    box = page.locator(".points canvas").bounding_box()
    for tool, height in ((0, 0.25), (1, 0.75)):
        page.click(f"[data-tool='{tool}']")
        page.mouse.move(box["x"] + 10, box["y"] + height * box["height"])
        page.mouse.down()
        page.mouse.move(box["x"] + 220, box["y"] + height * box["height"], steps=30)
        page.mouse.up()
    drawn = int(opened.text(".points [role=status]").split()[0])
    assert drawn >= 20
    page.focus(".points canvas")
    for key in ("ArrowRight", "ArrowUp", "1", " ", "2", *["ArrowUp"] * 5, "Enter", "Delete"):
        page.keyboard.press(key)
    opened.says(".points [role=status]", f"{drawn + 1} points")
    page.locator("[data-layer='1'] .away").press("Enter")
    page.click("#more")
    page.fill("[data-layer='1'] input", "3")
    page.select_option("[data-layer='1'] select >> nth=1", "elu")
    page.fill("[name=epochs]", "5")
    page.select_option("[name=optimizer]", "rmsprop")
    assert page.evaluate("document.activeElement !== null")
    opened.says("#editor summary", "8 tanh – 3 elu – 2")
    page.click("button[type=submit]")
    page.wait_for_url("**/run/1/")
    opened.ready()
    opened.says("#facts", "points-1.csv")
    opened.says("#status", "has learned", 60)
    assert page.locator("#function canvas").is_visible()
    run = tmp_path / "runs" / "1"
    until = time.monotonic() + 30
    while not (run / "model.vitrina").exists() and time.monotonic() < until:  # measured after it has learned
        time.sleep(0.05)
    network = vt.load(run).network
    assert network == vt.Network(vt.Input((2,)), vt.Dense(8, "tanh"), vt.Dense(3, "elu"), vt.Dense(2))
    assert vt.load(run).settings["optimizer"]["type"] == "RMSProp"
    page.click("#editor summary")
    opened.says(".points [role=status]", f"{drawn + 1} points")
    page.click("[data-data=digits]")
    page.fill("[name=epochs]", "1")
    page.click("#language")
    opened.says("#editor", "Cómo aprende")
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.click("button[type=submit]")
    page.wait_for_url("**/run/2/")
    opened.ready()
    opened.says("#status", "terminado: ", 60)
    page.wait_for_selector(".tile")
    assert [text for text in opened.complaints if "400" not in text] == []
    opened.context.close()
    server.stop()


def test_a_learner_draws_a_curve_and_sees_it_learned(browser: Any, tmp_path: Path) -> None:
    server = Server(cwd=tmp_path, command=["approximate", "--neurons", "12", "--epochs", "40", "--batch", "20"])
    opened = Opened(browser, server.address, locale="en-US", has_touch=True)
    page = opened.page
    assert page.get_attribute("[data-data=curve]", "aria-checked") == "true"
    opened.says("#editor summary", "your curve · 12 tanh – 1")
    status = ".points [role=status]"
    page.click("[data-pattern=none]")
    opened.says(status, "drawn over 0%")
    page.click("button[type=submit]")
    opened.says("#editor [role=alert]", "draw more of a curve")
    box = page.locator(".points canvas").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 1, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, middle - 60)  # at one go: what lies between is drawn too
    page.mouse.up()
    opened.says(status, "drawn over 50%")
    page.focus(".points canvas")
    for key in (" ", *["ArrowRight"] * 8, *["ArrowDown"] * 2, " "):
        page.keyboard.press(key)
    opened.says(status, "drawn over 71%")
    page.keyboard.press("Delete")
    opened.says(status, "drawn over 67%")
    touch = opened.context.new_cdp_session(page)
    for kind, at in (("touchStart", 0.66), ("touchMove", 0.8), ("touchMove", 1.0), ("touchEnd", None)):
        points = [] if at is None else [{"x": box["x"] + at * box["width"] - 1, "y": middle + 70}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    opened.says(status, "drawn over 100%")
    page.fill("[name=rate]", "0.01")
    page.click("button[type=submit]")
    page.wait_for_url("**/run/1/")
    opened.ready()
    opened.says("#status", "has learned", 60)
    assert page.locator("#function canvas").is_visible()
    drawn = (tmp_path / "runs" / "curve-1.csv").read_text().splitlines()
    assert (drawn[0], len(drawn)) == ("x,y", 120)
    heights = {float(x): float(y) for x, y in (line.split(",") for line in drawn[1:])}
    slope = (heights[0.0] - heights[-1.0]) / (60 / box["height"] * 2)
    assert abs(slope - 1) < 0.05  # as it was drawn: from the middle up by 60 pixels
    model = wait_for_model(tmp_path / "runs" / "1")
    assert model.network.layers == (vt.Dense(12, "tanh"), vt.Dense(1))
    assert (model.settings["optimizer"], model.settings["batch_size"]) == (vt.Adam(0.01).to_json(), 20)
    page.click("#editor summary")
    opened.says(status, "drawn over 100%")
    page.click("#language")
    opened.says("#editor", "tu curva")
    assert [text for text in opened.complaints if "400" not in text] == []
    opened.context.close()
    server.stop()


def test_a_learner_brings_a_table_and_chooses_what_is_predicted(browser: Any, tmp_path: Path) -> None:
    lines = "".join(f"{i / 40:.3f},{i * i % 7},{'round' if i % 3 else MARKUP},{i / 9:.3f}\n" for i in range(80))
    (tmp_path / f"{MARKUP}.csv").write_text(f"size,{MARKUP},shape,weight\n{lines}")
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0")
    server = Server(cwd=tmp_path)
    opened = Opened(browser, server.address, locale="en-US")
    page = opened.page
    page.click("[data-data=file]")
    page.click("button[type=submit]")
    opened.says("#editor .part > [role=alert]", "choose a file with a table first")
    page.set_input_files("#file", tmp_path / "picture.csv")
    opened.says(".own [role=alert]", "a PNG image")
    page.set_input_files("#file", tmp_path / f"{MARKUP}.csv")
    opened.says(".own", "80 rows, 4 columns")
    opened.says(".own", MARKUP)
    opened.says("#editor summary", f"{MARKUP}.csv · 32 relu – 16 relu – 1 ·")
    assert page.eval_on_selector("#target", "one => one.value") == "weight"
    assert page.input_value("[name=cost]") == "mean_squared_error"
    page.select_option("#target", label="shape")
    opened.says("#editor", "3 numbers in, 2 classes out")
    assert page.evaluate("document.activeElement.id") == "target"
    assert page.input_value("[name=cost]") == "cross_entropy"
    page.fill("[name=epochs]", "4")
    page.click("button[type=submit]")
    page.wait_for_url("**/run/1/")
    opened.ready()
    opened.says("#status", "has learned", 60)
    assert wait_for_model(tmp_path / "runs" / "1").settings["target"] == "shape"
    page.click("#editor summary")
    opened.says(".own", "80 rows, 4 columns")
    assert page.eval_on_selector("#target", "one => one.value") == "shape"
    page.click("[data-data=wine]")
    dropped = page.evaluate_handle(
        "text => { const all = new DataTransfer(); all.items.add(new File([text], 'dropped.csv')); return all; }",
        f"size,shape\n{''.join(f'{i * i % 37}.5,{i % 2}' + chr(10) for i in range(50))}",
    )
    page.dispatch_event("#editor", "drop", {"dataTransfer": dropped})
    opened.says(".own", "dropped.csv 50 rows, 2 columns")
    opened.says("#editor", "a number in, 2 classes out")
    page.click("#language")
    opened.says(".own", "columna que se predice")
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("window.bad") is None
    assert [text for text in opened.complaints if "400" not in text] == []
    opened.context.close()
    server.stop()


def test_a_learner_gives_an_image_to_attention_and_a_recurrent_layer(browser: Any, tmp_path: Path) -> None:
    server = Server(cwd=tmp_path)
    opened = Opened(browser, server.address, locale="en-US")
    page = opened.page
    page.click("[data-data=digits]")
    page.select_option("[data-layer='0'] select >> nth=0", "attention")
    page.fill("[data-layer='0'] [name=units]", "9")
    page.select_option("[data-layer='1'] select >> nth=0", "gru")
    page.fill("[data-layer='1'] [name=units]", "12")
    page.fill("[name=epochs]", "2")
    opened.says("#editor summary", "9 attention – 12 GRU – 32 relu – 10")
    page.click("button[type=submit]")
    opened.says("#editor [role=alert]", "cannot be shared out over 2 heads")
    page.fill("[data-layer='0'] [name=heads]", "3")
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1280, "height": 900})
    page.click("button[type=submit]")
    page.wait_for_url("**/run/1/")
    opened.ready()
    opened.says("#status", "has learned", 60)
    network = wait_for_model(tmp_path / "runs" / "1").network
    assert network == vt.Network(
        vt.Input((8, 8, 1)),
        vt.Reshape((8, 8)),
        vt.Dense(9),
        vt.PositionalEmbedding(),
        vt.blocks.transformer(9, 3),
        vt.GRU(12),
        vt.Dense(32, "relu"),
        vt.Dense(10),
    )
    page.click("#editor summary")
    assert page.input_value("[data-layer='0'] [name=heads]") == "3"
    assert [text for text in opened.complaints if "400" not in text] == []
    opened.context.close()
    server.stop()


def test_what_is_chosen_can_be_read_on_a_small_screen(browser: Any, tmp_path: Path) -> None:
    server = Server(cwd=tmp_path)
    opened = Opened(browser, server.address, locale="es-ES")
    for width in (1400, 1181, 1024, 901, 390):
        opened.page.set_viewport_size({"width": width, "height": 700})
        for choice in opened.page.locator(".fields select").all():
            assert choice.bounding_box()["width"] >= 110, width
    opened.page.focus("[data-data=points]")
    opened.page.keyboard.press("ArrowRight")
    opened.says("#editor summary", "tu curva")
    assert opened.page.evaluate("document.activeElement.dataset.data") == "curve"
    assert opened.complaints == []
    opened.context.close()
    server.stop()

"""Takes docs/images/page-*.png: the page on a dense, a convolutional and an attention network, and its editor, in a real browser.

python docs/make_page_images.py    (needs Chromium and Playwright's Python package)
"""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, sync_playwright
from sklearn.datasets import load_digits

import vitrina as vt
from vitrina.glass import schedule
from vitrina.glass.page import serve

OUT = Path(__file__).parent / "images"
HEIGHT = 1440
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def main() -> None:
    OUT.mkdir(exist_ok=True)
    schedule.SHARE = 1e9  # looks may take their time here, however busy the machine
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), headless=True, args=FLAGS)
        dense, convolutional, attention = (Path(folder) / name for name in ("patients", "digits", "rows"))
        vt.train("breast-cancer", out=dense, engine="numpy")
        images, labels = load_digits(return_X_y=True)
        images = images.reshape(-1, 8, 8, 1) / 16.0
        held = (images[:300], labels[:300])
        lit = vt.Network(
            vt.Input((8, 8, 1)), vt.Conv2D(16, 3, padding="same", activation="relu"), vt.MaxPool2D(2),
            vt.Conv2D(24, 3, padding="same", activation="relu"), vt.Flatten(), vt.Dense(32, "relu"), vt.Dense(10),
        )  # fmt: skip
        vt.train((images[300:], labels[300:]), network=lit, validation=held, epochs=12, out=convolutional, engine="jax")
        block = vt.blocks.transformer(16, heads=2, hidden=32)
        read = vt.Network(
            vt.Input((8, 8)), vt.Dense(16), vt.PositionalEmbedding(), block, vt.GlobalAveragePool(), vt.Dense(10)
        )
        rows = images[..., 0]
        vt.train(
            (rows[300:], labels[300:]),
            network=read,
            validation=(rows[:300], labels[:300]),
            epochs=12,
            out=attention,
            engine="jax",
        )
        picture(browser, dense, "page-dense", "light", ["ArrowRight", "ArrowRight", "ArrowDown"])
        picture(browser, convolutional, "page-conv", "dark", ["ArrowRight"], stage="backward")
        picture(browser, attention, "page-attention", "light", ["ArrowRight"])
        picture(browser, convolutional, "page-examples", "light", [], of="#examples", at=0.32)
        picture(browser, None, "page-editor", "light", [], of="#editor")
        browser.close()


def picture(
    browser: Browser,
    run: Path | None,
    name: str,
    theme: Any,
    keys: list[str],
    stage: str = "forward",
    of: str | None = None,
    at: float | None = None,
) -> None:
    """run: None for the editor; keys: pressed on the network; of: the part that is taken; at: the share of the slider."""
    found: list[str] = []
    there = threading.Event()

    def ready(address: str) -> None:
        found.append(address)
        there.set()

    threading.Thread(target=serve, args=(run,), kwargs={"ready": ready}, daemon=True).start()
    there.wait(30)
    context = browser.new_context(viewport={"width": 1360, "height": 930}, color_scheme=theme, locale="en-US")
    page = context.new_page()
    page.goto(found[0])
    page.wait_for_selector("body[data-ready=yes]")
    if run is not None:
        page.focus("#net")
        for key in keys:
            page.keyboard.press(key)
        page.click(f"[data-stage={stage}]")
        page.locator("#stages").blur()
    if at is not None:
        moved = "(slider, share) => { slider.value = share * slider.max; slider.dispatchEvent(new Event('input')); }"
        page.locator("#time input[type=range]").evaluate(moved, at)
    page.wait_for_timeout(2500)
    if of is None:
        # What follows is curves.
        clip: Any = {"x": 0, "y": 0, "width": 1360, "height": HEIGHT}
        page.screenshot(path=OUT / f"{name}.png", full_page=True, clip=clip)
    else:
        page.locator(of).screenshot(path=OUT / f"{name}.png")
    context.close()


if __name__ == "__main__":
    main()

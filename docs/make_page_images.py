"""Takes docs/images/page/*.webp, every view of the page in a real browser, and writes docs/page.md, which shows them.

python docs/make_page_images.py [NETWORK ...]    (needs Chromium and Playwright's Python package)
"""

from __future__ import annotations

import io
import shutil
import sys
import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from page_runs import TAUGHT, Runs
from page_views import View, networks, page_text
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from vitrina.glass import schedule
from vitrina.glass.page import serve

HERE = Path(__file__).parent
OUT = HERE / "images" / "page"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WIDTH, HEIGHT = 1280, 900
AROUND = 8  # pixels of the page's ground that stay around what is taken
QUALITY = 82
SETTLED = 1500  # milliseconds until waves and plots have come to rest


def main(wanted: list[str]) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    schedule.SHARE = 1e9  # looks may take their time here, however busy the machine
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), headless=True, args=FLAGS)
        for network, shown in networks().items():
            if wanted and network not in wanted:
                continue
            with TemporaryDirectory() as folder:
                runs = TAUGHT[network](Path(folder))
                for run in dict.fromkeys(view.run for view in shown.views):
                    take(browser, network, [view for view in shown.views if view.run == run], runs)
        browser.close()
    (HERE / "page.md").write_text(page_text(), encoding="utf-8")


def take(browser: Browser, network: str, views: list[View], runs: Runs) -> None:
    """Pictures of one page: that of a run, the first with another beside it, or the editor."""
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light", locale="en-US")
    page = context.new_page()
    run = views[0].run
    address = served(runs.get(run), runs["other"] if run == "run" else None)
    for view in views:
        page.goto(address)
        page.wait_for_selector("body[data-ready=yes]")
        prepare(page, view, runs)
        page.wait_for_timeout(SETTLED)
        keep(page.screenshot(full_page=True, clip=frame(page, view.of)), OUT / f"{network}-{view.name}.webp")
    context.close()


def served(run: Path | None, other: Path | None) -> str:
    """The address of a page that stays as long as this program runs."""
    found: list[str] = []
    there = threading.Event()

    def ready(address: str) -> None:
        found.append(address)
        there.set()

    threading.Thread(target=serve, args=(run, 0, ready, other), daemon=True).start()
    if not there.wait(60):
        raise TimeoutError("the page is not served")
    return found[0]


def prepare(page: Page, view: View, runs: Runs) -> None:
    """Brings the page to what is to be seen."""
    for place in view.clicks:
        page.click(place)
    if view.table:
        page.set_input_files("#file", runs[view.table])
        page.wait_for_selector("#target:focus")
    if view.run != "editor":
        page.wait_for_selector("#examples[data-step]")
        moved = "(slider, share) => { slider.value = share * slider.max; slider.dispatchEvent(new Event('input')); }"
        page.locator("#time input[type=range]").evaluate(moved, view.at)
        if view.keys:
            page.focus("#net")
            for key in view.keys:
                page.keyboard.press(key)
            page.wait_for_selector("#neuron[data-step]")
        page.click(f"[data-stage={view.stage}]")
    if view.choose:
        page.select_option(view.choose[0], label=view.choose[1])
    page.evaluate("document.activeElement.blur()")
    page.mouse.move(0, 0)


def frame(page: Page, parts: tuple[str, ...]) -> Any:
    """What holds all of the parts."""
    boxes = [page.locator(part).first.bounding_box() for part in parts]
    known = [box for box in boxes if box is not None]
    left, top = (max(0.0, min(box[of] for box in known) - AROUND) for of in ("x", "y"))
    right, bottom = (
        max(box[of] + box[size] for box in known) + AROUND for of, size in (("x", "width"), ("y", "height"))
    )
    return {"x": left, "y": top, "width": min(right, WIDTH) - left, "height": bottom - top}


def keep(picture: bytes, path: Path) -> None:
    Image.open(io.BytesIO(picture)).convert("RGB").save(path, "WEBP", quality=QUALITY, method=6)


if __name__ == "__main__":
    main(sys.argv[1:])

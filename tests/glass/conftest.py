"""A browser for whoever wants one; and what is looked at must not depend on how busy the machine is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.glass.browsing import CHROMIUM, FLAGS, NO_CHROMIUM
from vitrina.glass import schedule


@pytest.fixture(scope="session", autouse=True)
def time_for_every_look() -> Iterator[None]:
    """Looks may take any share of the time here, so that none is passed over."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schedule, "SHARE", 1e9)
        yield


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, headless; skips, saying so, where there is none."""
    if CHROMIUM is None:
        pytest.skip(NO_CHROMIUM)
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield browser
        browser.close()

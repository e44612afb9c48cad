"""Every view of the page that is shown in docs/page.md, as page_views.toml tells them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

TOLD = Path(__file__).with_suffix(".toml")
INTRODUCTION = """# The page, view by view

`vitrina train DATA --watch` or `vitrina watch RUN [RUN2]` shows a run, while it learns and afterwards; `vitrina watch` alone is the
editor. `make docs` takes these pictures in a real browser.
"""


@dataclass(frozen=True)
class View:
    """One picture and what is said of it; page_views.toml says what each part means."""

    name: str
    title: str
    sentence: str
    of: tuple[str, ...] = ("#glass", "aside")
    clicks: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    choose: tuple[str, ...] = ()
    stage: str = "forward"
    at: float = 1.0
    table: str | None = None
    run: str = "run"


@dataclass(frozen=True)
class Shown:
    """A network, and its views in their order."""

    title: str
    words: str
    views: tuple[View, ...]


def networks() -> dict[str, Shown]:
    """Those of page_views.toml, by their short names."""
    told = tomllib.loads(TOLD.read_text("utf-8"))
    return {
        name: Shown(one["title"], one["words"], tuple(View(**view) for view in one["views"]))
        for name, one in told.items()
    }


def page_text() -> str:
    """docs/page.md."""
    parts = [INTRODUCTION]
    for network, shown in networks().items():
        parts.append(f"## {shown.title}\n\n{shown.words}\n")
        for view in shown.views:
            picture = f"![{view.title}](images/page/{network}-{view.name}.webp)"
            parts.append(f"### {view.title}\n\n{view.sentence}\n\n{picture}\n")
    return "\n".join(parts)

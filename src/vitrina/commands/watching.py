"""What commands with --watch share: the page beside their training."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from typing import TYPE_CHECKING

from vitrina.commands.output import console, marked

if TYPE_CHECKING:
    from vitrina.glass.opening import Page


@contextlib.contextmanager
def page_beside(wanted: bool) -> Generator[Page | None]:
    """A page to hand to a training, if one is wanted; ended with the context, however that ends."""
    if not wanted:
        yield None
        return
    from vitrina.glass.opening import Page

    page = Page()
    try:
        yield page
    finally:
        page.end()


def stay(page: Page | None) -> None:
    """Leaves the page open until its owner has seen enough."""
    if page is not None and page.is_open:
        console().print(marked("[dim]The page stays; Ctrl-C ends it.[/]"))
        page.wait()

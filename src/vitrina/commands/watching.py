"""What commands that show the page share: the page beside a training, and the page's editor."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any

from vitrina.commands.output import console, marked, print_json

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


def show_editor(json: bool, begin: Mapping[str, Any] | None = None, port: int = 0, browser: bool = True) -> None:
    """The page's editor, until it is ended with Ctrl-C. begin: what stands in it at first; browser: whether to open it there."""
    from vitrina.glass.page import serve

    def ready(address: str) -> None:
        if json:
            print_json({"run": None, "address": address})
            return
        console().print(marked("The editor is at [cyan]{address}[/]   (Ctrl-C ends the page)", address=address))
        if browser:
            import webbrowser

            webbrowser.open(address)

    serve(None, port, ready, begin=begin)

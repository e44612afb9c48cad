"""Work that is done while something else goes on: items made ahead by a thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from typing import Any, TypeVar

T = TypeVar("T")
WAIT = 0.1  # seconds after which a thread that has nowhere to put its item looks whether anyone still wants it


def made_ahead(items: Iterator[T], count: int = 2) -> Generator[T]:
    """The items in their order, up to `count` of them made by a thread before they are asked for.

    What goes wrong there is raised here, in its place. Closing the generator ends the thread.
    """
    ready: queue.Queue[tuple[str, Any]] = queue.Queue(maxsize=count)
    unwanted = threading.Event()

    def offer(kind: str, value: Any = None) -> bool:
        while not unwanted.is_set():
            try:
                ready.put((kind, value), timeout=WAIT)
                return True
            except queue.Full:
                continue
        return False

    def work() -> None:
        try:
            for item in items:
                if not offer("item", item):
                    return
            offer("end")
        except BaseException as error:  # raised again where the item was wanted
            offer("error", error)

    thread = threading.Thread(target=work, name="made ahead", daemon=True)
    thread.start()
    try:
        while True:
            kind, value = ready.get()
            if kind == "end":
                return
            if kind == "error":
                raise value
            yield value
    finally:
        unwanted.set()
        thread.join()

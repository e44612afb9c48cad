"""Draws docs/images/demo.svg, the screen of `vitrina demo`, for the README.

python docs/make_images.py
"""

from __future__ import annotations

import time
from io import StringIO
from pathlib import Path

from rich.console import Console
from screen_svg import screen_svg

from vitrina import locale
from vitrina.commands.demo import prepare, tell
from vitrina.commands.demo_screen import show_end, show_lesson, show_stages

OUT = Path(__file__).parent / "images"


def main() -> None:
    locale.use("en")
    screen = Console(width=100, record=True, file=StringIO(), highlight=False)
    began = time.perf_counter()
    lesson = prepare(seed=0)
    show_lesson(screen, lesson)
    story = tell(lesson, seed=0, progress=None, began=began)
    show_stages(screen, story)
    show_end(screen, story)
    OUT.mkdir(exist_ok=True)
    (OUT / "demo.svg").write_text(screen_svg(screen, "vitrina demo"), encoding="utf-8")


if __name__ == "__main__":
    main()

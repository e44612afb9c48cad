"""How plots look: one style, drawn once, as SVG that takes the page's colours and as PNG for a slide."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Blue and orange are told apart by everybody who sees colours at all; the third stands only where words tell it too.
GLASS, INK, QUIET, EDGE = "#ffffff", "#16203a", "#62708c", "#dfe4ee"
FIRST, SECOND, THIRD = "#2457c5", "#d9730d", "#0b8457"
# In the page each colour is a variable of its style, so that a plot is light or dark with it.
VARIABLES = {
    GLASS: "var(--glass)",
    INK: "var(--ink)",
    QUIET: "var(--quiet)",
    EDGE: "var(--edge)",
    FIRST: "var(--first)",
    SECOND: "var(--second)",
    THIRD: "var(--third)",
}
STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": EDGE,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.labelcolor": QUIET,
    "axes.labelsize": 9,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "figure.facecolor": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "grid.color": EDGE,
    "grid.linewidth": 0.6,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "lines.linewidth": 1.8,
    "svg.fonttype": "none",
    "svg.hashsalt": "vitrina",
    "text.color": INK,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
}


@dataclass(frozen=True)
class Plot:
    """A drawn plot. name: of its file; words: what it shows, for who cannot see it."""

    name: str
    words: str
    svg: str
    png: bytes


@contextmanager
def axes(width: float = 4.6, height: float = 3.0, across: int = 1) -> Generator[tuple[Figure, list[Axes]]]:
    """A figure of so many plots side by side, in inches, in the report's style."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width * across, height), layout="constrained")
        yield figure, list(figure.subplots(1, across, squeeze=False)[0])


def finished(figure: Figure, name: str, words: str) -> Plot:
    """The plot as SVG and PNG. To be called within `axes`, whose style it needs."""
    svg, png = BytesIO(), BytesIO()
    quiet: Any = {"Date": None, "Creator": None, "Format": None, "Type": None}
    figure.savefig(svg, format="svg", metadata=quiet)
    figure.savefig(png, format="png", dpi=160, facecolor=GLASS)
    return Plot(name, words, _for_page(svg.getvalue().decode("utf-8"), name, words), png.getvalue())


def _for_page(svg: str, name: str, words: str) -> str:
    """The drawing alone, with the page's colours, names of its own, and words for who cannot see it."""
    from html import escape

    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\b(id="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    for colour, variable in VARIABLES.items():
        svg = svg.replace(colour, variable)
    label = escape(words, quote=True)
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    width = float(box[1]) if box else 400.0  # points; letters are as large in every plot
    head = f'<svg viewBox="{box[0][9:-1] if box else ""}" style="width:{width * 1.33:.0f}px" role="img" aria-label="{label}">'
    return re.sub(r"<svg [^>]*>", lambda _: head, svg, count=1)

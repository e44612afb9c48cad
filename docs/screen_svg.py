"""A recorded Rich screen as SVG whose blocks and frames are shapes: as text, other fonts would leave gaps in them."""

from __future__ import annotations

from collections import defaultdict
from html import escape

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import SVG_EXPORT_THEME as THEME

WIDE, HIGH, SIZE = 8.4, 18, 14  # a character's cell and its font, in pixels
MARGIN, BAR = 22, 40
PAPER, INK = "#10121b", "#d8dae6"
DIM = 0.55
EIGHTHS_WIDE = "▏▎▍▌▋▊▉█"
EIGHTHS_HIGH = "▁▂▃▄▅▆▇█"
LINES = {"─": ((0, 0.5), (1, 0.5)), "│": ((0.5, 0), (0.5, 1))}
CORNERS = {
    "╭": "M.5 1V.9Q.5 .5 1 .5",
    "╮": "M.5 1V.9Q.5 .5 0 .5",
    "╰": "M.5 0V.1Q.5 .5 1 .5",
    "╯": "M.5 0V.1Q.5 .5 0 .5",
}


def screen_svg(screen: Console, title: str) -> str:
    """What `screen` (record=True) has recorded, as the text of an SVG file."""
    with screen._record_buffer_lock:
        recorded = [segment for segment in screen._record_buffer if not segment.control]
    lines = list(Segment.split_and_crop_lines(recorded, screen.width, include_new_lines=False))
    shapes: dict[str, list[str]] = defaultdict(list)
    strokes: dict[str, list[str]] = defaultdict(list)
    words: list[str] = []
    for row, line in enumerate(lines):
        column = 0
        for text, style, _ in line:
            ink, paper = _colours(style)
            if text.strip() and not _is_drawing(text):
                words.append(_words(text, column, row, ink, style))
            for place, character in enumerate(text):
                _draw(character, column + place, row, ink, paper, shapes, strokes)
            column += len(text)
    width, height = screen.width * WIDE + 2 * MARGIN, len(lines) * HIGH + 2 * MARGIN + BAR
    drawn = [f'<path fill="{colour}" d="{"".join(path)}"/>' for colour, path in shapes.items()]
    drawn += [f'<path stroke="{colour}" fill="none" d="{"".join(path)}"/>' for colour, path in strokes.items()]
    lights = "".join(
        f'<circle cx="{22 + 20 * i}" cy="22" r="6" fill="{c}"/>'
        for i, c in enumerate(("#ff5f57", "#febc2e", "#28c840"))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}">'
        f"<title>{escape(title)}</title>"
        f'<rect width="{width:g}" height="{height:g}" rx="10" fill="{PAPER}"/>{lights}'
        f'<g transform="translate({MARGIN} {BAR + MARGIN / 2:g})"><g shape-rendering="crispEdges">{"".join(drawn)}</g>'
        f'<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,DejaVu Sans Mono,monospace" font-size="{SIZE}" '
        f'xml:space="preserve">{"".join(words)}</g></g></svg>\n'
    )


def _is_drawing(text: str) -> bool:
    return all(c in "▀ " or c in EIGHTHS_WIDE or c in EIGHTHS_HIGH or c in LINES or c in CORNERS for c in text)


def _draw(
    character: str,
    column: int,
    row: int,
    ink: str,
    paper: str | None,
    shapes: dict[str, list[str]],
    strokes: dict[str, list[str]],
) -> None:
    if character == "▀":
        shapes[ink].append(_box(column, row, 0, 0, 1, 0.5))
        if paper:
            shapes[paper].append(_box(column, row, 0, 0.5, 1, 0.5))
    elif character in EIGHTHS_WIDE:
        shapes[ink].append(_box(column, row, 0, 0.15, (EIGHTHS_WIDE.index(character) + 1) / 8, 0.7))
    elif character in EIGHTHS_HIGH:
        part = (EIGHTHS_HIGH.index(character) + 1) / 8
        shapes[ink].append(_box(column, row, 0, 1 - part, 1, part))
    elif character in LINES:
        (x, y), (to_x, to_y) = LINES[character]
        strokes[ink].append(
            f"M{(column + x) * WIDE:g} {(row + y) * HIGH:g}L{(column + to_x) * WIDE:g} {(row + to_y) * HIGH:g}"
        )
    elif character in CORNERS:
        strokes[ink].append(_corner(CORNERS[character], column, row))


def _box(column: int, row: int, x: float, y: float, width: float, height: float) -> str:
    return f"M{(column + x) * WIDE:g} {(row + y) * HIGH:g}h{width * WIDE:g}v{height * HIGH:g}h{-width * WIDE:g}z"


def _corner(path: str, column: int, row: int) -> str:
    """A corner within one cell, moved to its place: `M.5 1V.9Q.5 .5 1 .5` -> absolute pixels."""
    start, rest = path[1:].split("V")
    vertical, curve = rest.split("Q")
    x, y = (float(n) for n in start.split())
    cx, cy, to_x, to_y = (float(n) for n in curve.split())

    def at(px: float, py: float) -> str:
        return f"{(column + px) * WIDE:g} {(row + py) * HIGH:g}"

    return f"M{at(x, y)}L{at(x, float(vertical))}Q{at(cx, cy)} {at(to_x, to_y)}"


def _words(text: str, column: int, row: int, ink: str, style: Style | None) -> str:
    shown = "".join(" " if _is_drawing(character) else character for character in text)
    left = len(shown) - len(shown.lstrip())
    shown = shown.strip()
    looks = (' font-weight="bold"' if style and style.bold else "") + (
        ' font-style="italic"' if style and style.italic else ""
    )
    x, y = (column + left) * WIDE, row * HIGH + HIGH * 0.74
    return f'<text x="{x:g}" y="{y:g}" textLength="{len(shown) * WIDE:g}" fill="{ink}"{looks}>{escape(shown)}</text>'


def _colours(style: Style | None) -> tuple[str, str | None]:
    if style is None:
        return INK, None
    ink = INK if style.color is None or style.color.is_default else style.color.get_truecolor(THEME).hex
    paper = None if style.bgcolor is None or style.bgcolor.is_default else style.bgcolor.get_truecolor(THEME).hex
    return (_faded(ink) if style.dim else ink), paper


def _faded(ink: str) -> str:
    mixed = (round(int(ink[i : i + 2], 16) * DIM + int(PAPER[i : i + 2], 16) * (1 - DIM)) for i in (1, 3, 5))
    return "#" + "".join(f"{value:02x}" for value in mixed)

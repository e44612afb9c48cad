"""The page's modules as one script, fetched at once by a browser; and the whole page as one text, for a replay or a notebook."""

from __future__ import annotations

import base64
import html
import re
from functools import cache
from os.path import normpath
from pathlib import Path

STATIC = Path(__file__).with_name("static")
_IMPORT = re.compile(r'^import\s+(?:(\w+)|\{([^}]*)\})\s+from\s+"([^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?:async )?(?:function|class|const|let) ([\w$]+)", re.MULTILINE)
_DEFAULT = re.compile(r"^export (?:default (\w+)|\{ (\w+) as default \});?$", re.MULTILINE)


@cache
def script(api: Path = STATIC / "js" / "api.js") -> str:
    """The modules as one script, each in a function of its own that gives what it exports, in the order they need each other.

    api: the module that is to answer what the page asks.
    """
    done: dict[Path, str] = {}
    parts: list[str] = []

    def add(path: Path) -> str:
        if path.name == "api.js":
            path = api
        if path in done:
            return done[path]
        name = done[path] = f"module_{len(done)}"
        text = path.read_text("utf-8")
        needs = [
            f"const {_taken(found, add(Path(normpath(path.parent / found[3]))))};" for found in _IMPORT.finditer(text)
        ]
        exported = _EXPORT.findall(text)
        default = next((found[1] or found[2] for found in _DEFAULT.finditer(text)), None)
        body = _DEFAULT.sub("", _IMPORT.sub("", text))
        body = re.sub(r"^export ", "", body, flags=re.MULTILINE)
        gives = f"default: {default}" if default else ", ".join(exported)
        # In a script of HTML's, these letters would end it, wherever they stand.
        body = body.replace("</script", "<\\/script")
        parts.append(f"const {name} = (() => {{\n" + "\n".join(needs) + f"\n{body}\nreturn {{ {gives} }};\n}})();")
        return name

    add(STATIC / "js" / "main.js")
    return "\n".join(parts)


def alone(title: str, api: Path, head: str = "") -> str:
    """The page with all in it that it needs, as HTML. api: the module that answers what it asks; head: what that finds there."""
    page = (STATIC / "index.html").read_text("utf-8")
    style = "".join((STATIC / path).read_text("utf-8") for path in ("vendor/uplot/uPlot.min.css", "style.css"))
    icon = "data:image/svg+xml;base64," + base64.b64encode((STATIC / "icon.svg").read_bytes()).decode("ascii")
    page = page.replace('"icon.svg"', f'"{icon}"')
    page = re.sub(r'\n  <link rel="stylesheet"[^>]*>', "", page)
    page = page.replace("<title>Vitrina</title>", f"<title>{html.escape(title)} – Vitrina</title>")
    before, _, after = page.partition('  <script type="module" src="js/main.js"></script>\n')
    after = after.replace("</body>", f'<script type="module">\n{script(api)}\n</script>\n</body>')
    return f"{before}  <style>{style}</style>\n  {head}\n{after}"


def _taken(found: re.Match[str], module: str) -> str:
    if found[1]:
        return f"{{ default: {found[1]} }} = {module}"
    names = ", ".join(name.strip().replace(" as ", ": ") for name in found[2].split(",") if name.strip())
    return f"{{ {names} }} = {module}"

"""The page's modules as one script: fetched at once by a browser, and put into a replay."""

from __future__ import annotations

import re
from functools import cache
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
        needs = [f"const {_taken(found, add((path.parent / found[3]).resolve()))};" for found in _IMPORT.finditer(text)]
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


def _taken(found: re.Match[str], module: str) -> str:
    if found[1]:
        return f"{{ default: {found[1]} }} = {module}"
    names = ", ".join(name.strip().replace(" as ", ": ") for name in found[2].split(",") if name.strip())
    return f"{{ {names} }} = {module}"

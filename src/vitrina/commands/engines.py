"""vitrina engines: where the arithmetic can run on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitrina.commands.options import Json, Lang
from vitrina.commands.output import console, print_json
from vitrina.locale import say
from vitrina.locale.named import ENGINES

if TYPE_CHECKING:
    from vitrina.engines import EngineInfo


def engines(json: Json = False, lang: Lang = None) -> None:
    """Show which engines are installed, on what they run, and how to install the others."""
    from vitrina.engines import available

    found = available()
    if json:
        print_json({"engines": [_as_json(info) for info in found]})
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ENGINES:
        table.add_column(say(title))
    for info in found:
        if info.installed:
            devices, problem = _devices(info)
            where = Text(", ".join(devices)) if problem is None else Text(problem, "red")
            table.add_row(Text(info.name, "bold"), info.version or "", ", ".join(info.variants), where)
        else:
            quiet = (info.name, say("not installed"), ", ".join(info.variants))
            table.add_row(*(Text(cell, "dim") for cell in quiet), Text(info.install, "cyan"))
    console().print(table)


def _as_json(info: EngineInfo) -> dict[str, object]:
    devices, problem = _devices(info)
    return {
        "name": info.name,
        "installed": info.installed,
        "version": info.version,
        "variants": info.variants,
        "devices": devices,
        "problem": problem,
        "install": info.install,
    }


def _devices(info: EngineInfo) -> tuple[list[str], str | None]:
    """The devices of an engine, or why it cannot be loaded: one broken framework must not hide the others."""
    try:
        return info.devices(), None
    except Exception as error:
        return [], say("cannot be loaded: {reason}", reason=" ".join(str(error).split())[:120])

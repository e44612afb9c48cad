"""A training in one file: the page with all its moments in it, to be opened by anybody without Vitrina or a network.

The page's own modules, put into one script; what they would ask the server is answered from data in the file itself.
"""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np

from vitrina.files import write_atomically
from vitrina.glass.page.bundle import STATIC, alone
from vitrina.glass.page.views import Views
from vitrina.locale import LANGUAGES, page_texts

MOST_LOOKS, FEW_LOOKS = 80, 16  # moments: there are not fewer while an example can be let go instead
MOST_EDGES = 4000  # of a layer that has no more all are there, and its neurons' arithmetic with them
MEMBERS_EDGES = 400  # the same of each member of an ensemble
MOST_NUMBERS = (
    3_000_000  # in all moments together; as text they are some seven times as many bytes, packed two or three
)
MOST_DEPENDENCES = 400_000  # numbers of what the answers make of a table's columns


def replay(run: str | Path, out: str | Path, other: str | Path | None = None) -> int:
    """Writes the whole page of a run as one HTML file, and returns how many of its moments are in it. other: a run beside it.

    Raises ModelError if the run has no recording, VitrinaError if the file cannot be written.
    """
    page, moments = page_of(Path(run), Path(other) if other is not None else None)
    write_atomically(Path(out), page)
    return moments


def page_of(run: Path, other: Path | None = None) -> tuple[str, int]:
    """The page of a run with all that it can show in it, as HTML, and how many moments that is."""
    views = Views(run, MOST_EDGES, other)
    data = _data(views)
    packed = base64.b64encode(gzip.compress(json.dumps(data, separators=(",", ":")).encode("utf-8"), 9)).decode("ascii")
    head = f'<script type="application/gzip" id="replay">{packed}</script>'
    return alone(views.run.name, STATIC / "replay" / "api.js", head), len(data["moments"])


def _data(views: Views) -> dict[str, Any]:
    """The server's answers to all that the page can ask, for as many moments as there is room for."""
    about, curves = views.about(), views.curves()
    if about["members"]:
        views.moments.most_edges = MEMBERS_EDGES
    steps = [look.step for look in views.recording.looks]
    probes = len(views.recording.probes[0])
    one = _numbers(_moment(views, steps[-1], 0))
    kept = max(1, min(probes, MOST_NUMBERS // max(1, one * min(FEW_LOOKS, len(steps)))))
    count = max(2, min(MOST_LOOKS, len(steps), MOST_NUMBERS // max(1, one * kept)))
    chosen = sorted({round(place) for place in np.linspace(0, len(steps) - 1, count).tolist()})
    looks = views.looks(0)
    shown: dict[str, Any] = {name: [looks[name][place] for place in chosen] for name in ("step", "seconds", "rate")}
    shown["layers"] = {
        name: {what: [values[place] for place in chosen] for what, values in kinds.items()}
        for name, kinds in looks["layers"].items()
    }
    known = views.probes(steps[0])
    moments: dict[int, list[Any]] = {}
    answers: dict[int, Any] = {}
    functions: dict[int, Any] = {}
    judged: dict[int, Any] = {}
    dependences: dict[int, Any] = {}
    judges = views.examples()
    columns = _turns(views, judges, steps[-1], len(chosen))
    for place in chosen:
        step = steps[place]
        moments[step] = [_moment(views, step, probe) for probe in range(kept)]
        told = views.probes(step)
        answers[step] = {
            name: told[name][:kept] if name != "step" else step for name in ("step", "prediction", "error")
        }
        functions[step] = views.function(step)
        judged[step] = views.judged(step)
        dependences[step] = [views.dependence(step, column) for column in range(columns)]
    given = {"x": known["x"][:kept], "shape": known["shape"], "y": known["y"][:kept]}
    return {
        "about": about, "looks": {"first": 0, **shown}, "curves": curves, "moments": moments, "answers": answers,
        "functions": functions, "probes": given, "examples": judges, "judged": judged, "dependences": dependences,
        "findings": {language: views.findings(language) for language in LANGUAGES}, "beside": views.beside(),
        "texts.es.json": page_texts(),
    }  # fmt: skip


def _moment(views: Views, step: int, probe: int) -> dict[str, Any]:
    return {**views.moment(step, probe), "others": views.others(step, probe)}


def _turns(views: Views, judges: dict[str, Any], step: int, moments: int) -> int:
    """Of how many columns there is room for what the answer makes of them; the others are not offered."""
    turns = judges.get("turns", [])
    if not turns:
        return 0
    one = max(1, _numbers(views.dependence(step, 0)))
    count = min(len(turns), max(1, MOST_DEPENDENCES // (one * moments)))
    judges["turns"] = turns[:count]
    return count


def _numbers(value: Any) -> int:
    if isinstance(value, dict):
        return sum(map(_numbers, value.values()))
    return sum(map(_numbers, value)) if isinstance(value, list) else 1

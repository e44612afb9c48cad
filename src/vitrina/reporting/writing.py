"""From contents to pages: words, numbers as people write them, and plots in their places."""

from __future__ import annotations

import base64
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina.data.render import number
from vitrina.data.words import place_name
from vitrina.doctor.screen import measured
from vitrina.doctor.sparkline import drawing, told
from vitrina.evaluate.words import (
    figure,
    figure_name,
    interval,
    listed,
    money,
    rival_name,
    role_name,
    settings_told,
    verdict,
    way_name,
)
from vitrina.locale import language, say
from vitrina.locale.kept import retold
from vitrina.locale.named import TAUGHT
from vitrina.reporting import plots
from vitrina.reporting.words import headings

if TYPE_CHECKING:
    from vitrina.data.describe import ColumnDescription
    from vitrina.evaluate.assessment import Assessment
    from vitrina.reporting.contents import Contents
    from vitrina.reporting.drawing import Plot

COLUMNS = 60  # of a table that are listed
SMALLEST_PICTURE = 96  # pixels: smaller images are made larger, a pixel a square


def written(contents: Contents) -> tuple[str, list[Plot]]:
    """The page as HTML, and its plots."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    drawn = _plots(contents)
    pages = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined)
    page = pages.get_template("page.html").render(
        style=Markup((Path(__file__).parent / "page.css").read_text("utf-8")),
        svg={plot.name: Markup(plot.svg) for plot in drawn},
        lang=language(),
        t=headings(),
        **_facts(contents),
    )
    return page, drawn


def _plots(contents: Contents) -> list[Plot]:
    found, history = contents.assessment, contents.model.history
    drawn: list[Plot | None] = []
    if len(history):
        drawn.append(plots.learning(history, int(contents.model.measured.get("best_epoch", 0))))
    if contents.recording is not None:
        drawn.append(plots.layers(contents.recording))
    if found is not None:
        drawn += [plots.thresholds(found)] if found.curves else []
        drawn += [plots.calibration(found)] if found.calibration else []
        drawn += [plots.confusion(found)]
        drawn += [plots.scatter(found)] if found.scatter else []
        drawn += [plots.over_time(found, found.by_time[1])] if found.by_time else []
    if contents.decisions and contents.decisions.get("saved"):
        saved, classes = contents.decisions["saved"], len(contents.decisions["classes"])
        drawn.append(plots.savings(saved, {name: way_name(name, classes) for name in saved}))
    return [plot for plot in drawn if plot is not None]


def _facts(contents: Contents) -> dict[str, Any]:
    model = contents.model
    settings, recipe = model.settings, model.recipe
    target = settings.get("target") or getattr(recipe, "target_name", None) or say("the answer")
    return {
        "title": Path(settings["data"]).name if settings.get("data") else say("the arrays"),
        "target": target,
        "run": str(contents.run),
        "rows": model.measured.get("rows", {}),
        "headline": _headline(contents),
        "verdict": verdict(contents.assessment) if contents.assessment else "",
        "worth": contents.assessment.verdict if contents.assessment else None,
        "data": _data(contents),
        "network": _network(contents),
        "training": _training(contents),
        "figures": _figures(contents.assessment),
        "measured": [
            (figure_name(name), figure(name, value)) for name, value in model.measured.get("test", {}).items()
        ],
        "groups": _groups(contents.assessment),
        "top": _top(contents.assessment),
        "mistakes": _mistakes(contents),
        "decisions": _decisions(contents),
        "findings": _findings(contents),
        "warnings": contents.warnings,
        "missing": contents.missing,
    }


def _headline(contents: Contents) -> dict[str, str] | None:
    found = contents.assessment
    if found is None:
        return None
    known = found.figures[found.headline]
    return {
        "name": figure_name(found.headline),
        "value": figure(found.headline, known.value),
        "interval": interval(found.headline, known),
        "rows": f"{found.rows:,}",
    }


def _data(contents: Contents) -> dict[str, Any] | None:
    description = contents.description
    if description is None:
        return None
    target = description.target
    return {
        "rows": f"{description.rows:,}",
        "columns": [_column(column) for column in description.columns[:COLUMNS]],
        "more": max(0, len(description.columns) - COLUMNS),
        "classes": _shares(target.classes) if target else [],
        "target_range": f"{number(target.low)} … {number(target.high)}" if target and target.low is not None else "",
        "target_bars": _bars(target.histogram) if target else [],
    }


def _column(column: ColumnDescription) -> dict[str, Any]:
    if column.low is not None and column.high is not None:
        told = f"{number(column.low)} … {number(column.high)}"
    elif column.first:
        told = f"{column.first} … {column.last}"
    else:
        told = ", ".join(column.values[:4]) + (" …" if (column.distinct or 0) > 4 else "")
    missing = f"{column.missing:.1%}" if column.missing else ""
    return {
        "name": column.name,
        "role": role_name(column.role),
        "missing": missing,
        "told": told,
        "bars": _bars(column.histogram),
    }


def _bars(counts: tuple[int, ...]) -> list[int]:
    """Heights from 0 to 100."""
    largest = max(counts, default=0)
    return [round(100 * count / largest) for count in counts] if largest else []


def _shares(classes: dict[str, int]) -> list[tuple[str, str, float]]:
    total = sum(classes.values()) or 1
    return [(name, f"{count:,}", 100.0 * count / total) for name, count in list(classes.items())[:20]]


def _network(contents: Contents) -> dict[str, Any]:
    summary = contents.model.network.summary()
    layers = [
        {
            "name": row.name.split("/")[-1],
            "detail": row.detail,
            "shape": " × ".join(map(str, row.output_shape)),
            "parameters": f"{row.parameters:,}" if row.parameters else "–",
            "depth": row.depth,
        }
        for row in summary.rows
    ]
    shape = " × ".join(map(str, summary.input_shape))
    why = contents.model.settings.get("why") or ""
    return {
        "layers": layers,
        "input": shape,
        "cost": summary.cost,
        "parameters": f"{summary.parameters:,}",
        "why": "" if why == "given" else retold(why),
    }


def _training(contents: Contents) -> dict[str, Any]:
    settings, measured = contents.model.settings, contents.model.measured
    rows = settings_told(settings, TAUGHT)
    best = (
        say("{best} of {epochs}", best=measured["best_epoch"], epochs=measured["epochs"])
        if "epochs" in measured
        else ""
    )
    seconds = sum(row.get("seconds", 0.0) for row in contents.model.history)
    return {
        "settings": rows,
        "best": best,
        "stopped": retold(measured.get("stopped") or ""),
        "seconds": f"{seconds:,.3g}",
        "rate_why": retold(settings.get("rate_why") or ""),
    }


def _figures(found: Assessment | None) -> dict[str, Any] | None:
    if found is None:
        return None
    lines = [
        {
            "name": figure_name(name),
            "headline": name == found.headline,
            "value": figure(name, ours.value),
            "interval": interval(name, ours),
            "rivals": [
                figure(name, rival.figures[name].value) if name in rival.figures else "" for rival in found.rivals
            ],
        }
        for name, ours in listed(found)
    ]
    return {"lines": lines, "rivals": [rival_name(rival.name) for rival in found.rivals], "clusters": found.clusters}


def _groups(found: Assessment | None) -> dict[str, Any] | None:
    if found is None or found.by_group is None:
        return None
    column, slices = found.by_group
    lines = [
        (part.name, f"{part.rows:,}", figure(found.headline, known.value), interval(found.headline, known))
        if (known := part.figures.get(found.headline))
        else (part.name, f"{part.rows:,}", "–", "")
        for part in slices
    ]
    return {"column": column, "measure": figure_name(found.headline), "lines": lines}


def _top(found: Assessment | None) -> dict[str, Any] | None:
    if found is None or not found.at_top:
        return None
    lines = [(f"{top.rows:,}", f"{top.precision:.1%}", f"{top.recall:.1%}") for top in found.at_top]
    return {"name": found.classes[1], "lines": lines}


def _mistakes(contents: Contents) -> list[dict[str, Any]]:
    found = contents.assessment
    if found is None:
        return []
    return [
        {
            "where": place_name(mistake.where),
            "truth": mistake.truth,
            "answer": mistake.answer,
            "sure": f"{mistake.probability:.1%}" if mistake.probability is not None else "",
            "values": list(mistake.values.items()),
            "picture": _picture(found.source, mistake.row),
        }
        for mistake in found.mistakes
    ]


def _picture(source: Any, row: int) -> str:
    """The image of a row, as an address with the image in it; "" for what is no image."""
    from PIL import Image

    if source is None or not hasattr(source, "pixels") or (source.kind == "arrays" and source.x.ndim < 3):
        return ""
    pixels = np.asarray(source.take([row]).pixels()[0], np.float64)
    low, high = float(pixels.min()), float(pixels.max())
    if low < 0 or high > 255 or high <= 1:
        pixels = (pixels - low) / ((high - low) or 1.0) * 255.0
    elif high <= 16:  # as in scikit-learn's digits
        pixels = pixels * (255.0 / 16.0)
    image = Image.fromarray(pixels.round().astype(np.uint8).squeeze())
    times = max(1, SMALLEST_PICTURE // max(image.size))
    image = image.resize((image.width * times, image.height * times), Image.Resampling.NEAREST)
    image.thumbnail((192, 192))
    out = BytesIO()
    image.save(out, "png", optimize=True)
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode("ascii")


def _decisions(contents: Contents) -> dict[str, Any] | None:
    last = contents.decisions
    if not last or not last.get("saved"):
        return None
    lines = [
        {
            "way": way_name(name, len(last["classes"])),
            "cost": money(saving["cost"]),
            "saved": money(saving["saved"]),
            "interval": ""
            if name == "never"
            else say("{low} to {high}", low=money(saving["low"]), high=money(saving["high"])),
            "ours": name == "model",
        }
        for name, saving in last["saved"].items()
    ]
    counts = ", ".join(f"{say(word)} {count:,}" for word, count in last.get("decisions", {}).items())
    costs = last.get("rule", {}).get("costs")
    terms = ", ".join(f"{name} = {value:g}" for name, value in costs.items()) if isinstance(costs, dict) else ""
    return {
        "lines": lines,
        "counts": counts,
        "terms": terms,
        "rows": f"{last.get('rows_tested', 0):,}",
        "pays": last.get("pays"),
    }


def _findings(contents: Contents) -> list[dict[str, str]] | None:
    if contents.findings is None:
        return None
    return [
        {
            "severity": finding.severity,
            "what": finding.what,
            "todo": finding.todo,
            "code": finding.code,
            "evidence": measured(finding.evidence),
            "drawing": drawing(finding.series),
            "of": ", ".join(told(name, values) for name, values in finding.series.items()),
        }
        for finding in contents.findings
    ]

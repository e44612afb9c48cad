"""A run's report, written into the run: report.html, and its plots as PNG beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vitrina.files import write_atomically
from vitrina.reporting.contents import gather_contents

FILE, PLOTS = "report.html", "plots"


def report(
    run: str | Path,
    out: str | Path | None = None,
    *,
    by: str | None = None,
    time: str | None = None,
    trained_on: Any = None,
) -> Path:
    """Writes what there is to know of a run as one HTML file that needs no network, and returns where it is.

    out: where to put it; None for report.html in the run, with its plots as PNG in `plots`. by, time: columns whose values
    are measured one by one, as in `vt.assess`. trained_on: the run's data, where it does not keep them (arrays, frames).
    Raises ModelError if there is no such run, UsageError for a column that is not there, VitrinaError if it cannot be written.
    """
    from vitrina.reporting.writing import written

    contents = gather_contents(run, trained_on, by, time)
    page, plots = written(contents)
    path = Path(out) if out is not None else Path(run) / FILE
    folder = path.parent / (PLOTS if out is None else f"{path.stem}-{PLOTS}")
    for plot in plots:
        write_atomically(folder / f"{plot.name}.png", plot.png)
    write_atomically(path, page)
    return path

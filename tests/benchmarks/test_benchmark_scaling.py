"""The plot of cost against size: measured panel by panel, and told as a table."""

from __future__ import annotations

import json

from benchmarks import scaling
from benchmarks.harness import Measurement, Session


def _session(steps: dict[tuple[str, str], float]) -> Session:
    session = Session({}, rounds=1, seconds=0.1)
    session.measurements = [
        Measurement(workload, name, "ours", 1, seconds_per_step=[seconds])
        for (workload, name), seconds in steps.items()
    ]
    return session


def test_a_panel_measured_anew_replaces_itself_and_keeps_the_others(tmp_path):
    before = _session({("width 16", "vitrina-jax"): 1e-3, ("depth 1", "vitrina-jax"): 2e-3})
    written = tmp_path / "scaling.json"
    written.write_text(json.dumps(before.to_json()), "utf-8")
    session = _session({("width 16", "vitrina-jax"): 5e-3})
    scaling.keep_the_rest(session, written)
    assert {(m.workload, m.step) for m in session.measurements} == {("width 16", 5e-3), ("depth 1", 2e-3)}


def test_what_has_not_been_measured_before_needs_no_file(tmp_path):
    session = _session({("width 16", "vitrina-jax"): 5e-3})
    scaling.keep_the_rest(session, tmp_path / "none.json")
    assert len(session.measurements) == 1


def test_the_table_marks_the_fastest_of_each_point_and_leaves_out_who_was_not_measured():
    lines = scaling.table(
        _session({("width 16", "pytorch"): 250e-6, ("width 16", "vitrina-jax"): 12.34e-6})
    ).splitlines()
    row = next(line for line in lines if line.startswith("| width 16 |"))
    cells = dict(zip(scaling.SHOWN, (cell.strip() for cell in row.strip("|").split("|")[1:]), strict=True))
    assert cells == {name: "" for name in scaling.SHOWN} | {"pytorch": "250", "vitrina-jax": "**12.3**"}


def test_the_plot_is_drawn_from_one_panel_alone(tmp_path):
    scaling.plot(_session({("width 16", "vitrina-jax"): 1e-3, ("width 64", "vitrina-jax"): 2e-3}), tmp_path / "one.svg")
    assert (tmp_path / "one.svg").stat().st_size > 1000

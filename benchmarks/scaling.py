"""Cost as work grows: time per training step against width, depth and batch, ours beside their peers.

`python -m benchmarks.scaling [--out benchmarks/scaling.svg]`: dense networks of 30 inputs and 2 classes, Adam, float32.
In each panel one thing grows and the others stay at 3 hidden layers of 128 neurons and a batch of 128. Every contestant
has a process of its own and takes turns, as in the main benchmark. Prints a Markdown table; writes a plot, and the numbers
beside it as JSON. `--only width` measures one panel and keeps what is written of the others: a machine is seldom quiet for long.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks import harness
from benchmarks.contestants import CONTESTANTS
from benchmarks.harness import Session
from benchmarks.workloads import Workload, dense

WIDTH, DEPTH, BATCH = 128, 3, 128
GROWS = {"width": (16, 64, 256, 1024), "depth": (1, 3, 9, 27), "batch": (8, 64, 512, 4096)}
UNITS = {"width": "neurons in a layer", "depth": "hidden layers", "batch": "examples in a batch"}
STEPS = 32  # in an epoch
SHOWN = {
    "vitrina-numpy": "#0072b2",
    "vitrina-jax": "#d55e00",
    "vitrina-torch": "#009e73",
    "vitrina-tensorflow-xla": "#cc79a7",
    "pytorch": "#009e73",
    "flax-nnx": "#d55e00",
    "keras-jax": "#e69f00",
    "keras-tensorflow": "#cc79a7",
}


def workloads(panels: Iterable[str] = GROWS) -> list[Workload]:
    """One for each point of each panel, named like "width 64"."""
    return [_workload(what, size) for what in panels for size in GROWS[what]]


def _workload(what: str, size: int) -> Workload:
    sizes = {"width": WIDTH, "depth": DEPTH, "batch": BATCH} | {what: size}
    layers = dense(*[sizes["width"]] * sizes["depth"], 2)
    name = f"{what} {size}"
    return Workload(name, name, name, (30,), layers, sizes["batch"], STEPS * sizes["batch"], check_epochs=2)


def keep_the_rest(session: Session, written: Path) -> None:
    """Adds what `written` tells of workloads that `session` has not measured."""
    if written.exists():
        before = Session.from_json(json.loads(written.read_text("utf-8")))
        anew = {m.workload for m in session.measurements}
        session.measurements += [m for m in before.measurements if m.workload not in anew]


def table(session: Session) -> str:
    """Markdown: a line for each point, µs a step of each contestant, the fastest in bold."""
    lines = [f"| | {' | '.join(SHOWN)} |", f"| --- |{' ---: |' * len(SHOWN)}"]
    for workload in workloads():
        steps = {name: m.step * 1e6 for name, m in session.of(workload.name).items()}
        fastest = min(steps, key=lambda name: steps[name], default=None)
        told = {name: f"{step:.0f}" if step >= 100 else f"{step:.1f}" for name, step in steps.items()}
        cells = [f"**{told[name]}**" if name == fastest else told.get(name, "") for name in SHOWN]
        lines.append(f"| {workload.name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def plot(session: Session, out: Path) -> None:
    """Three panels, one for each thing that grows; both axes logarithmic; peers dashed."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    mpl.rcParams["svg.hashsalt"] = "vitrina"  # the same numbers, the same file
    figure, panels = pyplot.subplots(1, len(GROWS), figsize=(13, 4.4), sharey=True, layout="constrained")
    for panel, (what, sizes) in zip(panels, GROWS.items(), strict=True):
        for name, colour in SHOWN.items():
            points = [(size, session.of(f"{what} {size}").get(name)) for size in sizes]
            known = [(size, m.step * 1e6) for size, m in points if m]
            ours = CONTESTANTS[name].kind == "ours"
            style: dict[str, Any] = {"linestyle": "-" if ours else "--", "marker": "o" if ours else "x"}
            if not known:
                continue
            panel.plot(*zip(*known, strict=True), color=colour, label=name, linewidth=2 if ours else 1.4, **style)
        panel.set(xscale="log", yscale="log", xlabel=UNITS[what], xticks=sizes, title=f"As the {what} grows")
        panel.set_xticklabels([str(size) for size in sizes])
        panel.minorticks_off()
        panel.grid(alpha=0.3)
        panel.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("µs for one training step")
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=len(SHOWN), frameon=False, fontsize=9)
    figure.savefig(out, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description="Time per training step as width, depth and batch grow.")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/scaling.svg"), help="where to put the plot")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.5, help="about how long a turn is")
    parser.add_argument("--only", nargs="+", choices=GROWS, default=list(GROWS), help="the panels to measure (all)")
    given = parser.parse_args()
    progress = Console(stderr=True)
    contestants = [CONTESTANTS[name] for name in SHOWN]
    session = harness.measure(workloads(given.only), contestants, given.rounds, given.seconds, progress.print)
    keep_the_rest(session, given.out.with_suffix(".json"))
    print(table(session))
    given.out.with_suffix(".json").write_text(json.dumps(session.to_json(), indent=1) + "\n", "utf-8")
    plot(session, given.out)
    progress.print(f"written: {given.out}, {given.out.with_suffix('.json')}")


if __name__ == "__main__":  # the contestants' processes import this file as well
    main()

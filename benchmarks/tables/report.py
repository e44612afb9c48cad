"""What was measured, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import mean, stdev

from benchmarks import machine
from benchmarks.tables.data import Task
from benchmarks.tables.judging import higher_is_better, mean_ranks, measures_of
from benchmarks.tables.learners import LEARNERS
from benchmarks.tables.running import Course, Result

NAN = float("nan")


def markdown(tasks: Sequence[Task], results: Iterable[Result], course: Course, absent: Sequence[str]) -> str:
    """The whole of TABLES.md. absent: sentences about what was left out."""
    by_place: dict[tuple[str, str], list[Result]] = {}
    for one in sorted(results, key=lambda one: one.fold):
        by_place.setdefault((one.table, one.learner), []).append(one)
    names = [name for name in LEARNERS if any(learner == name for _, learner in by_place)]
    own = machine.describe()
    lines = [
        "# Ordinary tables",
        "",
        f"Written by `python -m benchmarks.tables` on {own['date']}, {own['processor']}, {own['cores']} cores "
        f"({own['load before']}).",
        "",
        f"Each learner as it comes, nothing tuned by hand, on the same {_folds(by_place, course)} of each table (stratified by "
        f"class; at most {course.most_rows:,} rows, drawn at random). Vitrina is `vt.train(frame, target=...)`. Whoever takes more "
        f"than {course.seconds:g} s for a fold is ended and comes last there. Seconds are for learning and predicting a fold, "
        "without imports. Mean ± deviation over the folds; **bold** is the best network, – is for who did not finish or was not "
        f"asked. A mean rank is over the {len(_ranked(tasks, by_place, names))} tables that all were asked to learn, by the first "
        "measure of each, and again by the second; 1 is best.",
        *(f"\n{sentence}" for sentence in absent),
        "",
        "## Ranks",
        "",
        *_ranks(tasks, by_place, names),
    ]
    for place, heading in enumerate(("## What is ranked by", "## What is told beside it")):
        lines += ["", heading, "", *_scores(tasks, by_place, names, place)]
    lines += ["", "## Seconds a fold", "", *_seconds(tasks, by_place, names)]
    failures = {f"{one.learner} on {one.table}: {one.failure}": None for one in results if one.failure}
    if failures:
        lines += ["", "## What went wrong", "", *(f"- {sentence}" for sentence in failures)]
    return "\n".join(lines) + "\n"


def _folds(found: Mapping[tuple[str, str], list[Result]], course: Course) -> str:
    used = max((one.fold + 1 for each in found.values() for one in each), default=course.folds)
    return f"{course.folds} folds" if used >= course.folds else f"{used} of {course.folds} folds"


def _ranked(
    tasks: Sequence[Task], found: Mapping[tuple[str, str], list[Result]], names: Sequence[str]
) -> Sequence[Task]:
    """The tables that all were asked to learn: places among fewer cannot be compared."""
    return [task for task in tasks if all((task.name, name) in found for name in names)]


def _ranks(tasks: Sequence[Task], found: Mapping[tuple[str, str], list[Result]], names: Sequence[str]) -> list[str]:
    networks = [name for name in names if LEARNERS[name].kind == "network"]
    tasks = _ranked(tasks, found, names)
    columns: list[dict[str, float]] = []
    for place in (0, 1):
        for among in (networks, names):
            columns.append(mean_ranks([_means(task, found, among, place) for task in tasks]))
    lines = [
        "| learner | kind | among networks | among all | among networks, second measure | among all, second measure |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for name in sorted(names, key=lambda name: columns[1].get(name, NAN)):
        cells = [f"{column[name]:.2f}" if name in column else "" for column in columns]
        lines.append(f"| {name} | {LEARNERS[name].kind} | {' | '.join(cells)} |")
    return lines


def _means(
    task: Task, found: Mapping[tuple[str, str], list[Result]], names: Sequence[str], place: int
) -> tuple[str, dict[str, float]]:
    """The measure and each learner's mean; NaN where a fold is without a score."""
    measure = measures_of(task)[place]
    own = {name: found[task.name, name] for name in names if (task.name, name) in found}
    return measure, {name: mean(one.scores.get(measure, NAN) for one in each) for name, each in own.items()}


def _scores(
    tasks: Sequence[Task], found: Mapping[tuple[str, str], list[Result]], names: Sequence[str], place: int
) -> list[str]:
    lines = [f"| table | measure | {' | '.join(names)} |", f"| --- | --- |{' ---: |' * len(names)}"]
    for task in tasks:
        measure, means = _means(task, found, names, place)
        networks = [value for name, value in means.items() if LEARNERS[name].kind == "network" and value == value]
        best = (max if higher_is_better(measure) else min)(networks, default=NAN)
        digits = 0 if abs(best) >= 100 else 2 if abs(best) >= 10 else 4
        cells: list[str] = []
        for name in names:
            value = means.get(name, NAN)
            scores = [one.scores[measure] for one in found.get((task.name, name), []) if measure in one.scores]
            spread = f" ± {stdev(scores):.{digits}f}" if len(scores) > 1 else ""
            bold = "**" if value == best and LEARNERS[name].kind == "network" else ""
            cells.append(f"{bold}{value:.{digits}f}{bold}{spread}" if value == value else "–")
        arrow = "↑" if higher_is_better(measure) else "↓"
        lines.append(f"| {task.name} ({task.frame.height:,}) | {measure} {arrow} | {' | '.join(cells)} |")
    return lines


def _seconds(tasks: Sequence[Task], found: Mapping[tuple[str, str], list[Result]], names: Sequence[str]) -> list[str]:
    lines = [f"| table | {' | '.join(names)} |", f"| --- |{' ---: |' * len(names)}"]
    for task in tasks:
        own = [[one.seconds for one in found.get((task.name, name), [])] for name in names]
        lines.append(f"| {task.name} | {' | '.join(f'{mean(each):.1f}' if each else '' for each in own)} |")
    return lines

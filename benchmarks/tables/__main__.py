"""python -m benchmarks.tables [--data NAME ...] [--learner NAME ...] [--folds 5] [--seconds S] [--rows N] [--out FILE]"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.tables.data import SHARED, TABLES, Task, load
from benchmarks.tables.learners import LEARNERS
from benchmarks.tables.r_tables import R_TABLES
from benchmarks.tables.report import markdown
from benchmarks.tables.running import Course, Result, results


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tables", description=__doc__)
    parser.add_argument("--data", nargs="+", choices=[*TABLES, *R_TABLES], default=list(TABLES), metavar="NAME")
    parser.add_argument(
        "--r", action="store_const", dest="data", const=list(R_TABLES), help="the tables of R's packages instead"
    )
    parser.add_argument("--learner", nargs="+", choices=LEARNERS, default=list(LEARNERS), metavar="NAME")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--first", type=int, help="only so many of the folds")
    parser.add_argument("--seconds", type=float, default=300.0, help="what a learner may take for a fold")
    parser.add_argument("--rows", type=int, default=10_000, help="of a table at most")
    parser.add_argument("--folder", type=Path, default=SHARED, help="where the CSV files are")
    parser.add_argument("--results", type=Path, help="JSON lines; what is in it already is not measured again")
    parser.add_argument("--only-write", action="store_true", help="what is in --results, measuring nothing")
    parser.add_argument("--out", type=Path, help="a file to write the Markdown to")
    given = parser.parse_args()
    course = Course(given.folder, given.rows, given.folds, given.seconds)
    absent = [f"{name} is left out: it is not installed." for name in given.learner if not LEARNERS[name].installed]
    tasks: list[Task] = []
    for name in given.data:
        try:
            tasks.append(load(name, given.rows, given.folder))
        except FileNotFoundError as error:
            absent.append(f"{name} is left out: there is no {error.filename or error}.")
    known = _read(given.results)
    for task in tasks:
        for name in given.learner:
            if LEARNERS[name].installed and not given.only_write:
                there = {one.fold for one in known if (one.table, one.learner) == (task.name, name)}
                wanted = [fold for fold in range(given.first or given.folds) if fold not in there]
                for one in results(name, task.name, course, wanted):
                    known.append(one)
                    print(f"{one.table}, {one.learner}, fold {one.fold}: {one.failure or one.scores}", file=sys.stderr)
                    if given.results:
                        with given.results.open("a", encoding="utf-8") as lines:
                            lines.write(json.dumps(asdict(one)) + "\n")
    text = markdown(tasks, [one for one in known if one.learner in given.learner], course, absent)
    print(text)
    if given.out:
        given.out.write_text(text, "utf-8")


def _read(path: Path | None) -> list[Result]:
    if path is None or not path.exists():
        return []
    return [Result(**json.loads(line)) for line in path.read_text("utf-8").splitlines()]


if __name__ == "__main__":
    main()

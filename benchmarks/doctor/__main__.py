"""python -m benchmarks.doctor [--seeds N] [--engine numpy,jax] [--only NAME] [--half fitted|held-out] [--batch MODULE] [--heal]"""

from __future__ import annotations

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")  # the set-ups are small, and run beside each other

import argparse  # noqa: E402
import json  # noqa: E402
import multiprocessing  # noqa: E402
from concurrent.futures import ProcessPoolExecutor, as_completed  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from benchmarks.doctor.catalogue import every_setup, is_fitted  # noqa: E402
from benchmarks.doctor.data import IN_SHARED, SHARED  # noqa: E402
from benchmarks.doctor.measure import work  # noqa: E402
from benchmarks.doctor.score import show  # noqa: E402
from benchmarks.doctor.setups import chosen  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.doctor", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--engine", default="numpy", help="or several, with commas between them")
    parser.add_argument("--half", choices=("fitted", "held-out"), help="one half of the set-ups only")
    parser.add_argument("--batch", default="", help="part of a module's name: only the set-ups that were written in it")
    parser.add_argument("--only", help="part of a name, or a code")
    parser.add_argument("--heal", action="store_true", help="also repair what fails")
    parser.add_argument("--keep", help="a folder for the runs; those in it are diagnosed anew, and not taught again")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", help="a file for the outcomes, as JSON lines")
    given = parser.parse_args()
    if not SHARED.is_dir():
        print(f"without {SHARED}, the set-ups on {', '.join(IN_SHARED)} are left out")
    tasks = [
        (one.name, kind, seed, engine, given.heal, given.keep)
        for engine in given.engine.split(",")
        for seed in range(given.seeds)
        for one in chosen(every_setup(), given.only)
        if given.batch in one.written_in.rpartition(".")[2]
        if given.half is None or is_fitted(one.name) is (given.half == "fitted")
        for kind in (("healthy",) if one.healthy else ("faulty", "twin"))
    ]
    outcomes: list[dict[str, Any]] = []
    with ProcessPoolExecutor(given.workers, multiprocessing.get_context("spawn")) as pool:
        for outcome in as_completed([pool.submit(work, task) for task in tasks]):
            outcomes.append(outcome.result())
            if given.out:
                Path(given.out).write_text("".join(json.dumps(one) + "\n" for one in outcomes))
    show(outcomes)


if __name__ == "__main__":
    main()

"""python -m benchmarks.doctor.torchmortem_peer [--only NAME] --out FILE: torchmortem on the set-ups, taught in PyTorch.

It needs a training of PyTorch's own, so the set-ups are taught a second time (`in_torch.py`); those with recurrent layers, attention,
augmentation, smoothed labels, and layers or costs of one's own are left out. What it calls critical or a warning counts. Install it
beside this project's packages; `python -m benchmarks.doctor.report` takes the file beside the outcomes.
"""

from __future__ import annotations

import argparse
import json
import logging
import warnings
from pathlib import Path
from typing import Any

NAMES = {  # category: the codes of ours that it would be right about
    "gradient_flow": (
        *("vanishing", "exploding-depth", "weights-too-small", "weights-too-large", "too-deep-plain", "rate-too-high"),
        *(
            "layers-unbalanced",
            "frozen",
            "symmetric-weights",
            "dead-units",
            "cost-summed",
            "input-constant",
            "clipped-to-nothing",
        ),
    ),
    "dead_units": ("dead-units", "output-clipped"),
    "saturation": ("saturated", "weights-too-large", "input-scale"),
    "update_ratio": (
        "rate-too-high",
        "rate-too-low",
        "clipped-to-nothing",
        "schedule-ends-early",
        "rate-oscillates",
        "frozen",
    ),
    "loss_dynamics": (
        *(
            "rate-too-high",
            "rate-oscillates",
            "diverging",
            "plateau",
            "rate-too-low",
            "falls-slowly",
            "schedule-ends-early",
        ),
        *("clipped-to-nothing", "cost-sign", "symmetric-weights", "one-unit-softmax"),
    ),
    "weight_norm": ("decay-too-strong", "weights-too-large", "diverging", "frozen", "rate-too-low", "rate-too-high"),
    "rank_collapse": ("bottleneck", "symmetric-weights", "too-deep-plain", "dead-units"),
    "gradient_noise": ("batch-too-small", "label-noise", "labels-unrelated"),
}


def problems(kit: Any, seed: int) -> list[str]:
    """The categories of what it finds above a note. Raises `in_torch.Untranslated`."""
    import torchmortem  # pyright: ignore[reportMissingImports]

    from benchmarks.doctor.in_torch import teach

    def watch(module: Any, optimizer: Any) -> Any:
        autopsy = torchmortem.Autopsy(module, optimizer=optimizer)
        autopsy.attach()
        return autopsy

    autopsy = teach(kit, seed, watch)
    autopsy.detach()
    return sorted({one.category for one in autopsy.get_report().findings if one.severity.name != "INFO"})


def work(task: tuple[str, str, int]) -> dict[str, Any] | None:
    """(name, kind, seed): what it says; None where the set-up cannot be taught in PyTorch here."""
    import torch

    from benchmarks.doctor.catalogue import named_setup
    from benchmarks.doctor.in_torch import Untranslated

    torch.set_num_threads(1)
    logging.disable(logging.CRITICAL)
    name, kind, seed = task
    setup = named_setup(name)
    kit = setup.twin(seed) if kind == "twin" and setup.twin else setup.faulty(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = problems(kit, seed)
        except (Untranslated, KeyError, RuntimeError):
            return None
    return {"name": name, "kind": kind, "seed": seed, "others": {"torchmortem": found}}


def main() -> None:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    from benchmarks.doctor.catalogue import every_setup
    from benchmarks.doctor.setups import chosen

    parser = argparse.ArgumentParser(prog="python -m benchmarks.doctor.torchmortem_peer", description=__doc__)
    parser.add_argument("--only")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", required=True)
    given = parser.parse_args()
    tasks = [
        (one.name, kind, given.seed)
        for one in chosen(every_setup(), given.only)
        for kind in (("healthy",) if one.healthy else ("faulty", "twin"))
    ]
    said: list[dict[str, Any]] = []
    with ProcessPoolExecutor(given.workers, multiprocessing.get_context("spawn")) as pool:
        for one in pool.map(work, tasks):
            if one is not None:
                said.append(one)
                Path(given.out).write_text("".join(json.dumps(each) + "\n" for each in said))
    print(f"{len(said)} of {len(tasks)} trainings could be taught in PyTorch")


if __name__ == "__main__":
    main()

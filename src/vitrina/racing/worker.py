"""One contestant, in a process of its own: teaches the network for a moment, and prints what it took as one line of JSON.

python -m vitrina.racing.worker FOLDER      # FOLDER holds request.json and examples.npz
"""

from __future__ import annotations

import json
import math
import signal
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from vitrina import engines
from vitrina.errors import VitrinaError
from vitrina.learning.callbacks import Callback
from vitrina.learning.feed import Examples
from vitrina.learning.history import Row
from vitrina.learning.loop import Learner, Plan
from vitrina.learning.optimizers import Optimizer
from vitrina.learning.schedules import ConstantRate
from vitrina.learning.step import Recipe
from vitrina.locale import say, use
from vitrina.network.network import Network

EPOCHS = 40  # short ones: as many as fit into the time, three at least
LEAST = 3
STILL = 1e-12  # a learning rate


class _Watch(Callback):
    """Notes the seconds of each short epoch, and ends the training when it has seen enough."""

    def __init__(self, seconds: float) -> None:
        self._until = seconds
        self.epochs: list[float] = []

    def epoch_done(self, learner: Learner, row: Row) -> None:
        self.epochs.append(row["seconds"])
        if len(self.epochs) > LEAST and sum(self.epochs[1:]) > self._until:
            learner.stop("seen enough")


def measure(request: dict[str, Any], examples: Examples) -> dict[str, Any]:
    """Import and compile seconds, seconds a step (the median epoch's), and the most memory this process ever held, in bytes."""
    began = time.perf_counter()
    engine = engines.get(request["engine"], request["precision"])
    imported = time.perf_counter()
    network = Network.from_json(request["network"])
    plan = Plan(request["batch_size"], EPOCHS)
    steps = plan.steps_per_epoch(examples.rows)
    watch = _Watch(request["seconds"])
    # so small a rate that the weights stay what they are: a network that diverges stops, or meets slow numbers
    optimizer = replace(Optimizer.from_json(request["optimizer"]), learning_rate=STILL)
    recipe = Recipe(network, optimizer, ConstantRate(), steps * EPOCHS)
    made = time.perf_counter()
    learner = Learner(engine, recipe, plan, examples, callbacks=[watch])
    built = time.perf_counter()
    learner.run()
    epoch = statistics.median(watch.epochs[1:])
    return {
        "import_seconds": imported - began,
        "compile_seconds": built - made + max(0.0, watch.epochs[0] - epoch),
        "step_seconds": epoch / steps,
        "memory": _most_memory(),
    }


def answer(request: dict[str, Any], examples: Examples) -> dict[str, Any]:
    """What was measured, or the `problem` in one sentence of the language that is asked for."""
    try:
        return measure(request, examples)
    except VitrinaError as error:
        return {"problem": str(error)}
    except MemoryError:
        return {"problem": say("there was not enough memory")}
    except Exception as error:
        return {"problem": f"{type(error).__name__}: {' '.join(str(error).split())}"[:160]}


def _most_memory() -> int:
    try:
        import resource
    except ImportError:  # Windows
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def main() -> None:
    folder = Path(sys.argv[1])
    request = json.loads((folder / "request.json").read_text("utf-8"))
    use(request["language"])
    with np.load(folder / "examples.npz") as arrays:
        examples = Examples(arrays["x"], arrays["y"])
    if hasattr(signal, "alarm"):  # should the judge be killed, nobody is left to stop a contestant that hangs
        signal.alarm(math.ceil(request["patience"]) + 5)
    found = answer(request, examples)
    sys.stdout.write("\n" + json.dumps(found) + "\n")  # on a line of its own, whatever a framework has said before


if __name__ == "__main__":
    main()

"""Running a race: each contestant alone, one after the other, so that frameworks do not fight over cores."""

from __future__ import annotations

import contextlib
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from vitrina.engines.engine import PRECISIONS
from vitrina.engines.registry import ENGINES, is_installed
from vitrina.errors import DataError, UsageError
from vitrina.learning.optimizers import Adam, Optimizer
from vitrina.locale import language, say
from vitrina.network.network import Network
from vitrina.racing import cache
from vitrina.racing.estimates import contestants, estimates
from vitrina.racing.standings import Race, Standing, ranked

SECONDS = 0.5  # each contestant's time to show its pace, once it has compiled
PATIENCE = 180.0  # seconds until a contestant that does not answer is sent away
STEPS = (2, 256)  # of the short epochs whose time is taken
EPOCH_SECONDS = 0.1  # about


def race(
    network: Network,
    data: Any = None,
    batch_size: int = 32,
    *,
    rows: int | None = None,
    epochs: int = 10,
    engines: Sequence[str] | None = None,
    precision: str = "float32",
    optimizer: Optimizer | None = None,
    fresh: bool = False,
    watch: Callable[[str], None] | None = None,
) -> Race:
    """Times every installed engine and variant on this network and batch, and says which finishes the training first.

    data: (x, y), as for `vt.train`; None makes numbers up that fit the network. rows, epochs: of the training that is asked
    about (rows None: those of the data, or 10,000). engines: names, perhaps with a variant, to race only these.
    precision, optimizer: as in `vt.train`. fresh: measure again what was measured before. watch: called with the name of each
    contestant before it starts.

    Each runs the real training loop in a process of its own; importing and compiling count. What was measured is kept in the
    user's cache folder ($VITRINA_CACHE), per network, batch, versions and machine.
    Raises UsageError for an unknown engine, precision or impossible number, or if something else than a network is given,
    DataError for data that the network cannot be taught with.
    """
    if not isinstance(network, Network):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise UsageError(say("race takes a network, not {network!r}", network=network))
    for name, value in {"batch_size": batch_size, "rows": rows, "epochs": epochs}.items():
        if value is not None and (not isinstance(value, int) or value < 1):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise UsageError(say("{name} must be a whole number of 1 or more, not {value!r}", name=name, value=value))
    if precision not in PRECISIONS:
        raise UsageError(
            say("unknown precision {precision!r}; it can be {known}", precision=precision, known=", ".join(PRECISIONS))
        )
    chosen = _wanted(network, engines)
    x, y = examples_for(network, data)
    rows = rows or (len(x) if data is not None else 10_000)
    optimizer = optimizer or Adam()
    known = {} if fresh else cache.load(cache.key(network, batch_size, precision, type(optimizer).__name__))
    measured = run(
        network, (x, y), batch_size, precision, optimizer, [one for one in chosen if one not in known], watch
    )
    found = [known.get(engine) or measured[engine] for engine in chosen]
    flops = 3 * batch_size * network.flops
    reached = [0.0 if one.problem else flops / one.step_seconds for one in found]
    peak = cache.peak(at_least=max(reached)) if any(reached) else 1.0
    found = [replace(one, peak_share=speed / peak) for one, speed in zip(found, reached, strict=True)]
    steps = -(-rows // batch_size) * epochs
    missing = {name: entry.install for name, entry in ENGINES.items() if not is_installed(name)} if not engines else {}
    return Race(ranked(found, steps), steps, batch_size, missing)


def run(
    network: Network,
    data: tuple[np.ndarray, np.ndarray],
    batch_size: int,
    precision: str,
    optimizer: Optimizer,
    engines: Sequence[str],
    watch: Callable[[str], None] | None = None,
    seconds: float = SECONDS,
    patience: float = PATIENCE,
    within: float = math.inf,
) -> dict[str, Standing]:
    """Measures these contestants (all but their share of the peak), and adds what was measured to what is kept.

    patience: seconds for each; within: for all of them, after which the one at it is sent away and the rest do not start.
    """
    until = time.monotonic() + within
    if not engines:
        return {}
    name = cache.key(network, batch_size, precision, type(optimizer).__name__)
    found: dict[str, Standing] = {}
    request = {
        "network": network.to_json(),
        "batch_size": batch_size,
        "precision": precision,
        "optimizer": optimizer.to_json(),
        "seconds": seconds,
        "language": language(),
    }
    with tempfile.TemporaryDirectory(prefix="vitrina-race-") as folder:
        x, y = _portion(network, data, batch_size)
        np.savez(Path(folder) / "examples.npz", x=x, y=y)
        for engine in engines:
            left = min(patience, until - time.monotonic())
            if left <= 0.0:
                break
            if watch:
                watch(engine)
            found[engine] = _measure(Path(folder), request | {"engine": engine, "patience": left}, left)
    cache.store(name, cache.load(name) | found)
    return found


def _measure(folder: Path, request: dict[str, Any], patience: float) -> Standing:
    (folder / "request.json").write_text(json.dumps(request), "utf-8")
    engine = request["engine"]
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": _path()}
    with subprocess.Popen(
        [
            sys.executable,
            "-P",
            "-m",
            "vitrina.racing.worker",
            str(folder),
        ],  # -P: no module of the user's folder gets in
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=environment,
        process_group=0 if os.name == "posix" else None,
    ) as child:
        try:
            out, err = child.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            _end(child)
            return Standing(engine, problem=say("gave no answer within {seconds:.0f} s", seconds=patience))
        except BaseException:  # Ctrl-C, above all: nobody goes on racing without a judge
            _end(child)
            raise
    if child.returncode != 0:
        return Standing(engine, problem=_reason(err, child.returncode))
    try:
        return Standing(engine, **json.loads(out.strip().splitlines()[-1]))
    except (IndexError, TypeError, ValueError):
        return Standing(engine, problem=say("gave an answer that cannot be read"))


def _end(child: subprocess.Popen[str]) -> None:
    """Ends a contestant and the compilers it has started, which would go on taking the cores of the next one."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
    child.kill()


def _reason(err: str, status: int) -> str:
    """The last line of a traceback, or how the process ended."""
    if status < 0:
        if status == -9:
            return say("was ended by signal {number} (out of memory?)", number=9)
        return say("was ended by signal {number}", number=-status)
    lines = [line for line in err.strip().splitlines() if line.strip()]
    return " ".join(lines[-1].split())[:160] if lines else say("ended with status {number}", number=status)


def _path() -> str:
    """Where the child finds this very Vitrina, and whatever the user put on the path."""
    home = str(Path(__file__).resolve().parents[2])
    return os.pathsep.join([home, *filter(None, [os.environ.get("PYTHONPATH", "")])])


def _wanted(network: Network, engines: Sequence[str] | None) -> list[str]:
    """The contestants by their full names. Raises UsageError for one that is unknown."""
    able = contestants(network)
    if engines is None:
        return able
    chosen: list[str] = []
    for given in [engines] if isinstance(engines, str) else engines:
        name, _, variant = given.partition(":")
        if name not in ENGINES or (variant and variant not in ENGINES[name].variants):
            known = ", ".join(f"{name}:{variant}" for name, entry in ENGINES.items() for variant in entry.variants)
            raise UsageError(say("unknown engine {given!r}; it can be {known}", given=given, known=known))
        full = given if len(ENGINES[name].variants) > 1 else name
        own = [one for one in able if one == full or one.partition(":")[0] == full]
        if not own:
            raise UsageError(
                say(
                    "engine {given} cannot run this network here; install it with: {command}",
                    given=given,
                    command=ENGINES[name].install,
                )
            )
        chosen += [one for one in own if one not in chosen]
    return chosen


def examples_for(network: Network, data: Any) -> tuple[np.ndarray, np.ndarray]:
    """(x, y) as given, or numbers made up that this network can be taught with. Raises DataError for what it cannot be."""
    if data is not None:
        from vitrina.material import checked_pair

        return checked_pair(network, data, "x", "y")
    rng = np.random.default_rng(0)
    count = 256
    x = rng.standard_normal((count, *network.input_shape), dtype=np.float32)
    for largest in (1000, 10, 2, 1):  # what reads tokens takes whole numbers, below some number it knows
        try:
            network.check_values(x, "x")
            break
        except DataError:
            x = rng.integers(largest, size=x.shape).astype(np.float32)
    shape = network.output_shape
    if network.cost.link == "softmax" and shape[-1] > 1:
        return x, rng.integers(shape[-1], size=(count, *shape[:-1])).astype(np.int32)
    if network.cost.label == "quantile":
        shape = (shape[0] // len(network.cost.quantiles),)  # pyright: ignore[reportAttributeAccessIssue]
    return x, rng.integers(2, size=(count, *shape)).astype(np.float32)  # 0 and 1: right for counts, shares and numbers


def _portion(network: Network, data: tuple[np.ndarray, np.ndarray], batch_size: int) -> tuple[np.ndarray, np.ndarray]:
    """As many whole batches as about EPOCH_SECONDS will take, the rows used again where there are too few."""
    step = min(one.step for one in estimates(network, batch_size))
    steps = int(min(max(EPOCH_SECONDS / step, STEPS[0]), STEPS[1]))
    rows = np.arange(steps * batch_size) % len(data[0])
    x, y = data[0][rows], data[1][rows]
    return x, y

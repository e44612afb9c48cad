"""Who takes part. A contestant is a module with

    prepare(workload, data, start, **options) -> run;    run(epochs) -> weights

`data` is (x, y); `start` the weights to begin with; `run` trains so many epochs more, each over rows in a new order,
and returns only when the arithmetic is done, with the weights as NumPy arrays named and shaped like those of `start`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.deep import Deep
from benchmarks.workloads import Weights, Workload

Data = tuple[np.ndarray, np.ndarray]
Run = Callable[[int], Weights]


@dataclass(frozen=True)
class Contestant:
    """A name in the tables, and how to get it going in a fresh process."""

    name: str
    module: str
    kind: str  # "high-level" (Keras, scikit-learn, the PyTorch loop), "hand-written" (JAX), "ours"
    imports: tuple[str, ...] = ()  # what its framework is, so that importing it is timed apart
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    networks: str = "all"  # "dense": has no convolution; "convolutional": would be the same as another on Dense
    deep: str = ""  # the module for the deeper networks, if it is another; "no": takes no part there

    def can_learn(self, workload: Workload | Deep) -> bool:
        if isinstance(workload, Deep):
            return self.deep != "no"
        return self.networks == "all" or (self.networks == "dense") == workload.is_dense

    def module_for(self, workload: Workload | Deep) -> str:
        return self.deep if self.deep and isinstance(workload, Deep) else self.module


def _keras(backend: str, steps: int) -> Contestant:
    name = f"keras-{backend}" + (f"-{steps}" if steps > 1 else "")
    environment = {"KERAS_BACKEND": backend}
    options = {"steps_per_execution": steps}
    deep = "benchmarks.peers.deep_keras"
    return Contestant(name, "benchmarks.peers.keras_fit", "high-level", ("keras",), options, environment, deep=deep)


def _pytorch(name: str, **options: Any) -> Contestant:
    deep = "benchmarks.peers.deep_torch"
    return Contestant(name, "benchmarks.peers.pytorch_loop", "high-level", ("torch",), options, deep=deep)


def _jax(name: str, module: str, networks: str = "all", **options: Any) -> Contestant:
    return Contestant(
        name, f"benchmarks.peers.{module}", "hand-written", ("jax",), options, networks=networks, deep="no"
    )


def _ours(name: str, engine: str, *imports: str, networks: str = "all") -> Contestant:
    return Contestant(f"vitrina-{name}", "benchmarks.ours", "ours", imports, {"engine": engine}, networks=networks)


CONTESTANTS = {
    contestant.name: contestant
    for contestant in (
        _pytorch("pytorch"),
        _pytorch("pytorch-compiled", compiled=True),
        Contestant("flax-nnx", "benchmarks.peers.flax_nnx", "high-level", ("flax.nnx", "optax")),
        *(_keras(backend, steps) for backend in ("tensorflow", "jax") for steps in (1, 128)),
        _keras("torch", 1),  # steps_per_execution must be 1 there, Keras says
        Contestant("scikit-learn", "benchmarks.peers.scikit", "high-level", ("sklearn",), networks="dense", deep="no"),
        _jax("jax-step", "jax_step"),
        _jax("jax-scan", "jax_scan"),
        # jax.lax.conv collapses inside scan on CPUs, and to beat that proves little: the same with a better convolution
        _jax("jax-scan-patches", "jax_scan", networks="convolutional", patches=True),
        _ours("numpy", "numpy"),
        _ours("jax", "jax:scan", "jax"),
        _ours("jax-eigen", "jax:eigen", "jax"),
        _ours("torch", "torch:eager", "torch"),
        _ours("torch-compiled", "torch:compiled", "torch"),
        _ours("tensorflow", "tensorflow:graph", "tensorflow"),
        _ours("tensorflow-xla", "tensorflow:xla", "tensorflow"),
        _ours("auto", "auto"),
        _ours("auto-base", "auto-base"),
    )
}
# Vitrina, and the peers of which each has been the fastest of some network: enough for every ratio to the fastest.
LEADING = (
    *("pytorch", "pytorch-compiled", "flax-nnx", "keras-tensorflow-128", "keras-jax-128", "jax-step"),
    *(name for name, contestant in CONTESTANTS.items() if contestant.kind == "ours"),
)

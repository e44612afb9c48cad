"""JAX by hand, the usual way: one jitted step, called for every batch from a Python loop."""

from __future__ import annotations

from functools import partial

import jax
import numpy as np

from benchmarks.contestants import Data, Run
from benchmarks.peers import jax_network
from benchmarks.workloads import Weights, Workload


def prepare(workload: Workload, data: Data, start: Weights) -> Run:
    x, y = data
    rng, state = np.random.default_rng(0), jax_network.begin(start)
    step = jax.jit(partial(jax_network.step, workload=workload))

    def run(epochs: int) -> Weights:
        nonlocal state
        for _ in range(epochs):
            order = rng.permutation(len(x))
            for first in range(0, len(x), workload.batch):
                rows = order[first : first + workload.batch]
                state, _ = step(state, x=x[rows], y=y[rows])  # NumPy rows: quicker on a CPU than a jitted gather
        return {name: np.array(weight) for name, weight in state[0].items()}

    return run

"""JAX by hand, the quickest way known: a whole epoch of steps in one lax.scan, the rows on the device.

`patches` writes the convolution as patches times a matrix, because jax.lax's own is slow inside a loop on CPUs.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.contestants import Data, Run
from benchmarks.peers import jax_network
from benchmarks.peers.jax_network import State
from benchmarks.workloads import Weights, Workload


def prepare(workload: Workload, data: Data, start: Weights, patches: bool = False) -> Run:
    x, y = jnp.asarray(data[0]), jnp.asarray(data[1])
    key, state = jax.random.key(0), jax_network.begin(start)

    @jax.jit
    def epoch(state: State, key: jax.Array, x: jax.Array, y: jax.Array) -> tuple[State, jax.Array]:
        order = jax.random.permutation(key, len(x)).reshape(-1, workload.batch)
        return lax.scan(lambda s, rows: jax_network.step(s, workload, x[rows], y[rows], patches), state, order)

    def run(epochs: int) -> Weights:
        nonlocal key, state
        for _ in range(epochs):
            key, now = jax.random.split(key)
            state, _ = epoch(state, now, x, y)
        return {name: np.array(weight) for name, weight in state[0].items()}

    return run

"""What the two hand-written JAX loops share: the network, its loss and Adam, as JAX's tutorials write them."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from benchmarks.workloads import BETA1, BETA2, EPSILON, LEARNING_RATE, Convolution, Dense, Flatten, Workload

Tree = Any
State = tuple[Tree, Tree, Tree, jax.Array]  # weights, first and second moments, steps done


def begin(start: Tree) -> State:
    weights = jax.tree.map(jnp.asarray, start)
    zeros = jax.tree.map(jnp.zeros_like, weights)
    return weights, zeros, zeros, jnp.zeros((), jnp.int32)


def loss(weights: Tree, workload: Workload, x: jax.Array, y: jax.Array, patches: bool = False) -> jax.Array:
    for name, layer, _ in workload.named_layers():
        if isinstance(layer, Convolution):
            convolve = _convolve_patches if patches else _convolve
            x = jax.nn.relu(convolve(x, weights[f"{name}/weight"]) + weights[f"{name}/bias"])
        elif isinstance(layer, Dense):
            x = x @ weights[f"{name}/weight"] + weights[f"{name}/bias"]
            x = jax.nn.relu(x) if layer.relu else x
        elif isinstance(layer, Flatten):
            x = x.reshape(len(x), -1)
        else:
            x = lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    return -jnp.take_along_axis(jax.nn.log_softmax(x), y[:, None], axis=1).mean()


def _convolve(x: jax.Array, weight: jax.Array) -> jax.Array:
    return lax.conv_general_dilated(x, weight, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))


def _convolve_patches(x: jax.Array, weight: jax.Array) -> jax.Array:
    kernel, _, channels, filters = weight.shape
    height, width = x.shape[1] - kernel + 1, x.shape[2] - kernel + 1
    shifted = [x[:, i : i + height, j : j + width] for i in range(kernel) for j in range(kernel)]
    patches = jnp.concatenate(shifted, axis=-1)  # (batch, height, width, kernel * kernel * channels)
    return patches @ weight.reshape(kernel * kernel * channels, filters)


def step(
    state: State, workload: Workload, x: jax.Array, y: jax.Array, patches: bool = False
) -> tuple[State, jax.Array]:
    weights, first, second, count = state
    value, slope = jax.value_and_grad(loss)(weights, workload, x, y, patches)
    count = count + 1
    first = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, first, slope)
    second = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, second, slope)
    first_share, second_share = 1 - BETA1**count, 1 - BETA2**count

    def update(weight: jax.Array, m: jax.Array, v: jax.Array) -> jax.Array:
        return weight - LEARNING_RATE * (m / first_share) / (jnp.sqrt(v / second_share) + EPSILON)

    return (jax.tree.map(update, weights, first, second), first, second, count), value

"""Flax NNX and Optax as their guide shows them: modules, a jitted step, a Python loop over the batches."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from benchmarks.contestants import Data, Run
from benchmarks.deep import BLOCKS, CLASSES, HEADS, HIDDEN, LENGTH, STAGES, UNITS, VOCABULARY, WIDTH, Deep
from benchmarks.workloads import BETA1, BETA2, EPSILON, LEARNING_RATE, Convolution, Dense, Flatten, Weights, Workload


def prepare(workload: Workload | Deep, data: Data, start: Weights) -> Run:
    rngs = nnx.Rngs(0)
    if isinstance(workload, Deep):
        model: Any = {"resnet": _ResNet, "gru": _Gru, "transformer": _Transformer}[workload.kind](rngs)
    else:
        model = _Plain(workload, start, rngs)
    optimizer = nnx.Optimizer(model, optax.adam(LEARNING_RATE, BETA1, BETA2, EPSILON), wrt=nnx.Param)

    def loss_of(model: Any, x: Any, y: Any) -> Any:
        return optax.softmax_cross_entropy_with_integer_labels(model(x), y).mean()

    @nnx.jit
    def step(model: Any, optimizer: Any, x: Any, y: Any) -> Any:
        loss, gradients = nnx.value_and_grad(loss_of)(model, x, y)
        optimizer.update(model, gradients)
        return loss

    judge = nnx.jit(loss_of)
    x, y = jnp.asarray(data[0]), jnp.asarray(data[1], jnp.int32)
    shuffle = np.random.default_rng(0)
    fast_step = nnx.cached_partial(
        step, model, optimizer
    )  # their advice against the cost of handing modules over each time

    def judged() -> Weights:
        model.eval()
        losses = [judge(model, x[first : first + 128], y[first : first + 128]) for first in range(0, len(x), 128)]
        model.train()
        return {"loss": np.array(float(jnp.stack(losses).mean()))}

    def run(epochs: int) -> Any:
        loss: Any = None
        for _ in range(epochs):
            order = shuffle.permutation(len(x))
            for first in range(0, len(x), workload.batch):
                rows = order[first : first + workload.batch]
                loss = fast_step(x[rows], y[rows])
        jax.block_until_ready(loss)
        return judged if isinstance(workload, Deep) else model.weights()

    return run


class _Plain(nnx.Module):
    """The first workloads' networks, layer by layer."""

    def __init__(self, workload: Workload, start: Weights, rngs: nnx.Rngs) -> None:
        self.described = tuple(workload.named_layers())
        for name, layer, shape in self.described:
            if isinstance(layer, Dense):
                own: Any = nnx.Linear(shape[0], layer.units, rngs=rngs)
            elif isinstance(layer, Convolution):
                own = nnx.Conv(shape[2], layer.filters, (layer.kernel, layer.kernel), padding="VALID", rngs=rngs)
            else:
                continue
            own.kernel.value = jnp.asarray(start[f"{name}/weight"])
            own.bias.value = jnp.asarray(start[f"{name}/bias"])
            setattr(self, name, own)

    def __call__(self, x: Any) -> Any:
        for name, layer, _ in self.described:
            if isinstance(layer, (Dense, Convolution)):
                x = getattr(self, name)(x)
                x = nnx.relu(x) if not isinstance(layer, Dense) or layer.relu else x
            else:
                x = x.reshape(len(x), -1) if isinstance(layer, Flatten) else nnx.max_pool(x, (2, 2), (2, 2))
        return x

    def weights(self) -> Weights:
        found = Weights()
        for name, layer, _ in self.described:
            if isinstance(layer, (Dense, Convolution)):
                own = getattr(self, name)
                found[f"{name}/weight"], found[f"{name}/bias"] = np.array(own.kernel.value), np.array(own.bias.value)
        return found


class _Normed(nnx.Module):
    def __init__(self, channels: int, filters: int, size: int, stride: int, rngs: nnx.Rngs) -> None:
        how = {"strides": (stride, stride), "padding": "SAME", "use_bias": False}
        self.convolution = nnx.Conv(channels, filters, (size, size), **how, rngs=rngs)
        self.norm = nnx.BatchNorm(filters, momentum=0.9, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        return self.norm(self.convolution(x))


class _Block(nnx.Module):
    def __init__(self, channels: int, filters: int, stride: int, rngs: nnx.Rngs) -> None:
        self.first = _Normed(channels, filters, 3, stride, rngs)
        self.second = _Normed(filters, filters, 3, 1, rngs)
        self.shortcut = _Normed(channels, filters, 1, stride, rngs) if stride > 1 else None

    def __call__(self, x: Any) -> Any:
        y = self.second(nnx.relu(self.first(x)))
        return nnx.relu(y + (x if self.shortcut is None else self.shortcut(x)))


class _ResNet(nnx.Module):
    def __init__(self, rngs: nnx.Rngs) -> None:
        channels = STAGES[0][0]
        self.stem = _Normed(3, channels, 3, 1, rngs)
        blocks: list[_Block] = []
        for filters, stride in STAGES:
            for number in range(3):
                blocks.append(_Block(channels, filters, stride if number == 0 else 1, rngs))
                channels = filters
        self.blocks = nnx.List(blocks)
        self.head = nnx.Linear(channels, CLASSES, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        x = nnx.relu(self.stem(x))
        for block in self.blocks:
            x = block(x)
        return self.head(x.mean((1, 2)))


class _Gru(nnx.Module):
    def __init__(self, rngs: nnx.Rngs) -> None:
        self.body = nnx.RNN(nnx.GRUCell(28, UNITS, rngs=rngs))
        self.head = nnx.Linear(UNITS, CLASSES, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        return self.head(self.body(x)[:, -1])


class _Encoder(nnx.Module):
    def __init__(self, rngs: nnx.Rngs) -> None:
        self.norm_1, self.norm_2 = nnx.LayerNorm(WIDTH, rngs=rngs), nnx.LayerNorm(WIDTH, rngs=rngs)
        self.attention = nnx.MultiHeadAttention(HEADS, WIDTH, decode=False, rngs=rngs)
        self.wide, self.narrow = nnx.Linear(WIDTH, HIDDEN, rngs=rngs), nnx.Linear(HIDDEN, WIDTH, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        x = x + self.attention(self.norm_1(x))
        return x + self.narrow(nnx.gelu(self.wide(self.norm_2(x)), approximate=False))


class _Transformer(nnx.Module):
    def __init__(self, rngs: nnx.Rngs) -> None:
        self.words = nnx.Embed(VOCABULARY, WIDTH, rngs=rngs)
        self.places = nnx.Param(0.02 * jax.random.normal(rngs.params(), (LENGTH, WIDTH)))
        self.blocks = nnx.List([_Encoder(rngs) for _ in range(BLOCKS)])
        self.head = nnx.Linear(WIDTH, CLASSES, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        x = self.words(x) + self.places.value
        for block in self.blocks:
            x = block(x)
        return self.head(x.mean(1))

"""A set-up in PyTorch: the same layers from the same weights, the same rows, rate and batches, in the loop everybody writes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

import vitrina as vt
from benchmarks.doctor.setups import Kit
from vitrina.engines.numpy_engine import NumpyOps
from vitrina.learning.optimizers import optimizer_named
from vitrina.learning.schedules import schedule_named
from vitrina.network.network import flatten

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "leaky_relu": lambda: nn.LeakyReLU(0.01),
    "softmax": lambda: nn.Softmax(dim=-1),
}


class Untranslated(Exception):
    """There is something in the set-up that is not written in PyTorch here."""


class Places(nn.Module):
    """A layer that wants the channels first, where they are last."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x.movedim(-1, 1)).movedim(1, -1)


class Shortcut(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.inner(x)


class Function(nn.Module):
    def __init__(self, function: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x)


def module_of(network: vt.Network, weights: dict[str, np.ndarray]) -> nn.Sequential:
    """Raises Untranslated for layers that are not known here."""
    shapes = {name: shape for name, _, shape in network.walk()}
    return nn.Sequential(*_children("", network.root, weights, shapes))


def _children(prefix: str, container: Any, weights: Any, shapes: Any) -> list[nn.Module]:
    return [
        part
        for name, layer in container.children
        for part in _layer(prefix + name, layer, weights, shapes)
    ]  # fmt: skip


def _layer(name: str, layer: Any, weights: Any, shapes: Any) -> list[nn.Module]:
    own = {
        key.rpartition("/")[2]: torch.tensor(value, dtype=torch.float32)
        for key, value in weights.items()
        if key.startswith(f"{name}/")
    }
    kind, shape = type(layer).__name__, shapes.get(name, ())
    if kind == "Residual":
        return [Shortcut(nn.Sequential(*_children(f"{name}/", layer, weights, shapes)))]
    if kind == "Dense":
        return [_given(nn.Linear(shape[-1], layer.units), own["weight"].T, own["bias"]), *_bend(layer.activation)]
    if kind == "Conv2D" and len(shape) == 3:
        size = own["weight"].shape
        conv = nn.Conv2d(shape[-1], layer.filters, tuple(size[:2]), padding=str(layer.padding))
        return [Places(_given(conv, own["weight"].permute(3, 2, 0, 1), own["bias"])), *_bend(layer.activation)]
    if kind == "BatchNorm":
        norm = nn.BatchNorm1d if len(shape) == 1 else nn.BatchNorm2d
        inner = norm(shape[-1], eps=layer.epsilon, momentum=1.0 - layer.momentum)
        return [inner if len(shape) == 1 else Places(inner)]
    simple: dict[str, Callable[[], nn.Module]] = {
        "Activation": lambda: ACTIVATIONS[layer.activation](),
        "Dropout": lambda: nn.Dropout(layer.rate),
        "Flatten": nn.Flatten,
        "Reshape": lambda: Function(lambda x: x.reshape(len(x), *layer.shape)),
        "MaxPool2D": lambda: Places(nn.MaxPool2d(2)),
        "GlobalAveragePool": lambda: Function(lambda x: x.flatten(1, -2).mean(dim=1)),
        "LayerNorm": lambda: nn.LayerNorm(shape[-1], eps=layer.epsilon),
        "Scale": lambda: Function(lambda x: x * torch.tensor(layer.factor) + torch.tensor(layer.shift)),
        "Embedding": lambda: nn.Sequential(
            Function(lambda x: x.long()), _given(nn.Embedding(layer.count, layer.size), own["weight"])
        ),
    }
    if kind not in simple or not type(layer).__module__.startswith("vitrina."):
        raise Untranslated(kind)
    return [simple[kind]()]


def _given(module: Any, weight: torch.Tensor, bias: torch.Tensor | None = None) -> Any:
    with torch.no_grad():
        module.weight.copy_(weight)
        if bias is not None:
            module.bias.copy_(bias)
    return module


def _bend(activation: str) -> list[nn.Module]:
    return [] if activation == "linear" else [ACTIVATIONS[activation]()]


def cost_of(network: vt.Network) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """Of each example."""
    label = network.cost.label
    if not type(network.cost).__module__.startswith("vitrina."):
        raise Untranslated(label)
    if label == "cross_entropy":
        return nn.CrossEntropyLoss(reduction="none")
    if label == "binary_cross_entropy":
        return lambda guess, y: nn.functional.binary_cross_entropy_with_logits(
            guess, y.float().reshape(guess.shape), reduction="none"
        ).mean(-1)
    if label == "mean_squared_error":
        return lambda guess, y: ((guess - y.reshape(guess.shape)) ** 2).mean(-1)
    raise Untranslated(label)


def teach(kit: Kit, seed: int, watch: Callable[[nn.Module, Any], Any]) -> Any:
    """Trains, and returns what `watch(module, optimizer)` gave, whose `step(loss=...)` was called after every step. Raises
    Untranslated."""
    options = kit.options
    if options.get("augment") not in (None, "none") or options.get("label_smoothing"):
        raise Untranslated("augment, or smoothed labels")
    torch.manual_seed(seed)
    weights = options.get("weights") or flatten(kit.network.build(seed)[0])
    module, cost = module_of(kit.network, weights), cost_of(kit.network)
    optimizer, rate = _optimizer(options, module)
    schedule, clip = schedule_named(options.get("schedule")), options.get("gradient_clip")
    x, y = torch.tensor(np.asarray(kit.rows.x, np.float32)), torch.tensor(kit.rows.y)
    y = y.long() if y.dtype in (torch.int32, torch.int64) else y.float()
    share = _weights(options.get("class_weight"), kit.rows.y)
    size, epochs = min(int(options.get("batch_size", 32)), len(x)), int(options["epochs"])
    steps, done = epochs * math.ceil(len(x) / size), 0
    ops = NumpyOps("float64")
    watcher = watch(module, optimizer)
    for epoch in range(epochs):
        order = (
            np.random.default_rng((seed, epoch)).permutation(len(x))
            if options.get("shuffle", True)
            else np.arange(len(x))
        )
        for at in range(0, len(x), size):
            rows = torch.tensor(order[at : at + size])
            if len(rows) < 2 <= size and any(isinstance(one, nn.BatchNorm1d) for one in module.modules()):
                continue  # PyTorch refuses a batch of one row
            for group in optimizer.param_groups:
                group["lr"] = rate * float(schedule.factor(ops, np.float64(done / steps)))
            optimizer.zero_grad()
            loss = (cost(module(x[rows]), y[rows]) * share[rows]).sum() / share[rows].sum()
            loss.backward()
            if clip:
                nn.utils.clip_grad_norm_(module.parameters(), clip)
            optimizer.step()
            watcher.step(loss=float(loss))
            done += 1
            if not math.isfinite(float(loss)):
                return watcher
    return watcher


def _optimizer(options: dict[str, Any], module: nn.Module) -> tuple[Any, float]:
    ours = optimizer_named(options.get("optimizer"))
    parameters, rate, decay = list(module.parameters()), ours.rate, ours.weight_decay
    kind = type(ours).__name__
    if kind == "SGD":
        return torch.optim.SGD(
            parameters, rate, momentum=getattr(ours, "momentum", 0.0) or 0.0, weight_decay=decay
        ), rate
    if kind in ("Adam", "AdamW"):
        return (torch.optim.Adam if kind == "Adam" else torch.optim.AdamW)(parameters, rate, weight_decay=decay), rate
    raise Untranslated(kind)


def _weights(given: Any, y: np.ndarray) -> torch.Tensor:
    if not given:
        return torch.ones(len(y))
    kinds, counts = np.unique(y, return_counts=True)
    table = (
        {kind: len(y) / (len(kinds) * count) for kind, count in zip(kinds, counts, strict=True)}
        if given == "balanced"
        else given
    )
    return torch.tensor([float(table.get(int(one), 1.0)) for one in y.reshape(-1)])

"""PyTorch as an ordinary user writes it: a module, autograd, Adam; `compiled` puts the module through torch.compile.

No DataLoader: the rows are tensors already, indexed once per batch, which is kinder to PyTorch than its loader.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from benchmarks.contestants import Data, Run
from benchmarks.workloads import (
    BETA1,
    BETA2,
    EPSILON,
    LEARNING_RATE,
    Convolution,
    Dense,
    Flatten,
    Shape,
    Weights,
    Workload,
)


def prepare(workload: Workload, data: Data, start: Weights, compiled: bool = False) -> Run:
    x, y = torch.from_numpy(data[0]), torch.from_numpy(data[1])
    if not workload.is_dense:
        x = x.permute(0, 3, 1, 2).contiguous()  # (rows, channels, height, width), PyTorch's own order
    module = _module(workload)
    _load(module, workload, start)
    model = torch.compile(module) if compiled else module
    cost = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(module.parameters(), lr=LEARNING_RATE, betas=(BETA1, BETA2), eps=EPSILON)

    def run(epochs: int) -> Weights:
        for _ in range(epochs):
            order = torch.randperm(len(x))
            for first in range(0, len(x), workload.batch):
                rows = order[first : first + workload.batch]
                optimizer.zero_grad()
                loss = cost(model(x[rows]), y[rows])
                loss.backward()
                optimizer.step()
        return _weights(module, workload)

    return run


def _module(workload: Workload) -> torch.nn.Sequential:
    parts: list[torch.nn.Module] = []
    for _, layer, shape in workload.named_layers():
        if isinstance(layer, Dense):
            parts.append(torch.nn.Linear(shape[0], layer.units))
            parts += [torch.nn.ReLU()] if layer.relu else []
        elif isinstance(layer, Convolution):
            parts += [torch.nn.Conv2d(shape[2], layer.filters, layer.kernel), torch.nn.ReLU()]
        else:
            parts.append(torch.nn.Flatten() if isinstance(layer, Flatten) else torch.nn.MaxPool2d(2))
    return torch.nn.Sequential(*parts)


def _pairs(module: torch.nn.Sequential, workload: Workload) -> Iterator[tuple[str, Any, Shape | None]]:
    """Name, PyTorch's layer, and the shape that was flattened right before it, if one was."""
    torch_layers = iter(part for part in module if isinstance(part, (torch.nn.Linear, torch.nn.Conv2d)))
    flattened = None
    for name, layer, shape in workload.named_layers():
        if isinstance(layer, Flatten):
            flattened = shape
        elif isinstance(layer, (Dense, Convolution)):
            yield name, next(torch_layers), flattened
            flattened = None


def _load(module: torch.nn.Sequential, workload: Workload, start: Weights) -> None:
    with torch.no_grad():
        for name, layer, flattened in _pairs(module, workload):
            weight = start[f"{name}/weight"]
            if flattened:  # PyTorch flattens (channels, height, width), the workloads (height, width, channels)
                weight = weight.reshape(*flattened, -1).transpose(2, 0, 1, 3).reshape(weight.shape)
            weight = weight.T if weight.ndim == 2 else weight.transpose(3, 2, 0, 1)
            layer.weight.copy_(torch.from_numpy(np.ascontiguousarray(weight)))
            layer.bias.copy_(torch.from_numpy(start[f"{name}/bias"]))


def _weights(module: torch.nn.Sequential, workload: Workload) -> Weights:
    weights = Weights()
    for name, layer, flattened in _pairs(module, workload):
        weight = layer.weight.detach().numpy()
        weight = weight.T if weight.ndim == 2 else weight.transpose(2, 3, 1, 0)
        if flattened:
            height, width, channels = flattened
            weight = weight.reshape(channels, height, width, -1).transpose(1, 2, 0, 3).reshape(weight.shape)
        weights[f"{name}/weight"], weights[f"{name}/bias"] = weight.copy(), layer.bias.detach().numpy().copy()
    return weights

"""The deeper networks in PyTorch, of its own modules; pictures in its fast layout, channels last."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.contestants import Data, Run
from benchmarks.deep import BLOCKS, CLASSES, HEADS, HIDDEN, LENGTH, STAGES, UNITS, VOCABULARY, WIDTH, Deep
from benchmarks.workloads import BETA1, BETA2, EPSILON, LEARNING_RATE, Weights


def prepare(workload: Deep, data: Data, start: Weights, compiled: bool = False) -> Run:
    x, y = torch.from_numpy(data[0]), torch.from_numpy(data[1])
    module: Any = {"resnet": _ResNet, "gru": _Gru, "transformer": _Transformer}[workload.kind]()
    if workload.kind == "resnet":
        x = x.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
        module = module.to(memory_format=torch.channels_last)
    model = torch.compile(module) if compiled else module
    cost = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(module.parameters(), lr=LEARNING_RATE, betas=(BETA1, BETA2), eps=EPSILON)

    def judged() -> Weights:
        module.eval()
        with torch.no_grad():
            losses = [cost(module(rows), truth) for rows, truth in zip(x.split(128), y.split(128), strict=True)]
        module.train()
        return {"loss": np.array(float(torch.stack(losses).mean()))}

    def run(epochs: int) -> Any:
        for _ in range(epochs):
            order = torch.randperm(len(x))
            for rows in order.split(workload.batch):
                optimizer.zero_grad()
                loss = cost(model(x[rows]), y[rows])
                loss.backward()
                optimizer.step()
        return judged

    return run


class _Block(nn.Module):
    def __init__(self, channels: int, filters: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, filters, 3, stride, 1, bias=False),
            nn.BatchNorm2d(filters),
            nn.ReLU(),
            nn.Conv2d(filters, filters, 3, 1, 1, bias=False),
            nn.BatchNorm2d(filters),
        )
        shortcut = (nn.Conv2d(channels, filters, 1, stride, bias=False), nn.BatchNorm2d(filters))
        self.shortcut = nn.Sequential(*shortcut) if stride > 1 else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.body(x) + self.shortcut(x))


class _ResNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        channels = STAGES[0][0]
        parts: list[nn.Module] = [nn.Conv2d(3, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels), nn.ReLU()]
        for filters, stride in STAGES:
            for number in range(3):
                parts.append(_Block(channels, filters, stride if number == 0 else 1))
                channels = filters
        self.body = nn.Sequential(*parts)
        self.head = nn.Linear(channels, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(x).mean((2, 3)))


class _Gru(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = nn.GRU(28, UNITS, batch_first=True), nn.Linear(UNITS, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(x)[1][0])


class _Transformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(VOCABULARY, WIDTH)
        self.places = nn.Parameter(0.02 * torch.randn(LENGTH, WIDTH))
        block = nn.TransformerEncoderLayer(WIDTH, HEADS, HIDDEN, 0.0, "gelu", batch_first=True, norm_first=True)
        self.body = nn.TransformerEncoder(block, BLOCKS, enable_nested_tensor=False)
        self.head = nn.Linear(WIDTH, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(self.words(x) + self.places).mean(1))

"""The deeper networks: what they cost is counted right, and whoever takes part learns them."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from importlib.util import find_spec
from math import log

import numpy as np
import pytest

from benchmarks import worker
from benchmarks.contestants import CONTESTANTS
from benchmarks.deep import CLASSES, DEEP
from benchmarks.ours import deep_network
from vitrina.network import GRU, Attention, Conv2D, Dense

FEW = {"resnet": 128, "gru": 512, "transformer": 256}  # rows


@pytest.mark.parametrize("name", DEEP)
def test_a_step_s_arithmetic_is_what_the_layers_say(name):
    workload = DEEP[name]
    counted = [
        layer.flops(shape)
        for _, layer, shape in deep_network(workload).walk()
        if isinstance(layer, Conv2D | Dense | GRU | Attention)
    ]
    first = counted[0] if name == "resnet" else 2 * 28 * 28 * 3 * 128 if name == "gru" else 0  # nobody needs dx there
    assert workload.flops_per_step() == workload.batch * (3 * sum(counted) - first)


@pytest.mark.parametrize("name", DEEP)
def test_rows_are_whole_batches_of_every_class(name):
    x, y = DEEP[name].data()
    assert x.shape == (DEEP[name].rows, *DEEP[name].input_shape)
    assert DEEP[name].rows % DEEP[name].batch == 0
    assert set(y) == set(range(CLASSES))
    assert x.dtype == (np.int32 if name == "transformer" else np.float32)


@pytest.mark.slow
@pytest.mark.parametrize("kind", DEEP)
@pytest.mark.parametrize(
    "name", [name for name, one in CONTESTANTS.items() if one.can_learn(DEEP["gru"]) and "auto" not in name]
)
def test_whoever_takes_part_learns(name, kind):
    for package in CONTESTANTS[name].imports:
        if find_spec(package.partition(".")[0]) is None:
            pytest.skip(f"{package} is not installed: make bench sets it up")
    workload = replace(DEEP[kind], rows=FEW[kind])
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as fresh:
        found = fresh.submit(worker.learn, CONTESTANTS[name], workload, 12).result(timeout=600)
    assert float(found["loss"]) < 0.9 * log(CLASSES)

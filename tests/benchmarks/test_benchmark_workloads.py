"""The arithmetic, the data and the judge that every contestant's numbers rest on."""

from math import log

import numpy as np
import pytest

from benchmarks.workloads import WORKLOADS, Convolution, Flatten, Pool, Workload, dense


def small(*layers, shape, rows=12):
    return Workload("small", "small", "small", shape, layers, batch=4, rows=rows, check_epochs=2)


def test_flops_of_a_dense_network_worked_by_hand():
    # forward 2·(3·5 + 5·2) = 50; backward twice that, less the 2·3·5 = 30 of the first layer's slope by its input
    assert small(*dense(5, 2), shape=(3,)).flops_per_step() == 4 * (3 * 50 - 30)


def test_flops_of_a_convolution_worked_by_hand():
    # 6x6x2 -> 4x4x3 -> pool 2x2x3 -> 12 -> 2: convolution 2·16·3·(9·2) = 1728, dense 2·12·2 = 48
    workload = small(Convolution(3), Pool(), Flatten(), *dense(2), shape=(6, 6, 2))
    assert workload.flops_per_step() == 4 * (3 * (1728 + 48) - 1728)


@pytest.mark.parametrize("workload", WORKLOADS.values(), ids=WORKLOADS)
def test_a_workload_is_the_same_every_time_and_has_whole_batches_of_every_class(workload):
    x, y = workload.data()
    again_x, again_y = workload.data()
    assert x.shape == (workload.rows, *workload.input_shape)
    assert (x.dtype, y.dtype) == (np.float32, np.int64)
    assert np.array_equal(x, again_x)
    assert np.array_equal(y, again_y)
    assert workload.rows % workload.batch == 0
    assert np.bincount(y, minlength=workload.classes).min() > workload.rows / workload.classes / 2


@pytest.mark.parametrize("workload", WORKLOADS.values(), ids=WORKLOADS)
def test_starting_weights_have_the_names_and_shapes_of_the_layers(workload):
    start = workload.start()
    for name, layer, shape in workload.named_layers():
        if hasattr(layer, "weight_shape"):
            assert start[f"{name}/weight"].shape == layer.weight_shape(shape)
            assert start[f"{name}/bias"].shape == layer.weight_shape(shape)[-1:]


def test_the_judge_gives_log_n_to_who_knows_nothing():
    workload = small(Convolution(3), Pool(), Flatten(), *dense(7), shape=(6, 6, 2))
    nothing = {name: np.zeros_like(weight) for name, weight in workload.start().items()}
    assert workload.loss(nothing, *workload.data()) == pytest.approx(log(7))


def test_the_judge_convolves_and_pools_as_a_loop_would():
    workload = small(Convolution(3), Pool(), Flatten(), *dense(4), shape=(6, 6, 2), rows=4)
    (x, y), weights = workload.data(), workload.start()
    weights["conv2d_1/bias"] += 0.1
    kernel, hidden = weights["conv2d_1/weight"], np.zeros((4, 4, 4, 3))
    for row, i, j in np.ndindex(4, 4, 4):
        hidden[row, i, j] = np.einsum("hwc,hwcf->f", x[row, i : i + 3, j : j + 3], kernel) + 0.1
    hidden = np.maximum(hidden, 0)
    pooled = [[hidden[:, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2].max((1, 2)) for j in range(2)] for i in range(2)]
    flat = np.array(pooled).transpose(2, 0, 1, 3).reshape(4, -1)  # (rows, height, width, channels) in one row
    logits = flat @ weights["dense_1/weight"]
    losses = np.log(np.exp(logits).sum(1)) - logits[np.arange(4), y]
    assert workload.loss(weights, x, y) == pytest.approx(losses.mean(), rel=1e-5)

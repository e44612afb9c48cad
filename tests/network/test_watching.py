"""Who looks at a pass sees every layer of it, and changes nothing."""

from __future__ import annotations

import numpy as np

import vitrina as vt
from vitrina import engines
from vitrina.learning.stages import back_propagation, error, forward_propagation
from vitrina.network.layer import Context
from vitrina.network.network import flatten
from vitrina.network.watching import Watch


def network() -> vt.Network:
    inner = vt.Branches(vt.Dense(4, "tanh"), vt.Sequential(vt.Dense(4, "relu"), vt.LayerNorm()), merge="add")
    return vt.Network(vt.Input((5,)), vt.Dense(4), vt.Residual(inner, vt.Dropout(0.5)), vt.Dense(3))


def one_pass(watch: Watch | None):
    described, engine = network(), engines.get("numpy", "float64")
    params, state = described.build(3)
    x, y = np.random.default_rng(0).normal(size=(6, 5)), np.arange(6) % 3
    context = Context(training=True, key=engine.ops.key(1, 0), watch=watch)
    prediction, saved, _ = forward_propagation(engine.ops, described, params, state, x, context)
    _, slope = error(engine.ops, described, prediction, y, np.ones(6))
    return prediction, flatten(back_propagation(engine.ops, described, params, saved, slope))


def test_the_same_numbers_come_out_when_somebody_looks():
    seen, unseen = one_pass(Watch()), one_pass(None)
    np.testing.assert_array_equal(seen[0], unseen[0])
    assert list(seen[1]) == list(unseen[1])
    for name, gradient in unseen[1].items():
        np.testing.assert_array_equal(seen[1][name], gradient)


def test_every_layer_is_seen_by_its_full_name_and_containers_after_what_they_hold():
    watch = Watch()
    prediction, gradients = one_pass(watch)
    names = [one.name for one in watch.passed]
    assert names == [
        "dense_1",
        "residual_1/branches_1/dense_1",
        "residual_1/branches_1/sequential_1/dense_1",
        "residual_1/branches_1/sequential_1/layer_norm_1",
        "residual_1/branches_1/sequential_1",
        "residual_1/branches_1",
        "residual_1/dropout_1",
        "residual_1",
        "dense_2",
    ]
    passed = dict(zip(names, watch.passed, strict=True))
    np.testing.assert_array_equal(passed["dense_2"].y, prediction)
    residual, dropped = passed["residual_1"], passed["residual_1/dropout_1"]
    np.testing.assert_array_equal(residual.y, residual.x + dropped.y)
    np.testing.assert_array_equal(residual.dy, passed["dense_2"].dx)
    np.testing.assert_array_equal(residual.dx, passed["dense_1"].dy)
    own = {f"{one.name}/{name}" for one in watch.passed for name in flatten(one.own_gradients)}
    assert own == set(gradients)


def test_the_error_signal_is_the_slope_by_the_weighted_sum():
    watch, ops = Watch(), engines.get("numpy", "float64").ops
    one_pass(watch)
    tanh = next(one for one in watch.passed if one.name == "residual_1/branches_1/dense_1")
    np.testing.assert_allclose(tanh.error_signal(ops), tanh.dy * (1 - np.tanh(tanh.weighted_sums) ** 2), rtol=1e-12)


def test_nothing_is_kept_where_there_is_no_way_back():
    described, engine = network(), engines.get("numpy", "float64")
    params, state = described.build(3)
    x = np.random.default_rng(0).normal(size=(6, 5))
    there, saved, _ = forward_propagation(engine.ops, described, params, state, x, Context())
    only, nothing, _ = forward_propagation(engine.ops, described, params, state, x, Context(returns=False))
    np.testing.assert_array_equal(only, there)
    assert all(kept is not None for kept in saved)
    assert nothing == [None] * len(described.layers)

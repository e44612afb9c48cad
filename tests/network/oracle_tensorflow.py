"""The same mathematics said with TensorFlow's own functions and differentiated by its tape."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

import numpy as np
import tensorflow as tf

from tests.network.cases import Case, Problem, flat_names, seen_by, waves
from vitrina import network as vn
from vitrina.engines.engine import tree_map

ACTIVATIONS: dict[str, Any] = {
    "linear": tf.identity,
    "relu": tf.nn.relu,
    "leaky_relu": lambda z: tf.maximum(0.01 * z, z),  # tf.nn.leaky_relu keeps its slope in float32, also in float64
    "elu": tf.nn.elu,
    "selu": tf.nn.selu,
    "gelu": lambda z: (
        0.5 * z * tf.math.erfc(-z / np.sqrt(2.0))
    ),  # tf.nn.gelu takes the root of 2 in float32, also in float64
    "silu": tf.nn.silu,
    "softplus": tf.nn.softplus,
    "tanh": tf.nn.tanh,
    "sigmoid": tf.nn.sigmoid,
    "hard_sigmoid": lambda z: tf.nn.relu6(z + 3.0) / 6.0,
    "softmax": tf.nn.softmax,
}


@singledispatch
def forward(layer: Any, x: Any, p: Any, s: Any, case: Case) -> Any:
    raise NotImplementedError(f"no TensorFlow statement of {type(layer).__name__}")


@forward.register
def _(layer: vn.Dense, x: Any, p: Any, s: Any, case: Case) -> Any:
    return ACTIVATIONS[layer.activation](tf.tensordot(x, p["weight"], 1) + p.get("bias", 0.0))


@forward.register
def _(layer: vn.EnsembleDense, x: Any, p: Any, s: Any, case: Case) -> Any:
    said = "bi,miu->bmu" if x.shape.rank == 2 else "bmi,miu->bmu"
    weight = p["weight"] * tf.constant(seen_by(layer, x.shape[-1]), x.dtype)
    return ACTIVATIONS[layer.activation](tf.einsum(said, x, weight) + p["bias"])


@forward.register
def _(layer: vn.EnsembleMean, x: Any, p: Any, s: Any, case: Case) -> Any:
    if not layer.probabilities:
        return tf.reduce_mean(x, axis=1)
    return tf.math.log(tf.reduce_mean(tf.nn.softmax(x), axis=1))


def by_groups(layer: Any, x: Any, weight: Any, convolve: Any) -> Any:
    """`convolve(x, weight)` of each group's channels and filters: TensorFlow has no gradient of grouped kernels on a CPU."""
    parts = zip(tf.split(x, layer.groups, -1), tf.split(weight, layer.groups, -1), strict=True)
    return tf.concat([convolve(*part) for part in parts], -1)


@forward.register
def _(layer: vn.Conv2D, x: Any, p: Any, s: Any, case: Case) -> Any:
    # TensorFlow's CPU kernel takes one stride for both directions; with two, every pixel is visited and some are kept
    same_stride = layer.stride[0] == layer.stride[1]  # pyright: ignore
    if isinstance(layer.padding, int):
        x = tf.pad(x, _on_every_side(layer.padding))
        z = by_groups(layer, x, p["weight"], lambda x, w: tf.nn.conv2d(x, w, layer.stride, "VALID"))
    elif same_stride or layer.padding == "valid":
        z = by_groups(layer, x, p["weight"], lambda x, w: tf.nn.conv2d(x, w, layer.stride, str(layer.padding).upper()))
    else:
        z = by_groups(
            layer, x, p["weight"], lambda x, w: tf.nn.conv2d(*_same_padded(x, w, layer.stride), layer.stride, "VALID")
        )
    return ACTIVATIONS[layer.activation](z + p.get("bias", 0.0))


def _on_every_side(number: int) -> list[list[int]]:
    return [[0, 0], [number, number], [number, number], [0, 0]]


def _same_padded(x: Any, weight: Any, stride: Any) -> tuple[Any, Any]:
    pads = [[0, 0]]
    for length, window, step in zip(x.shape[1:3], weight.shape[:2], stride, strict=True):
        missing = max(window - (step if length % step == 0 else length % step), 0)
        pads.append([missing // 2, (missing + 1) // 2])
    return tf.pad(x, [*pads, [0, 0]]), weight


@forward.register
def _(layer: vn.Conv1D, x: Any, p: Any, s: Any, case: Case) -> Any:
    z = by_groups(layer, x, p["weight"], lambda x, w: tf.nn.conv1d(x, w, layer.stride, layer.padding.upper()))
    return ACTIVATIONS[layer.activation](z + p.get("bias", 0.0))


@forward.register
def _(layer: vn.MaxPool1D, x: Any, p: Any, s: Any, case: Case) -> Any:
    return tf.nn.max_pool1d(x, layer.size, layer.stride, layer.padding.upper())


@forward.register
def _(layer: vn.AveragePool1D, x: Any, p: Any, s: Any, case: Case) -> Any:
    return tf.nn.avg_pool1d(x, layer.size, layer.stride, layer.padding.upper())  # leaves padding out by itself


@forward.register
def _(layer: vn.MaxPool2D, x: Any, p: Any, s: Any, case: Case) -> Any:
    if isinstance(layer.padding, int):
        padded = tf.pad(x, _on_every_side(layer.padding), constant_values=-np.inf)
        return tf.nn.max_pool2d(padded, layer.size, layer.stride, "VALID")
    return tf.nn.max_pool2d(x, layer.size, layer.stride, layer.padding.upper())


@forward.register
def _(layer: vn.AveragePool2D, x: Any, p: Any, s: Any, case: Case) -> Any:
    return tf.nn.avg_pool2d(x, layer.size, layer.stride, str(layer.padding).upper())  # leaves padding out by itself


@forward.register
def _(layer: vn.GlobalAveragePool, x: Any, p: Any, s: Any, case: Case) -> Any:
    if case.mask is not None:
        return tf.stack(
            [tf.reduce_mean(tf.boolean_mask(*one), 0) for one in zip(x, np.array(case.mask) > 0, strict=True)]
        )
    return tf.reduce_mean(x, list(range(1, len(x.shape) - 1)))


@forward.register
def _(layer: vn.Flatten, x: Any, p: Any, s: Any, case: Case) -> Any:
    return tf.reshape(x, (x.shape[0], -1))


@forward.register
def _(layer: vn.Reshape, x: Any, p: Any, s: Any, case: Case) -> Any:
    return tf.reshape(x, (x.shape[0], *layer.shape))


@forward.register
def _(layer: vn.Activation, x: Any, p: Any, s: Any, case: Case) -> Any:
    return ACTIVATIONS[layer.activation](x)


@forward.register
def _(layer: vn.Dropout, x: Any, p: Any, s: Any, case: Case) -> Any:
    assert not (case.training and layer.rate), "which units fall silent is tested on its own"
    return tf.identity(x)


@forward.register
def _(layer: vn.BatchNorm, x: Any, p: Any, s: Any, case: Case) -> Any:
    mean, variance = s["mean"], s["variance"]
    if case.training:
        axes = list(range(len(x.shape) - 1))
        counts = np.ones(len(x)) if case.weight is None else np.array(case.weight)
        counts = tf.reshape(tf.constant(counts, x.dtype), (-1, *(1 for _ in x.shape[1:])))
        mean, variance = tf.nn.weighted_moments(x, axes, counts)
    return tf.nn.batch_normalization(x, mean, variance, p["shift"], p["scale"], layer.epsilon)


@forward.register
def _(layer: vn.LayerNorm, x: Any, p: Any, s: Any, case: Case) -> Any:
    mean, variance = tf.nn.moments(x, [-1], keepdims=True)
    return tf.nn.batch_normalization(x, mean, variance, p["shift"], p["scale"], layer.epsilon)


@forward.register
def _(layer: vn.Scale, x: Any, p: Any, s: Any, case: Case) -> Any:
    return tf.constant(layer.factor, x.dtype) * x + tf.constant(layer.shift, x.dtype)


@forward.register
def _(layer: vn.RMSNorm, x: Any, p: Any, s: Any, case: Case) -> Any:
    return x * tf.math.rsqrt(tf.reduce_mean(tf.square(x), -1, keepdims=True) + layer.epsilon) * p["scale"]


@forward.register
def _(layer: vn.GroupNorm, x: Any, p: Any, s: Any, case: Case) -> Any:
    grouped = tf.reshape(x, (*x.shape[:-1], layer.groups, -1))
    mean, variance = tf.nn.moments(grouped, [*range(1, len(x.shape) - 1), len(x.shape)], keepdims=True)
    y = tf.nn.batch_normalization(grouped, mean, variance, None, None, layer.epsilon)
    return tf.reshape(y, x.shape) * p["scale"] + p["shift"]


@forward.register
def _(layer: vn.PositionalEmbedding, x: Any, p: Any, s: Any, case: Case) -> Any:
    return x + (p["weight"] if layer.kind == "learned" else tf.constant(waves(*case.shape), x.dtype))


def read_by_keras(layer: Any, x: Any, p: Any, case: Case, cell: Any) -> Any:
    """Keras's own cell and its own loop over the steps, masks included; `cell(p)` is one of its steps."""
    mask = None if case.mask is None else tf.constant(np.array(case.mask) > 0)
    ways = [p["forward"], p["backward"]] if layer.bidirectional else [p]
    parts: list[Any] = []
    for way, own in enumerate(ways):
        step, states = cell(own), [tf.zeros((x.shape[0], layer.units), x.dtype) for _ in range(2)]
        last, every, _ = tf.keras.backend.rnn(step, x, states, go_backwards=way == 1, mask=mask, unroll=True)
        parts.append((tf.reverse(every, [1]) if way else every) if layer.return_sequences else last)
    return tf.concat(parts, -1)


@forward.register
def _(layer: vn.GRU, x: Any, p: Any, s: Any, case: Case) -> Any:
    def cell(p: Any) -> Any:
        def step(x: Any, states: Any) -> Any:
            h = states[0]
            xr, xz, xn = tf.split(x @ p["weight"] + p["bias"], 3, -1)
            hr, hz, hn = tf.split(h @ p["recurrent_weight"] + p["recurrent_bias"], 3, -1)
            z = tf.sigmoid(xz + hz)
            h = z * h + (1.0 - z) * tf.tanh(xn + tf.sigmoid(xr + hr) * hn)
            return h, [h, states[1]]

        return step

    return read_by_keras(layer, x, p, case, cell)


@forward.register
def _(layer: vn.LSTM, x: Any, p: Any, s: Any, case: Case) -> Any:
    def cell(p: Any) -> Any:
        def step(x: Any, states: Any) -> Any:
            h, c = states
            i, f, g, o = tf.split(x @ p["weight"] + h @ p["recurrent_weight"] + p["bias"], 4, -1)
            c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
            h = tf.sigmoid(o) * tf.tanh(c)
            return h, [h, c]

        return step

    return read_by_keras(layer, x, p, case, cell)


@forward.register
def _(layer: vn.Attention, x: Any, p: Any, s: Any, case: Case) -> Any:
    q, k, v = (
        tf.reshape(x @ p[f"{name}_weight"] + p.get(f"{name}_bias", 0.0), (*x.shape[:2], layer.heads, -1))
        for name in ("query", "key", "value")
    )
    scores = tf.einsum("bqhd,bkhd->bhqk", q, k) / tf.sqrt(tf.cast(q.shape[-1], x.dtype))
    seen = np.ones((1, 1, x.shape[1], x.shape[1]), bool)
    seen = seen & np.tri(x.shape[1], dtype=bool) if layer.causal else seen
    seen = seen & (np.array(case.mask)[:, None, None, :] > 0) if case.mask is not None else seen
    share = tf.nn.softmax(tf.where(seen, scores, tf.constant(-np.inf, x.dtype)))
    y = tf.reshape(tf.einsum("bhqk,bkhd->bqhd", share, v), (*x.shape[:2], -1))
    return y @ p["output_weight"] + p.get("output_bias", 0.0)


@forward.register
def _(layer: vn.Embedding, x: Any, p: Any, s: Any, case: Case) -> Any:
    return tf.nn.embedding_lookup(p["weight"], tf.cast(x, tf.int64)) + 0.0 * x[..., None]


@forward.register
def _(layer: vn.TableInput, x: Any, p: Any, s: Any, case: Case) -> Any:
    beside, same, numbers, missing, points = [], [], [], [], []
    plain = [place for place in layer.numeric if place in layer.plain]
    for place in [*(place for place in layer.numeric if place not in plain), *plain, *layer.points]:
        count = layer.categories[place]
        v = x[:, place : place + 1]
        if count:
            known = tf.logical_and(v >= 0, v < count)
            code = tf.cast(tf.where(known, v, tf.constant(count, x.dtype)), tf.int64)[:, 0]
            points.append(tf.nn.embedding_lookup(p[f"embedding_{place}"], code) + 0.0 * v)
            continue
        own = len(numbers)
        missing.append(tf.cast(tf.math.is_nan(v), x.dtype))
        v = tf.where(tf.math.is_nan(v), tf.zeros_like(v), v)
        if layer.periodic and place in plain:
            same.append(v)
            continue
        if layer.periodic:
            beside.append(v)
            turned = 2 * np.pi * v * p["frequency"][own]
            waves = tf.concat([tf.sin(turned), tf.cos(turned)], -1)
            v = tf.nn.relu(waves @ p["periodic_weight"][own] + p["periodic_bias"][own])
        numbers.append(v)
    return tf.concat(
        [*(beside if layer.beside else []), *same, *numbers, *(missing if layer.missing else []), *points], -1
    )


@forward.register
def _(layer: vn.Sequential, x: Any, p: Any, s: Any, case: Case) -> Any:
    x = tf.identity(x)
    for name, child in layer.children:
        x = forward(child, x, p.get(name, {}), s.get(name, {}), case)
    return x


@forward.register
def _(layer: vn.Residual, x: Any, p: Any, s: Any, case: Case) -> Any:
    y = x
    for name, child in zip(layer.names, layer.layers, strict=True):
        y = forward(child, y, p.get(name, {}), s.get(name, {}), case)
    short = layer.shortcut
    return y + (x if short is None else forward(short, x, p.get("shortcut", {}), s.get("shortcut", {}), case))


@forward.register
def _(layer: vn.Branches, x: Any, p: Any, s: Any, case: Case) -> Any:
    ys = [forward(child, x, p.get(name, {}), s.get(name, {}), case) for name, child in layer.children]
    if layer.merge == "concatenate":
        return tf.concat(ys, -1)
    return tf.add_n(ys) if layer.merge == "add" else tf.reduce_prod(tf.stack(ys), 0)


def layer_slopes(case: Case, problem: Problem, dtype: str) -> dict[str, np.ndarray]:
    """ "y", the slope by x, and by each parameter."""
    tree = tree_map(lambda array: tf.constant(array, dtype), {"x": problem.x, "params": problem.params})
    state = tree_map(lambda array: tf.constant(array, dtype), problem.state)
    leaves = {"x": tree["x"]} | flat_names(tree["params"])
    with tf.GradientTape() as tape:
        tape.watch(list(leaves.values()))
        y = forward(case.layer, tree["x"], tree["params"], state, case)
    slopes = tape.gradient(y, leaves, output_gradients=tf.constant(problem.dy, dtype))
    return {"y": y.numpy()} | {name: tf.convert_to_tensor(slope).numpy() for name, slope in slopes.items()}


# -- costs: each output's or place's own error
@singledispatch
def losses(cost: Any, p: Any, t: Any) -> Any:
    raise NotImplementedError(f"no TensorFlow statement of {type(cost).__name__}")


@losses.register
def _(cost: vn.MeanSquaredError, p: Any, t: Any) -> Any:
    return tf.math.squared_difference(p, tf.reshape(t, p.shape))


@losses.register
def _(cost: vn.MeanAbsoluteError, p: Any, t: Any) -> Any:
    return tf.abs(p - tf.reshape(t, p.shape))


@losses.register
def _(cost: vn.Huber, p: Any, t: Any) -> Any:
    size = tf.abs(p - tf.reshape(t, p.shape))
    near = tf.clip_by_value(size, 0.0, cost.delta)
    return 0.5 * near**2 + cost.delta * (size - near)


@losses.register
def _(cost: vn.CrossEntropy, p: Any, t: Any) -> Any:
    classes = p.shape[-1]
    shares = t if t.dtype.is_floating else tf.one_hot(t, classes, dtype=p.dtype)
    shares = shares * (1.0 - cost.label_smoothing) + cost.label_smoothing / classes
    return tf.nn.softmax_cross_entropy_with_logits(shares, p)


@losses.register
def _(cost: vn.BinaryCrossEntropy, p: Any, t: Any) -> Any:
    t = tf.reshape(t, p.shape) * (1.0 - cost.label_smoothing) + 0.5 * cost.label_smoothing
    return tf.nn.sigmoid_cross_entropy_with_logits(t, p)


@losses.register
def _(cost: vn.Focal, p: Any, t: Any) -> Any:
    if p.shape[-1] == 1:
        surprise = tf.nn.sigmoid_cross_entropy_with_logits(tf.reshape(t, p.shape), p)
    else:
        surprise = tf.nn.sparse_softmax_cross_entropy_with_logits(t, p)
    return tf.pow(-tf.math.expm1(-surprise), cost.gamma) * surprise


@losses.register
def _(cost: vn.Poisson, p: Any, t: Any) -> Any:
    return tf.nn.log_poisson_loss(tf.reshape(t, p.shape), p)


@losses.register
def _(cost: vn.Quantile, p: Any, t: Any) -> Any:
    gap = tf.expand_dims(t, -1) - tf.reshape(p, (p.shape[0], t.shape[1], -1))
    share = tf.constant(cost.quantiles, p.dtype)
    return tf.maximum(share * gap, (share - 1.0) * gap)


def cost_slopes(cost: Any, posed: dict[str, Any], dtype: str) -> dict[str, np.ndarray]:
    """ "value" and its "gradient" by the prediction."""
    p, w = tf.constant(posed["prediction"], dtype), tf.constant(posed["weight"], dtype)
    t = tf.constant(posed["target"], dtype if posed["target"].dtype.kind == "f" else "int32")
    with tf.GradientTape() as tape:
        tape.watch(p)
        own = losses(cost, p, t)
        own = tf.reduce_mean(tf.reshape(own, (own.shape[0], -1)), 1)
        value = tf.reduce_sum(own * w) / tf.reduce_sum(w)
    return {"value": value.numpy(), "gradient": tape.gradient(value, p).numpy()}  # pyright: ignore

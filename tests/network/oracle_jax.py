"""The same mathematics said with JAX's own functions and differentiated by JAX."""

from __future__ import annotations

from functools import partial, singledispatch
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from tests.network.cases import Case, Problem, flat_names, seen_by, waves
from tests.network.on_engines import QUICKLY
from vitrina import network as vn

ACTIVATIONS: dict[str, Any] = {
    "linear": lambda z: z,
    "relu": jax.nn.relu,
    "leaky_relu": partial(jax.nn.leaky_relu, negative_slope=0.01),
    "elu": jax.nn.elu,
    "selu": jax.nn.selu,
    "gelu": partial(jax.nn.gelu, approximate=False),
    "silu": jax.nn.silu,
    "softplus": jax.nn.softplus,
    "tanh": jnp.tanh,
    "sigmoid": jax.nn.sigmoid,
    "hard_sigmoid": jax.nn.hard_sigmoid,
    "softmax": jax.nn.softmax,
}


@singledispatch
def forward(layer: Any, x: Any, p: Any, s: Any, case: Case) -> Any:
    raise NotImplementedError(f"no JAX statement of {type(layer).__name__}")


@forward.register
def _(layer: vn.Dense, x: Any, p: Any, s: Any, case: Case) -> Any:
    return ACTIVATIONS[layer.activation](jnp.einsum("...i,iu->...u", x, p["weight"]) + p.get("bias", 0.0))


@forward.register
def _(layer: vn.EnsembleDense, x: Any, p: Any, s: Any, case: Case) -> Any:
    said = "bi,miu->bmu" if x.ndim == 2 else "bmi,miu->bmu"
    weight = p["weight"] * seen_by(layer, x.shape[-1])
    return ACTIVATIONS[layer.activation](jnp.einsum(said, x, weight) + p["bias"])


@forward.register
def _(layer: vn.EnsembleMean, x: Any, p: Any, s: Any, case: Case) -> Any:
    return jnp.log(jnp.mean(jax.nn.softmax(x), axis=1)) if layer.probabilities else jnp.mean(x, axis=1)


@forward.register
def _(layer: vn.Conv2D, x: Any, p: Any, s: Any, case: Case) -> Any:
    numbers = ("NHWC", "HWIO", "NHWC")
    number = layer.padding
    pads = [(number, number)] * 2 if isinstance(number, int) else number.upper()
    z = lax.conv_general_dilated(x, p["weight"], layer.stride, pads, dimension_numbers=numbers,  # pyright: ignore
                                 feature_group_count=layer.groups)  # fmt: skip
    return ACTIVATIONS[layer.activation](z + p.get("bias", 0.0))


@forward.register
def _(layer: vn.Conv1D, x: Any, p: Any, s: Any, case: Case) -> Any:
    numbers = ("NWC", "WIO", "NWC")
    how = {"dimension_numbers": numbers, "feature_group_count": layer.groups}
    z = lax.conv_general_dilated(x, p["weight"], (layer.stride,), layer.padding.upper(), **how)
    return ACTIVATIONS[layer.activation](z + p.get("bias", 0.0))


def windows(x: Any, start: float, combine: Any, layer: Any) -> Any:
    start = np.asarray(start, x.dtype)[()]  # pyright: ignore
    size, stride = (np.atleast_1d(number).tolist() for number in (layer.size, layer.stride))
    number = layer.padding
    pads = [(0, 0), (number, number), (number, number), (0, 0)] if isinstance(number, int) else number.upper()
    return lax.reduce_window(x, start, combine, (1, *size, 1), (1, *stride, 1), pads)


@forward.register
def _(layer: vn.MaxPool1D | vn.MaxPool2D, x: Any, p: Any, s: Any, case: Case) -> Any:
    return windows(x, -np.inf, lax.max, layer)


@forward.register
def _(layer: vn.AveragePool1D | vn.AveragePool2D, x: Any, p: Any, s: Any, case: Case) -> Any:
    return windows(x, 0.0, lax.add, layer) / windows(jnp.ones_like(x), 0.0, lax.add, layer)


@forward.register
def _(layer: vn.GlobalAveragePool, x: Any, p: Any, s: Any, case: Case) -> Any:
    if case.mask is not None:
        return jnp.mean(x, axis=1, where=jnp.asarray(case.mask)[:, :, None] > 0)
    return jnp.einsum("b...c->bc", x) / (x.size // (x.shape[0] * x.shape[-1]))


@forward.register
def _(layer: vn.Flatten, x: Any, p: Any, s: Any, case: Case) -> Any:
    return jax.vmap(jnp.ravel)(x)


@forward.register
def _(layer: vn.Reshape, x: Any, p: Any, s: Any, case: Case) -> Any:
    return jax.vmap(lambda one: jnp.reshape(one, layer.shape))(x)


@forward.register
def _(layer: vn.Activation, x: Any, p: Any, s: Any, case: Case) -> Any:
    return ACTIVATIONS[layer.activation](x)


@forward.register
def _(layer: vn.Dropout, x: Any, p: Any, s: Any, case: Case) -> Any:
    assert not (case.training and layer.rate), "which units fall silent is tested on its own"
    return x


@forward.register
def _(layer: vn.BatchNorm, x: Any, p: Any, s: Any, case: Case) -> Any:
    mean, variance = s["mean"], s["variance"]
    if case.training:
        rows = x.reshape(-1, x.shape[-1])
        counts = np.repeat(np.ones(len(x)) if case.weight is None else np.array(case.weight), len(rows) // len(x))
        counts = jnp.asarray(counts, x.dtype)
        mean = jnp.average(rows, axis=0, weights=counts)
        variance = jnp.average(jnp.square(rows), axis=0, weights=counts) - jnp.square(mean)  # E x² - (E x)²
    return p["scale"] * ((x - mean) * lax.rsqrt(variance + layer.epsilon)) + p["shift"]


@forward.register
def _(layer: vn.LayerNorm, x: Any, p: Any, s: Any, case: Case) -> Any:
    return jax.nn.standardize(x, axis=-1, epsilon=layer.epsilon) * p["scale"] + p["shift"]


@forward.register
def _(layer: vn.Scale, x: Any, p: Any, s: Any, case: Case) -> Any:
    return jnp.add(jnp.multiply(x, jnp.array(layer.factor)), jnp.array(layer.shift))


@forward.register
def _(layer: vn.RMSNorm, x: Any, p: Any, s: Any, case: Case) -> Any:
    return x * lax.rsqrt(jnp.mean(jnp.square(x), -1, keepdims=True) + layer.epsilon) * p["scale"]


@forward.register
def _(layer: vn.GroupNorm, x: Any, p: Any, s: Any, case: Case) -> Any:
    def one(example: Any) -> Any:  # (..., channels)
        by_group = jnp.moveaxis(
            example.reshape(*example.shape[:-1], layer.groups, -1), -2, 0
        )  # (groups, ..., channels)
        flat = jax.nn.standardize(by_group.reshape(layer.groups, -1), axis=-1, epsilon=layer.epsilon)
        return jnp.moveaxis(flat.reshape(by_group.shape), 0, -2).reshape(example.shape)

    return jax.vmap(one)(x) * p["scale"] + p["shift"]


@forward.register
def _(layer: vn.PositionalEmbedding, x: Any, p: Any, s: Any, case: Case) -> Any:
    return x + (p["weight"] if layer.kind == "learned" else jnp.asarray(waves(*case.shape), x.dtype))


def both_ways(layer: Any, x: Any, p: Any, case: Case, read: Any) -> Any:
    """`read(x, p, there)` gives what is remembered after each step: once or in both directions, at the end or all along."""
    there = jnp.ones(x.shape[:2], bool) if case.mask is None else jnp.asarray(case.mask) > 0
    ways = [(1, p["forward"]), (-1, p["backward"])] if layer.bidirectional else [(1, p)]
    hs = [read(x[:, ::way], own, there[:, ::way]) for way, own in ways]
    if layer.return_sequences:
        return jnp.concatenate([h[:, ::way] for h, (way, _) in zip(hs, ways, strict=True)], -1)
    return jnp.concatenate([h[:, -1] for h in hs], -1)


@forward.register
def _(layer: vn.GRU, x: Any, p: Any, s: Any, case: Case) -> Any:
    def read(x: Any, p: Any, there: Any) -> Any:
        (wr, wz, wn), (ur, uz, un) = (jnp.split(p[name], 3, axis=1) for name in ("weight", "recurrent_weight"))
        (br, bz, bn), (cr, cz, cn) = (jnp.split(p[name], 3) for name in ("bias", "recurrent_bias"))
        h, hs = jnp.zeros((len(x), layer.units), x.dtype), []
        for t in range(x.shape[1]):
            r = jax.nn.sigmoid(x[:, t] @ wr + br + h @ ur + cr)
            z = jax.nn.sigmoid(x[:, t] @ wz + bz + h @ uz + cz)
            n = jnp.tanh(x[:, t] @ wn + bn + r * (h @ un + cn))
            h = jnp.where(there[:, t, None], (1 - z) * n + z * h, h)
            hs.append(h)
        return jnp.stack(hs, 1)

    return both_ways(layer, x, p, case, read)


@forward.register
def _(layer: vn.LSTM, x: Any, p: Any, s: Any, case: Case) -> Any:
    def read(x: Any, p: Any, there: Any) -> Any:
        h = c = jnp.zeros((len(x), layer.units), x.dtype)
        hs: list[Any] = []
        for t in range(x.shape[1]):
            i, f, g, o = jnp.split(x[:, t] @ p["weight"] + h @ p["recurrent_weight"] + p["bias"], 4, axis=1)
            new = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jnp.where(there[:, t, None], jax.nn.sigmoid(o) * jnp.tanh(new), h)
            c = jnp.where(there[:, t, None], new, c)
            hs.append(h)
        return jnp.stack(hs, 1)

    return both_ways(layer, x, p, case, read)


@forward.register
def _(layer: vn.Attention, x: Any, p: Any, s: Any, case: Case) -> Any:
    def heads(name: str) -> Any:
        z = x @ p[f"{name}_weight"] + p.get(f"{name}_bias", 0.0)
        return z.reshape(*x.shape[:2], layer.heads, -1)

    q, k, v = map(
        heads, ("query", "key", "value")
    )  # jax.nn.dot_product_attention has a softmax in float32 whatever comes in
    seen = jnp.ones((1, 1, 1, 1), bool) if case.mask is None else jnp.asarray(case.mask)[:, None, None, :] > 0
    seen = seen & jnp.tri(x.shape[1], dtype=bool) if layer.causal else seen
    share = jax.nn.softmax(jnp.einsum("bqhd,bkhd->bhqk", q, k) / q.shape[-1] ** 0.5, where=seen)
    y = jnp.einsum("bhqk,bkhd->bqhd", share, v)
    return y.reshape(*x.shape[:2], -1) @ p["output_weight"] + p.get("output_bias", 0.0)


@forward.register
def _(layer: vn.Embedding, x: Any, p: Any, s: Any, case: Case) -> Any:
    return p["weight"][x.astype(int)] + 0.0 * x[..., None]


@forward.register
def _(layer: vn.TableInput, x: Any, p: Any, s: Any, case: Case) -> Any:
    beside, same, numbers, missing, points = [], [], [], [], []
    seen = 0
    plain = [place for place in layer.numeric if place in layer.plain]
    for place in [*(place for place in layer.numeric if place not in plain), *plain, *layer.points]:
        count = layer.categories[place]
        v = x[:, place]
        if count:
            known = (v >= 0) & (v < count)
            points.append(p[f"embedding_{place}"][jnp.where(known, v, count).astype(int)])
            continue
        missing.append(jnp.isnan(v)[:, None].astype(x.dtype))
        v = jnp.nan_to_num(v)[:, None]
        if layer.periodic and place in plain:
            same.append(v)
            continue
        if layer.periodic:
            beside.append(v)
            turned = 2 * jnp.pi * v * p["frequency"][seen]
            waves = jnp.concatenate([jnp.sin(turned), jnp.cos(turned)], -1)
            v = jax.nn.relu(waves @ p["periodic_weight"][seen] + p["periodic_bias"][seen])
        numbers.append(v)
        seen += 1
    return jnp.concatenate(
        [*(beside if layer.beside else []), *same, *numbers, *(missing if layer.missing else []), *points], -1
    )


@forward.register
def _(layer: vn.Sequential, x: Any, p: Any, s: Any, case: Case) -> Any:
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
        return jnp.concatenate(ys, -1)
    return jnp.stack(ys).sum(0) if layer.merge == "add" else jnp.stack(ys).prod(0)


def slopes_of(case: Case, numbers: dict[str, Any]) -> dict[str, Any]:
    """ "y", the slope by x, and by each parameter; may stand inside a compiled function."""
    y, back = jax.vjp(lambda x, p: forward(case.layer, x, p, numbers["state"], case), numbers["x"], numbers["params"])
    dx, dparams = back(numbers["dy"])
    return {"y": y, "x": dx} | flat_names(dparams)


def layer_slopes(case: Case, problem: Problem, dtype: str) -> dict[str, np.ndarray]:
    with jax.enable_x64(dtype == "float64"):
        numbers = jax.tree.map(lambda array: np.asarray(array, dtype), problem.tree())
        compiled = jax.jit(partial(slopes_of, case)).lower(numbers).compile(compiler_options=QUICKLY)
        return jax.tree.map(np.asarray, compiled(numbers))


# -- costs: each output's or place's own error
@singledispatch
def losses(cost: Any, p: Any, t: Any) -> Any:
    raise NotImplementedError(f"no JAX statement of {type(cost).__name__}")


@losses.register
def _(cost: vn.MeanSquaredError, p: Any, t: Any) -> Any:
    return jnp.square(t.reshape(p.shape) - p)


@losses.register
def _(cost: vn.MeanAbsoluteError, p: Any, t: Any) -> Any:
    return jnp.abs(t.reshape(p.shape) - p)


@losses.register
def _(cost: vn.Huber, p: Any, t: Any) -> Any:
    size = jnp.abs(t.reshape(p.shape) - p)
    return jnp.where(size <= cost.delta, 0.5 * size**2, cost.delta * (size - 0.5 * cost.delta))


@losses.register
def _(cost: vn.CrossEntropy, p: Any, t: Any) -> Any:
    classes = p.shape[-1]
    shares = t if jnp.issubdtype(t.dtype, jnp.floating) else jnp.eye(classes, dtype=p.dtype)[t]
    shares = (1.0 - cost.label_smoothing) * shares + cost.label_smoothing / classes
    return jnp.sum(shares * (jax.nn.logsumexp(p, axis=-1, keepdims=True) - p), axis=-1)


@losses.register
def _(cost: vn.BinaryCrossEntropy, p: Any, t: Any) -> Any:
    t = t.reshape(p.shape) * (1.0 - cost.label_smoothing) + cost.label_smoothing / 2.0
    return -t * jax.nn.log_sigmoid(p) - (1.0 - t) * jax.nn.log_sigmoid(-p)


@losses.register
def _(cost: vn.Focal, p: Any, t: Any) -> Any:
    if p.shape[-1] == 1:
        log_q = jnp.where(t.reshape(p.shape) > 0.5, jax.nn.log_sigmoid(p), jax.nn.log_sigmoid(-p))
    else:
        log_q = jnp.take_along_axis(jax.nn.log_softmax(p), t[..., None], axis=-1)[..., 0]
    return -((1.0 - jnp.exp(log_q)) ** cost.gamma) * log_q


@losses.register
def _(cost: vn.Poisson, p: Any, t: Any) -> Any:
    return jnp.exp(p) - t.reshape(p.shape) * p


@losses.register
def _(cost: vn.Quantile, p: Any, t: Any) -> Any:
    gap = t[:, :, None] - p.reshape(len(p), t.shape[1], -1)
    share = jnp.asarray(cost.quantiles, p.dtype)
    return jnp.where(gap > 0, share * gap, (share - 1.0) * gap)


def cost_slopes_of(cost: Any, posed: dict[str, Any]) -> dict[str, Any]:
    def value(p: Any) -> Any:
        own = losses(cost, p, posed["target"])
        return jnp.average(own.reshape(len(own), -1).mean(1), weights=posed["weight"])

    found, slope = jax.value_and_grad(value)(posed["prediction"])
    return {"value": found, "gradient": slope}

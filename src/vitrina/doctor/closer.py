"""A closer look at a network as it stands: its batch statistics taken anew, who attends to whom, how far batches agree."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from vitrina import engines
from vitrina.doctor.mending import changed, with_fields
from vitrina.errors import VitrinaError
from vitrina.learning.feed import Examples
from vitrina.learning.stages import back_propagation, error, forward_propagation
from vitrina.network.attention import Attention
from vitrina.network.dropout import Dropout
from vitrina.network.layer import Context, Layer
from vitrina.network.network import Network, flatten
from vitrina.network.normalisation import BatchNorm
from vitrina.network.watching import Watch

BATCHES = 8  # whose gradients are compared
FLOPS = 2e9  # that may be spent on them
LOOKED_AT = 32  # sequences


def has(network: Network, kind: type[Layer]) -> bool:
    return any(isinstance(layer, kind) for _, layer, _ in network.walk())


def statistics_anew(network: Network, params: Any, state: Any, x: np.ndarray) -> Any:
    """The state as it were, had batch normalisation averaged over these very rows, with nothing dropped. x (rows, *input)."""

    def plain(name: str, layer: Layer) -> Layer:
        if isinstance(layer, BatchNorm):
            return with_fields(layer, momentum=0.0)
        return with_fields(layer, rate=0.0) if isinstance(layer, Dropout) else layer

    engine = engines.get("numpy")
    ops = engine.ops
    at_once = changed(network, plain)
    put = engine.put({"params": params, "state": state, "x": x})
    key = ops.key(0, np.int32(0)) if network.root.random else None
    with np.errstate(all="ignore"):
        context = Context(training=True, key=key, returns=False)
        _, _, after = forward_propagation(ops, at_once, put["params"], put["state"], put["x"], context)
    return engine.get(after)


def out_of_step(kept: Any, anew: Any) -> dict[str, Any]:
    """How far kept batch statistics lie from those of the rows, in the layer where it is most: `shift`, the median over its
    channels of the distance of the means in spreads; `stretch`, of the spreads as a logarithm."""
    was, now = flatten(kept), flatten(anew)
    found: list[dict[str, Any]] = []
    for name in was:
        layer, _, statistic = name.rpartition("/")
        if statistic != "variance" or f"{layer}/mean" not in was:
            continue
        spread = np.sqrt(np.maximum(now[name], 1e-12))
        shift = float(np.median(np.abs(was[f"{layer}/mean"] - now[f"{layer}/mean"]) / spread))
        stretch = float(np.median(0.5 * np.log(np.maximum(was[name], 1e-12) / np.maximum(now[name], 1e-12))))
        found.append({"layer": layer, "shift": shift, "stretch": stretch})
    return max(found, key=lambda one: one["shift"] + abs(one["stretch"]), default={})


def attention_of(network: Network, params: Any, state: Any, x: np.ndarray) -> dict[str, float]:
    """Of each Attention layer, the entropy of a query's shares as a share of the most there can be, the median over heads and
    queries: 1 where all keys count alike, 0 where one takes all. Of causal queries the first, which sees itself alone, is
    left out."""
    if not has(network, Attention):
        return {}
    engine = engines.get("numpy")
    ops, watch = engine.ops, Watch()
    put = engine.put({"params": params, "state": state, "x": x[:LOOKED_AT]})
    found: dict[str, float] = {}
    with np.errstate(all="ignore"):
        forward_propagation(ops, network, put["params"], put["state"], put["x"], Context(watch=watch))
        for one in watch.passed:
            if not isinstance(one.layer, Attention):
                continue
            shares = np.asarray(one.layer.shares(ops, one.kept), np.float64)  # (batch, heads, queries, keys)
            keys = shares.shape[-1]
            seen = np.arange(1, keys + 1) if one.layer.causal else np.full(shares.shape[2], keys)
            entropy = -np.sum(shares * np.log(np.maximum(shares, 1e-30)), axis=-1)  # (batch, heads, queries)
            telling = seen > 1
            if telling.any():
                found[one.name] = float(np.median(entropy[..., telling] / np.log(seen[telling])))
    return found


def agreement_of(network: Network, params: Any, state: Any, examples: Examples, batch: int) -> dict[str, float]:
    """How far the gradients of some batches agree, as the network stands.

    signal: of a batch's squared gradient, the share that all batches have in common; noise_scale: tr(Σ) / |G|², the batch size at
    which half of it would be (McCandlish et al. 2018, arXiv:1812.06162, appendix A.1). Nothing where NumPy cannot say.
    """
    if batch * BATCHES > examples.rows or 3.0 * BATCHES * batch * network.flops > FLOPS:
        return {}
    engine = engines.get("numpy", "float64")
    ops = engine.ops
    order = np.random.default_rng(4).permutation(examples.rows)
    put = engine.put({"params": params, "state": state})
    found: list[np.ndarray] = []
    for at in range(BATCHES):
        rows = np.sort(order[at * batch : (at + 1) * batch])
        given = engine.put({"x": examples.x[rows], "y": examples.y[rows]})
        key = ops.key(1, np.int32(at)) if network.root.random else None
        try:
            with np.errstate(all="ignore"):
                context = Context(training=True, key=key)
                guess, saved, _ = forward_propagation(ops, network, put["params"], put["state"], given["x"], context)
                _, slope = error(ops, network, guess, given["y"], np.ones(len(rows)))
                gradients = back_propagation(ops, network, put["params"], saved, slope)
        except VitrinaError:
            return {}
        found.append(np.concatenate([np.asarray(one, np.float64).reshape(-1) for one in flatten(gradients).values()]))
    each = np.stack(found)
    noise = float(each.var(axis=0, ddof=1).sum())  # of one batch's gradient
    common = max(float(np.sum(each.mean(axis=0) ** 2)) - noise / BATCHES, 0.0)
    if not math.isfinite(noise + common) or noise + common <= 0.0:
        return {}
    return {"signal": common / (common + noise), "noise_scale": batch * noise / max(common, 1e-30)}

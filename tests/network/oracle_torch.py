"""The same mathematics said by PyTorch's own layers and differentiated by its autograd."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from tests.network.cases import Case, Problem, flat_names, seen_by, waves
from vitrina import network as vn
from vitrina.engines.engine import tree_map

ACTIVATIONS: dict[str, Any] = {
    "linear": lambda z: z,
    "relu": F.relu,
    "leaky_relu": lambda z: F.leaky_relu(z, 0.01),
    "elu": F.elu,
    "selu": F.selu,
    "gelu": F.gelu,
    "silu": F.silu,
    "softplus": lambda z: F.softplus(z, threshold=60.0),
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "hard_sigmoid": lambda z: F.relu6(z + 3.0) / 6.0,  # F.hardsigmoid multiplies by 1/6 in float32, also in float64
    "softmax": lambda z: F.softmax(z, dim=-1),
}


def around(x: Any, size: tuple[int, int], stride: tuple[int, int], padding: str | int, value: float) -> Any:
    """x (batch, channels, rows, columns) padded so that ceil(length / stride) windows fit, an odd one more at the end; a number on
    every side."""
    if padding == "valid":
        return x
    if isinstance(padding, int):
        return F.pad(x, [padding] * 4, value=value)
    pads: list[int] = []
    for length, window, step in list(zip(x.shape[2:], size, stride, strict=True))[::-1]:
        missing = max((length + step - 1) // step * step - step + window - length, 0)
        pads += [missing // 2, missing - missing // 2]
    return F.pad(x, pads, value=value)


def first(x: Any) -> Any:
    return torch.movedim(x, -1, 1)


def last(x: Any) -> Any:
    return torch.movedim(x, 1, -1)


@singledispatch
def forward(layer: Any, x: Any, p: Any, s: Any, case: Case) -> Any:
    raise NotImplementedError(f"no PyTorch statement of {type(layer).__name__}")


@forward.register
def _(layer: vn.Dense, x: Any, p: Any, s: Any, case: Case) -> Any:
    return ACTIVATIONS[layer.activation](F.linear(x, p["weight"].T, p.get("bias")))


@forward.register
def _(layer: vn.EnsembleDense, x: Any, p: Any, s: Any, case: Case) -> Any:
    said = "bi,miu->bmu" if x.ndim == 2 else "bmi,miu->bmu"
    weight = p["weight"] * torch.as_tensor(seen_by(layer, x.shape[-1]), dtype=x.dtype)
    return ACTIVATIONS[layer.activation](torch.einsum(said, x, weight) + p["bias"])


@forward.register
def _(layer: vn.EnsembleMean, x: Any, p: Any, s: Any, case: Case) -> Any:
    return F.softmax(x, dim=-1).mean(dim=1).log() if layer.probabilities else x.mean(dim=1)


@forward.register
def _(layer: vn.Conv2D, x: Any, p: Any, s: Any, case: Case) -> Any:
    image = around(first(x), layer.kernel_size, layer.stride, layer.padding, 0.0)  # pyright: ignore
    z = F.conv2d(image, p["weight"].permute(3, 2, 0, 1).contiguous(), p.get("bias"), layer.stride, groups=layer.groups)
    return ACTIVATIONS[layer.activation](last(z))


@forward.register
def _(layer: vn.Conv1D, x: Any, p: Any, s: Any, case: Case) -> Any:
    sequence = around(first(x), (layer.kernel_size,), (layer.stride,), layer.padding, 0.0)  # pyright: ignore
    weight = p["weight"].permute(2, 1, 0).contiguous()
    z = F.conv1d(sequence, weight, p.get("bias"), layer.stride, groups=layer.groups)
    return ACTIVATIONS[layer.activation](last(z))


@forward.register
def _(layer: vn.MaxPool1D, x: Any, p: Any, s: Any, case: Case) -> Any:
    sequence = around(first(x), (layer.size,), (layer.stride,), layer.padding, -torch.inf)  # pyright: ignore
    return last(F.max_pool1d(sequence, layer.size, layer.stride))


@forward.register
def _(layer: vn.AveragePool1D, x: Any, p: Any, s: Any, case: Case) -> Any:
    def pooled(sequence: Any) -> Any:
        padded = around(sequence, (layer.size,), (layer.stride,), layer.padding, 0.0)  # pyright: ignore
        return F.avg_pool1d(padded, layer.size, layer.stride)

    return last(pooled(first(x)) / pooled(torch.ones_like(first(x))))


@forward.register
def _(layer: vn.MaxPool2D, x: Any, p: Any, s: Any, case: Case) -> Any:
    image = around(first(x), layer.size, layer.stride, layer.padding, -torch.inf)  # pyright: ignore
    return last(F.max_pool2d(image, layer.size, layer.stride))  # pyright: ignore


@forward.register
def _(layer: vn.AveragePool2D, x: Any, p: Any, s: Any, case: Case) -> Any:
    def pooled(image: Any) -> Any:
        return F.avg_pool2d(around(image, layer.size, layer.stride, layer.padding, 0.0), layer.size, layer.stride)  # pyright: ignore

    return last(pooled(first(x)) / pooled(torch.ones_like(first(x))))


@forward.register
def _(layer: vn.GlobalAveragePool, x: Any, p: Any, s: Any, case: Case) -> Any:
    if case.mask is not None:
        return torch.stack([one[there > 0].mean(0) for one, there in zip(x, torch.tensor(case.mask), strict=True)])
    return x.flatten(1, -2).mean(1)


@forward.register
def _(layer: vn.Flatten, x: Any, p: Any, s: Any, case: Case) -> Any:
    return x.flatten(1)


@forward.register
def _(layer: vn.Reshape, x: Any, p: Any, s: Any, case: Case) -> Any:
    return x.unflatten(1, layer.shape) if x.dim() == 2 else x.flatten(1).unflatten(1, layer.shape)


@forward.register
def _(layer: vn.Activation, x: Any, p: Any, s: Any, case: Case) -> Any:
    return ACTIVATIONS[layer.activation](x)


@forward.register
def _(layer: vn.Dropout, x: Any, p: Any, s: Any, case: Case) -> Any:
    assert not (case.training and layer.rate), "which units fall silent is tested on its own"
    return F.dropout(x, layer.rate, training=False)


@forward.register
def _(layer: vn.BatchNorm, x: Any, p: Any, s: Any, case: Case) -> Any:
    scale, shift, epsilon = p["scale"], p["shift"], layer.epsilon
    if not case.training:
        return last(F.batch_norm(first(x), s["mean"], s["variance"], scale, shift, training=False, eps=epsilon))
    if case.weight is None:
        if x.numel() == x.shape[-1]:  # PyTorch refuses one value per channel, which normalises to 0
            return x * 0.0 * scale + shift
        return last(F.batch_norm(first(x), None, None, scale, shift, training=True, eps=epsilon))
    repeated = torch.repeat_interleave(
        x, torch.tensor(case.weight).long(), 0
    )  # a weight of 2 is a row that comes twice
    y = last(F.batch_norm(first(repeated), None, None, scale, shift, training=True, eps=epsilon))
    starts = np.cumsum([0, *case.weight[:-1]]).astype(int)
    return y[torch.tensor(starts)]


@forward.register
def _(layer: vn.LayerNorm, x: Any, p: Any, s: Any, case: Case) -> Any:
    return F.layer_norm(x, x.shape[-1:], p["scale"], p["shift"], layer.epsilon)


@forward.register
def _(layer: vn.Scale, x: Any, p: Any, s: Any, case: Case) -> Any:
    return torch.addcmul(torch.tensor(layer.shift, dtype=x.dtype), x, torch.tensor(layer.factor, dtype=x.dtype))


@forward.register
def _(layer: vn.RMSNorm, x: Any, p: Any, s: Any, case: Case) -> Any:
    return F.rms_norm(x, x.shape[-1:], p["scale"], layer.epsilon)


@forward.register
def _(layer: vn.GroupNorm, x: Any, p: Any, s: Any, case: Case) -> Any:
    if x[0].numel() == layer.groups:  # PyTorch refuses one value per group, which normalises to 0
        return x * 0.0 * p["scale"] + p["shift"]
    return last(F.group_norm(first(x), layer.groups, p["scale"], p["shift"], layer.epsilon))


@forward.register
def _(layer: vn.PositionalEmbedding, x: Any, p: Any, s: Any, case: Case) -> Any:
    return x + (p["weight"] if layer.kind == "learned" else torch.tensor(waves(*case.shape), dtype=x.dtype))


def read_by_torch(layer: Any, x: Any, p: Any, case: Case, read: Any) -> Any:
    """PyTorch's own memory reads the real steps of each example alone; at padded steps it says what it said before."""
    mask = torch.ones(x.shape[:2]) if case.mask is None else torch.tensor(case.mask)
    ways = [p["forward"], p["backward"]] if layer.bidirectional else [p]
    rows: list[Any] = []
    for example, there in zip(x, mask > 0, strict=True):
        parts: list[Any] = []
        for way, own in enumerate(ways):
            turned = (example.flip(0), there.flip(0)) if way else (example, there)
            h = read(turned[0][turned[1]][None], own)[0]  # (real steps, units)
            past = torch.cumsum(turned[1].long(), 0)  # how many real steps there were up to here
            all_along = torch.cat([h[:1] * 0.0, h])[past]
            parts.append((all_along.flip(0) if way else all_along) if layer.return_sequences else h[-1])
        rows.append(torch.cat(parts, -1))
    return torch.stack(rows)


@forward.register
def _(layer: vn.GRU, x: Any, p: Any, s: Any, case: Case) -> Any:
    def read(x: Any, p: Any) -> Any:
        weights = [p["weight"].T, p["recurrent_weight"].T, p["bias"], p["recurrent_bias"]]
        return torch.gru(x, x.new_zeros(1, 1, layer.units), weights, True, 1, 0.0, False, False, True)[0]

    return read_by_torch(layer, x, p, case, read)


@forward.register
def _(layer: vn.LSTM, x: Any, p: Any, s: Any, case: Case) -> Any:
    def read(x: Any, p: Any) -> Any:
        weights = [p["weight"].T, p["recurrent_weight"].T, p["bias"], torch.zeros_like(p["bias"])]
        nothing = x.new_zeros(1, 1, layer.units)
        return torch.lstm(x, [nothing, nothing], weights, True, 1, 0.0, False, False, True)[0]

    return read_by_torch(layer, x, p, case, read)


@forward.register
def _(layer: vn.Attention, x: Any, p: Any, s: Any, case: Case) -> Any:
    def heads(name: str) -> Any:
        z = F.linear(x, p[f"{name}_weight"].T, p.get(f"{name}_bias"))
        return z.unflatten(-1, (layer.heads, -1)).transpose(1, 2)

    steps = x.shape[1]
    seen = torch.ones(steps, steps, dtype=torch.bool).tril() if layer.causal else torch.ones(1, 1, dtype=torch.bool)
    if case.mask is not None:
        seen = seen & (torch.tensor(case.mask)[:, None, None, :] > 0)
    y = F.scaled_dot_product_attention(
        *map(heads, ("query", "key", "value")), attn_mask=seen.expand(*seen.shape[:-2], steps, steps)
    )
    return F.linear(y.transpose(1, 2).flatten(2), p["output_weight"].T, p.get("output_bias"))


@forward.register
def _(layer: vn.Embedding, x: Any, p: Any, s: Any, case: Case) -> Any:
    return F.embedding(x.long(), p["weight"]) + 0.0 * x[..., None]


@forward.register
def _(layer: vn.TableInput, x: Any, p: Any, s: Any, case: Case) -> Any:
    beside, same, numbers, missing, points = [], [], [], [], []
    plain = [place for place in layer.numeric if place in layer.plain]
    for place in [*(place for place in layer.numeric if place not in plain), *plain, *layer.points]:
        count = layer.categories[place]
        v = x[:, place : place + 1]
        if count:
            code = torch.where((v >= 0) & (v < count), v, torch.full_like(v, count)).long()[:, 0]
            points.append(F.embedding(code, p[f"embedding_{place}"]) + 0.0 * v)
            continue
        own = len(numbers)
        missing.append(v.isnan().to(v.dtype))
        v = v.nan_to_num()
        if layer.periodic and place in plain:
            same.append(v)
            continue
        if layer.periodic:
            beside.append(v)
            turned = 2 * torch.pi * v * p["frequency"][own]
            v = F.relu(
                torch.cat([turned.sin(), turned.cos()], -1) @ p["periodic_weight"][own] + p["periodic_bias"][own]
            )
        numbers.append(v)
    return torch.cat(
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
        return torch.cat(ys, -1)
    return torch.stack(ys).sum(0) if layer.merge == "add" else torch.stack(ys).prod(0)


def layer_slopes(case: Case, problem: Problem, dtype: str) -> dict[str, np.ndarray]:
    """ "y", the slope by x, and by each parameter."""
    kind = getattr(torch, dtype)
    tree = tree_map(
        lambda array: torch.tensor(array, dtype=kind, requires_grad=True), {"x": problem.x, "params": problem.params}
    )
    state = tree_map(lambda array: torch.tensor(array, dtype=kind), problem.state)
    y = forward(case.layer, tree["x"], tree["params"], state, case)
    y.backward(torch.tensor(problem.dy, dtype=kind))
    leaves = {"x": tree["x"]} | flat_names(tree["params"])
    return {"y": y.detach().numpy()} | {name: leaf.grad.numpy() for name, leaf in leaves.items()}


# -- costs: each output's or place's own error
@singledispatch
def losses(cost: Any, p: Any, t: Any) -> Any:
    raise NotImplementedError(f"no PyTorch statement of {type(cost).__name__}")


@losses.register
def _(cost: vn.MeanSquaredError, p: Any, t: Any) -> Any:
    return F.mse_loss(p, t.view_as(p), reduction="none")


@losses.register
def _(cost: vn.MeanAbsoluteError, p: Any, t: Any) -> Any:
    return F.l1_loss(p, t.view_as(p), reduction="none")


@losses.register
def _(cost: vn.Huber, p: Any, t: Any) -> Any:
    return F.huber_loss(p, t.view_as(p), reduction="none", delta=cost.delta)


@losses.register
def _(cost: vn.CrossEntropy, p: Any, t: Any) -> Any:
    p, t = torch.movedim(p, -1, 1), (torch.movedim(t, -1, 1) if t.is_floating_point() else t.long())
    return F.cross_entropy(p, t, reduction="none", label_smoothing=cost.label_smoothing)


@losses.register
def _(cost: vn.BinaryCrossEntropy, p: Any, t: Any) -> Any:
    t = torch.lerp(t.view_as(p), torch.full_like(p, 0.5), cost.label_smoothing)
    return F.binary_cross_entropy_with_logits(p, t, reduction="none")


@losses.register
def _(cost: vn.Focal, p: Any, t: Any) -> Any:
    if p.shape[-1] == 1:
        surprise = F.binary_cross_entropy_with_logits(p, t.view_as(p), reduction="none")
    else:
        surprise = F.cross_entropy(torch.movedim(p, -1, 1), t.long(), reduction="none")
    return (1.0 - torch.exp(-surprise)) ** cost.gamma * surprise


@losses.register
def _(cost: vn.Poisson, p: Any, t: Any) -> Any:
    return F.poisson_nll_loss(p, t.view_as(p), log_input=True, full=False, reduction="none")


@losses.register
def _(cost: vn.Quantile, p: Any, t: Any) -> Any:
    q = torch.tensor(cost.quantiles, dtype=p.dtype).repeat(t.shape[1])
    gap = t.repeat_interleave(len(cost.quantiles), 1) - p
    return q * F.relu(gap) + (1.0 - q) * F.relu(-gap)


def cost_slopes(cost: Any, posed: dict[str, Any], dtype: str) -> dict[str, np.ndarray]:
    """ "value" and its "gradient" by the prediction."""
    kind = getattr(torch, dtype)
    p = torch.tensor(posed["prediction"], dtype=kind, requires_grad=True)
    t = torch.tensor(posed["target"], dtype=kind if posed["target"].dtype.kind == "f" else torch.int64)
    own = losses(cost, p, t)
    own = own.flatten(1).mean(1) if own.dim() > 1 else own
    w = torch.tensor(posed["weight"], dtype=kind)
    value = torch.dot(own, w) / w.sum()
    value.backward()
    assert p.grad is not None
    return {"value": value.detach().numpy(), "gradient": p.grad.numpy()}

"""A PyTorch module as a chain of layers: what `torch.fx` finds that it does, module or function, one thing after the other."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitrina.errors import ModelError
from vitrina.network.activation import Activation
from vitrina.network.convolution import Conv2D
from vitrina.network.dense import Dense
from vitrina.network.dropout import Dropout
from vitrina.network.layer import Layer
from vitrina.network.normalisation import BatchNorm, LayerNorm
from vitrina.network.pooling import AveragePool2D, GlobalAveragePool, MaxPool2D
from vitrina.network.shaping import Flatten

BENDS = {
    "ReLU": "relu",
    "LeakyReLU": "leaky_relu",
    "ELU": "elu",
    "SELU": "selu",
    "GELU": "gelu",
    "SiLU": "silu",
    "Softplus": "softplus",
    "Tanh": "tanh",
    "Sigmoid": "sigmoid",
    "Hardsigmoid": "hard_sigmoid",
    "Softmax": "softmax",
}
CALLED = {  # functions and methods of tensors, by the name of the module that does the same
    **{name.lower(): name for name in BENDS},
    **{"leaky_relu": "LeakyReLU", "relu_": "ReLU", "tanh_": "Tanh", "sigmoid_": "Sigmoid"},
    **dict.fromkeys(("flatten", "view", "reshape"), "Flatten"),
    **dict.fromkeys(("dropout", "dropout2d"), "Dropout"),
    **{"max_pool2d": "MaxPool2d", "avg_pool2d": "AvgPool2d", "adaptive_avg_pool2d": "AdaptiveAvgPool2d"},
    **{"log_softmax": "LogSoftmax", "_max_pool2d": "MaxPool2d"},
}
SILENT = ("Identity", "LogSoftmax", "contiguous", "float", "squeeze")  # of which the cost makes up for the second
ASKS = ("size", "getattr", "getitem")  # for a shape
Arrays = list[dict[str, np.ndarray]]


@dataclass(frozen=True)
class Call:
    """One thing that a module does. kind: the name of the module for it; leaf: that module, None for a function; args: what the
    function is given besides; given: the shape that comes in, (rows, ...)."""

    kind: str
    leaf: Any
    args: dict[str, Any]
    given: tuple[int, ...]

    def option(self, name: str, usual: Any = None) -> Any:
        return getattr(self.leaf, name) if self.leaf is not None else self.args.get(name, usual)


def answers_of(module: Any, x: np.ndarray) -> np.ndarray:
    """What the module answers, as it does after training."""
    was = module.training
    module.eval()
    try:
        return module(_tensor(module, x)).detach().cpu().numpy()
    finally:
        module.train(was)


def layers_of(module: Any, x: np.ndarray) -> tuple[list[Layer], Arrays, Arrays, None, None]:
    """Layers, and of each its weights and its state. Raises ModelError for a kind of layer that Vitrina does not know."""
    layers: list[Layer] = []
    weights: Arrays = []
    state: Arrays = []
    shape: tuple[int, ...] = ()  # of what was flattened, (channels, rows, columns)
    for call in _calls(module, x):
        kind = call.kind
        if kind in SILENT or (kind == "Flatten" and len(call.given) == 2):
            continue
        if kind == "Flatten":
            shape = call.given[1:] if len(call.given) == 4 else ()
        layer, own, kept = _layer(call, shape)
        if kind == "Linear":
            shape = ()
        layers.append(layer)
        weights.append(own)
        state.append(kept)
    return layers, weights, state, None, None


def _layer(call: Call, shape: tuple[int, ...]) -> tuple[Layer, dict[str, np.ndarray], dict[str, np.ndarray]]:
    kind, leaf = call.kind, call.leaf
    if kind in BENDS:
        return Activation(BENDS[kind]), {}, {}
    if kind == "Flatten":
        return Flatten(), {}, {}
    if kind == "Linear":
        weight = _array(leaf.weight)  # (units, inputs)
        if len(shape) == 3:  # PyTorch flattens channels first
            weight = np.moveaxis(weight.reshape(len(weight), *shape), 1, -1).reshape(len(weight), -1)
        bias = {"bias": _array(leaf.bias)} if leaf.bias is not None else {}
        return Dense(leaf.out_features, use_bias=bool(bias)), {"weight": weight.T, **bias}, {}
    if kind == "Conv2d":
        return *_convolution(leaf), {}
    if kind in ("MaxPool2d", "AvgPool2d") and not _one(call.option("padding", 0)):
        size = _one(call.option("kernel_size"))
        pool = MaxPool2D if kind == "MaxPool2d" else AveragePool2D
        return pool(size, _one(call.option("stride") or size)), {}, {}
    if kind == "AdaptiveAvgPool2d" and _one(call.option("output_size")) == 1:
        return GlobalAveragePool(), {}, {}
    if kind in ("Dropout", "Dropout2d"):
        return Dropout(call.option("p", 0.5)), {}, {}
    if kind in ("BatchNorm1d", "BatchNorm2d") and leaf.affine and leaf.track_running_stats:
        kept = {"mean": _array(leaf.running_mean), "variance": _array(leaf.running_var)}
        own = {"scale": _array(leaf.weight), "shift": _array(leaf.bias)}
        return BatchNorm(1.0 - (leaf.momentum or 0.1), leaf.eps), own, kept
    if kind == "LayerNorm":
        return LayerNorm(leaf.eps), {"scale": _array(leaf.weight), "shift": _array(leaf.bias)}, {}
    raise ModelError(
        f"{kind} of a PyTorch module is nothing that diagnose knows; it knows plain feed-forward and convolutional networks"
    )


def _calls(module: Any, x: np.ndarray) -> Iterator[Call]:
    """What is done to x, in order. Raises ModelError for a module that is no chain, or that `torch.fx` cannot follow."""
    fx = sys.modules["torch"].fx
    was = module.training
    module.train()  # dropout that is a function is told whether it is training
    try:
        graph = fx.symbolic_trace(module)
    except Exception as error:
        raise ModelError(
            f"torch.fx cannot follow what the module does ({error}); make it a plain chain of layers"
        ) from None
    finally:
        module.train(was)
    graph.eval()
    fx.passes.shape_prop.ShapeProp(graph).propagate(_tensor(module, x))
    leaves: dict[str, Any] = dict(module.named_modules())
    last: Any = None
    for node in graph.graph.nodes:
        if node.op in ("placeholder", "output"):
            last = node if node.op == "placeholder" else last
            continue
        kind = type(leaves[node.target]).__name__ if node.op == "call_module" else _called(node)
        if kind in ASKS:
            continue
        inputs = [one for one in node.all_input_nodes if "tensor_meta" in one.meta]
        if inputs != [last]:
            raise ModelError(
                f"the PyTorch module joins or branches at {node.name}; diagnose knows plain chains of layers"
            )
        leaf = leaves[node.target] if node.op == "call_module" else None
        yield Call(kind, leaf, _arguments(node), tuple(last.meta["tensor_meta"].shape))
        last = node


def _called(node: Any) -> str:
    name = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", str(node.target))
    return CALLED.get(name, name)


def _arguments(node: Any) -> dict[str, Any]:
    """Of a function, what it is given beside the tensor, by the names that matter here."""
    order = {
        "Dropout": ("p",),
        "MaxPool2d": ("kernel_size", "stride", "padding"),
        "AvgPool2d": ("kernel_size", "stride", "padding"),
        "AdaptiveAvgPool2d": ("output_size",),
    }
    names = order.get(_called(node), ()) if node.op != "call_module" else ()
    return {**dict(zip(names, node.args[1:], strict=False)), **node.kwargs}


def _convolution(leaf: Any) -> tuple[Layer, dict[str, np.ndarray]]:
    size, stride, padding = _one(leaf.kernel_size), _one(leaf.stride), leaf.padding
    same = padding == "same" or (stride == 1 and size % 2 == 1 and _one(padding) == size // 2)
    if not same and padding != "valid" and _one(padding) != 0:
        raise ModelError(f"a PyTorch Conv2d with padding {padding} and stride {stride} is none that diagnose knows")
    weight = np.moveaxis(_array(leaf.weight), (0, 1), (-1, -2))  # (out, in, rows, columns) -> (rows, columns, in, out)
    bias = {"bias": _array(leaf.bias)} if leaf.bias is not None else {}
    layer = Conv2D(
        leaf.out_channels,
        size,
        stride=stride,
        padding="same" if same else "valid",
        groups=leaf.groups,
        use_bias=bool(bias),
    )
    return layer, {"weight": weight, **bias}


def _one(size: Any) -> int:
    """A size that is the same both ways. Raises ModelError for another."""
    sizes = set(size) if isinstance(size, tuple | list) else {size}
    if len(sizes) != 1:
        raise ModelError(f"the size {size} differs by direction, which diagnose does not know")
    return int(sizes.pop())


def _tensor(module: Any, x: np.ndarray) -> Any:
    first = next(module.parameters(), None)
    if first is None:
        raise ModelError("the module has no weights to learn")
    return first.detach().new_tensor(np.asarray(x, np.float32).tolist())


def _array(parameter: Any) -> np.ndarray:
    return parameter.detach().cpu().numpy().astype(np.float64)

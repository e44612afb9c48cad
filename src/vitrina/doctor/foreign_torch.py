"""A PyTorch module as a tree of layers: what `torch.fx` finds that it does, module or function, with shortcuts and branches."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitrina.doctor.foreign_graph import Arrays, Part, Tree
from vitrina.errors import ModelError
from vitrina.locale import say
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
MERGES = {
    **dict.fromkeys(("add", "add_", "iadd"), "add"),
    **dict.fromkeys(("mul", "mul_", "imul"), "multiply"),
    **dict.fromkeys(("cat", "concat", "concatenate"), "concatenate"),
}


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
    graph = TorchGraph(module, x)
    parts = Tree(graph).between(graph.start, graph.end)
    weights, state = ([one for part in parts for one in getattr(part, name)] for name in ("weights", "state"))
    return [part.layer for part in parts], weights, state, None, None


class TorchGraph:
    """The nodes of `torch.fx`, with the shapes that x has there. Raises ModelError for a module that it cannot follow."""

    def __init__(self, module: Any, x: np.ndarray) -> None:
        fx = sys.modules["torch"].fx
        was = module.training
        module.train()  # dropout that is a function is told whether it is training
        try:
            traced = fx.symbolic_trace(module)
        except Exception as error:
            raise ModelError(
                say(
                    "torch.fx cannot follow what the module does ({reason}); make it a plain chain of layers",
                    reason=error,
                )
            ) from None
        finally:
            module.train(was)
        traced.eval()
        fx.passes.shape_prop.ShapeProp(traced).propagate(_tensor(module, x))
        self.leaves: dict[str, Any] = dict(module.named_modules())
        nodes = list(traced.graph.nodes)
        self.start = next(node for node in nodes if node.op == "placeholder")
        self.end = nodes[-1].all_input_nodes[0]

    def sources(self, node: Any) -> list[Any]:
        return [one for one in node.all_input_nodes if "tensor_meta" in one.meta]  # not a number, such as a size

    def merge(self, node: Any) -> str:
        name = self._kind(node)
        given = self._given(node)
        at = node.kwargs.get("dim", node.args[1] if len(node.args) > 1 else 0)
        if name not in MERGES or (MERGES[name] == "concatenate" and at not in (1, 1 - len(given))):
            raise ModelError(
                say("the PyTorch module joins at {name} in a way that diagnose does not know", name=node.name)
            )
        return MERGES[name]

    def parts(self, node: Any) -> list[Part]:
        kind = self._kind(node)
        leaf = self.leaves[node.target] if node.op == "call_module" else None
        call = Call(kind, leaf, _arguments(node), self._given(node))
        if kind in SILENT or (kind == "Flatten" and len(call.given) == 2):
            return []
        if kind == "AdaptiveAvgPool2d" and _one(call.option("output_size")) == call.given[2] == call.given[3]:
            return []
        layer, own, kept = _layer(call, self._flattened(node) if kind == "Linear" else ())
        return [Part(layer, [own], [kept])]

    def _kind(self, node: Any) -> str:
        return type(self.leaves[node.target]).__name__ if node.op == "call_module" else _called(node)

    def _given(self, node: Any) -> tuple[int, ...]:
        return tuple(self.sources(node)[0].meta["tensor_meta"].shape)

    def _flattened(self, node: Any) -> tuple[int, ...]:
        """(channels, rows, columns) of the images that were flattened for this layer; () if none were."""
        while len(sources := self.sources(node)) == 1 and self._kind(sources[0]) != "Linear":
            node = sources[0]
            if self.sources(node) and len(given := self._given(node)) == 4:
                return given[1:] if self._kind(node) == "Flatten" else ()
        return ()


def _layer(call: Call, shape: tuple[int, ...]) -> tuple[Layer, dict[str, np.ndarray], dict[str, np.ndarray]]:
    """shape: of the images that were flattened for a Linear."""
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
    if kind in ("MaxPool2d", "AvgPool2d"):
        return _pool(call), {}, {}
    if kind == "AdaptiveAvgPool2d" or (kind == "mean" and len(call.given) == 4):
        return _average(call), {}, {}
    if kind in ("Dropout", "Dropout2d"):
        return Dropout(call.option("p", 0.5)), {}, {}
    if kind in ("BatchNorm1d", "BatchNorm2d") and leaf.affine and leaf.track_running_stats:
        kept = {"mean": _array(leaf.running_mean), "variance": _array(leaf.running_var)}
        own = {"scale": _array(leaf.weight), "shift": _array(leaf.bias)}
        return BatchNorm(1.0 - (leaf.momentum or 0.1), leaf.eps), own, kept
    if kind == "LayerNorm":
        return LayerNorm(leaf.eps), {"scale": _array(leaf.weight), "shift": _array(leaf.bias)}, {}
    raise ModelError(
        say(
            "{kind} of a PyTorch module is nothing that diagnose knows; it knows feed-forward and convolutional "
            "networks",
            kind=kind,
        )
    )


def _pool(call: Call) -> Layer:
    size, padding = _one(call.option("kernel_size")), _one(call.option("padding", 0))
    stride = _one(call.option("stride") or size)
    if call.kind == "MaxPool2d":
        return MaxPool2D(size, stride, padding or "valid")
    if padding and call.option("count_include_pad", True):
        raise ModelError(say("an AvgPool2d that counts its padding is none that diagnose knows"))
    return AveragePool2D(size, stride, padding or "valid")


def _average(call: Call) -> Layer:
    """Over all of the image, or over windows side by side that divide it."""
    if call.kind == "mean":
        if sorted(at % 4 for at in call.option("dim")) == [2, 3]:
            return GlobalAveragePool()
    elif (out := _one(call.option("output_size"))) == 1:
        return GlobalAveragePool()
    elif call.given[2] == call.given[3] and call.given[2] % out == 0:
        return AveragePool2D(call.given[2] // out)
    raise ModelError(
        say("{kind} of an image of {shape} is none that diagnose knows", kind=call.kind, shape=call.given[2:])
    )


def _called(node: Any) -> str:
    name = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", str(node.target))
    return CALLED.get(name, name)


def _arguments(node: Any) -> dict[str, Any]:
    """Of a function, what it is given beside the tensor, by the names that matter here."""
    order = {
        "Dropout": ("p",),
        "MaxPool2d": ("kernel_size", "stride", "padding"),
        "AvgPool2d": ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad"),
        "AdaptiveAvgPool2d": ("output_size",),
        "mean": ("dim",),
    }
    names = order.get(_called(node), ()) if node.op != "call_module" else ()
    return {**dict(zip(names, node.args[1:], strict=False)), **node.kwargs}


def _convolution(leaf: Any) -> tuple[Layer, dict[str, np.ndarray]]:
    size, stride = _one(leaf.kernel_size), _one(leaf.stride)
    around: Any = leaf.padding if isinstance(leaf.padding, str) else _one(leaf.padding)
    if around == 0 or (stride == 1 and size % 2 == 1 and around == size // 2):
        around = "same" if around else "valid"
    if leaf.padding_mode != "zeros" or _one(leaf.dilation) != 1:
        raise ModelError(say("a PyTorch Conv2d with holes, or padded with anything but 0, is none that diagnose knows"))
    weight = np.moveaxis(_array(leaf.weight), (0, 1), (-1, -2))  # (out, in, rows, columns) -> (rows, columns, in, out)
    bias = {"bias": _array(leaf.bias)} if leaf.bias is not None else {}
    layer = Conv2D(
        leaf.out_channels,
        size,
        stride=stride,
        padding=around,
        groups=leaf.groups,
        use_bias=bool(bias),
    )
    return layer, {"weight": weight, **bias}


def _one(size: Any) -> int:
    """A size that is the same both ways. Raises ModelError for another."""
    sizes = set(size) if isinstance(size, tuple | list) else {size}
    if len(sizes) != 1:
        raise ModelError(say("the size {size} differs by direction, which diagnose does not know", size=size))
    return int(sizes.pop())


def _tensor(module: Any, x: np.ndarray) -> Any:
    first = next(module.parameters(), None)
    if first is None:
        raise ModelError(say("the module has no weights to learn"))
    return first.detach().new_tensor(np.asarray(x, np.float32).tolist())


def _array(parameter: Any) -> np.ndarray:
    return parameter.detach().cpu().numpy().astype(np.float64)

"""A PyTorch module as a chain of layers: what it calls, in the order it calls it, on a few rows."""

from __future__ import annotations

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
Arrays = list[dict[str, np.ndarray]]


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

    def add(layer: Layer, own: dict[str, np.ndarray] | None = None, kept: dict[str, np.ndarray] | None = None) -> None:
        layers.append(layer)
        weights.append(own or {})
        state.append(kept or {})

    before: np.ndarray | None = None
    for leaf, given, came in _calls(module, x):
        if before is not None:
            for between in _between(before, given):
                add(between)
                shape = before.shape[1:] if isinstance(between, Flatten) and before.ndim == 4 else shape
        kind = type(leaf).__name__
        if kind in BENDS:
            add(Activation(BENDS[kind]))
        elif kind == "Flatten":
            shape = given.shape[1:] if given.ndim == 4 else ()
            add(Flatten())
        elif kind == "Linear":
            weight = _array(leaf.weight)  # (units, inputs)
            if len(shape) == 3:  # PyTorch flattens channels first
                weight = np.moveaxis(weight.reshape(len(weight), *shape), 1, -1).reshape(len(weight), -1)
                shape = ()
            bias = {"bias": _array(leaf.bias)} if leaf.bias is not None else {}
            add(Dense(leaf.out_features, use_bias=bool(bias)), {"weight": weight.T, **bias})
        elif kind == "Conv2d":
            add(*_convolution(leaf))
        elif kind in ("MaxPool2d", "AvgPool2d"):
            add((MaxPool2D if kind == "MaxPool2d" else AveragePool2D)(_one(leaf.kernel_size), _one(leaf.stride)))
        elif kind == "AdaptiveAvgPool2d" and _one(leaf.output_size) == 1:
            add(GlobalAveragePool())
            shape = ()
        elif kind in ("Dropout", "Dropout2d"):
            add(Dropout(leaf.p))
        elif kind in ("BatchNorm1d", "BatchNorm2d"):
            kept = {"mean": _array(leaf.running_mean), "variance": _array(leaf.running_var)}
            add(
                BatchNorm(1.0 - (leaf.momentum or 0.1), leaf.eps),
                {"scale": _array(leaf.weight), "shift": _array(leaf.bias)},
                kept,
            )
        elif kind == "LayerNorm":
            add(LayerNorm(leaf.eps), {"scale": _array(leaf.weight), "shift": _array(leaf.bias)})
        elif kind != "Identity":
            raise ModelError(
                f"the PyTorch layer {kind} is none that diagnose knows; it knows plain feed-forward and convolutional ones"
            )
        before = came
    if layers and isinstance(layers[-1], Activation) and layers[-1].activation == "softmax":
        pass  # under PyTorch's CrossEntropyLoss that is one too many, which is for the doctor to say
    return layers, weights, state, None, None


def _calls(module: Any, x: np.ndarray) -> list[tuple[Any, np.ndarray, np.ndarray]]:
    """Every innermost module, in the order it is called, with what it was given and what it gave."""
    found: list[tuple[Any, np.ndarray, np.ndarray]] = []

    def note(leaf: Any, given: Any, came: Any) -> None:
        found.append((leaf, given[0].detach().cpu().numpy(), came.detach().cpu().numpy()))

    leaves = [leaf for leaf in module.modules() if not list(leaf.children())]
    hooks = [leaf.register_forward_hook(note) for leaf in leaves]
    try:
        answers_of(module, x)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def _between(came: np.ndarray, given: np.ndarray) -> list[Layer]:
    """What a module's own code does between two layers: nothing, a bend, or a flattening."""
    found: list[Layer] = []
    for name, bend in (
        ("relu", lambda a: np.maximum(a, 0.0)),
        ("tanh", np.tanh),
        ("sigmoid", lambda a: 1.0 / (1.0 + np.exp(-a))),
    ):
        if (
            came.size == given.size
            and not np.allclose(came.ravel(), given.ravel())
            and np.allclose(bend(came).ravel(), given.ravel(), atol=1e-5)
        ):
            found.append(Activation(name))
            break
    if came.shape != given.shape and came.size == given.size:
        found.append(Flatten())
    return found


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

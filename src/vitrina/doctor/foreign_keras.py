"""A Keras model as a tree of layers, with shortcuts and branches."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitrina.doctor.foreign_graph import Arrays, Part, Tree
from vitrina.errors import ModelError
from vitrina.locale import say
from vitrina.network.activation import Activation
from vitrina.network.activations import ACTIVATIONS
from vitrina.network.convolution import Conv2D
from vitrina.network.dense import Dense
from vitrina.network.dropout import Dropout
from vitrina.network.layer import Layer
from vitrina.network.normalisation import BatchNorm, LayerNorm
from vitrina.network.pooling import AveragePool2D, GlobalAveragePool, MaxPool2D
from vitrina.network.scale import Scale
from vitrina.network.shaping import Flatten

MERGES = {"Add": "add", "Multiply": "multiply", "Concatenate": "concatenate"}
COSTS = {
    "sparse_categorical_crossentropy": "cross_entropy",
    "categorical_crossentropy": "cross_entropy",
    "binary_crossentropy": "binary_cross_entropy",
    "mse": "mean_squared_error",
    "mean_squared_error": "mean_squared_error",
    "mae": "mean_absolute_error",
    "mean_absolute_error": "mean_absolute_error",
    "huber": "huber",
    "poisson": "poisson",
}


def answers_of(model: Any, x: np.ndarray) -> np.ndarray:
    """What the model answers, as it does after training."""
    ops = sys.modules["keras"].ops  # the arrays of its backend
    return np.asarray(ops.convert_to_numpy(model(np.asarray(x, np.float32), training=False)))


def layers_of(model: Any, x: np.ndarray) -> tuple[list[Layer], Arrays, Arrays, str | None, tuple[str, float] | None]:
    """Layers, of each its weights and its state, the cost and the optimizer it was compiled with."""
    if not model.built:
        answers_of(model, x)
    graph = KerasGraph(model)
    parts = Tree(graph).between(graph.start, graph.end)
    layers = [part.layer for part in parts]
    weights, state = ([one for part in parts for one in getattr(part, name)] for name in ("weights", "state"))
    cost, on_sums = _cost(model)
    _strip(layers, weights, state, cost, on_sums)
    optimizer = getattr(model, "optimizer", None)
    told = (type(optimizer).__name__, float(np.asarray(optimizer.learning_rate))) if optimizer is not None else None
    return layers, weights, state, cost, told


@dataclass(frozen=True)
class Called:
    """One use of a layer."""

    layer: Any
    use: int


class KerasGraph:
    """The uses of layers that lead to what a model answers. Raises ModelError for a model of several inputs or answers."""

    def __init__(self, model: Any) -> None:
        if len(model.inputs) != 1 or len(model.outputs) != 1:
            raise ModelError(say("the Keras model has more than one input or answer; diagnose knows networks of one"))
        self.start, self.end = (_called(tensor) for tensor in (model.inputs[0], model.outputs[0]))

    def sources(self, node: Called) -> list[Called]:
        return [_called(tensor) for tensor in node.layer._inbound_nodes[node.use].input_tensors]

    def parts(self, node: Called) -> list[Part]:
        return [Part(ours, [own], [kept]) for ours, own, kept in _layer(node.layer)]

    def merge(self, node: Called) -> str:
        kind = type(node.layer).__name__
        rank = len(node.layer._inbound_nodes[node.use].input_tensors[0].shape)
        if kind not in MERGES or (kind == "Concatenate" and node.layer.axis not in (-1, rank - 1)):
            raise ModelError(say("the Keras layer {kind} joins in a way that diagnose does not know", kind=kind))
        return MERGES[kind]


def _called(tensor: Any) -> Called:
    layer, use, _ = tensor._keras_history
    return Called(layer, use)


def _layer(layer: Any) -> list[tuple[Layer, dict[str, np.ndarray], dict[str, np.ndarray]]]:
    kind, arrays = type(layer).__name__, [np.asarray(array, np.float64) for array in layer.get_weights()]
    if kind in ("InputLayer",):
        return []
    if kind == "Flatten":
        return [(Flatten(), {}, {})]
    if kind == "Dense":
        ours = Dense(layer.units, _bend(layer.activation), use_bias=layer.use_bias)
        return [(ours, dict(zip(("weight", "bias"), arrays, strict=False)), {})]
    if kind == "Conv2D":
        ours = Conv2D(
            layer.filters, _one(layer.kernel_size), stride=_one(layer.strides), padding=layer.padding, groups=layer.groups,
            activation=_bend(layer.activation), use_bias=layer.use_bias,
        )  # fmt: skip
        return [(ours, dict(zip(("weight", "bias"), arrays, strict=False)), {})]
    if kind in ("MaxPooling2D", "AveragePooling2D"):
        pool = MaxPool2D if kind == "MaxPooling2D" else AveragePool2D
        return [(pool(_one(layer.pool_size), _one(layer.strides), layer.padding), {}, {})]
    if kind == "GlobalAveragePooling2D":
        return [(GlobalAveragePool(), {}, {})]
    if kind == "Dropout":
        return [(Dropout(layer.rate), {}, {})]
    if kind == "BatchNormalization" and len(arrays) == 4:
        scale, shift, mean, variance = arrays
        return [
            (
                BatchNorm(layer.momentum, layer.epsilon),
                {"scale": scale, "shift": shift},
                {"mean": mean, "variance": variance},
            )
        ]
    if kind == "LayerNormalization" and len(arrays) == 2:
        return [(LayerNorm(layer.epsilon), dict(zip(("scale", "shift"), arrays, strict=True)), {})]
    if kind in ("Activation", "ReLU", "LeakyReLU", "ELU", "Softmax"):
        name = (
            _bend(layer.activation)
            if kind == "Activation"
            else {"ReLU": "relu", "LeakyReLU": "leaky_relu", "ELU": "elu"}.get(kind, "softmax")
        )
        return [(Activation(name), {}, {})]
    if kind == "Rescaling":
        return [(Scale((float(layer.scale),), (float(layer.offset),)), {}, {})]
    raise ModelError(
        say(
            "the Keras layer {kind} is none that diagnose knows; it knows feed-forward and convolutional ones",
            kind=kind,
        )
    )


def _bend(activation: Any) -> str:
    name = getattr(activation, "__name__", str(activation))
    if name not in ACTIVATIONS:
        raise ModelError(say("the activation {name!r} of a Keras layer is none that Vitrina has", name=name))
    return name


def _one(size: Any) -> int:
    sizes = set(size) if isinstance(size, tuple | list) else {size}
    if len(sizes) != 1:
        raise ModelError(say("the size {size} differs by direction, which diagnose does not know", size=size))
    return int(sizes.pop())


def _cost(model: Any) -> tuple[str | None, bool]:
    """Vitrina's name of the cost the model was compiled with, and whether that cost takes weighted sums (logits)."""
    loss = getattr(model, "loss", None)
    name = loss if isinstance(loss, str) else getattr(loss, "name", None)
    return COSTS.get(str(name)), bool(getattr(loss, "from_logits", False))


def _strip(layers: list[Layer], weights: Arrays, state: Arrays, cost: str | None, on_sums: bool) -> None:
    """Keras puts softmax or sigmoid into the network where the cost wants probabilities; ours is in the cost."""
    last = layers[-1] if layers else None
    link = getattr(last, "activation", "linear")
    wanted = {"cross_entropy": "softmax", "binary_cross_entropy": "sigmoid"}
    fits = link in ("softmax", "sigmoid") if cost is None else wanted.get(cost) == link
    if on_sums or not fits or last is None:
        return
    if isinstance(last, Activation):
        for parts in (layers, weights, state):
            parts.pop()
    elif isinstance(last, Dense):
        layers[-1] = Dense(last.units, use_bias=last.use_bias)

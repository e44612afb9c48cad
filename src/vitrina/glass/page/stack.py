"""The layers that a learner asks the editor for, made a network of: what lies between them is put there by itself.

Images are flattened before the first Dense. Whatever reads steps is given them: an image line by line, a row of numbers one by one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from vitrina.errors import UsageError
from vitrina.glass.page.asked import number, one_of
from vitrina.glass.page.facts import Facts
from vitrina.locale import say
from vitrina.network import (
    GRU,
    LSTM,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    Input,
    LayerNorm,
    MaxPool2D,
    Network,
    PositionalEmbedding,
    Reshape,
    blocks,
)  # fmt: skip
from vitrina.network.activations import ACTIVATIONS
from vitrina.network.layer import Layer, Shape

IMAGES, STEPS = ("conv", "pool"), ("attention", "gru", "lstm")  # what looks at images, what reads step by step
KINDS = ("dense", *IMAGES, *STEPS, "norm", "dropout")
# The most of each; state: of what is read step by step.
LIMITS = {"layers": 12, "units": 1024, "filters": 128, "state": 256, "heads": 16}


def network_of(layers: Any, facts: Facts, cost: str) -> Network:
    """layers: as the page tells of them. Raises UsageError or NetworkError with what to change."""
    if not isinstance(layers, list) or len(layers) > LIMITS["layers"]:
        raise UsageError(say("a network has at most {most} layers here", most=LIMITS["layers"]))
    told = [layer if isinstance(layer, dict) else {} for layer in layers]
    kinds = [one_of(layer.get("kind"), KINDS, say("layer")) for layer in told]
    found: list[Layer] = []
    shape, dense = facts.shape, False
    for at, (kind, layer) in enumerate(zip(kinds, told, strict=True)):
        if kind in IMAGES and len(shape) != 3:
            raise UsageError(
                say("convolutions and pooling look at images: put them before the first Dense, or take images")
            )
        if kind in STEPS and dense:
            raise UsageError(say("attention, GRU and LSTM read step by step: put them before the first Dense"))
        dense = dense or kind == "dense"
        first = not any(before in STEPS for before in kinds[:at])  # that reads steps
        more = any(after in STEPS for after in kinds[at + 1 :])  # steps are read after it
        if kind in STEPS and first:
            shape = (shape[0], math.prod(shape[1:]))
            found.append(Reshape(shape))
        elif kind == "dense":
            found += _flat(shape)
        found += _layers(kind, layer, shape, first, more)
        # Says which layer cannot be there; this cost takes any shape.
        shape = Network(Input(facts.shape), *found, cost="mean_squared_error").output_shape
    return Network(Input(facts.shape), *found, *_flat(shape), Dense(facts.outputs), cost=cost)


def _flat(shape: Shape) -> list[Layer]:
    return [] if len(shape) == 1 else [GlobalAveragePool() if len(shape) == 2 else Flatten()]


def _layers(kind: str, told: Mapping[str, Any], shape: Shape, first: bool, more: bool) -> list[Layer]:
    """What stands for one layer of the page. shape: what comes in; first: of those that read steps; more: whether steps come out."""
    if kind == "pool":
        return [MaxPool2D(2)]
    if kind == "norm":
        return [LayerNorm() if len(shape) == 2 else BatchNorm()]
    if kind == "dropout":
        return [Dropout(number(told.get("rate"), say("dropout"), 0.0, 0.9))]
    if kind == "attention":
        return _attention(told, shape, first)
    if kind in STEPS:
        return [(GRU if kind == "gru" else LSTM)(_size(told, "units", say("neurons"), "state"), return_sequences=more)]
    activation = one_of(told.get("activation"), tuple(ACTIVATIONS), say("activation"))
    if kind == "conv":
        return [Conv2D(_size(told, "units", say("filters"), "filters"), 3, padding="same", activation=activation)]
    return [Dense(_size(told, "units", say("neurons"), "units"), activation)]


def _attention(told: Mapping[str, Any], shape: Shape, first: bool) -> list[Layer]:
    """An encoder block, before which each step is made as wide as it is, and the first time told its place."""
    heads, width = _size(told, "heads", say("heads"), "heads"), _size(told, "units", say("width"), "state")
    if width % heads:
        raise UsageError(
            say(
                "attention: a width of {width} cannot be shared out over {heads} heads; take a multiple",
                width=width,
                heads=heads,
            )
        )
    widened = [] if shape[-1] == width else [Dense(width)]
    return [*widened, *([PositionalEmbedding()] if first else []), blocks.transformer(width, heads)]


def _size(told: Mapping[str, Any], name: str, what: str, limit: str) -> int:
    return int(number(told.get(name), what, 1, LIMITS[limit]))

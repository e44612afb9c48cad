"""A network: an input, layers, and a cost. A description, never arrays and never code."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina.errors import NetworkError
from vitrina.locale import say
from vitrina.network.codec import Described
from vitrina.network.containers import Sequential
from vitrina.network.costs import Cost, cost_named
from vitrina.network.ensemble import EnsembleMean
from vitrina.network.layer import Layer, Params, Shape, State, require, whole
from vitrina.network.ops import Array, Ops

if TYPE_CHECKING:
    from vitrina.network.summary import Summary

FORMAT = 1  # of the JSON; raised when an old reader would misread a new description


@dataclass(frozen=True)
class Input(Described):
    """What comes into the network: the shape of one example, without the batch axis. Images are channels-last.

    padding: the number that fills up sequences which are shorter than the others. A step is padding where it is that number
    ((steps,): a token), or all its channels are ((steps, channels)); `LSTM`, `GRU`, `Attention` and `GlobalAveragePool`
    then pass it over. Raises NetworkError if images are to be padded.
    """

    shape: Shape
    padding: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        given: Any = self.shape
        sentence = say(
            "Input: the shape must be whole numbers of 1 or more, such as (30,) or (28, 28, 1), not {given!r}",
            given=given,
        )
        sizes: tuple[Any, ...] = tuple(given) if isinstance(given, list | tuple) else (given,)
        require(len(sizes) > 0, sentence)
        object.__setattr__(self, "shape", tuple(whole(size, sentence) for size in sizes))
        require(
            self.padding is None or math.isfinite(self.padding),
            say("Input: padding must be a finite number, such as 0, not {given!r}", given=self.padding),
        )
        require(
            self.padding is None or len(sizes) <= 2,
            say(
                "Input: padding is for sequences of shape (steps,) or (steps, channels), not for {given!r}", given=given
            ),
        )

    def mask(self, ops: Ops, x: Array) -> Array:
        """x (batch, steps) or (batch, steps, channels) -> (batch, steps): 1 where a step is real, 0 where it is padding."""
        if self.padding is None:
            return None
        real = 1.0 - ops.cast(x == self.padding)
        return ops.max(real, axis=-1) if len(self.shape) == 2 else real

    def to_json(self) -> Any:
        """The shape as a list; with padding, a dict of both."""
        return list(self.shape) if self.padding is None else {"shape": list(self.shape), "padding": self.padding}

    @classmethod
    def from_json(cls, description: Any) -> Input:
        """Reads what `to_json` wrote. Raises NetworkError if it is neither."""
        if isinstance(description, dict):
            require(set(description) == {"shape", "padding"}, say("the input of a network has a shape and a padding"))
            return Input(description["shape"], description["padding"])
        return Input(description)


@dataclass(frozen=True, init=False)
class Network:
    """A network described once, to be taught on any engine. Immutable; equal if described equally.

    `Network(Input((28, 28, 1)), Conv2D(32, 3, activation="relu"), Flatten(), Dense(10), cost="cross_entropy")`.
    `cost` is a name or a `Cost`. Raises NetworkError when the network is described, not when it is trained; ShapeError
    if layers do not fit, naming the layer and both shapes.
    """

    input: Input
    root: Sequential
    cost: Cost

    def __init__(self, input: Input, *layers: Layer, cost: str | Cost = "cross_entropy") -> None:
        if not isinstance(input, Input):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise NetworkError(say("a network begins with vt.Input(shape), not with {input!r}", input=input))
        require(bool(layers), say("a network needs at least one layer after its Input"))
        object.__setattr__(self, "input", input)
        object.__setattr__(self, "root", Sequential(*layers))
        object.__setattr__(self, "cost", cost_named(cost))
        self.cost.check_output(self.output_shape)
        last = self.layers[-1]
        require(
            not any(isinstance(layer, EnsembleMean) and layer is not last for _, layer, _ in self.walk()),
            say(
                "EnsembleMean must be the last layer of a network: while learning it leaves the members' answers apart"
            ),
        )

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers after the input."""
        return self.root.layers

    @property
    def input_shape(self) -> Shape:
        return self.input.shape

    @cached_property
    def output_shape(self) -> Shape:
        return self.root.output_shape(self.input.shape)

    def build(self, seed: int = 0) -> tuple[Params, State]:
        """First parameters and state, nested dicts of float64 NumPy arrays; the same for a seed on every engine."""
        _, params, state = self.root.build(self.input.shape, np.random.default_rng(seed))
        return params, state

    @property
    def takes_missing(self) -> bool:
        """True if NaN may stand in the input: every layer that sees it as it comes knows what to do with it."""
        return all(layer.takes_missing for layer in _seers(self.root))

    def check_values(self, x: np.ndarray, name: str) -> None:
        """Raises DataError if a layer that sees the input x (rows, *input shape) as it comes cannot take its values."""
        for layer in _seers(self.root):
            layer.check_values(x, name)

    def walk(self) -> Iterator[tuple[str, Layer, Shape]]:
        """Every layer, containers before what they hold.

        Its full name (`residual_1/conv2d_1`), itself, its input shape.
        """
        yield from _walk("", self.root, self.input.shape)

    @cached_property
    def parameters(self) -> int:
        """How many numbers learning changes."""
        return sum(array.size for array in flatten(self.build(0)[0]).values())

    @property
    def flops(self) -> int:
        """Floating-point operations of one example's forward pass."""
        return self.root.flops(self.input.shape)

    def summary(self) -> Summary:
        """A table of layers, output shapes, parameters and FLOPs per example.

        Prints with Rich, renders in notebooks.
        """
        from vitrina.network.summary import summarise

        return summarise(self)

    def to_json(self) -> dict[str, Any]:
        """The description as plain dicts, lists, numbers and strings."""
        layers = [layer.to_json() for layer in self.layers]
        return {"format": FORMAT, "input": self.input.to_json(), "layers": layers, "cost": self.cost.to_json()}

    @staticmethod
    def from_json(description: dict[str, Any] | str) -> Network:
        """Reads what `to_json` wrote, or its text. Raises NetworkError if it is no network, or of a newer format."""
        if isinstance(description, str):
            try:
                description = json.loads(description)
            except ValueError as error:
                raise NetworkError(say("the description of the network is not JSON: {reason}", reason=error)) from None
        if not isinstance(description, dict) or not {"format", "input", "layers", "cost"} <= set(description):
            raise NetworkError(say("a network's description holds format, input, layers and cost"))
        if description["format"] != FORMAT:
            raise NetworkError(
                say(
                    "the network is described in format {format!r}, and this Vitrina reads {known}; update Vitrina",
                    format=description["format"],
                    known=FORMAT,
                )
            )
        if not isinstance(description["layers"], list):
            raise NetworkError(
                say("a network's description holds a list of layers, not {given!r}", given=description["layers"])
            )
        layers = [Layer.from_json(layer) for layer in description["layers"]]
        cost = description["cost"]
        return Network(
            Input.from_json(description["input"]), *layers, cost=cost if isinstance(cost, str) else Cost.from_json(cost)
        )


def _walk(prefix: str, container: Any, shape: Shape) -> Iterator[tuple[str, Layer, Shape]]:
    for (name, layer), inside in zip(container.children, container.shapes(shape), strict=True):
        yield prefix + name, layer, inside
        if hasattr(layer, "children"):
            yield from _walk(f"{prefix}{name}/", layer, inside)


def _seers(layer: Layer) -> Iterator[Layer]:
    """The layers that get what comes into `layer` as it is."""
    for child in layer.entrances:
        yield from _seers(child)
    if not layer.entrances:
        yield layer


def flatten(tree: Any, prefix: str = "") -> dict[str, Any]:
    """Nested dicts of arrays as one dict with readable names: `{"dense_1/weight": ...}`."""
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        flat.update(flatten(value, f"{prefix}{name}/") if isinstance(value, dict) else {f"{prefix}{name}": value})
    return flat


def nest(flat: dict[str, Any]) -> dict[str, Any]:
    """The other way round: `{"dense_1/weight": ...}` as nested dicts."""
    tree: dict[str, Any] = {}
    for name, value in flat.items():
        *path, last = name.split("/")
        inside = tree
        for part in path:
            inside = inside.setdefault(part, {})
        inside[last] = value
    return tree

"""Layers made of layers: one after the other, beside a shortcut, or side by side. Any tree of them is a network."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from vitrina.errors import EngineError, NetworkError, ShapeError
from vitrina.locale import say
from vitrina.network.layer import Context, Layer, Params, Shape, State, Tree, layer_names, require
from vitrina.network.ops import Array, Ops
from vitrina.network.watching import Passed


def _layers(arguments: tuple[Any, ...], kind: str) -> tuple[Layer, ...]:
    """The layers a container was called with: one after the other, or as one list."""
    if len(arguments) == 1 and isinstance(arguments[0], list | tuple):
        arguments = tuple(arguments[0])  # pyright: ignore[reportUnknownArgumentType]
    for argument in arguments:
        if not isinstance(argument, Layer):
            if not isinstance(argument, type):
                raise NetworkError(say("{kind} is made of layers, and {given!r} is none", kind=kind, given=argument))
            raise NetworkError(
                say(
                    "{kind} is made of layers, and {given!r} is none; write {name}(...)",
                    kind=kind,
                    given=argument,
                    name=argument.__name__,
                )
            )
    return arguments


@dataclass(frozen=True)
class _Container(Layer):
    """What containers share: names for the layers inside, and building them in order."""

    layers: tuple[Layer, ...] = ()
    variadic: ClassVar[str | None] = "layers"

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The name of each layer inside, which is also where its parameters are found."""
        return layer_names(self.layers)

    @property
    def random(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        return any(layer.random for layer in self.layers)

    @cached_property
    def children(self) -> tuple[tuple[str, Layer], ...]:
        return tuple(zip(self.names, self.layers, strict=True))

    @property
    def entrances(self) -> tuple[Layer, ...]:
        return self.layers

    def shapes(self, input_shape: Shape) -> list[Shape]:
        """What comes into each layer inside. Raises ShapeError, naming the layer."""
        return [input_shape] * len(self.layers)

    def build(self, input_shape: Shape, rng: np.random.Generator) -> tuple[Shape, Params, State]:
        params: dict[str, Any] = {}
        state: dict[str, Any] = {}
        for (name, layer), shape in zip(self.children, self.shapes(input_shape), strict=True):
            _, own_params, own_state = layer.build(shape, rng.spawn(1)[0])
            if own_params:
                params[name] = own_params
            if own_state:
                state[name] = own_state
        return self.output_shape(input_shape), params, state

    def flops(self, input_shape: Shape) -> int:
        pairs = zip(self.children, self.shapes(input_shape), strict=True)
        return sum(layer.flops(shape) for (_, layer), shape in pairs)


def shape_after(name: str, layer: Layer, input_shape: Shape) -> Shape:
    """`layer.output_shape(input_shape)`; a ShapeError is told apart by the layer's name."""
    try:
        return layer.output_shape(input_shape)
    except ShapeError as error:
        kind, sentence = type(layer).__name__, str(error)
        if sentence.startswith(f"{kind} "):  # the container itself: what it holds does not fit together
            raise ShapeError(f"{name}: {sentence}") from None
        inside = isinstance(layer, _Container)
        raise ShapeError(f"{name}/{sentence}" if inside else f"{name}: {kind} {sentence}") from None


def _forward_child(
    ops: Ops, child: tuple[int, str, Layer], params: Params, state: State, x: Array, context: Context
) -> tuple[Array, Any, State]:
    position, name, layer = child
    own = context.at(position) if layer.random and context.training else context
    watch = context.watch.inside(name) if context.watch is not None else None
    if watch is not None:
        own = replace(own, watch=watch)
    own_params, own_state = params.get(name, {}), state.get(name, {})
    y, saved, after = layer.forward(ops, own_params, own_state, x, own)
    kept = None if not context.returns else saved if layer.has_backward else (x, own_state, own)
    return y, (kept if watch is None else watch.note(layer, own_params, x, y, kept)), after


def _backward_child(ops: Ops, layer: Layer, params: Params, saved: Any, dy: Array) -> tuple[Array, Tree]:
    """The layer's own backward pass, or the engine's derivative of its forward pass if it has none."""
    if isinstance(saved, Passed):
        saved.dy = dy
        saved.dx, saved.gradients = _backward_child(ops, layer, params, saved.kept, dy)
        return saved.dx, saved.gradients
    if layer.has_backward:
        return layer.backward(ops, params, saved, dy)
    x, state, context = saved
    try:
        return ops.differentiate(lambda x, params: layer.forward(ops, params, state, x, context)[0], (x, params), dy)
    except EngineError as error:
        raise EngineError(f"{type(layer).__name__}: {error}") from None


@dataclass(frozen=True, init=False)
class Sequential(_Container):
    """Layers one after the other: the output of each is the input of the next."""

    def __init__(self, *layers: Layer, name: str | None = None) -> None:
        object.__setattr__(self, "layers", _layers(layers, "Sequential"))
        object.__setattr__(self, "name", name)
        layer_names(self.layers)

    @property
    def entrances(self) -> tuple[Layer, ...]:
        return self.layers[:1]

    def shapes(self, input_shape: Shape) -> list[Shape]:
        shapes: list[Shape] = []
        for name, layer in self.children:
            shapes.append(input_shape)
            input_shape = shape_after(name, layer, input_shape)
        return shapes

    def output_shape(self, input_shape: Shape) -> Shape:
        for name, layer in self.children:
            input_shape = shape_after(name, layer, input_shape)
        return input_shape

    def forward(self, ops: Ops, params: Params, state: State, x: Array, context: Context) -> tuple[Array, Any, State]:
        saved: list[Any] = []
        after = dict(state)
        for position, (name, layer) in enumerate(self.children):
            x, kept, own_state = _forward_child(ops, (position, name, layer), params, state, x, context)
            saved.append(kept)
            if own_state:
                after[name] = own_state
        return x, saved, after

    def backward(self, ops: Ops, params: Params, saved: Any, dy: Array) -> tuple[Array, Tree]:
        gradients: dict[str, Any] = {}
        for name, layer in reversed(self.children):  # what a layer kept is let go of when it has had its turn
            dy, own = _backward_child(ops, layer, params.get(name, {}), saved.pop(), dy)
            if own:
                gradients[name] = own
        return dy, gradients

    def backward_first(self, ops: Ops, params: Params, saved: Any, dy: Array) -> Tree:
        if not self.layers:
            return {}
        if isinstance(saved[0], Passed):  # somebody looks: also at what nobody needs
            return self.backward(ops, params, saved, dy)[1]
        gradients: dict[str, Any] = {}
        first = next((i for i, name in enumerate(self.names) if name in params), 0)
        for position in range(len(self.layers) - 1, first, -1):
            name = self.names[position]
            dy, own = _backward_child(ops, self.layers[position], params.get(name, {}), saved.pop(), dy)
            if own:
                gradients[name] = own
        name, layer = self.children[first]  # layers left of it have nothing to learn
        if layer.has_backward:
            own = layer.backward_first(ops, params.get(name, {}), saved[first], dy)
        else:
            _, own = _backward_child(ops, layer, params.get(name, {}), saved[first], dy)
        if own:
            gradients[name] = own
        return gradients


@dataclass(frozen=True, init=False)
class Residual(_Container):
    """y = layers(x) + shortcut(x): the layers learn what to add. Without a shortcut layer, x itself is added.

    Raises ShapeError if the two do not have the same shape. Source: He et al. (2015), arXiv:1512.03385.
    """

    shortcut: Layer | None = field(default=None, kw_only=True)

    def __init__(self, *layers: Layer, shortcut: Layer | None = None, name: str | None = None) -> None:
        object.__setattr__(self, "layers", _layers(layers, "Residual"))
        if shortcut is not None and not isinstance(shortcut, Layer):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise NetworkError(
                say(
                    "Residual: a shortcut is one layer, and {shortcut!r} is none; put several into Sequential",
                    shortcut=shortcut,
                )
            )
        object.__setattr__(self, "shortcut", shortcut)
        object.__setattr__(self, "name", name)
        require("shortcut" not in self.names, say("Residual: no layer inside may be called 'shortcut'"))

    @cached_property
    def body(self) -> Sequential:
        return Sequential(*self.layers)

    @property
    def entrances(self) -> tuple[Layer, ...]:
        return (*self.layers[:1], *((self.shortcut,) if self.shortcut else ()))

    @property
    def random(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.body.random or (self.shortcut is not None and self.shortcut.random)

    @cached_property
    def children(self) -> tuple[tuple[str, Layer], ...]:
        return (*self.body.children, *((("shortcut", self.shortcut),) if self.shortcut else ()))

    def shapes(self, input_shape: Shape) -> list[Shape]:
        return self.body.shapes(input_shape) + ([input_shape] if self.shortcut else [])

    def output_shape(self, input_shape: Shape) -> Shape:
        long = self.body.output_shape(input_shape)
        short = shape_after("shortcut", self.shortcut, input_shape) if self.shortcut else input_shape
        if long != short:
            raise ShapeError(
                say(
                    "Residual adds its layers' output of shape {long} to a shortcut of shape {short}; make them "
                    "equal, or give it a shortcut=... layer that changes the shape",
                    long=long,
                    short=short,
                )
            )
        return long

    def forward(self, ops: Ops, params: Params, state: State, x: Array, context: Context) -> tuple[Array, Any, State]:
        y, saved, after = self.body.forward(ops, params, state, x, context)
        if self.shortcut is None:
            return y + x, (saved, None), after
        short = (len(self.layers), "shortcut", self.shortcut)
        added, kept, own_state = _forward_child(ops, short, params, state, x, context)
        return y + added, (saved, kept), {**after, **({"shortcut": own_state} if own_state else {})}

    def backward(self, ops: Ops, params: Params, saved: Any, dy: Array) -> tuple[Array, Tree]:
        dx, gradients = self.body.backward(ops, params, saved[0], dy)
        if self.shortcut is None:
            return dx + dy, gradients
        dshort, own = _backward_child(ops, self.shortcut, params.get("shortcut", {}), saved[1], dy)
        return dx + dshort, {**gradients, **({"shortcut": own} if own else {})}


@dataclass(frozen=True, init=False)
class Branches(_Container):
    """The same input through layers side by side; `merge` 'concatenate' (last axis), 'add' or 'multiply' joins them.

    Raises ShapeError if the branches' outputs cannot be merged, NetworkError for another `merge` or no branch.
    """

    merge: str = field(default="concatenate", kw_only=True)

    def __init__(self, *layers: Layer, merge: str = "concatenate", name: str | None = None) -> None:
        object.__setattr__(self, "layers", _layers(layers, "Branches"))
        object.__setattr__(self, "merge", merge)
        object.__setattr__(self, "name", name)
        require(bool(self.layers), say("Branches needs at least one branch"))
        require(
            merge in ("concatenate", "add", "multiply"),
            say("Branches: merge must be 'concatenate', 'add' or 'multiply', not {merge!r}", merge=merge),
        )
        layer_names(self.layers)

    def output_shape(self, input_shape: Shape) -> Shape:
        shapes = [shape_after(name, layer, input_shape) for name, layer in self.children]
        first = shapes[0]
        for name, shape in zip(self.names, shapes, strict=True):
            fits = shape == first if self.merge != "concatenate" else shape[:-1] == first[:-1] and shape and first
            if not fits:
                raise ShapeError(
                    say(
                        "Branches cannot {merge} {first_name} of shape {first} and {name} of shape {shape}",
                        merge=self.merge,
                        first_name=self.names[0],
                        first=first,
                        name=name,
                        shape=shape,
                    )
                )
        if self.merge != "concatenate":
            return first
        return (*first[:-1], sum(shape[-1] for shape in shapes))

    def forward(self, ops: Ops, params: Params, state: State, x: Array, context: Context) -> tuple[Array, Any, State]:
        outputs: list[Array] = []
        saved: list[Any] = []
        after = dict(state)
        for position, (name, layer) in enumerate(self.children):
            y, kept, own_state = _forward_child(ops, (position, name, layer), params, state, x, context)
            outputs.append(y)
            saved.append(kept)
            if own_state:
                after[name] = own_state
        sizes = [ops.shape(y)[-1] for y in outputs]
        if self.merge == "concatenate":
            return ops.concatenate(outputs, axis=-1), (saved, sizes), after
        if self.merge == "multiply":
            return math.prod(outputs[1:], start=outputs[0]), (saved, outputs), after
        return sum(outputs[1:], start=outputs[0]), (saved, sizes), after

    def backward(self, ops: Ops, params: Params, saved: Any, dy: Array) -> tuple[Array, Tree]:
        kept, beside = saved  # beside: the sizes of the branches' outputs, or the outputs themselves to multiply
        if self.merge == "concatenate":
            slopes = ops.split(dy, beside, axis=-1)
        elif self.merge == "add":
            slopes = [dy] * len(beside)
        else:
            slopes = [math.prod(beside[:i] + beside[i + 1 :], start=dy) for i in range(len(beside))]
        dx: Array = None
        gradients: dict[str, Any] = {}
        for (name, layer), own_saved, slope in zip(self.children, kept, slopes, strict=True):
            part, own = _backward_child(ops, layer, params.get(name, {}), own_saved, slope)
            dx = part if dx is None else dx + part
            if own:
                gradients[name] = own
        return dx, gradients

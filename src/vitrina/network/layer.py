"""The contract every layer keeps: what it is, what comes out of it, forward and backward."""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from vitrina.errors import NetworkError
from vitrina.locale import say
from vitrina.network.codec import Described
from vitrina.network.ops import Array, Ops
from vitrina.network.watching import Watch

Shape = tuple[int, ...]  # of one example: the batch axis is never part of it
Tree = Mapping[str, Any]  # arrays by readable name, nested for layers inside layers
Params = Tree  # what learning changes
State = Tree  # what training changes by itself, such as the running averages of BatchNorm
SMALLEST = 1e-30  # below any sum of weights that means something, and above 0 in float32


@dataclass(frozen=True)
class Context:
    """What a layer may know about the pass it takes part in.

    training: True while learning (Dropout drops, BatchNorm uses the batch). key: the step's random key, None when
    nothing is random. weight: (batch,) what each example counts for; 0 for the padding of the last batch. mask: (batch,
    steps), 0 for the steps of a sequence that are padding, where `Input` says what padding is. watch: whom every layer
    tells what passed through it, None where nobody looks. returns: False where there will be no way back, so that nothing
    need be kept for it. apart: True where the members of an ensemble answer each for itself, as they do while they learn.
    """

    training: bool = False
    key: Array = None
    weight: Array = None
    path: tuple[int, ...] = ()
    mask: Array = None
    watch: Watch | None = None
    returns: bool = True
    apart: bool = False

    def at(self, position: int) -> Context:
        """The context of the layer at `position` inside a container: its random numbers are its own."""
        return replace(self, path=(*self.path, position))

    def mask_of(self, ops: Ops, steps: int) -> Array:
        """The mask, if there is one and it belongs to sequences of so many steps; else None.

        Behind a layer that changes the number of steps, nobody knows any more which of them were padding.
        """
        return self.mask if self.mask is not None and ops.shape(self.mask)[1] == steps else None

    def random_key(self, ops: Ops) -> Array:
        """This layer's own key, different at each step and for each place in the network."""
        key = self.key
        for position in self.path:
            key = ops.fold_in(key, position)
        return key


@dataclass(frozen=True)
class Layer(Described):
    """A group of neurons that treat data alike. Subclass it, as a frozen dataclass, to write your own.

    A layer is a description; its parameters and state are handed to it. `backward` may be left out: the engine then
    differentiates `forward` (not on NumPy, which says so). `name`, if given, replaces the name the network would give
    (`dense_1`).
    """

    name: str | None = field(default=None, kw_only=True)

    random: ClassVar[bool] = False  # True if forward draws random numbers while training
    takes_missing: ClassVar[bool] = False  # True if it knows what to do with NaN, when it sees the input as it comes

    def output_shape(self, input_shape: Shape) -> Shape:
        """Shape of one example on its way out. Raises ShapeError if `input_shape` does not fit."""
        return self.build(input_shape, np.random.default_rng(0))[0]

    def build(self, input_shape: Shape, rng: np.random.Generator) -> tuple[Shape, Params, State]:
        """Output shape, first parameters and first state, as float64 NumPy arrays; `rng` fixes them on every engine."""
        return self.output_shape(input_shape), {}, {}

    def forward(self, ops: Ops, params: Params, state: State, x: Array, context: Context) -> tuple[Array, Any, State]:
        """Left to right.

        X (batch, *input shape) -> y (batch, *output shape), what backward will need, the next state.
        """
        raise NotImplementedError(f"{type(self).__name__} has no forward pass")

    def backward(self, ops: Ops, params: Params, saved: Any, dy: Array) -> tuple[Array, Tree]:
        """Right to left.

        The error's slope by y becomes its slope by x, and by each parameter (same names as params). `saved` may be used up.
        """
        raise NotImplementedError(f"{type(self).__name__} has no backward pass")

    def backward_first(self, ops: Ops, params: Params, saved: Any, dy: Array) -> Tree:
        """`backward` of the first layer of a network.

        Nobody stands left of it to be told dx, so it need not be computed.
        """
        return self.backward(ops, params, saved, dy)[1]

    def check_values(self, x: np.ndarray, name: str) -> None:
        """What the network is fed with, if this layer sees it as it comes. Raises DataError for what it cannot take.

        x (rows, *input shape), `name` what to call it in the sentence. Finite numbers are all that is known of it.
        """

    def flops(self, input_shape: Shape) -> int:
        """Floating-point operations of one example's forward pass; a multiply-add counts as two."""
        return 0

    @property
    def entrances(self) -> tuple[Layer, ...]:
        """The layers inside that get what comes into this one as it is; none for a layer that holds no others."""
        return ()

    @property
    def has_backward(self) -> bool:
        """False if the engine has to differentiate `forward` itself."""
        return type(self).backward is not Layer.backward


def layer_names(layers: tuple[Layer, ...]) -> tuple[str, ...]:
    """The name of each layer among its siblings: the one it was given, else its kind and number (`conv2d_2`).

    Raises NetworkError if two would share a name, or one holds a `/` (which separates nested names).
    """
    counts: dict[str, int] = {}
    names: list[str] = []
    for layer in layers:
        kind = snake_case(type(layer).__name__)
        counts[kind] = counts.get(kind, 0) + 1
        names.append(layer.name if layer.name is not None else f"{kind}_{counts[kind]}")
    for name in names:
        if names.count(name) > 1:
            raise NetworkError(say("two layers are called {name!r}; give one of them another name", name=name))
        if not isinstance(name, str) or not name or "/" in name:
            raise NetworkError(
                say("a layer cannot be called {name!r}: a name has at least one letter and no '/'", name=name)
            )
    return tuple(names)


def snake_case(name: str) -> str:
    """`MaxPool2D` -> `max_pool2d`, `LayerNorm` -> `layer_norm`, `RMSNorm` -> `rms_norm`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def whole(value: Any, sentence: str) -> int:
    """`value` as a plain whole number of 1 or more, also from NumPy. Raises NetworkError with `sentence` otherwise."""
    try:
        number = operator.index(value)
    except TypeError:
        raise NetworkError(sentence) from None
    require(number >= 1, sentence)
    return number


def require(condition: bool, sentence: str) -> None:
    """Raises NetworkError with `sentence` unless `condition` holds."""
    if not condition:
        raise NetworkError(sentence)

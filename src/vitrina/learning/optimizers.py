"""How gradients change the weights. Pure functions on nested dicts of arrays, through `ops`.

`start` makes the slots (what an optimizer remembers for each parameter), `update` returns new parameters and slots.
`weight_decay` shrinks the weights (matrices and kernels) and leaves biases, scales and shifts alone, as is usual; it is
added to the gradient, except in AdamW and Lion, where it is taken off the weights directly (decoupled).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from vitrina.locale import say
from vitrina.network.codec import Described
from vitrina.network.layer import Tree, require
from vitrina.network.ops import Array, Ops


@dataclass(frozen=True)
class Optimizer(Described):
    """What all have: a learning rate, and `weight_decay`. An optimizer of your own gives `slots` and `change`."""

    learning_rate: float | None = None  # None: what is usual for the optimizer
    # by its name alone: what comes second in other libraries is momentum, or beta_1, and of AdamW the weight decay
    weight_decay: float = field(default=0.0, kw_only=True)

    slots: ClassVar[tuple[str, ...]] = ()
    decoupled: ClassVar[bool] = False
    usual_rate: ClassVar[float] = 1e-3

    def __post_init__(self) -> None:
        super().__post_init__()
        kind = type(self).__name__
        rate = self.learning_rate
        require(
            rate is None or (math.isfinite(rate) and rate > 0.0),
            say("{kind}: {name} must be above 0, not {value!r}", kind=kind, name="learning_rate", value=rate),
        )
        require(
            0.0 <= self.weight_decay < math.inf,
            say(
                "{kind}: {name} must be 0 or more, not {value!r}",
                kind=kind,
                name="weight_decay",
                value=self.weight_decay,
            ),
        )
        epsilon = getattr(self, "epsilon", 1.0)
        require(
            0.0 <= epsilon < math.inf,
            say("{kind}: {name} must be 0 or more, not {value!r}", kind=kind, name="epsilon", value=epsilon),
        )
        for name in ("momentum", "beta_1", "beta_2", "decay"):
            value = getattr(self, name, 0.0)
            require(
                0.0 <= value < 1.0,
                say("{kind}: {name} must be in [0, 1), not {value!r}", kind=kind, name=name, value=value),
            )

    @property
    def rate(self) -> float:
        """The learning rate that is used: the one given, else the usual one."""
        return self.usual_rate if self.learning_rate is None else self.learning_rate

    def start(self, params: Tree) -> Tree:
        """Zeros for every slot of every parameter, as NumPy arrays like `params`: `{"mean": like params, ...}`."""
        return {slot: _zeros_like(params) for slot in self.slots}

    def update(
        self, ops: Ops, params: Tree, gradients: Tree, slots: Tree, step: Array, rate: Array, decayed: Tree
    ) -> tuple[Tree, Tree]:
        """New parameters and slots.

        step: 1 for the first, in the engine's float type; rate: the learning rate, schedule included.
        decayed: like params, 1 where `weight_decay` applies and 0 elsewhere (numbers or arrays).
        """
        return self._walk(ops, params, gradients, slots, rate, decayed, self.common(ops, step, rate))

    def common(self, ops: Ops, step: Array, rate: Array) -> Any:
        """What is the same for all parameters, worked out once a step: the learning rate, unless more is needed."""
        return rate

    def change(self, ops: Ops, gradient: Array, slots: dict[str, Array], common: Any) -> tuple[Array, dict[str, Array]]:
        """What is taken off a parameter, and its new slots."""
        raise NotImplementedError

    def _walk(
        self, ops: Ops, params: Tree, gradients: Tree, slots: Tree, rate: Array, decayed: Tree, common: Any
    ) -> tuple[Tree, Tree]:
        after: dict[str, Any] = {}
        slots_after: dict[str, dict[str, Any]] = {slot: {} for slot in self.slots}
        for name, weight in params.items():
            own = {slot: slots[slot][name] for slot in self.slots}
            if isinstance(weight, dict):
                after[name], kept = self._walk(ops, weight, gradients[name], own, rate, decayed[name], common)  # pyright: ignore
            else:
                after[name], kept = self._one(ops, weight, gradients[name], own, rate, decayed[name], common)
            for slot in self.slots:
                slots_after[slot][name] = kept[slot]
        return after, slots_after

    def _one(
        self, ops: Ops, weight: Array, gradient: Array, slots: Any, rate: Array, decayed: Any, common: Any
    ) -> tuple[Array, Any]:
        if not self.weight_decay or (isinstance(decayed, float) and decayed == 0.0):
            change, slots = self.change(ops, gradient, slots, common)
            return weight - change, slots
        decay = self.weight_decay * decayed * weight
        if self.decoupled:
            change, slots = self.change(ops, gradient, slots, common)
            return weight - (change + rate * decay), slots
        change, slots = self.change(ops, gradient + decay, slots, common)
        return weight - change, slots


@dataclass(frozen=True)
class SGD(Optimizer):
    """Stochastic gradient descent: v <- momentum·v + g; w <- w - rate·v (Nesterov: w - rate·(g + momentum·v)).

    The form of PyTorch and Sutskever et al. (2013) up to the scale of v; the usual rate is 0.01.
    """

    momentum: float = 0.0
    nesterov: bool = False
    slots: ClassVar[tuple[str, ...]] = ("velocity",)
    usual_rate: ClassVar[float] = 1e-2

    def start(self, params: Tree) -> Tree:
        return super().start(params) if self.momentum else {"velocity": _nothing_like(params)}

    def change(self, ops: Ops, gradient: Array, slots: dict[str, Array], common: Any) -> tuple[Array, dict[str, Array]]:
        if not self.momentum:
            return common * gradient, slots
        velocity = self.momentum * slots["velocity"] + gradient
        direction = gradient + self.momentum * velocity if self.nesterov else velocity
        return common * direction, {"velocity": velocity}


@dataclass(frozen=True)
class RMSProp(Optimizer):
    """s <- decay·s + (1 - decay)·g²; w <- w - rate·g / (√s + epsilon).

    Tieleman and Hinton (2012), lecture 6e, with epsilon outside the root as in PyTorch.
    """

    decay: float = 0.9
    epsilon: float = 1e-8
    slots: ClassVar[tuple[str, ...]] = ("square",)

    def change(self, ops: Ops, gradient: Array, slots: dict[str, Array], common: Any) -> tuple[Array, dict[str, Array]]:
        square = ops.mix(slots["square"], gradient * gradient, self.decay)
        return common * gradient / (ops.sqrt(square) + self.epsilon), {"square": square}


@dataclass(frozen=True)
class Adam(Optimizer):
    """m <- β₁m + (1-β₁)g; v <- β₂v + (1-β₂)g²; w <- w - rate · m̂ / (√v̂ + epsilon), m̂ = m/(1-β₁ᵗ), v̂ = v/(1-β₂ᵗ).

    Kingma and Ba (2014), arXiv:1412.6980, algorithm 1.
    """

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    slots: ClassVar[tuple[str, ...]] = ("mean", "square")

    def common(self, ops: Ops, step: Array, rate: Array) -> Any:
        # 1 - β**step as expm1: in float32 the plain difference loses four of its seven digits at the first steps
        left_1, left_2 = (
            -ops.expm1(step * math.log(beta)) if beta else ops.ones_like(step) for beta in (self.beta_1, self.beta_2)
        )
        root = ops.sqrt(left_2)  # m̂ / (√v̂ + epsilon), multiplied above and below by it: two numbers are left
        return rate * root / left_1, self.epsilon * root

    def change(self, ops: Ops, gradient: Array, slots: dict[str, Array], common: Any) -> tuple[Array, dict[str, Array]]:
        mean = ops.mix(slots["mean"], gradient, self.beta_1)
        square = ops.mix(slots["square"], gradient * gradient, self.beta_2)
        scale, epsilon = common
        return scale * mean / (ops.sqrt(square) + epsilon), {"mean": mean, "square": square}


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with the weight decay taken off the weights instead of added to the gradient.

    w <- w - rate · (m̂ / (√v̂ + epsilon) + weight_decay · w). Loshchilov and Hutter (2017), arXiv:1711.05101, as in
    PyTorch.
    """

    weight_decay: float = 0.01  # second, as in Keras: so the others, which come second for Adam, are given by name
    beta_1: float = field(default=0.9, kw_only=True)
    beta_2: float = field(default=0.999, kw_only=True)
    epsilon: float = field(default=1e-8, kw_only=True)
    decoupled: ClassVar[bool] = True


@dataclass(frozen=True)
class Lion(Optimizer):
    """w <- w - rate · (sign(β₁m + (1-β₁)g) + weight_decay · w); m <- β₂m + (1-β₂)g. Usual rate 1e-4.

    Chen et al. (2023), arXiv:2302.06675, algorithm 2.
    """

    beta_1: float = 0.9
    beta_2: float = 0.99
    slots: ClassVar[tuple[str, ...]] = ("mean",)
    decoupled: ClassVar[bool] = True
    usual_rate: ClassVar[float] = 1e-4

    def change(self, ops: Ops, gradient: Array, slots: dict[str, Array], common: Any) -> tuple[Array, dict[str, Array]]:
        mean = slots["mean"]
        direction = ops.sign(ops.mix(mean, gradient, self.beta_1))
        return common * direction, {"mean": ops.mix(mean, gradient, self.beta_2)}


OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "rmsprop": RMSProp,
    "adam": Adam,
    "adamw": AdamW,
    "lion": Lion,
}


def optimizer_named(choice: str | Optimizer | None) -> Optimizer:
    """The optimizer itself, or the one of that name with its defaults (None: Adam). Raises NetworkError if unknown."""
    if isinstance(choice, Optimizer):
        return choice
    name = choice.lower() if isinstance(choice, str) else "adam" if choice is None else ""
    require(
        name in OPTIMIZERS,
        say("unknown optimizer {choice!r}; it can be {known}", choice=choice, known=", ".join(OPTIMIZERS)),
    )
    return OPTIMIZERS[name]()


def _zeros_like(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {name: _zeros_like(value) for name, value in tree.items()}  # pyright: ignore[reportUnknownVariableType]
    return np.zeros_like(tree)


def _nothing_like(tree: Any) -> Any:
    """The same names with empty dicts for arrays: slots that are not needed."""
    return {name: _nothing_like(value) if isinstance(value, dict) else {} for name, value in tree.items()}  # pyright: ignore

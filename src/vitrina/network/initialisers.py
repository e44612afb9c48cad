"""Where weights start.

An initialiser draws float64 NumPy arrays, so that one seed gives one network on every engine.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from vitrina.errors import NetworkError
from vitrina.locale import say
from vitrina.network.codec import Described
from vitrina.network.layer import require


@dataclass(frozen=True)
class Initialiser(Described):
    """Draws the first weights of a layer; `fan_in`, `fan_out` are the connections into and out of one unit."""

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> np.ndarray:
        raise NotImplementedError


@dataclass(frozen=True)
class _Scaled(Initialiser):
    """Numbers with variance scale / fan, normal or uniform."""

    uniform: bool = False
    scale: ClassVar[float] = 1.0

    def fan(self, fan_in: int, fan_out: int) -> float:
        return float(fan_in)

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> np.ndarray:
        spread = math.sqrt(self.scale / max(self.fan(fan_in, fan_out), 1.0))
        if self.uniform:
            return rng.uniform(-spread * math.sqrt(3.0), spread * math.sqrt(3.0), shape)
        return rng.normal(0.0, spread, shape)


@dataclass(frozen=True)
class Glorot(_Scaled):
    """Variance 2 / (fan_in + fan_out): keeps the spread of signals both ways. Glorot and Bengio (2010), eq.

    12 and 16.
    """

    def fan(self, fan_in: int, fan_out: int) -> float:
        return (fan_in + fan_out) / 2.0


@dataclass(frozen=True)
class He(_Scaled):
    """Variance 2 / fan_in: half of the units of a ReLU layer are silent. He et al. (2015), arXiv:1502.01852, eq. 10."""

    scale: ClassVar[float] = 2.0


@dataclass(frozen=True)
class LeCun(_Scaled):
    """Variance 1 / fan_in. LeCun et al. (1998), Efficient BackProp, section 4.6; what selu asks for."""


@dataclass(frozen=True)
class Orthogonal(Initialiser):
    """Orthonormal columns (or rows) times `gain`. Saxe et al. (2013), arXiv:1312.6120."""

    gain: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_finite(self, "gain")

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> np.ndarray:
        columns = shape[-1]
        rows = math.prod(shape[:-1])
        q, r = np.linalg.qr(rng.normal(size=(max(rows, columns), min(rows, columns))))
        q = q * np.sign(np.diag(r))  # makes the draw uniform over all orthogonal matrices (Mezzadri 2007)
        return self.gain * (q if rows >= columns else q.T).reshape(shape)


@dataclass(frozen=True)
class Normal(Initialiser):
    """Normal numbers with a fixed spread, whatever the size of the layer."""

    spread: float = 0.05

    def __post_init__(self) -> None:
        super().__post_init__()
        require(
            0.0 <= self.spread < math.inf,
            say("{kind}: {name} must be 0 or more, not {value!r}", kind="Normal", name="spread", value=self.spread),
        )

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> np.ndarray:
        return rng.normal(0.0, self.spread, shape)


@dataclass(frozen=True)
class Constant(Initialiser):
    """The same number everywhere."""

    value: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_finite(self, "value")

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> np.ndarray:
        return np.full(shape, float(self.value))


def _check_finite(initialiser: Initialiser, name: str) -> None:
    kind, value = type(initialiser).__name__, getattr(initialiser, name)
    require(
        math.isfinite(value),
        say("{kind}: {name} must be a finite number, not {value!r}", kind=kind, name=name, value=value),
    )


INITIALISERS: dict[str, Initialiser] = {
    "glorot_uniform": Glorot(uniform=True),
    "glorot_normal": Glorot(),
    "he_uniform": He(uniform=True),
    "he_normal": He(),
    "lecun_uniform": LeCun(uniform=True),
    "lecun_normal": LeCun(),
    "orthogonal": Orthogonal(),
    "zeros": Constant(0.0),
    "ones": Constant(1.0),
}

# What keeps the spread of signals from layer to layer: half of a rectifier's units are silent, so it wants He's
# factor 2.
BEST_FOR = {"selu": "lecun_normal"} | dict.fromkeys(
    ("relu", "leaky_relu", "elu", "gelu", "silu", "softplus"), "he_normal"
)


def initialiser_for(choice: str | Initialiser | None, activation: str) -> Initialiser:
    """The initialiser that was asked for, or the right one for the activation when `choice` is None."""
    if isinstance(choice, Initialiser):
        return choice
    return INITIALISERS[choice or BEST_FOR.get(activation, "glorot_uniform")]


def check_initialiser(choice: str | Initialiser | None) -> None:
    """Raises NetworkError unless `choice` is an initialiser, the name of one, or None."""
    named = isinstance(choice, str) and choice in INITIALISERS
    if choice is not None and not isinstance(choice, Initialiser) and not named:
        raise NetworkError(
            say("unknown initialiser {choice!r}; it can be {known}", choice=choice, known=", ".join(INITIALISERS))
        )

"""Every activation and its slope, never apart.

`forward(ops, z)` bends the weighted sums z (batch, ..., units) into y; `backward(ops, z, y, dy)` turns the error's
slope by y into its slope by z. All are element by element except softmax.
"""

from __future__ import annotations

import math
from typing import ClassVar, Protocol

from vitrina.errors import NetworkError
from vitrina.locale import say
from vitrina.network.layer import Context
from vitrina.network.ops import Array, Ops

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805  # Klambauer et al. (2017), arXiv:1706.02515, eq. 14
LEAK = 0.01  # Maas et al. (2013), Rectifier nonlinearities improve neural network acoustic models


class Activation(Protocol):
    """A bend and its slope. from_output: the slope is known from y alone, so that z need not be kept until then."""

    from_output: ClassVar[bool]

    def forward(self, ops: Ops, z: Array) -> Array: ...
    def backward(self, ops: Ops, z: Array, y: Array, dy: Array) -> Array: ...


class Linear:
    """y = z."""

    from_output: ClassVar[bool] = True

    def forward(self, ops: Ops, z: Array) -> Array:
        return z

    def backward(self, ops: Ops, z: Array, y: Array, dy: Array) -> Array:
        return dy


class Relu:
    """y = max(z, 0). Nair and Hinton (2010). The slope at 0 is taken as 0, as frameworks do."""

    from_output: ClassVar[bool] = True

    def forward(self, ops: Ops, z: Array) -> Array:
        return ops.maximum(z, 0.0)

    def backward(self, ops: Ops, z: Array, y: Array, dy: Array) -> Array:
        return ops.relu_gradient(y, dy)


class LeakyRelu:
    """y = z if z > 0 else 0.01 z."""

    from_output: ClassVar[bool] = False

    def forward(self, ops: Ops, z: Array) -> Array:
        return ops.where(z > 0, z, LEAK * z)

    def backward(self, ops: Ops, z: Array, y: Array, dy: Array) -> Array:
        return ops.where(z > 0, dy, LEAK * dy)


class Elu:
    """y = z if z > 0 else exp(z) - 1. Clevert et al. (2015), arXiv:1511.07289."""

    from_output: ClassVar[bool] = False

    def forward(self, ops: Ops, z: Array) -> Array:
        return ops.where(
            z > 0, z, ops.expm1(ops.minimum(z, 0.0))
        )  # exp of a large z would overflow in the unused branch

    def backward(self, ops: Ops, z: Array, y: Array, dy: Array) -> Array:
        return ops.where(z > 0, dy, dy * (y + 1.0))


class Selu:
    """y = 1.0507 (z if z > 0 else 1.6733 (exp(z) - 1)): keeps mean 0 and spread 1 from layer to layer."""

    from_output: ClassVar[bool] = False

    def forward(self, ops: Ops, z: Array) -> Array:
        return ops.where(z > 0, SELU_SCALE * z, (SELU_SCALE * SELU_ALPHA) * ops.expm1(ops.minimum(z, 0.0)))

    def backward(self, ops: Ops, z: Array, y: Array, dy: Array) -> Array:
        return ops.where(z > 0, SELU_SCALE * dy, dy * (y + SELU_SCALE * SELU_ALPHA))


class Gelu:
    """y = z Φ(z), Φ the normal distribution function (exact, not the tanh approximation). arXiv:1606.08415."""

    from_output: ClassVar[bool] = False

    def forward(self, ops: Ops, z: Array) -> Array:
        own = ops.kernels.gelu
        return own(z) if own else z * self._phi(ops, z)

    def backward(self, ops: Ops, z: Array, y: Array, dy: Array) -> Array:
        if own := ops.kernels.gelu_gradient:
            return own(z, dy)
        density = ops.exp(-0.5 * z * z) * (1.0 / math.sqrt(2.0 * math.pi))
        return dy * (self._phi(ops, z) + z * density)

    def _phi(self, ops: Ops, z: Array) -> Array:
        return 0.5 * (1.0 + ops.erf(z * (1.0 / math.sqrt(2.0))))


class Silu:
    """y = z σ(z), also called swish. Elfwing et al. (2017), arXiv:1702.03118."""

    from_output: ClassVar[bool] = False

    def forward(self, ops: Ops, z: Array) -> Array:
        return z * ops.sigmoid(z)

    def backward(self, ops: Ops, z: Array, y: Array, dy: Array) -> Array:
        s = ops.sigmoid(z)
        return dy * (s + y * (1.0 - s))


class Softplus:
    """y = log(1 + exp(z)), written so that a large z does not overflow."""

    from_output: ClassVar[bool] = False

    def forward(self, ops: Ops, z: Array) -> Array:
        return softplus(ops, z)

    def backward(self, ops: Ops, z: Array, y: Array, dy: Array) -> Array:
        return dy * ops.sigmoid(z)


class Tanh:
    """y = tanh(z), between -1 and 1."""

    from_output: ClassVar[bool] = True

    def forward(self, ops: Ops, z: Array) -> Array:
        return ops.tanh(z)

    def backward(self, ops: Ops, z: Array, y: Array, dy: Array) -> Array:
        return dy * (1.0 - y * y)


class Sigmoid:
    """y = 1 / (1 + exp(-z)), between 0 and 1."""

    from_output: ClassVar[bool] = True

    def forward(self, ops: Ops, z: Array) -> Array:
        return ops.sigmoid(z)

    def backward(self, ops: Ops, z: Array, y: Array, dy: Array) -> Array:
        return dy * y * (1.0 - y)


class HardSigmoid:
    """y = clip(z / 6 + 1/2, 0, 1), as in PyTorch and Keras 3."""

    from_output: ClassVar[bool] = False

    def forward(self, ops: Ops, z: Array) -> Array:
        return ops.minimum(ops.maximum(z * (1.0 / 6.0) + 0.5, 0.0), 1.0)

    def backward(self, ops: Ops, z: Array, y: Array, dy: Array) -> Array:
        return ops.where(ops.abs(z) < 3.0, dy * (1.0 / 6.0), ops.zeros_like(dy))


class Softmax:
    """y = exp(z) / Σ exp(z) over the last axis: shares that add up to 1."""

    from_output: ClassVar[bool] = True

    def forward(self, ops: Ops, z: Array) -> Array:
        return softmax(ops, z)

    def backward(self, ops: Ops, z: Array, y: Array, dy: Array) -> Array:
        return y * (dy - ops.sum(dy * y, axis=-1, keepdims=True))


def softmax(ops: Ops, z: Array) -> Array:
    """exp(z) / Σ exp(z) over the last axis."""
    powers = ops.exp(
        z - ops.max(z, axis=-1, keepdims=True)
    )  # exp(89) overflows float32; the shift cancels in the ratio
    return powers / ops.sum(powers, axis=-1, keepdims=True)


def softplus(ops: Ops, z: Array) -> Array:
    """log(1 + exp(z)) = max(z, 0) + log(1 + exp(-|z|))."""
    return ops.maximum(z, 0.0) + ops.log1p(ops.exp(-ops.abs(z)))


ACTIVATIONS: dict[str, Activation] = {
    "linear": Linear(),
    "relu": Relu(),
    "leaky_relu": LeakyRelu(),
    "elu": Elu(),
    "selu": Selu(),
    "gelu": Gelu(),
    "silu": Silu(),
    "softplus": Softplus(),
    "tanh": Tanh(),
    "sigmoid": Sigmoid(),
    "hard_sigmoid": HardSigmoid(),
    "softmax": Softmax(),
}


def sums_to_keep(name: str, z: Array, context: Context) -> Array:
    """z where backward will need it, or somebody who looks; else None, so that its memory is free for what comes next."""
    return z if context.watch is not None or not ACTIVATIONS[name].from_output else None


def check_activation(name: str) -> None:
    """Raises NetworkError unless `name` is an activation."""
    if not isinstance(name, str) or name not in ACTIVATIONS:
        raise NetworkError(
            say("unknown activation {name!r}; it can be {known}", name=name, known=", ".join(ACTIVATIONS))
        )

"""What a layer may ask of an engine: the array operations in which forward and backward are written.

`engines/numpy_engine.py` defines what each one means; the others are faster and agree with it. Arrays also take
Python's own operators (`+ - * / ** > < ==`), which mean the same everywhere; everything else goes through here
(TensorFlow's tensors, for one, have no `.T`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Array = Any  # the engine's own array; a type that four frameworks share does not exist
Pads = tuple[tuple[int, int], tuple[int, int]]  # rows and columns of zeros: ((top, bottom), (left, right))


@dataclass(frozen=True)
class Kernels:
    """An engine's own kernels for what a layer does; None where it has none that is faster than the layer's own words.

    Each gives its result, and the way back from the slope by it (`gelu` apart, whose slope needs z alone):
    batch_norm(x, scale, shift, epsilon) -> y, mean and plain variance (channels,), back(dy) -> dx, dscale, dshift; over all axes
    but the last, every example counting the same. layer_norm(x, scale, shift, epsilon) -> y, back(dy) -> dx, dscale, dshift.
    attention(q, k, v, causal) -> softmax(q kᵀ) v, back(dy) -> dq, dk, dv; all (batch, heads, steps, head size).
    gelu(z) -> y; gelu_gradient(z, dy) -> dz.
    """

    batch_norm: Callable[..., Any] | None = None
    layer_norm: Callable[..., Any] | None = None
    attention: Callable[..., Any] | None = None
    gelu: Callable[[Array], Array] | None = None
    gelu_gradient: Callable[[Array, Array], Array] | None = None


class Ops(Protocol):
    """Array operations of one engine at one floating-point type."""

    precision: str  # "float32", "bfloat16" (in the products of `matmul`, `affine` and the convolutions) or "float64"
    dtype: str  # of arrays: "float32" or "float64"
    eager: bool  # True if each operation is paid for when it is called, so that fewer and larger ones are faster

    # -- making arrays
    def array(self, value: Any) -> Array: ...
    def zeros(self, shape: Sequence[int]) -> Array: ...
    def zeros_like(self, x: Array) -> Array: ...
    def ones_like(self, x: Array) -> Array: ...

    # -- shape
    def shape(self, x: Array) -> tuple[int, ...]: ...
    def reshape(self, x: Array, shape: Sequence[int]) -> Array: ...
    def transpose(self, x: Array, axes: Sequence[int] | None = None) -> Array: ...
    def concatenate(self, arrays: Sequence[Array], axis: int) -> Array: ...
    def split(self, x: Array, sizes: Sequence[int], axis: int) -> list[Array]: ...
    def broadcast_to(self, x: Array, shape: Sequence[int]) -> Array: ...

    # -- arithmetic
    def matmul(self, a: Array, b: Array, transpose_a: bool = False, transpose_b: bool = False) -> Array:
        """a · b, matrix by matrix where there are more than two axes. `transpose_a`, `transpose_b`: each matrix turned."""
        ...

    def affine(self, x: Array, weight: Array, bias: Array) -> Array:
        """x · weight + bias: x (batch, inputs), weight (inputs, units), bias (units,) -> (batch, units)."""
        ...

    def exp(self, x: Array) -> Array: ...
    def log(self, x: Array) -> Array: ...
    def log1p(self, x: Array) -> Array: ...
    def expm1(self, x: Array) -> Array: ...
    def sqrt(self, x: Array) -> Array: ...
    def tanh(self, x: Array) -> Array: ...
    def sigmoid(self, x: Array) -> Array: ...
    def erf(self, x: Array) -> Array: ...
    def cos(self, x: Array) -> Array: ...
    def abs(self, x: Array) -> Array: ...
    def sign(self, x: Array) -> Array: ...
    def maximum(self, a: Array, b: Any) -> Array: ...
    def minimum(self, a: Array, b: Any) -> Array: ...
    def where(self, condition: Array, a: Any, b: Any) -> Array: ...
    def mix(self, a: Array, b: Array, share: Any) -> Array:
        """share · a + (1 - share) · b: how averages that run along with training are kept."""
        ...

    def log_softmax(self, x: Array) -> Array:
        """log(exp(x) / Σ exp(x)) over the last axis, whatever the size of x."""
        ...

    def relu_gradient(self, y: Array, dy: Array) -> Array:
        """dy where y > 0, else 0: the commonest slope of all, so engines may have a kernel for it."""
        ...

    # -- reduction
    def sum(self, x: Array, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array: ...
    def mean(self, x: Array, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array: ...
    def max(self, x: Array, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array: ...
    def argmax(self, x: Array, axis: int) -> Array: ...

    # -- by index
    def one_hot(self, index: Array, count: int) -> Array: ...
    def gather(self, x: Array, index: Array) -> Array:
        """Rows of x: x (rows, ...), index of any shape -> index.shape + x.shape[1:]."""
        ...

    def scatter_add(self, into: Array, index: Array, values: Array) -> Array:
        """`into` with values added at index; an index that comes twice counts twice. index (n,), values (n, ...)."""
        ...

    # -- one after the other
    def scan(
        self, function: Any, carried: tuple[Array, ...], inputs: tuple[Array, ...], reverse: bool = False
    ) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
        """`function(carried, inputs of one step) -> (carried, outputs of one step)`, step by step, in one program.

        inputs: (steps, ...) each; comes back: what is carried after the last step, and the outputs, (steps, ...) each. With
        `reverse` the last step comes first; outputs stay in the order of the inputs. At least one step.
        """
        ...

    # -- side by side
    def vectorise(self, function: Any, many: Any, shared: Any) -> Any:
        """`function(one of many, shared)` for each of the first axis of the arrays in `many`, in one program.

        many, shared: nested dicts of arrays; comes back: what the function gives (dicts and tuples of arrays), with that axis.
        """
        ...

    # -- type
    def cast(self, x: Array) -> Array:
        """x as this engine's floating-point type."""
        ...

    def whole(self, x: Array) -> Array:
        """x as int32, cut towards zero: floats that hold whole numbers, as indices."""
        ...

    # -- the kernels of images; x (batch, rows, columns, channels), weight (height, width, channels / groups, filters)
    def conv2d(self, x: Array, weight: Array, stride: tuple[int, int], pads: Pads, groups: int = 1) -> Array: ...
    def conv2d_input_gradient(
        self, dy: Array, weight: Array, x_shape: Sequence[int], stride: tuple[int, int], pads: Pads, groups: int = 1
    ) -> Array: ...
    def conv2d_weight_gradient(
        self, x: Array, dy: Array, weight_shape: Sequence[int], stride: tuple[int, int], pads: Pads, groups: int = 1
    ) -> Array: ...
    def max_pool2d(self, x: Array, size: tuple[int, int], stride: tuple[int, int], pads: Pads) -> tuple[Array, Any]:
        """The largest of each window, and what this engine needs to send the error back to it (the first of equals)."""
        ...

    def max_pool2d_gradient(
        self,
        dy: Array,
        winners: Any,
        x_shape: Sequence[int],
        size: tuple[int, int],
        stride: tuple[int, int],
        pads: Pads,
    ) -> Array: ...
    def sum_pool2d(self, x: Array, size: tuple[int, int], stride: tuple[int, int], pads: Pads) -> Array: ...
    def sum_pool2d_gradient(
        self, dy: Array, x_shape: Sequence[int], size: tuple[int, int], stride: tuple[int, int], pads: Pads
    ) -> Array: ...

    # -- whole layers, where an engine is faster at them than what the layers write themselves
    @property
    def kernels(self) -> Kernels: ...

    # -- for a layer that has no backward pass
    def differentiate(self, function: Any, inputs: tuple[Any, ...], dy: Array) -> tuple[Any, ...]:
        """The slope by each of `inputs` (trees of arrays) of the sum of `dy · function(*inputs)`.

        Raises EngineError on NumPy, which cannot differentiate.
        """
        ...

    # -- randomness: the same numbers on every engine (engines/random_bits.py)
    def key(self, seed: int | Array, step: Array) -> Array:
        """A step's key. A seed that is carried is `random_bits.word_of(seed)`, an int32: hashed already."""
        ...

    def fold_in(self, key: Array, number: int) -> Array: ...
    def random_uniform(self, key: Array, shape: Sequence[int]) -> Array:
        """Evenly spread numbers in [0, 1) with 24 random bits each."""
        ...

"""PyTorch: its kernels without its autograd, step by step or compiled; on a GPU when PyTorch has one."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from vitrina.engines import torch_kernels, torch_steps
from vitrina.engines.compiler import has_cxx_compiler
from vitrina.engines.engine import EVERYTHING, PRECISIONS, Chunk, Run, Step, Tree, as_numpy, tree_map
from vitrina.engines.random_bits import GOLDEN, WIDTH, triple32, triple32_int
from vitrina.errors import EngineError, UsageError
from vitrina.locale import say
from vitrina.network.ops import Kernels, Pads

Array = Any
aten = torch.ops.aten  # kernels that have no other name
NO_PADS = ((0, 0), (0, 0))
BITS = 0xFFFFFFFF  # 32 random bits live in int64: PyTorch has no arithmetic on uint32


class TorchOps:
    """The operations of `network/ops.py` on torch tensors; images stay channels-last, seen through permuted views."""

    def __init__(self, precision: str = "float32", device: str = "cpu", eager: bool = True) -> None:
        self.precision, self.dtype = precision, PRECISIONS[precision]
        self.eager = eager
        self.type: torch.dtype = getattr(torch, self.dtype)
        self.device = torch.device(device)
        self._side_by_side = False  # while `vectorise` is at it

    # -- making arrays
    def array(self, value: Any) -> Array:
        return torch.tensor(as_numpy(value, self.dtype), device=self.device)

    def zeros(self, shape: Sequence[int]) -> Array:
        return torch.zeros(tuple(shape), dtype=self.type, device=self.device)

    def zeros_like(self, x: Array) -> Array:
        return torch.zeros_like(x)

    def ones_like(self, x: Array) -> Array:
        return torch.ones_like(x)

    # -- shape
    def shape(self, x: Array) -> tuple[int, ...]:
        return tuple(x.shape)

    def reshape(self, x: Array, shape: Sequence[int]) -> Array:
        return x.reshape(shape)

    def transpose(self, x: Array, axes: Sequence[int] | None = None) -> Array:
        return x.permute(tuple(range(x.dim() - 1, -1, -1)) if axes is None else tuple(axes))

    def concatenate(self, arrays: Sequence[Array], axis: int) -> Array:
        return torch.cat(tuple(arrays), axis)

    def split(self, x: Array, sizes: Sequence[int], axis: int) -> list[Array]:
        return list(x.split(list(sizes), axis))

    def broadcast_to(self, x: Array, shape: Sequence[int]) -> Array:
        return x.expand(tuple(shape))

    # -- arithmetic
    def matmul(self, a: Array, b: Array, transpose_a: bool = False, transpose_b: bool = False) -> Array:
        a, b = self._rounded(a), self._rounded(b)
        return torch.matmul(a.mT if transpose_a else a, b.mT if transpose_b else b).to(self.type)

    def affine(self, x: Array, weight: Array, bias: Array) -> Array:
        if self.precision == "bfloat16":
            return torch.matmul(self._rounded(x), self._rounded(weight)).to(self.type) + bias
        return torch.addmm(bias, x, weight)

    def exp(self, x: Array) -> Array:
        return torch.exp(x)

    def log(self, x: Array) -> Array:
        return torch.log(x)

    def log1p(self, x: Array) -> Array:
        return torch.log1p(x)

    def expm1(self, x: Array) -> Array:
        return torch.expm1(x)

    def sqrt(self, x: Array) -> Array:
        return torch.sqrt(x)

    def tanh(self, x: Array) -> Array:
        return torch.tanh(x)

    def sigmoid(self, x: Array) -> Array:
        return torch.sigmoid(x)

    def erf(self, x: Array) -> Array:
        return torch.erf(x)

    def cos(self, x: Array) -> Array:
        return torch.cos(x)

    def abs(self, x: Array) -> Array:
        return torch.abs(x)

    def sign(self, x: Array) -> Array:
        return torch.sign(x)

    def maximum(self, a: Array, b: Any) -> Array:
        return torch.maximum(a, b) if isinstance(b, torch.Tensor) else torch.clamp_min(a, b)

    def minimum(self, a: Array, b: Any) -> Array:
        return torch.minimum(a, b) if isinstance(b, torch.Tensor) else torch.clamp_max(a, b)

    def where(self, condition: Array, a: Any, b: Any) -> Array:
        if not isinstance(a, torch.Tensor) and not isinstance(b, torch.Tensor):
            a = torch.tensor(
                a, dtype=self.type, device=self.device
            )  # two plain numbers would give PyTorch's default type
        return torch.where(condition, a, b)

    def mix(self, a: Array, b: Array, share: Any) -> Array:
        return torch.lerp(b, a, share)

    def log_softmax(self, x: Array) -> Array:
        return torch.log_softmax(x, -1)

    def relu_gradient(self, y: Array, dy: Array) -> Array:
        return aten.threshold_backward(dy, y, 0.0)

    # -- reduction
    def sum(self, x: Array, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array:
        return torch.sum(x, dim=_axes(axis), keepdim=keepdims)

    def mean(self, x: Array, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array:
        return torch.mean(x, dim=_axes(axis), keepdim=keepdims)

    def max(self, x: Array, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Array:
        return torch.amax(x, dim=() if axis is None else _axes(axis), keepdim=keepdims)

    def argmax(self, x: Array, axis: int) -> Array:
        return torch.argmax(x, axis).to(torch.int32)

    # -- by index
    def one_hot(self, index: Array, count: int) -> Array:
        if self.eager and index.dim() == 1:  # one kernel instead of four
            return _identity(count, self.type, self.device).index_select(0, index)
        return (index[..., None] == torch.arange(count, device=self.device)).to(self.type)

    def gather(self, x: Array, index: Array) -> Array:
        if index.dim() == 1:
            return x.index_select(0, index)
        return x.index_select(0, index.reshape(-1)).reshape(*index.shape, *x.shape[1:])

    def scatter_add(self, into: Array, index: Array, values: Array) -> Array:
        if into.is_cuda:  # there index_add adds in any order; this sorts first
            return into.index_put((index.to(torch.int64),), values, accumulate=True)
        return into.index_add(0, index, values)

    # -- one after the other; compiled, every step is written out
    def scan(
        self, function: Any, carried: tuple[Array, ...], inputs: tuple[Array, ...], reverse: bool = False
    ) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
        steps = list(zip(*(x.unbind() for x in inputs), strict=True))
        outputs: list[tuple[Array, ...]] = []
        for given in reversed(steps) if reverse else steps:
            carried, seen = function(carried, given)
            outputs.append(seen)
        if reverse:
            outputs.reverse()
        return carried, tuple(torch.stack(parts) for parts in zip(*outputs, strict=True))

    # -- side by side
    def vectorise(self, function: Any, many: Any, shared: Any) -> Any:
        before, self._side_by_side = self._side_by_side, True
        try:
            return torch.func.vmap(function, in_dims=(0, None))(many, shared)
        finally:
            self._side_by_side = before

    # -- type
    def cast(self, x: Array) -> Array:
        return x.to(self.type)

    def whole(self, x: Array) -> Array:
        return x.to(torch.int32)

    # -- images: PyTorch's kernels count in (batch, channels, rows, columns); a permuted view is all they need
    def conv2d(self, x: Array, weight: Array, stride: tuple[int, int], pads: Pads, groups: int = 1) -> Array:
        around, before = _shared_out(pads)
        width, along = weight.shape[1], stride[1]
        if self.precision == "bfloat16" and along > 1 and x.shape[2] + sum(pads[1]) < width + along:
            # Of a result that is one column wide the kernel leaves rows unwritten; a single column needs no stride.
            x, around, before, stride = _padded(x, pads)[:, :, :width], (0, 0), NO_PADS, (stride[0], 1)
        if weight.shape[2] > 1 or groups == 1:  # depthwise is no matrix product: it stays in full precision
            x, weight = self._rounded(x), self._rounded(weight)
        z = F.conv2d(_first(_padded(x, before)), weight.permute(3, 2, 0, 1), None, stride, around, groups=groups)
        return _last(z).to(self.type)

    def conv2d_input_gradient(
        self, dy: Array, weight: Array, x_shape: Sequence[int], stride: tuple[int, int], pads: Pads, groups: int = 1
    ) -> Array:
        around, before = _shared_out(pads)
        if weight.shape[2] > 1 or groups == 1:
            dy, weight = self._rounded(dy), self._rounded(weight)
        x, weight = _unfilled(dy, x_shape, before), weight.permute(3, 2, 0, 1)
        dx = _convolution_backward(_first(dy), _first(x), weight, stride, around, groups, [True, False, False])[0]
        return _cropped(_last(dx), x_shape, before).to(self.type)

    def conv2d_weight_gradient(
        self, x: Array, dy: Array, weight_shape: Sequence[int], stride: tuple[int, int], pads: Pads, groups: int = 1
    ) -> Array:
        height, width, channels, filters = weight_shape
        # In bfloat16 the kernel leaves unwritten what a weight gets that never meets a pixel: so all are met, by zeros.
        sides = zip(x.shape[1:3], (height, width), stride, pads, dy.shape[1:3], strict=True)
        met = self.precision != "bfloat16" or all(_meet(*side) for side in sides)
        around, before = _shared_out(pads) if met else ((0, 0), pads)
        if channels > 1 or groups == 1:
            x, dy = self._rounded(x), self._rounded(dy)
        # only its shape is read; contiguous, because for one filter in float64 PyTorch refuses to write into a permuted one
        weight = dy.new_empty((filters, channels, height, width))
        x = _first(_padded(x, before))
        dweight = _convolution_backward(_first(dy), x, weight, stride, around, groups, [False, True, False])[1]
        return dweight.permute(2, 3, 1, 0).to(self.type).contiguous()  # a parameter keeps its layout from step to step

    def max_pool2d(self, x: Array, size: tuple[int, int], stride: tuple[int, int], pads: Pads) -> tuple[Array, Any]:
        best, places = aten.max_pool2d_with_indices(_first(_padded(x, pads, -math.inf)), size, stride)
        return _last(best), places

    def max_pool2d_gradient(
        self,
        dy: Array,
        winners: Any,
        x_shape: Sequence[int],
        size: tuple[int, int],
        stride: tuple[int, int],
        pads: Pads,
    ) -> Array:
        x = _first(_unfilled(dy, x_shape, pads))
        if dy.is_cuda and (stride[0] < size[0] or stride[1] < size[1]):
            dx = _max_pool2d_backward(dy, x, size, stride, winners)  # where windows overlap, PyTorch adds in any order
        else:
            dx = aten.max_pool2d_with_indices_backward(_first(dy), x, size, stride, (0, 0), (1, 1), False, winners)
            dx = _last(dx)
        return _cropped(dx, x_shape, pads)

    def sum_pool2d(self, x: Array, size: tuple[int, int], stride: tuple[int, int], pads: Pads) -> Array:
        return _last(F.avg_pool2d(_first(_padded(x, pads)), size, stride, divisor_override=1))

    def sum_pool2d_gradient(
        self, dy: Array, x_shape: Sequence[int], size: tuple[int, int], stride: tuple[int, int], pads: Pads
    ) -> Array:
        x = _first(_unfilled(dy, x_shape, pads))
        dx = aten.avg_pool2d_backward(_first(dy), x, size, stride, (0, 0), False, True, 1)
        return _cropped(_last(dx), x_shape, pads)

    # -- whole layers, by PyTorch's own kernels
    @property
    def kernels(self) -> Kernels:
        return torch_kernels.chosen(self.eager, self.precision, self.device, self._side_by_side)

    # -- for a layer that has no backward pass
    def differentiate(self, function: Any, inputs: tuple[Any, ...], dy: Array) -> tuple[Any, ...]:
        return torch.func.vjp(function, *inputs)[1](dy)

    # -- randomness
    def key(self, seed: int | Array, step: Array) -> Array:
        mixed = step.to(torch.int64) * GOLDEN & BITS
        return _hash(mixed ^ (triple32_int(seed) if isinstance(seed, int) else seed.to(torch.int64) & BITS))

    def fold_in(self, key: Array, number: int) -> Array:
        return _hash(key ^ triple32_int(number + GOLDEN))

    def random_uniform(self, key: Array, shape: Sequence[int]) -> Array:
        counter = torch.arange(math.prod(shape), device=self.device)
        return ((_hash(_hash(counter) ^ key) >> 8).to(self.type) * WIDTH).reshape(tuple(shape))

    def _rounded(self, x: Array) -> Array:
        """x as an operand of a product. PyTorch rounds the product to bfloat16 as well, after adding up in float32.

        Where the processor has no such products PyTorch does them number by number (two of 1024 x 1024 in 5.9 s, for 43 ms in
        float32), and those of a convolution it adds up in bfloat16. There they are done in float32, of rounded operands.
        """
        if self.precision != "bfloat16":
            return x
        rounded = x.to(torch.bfloat16)
        return rounded if has_bfloat16_products(self.device.type) else rounded.to(torch.float32)


class TorchEngine:
    """Runs a chunk step by step ("eager"), or with a step that PyTorch compiled into kernels of its own ("compiled").

    Raises UsageError for an unknown variant, EngineError if "compiled" finds no C++ compiler.
    """

    name = "torch"
    one_core_below = 0

    def __init__(self, precision: str = "float32", variant: str | None = None) -> None:
        if variant not in (None, "eager", "compiled"):
            raise UsageError(
                say("engine torch has no variant {variant!r}; it can be eager or compiled", variant=variant)
            )
        if variant == "compiled":
            _check_compiler()
        self.precision, self.dtype = precision, PRECISIONS[precision]
        self.variant = variant or "eager"
        # compiled, the update of each array is one kernel anyway
        self.packs_up_to = EVERYTHING if self.variant == "eager" else 0
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.ops = TorchOps(precision, self.device.type, eager=self.variant == "eager")

    def put(self, tree: Tree) -> Tree:
        return tree_map(self.ops.array, tree)

    def get(self, tree: Tree) -> Tree:
        return tree_map(lambda value: np.array(value.cpu().numpy()), tree)

    def compile(self, step: Step, donate: bool = True, flops: int | None = None) -> Run:
        def one(carried: Tree, data: Mapping[str, Array], index: Array, present: Array) -> tuple[Tree, Any]:
            batch = {name: self.ops.gather(rows, index) for name, rows in data.items()}
            return step(self.ops, carried, batch if present is None else batch | {"present": present})

        loop = torch_steps.eagerly(one) if self.variant == "eager" else torch_steps.compiled(one)

        def run(carried: Tree, data: Mapping[str, Array], chunk: Chunk) -> tuple[Tree, dict[str, np.ndarray]]:
            if chunk.count == 0:
                return carried, {}
            with _repeatable():
                index = torch.tensor(chunk.index[: chunk.count], device=self.device).unbind()
                present: Any = self.ops.array(chunk.present[: chunk.count]).unbind()
                if self.variant == "eager":
                    present = [None if full else there for full, there in zip(chunk.full, present, strict=False)]
                carried, measured = loop(carried, data, index, present)
                # stacked on the device and fetched at the end: to wait for a number at each step would stop a GPU
                return carried, {
                    name: torch.stack([seen[name] for seen in measured]).cpu().numpy() for name in measured[0]
                }

        return run

    def devices(self) -> list[str]:
        gpus = [f"gpu: {torch.cuda.get_device_name(number)}" for number in range(torch.cuda.device_count())]
        return [*gpus, "cpu"]


@cache
def has_bfloat16_products(device: str) -> bool:
    """Whether a device multiplies matrices of bfloat16."""
    # What oneDNN's CPU kernels can do has no public name.
    asked = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", None)
    return device != "cpu" or asked is None or bool(asked())


def _check_compiler() -> None:
    """Raises EngineError if there is no C++ compiler for `torch.compile` to use."""
    if not has_cxx_compiler():
        raise EngineError(
            say(
                "engine torch:compiled finds no C++ compiler; install one (such as g++ or clang), name it in "
                "the variable CXX, or use engine='torch', which needs none"
            )
        )


@contextmanager
def _repeatable() -> Generator[None]:
    """No autograd; and on a GPU only convolutions that give the same bits each time, in full float32."""
    with torch.no_grad(), torch.backends.cudnn.flags(True, benchmark=False, deterministic=True, allow_tf32=False):
        yield


@cache
def _identity(count: int, dtype: torch.dtype, device: torch.device) -> Array:
    """The rows that one-hot arrays are made of."""
    return torch.eye(count, dtype=dtype, device=device)


def _axes(axis: int | Sequence[int] | None) -> Any:
    return axis if axis is None or isinstance(axis, int) else tuple(axis)


def _hash(x: Array) -> Array:
    # b and a are results of the step before, which nobody else holds: written over, a third of the time is saved
    return triple32(x, lambda a, b: b.bitwise_xor_(a), lambda a, n: a >> n, lambda a, b: a.mul_(b).bitwise_and_(BITS))


def _first(x: Array) -> Array:
    return x.permute(0, 3, 1, 2)


def _last(x: Array) -> Array:
    return x.permute(0, 2, 3, 1)


def _shared_out(pads: Pads) -> tuple[tuple[int, int], Pads]:
    """What the convolution kernels pad themselves (as much before as after), and what must be padded beforehand."""
    (top, bottom), (left, right) = pads
    return ((top, left), NO_PADS) if top == bottom and left == right else ((0, 0), pads)


def _meet(pixels: int, window: int, stride: int, pads: tuple[int, int], outputs: int) -> bool:
    """Whether each place of a window stands over a pixel, and not over padding only, at some output."""
    firsts = range(-pads[0], -pads[0] + stride * outputs, stride)
    return all(any(0 <= first + place < pixels for first in firsts) for place in range(window))


def _padded(x: Array, pads: Pads, value: float = 0.0) -> Array:
    return x if pads == NO_PADS else F.pad(x, (0, 0, *pads[1], *pads[0]), value=value)


def _cropped(x: Array, shape: Sequence[int], pads: Pads) -> Array:
    (top, _), (left, _) = pads
    return x if pads == NO_PADS else x[:, top : top + shape[1], left : left + shape[2]]


def _unfilled(like: Array, shape: Sequence[int], pads: Pads) -> Array:
    """An image of that shape, padded, for kernels that read nothing but the shape."""
    (top, bottom), (left, right) = pads
    return like.new_empty((shape[0], shape[1] + top + bottom, shape[2] + left + right, shape[3]))


def _convolution_backward(
    dy: Array,
    x: Array,
    weight: Array,
    stride: tuple[int, int],
    around: tuple[int, int],
    groups: int,
    wanted: list[bool],
) -> tuple[Array, Array, Array]:
    return aten.convolution_backward(dy, x, weight, None, stride, around, (1, 1), False, (0, 0), groups, wanted)


def _max_pool2d_backward(dy: Array, x: Array, size: tuple[int, int], stride: tuple[int, int], winners: Array) -> Array:
    """What PyTorch's kernel does, adding up in a fixed order; x gives the shape."""
    (down, along), (rows, columns), width = stride, dy.shape[1:3], x.shape[3]
    row, column = torch.arange(rows, device=dy.device), torch.arange(columns, device=dy.device)
    first = row[:, None, None] * (down * width) + column[:, None] * along  # where each window begins
    place = _last(winners) - first  # in the window, counted along rows of the image
    dx = torch.zeros_like(_last(x))
    for i in range(size[0]):
        for j in range(size[1]):
            target = dx[:, i : i + (rows - 1) * down + 1 : down, j : j + (columns - 1) * along + 1 : along]
            target += torch.where(place == i * width + j, dy, 0.0)
    return dx

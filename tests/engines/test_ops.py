"""Every operation means on every engine what it means on NumPy, whatever the shapes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tests.engines.variants import EVERY
from vitrina.engines import get
from vitrina.engines.engine import Chunk, tree_map
from vitrina.engines.registry import is_installed
from vitrina.errors import EngineError
from vitrina.network.ops import Ops

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")  # torch 2.13 warns of itself
OTHERS = [case for case in EVERY if case.values[0] not in ("numpy:eager", "torch:compiled")]


QUICK = [
    pytest.param(*case.values, marks=[*case.marks, *([pytest.mark.slow] if case.values[0] == "torch:compiled" else [])])
    for case in EVERY
]


@dataclass(frozen=True)
class Shapes:
    """What the operands of an operation are made from."""

    batch: int = 3
    rows: int = 7
    columns: int = 6
    channels: int = 3
    filters: int = 4
    size: tuple[int, int] = (3, 2)
    stride: tuple[int, int] = (2, 1)
    pads: tuple[tuple[int, int], tuple[int, int]] = ((1, 0), (0, 1))
    seed: int = 0

    @property
    def image(self) -> tuple[int, ...]:
        return (self.batch, self.rows, self.columns, self.channels)

    @property
    def kernel(self) -> tuple[int, ...]:
        return (*self.size, self.channels, self.filters)

    @property
    def out(self) -> tuple[int, ...]:
        """Batch, rows and columns of what comes out of the windows."""
        lengths = zip((self.rows, self.columns), self.pads, self.size, self.stride, strict=True)
        return (self.batch, *((length + sum(pads) - size) // step + 1 for length, pads, size, step in lengths))

    @property
    def window(self) -> tuple[Any, ...]:
        return (self.size, self.stride, self.pads)


few = st.integers(1, 4)
border = st.tuples(st.integers(0, 2), st.integers(0, 2))


@st.composite
def shapes(draw: st.DrawFn) -> Shapes:
    """Odd ones included: batch 1, one channel, strides larger than the window, uneven pads, windows as large as the image."""
    rows, columns, pads = draw(st.integers(1, 8)), draw(st.integers(1, 8)), draw(st.tuples(border, border))
    size = draw(st.integers(1, min(rows + sum(pads[0]), 4))), draw(st.integers(1, min(columns + sum(pads[1]), 4)))
    stride = draw(st.tuples(few, few))
    return Shapes(draw(few), rows, columns, draw(few), draw(few), size, stride, pads, draw(st.integers(0, 2**32 - 1)))


@dataclass(frozen=True)
class Case:
    """Operands, from a random generator and shapes, and what is done with them."""

    operands: Callable[[np.random.Generator, Shapes], tuple[np.ndarray, ...]]
    apply: Callable[..., Any]  # (ops, shapes, *operands)


def matrices(rng: np.random.Generator, s: Shapes) -> tuple[np.ndarray, ...]:
    return (rng.standard_normal((s.batch, s.channels)),)


def two_images(rng: np.random.Generator, s: Shapes) -> tuple[np.ndarray, ...]:
    return rng.standard_normal(s.image), rng.standard_normal(s.image)


def image(rng: np.random.Generator, s: Shapes) -> tuple[np.ndarray, ...]:
    return (rng.standard_normal(s.image),)


def positive(rng: np.random.Generator, s: Shapes) -> tuple[np.ndarray, ...]:
    return (rng.uniform(0.01, 5.0, s.image),)


def small(rng: np.random.Generator, s: Shapes) -> tuple[np.ndarray, ...]:
    return (rng.uniform(-1e-3, 1e-3, s.image),)  # where log1p and expm1 must not lose digits


def equals(rng: np.random.Generator, s: Shapes) -> tuple[np.ndarray, ...]:
    return (rng.integers(-1, 2, s.image).astype(float),)  # full of equals, for winners


def slopes_of_equals(rng: np.random.Generator, s: Shapes) -> tuple[np.ndarray, ...]:
    return (*equals(rng, s), rng.standard_normal((*s.out, s.channels)))


def convolution(rng: np.random.Generator, s: Shapes) -> tuple[np.ndarray, ...]:
    return rng.standard_normal(s.image), rng.standard_normal(s.kernel), rng.standard_normal((*s.out, s.filters))


def grouped_convolution(rng: np.random.Generator, s: Shapes) -> tuple[np.ndarray, ...]:
    x = rng.standard_normal((*s.image[:3], 2 * s.channels))
    return x, rng.standard_normal((*s.size, s.channels, 2 * s.filters)), rng.standard_normal((*s.out, 2 * s.filters))


def depthwise_convolution(rng: np.random.Generator, s: Shapes) -> tuple[np.ndarray, ...]:
    filters = s.channels * s.filters
    return (
        rng.standard_normal(s.image),
        rng.standard_normal((*s.size, 1, filters)),
        rng.standard_normal((*s.out, filters)),
    )


def rows_and_index(rng: np.random.Generator, s: Shapes) -> tuple[np.ndarray, ...]:
    index = rng.integers(0, s.rows, s.batch + 2).astype(np.int32)  # some come twice
    return rng.standard_normal((s.rows, s.channels)), index, rng.standard_normal((s.batch + 2, s.channels))


def products(rng: np.random.Generator, s: Shapes) -> tuple[np.ndarray, ...]:
    shapes = (s.batch, s.channels), (s.channels, s.filters), (s.filters,)
    return tuple(rng.standard_normal(shape) for shape in shapes)


def on_step(rng: np.random.Generator, s: Shapes) -> tuple[np.ndarray, ...]:
    return (np.array(rng.integers(0, 2**31 - 1), np.int32),)


def elementwise(name: str, operands: Any = image) -> Case:
    return Case(operands, lambda ops, s, *arrays: getattr(ops, name)(*arrays))


def reduction(name: str) -> Case:
    def apply(ops: Ops, s: Shapes, x: Any) -> Any:
        reduce = getattr(ops, name)
        return (
            reduce(x),
            reduce(x, axis=(0, 1, 2)),
            reduce(x, axis=[1, 2], keepdims=True),
            reduce(x, axis=-1),
            reduce(x, 0),
        )

    return Case(image, apply)


def max_pool_gradient(ops: Ops, s: Shapes, x: Any, dy: Any) -> Any:
    _, winners = ops.max_pool2d(x, *s.window)
    return ops.max_pool2d_gradient(dy, winners, s.image, *s.window)


def random_numbers(ops: Ops, s: Shapes, step: Any) -> Any:
    key = ops.fold_in(ops.fold_in(ops.key(s.seed, step), 3), s.seed % 5)
    return ops.random_uniform(key, s.image), ops.random_uniform(ops.key(s.seed, step), (s.batch,))


def running(ops: Ops, x: Any, y: Any, reverse: bool = False) -> tuple[Any, ...]:
    """Two sums that run along the first axis, one of them fading, and what was seen on the way."""

    def step(carried: Any, inputs: Any) -> Any:
        (total, faded), (x, y) = carried, inputs
        total, faded = total + x, 0.5 * faded + x * y
        return (total, faded), (total * faded, y)

    carried, seen = ops.scan(step, (ops.zeros_like(x[0]), x[0]), (x, y), reverse)
    return (*carried, *seen)


CASES: dict[str, Case] = {
    "array": Case(matrices, lambda ops, s, x: (ops.array([[1.5], [2.5]]) + x[:1, :1], ops.array(np.arange(3)))),
    "zeros": Case(image, lambda ops, s, x: ops.zeros(s.image) + x),
    "zeros_like": elementwise("zeros_like"),
    "ones_like": elementwise("ones_like"),
    "shape": Case(image, lambda ops, s, x: ops.array(np.array(ops.shape(x)))),
    "reshape": Case(image, lambda ops, s, x: (ops.reshape(x, (s.batch, -1)), ops.reshape(x, (-1,)))),
    "transpose": Case(image, lambda ops, s, x: (ops.transpose(x), ops.transpose(x, (0, 3, 1, 2)))),
    "concatenate": Case(
        two_images, lambda ops, s, x, y: (ops.concatenate([x, y], axis=-1), ops.concatenate([y, x, y], axis=0))
    ),
    "split": Case(
        two_images,
        lambda ops, s, x, y: tuple(ops.split(ops.concatenate([x, y, y], -1), [s.channels, 2 * s.channels], axis=-1)),
    ),
    "broadcast_to": Case(matrices, lambda ops, s, x: ops.broadcast_to(x, (5, s.batch, s.channels))),
    "matmul": Case(
        products,
        lambda ops, s, x, weight, bias: (
            ops.matmul(x, weight),
            ops.matmul(ops.transpose(x), weight, transpose_a=True),
            ops.matmul(x, ops.transpose(weight), transpose_b=True),
            ops.matmul(ops.transpose(x), ops.transpose(weight), transpose_a=True, transpose_b=True),
        ),
    ),
    "matmul of many": Case(
        two_images,
        lambda ops, s, x, y: (
            ops.matmul(x, y, transpose_b=True),
            ops.matmul(x, y, transpose_a=True),
            ops.matmul(ops.transpose(x, (0, 1, 3, 2)), y, transpose_a=True, transpose_b=True),
        ),
    ),
    "affine": Case(products, lambda ops, s, x, weight, bias: ops.affine(x, weight, bias)),
    "exp": elementwise("exp"),
    "log": elementwise("log", positive),
    "log1p": elementwise("log1p", small),
    "expm1": elementwise("expm1", small),
    "sqrt": elementwise("sqrt", positive),
    "tanh": elementwise("tanh"),
    "sigmoid": elementwise("sigmoid"),
    "erf": elementwise("erf"),
    "cos": elementwise("cos"),
    "abs": elementwise("abs"),
    "sign": elementwise("sign", equals),
    "maximum": Case(two_images, lambda ops, s, x, y: (ops.maximum(x, y), ops.maximum(x, 0.25))),
    "minimum": Case(two_images, lambda ops, s, x, y: (ops.minimum(x, y), ops.minimum(x, 0.25))),
    "mix": Case(two_images, lambda ops, s, x, y: ops.mix(x, y, 0.9)),
    "log_softmax": Case(image, lambda ops, s, x: (ops.log_softmax(x), ops.log_softmax(x * 300.0))),
    "where": Case(
        two_images,
        lambda ops, s, x, y: (
            ops.where(x > 0, x, y),
            ops.where(x > y, 0.1, y),
            ops.where(x <= y, x, 0.1),
            ops.cast(ops.where(x < 0, 0.1, 0.2)),
        ),
    ),
    "relu_gradient": elementwise("relu_gradient", lambda rng, s: (*equals(rng, s), *image(rng, s))),
    "sum": reduction("sum"),
    "mean": reduction("mean"),
    "max": reduction("max"),
    "argmax": Case(equals, lambda ops, s, x: (ops.argmax(x, axis=-1), ops.argmax(x, axis=1))),
    "one_hot": Case(rows_and_index, lambda ops, s, x, index, values: ops.one_hot(index, s.rows)),
    "gather": Case(
        rows_and_index,
        lambda ops, s, x, index, values: (ops.gather(x, index), ops.gather(x, ops.reshape(index, (1, -1, 1)))),
    ),
    "scatter_add": Case(rows_and_index, lambda ops, s, x, index, values: ops.scatter_add(x, index, values)),
    "scan": Case(two_images, lambda ops, s, x, y: (*running(ops, x, y), *running(ops, x, y, reverse=True))),
    "vectorise": Case(
        two_images,
        lambda ops, s, x, y: ops.vectorise(
            lambda one, shared: (
                ops.matmul(one["x"], one["y"], transpose_b=True) + shared["y"][0, :1, :1],
                ops.sum(one["x"]),
            ),
            {"x": x, "y": y},
            {"y": y[0]},
        ),
    ),
    "cast": Case(rows_and_index, lambda ops, s, x, index, values: (ops.cast(index), ops.cast(x > 0), ops.cast(x))),
    "whole": Case(positive, lambda ops, s, x: (ops.whole(x), ops.whole(-x), ops.whole(x > 1.0))),
    "conv2d": Case(convolution, lambda ops, s, x, weight, dy: ops.conv2d(x, weight, s.stride, s.pads)),
    "conv2d_input_gradient": Case(
        convolution, lambda ops, s, x, weight, dy: ops.conv2d_input_gradient(dy, weight, s.image, s.stride, s.pads)
    ),
    "conv2d_weight_gradient": Case(
        convolution, lambda ops, s, x, weight, dy: ops.conv2d_weight_gradient(x, dy, s.kernel, s.stride, s.pads)
    ),
    "conv2d in groups": Case(
        grouped_convolution,
        lambda ops, s, x, weight, dy: (
            ops.conv2d(x, weight, s.stride, s.pads, 2),
            ops.conv2d_input_gradient(dy, weight, x.shape, s.stride, s.pads, 2),
            ops.conv2d_weight_gradient(x, dy, weight.shape, s.stride, s.pads, 2),
        ),
    ),
    "conv2d depthwise": Case(
        depthwise_convolution,
        lambda ops, s, x, weight, dy: (
            ops.conv2d(x, weight, s.stride, s.pads, s.channels),
            ops.conv2d_input_gradient(dy, weight, x.shape, s.stride, s.pads, s.channels),
            ops.conv2d_weight_gradient(x, dy, weight.shape, s.stride, s.pads, s.channels),
        ),
    ),
    "max_pool2d": Case(equals, lambda ops, s, x: ops.max_pool2d(ops.abs(x), *s.window)[0]),
    "max_pool2d_gradient": Case(slopes_of_equals, max_pool_gradient),
    "sum_pool2d": Case(image, lambda ops, s, x: ops.sum_pool2d(x, *s.window)),
    "sum_pool2d_gradient": Case(
        slopes_of_equals, lambda ops, s, x, dy: ops.sum_pool2d_gradient(dy, s.image, *s.window)
    ),
    "random_uniform": Case(on_step, random_numbers),
    "operators": Case(
        two_images,
        lambda ops, s, x, y: (x + y * 2.0 - 1.0 / (y * y + 1.0), -x, x**2, 0.9 ** (y * y), x[:, 0, ..., None]),
    ),
}
ELSEWHERE = {
    "precision",
    "dtype",
    "eager",
    "differentiate",
    "key",
    "fold_in",
}  # their own test below, or part of random_uniform


def test_no_operation_escapes() -> None:
    operations = {name for name, _ in inspect.getmembers(Ops, inspect.isfunction) if not name.startswith("_")}
    assert operations - ELSEWHERE == {name for name in CASES if name != "operators" and " " not in name}


@contextmanager
def precision(engine: Any) -> Generator[None]:
    """JAX takes float64 only where it is asked to; inside `compile` its engine does so itself."""
    if engine.name == "jax":
        import jax

        with jax.enable_x64(engine.dtype == "float64"):
            yield
    else:
        yield


def operands(case: Case, s: Shapes, dtype: str) -> tuple[np.ndarray, ...]:
    arrays = case.operands(np.random.default_rng(s.seed), s)
    return tuple(array.astype(dtype) if array.dtype.kind == "f" else array for array in arrays)


def meaning(case: Case, s: Shapes, arrays: tuple[np.ndarray, ...], dtype: str) -> tuple[np.ndarray, ...]:
    """What NumPy makes of it, in float64."""
    wide = tuple(array.astype("float64") if array.dtype.kind == "f" else array for array in arrays)
    return several(case.apply(get("numpy", "float64").ops, s, *wide))


def several(results: Any) -> tuple[Any, ...]:
    return tuple(results) if isinstance(results, tuple) else (results,)


def assert_same(name: str, dtype: str, results: tuple[np.ndarray, ...], expected: tuple[np.ndarray, ...]) -> None:
    close = {"float64": 1e-12, "float32": 2e-5}[dtype]
    assert len(results) == len(expected)
    for result, wanted in zip(results, expected, strict=True):
        if result.dtype.kind == "f":
            assert result.dtype == dtype, f"{name} leaves {dtype} for {result.dtype}"
        scale = float(np.abs(wanted).max(initial=1.0))
        np.testing.assert_allclose(result, wanted, rtol=close, atol=close * scale, err_msg=name, strict=False)
        assert result.shape == wanted.shape, name


@pytest.mark.parametrize("dtype", ["float64"])  # in float32 they are compiled into one step, below
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("engine", OTHERS)
@settings(max_examples=8)
@given(s=shapes())
def test_an_operation_means_what_it_means_on_numpy(engine: str, name: str, dtype: str, s: Shapes) -> None:
    made, case = get(engine, dtype), CASES[name]
    arrays = operands(case, s, dtype)
    # layers never pad by a whole window (network/windows.py), so what lies in the padding alone has no meaning
    assume(name not in WINDOWED or all(max(pad) < window for pad, window in zip(s.pads, s.size, strict=True)))
    with precision(made):
        results = several(case.apply(made.ops, s, *(made.put(array) for array in arrays)))
    results = tuple(made.get(result) for result in results)
    assert_same(name, dtype, results, meaning(case, s, arrays, dtype))


PRODUCTS = [name for name in CASES if name.startswith(("matmul", "affine", "conv2d"))]
# What one rounding to 8 bits of mantissa can do to the largest number of a result: PyTorch and TensorFlow round it once more,
# TensorFlow on processors without products in bfloat16 towards 0.
ROUNDED = {"jax": 2e-5, "torch": 2.0**-8, "tensorflow": 2.0**-7}

# A convolution whose result is one column wide: of such PyTorch's kernel leaves rows unwritten.
ONE_WIDE = Shapes(
    1, rows=6, columns=2, channels=4, filters=2, size=(2, 3), stride=(1, 3), pads=((0, 0), (0, 1)), seed=0
)


@pytest.mark.parametrize("name", PRODUCTS)
@pytest.mark.parametrize("engine", OTHERS)
@settings(max_examples=4)
@given(s=shapes())
@example(s=ONE_WIDE)
def test_a_product_in_bfloat16_means_what_it_means_on_numpy(engine: str, name: str, s: Shapes) -> None:
    made, case = get(engine, "bfloat16"), CASES[name]
    assume(name not in WINDOWED or all(max(pad) < window for pad, window in zip(s.pads, s.size, strict=True)))
    arrays = operands(case, s, "float32")
    results = several(case.apply(made.ops, s, *(made.put(array) for array in arrays)))
    wanted = several(case.apply(get("numpy", "bfloat16").ops, s, *arrays))
    for result, right in zip(results, wanted, strict=True):
        found = made.get(result)
        assert found.dtype == np.float32
        scale = float(np.abs(right).max(initial=1e-30)) + float(np.abs(arrays[-1]).max())  # a bias may cancel a product
        np.testing.assert_allclose(found, right, rtol=0.0, atol=1.01 * ROUNDED[made.name] * scale, err_msg=name)


@pytest.mark.parametrize("engine", EVERY)
def test_bfloat16_rounds_the_operands_and_adds_up_in_float32(engine: str) -> None:
    made = get(engine, "bfloat16")
    ones = np.ones((1, 4096), np.float32)  # added up in bfloat16, ones never get beyond 256
    total = made.get(made.ops.matmul(made.put(ones), made.put(ones), transpose_b=True))
    assert total[0, 0] == 4096.0
    fine = np.array([[1.0 + 2.0**-9, 1.0 + 3 * 2.0**-8]], np.float32)  # 8 bits: to 1, and to the even neighbour
    kept = made.get(made.ops.matmul(made.put(fine), made.put(np.eye(2, dtype=np.float32))))
    assert kept.tolist() == [[1.0, 1.0 + 2.0**-6]]


WINDOWED = {name for name in CASES if "pool" in name or name.startswith("conv2d")}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("engine", QUICK)
def test_all_operations_inside_one_compiled_step(engine: str, dtype: str) -> None:
    made, s = get(engine, dtype), Shapes()
    arrays = {name: dict(enumerate(operands(case, s, dtype))) for name, case in CASES.items()}
    carried = {name: {str(place): array for place, array in own.items()} for name, own in arrays.items()}

    def step(ops: Ops, carried: Any, batch: Any) -> Any:
        measured: dict[str, Any] = {}
        for name, case in CASES.items():
            for place, result in enumerate(several(case.apply(ops, s, *carried[name].values()))):
                measured[f"{name} {place}"] = result
        return carried, measured

    _, measured = made.compile(step)(made.put(carried), made.put({"x": np.zeros(2)}), chunk(steps=1, count=1))
    for name, case in CASES.items():
        expected = meaning(case, s, tuple(arrays[name].values()), dtype)
        assert_same(name, dtype, tuple(measured[f"{name} {place}"][0] for place in range(len(expected))), expected)


def chunk(steps: int, count: int, rows: int = 2, batch: int = 2) -> Chunk:
    index = np.random.default_rng(steps).integers(0, rows, (steps, batch)).astype(np.int32)
    return Chunk(index, np.ones((steps, batch), np.float32), count)


# -- what NumPy's operations mean, worked out window by window
def windows(s: Shapes) -> Iterator[tuple[int, int, slice, slice]]:
    """Row and column of the output, and the part of the padded image that its window covers."""
    for i in range(s.out[1]):
        for j in range(s.out[2]):
            top, left = i * s.stride[0], j * s.stride[1]
            yield i, j, slice(top, top + s.size[0]), slice(left, left + s.size[1])


def padded(x: np.ndarray, s: Shapes, value: float) -> np.ndarray:
    return np.pad(x, ((0, 0), *s.pads, (0, 0)), constant_values=value)


@given(s=shapes())
def test_numpy_convolves_window_by_window(s: Shapes) -> None:
    x, weight, dy = CASES["conv2d"].operands(np.random.default_rng(s.seed), s)
    ops, wide = get("numpy", "float64").ops, padded(x, s, 0.0)
    y, dwide, dweight = np.zeros(dy.shape), np.zeros(wide.shape), np.zeros(weight.shape)
    for i, j, rows, columns in windows(s):
        patch = wide[:, rows, columns]
        y[:, i, j] = np.einsum("bhwc,hwcf->bf", patch, weight)
        dwide[:, rows, columns] += np.einsum("bf,hwcf->bhwc", dy[:, i, j], weight)
        dweight += np.einsum("bf,bhwc->hwcf", dy[:, i, j], patch)
    (top, _), (left, _) = s.pads
    np.testing.assert_allclose(ops.conv2d(x, weight, s.stride, s.pads), y, atol=1e-12)
    np.testing.assert_allclose(ops.conv2d_weight_gradient(x, dy, s.kernel, s.stride, s.pads), dweight, atol=1e-12)
    dx = ops.conv2d_input_gradient(dy, weight, s.image, s.stride, s.pads)
    np.testing.assert_allclose(dx, dwide[:, top : top + s.rows, left : left + s.columns], atol=1e-12)


@given(s=shapes())
def test_numpy_pools_window_by_window_and_the_first_of_equals_wins(s: Shapes) -> None:
    x, dy = CASES["max_pool2d_gradient"].operands(np.random.default_rng(s.seed), s)
    ops, wide = get("numpy", "float64").ops, padded(x, s, -np.inf)
    best, total = np.zeros(dy.shape), np.zeros(dy.shape)
    dbest, dtotal = np.zeros(wide.shape), np.zeros(wide.shape)
    for i, j, rows, columns in windows(s):
        patch = wide[:, rows, columns].reshape(s.batch, -1, s.channels)
        best[:, i, j], total[:, i, j] = patch.max(1), np.where(np.isinf(patch), 0.0, patch).sum(1)
        first = np.arange(patch.shape[1])[None, :, None] == patch.argmax(1)[:, None]
        dbest[:, rows, columns] += (first * dy[:, i, j, None]).reshape(s.batch, *s.size, s.channels)
        dtotal[:, rows, columns] += dy[:, i, j, None, None]
    (top, _), (left, _) = s.pads
    inside = np.s_[:, top : top + s.rows, left : left + s.columns]
    y, winners = ops.max_pool2d(x, *s.window)
    np.testing.assert_array_equal(y, best)
    np.testing.assert_allclose(ops.max_pool2d_gradient(dy, winners, s.image, *s.window), dbest[inside], atol=1e-12)
    np.testing.assert_allclose(ops.sum_pool2d(x, *s.window), total, atol=1e-12)
    np.testing.assert_allclose(ops.sum_pool2d_gradient(dy, s.image, *s.window), dtotal[inside], atol=1e-12)


# -- randomness
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("engine", OTHERS)
@settings(max_examples=12)
@given(s=shapes())
def test_random_numbers_are_the_same_bits_on_every_engine(engine: str, dtype: str, s: Shapes) -> None:
    made, case = get(engine, dtype), CASES["random_uniform"]
    arrays = operands(case, s, dtype)
    with precision(made):
        results = several(case.apply(made.ops, s, *(made.put(array) for array in arrays)))
    for result, wanted in zip(results, meaning(case, s, arrays, dtype), strict=True):
        np.testing.assert_array_equal(made.get(result).astype("float64"), wanted)


def test_random_numbers_are_even_and_do_not_repeat() -> None:
    ops = get("numpy", "float64").ops
    draws = [ops.random_uniform(ops.fold_in(ops.key(7, np.int32(step)), 0), (100_000,)) for step in range(4)]
    for numbers in draws:
        assert 0.0 <= numbers.min() < 1e-4 < 1.0 - 1e-4 < numbers.max() < 1.0
        counts = np.histogram(numbers, 64, (0.0, 1.0))[0]
        assert abs(numbers.mean() - 0.5) < 0.005
        assert ((counts - 1562.5) ** 2 / 1562.5).sum() < 120  # chi-square of 63 degrees of freedom: once in 10⁵
    together = np.corrcoef(np.stack([*draws, np.roll(draws[0], 1)]))
    assert np.abs(together - np.eye(5)).max() < 0.02


# -- a layer without a backward pass
def bent(ops: Ops, s: Shapes) -> Callable[..., Any]:
    return lambda x, params: ops.tanh(ops.conv2d(x, params["weight"], s.stride, s.pads)) * params["scale"]["by"]


@pytest.mark.parametrize("compiled", [False, True], ids=["called", "compiled"])
@pytest.mark.parametrize("engine", [case for case in EVERY if case.values[0] != "numpy:eager"])
def test_differentiate_gives_the_slope_of_a_function_of_trees(engine: str, compiled: bool) -> None:
    made, s, reference = get(engine, "float64"), Shapes(), get("numpy", "float64").ops
    x, weight, dy = CASES["conv2d"].operands(np.random.default_rng(1), s)
    inputs = {"x": x, "params": {"weight": weight, "scale": {"by": np.linspace(-1, 2, s.filters)}}}
    z = np.tanh(reference.conv2d(x, weight, s.stride, s.pads))
    dz = dy * inputs["params"]["scale"]["by"] * (1 - z * z)
    wanted = {
        "x": reference.conv2d_input_gradient(dz, weight, s.image, s.stride, s.pads),
        "weight": reference.conv2d_weight_gradient(x, dz, s.kernel, s.stride, s.pads),
        "by": (dy * z).sum((0, 1, 2)),
    }

    def step(ops: Ops, carried: Any, batch: Any) -> Any:
        dx, dparams = ops.differentiate(bent(ops, s), (carried["x"], carried["params"]), carried["dy"])
        return carried, {"x": dx, "weight": dparams["weight"], "by": dparams["scale"]["by"]}

    carried = made.put(inputs | {"dy": dy})
    if compiled:
        _, seen = made.compile(step)(carried, made.put({"x": np.zeros(2)}), chunk(steps=1, count=1))
        slopes = {name: value[0] for name, value in seen.items()}
    else:
        with precision(made):
            slopes = made.get(step(made.ops, carried, {})[1])
    for name, slope in wanted.items():
        np.testing.assert_allclose(slopes[name], slope, rtol=1e-11, atol=1e-12, err_msg=name)


def test_numpy_says_that_it_cannot_differentiate() -> None:
    with pytest.raises(EngineError, match="write its backward, or train with engine="):
        get("numpy").ops.differentiate(lambda x: x, (np.ones(2),), np.ones(2))


@pytest.mark.skipif(not is_installed("torch"), reason="torch is not installed")
@given(s=shapes())
def test_the_pooling_that_a_gpu_can_repeat_is_the_kernel_s(s: Shapes) -> None:
    import torch

    from vitrina.engines import torch_engine

    ops = get("torch", "float64").ops
    x, dy = (torch.tensor(array) for array in CASES["max_pool2d_gradient"].operands(np.random.default_rng(s.seed), s))
    _, winners = ops.max_pool2d(x, *s.window)
    kernel = ops.max_pool2d_gradient(dy, winners, s.image, *s.window)
    shape = torch_engine._first(torch_engine._unfilled(dy, s.image, s.pads))
    dx = torch_engine._cropped(torch_engine._max_pool2d_backward(dy, shape, s.size, s.stride, winners), s.image, s.pads)
    np.testing.assert_allclose(dx, kernel, atol=1e-12)


def test_trees_are_mapped_name_by_name() -> None:
    tree = {"b": np.ones(1), "a": {"c": np.zeros(2), "d": {}}}
    assert tree_map(lambda x, y: x.size + y, tree, {"a": {"d": {}, "c": 5}, "b": 1}) == {"b": 2, "a": {"c": 7, "d": {}}}


@pytest.mark.parametrize("engine", EVERY)
@pytest.mark.parametrize(("pixels", "stride"), [(1, 2), (2, 3)])
def test_a_weight_that_never_meets_a_pixel_gets_no_gradient(engine: str, pixels: int, stride: int) -> None:
    """In bfloat16, where a kernel may leave such numbers as the memory was: so dirty memory is left lying about."""
    made = get(engine, "bfloat16")
    x, dy = (np.ones((1, 1, side, 1), np.float32) for side in (pixels, 1))
    for _ in range(30):
        dirty = [made.put(np.full(size, 1e30, np.float32)) for size in (1, 2, 4, 8, 16)]
        del dirty
        pads = ((0, 0), (1, 1))
        found = made.get(made.ops.conv2d_weight_gradient(made.put(x), made.put(dy), (1, 2, 1, 1), (1, stride), pads))
        assert found.reshape(-1).tolist() == [0.0, 1.0]

"""What every engine promises beyond its operations: where arrays live, and how a chunk of steps is run."""

from __future__ import annotations

import subprocess
import sys
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

from tests.engines.variants import EVERY
from vitrina.engines import get, registry
from vitrina.engines.engine import Chunk
from vitrina.engines.registry import ENGINES, is_installed
from vitrina.errors import EngineError, UsageError
from vitrina.network.ops import Ops

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")  # torch 2.13 warns of itself
STEPS, BATCH, ROWS = 6, 4, 10


def images(dtype: str = "float32") -> dict[str, np.ndarray]:
    return {"x": np.random.default_rng(0).standard_normal((ROWS, 9, 8, 3)).astype(dtype), "y": np.arange(ROWS)}


def chunk(count: int, steps: int = STEPS, batch: int = BATCH) -> Chunk:
    index = np.random.default_rng(1).integers(0, ROWS, (steps, batch)).astype(np.int32)
    present = np.ones((steps, batch), np.float32)
    present[:, -1] = 0.0
    return Chunk(index, present, count)


def start() -> dict[str, Any]:
    rng = np.random.default_rng(2)
    weights = {"one": rng.standard_normal((3, 3, 3, 8)), "two": rng.standard_normal((3, 3, 8, 5)), "none": {}}
    return {"params": weights, "step": np.int32(0), "still": np.float64(0.5)}


class Counting:
    """A step of two convolutions, pooling and a random mask, which counts how often its Python runs."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, ops: Ops, carried: Any, batch: Any) -> Any:
        self.calls += 1
        one, two, pads = carried["params"]["one"], carried["params"]["two"], ((1, 1), (0, 1))
        z = ops.conv2d(batch["x"], one, (1, 1), pads)
        z = z * ops.random_uniform(ops.key(3, carried["step"]), ops.shape(z))
        y, winners = ops.max_pool2d(z, (3, 3), (2, 2), ((0, 0), (0, 0)))
        dout = ops.conv2d(y, two, (1, 1), pads) * ops.reshape(batch["present"], (-1, 1, 1, 1)) * carried["still"]
        dtwo = ops.conv2d_weight_gradient(y, dout, ops.shape(two), (1, 1), pads)
        dy = ops.conv2d_input_gradient(dout, two, ops.shape(y), (1, 1), pads)
        dz = ops.max_pool2d_gradient(dy, winners, ops.shape(z), (3, 3), (2, 2), ((0, 0), (0, 0)))
        done = ops.conv2d_weight_gradient(batch["x"], dz, ops.shape(one), (1, 1), pads)
        params = {"one": one - 1e-5 * done, "two": two - 1e-5 * dtwo, "none": {}}
        labels = ops.sum(ops.cast(batch["y"]) * batch["present"])
        after = {"params": params, "step": carried["step"] + 1, "still": carried["still"]}
        return after, {"error": ops.mean(dout * dout), "labels": labels, "present": batch["present"]}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("engine", EVERY)
def test_a_chunk_of_steps_ends_where_numpy_s_does_and_repeats_to_the_bit(engine: str, dtype: str) -> None:
    def run(name: str) -> Any:
        made = get(name, dtype)
        carried, measured = made.compile(Counting())(made.put(start()), made.put(images()), chunk(STEPS))
        return made.get(carried), measured

    (carried, measured), (again, measured_again), (wanted, measured_wanted) = run(engine), run(engine), run("numpy")
    close = {"float64": 1e-11, "float32": 2e-4}[dtype]
    assert carried["step"] == STEPS
    assert carried["params"]["none"] == {}
    for name in ("one", "two"):
        assert carried["params"][name].dtype == dtype
        np.testing.assert_allclose(
            carried["params"][name], wanted["params"][name], rtol=close, atol=close, err_msg=name
        )
        np.testing.assert_array_equal(carried["params"][name], again["params"][name], err_msg=name)
    assert not np.allclose(carried["params"]["one"], start()["params"]["one"], atol=1e-4), "nothing was learned"
    for name, values in measured.items():
        np.testing.assert_allclose(values, measured_wanted[name], rtol=close, err_msg=name)
        np.testing.assert_array_equal(values, measured_again[name], err_msg=name)


@pytest.mark.parametrize("engine", EVERY)
def test_only_the_first_steps_of_a_chunk_are_run_and_another_count_compiles_nothing(engine: str) -> None:
    made, step = get(engine), Counting()
    run, data = made.compile(step), made.put(images())
    carried, measured = run(made.put(start()), data, chunk(2))
    assert [len(values) for values in measured.values()] == [2, 2, 2]
    assert made.get(carried)["step"] == 2
    labels = (chunk(2).index * chunk(2).present).sum(1)[:2]
    np.testing.assert_array_equal(measured["labels"], labels)
    traced = step.calls
    with never_compiling(engine):
        carried, measured = run(carried, data, chunk(5))
        carried, measured = run(carried, data, chunk(1))
        carried, nothing = run(carried, data, chunk(0))
    assert made.get(carried)["step"] == 8
    assert measured["error"].shape == (1,)
    assert all(len(values) == 0 for values in nothing.values())
    assert step.calls == (traced + 6 if made.variant == "eager" else traced)


def never_compiling(engine: str) -> Any:
    """Where a step is compiled behind a wrapper that could do it again unseen, an error instead."""
    if engine != "torch:compiled":
        return nullcontext()
    import torch._dynamo

    return torch._dynamo.config.patch(error_on_recompile=True)


@pytest.mark.parametrize("engine", EVERY)
def test_a_run_takes_data_and_batches_of_other_shapes_later(engine: str) -> None:
    made = get(engine)
    run = made.compile(lambda ops, carried, batch: (carried + ops.sum(batch["x"]), {"seen": batch["x"]}))
    total = made.put(np.zeros(()))
    for rows, width, steps, batch in ((5, 2, 3, 4), (7, 3, 3, 4), (7, 3, 2, 1)):
        x = np.random.default_rng(rows).standard_normal((rows, width)).astype("float32")
        index = np.random.default_rng(batch).integers(0, rows, (steps, batch)).astype(np.int32)
        _, measured = run(total, made.put({"x": x}), Chunk(index, np.ones((steps, batch), np.float32), steps))
        np.testing.assert_array_equal(measured["seen"], x[index])
        total = made.put(np.zeros(()))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("engine", EVERY)
def test_arrays_go_in_and_come_out_in_their_types_and_own_their_memory(engine: str, dtype: str) -> None:
    made = get(engine, dtype)
    tree = {"floats": np.arange(6.0).reshape(2, 3).T, "half": np.ones(2, "float16"), "labels": {"y": np.arange(3)}}
    tree |= {"bool": np.array([True, False]), "none": {}, "scalar": np.float64(0.1), "count": 3}
    back = made.get(made.put(tree))
    assert list(back) == list(tree)
    assert back["none"] == {}
    kinds = {name: back[name].dtype for name in ("floats", "half", "scalar", "count", "bool")}
    assert kinds == {"floats": dtype, "half": dtype, "scalar": dtype, "count": "int32", "bool": "bool"}
    assert back["labels"]["y"].dtype == "int32"
    assert back["scalar"].shape == ()
    assert back["scalar"] == np.dtype(dtype).type(0.1)
    for array in (back["floats"], back["labels"]["y"], back["bool"]):
        assert array.flags.owndata
        assert array.flags.writeable
    np.testing.assert_array_equal(back["floats"], tree["floats"])


@pytest.mark.parametrize("donate", [True, False])
@pytest.mark.parametrize("engine", EVERY)
def test_a_run_leaves_the_caller_s_arrays_alone(engine: str, donate: bool) -> None:
    made = get(engine)
    mine = np.ones((64, 64), "float32")  # large and aligned: what frameworks like to take over without a copy
    data = {"x": np.arange(ROWS, dtype="float32")}
    run = made.compile(lambda ops, carried, batch: ({"w": carried["w"] * 2.0}, {"x": batch["x"]}), donate=donate)
    carried = made.put({"w": mine})
    after, _ = run(carried, made.put(data), chunk(3))
    assert made.get(after)["w"][0, 0] == 8.0
    assert (mine == 1.0).all()
    if not donate:
        assert (made.get(carried)["w"] == 1.0).all()
    assert (data["x"] == np.arange(ROWS)).all()


@pytest.mark.parametrize("engine", EVERY)
def test_an_engine_says_what_it_is(engine: str) -> None:
    made = get(engine, "float64")
    name, variant = engine.split(":")
    assert (made.name, made.variant, made.dtype, made.ops.dtype) == (name, variant, "float64", "float64")
    devices = made.devices()
    assert devices
    assert all(device == "cpu" or device.startswith("gpu: ") for device in devices)
    assert get(engine, "float64") is made


def test_a_wrong_name_type_or_variant_is_answered_with_the_right_ones(engine: str) -> None:
    with pytest.raises(UsageError, match=r"'float16'.*float32, bfloat16, float64"):
        get(engine, "float16")
    with pytest.raises(UsageError, match=f"'turbo'.*{ENGINES[engine].variants[0]}"):
        get(engine, variant="turbo")
    with pytest.raises(UsageError, match=r"'fortran'.*numpy, jax, torch, tensorflow"):
        get("fortran")


@pytest.mark.skipif(not is_installed("torch"), reason="torch is not installed")
def test_without_a_compiler_torch_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from vitrina.engines.torch_engine import TorchEngine

    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(EngineError, match=r"no C\+\+ compiler; install one"):
        TorchEngine("float32", "compiled")
    assert TorchEngine("float32").variant == "eager"


@pytest.mark.skipif(not is_installed("tensorflow"), reason="tensorflow is not installed")
def test_tensorflow_is_quiet() -> None:
    code = "from vitrina import engines; e = engines.get('tensorflow'); e.put(1.0); print('done')"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (result.stdout, result.stderr) == ("done\n", "")


def test_a_damaged_framework_is_said_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(_: str) -> None:
        raise OSError("libcuda.so.1: cannot open\nshared object file")

    monkeypatch.setattr(registry.importlib, "import_module", damaged)
    monkeypatch.setattr(registry, "_make", registry._make.__wrapped__)  # what was made before is not asked for
    with pytest.raises(
        EngineError, match=r"numpy cannot be loaded \(libcuda.so.1: cannot open shared .*install it anew"
    ):
        get("numpy")

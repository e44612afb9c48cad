"""Every layer and cost against an independent statement of the same mathematics, differentiated by each framework.

Ours runs on that framework's engine and on NumPy's. All cases of an engine are one compiled call, made when it is first needed.
"""

from __future__ import annotations

import importlib
from functools import cache, partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.network.cases import (
    DRAWN,
    EVERY_COST,
    EVERY_LAYER,
    Case,
    CostCase,
    Problem,
    assert_close,
    kinds_in,
    pose,
    pose_cost,
    run_both,
)
from tests.network.on_engines import FRAMEWORKS, QUICKLY, Arrays, compute, compute_all, need
from vitrina.network.ops import Ops

DIGITS = {"float64": 1e-9, "float32": 1e-4}
CERTAIN = [
    case for case in EVERY_LAYER if not (case.layer.random and case.training and getattr(case.layer, "rate", 1.0))
]


@cache
def problems() -> dict[str, Problem]:
    return {str(case): pose(case, np.random.default_rng((5, number))) for number, case in enumerate(CERTAIN)}


@cache
def cost_problems() -> dict[str, Any]:
    return {str(case): pose_cost(case, np.random.default_rng((6, number))) for number, case in enumerate(EVERY_COST)}


def oracle(framework: str) -> Any:
    return importlib.import_module(f"tests.network.oracle_{framework}")


def cost_slopes(case: CostCase, ops: Ops, posed: Any) -> dict[str, Any]:
    value, gradient = case.cost.value_and_gradient(ops, posed["prediction"], posed["target"], posed["weight"])
    return {"value": value, "gradient": gradient}


@cache
def ours(where: str, dtype: str) -> dict[str, Arrays]:
    """Every case with the operations `where` has; on JAX its own convolution is for GPUs, and only that is run again."""
    again = where == "jax:own convolution"
    layers = [case for case in CERTAIN if not again or "Conv2D" in kinds_in([case.layer])]
    functions: dict[str, Any] = {
        str(case): lambda ops, numbers, case=case: run_both(ops, case, numbers) for case in layers
    }
    if not again:
        functions |= {str(case): partial(cost_slopes, case) for case in EVERY_COST}
    numbers = {name: problem.tree() for name, problem in problems().items()} | cost_problems()
    return compute_all(where, dtype, functions, numbers)


@cache
def jax_says(dtype: str) -> dict[str, Arrays]:
    """JAX's oracle compiles as well, so all its cases are one call, too."""
    import jax

    said = oracle("jax")

    def everything(numbers: Any, costs: Any) -> Any:
        layers = {str(case): said.slopes_of(case, numbers[str(case)]) for case in CERTAIN}
        return layers | {str(case): said.cost_slopes_of(case.cost, costs[str(case)]) for case in EVERY_COST}

    def typed(array: Any) -> Any:
        return np.asarray(array, dtype if array.dtype.kind == "f" else np.int32)

    with jax.enable_x64(dtype == "float64"):
        numbers = jax.tree.map(typed, {name: problem.tree() for name, problem in problems().items()})
        costs = jax.tree.map(typed, cost_problems())
        compiled = jax.jit(everything).lower(numbers, costs).compile(compiler_options=QUICKLY)
        return jax.tree.map(np.asarray, compiled(numbers, costs))


def expected(framework: str, case: Case | CostCase, dtype: str) -> Arrays:
    if framework == "jax":
        return jax_says(dtype)[str(case)]
    if isinstance(case, Case):
        return oracle(framework).layer_slopes(case, problems()[str(case)], dtype)
    return oracle(framework).cost_slopes(case.cost, cost_problems()[str(case)], dtype)


@pytest.mark.parametrize("dtype", DIGITS)
@pytest.mark.parametrize("case", [*CERTAIN, *EVERY_COST], ids=str)
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_same_numbers_as_autodiff_of_the_same_mathematics(framework, case, dtype):
    need(framework)
    wanted = expected(framework, case, dtype)
    flat = case.flat if isinstance(case, Case) else ()
    for engine in (*FRAMEWORKS[framework], "numpy"):
        if str(case) not in ours(engine, dtype):
            continue
        found = ours(engine, dtype)[str(case)]
        assert set(found) == set(wanted)
        for name, numbers in found.items():
            assert numbers.dtype == np.dtype(dtype), f"{case} on {engine}: {name} is {numbers.dtype}"
            assert_close(
                numbers, wanted[name], DIGITS[dtype], f"{case} on {engine} against {framework}: {name}", name in flat
            )


@pytest.mark.parametrize("kind", DRAWN)
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_same_numbers_as_autodiff_for_odd_shapes(framework, kind):
    need(framework)
    seen = 0

    @settings(max_examples=EXAMPLES[framework])
    @given(case=DRAWN[kind], seed=st.integers(0, 2**32 - 1))
    def check(case: Case, seed: int) -> None:
        nonlocal seen
        problem = pose(case, np.random.default_rng(seed))
        wanted = oracle(framework).layer_slopes(case, problem, "float64")
        found = compute("numpy", "float64", lambda ops, numbers: run_both(ops, case, numbers), problem.tree())
        assert set(found) == set(wanted)
        for name, numbers in found.items():
            assert_close(numbers, wanted[name], 1e-9, f"{case} against {framework}: {name}", name in case.flat)
        seen += 1

    check()
    assert seen > 0


EXAMPLES = {"jax": 3, "torch": 30, "tensorflow": 15}  # JAX compiles for each


@pytest.mark.parametrize(
    ("engine", "kind"),
    [
        (where, kind)
        for ways in FRAMEWORKS.values()
        for where in ways
        for kind in DRAWN
        if "own" not in where or kind == "conv2d"
    ],
)
def test_an_engine_gives_numpy_s_numbers_for_odd_shapes(engine, kind):
    need(engine.partition(":")[0])
    cases: list[Case] = []

    @settings(max_examples=DRAWN_TOGETHER, database=None)
    @given(case=DRAWN[kind])
    def collect(case: Case) -> None:
        cases.append(case)

    collect()
    chosen = {str(case): case for case in cases}
    posed = {name: pose(case, np.random.default_rng(len(name))).tree() for name, case in chosen.items()}
    functions: dict[str, Any] = {
        name: lambda ops, numbers, case=case: run_both(ops, case, numbers) for name, case in chosen.items()
    }
    wanted, found = (compute_all(where, "float64", functions, posed) for where in ("numpy", engine))
    assert set(found) == set(wanted) == set(chosen)
    assert len(chosen) > 1
    for name, arrays in wanted.items():
        for what, numbers in arrays.items():
            assert_close(found[name][what], numbers, 1e-9, f"{name} on {engine}: {what}", what in chosen[name].flat)


DRAWN_TOGETHER = 8

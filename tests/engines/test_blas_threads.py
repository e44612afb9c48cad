"""The threads of NumPy's products: one within a small step, all again after it, whatever happens."""

from __future__ import annotations

import numpy as np
import pytest

from vitrina.engines import blas_threads
from vitrina.engines.blas_threads import LONELY, threads_for
from vitrina.engines.engine import whole_batch
from vitrina.engines.numpy_engine import NumpyEngine

threadpoolctl = pytest.importorskip("threadpoolctl")


def threads() -> list[int]:
    """Of NumPy's own products: SciPy brings another library of them, which tests before this one may have loaded."""
    pools = threadpoolctl.threadpool_info()
    return [pool["num_threads"] for pool in pools if pool["user_api"] == "blas" and "numpy" in pool["filepath"]]


@pytest.fixture(autouse=True)
def two_threads():
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        yield


@pytest.mark.parametrize(("flops", "wanted"), [(LONELY / 2, 1), (LONELY * 2, 2), (None, 2)])
def test_a_small_step_runs_alone(flops: float | None, wanted: int) -> None:
    with threads_for(flops):
        assert set(threads()) == {wanted}
    assert set(threads()) == {2}


def test_all_threads_are_back_after_a_step_that_failed() -> None:
    def step(ops, carried, batch):
        assert set(threads()) == {1}
        raise ValueError("broken")

    run = NumpyEngine().compile(step, flops=1000)
    with pytest.raises(ValueError, match="broken"):
        run({}, {"x": np.zeros((3, 1), np.float32)}, whole_batch(3))
    assert set(threads()) == {2}


def test_a_bare_machine_goes_on_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blas_threads, "_pools", lambda: None)
    with threads_for(10):
        assert set(threads()) == {2}

"""Every contestant learns the same: one batch holds all rows, so that their order does not matter and weights agree."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec

import numpy as np
import pytest

from benchmarks import worker
from benchmarks.contestants import CONTESTANTS
from benchmarks.harness import measure
from benchmarks.workloads import Convolution, Flatten, Pool, Workload, dense

STEPS = 6
DENSE = Workload("dense", "dense", "dense", (7,), dense(8, 5, 3), batch=64, rows=64, check_epochs=STEPS)
# Four units, all well alive: Keras adds Adam's epsilon elsewhere (to the uncorrected moment), which shows where a slope
# is about 1e-7, as in a unit that hardly any row switches on.
PICTURES = Workload(
    "pictures", "pictures", "pictures", (12, 10, 2), (Convolution(3), Convolution(4), Pool(), Flatten(), *dense(4, 3)),
    batch=64, rows=64, check_epochs=STEPS,
)  # fmt: skip
SLOW = ("keras", "compiled", "tensorflow", "flax")  # to import or to compile


def cases():
    for name, contestant in CONTESTANTS.items():
        for workload in (DENSE, PICTURES):
            # -128: with one batch it would be no different; auto is one of the others
            if contestant.can_learn(workload) and not name.endswith(("-128", "-auto", "-base")):
                marks = [pytest.mark.slow] if any(word in name for word in SLOW) else []
                yield pytest.param(name, workload, marks=marks, id=f"{name}-{workload.name}")


def learn(name, workload):
    for package in CONTESTANTS[name].imports:
        if find_spec(package.partition(".")[0]) is None:
            pytest.skip(f"{package} is not installed: make bench sets it up")
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as fresh:
        return fresh.submit(worker.learn, CONTESTANTS[name], workload, STEPS).result(timeout=180)


@pytest.fixture(scope="module")
def expected():
    return {workload.name: learn("pytorch", workload) for workload in (DENSE, PICTURES)}


@pytest.mark.parametrize(("name", "workload"), list(cases()))
def test_after_six_steps_the_weights_are_those_of_pytorch(name, workload, expected):
    found, start = learn(name, workload), workload.start()
    assert set(found) == set(start)
    for weight, value in expected[workload.name].items():
        np.testing.assert_allclose(found[weight], value, atol=2e-5, err_msg=f"{name}: {weight}")
        assert np.abs(value - start[weight]).max() > 1e-3, f"{weight} has not moved, so this would prove nothing"
    assert workload.loss(found, *workload.data()) < workload.loss(start, *workload.data())


def test_two_classes_are_one_logistic_output_to_scikit_learn_and_the_same_function():
    two = Workload("two", "two", "two", (7,), dense(8, 2), batch=64, rows=64, check_epochs=STEPS)
    found = learn("scikit-learn", two)
    assert found["dense_2/weight"].shape == (8, 2)
    assert two.loss(found, *two.data()) < two.loss(two.start(), *two.data())


def test_a_contestant_that_cannot_start_is_in_the_table_with_its_reason():
    said, broken = [], CONTESTANTS["scikit-learn"]
    broken = type(broken)("broken", "benchmarks.peers.no_such_peer", "high-level")
    session = measure([DENSE], [broken, CONTESTANTS["scikit-learn"]], rounds=2, seconds=0.02, say=said.append)
    first, second = session.measurements
    assert "no_such_peer" in first.failure
    assert not first.measured
    assert second.measured
    assert len(second.seconds_per_step) == 2
    assert second.peak_bytes > 30e6
    assert session.peak > 1e9

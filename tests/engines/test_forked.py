"""A process that is forked from one that has started an engine: it is told so, where it would wait for ever."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys

import pytest

SCRIPT = """
import multiprocessing, os, sys, warnings
import numpy as np
import vitrina as vt

warnings.simplefilter("ignore")
x = np.random.default_rng(0).normal(size=(30, 3)).astype(np.float32)
y = (x[:, 0] > 0).astype(int)
network = vt.Network(vt.Input((3,)), vt.Dense(2))

def told(engine):
    try:
        return round(vt.train((x, y), network=network, engine=engine, epochs=1, learning_rate=0.1).history[0]["error"], 4)
    except vt.EngineError as error:
        return str(error)

if __name__ == "__main__":
    here = told("numpy"), told(sys.argv[1])
    with multiprocessing.get_context("fork").Pool(1) as pool:
        there = pool.map_async(told, ("numpy", sys.argv[1])).get(30)
    assert there[0] == here[0], there
    print(there[1])
"""


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system does not fork")
@pytest.mark.parametrize("engine", ["jax", "torch"])
def test_a_forked_process_is_told_how_to_be_made_instead(engine: str) -> None:
    pytest.importorskip(engine)
    done = subprocess.run([sys.executable, "-c", SCRIPT, engine], capture_output=True, text=True, timeout=120)
    assert "get_context('spawn')" in done.stdout, done.stderr

"""What is promised of real images: MNIST, with nothing chosen by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

import vitrina as vt

MNIST = Path(__file__).resolve().parents[2] / "shared" / "data" / "mnist.parquet"


@pytest.mark.slow
@pytest.mark.skipif(not MNIST.exists(), reason=f"{MNIST} is not there")
def test_default_training_on_mnist_errs_in_six_of_a_thousand_at_most() -> None:
    model = vt.train(MNIST, target="label", split="split", progress=False)
    assert model.measured["rows"]["test"] == 10_000
    assert model.measured["test"]["accuracy"] >= 0.994

"""PyTorch in bfloat16 on a processor that has no such products: they are done in float32, of rounded operands."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vitrina.engines import get
from vitrina.engines.engine import whole_batch
from vitrina.engines.registry import is_installed
from vitrina.network.ops import Ops

pytestmark = pytest.mark.skipif(not is_installed("torch"), reason="PyTorch is not installed")

FINE = np.array([[1.0 + 2.0**-9, 1.0 + 3 * 2.0**-8]], np.float32)  # 8 bits: to 1, and to the even neighbour


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> None:
    from vitrina.engines import torch_engine

    monkeypatch.setattr(torch_engine, "has_bfloat16_products", lambda device: False)


@pytest.mark.usefixtures("without")
def test_the_slopes_of_a_whole_batch_are_added_up_in_float32() -> None:
    rng = np.random.default_rng(0)
    x, dy = (rng.normal(size=(128, 8, 8, channels)).astype(np.float32) for channels in (3, 5))
    found, wanted = (
        made.get(made.ops.conv2d_weight_gradient(made.put(x), made.put(dy), (3, 3, 3, 5), (1, 1), ((1, 1), (1, 1))))
        for made in (get("torch", "bfloat16"), get("numpy", "bfloat16"))
    )
    np.testing.assert_allclose(found, wanted, rtol=0.0, atol=2e-5 * float(np.abs(wanted).max()))


@pytest.mark.usefixtures("without")
@pytest.mark.parametrize("variant", ["torch:eager", "torch:compiled"])
def test_operands_are_rounded_in_a_step_too(variant: str) -> None:
    made = get(variant, "bfloat16")

    def step(ops: Ops, carried: Any, batch: Any) -> Any:
        return carried, {"product": ops.matmul(carried["fine"], carried["one"])}

    carried = made.put({"fine": FINE, "one": np.eye(2, dtype=np.float32)})
    _, measured = made.compile(step)(carried, made.put({"x": np.zeros(2)}), whole_batch(2))
    assert measured["product"][0].tolist() == [[1.0, 1.0 + 2.0**-6]]

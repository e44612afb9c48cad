"""Small rows that can be learned, and trainings of them that are kept."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vitrina as vt
from vitrina.errors import ModelError

Pair = tuple[np.ndarray, np.ndarray]


def rows(count: int, seed: int = 0) -> Pair:
    """Eight columns; four classes by the signs of two sums."""
    x = np.random.default_rng(seed).normal(size=(count, 8)).astype(np.float32)
    y = (x[:, 0] + x[:, 1] > 0).astype(np.int32) + 2 * (x[:, 2] - x[:, 3] > 0).astype(np.int32)
    return x, y


def net(*hidden: vt.Layer, units: int = 4, last: str = "linear", cost: str = "cross_entropy") -> vt.Network:
    return vt.Network(vt.Input((8,)), *(hidden or (vt.Dense(24, "relu"),)), vt.Dense(units, last), cost=cost)


@pytest.fixture
def taught(tmp_path: Path) -> Callable[..., Path]:
    """Teaches, and gives the run; one that broke has a run as well."""

    def teach(
        network: vt.Network | None = None, train: Pair | None = None, judge: Pair | None = None, **options: Any
    ) -> Path:
        out = options.pop("out", tmp_path / "run")
        settings = {"epochs": 12, "optimizer": vt.Adam(5e-3), "engine": "numpy"} | options
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                vt.train(
                    train or rows(480),
                    network=network or net(),
                    out=out,
                    **{"validation": judge if judge is not None else rows(160, 1)} | settings,
                )
            except ModelError:
                assert (out / "checkup.json").exists()
        return out

    return teach


@pytest.fixture(autouse=True, scope="session")
def time_for_every_look() -> Any:
    """What is looked at must not depend on how busy the machine is."""
    from vitrina.glass import schedule

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schedule, "SHARE", 1e9)
        yield
